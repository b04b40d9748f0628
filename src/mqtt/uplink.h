/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The uplink: a thread that owns libmosquitto.
 *
 * Events come from the store through the outbox, and are acknowledged there when the broker has them. What is only worth
 * knowing now comes from the sense thread, by uplink_show(), which copies, never blocks and never allocates. Names, TLS
 * and a hanging broker stall nobody: see mqtt/lookup.h and mqtt/client.h. */

#include <stdbool.h>
#include <stdint.h>

#include "message/health.h"
#include "message/message.h"
#include "message/outbox.h"
#include "message/request.h"
#include "message/sensor.h"
#include "mqtt/tls.h"

struct uplink;

#define UPLINK_BROKER_MAX 272 /* "host:port" */

struct uplink_broker {
        const char *host; /* name or address */
        uint16_t port;
        bool tls;
};

struct uplink_config {
        const struct uplink_broker *brokers; /* the preferred one first */
        unsigned n_brokers;                  /* 1 to ROUTE_BROKERS_MAX */
        struct tls_config tls;               /* of those that are spoken to over TLS */
        const char *username;                /* NULL = none */
        const char *password;                /* NULL = none */
        const char *client_id;               /* stable over restarts, one per hub */
        const char *prefix;                  /* topic prefix, "repcast" */
        const char *hub;                     /* hub name in topics and payloads */
        const char *run;                     /* id of this run: the session of birth and will */
        const char *version;
        unsigned keepalive_s;         /* 5 to 3600 */
        struct outbox *outbox;        /* outlives the uplink */
        bool queries;                 /* answer who asks what was */
        bool commands;                /* take commands */
        bool discovery;               /* tell Home Assistant what there is; or take away what was told */
        const char *discovery_prefix; /* of its topics; NULL = never heard of it */
        unsigned n_stations, n_sensors;
        unsigned will_delay_s; /* a connection that comes back within it was never away; MQTT 5 only */
        uint64_t
                home_us; /* between two looks at the preferred broker while another one is connected; 0 = 60 s */
        uint64_t reconnect_min_us, reconnect_max_us; /* bounds of the wait before the next try; 0 = 1 s, 60 s */
};

struct uplink_stats {
        bool connected;
        uint64_t published; /* events acknowledged by the broker */
        uint64_t reconnects;
        char broker[UPLINK_BROKER_MAX]; /* that is connected, or was tried last */
        char error[512]; /* in words: why it is not connected, or what it does not take; empty = all is well */
};

/* The configuration is copied. Returns 0, -EINVAL for a figure or name out of its range, or -ENOMEM. */
int uplink_new(const struct uplink_config *config, struct uplink **ret);
int uplink_start(struct uplink *u);

/* Replace the latest state, live or phase message of a station (0 to n_stations - 1). A live one goes with what is sent
 * next, at uplink_send_live() at the latest: those of all stations at once, for to be woken costs more than to send one. */
void uplink_show(struct uplink *u, unsigned station, const struct message *m);
void uplink_send_live(struct uplink *u);

/* Replace the state of a sensor (0 to n_sensors - 1). One that is gone, like a station's state that is, is taken away from
 * the broker. */
void uplink_show_sensor(struct uplink *u, unsigned sensor, const struct sensor_state *state);

/* Replace what is told of the hub's health, and tell it. */
void uplink_show_health(struct uplink *u, const struct health *health);

/* Commands that have come over MQTT. Each is answered, where it came from. */
int uplink_request_fd(const struct uplink *u); /* readable exactly while there are some */
bool uplink_take_request(struct uplink *u, struct request *ret);
void uplink_answer(struct uplink *u, const struct request_path *path, char *json); /* takes the text */

void uplink_get_stats(struct uplink *u, struct uplink_stats *ret);

/* CLOCK_MONOTONIC microseconds until which the thread is known to be in order: the watchdog is fed until then. */
uint64_t uplink_alive_until_us(struct uplink *u);

/* Send what the outbox has, until it has all that will come, publish "offline", await its acknowledgement, disconnect,
 * join. Returns 0, or -ETIMEDOUT with the thread abandoned because it hangs: it uses what would be freed, leave the process
 * by _exit(). */
int uplink_stop(struct uplink *u, uint64_t timeout_us);

/* After uplink_stop() returned 0 or without uplink_start(). */
struct uplink *uplink_free(struct uplink *u);

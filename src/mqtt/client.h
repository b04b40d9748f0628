/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One connection to the broker: libmosquitto behind a narrow door.
 *
 * A client lives as long as its connection and is never used for a second one. libmosquitto keeps whatever was
 * published and not acknowledged, and would send it again by itself after a reconnect, besides what the backlog
 * sends again: a fresh client has nothing to repeat.
 *
 * Nothing here blocks: the host is an address in numbers, connect and TLS handshake are asynchronous. The caller polls
 * client_fd() for client_events() and calls client_process() at least once a second.
 *
 * MQTT 5 or 3.1.1, TLS or not: properties of a connection, which hardly concern anybody outside this file. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/tls.h"

#define CLIENT_WHY_MAX 512 /* of a failure in words */

struct client;

struct client_config {
        const char *broker;  /* how it is called in error texts */
        const char *host;    /* name or address that its certificate must bear */
        const char *address; /* in numbers */
        uint16_t port;
        const struct tls_config *tls;    /* NULL = in the clear */
        const char *username, *password; /* NULL = none */
        const char *client_id;
        unsigned keepalive_s;
        const char *will_topic, *will; /* QoS 1, retained; NULL = none */
        bool mqtt_5;
        /* MQTT 5 only: take up the session of the connection before, so that its will, which waits for will_delay_s, is not
         * published; else that is ended and speaks now. The session outlives the connection by session_s. */
        bool resume;
        unsigned will_delay_s, session_s;
};

/* A message that came. Response topic and correlation: MQTT 5; NULL = none. */
struct client_message {
        const char *topic;
        const void *payload;
        size_t size;
        bool retained;
        const char *response_topic;
        const void *correlation;
        size_t n_correlation;
};

/* Called from within client_process(). They may publish and subscribe, never close. */
struct client_handlers {
        void (*accepted)(void *userdata);
        /* QoS 1 only. refused: MQTT 5, why the broker does not have it, in words; NULL = it has it. */
        void (*acked)(void *userdata, int mid, const char *refused);
        void (*received)(void *userdata, const struct client_message *m);
        /* The broker refused a subscription. */
        void (*unsubscribed)(void *userdata, const char *topic, const char *refused);
};

/* What the end of a connection asks for. */
enum client_end {
        CLIENT_LOST,       /* nothing in particular */
        CLIENT_OLD_BROKER, /* MQTT 3.1.1: it refused 5, or hung up on it */
        CLIENT_TAKEN_OVER, /* another client came with the same id */
        CLIENT_REFUSED,    /* it heard who we are, and said no */
        CLIENT_UNTRUSTED,  /* TLS failed: a certificate, a name, or no TLS on that port */
};

/* Start to connect. Returns 0 or negative errno with the reason in ret_why; -EPROTO: as CLIENT_UNTRUSTED. */
int client_open(const struct client_config *config, const struct client_handlers *handlers, void *userdata,
        struct client **ret, char *ret_why, size_t why_size);

/* Frees without a farewell: the broker publishes the will, unless client_disconnect() went before. */
struct client *client_close(struct client *c);

/* Only after accepted(). QoS 0 or 1. Returns the message id, over 0; -EMSGSIZE: the broker takes none of that size; another
 * negative errno: the connection is lost. */
int client_publish(struct client *c, const char *topic, const char *payload, int qos, int retained);

/* The same, QoS 1, with the asker's correlation data (MQTT 5; n 0 = none). */
int client_answer(struct client *c, const char *topic, const char *payload, const void *correlation,
        size_t n_correlation);

/* What was published before has not left yet: the broker, or the way to it, is slower than we are. */
bool client_congested(const struct client *c);

/* What is published from here on leaves together, when that ends: one segment on the wire instead of many. The kernel waits
 * for 200 ms at most. */
void client_gather(struct client *c, bool yes);

/* QoS 1. Returns 0 or negative errno. */
int client_subscribe(struct client *c, const char *topic);
int client_unsubscribe(struct client *c, const char *topic);

/* Say goodbye, so that the will is not published, and end the session. */
void client_disconnect(struct client *c);

int client_fd(const struct client *c);       /* -1: lost; ask again after every other call */
short client_events(const struct client *c); /* POLLIN, POLLOUT */

/* Do what the poll found. Returns 0, or -ENOTCONN: the connection is lost, see client_why() and client_end(). */
int client_process(struct client *c, short revents);

/* Why the connection was refused or lost, in words that name whose fault it is. */
const char *client_why(const struct client *c);
enum client_end client_end(const struct client *c);

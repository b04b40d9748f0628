/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One connection to the broker: libmosquitto behind a narrow door.
 *
 * A client lives as long as its connection and is never used for a second one. libmosquitto keeps whatever was
 * published and not acknowledged, and would send it again by itself after a reconnect, besides what the backlog
 * sends again: a fresh client has nothing to repeat.
 *
 * Nothing here blocks: the host is an address in numbers, the connect is asynchronous. The caller polls
 * client_fd() for client_events() and calls client_process() at least once a second.
 *
 * The place for TLS and MQTT 5: both are properties of a connection and concern nobody outside this file. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_WHY_MAX 512 /* of a failure in words */

struct client;

struct client_config {
        const char *broker;  /* how it is called in error texts */
        const char *address; /* in numbers */
        uint16_t port;
        const char *username, *password; /* NULL = none */
        const char *client_id;
        unsigned keepalive_s;
        const char *will_topic, *will; /* QoS 1, retained */
};

/* Called from within client_process(). They may publish and subscribe, never close. */
struct client_handlers {
        void (*accepted)(void *userdata);
        void (*acked)(void *userdata, int mid); /* QoS 1 only */
        void (*received)(void *userdata, const char *topic, const void *payload, size_t size, bool retained);
};

/* Start to connect. Returns 0 or negative errno with the reason in ret_why. */
int client_open(const struct client_config *config, const struct client_handlers *handlers, void *userdata,
        struct client **ret, char *ret_why, size_t why_size);

/* Frees without a farewell: the broker publishes the will, unless client_disconnect() went before. */
struct client *client_close(struct client *c);

/* Only after accepted(). QoS 0 or 1. Returns the message id, over 0, or negative errno: the connection is lost. */
int client_publish(struct client *c, const char *topic, const char *payload, int qos, int retained);

/* What was published before has not left yet: the broker, or the way to it, is slower than we are. */
bool client_congested(const struct client *c);

/* QoS 1. Returns 0 or negative errno. */
int client_subscribe(struct client *c, const char *topic);
int client_unsubscribe(struct client *c, const char *topic);

/* Say goodbye, so that the will is not published. */
void client_disconnect(struct client *c);

int client_fd(const struct client *c);       /* -1: lost; ask again after every other call */
short client_events(const struct client *c); /* POLLIN, POLLOUT */

/* Do what the poll found. Returns 0, or -ENOTCONN: the connection is lost, see client_why(). */
int client_process(struct client *c, short revents);

/* Why the connection was refused or lost, in words that name whose fault it is. */
const char *client_why(const struct client *c);

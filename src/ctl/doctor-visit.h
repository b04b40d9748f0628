/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A visit at a broker, in the hub's name but under a client id of its own: the running hub stays connected, there is no will,
 * and nothing is kept. What is said is one message to PREFIX/HUB/reply/doctor-..., for which nobody waits. */

#include <stdbool.h>

#include "mqtt/addresses.h"
#include "mqtt/client.h"

enum visit_end {
        VISIT_DONE,    /* it took us; may_write and may_read tell the rest */
        VISIT_NAME,    /* its name cannot be resolved */
        VISIT_AWAY,    /* nobody there, or nobody who speaks MQTT */
        VISIT_REFUSED, /* it knows us not */
        VISIT_TLS,     /* it cannot be trusted, or does not trust us */
};

struct visit {
        const char *host;
        uint16_t port;
        const struct tls_config *tls;    /* NULL = in the clear */
        const char *username, *password; /* NULL = none */
        bool login;                      /* else only see whether somebody listens */
        const char *prefix, *hub;
        /* results */
        char address[ADDRESSES_TEXT_MAX]; /* that answered */
        bool mqtt_5;
        char why[CLIENT_WHY_MAX];         /* it did not end well */
        char unwritten[768], unread[768]; /* what the broker does not allow, in words; empty = nothing */
};

/* Blocks, for half a minute at most. */
enum visit_end visit_broker(struct visit *v);

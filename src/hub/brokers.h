/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where brokers listen, as Broker= tells it: "host", "host:port", "[address]:port"; with "mqtts://" before it, over TLS;
 * several with single blanks between, the preferred one first. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BROKERS_MAX      8
#define BROKERS_HOST_MAX 256 /* a DNS name has at most 253 characters (RFC 1035) */

struct broker {
        char host[BROKERS_HOST_MAX];
        uint16_t port;
        bool tls;
};

/* Returns how many there are, or -EINVAL. */
int brokers_parse(const char *s, struct broker ret[static BROKERS_MAX]);

/* Does it listen on this machine, by its name? */
bool broker_is_local(const struct broker *b);

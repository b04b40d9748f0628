/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The addresses behind the broker's name, to be tried one after the other.
 *
 * libmosquitto connects without blocking to the first address only: "localhost" would end at ::1 where the broker
 * listens on 127.0.0.1. So the name is resolved here and the library is given one address at a time. */

#include <stddef.h>

#define ADDRESSES_MAX      8
#define ADDRESSES_TEXT_MAX 64 /* IPv6 with its scope: 45 + 1 + 15 and the NUL */

struct addresses {
        size_t n, next;
        char text[ADDRESSES_MAX][ADDRESSES_TEXT_MAX];
};

/* Blocks as long as the system's resolver does (see mqtt/lookup.h). Returns 0, or -EHOSTUNREACH with *ret_why pointing to
 * the resolver's reason (static). */
int addresses_resolve(struct addresses *a, const char *host, const char **ret_why);

/* An address in numbers, which nobody need be asked for. Returns 0, or -EINVAL for a name. */
int addresses_parse(struct addresses *a, const char *host);

/* The next address in numbers, or NULL when all were tried. */
const char *addresses_next(struct addresses *a);

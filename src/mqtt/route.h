/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which broker is tried next, and in which version of MQTT. Pure: time is the caller's.
 *
 * Brokers are numbered in the order of preference. A round tries each of them once; a pause follows (util/backoff), then
 * the next round. A connection that is lost opens a round at once, in which its own broker comes last: the others may be
 * there, it hardly is.
 *
 *     start        0 1 2   pause   0 1 2   pause ...
 *     1 was lost   0 2 1   pause   0 1 2   pause ...
 *
 * A broker that does not know MQTT 5 is spoken to in MQTT 3.1.1 from then on, and asked again once a day: it may have been
 * renewed. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUTE_BROKERS_MAX 8

/* MQTT 5 is tried again. */
#define ROUTE_ASK_AGAIN_US (UINT64_C(24) * 3600 * 1000000)

struct route {
        unsigned n, tried;                        /* brokers, and those of them that were tried in this round */
        unsigned last;                            /* the one that comes last; n = none does */
        uint64_t old_until_us[ROUTE_BROKERS_MAX]; /* speaks MQTT 3.1.1 until then */
};

/* A first round, of 1 to ROUTE_BROKERS_MAX brokers. */
void route_init(struct route *r, unsigned n);

/* Open a round. last: the broker to be tried last; n or more = all in their order. */
void route_begin(struct route *r, unsigned last);

/* Is one left to be tried in this round? */
bool route_has_next(const struct route *r);

/* Its number; only where there is one. */
unsigned route_next(struct route *r);

bool route_speaks_5(const struct route *r, unsigned broker, uint64_t now_us);
void route_refused_5(struct route *r, unsigned broker, uint64_t now_us);

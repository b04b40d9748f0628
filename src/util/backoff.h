/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How long to wait before the next try: decorrelated jitter.
 *
 *     wait = random between min and 3 x the wait before, at most max
 *
 * It grows like doubling does, and hubs that lost one broker at the same instant do not come back at the same
 * instant. (Marc Brooker, "Exponential Backoff And Jitter", 2015.) Pure: the seed is given, time is the caller's. */

#include <stdint.h>

struct backoff {
        uint64_t min_us, max_us;
        uint64_t last_us; /* the wait before */
        uint64_t random;  /* state of the generator, never 0 */
};

/* 0 < min_us <= max_us <= 1 day. Equal seeds give equal waits. */
void backoff_init(struct backoff *b, uint64_t min_us, uint64_t max_us, uint64_t seed);

uint64_t backoff_next_us(struct backoff *b);

/* It went well: start small again. */
void backoff_reset(struct backoff *b);

/* SPDX-License-Identifier: Apache-2.0 */
/* Waits between tries: decorrelated jitter. */

#include "util/backoff.h"

#include <assert.h>

#include "util/macros.h"

#define DAY_US UINT64_C(86400000000)

void backoff_init(struct backoff *b, uint64_t min_us, uint64_t max_us, uint64_t seed) {
        assert(min_us > 0 && min_us <= max_us && max_us <= DAY_US);
        *b = (struct backoff){
                .min_us = min_us,
                .max_us = max_us,
                .last_us = min_us,
                .random = seed | 1, /* 0 is the one state that xorshift never leaves */
        };
}

/* xorshift64* (Vigna 2016): plenty for spreading hubs, no secret. */
static uint64_t random_next(struct backoff *b) {
        b->random ^= b->random >> 12;
        b->random ^= b->random << 25;
        b->random ^= b->random >> 27;
        return b->random * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t backoff_next_us(struct backoff *b) {
        uint64_t span_us = 3 * b->last_us - b->min_us; /* > 0, for last_us >= min_us */

        b->last_us = MIN(b->min_us + random_next(b) % span_us, b->max_us);
        return b->last_us;
}

void backoff_reset(struct backoff *b) {
        b->last_us = b->min_us;
}

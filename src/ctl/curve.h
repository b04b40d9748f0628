/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A curve of any length in fixed memory: time is cut into buckets that keep the extremes of what fell into them. When
 * the buckets run out, each two become one. */

#include <stdbool.h>
#include <stdint.h>

#define CURVE_N 16384

struct curve_bucket {
        double low, high; /* low > high: nothing fell into it; NAN: the curve is broken here */
};

struct curve {
        uint64_t start_us, step_us;
        unsigned n;
        struct curve_bucket buckets[CURVE_N];
};

void curve_init(struct curve *c, uint64_t start_us);

/* Instants do not go back; an older one counts as the newest. A value that is not finite breaks the curve. */
void curve_add(struct curve *c, uint64_t t_us, double value);

/* The extremes from start (inclusive) to end (exclusive). */
struct curve_bucket curve_between(const struct curve *c, uint64_t start_us, uint64_t end_us);
bool curve_bucket_is_empty(struct curve_bucket b);
bool curve_bucket_is_break(struct curve_bucket b);

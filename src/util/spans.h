/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A set of whole numbers from 1 as a few intervals.
 *
 * What arrives nearly in order is one interval with a growing end. A second stream that goes on behind a gap makes a
 * second one, and the two become one when the gap is filled. The number of intervals is bounded: no allocation. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPANS_MAX 64

struct span {
        uint64_t first, last; /* both in it, 1 <= first <= last */
};

/* Zero is the empty set. */
struct spans {
        size_t n;
        struct span list[SPANS_MAX]; /* ascending; at least one number lies between two of them */
};

/* Returns 0, -EINVAL for no interval at all, or -ENOSPC: it would be one interval too many, the set stays as it is. */
int spans_add(struct spans *s, uint64_t first, uint64_t last);

bool spans_has(const struct spans *s, uint64_t x);

/* The lowest number from this one up that is not in the set. */
uint64_t spans_next_missing(const struct spans *s, uint64_t from);

/* How many of 1 to last are in the set. */
uint64_t spans_count(const struct spans *s, uint64_t last);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Random numbers that are the same on every machine: integers and additions only, no libm.
 *
 * splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). Each part of the generator
 * draws from a stream of its own, so that another sensor grade does not change how the bar moves. */

#include <stdint.h>

struct random {
        uint64_t state;
};

static inline uint64_t random_u64(struct random *r) {
        uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
}

static inline struct random random_stream(uint64_t seed, uint64_t stream) {
        struct random r = {seed ^ (stream * 0xd1342543de82ef95ULL)};

        r.state = random_u64(&r);
        return r;
}

/* [low, high) */
static inline double random_uniform(struct random *r, double low, double high) {
        return low + (high - low) * ((double) (random_u64(r) >> 11) * 0x1p-53);
}

/* 0 to n - 1 */
static inline unsigned random_below(struct random *r, unsigned n) {
        return (unsigned) ((random_u64(r) >> 32) * n >> 32);
}

/* Mean 0, standard deviation 1: the sum of twelve uniforms (Irwin-Hall), never beyond 6. */
static inline double random_normal(struct random *r) {
        double sum = -6;

        for (unsigned i = 0; i < 12; i++)
                sum += random_uniform(r, 0, 1);
        return sum;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Extremes of a curve in buckets of time. */

#include "ctl/curve.h"

#include <math.h>

#include "util/macros.h"

#define FIRST_STEP_US 5000 /* a sample a bucket at 200 Hz; 82 s fit */

static const struct curve_bucket nothing = {.low = HUGE_VAL, .high = -HUGE_VAL};

bool curve_bucket_is_break(struct curve_bucket b) {
        return isnan(b.low);
}

bool curve_bucket_is_empty(struct curve_bucket b) {
        return b.low > b.high;
}

/* A break counts only where there is nothing else: a pixel with a line in it is not empty. */
static struct curve_bucket join(struct curve_bucket a, struct curve_bucket b) {
        if (curve_bucket_is_empty(b) || (curve_bucket_is_break(b) && !curve_bucket_is_empty(a)))
                return a;
        if (curve_bucket_is_empty(a) || curve_bucket_is_break(a))
                return b;
        return (struct curve_bucket){.low = MIN(a.low, b.low), .high = MAX(a.high, b.high)};
}

void curve_init(struct curve *c, uint64_t start_us) {
        c->start_us = start_us;
        c->step_us = FIRST_STEP_US;
        c->n = 0;
}

static void halve(struct curve *c) {
        for (size_t i = 0; i < CURVE_N / 2; i++)
                c->buckets[i] = join(c->buckets[2 * i], c->buckets[2 * i + 1]);
        c->n = CURVE_N / 2;
        c->step_us *= 2;
}

void curve_add(struct curve *c, uint64_t t_us, double value) {
        struct curve_bucket b = {.low = value, .high = value};
        uint64_t i;

        if (!isfinite(value))
                b = (struct curve_bucket){.low = NAN, .high = NAN};
        while ((i = (MAX(t_us, c->start_us) - c->start_us) / c->step_us) >= CURVE_N) {
                while (c->n < CURVE_N)
                        c->buckets[c->n++] = nothing;
                halve(c);
        }
        if (c->n > 0)
                i = MAX(i, (uint64_t) c->n - 1);
        while (c->n <= i)
                c->buckets[c->n++] = nothing;
        c->buckets[i] = join(c->buckets[i], b);
}

/* The first bucket that begins at or after an instant: no value is told twice. */
static unsigned bucket_from(const struct curve *c, uint64_t t_us) {
        uint64_t since = MAX(t_us, c->start_us) - c->start_us;
        uint64_t i = since / c->step_us + (since % c->step_us > 0);

        return (unsigned) MIN(i, (uint64_t) c->n);
}

struct curve_bucket curve_between(const struct curve *c, uint64_t start_us, uint64_t end_us) {
        struct curve_bucket b = nothing;

        if (c->step_us == 0)
                return b;
        for (unsigned i = bucket_from(c, start_us); i < bucket_from(c, end_us); i++)
                b = join(b, c->buckets[i]);
        return b;
}

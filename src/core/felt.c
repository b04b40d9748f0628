/* SPDX-License-Identifier: Apache-2.0 */
/* Travel is a double integral, and its error looks like travel. What moves a bar leaves more than that:
 *
 *     acceleration     __                       stroke from rest to rest: a push and a brake
 *                 ____/  \    ____
 *                         \__/
 *                      |
 *                 _____|_______________         put down, then lying still: a jolt at one end, nothing after it
 *
 *     force            how much acceleration there is, against the least that would do
 *     balance          push and brake, the lesser of the two
 *     unrest           acceleration that moves the bar nowhere: steps of somebody who walks with it
 *     turned           about the vertical, which a lifter does not
 *
 * A stroke is looked at in tenths: their means leave out knocks and tremor, the scatter inside them is unrest. */

#include "core/felt.h"

#include <math.h>

#include "util/macros.h"
#include "util/seconds.h"

#define TENTHS   10u
#define LEAST    1e-3 /* against division by nothing */
#define OWN      0.6 /* scatter inside a tenth that a smooth stroke has of its own, in units of the least force */
#define BEFORE_S 0.8 /* a step takes half a second: from so long before the movement ... */
#define MARGIN_S 0.1 /* ... until so long before it, as its onset is not known better */
#define HOLD_S   0.3 /* a shorter hold is a turnaround */

struct tenths {
        double mean[TENTHS], variance[TENTHS];
};

/* Mean and variance of acceleration over the ticks that ended after from_us, until to_us; one tick at least. */
static double mean_of(const struct history *h, uint64_t from_us, uint64_t to_us, double *ret_variance) {
        unsigned last = MIN(history_find(h, to_us), h->n - 1), first = MAX(history_find(h, from_us), last + 1);
        unsigned n = first - last;
        double sum = 0, sum2 = 0;

        for (unsigned ago = first; ago-- > last;) {
                double a = (double) history_ago(h, ago)->a_mps2;
                sum += a;
                sum2 += a * a;
        }
        *ret_variance = fmax(0, sum2 / n - sum / n * sum / n);
        return sum / n;
}

static void divide(const struct history *h, const struct phase_fit *p, struct tenths *ret) {
        uint64_t lasts_us = p->end_us - p->start_us;
        for (unsigned k = 0; k < TENTHS; k++)
                ret->mean[k] = mean_of(h, p->start_us + lasts_us * k / TENTHS,
                        p->start_us + lasts_us * (k + 1) / TENTHS, &ret->variance[k]);
}

static double median(const double x[static TENTHS]) {
        double sorted[TENTHS];
        for (unsigned n = 0; n < TENTHS; n++) {
                unsigned at = n;
                for (; at > 0 && sorted[at - 1] > x[n]; at--)
                        sorted[at] = sorted[at - 1];
                sorted[at] = x[n];
        }
        return (sorted[TENTHS / 2 - 1] + sorted[TENTHS / 2]) / 2;
}

static double lasts_s(const struct phase_fit *p) {
        return fmax(seconds(p->start_us, p->end_us), TICK_S);
}

/* From rest to rest over a way L in a time T no motion takes less than an acceleration that falls evenly from 6 L/T2 to
 * -6 L/T2: rms sqrt(12) L/T2 about its mean. */
static double least_mps2(const struct phase_fit *p) {
        return fmax(sqrt(12) * fabs(p->travel_m) / (lasts_s(p) * lasts_s(p)), LEAST);
}

static double force(const struct phase_fit *p, const struct tenths *t) {
        double sum = 0, sum2 = 0;
        for (unsigned k = 0; k < TENTHS; k++) {
                sum += t->mean[k] / TENTHS;
                sum2 += t->mean[k] * t->mean[k] / TENTHS;
        }
        return sqrt(fmax(0, sum2 - sum * sum)) / least_mps2(p);
}

/* What pushes the bar to its speed and what brakes it again are equal, about a zero that a bias shifts; so it is taken
 * where half of the tenths lie on either side. */
static double balance(const struct phase_fit *p, const struct tenths *t) {
        double zero = median(t->mean), push = 0, brake = 0;
        for (unsigned k = 0; k < TENTHS; k++) {
                push += fmax(0, t->mean[k] - zero) * lasts_s(p) / TENTHS;
                brake += fmax(0, zero - t->mean[k]) * lasts_s(p) / TENTHS;
        }
        return fmin(push, brake) / fmax(p->peak_mps, LEAST);
}

static double unrest(const struct phase_fit *p, const struct tenths *t) {
        double own = OWN * least_mps2(p);
        return sqrt(fmax(0, median(t->variance) - own * own));
}

/* rms of acceleration about its mean; 0 where too little is known. */
static double unrest_between(const struct history *h, uint64_t from_us, uint64_t to_us) {
        double variance;
        if (to_us < from_us + (uint64_t) (HOLD_S * 1e6) || history_find(h, from_us) >= h->n)
                return 0;
        (void) mean_of(h, from_us, to_us, &variance);
        return sqrt(variance);
}

static uint64_t before(uint64_t t_us, double by_s) {
        uint64_t by_us = (uint64_t) (by_s * 1e6);
        return t_us - MIN(by_us, t_us);
}

void felt_cycle(const struct history *h, struct cycle_fit *fit) {
        struct phase_fit *first = fit->eccentric_first ? &fit->eccentric : &fit->concentric;
        struct phase_fit *second = fit->eccentric_first ? &fit->concentric : &fit->eccentric;
        struct tenths a, b;

        divide(h, first, &a);
        divide(h, second, &b);
        first->force = force(first, &a);
        second->force = force(second, &b);
        fit->balance = (float) fmin(balance(first, &a), balance(second, &b));
        fit->unrest_mps2 = (float) fmax(unrest(first, &a), unrest(second, &b));
        fit->unrest_between_mps2 = (float) unrest_between(h, first->end_us, second->start_us);
        fit->unrest_before_mps2 =
                (float) unrest_between(h, before(first->start_us, BEFORE_S), before(first->start_us, MARGIN_S));
        fit->turned_rad = (float) history_turned(h, first->start_us, second->end_us);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Velocity of a cycle, corrected in hindsight.
 *
 * Over one cycle the integral of acceleration errs in a way that few numbers describe:
 *
 *     v(t) = v0 + V(t) - W(t).b - d t2/2          V = integral of a, W = integral of the direction u
 *
 * with the velocity at the start v0, the accelerometer's bias b along its three axes, and a drift d of whatever
 * else points along the path. The five unknowns x are found by weighted least squares from the filter's prior and
 * from what a cycle tells about itself:
 *
 *     v = 0 in the holds before, between and after the movements, and where one movement turns into the other,
 *     p(end) = p(start): the loop closes.
 *
 * Unlike a smoother over all ticks it needs no memory beyond 5 x 5, and cannot bend the velocity between. */

#include "core/smooth.h"

#include <math.h>
#include <string.h>

#include "core/normal.h"
#include "util/macros.h"

#define T           TICK_S
#define N           NORMAL_N
#define PAUSE       20  /* ticks: a hold long enough to rest in */
#define FOUND       8u  /* ticks next to a border that was found in a velocity, and may still move */
#define GUESS       25u /* the same of one that was seen live, */
#define GUESS_SHARE 0.4 /* and of what its movement lasts beyond a second and a half, */
#define SEARCHED    50u /* of one that was searched for on a grid of a quarter of a second */
#define GUESS_FROM  150u
#define GUESS_MOST  300u /* up to so much */
#define WAY_SHARE   0.25 /* reps of a set differ by so much in travel, one sigma */
#define STRIDE      5    /* rest is weighed every so many ticks */

/* A hold between two movements, or the turn from one to the other. */
struct gap {
        unsigned from, to;             /* end of the movement before, start of the one after */
        unsigned doubt_from, doubt_to; /* ticks next to each in which the bar may still move */
};

static bool rests(const struct gap *g, unsigned k) {
        return g->to - g->from >= PAUSE && k > g->from + g->doubt_from && k + g->doubt_to < g->to;
}

static bool turns(const struct gap *g, unsigned k) {
        if (g->to - g->from >= PAUSE && g->to > g->from + g->doubt_from + g->doubt_to + STRIDE)
                return false;
        /* The surer border is nearer to the turn. */
        return k == g->from + (g->to - g->from) * g->doubt_from / MAX(g->doubt_from + g->doubt_to, 1u);
}

/* Live borders are the worse the slower their movement, and what seems a hold may be a slow part of it. */
static unsigned doubt(enum borders_known known, unsigned length, unsigned pause) {
        if (known == BORDERS_FOUND)
                return MIN(FOUND, pause / 3);
        if (known == BORDERS_SEARCHED)
                return SEARCHED;
        return MIN(GUESS + (unsigned) (GUESS_SHARE * (MAX(length, GUESS_FROM) - GUESS_FROM)), GUESS_MOST);
}

static struct gap gap_of(
        unsigned from, unsigned to, unsigned before, unsigned after, enum borders_known known) {
        return (struct gap){from, to, doubt(known, before, to - from), doubt(known, after, to - from)};
}

static void gaps_of(const struct window *w, enum borders_known known, struct gap ret[static 3]) {
        unsigned a = w->a1 - w->a0, b = w->b1 - w->b0;
        ret[0] = gap_of(w->before, w->a0, b, a, known);
        ret[1] = gap_of(w->a1, w->b0, a, b, known);
        ret[2] = gap_of(w->b1, w->after, b, a, known);
}

/* From start to end it went so far, give or take sigma. */
static void weigh_way(struct normal *n, const struct sums *start, const struct sums *end,
        const struct bias *bias, double way_m, double sigma_m) {
        double row[N];
        for (unsigned i = 0; i < N; i++)
                row[i] = end->p_row[i] - start->p_row[i];
        normal_weigh(n, row, way_m - sums_expected(end->p - start->p, row, bias), sigma_m * sigma_m);
}

double smooth_velocity(const struct repfit_params *p, const struct history *h, const struct window *w,
        const struct bias *bias, double drift_mps3, enum borders_known known, float *ret) {
        const double rest2 = p->rest_mps * p->rest_mps / (STRIDE * T), turn2 = p->turn_mps * p->turn_mps;
        struct normal n;
        struct sums s, start;
        struct gap gaps[3];

        gaps_of(w, known, gaps);
        normal_prior(&n, bias, drift_mps3);
        sums_init(&s);
        start = s;
        for (unsigned k = 0; k < w->n; k++) {
                const struct moment *m = history_ago(h, w->newest_ago + w->n - 1 - k);
                sums_add(&s, m);
                double v = sums_expected(s.v, s.v_row, bias);
                for (unsigned i = 0; i < ARRAY_SIZE(gaps); i++) {
                        if (k % STRIDE == 0 && rests(&gaps[i], k))
                                normal_weigh(&n, s.v_row, -v, rest2);
                        if (turns(&gaps[i], k))
                                normal_weigh(&n, s.v_row, -v, turn2);
                }
                if (k == w->a0)
                        start = s;
                if (k == w->a1 && fabs(w->way_m) > 0)
                        weigh_way(&n, &start, &s, bias, w->way_m, WAY_SHARE * fabs(w->way_m));
                if (k == w->b1)
                        weigh_way(&n, &start, &s, bias, 0, p->close_m);
                ret[k] = (float) v;
        }

        double x[N], chi2 = normal_solve(&n, x);
        sums_init(&s);
        for (unsigned k = 0; k < w->n; k++) {
                sums_add(&s, history_ago(h, w->newest_ago + w->n - 1 - k));
                double v = ret[k];
                for (unsigned i = 0; i < N; i++)
                        v += s.v_row[i] * x[i];
                ret[k] = (float) v;
        }
        return chi2;
}

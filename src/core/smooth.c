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

#include <limits.h>
#include <math.h>

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
#define NONE        UINT_MAX

/* What lies between two movements: ticks in which the bar rests, and the one in which it turns. */
struct gap {
        unsigned rest_from, rest_to; /* the first one, and the one behind the last */
        unsigned turn;               /* NONE where it rests for long enough */
};

/* Live borders are the worse the slower their movement, and what seems a hold may be a slow part of it. */
static unsigned doubt(enum borders_known known, unsigned length, unsigned pause) {
        if (known == BORDERS_FOUND)
                return MIN(FOUND, pause / 3);
        if (known == BORDERS_SEARCHED)
                return SEARCHED;
        return MIN(GUESS + (unsigned) (GUESS_SHARE * (MAX(length, GUESS_FROM) - GUESS_FROM)), GUESS_MOST);
}

/* From the end of the movement before to the start of the one after, which last so long. Next to each border the bar may
 * still move. */
static struct gap gap_of(
        unsigned from, unsigned to, unsigned before, unsigned after, enum borders_known known) {
        unsigned pause = to - from, doubt_from = doubt(known, before, pause),
                 doubt_to = doubt(known, after, pause), doubts = doubt_from + doubt_to;
        struct gap gap = {.turn = from + pause * doubt_from / MAX(doubts, 1u)}; /* nearer to the surer border */

        if (pause < PAUSE)
                return gap;
        gap.rest_from = from + doubt_from + 1;
        gap.rest_to = to - MIN(doubt_to, to);
        if (pause > doubts + STRIDE)
                gap.turn = NONE;
        return gap;
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
                        if (k % STRIDE == 0 && k >= gaps[i].rest_from && k < gaps[i].rest_to)
                                normal_weigh(&n, s.v_row, -v, rest2);
                        if (k == gaps[i].turn)
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

        double x[N], chi2 = normal_solve(&n, x), v_mps = x[0], a_mps2 = 0; /* of the error */
        for (unsigned k = 0; k < w->n; k++) {
                const struct moment *m = history_ago(h, w->newest_ago + w->n - 1 - k);
                double up[3];

                moment_up(m, up);
                a_mps2 -= T * x[4];
                v_mps += T * (a_mps2 - up[0] * x[1] - up[1] * x[2] - up[2] * x[3]);
                ret[k] = (float) ((double) ret[k] + v_mps);
        }
        return chi2;
}

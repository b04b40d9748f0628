/* SPDX-License-Identifier: Apache-2.0 */
/* Control of the eccentric.
 *
 *     speed   ____            held: up once, even, down once      ripple 0, uneven small, rush 0
 *            /    \
 *
 *             /\  /\  /\      given way, caught, given way        ripple, uneven
 *            /  \/  \/  \
 *
 *                    __/|     resisted, then dropped              rush, uneven
 *            ______/    |
 *
 * By jerk, one of the smoothness measures of motor science (Balasubramanian 2015, doi 10.1186/s12984-015-0090-9), a
 * minimum-jerk bell is the smoothest by definition and an even speed between two ramps is not, but to lower evenly is just
 * what is asked for here. Variation beyond one rise and one fall is 0 for both, and has no unit either. */

#include "coach/control.h"

#include <math.h>

#include <repcast/sample.h>

#include "util/macros.h"

#define EDGE 0.1 /* of the travel at either end is left out: there it has to start and stop */

/* Each part is free up to the first figure (what the best synthetic lowerings show, sensor's noise included: doc/coaching.md)
 * and halves the index at the second beyond it. */
#define UNEVEN_FREE 0.18
#define UNEVEN_HALF 0.40
#define RIPPLE_FREE 0.05
#define RIPPLE_HALF 0.60
#define RUSH_FREE   0.10
#define RUSH_HALF   0.50

#define DROP_SHARE 0.6

#define PEAK_SHARE 0.2 /* of the travel: the fastest stretch of this length tells of a dive */

/* Mean speed and its scatter while the travel goes from one share of itself to another; cells count by the part of their
 * time within. */
struct stretch {
        double time, sum, squares;
};

static struct stretch stretch_of(const uint8_t v[static REP_COURSE_N], double from, double to) {
        struct stretch s = {0};
        double at = 0;

        for (unsigned i = 0; i < REP_COURSE_N; i++) {
                double speed = (double) v[i], end = at + speed, share = 1;

                if (speed > 0)
                        share = (fmin(end, to) - fmax(at, from)) / speed;
                else if (at < from || at > to)
                        share = 0;
                if (share > 0) {
                        s.time += share;
                        s.sum += share * speed;
                        s.squares += share * speed * speed;
                }
                at = end;
        }
        return s;
}

static double travel(const uint8_t v[static REP_COURSE_N]) {
        double sum = 0;

        for (unsigned i = 0; i < REP_COURSE_N; i++)
                sum += (double) v[i];
        return sum;
}

static double variation_beyond(const uint8_t v[static REP_COURSE_N]) {
        double before = 0, total = 0, peak = 0;

        for (unsigned i = 0; i < REP_COURSE_N; i++) {
                total += fabs((double) v[i] - before);
                before = (double) v[i];
                peak = fmax(peak, before);
        }
        return (total + fabs(before)) / (2 * peak) - 1;
}

bool control_look(const uint8_t course[static REP_COURSE_N], struct control_parts *ret) {
        double all = travel(course);

        if (!(all > 0))
                return false;
        struct stretch first = stretch_of(course, EDGE * all, 0.5 * all);
        struct stretch second = stretch_of(course, 0.5 * all, (1 - EDGE) * all);
        double n = first.time + second.time, mean = (first.sum + second.sum) / n;
        double variance = (first.squares + second.squares) / n - mean * mean;
        double faster = (second.sum / second.time) / (first.sum / first.time);

        if (!(mean > 0) || !(faster > 0))
                return false;
        *ret = (struct control_parts){
                .uneven = sqrt(fmax(variance, 0)) / mean,
                .ripple = fmax(variation_beyond(course), 0),
                .rush = fmax(log(faster), 0),
        };
        return true;
}

/* 1 up to free, 1/2 at half beyond it, then towards 0. */
static double worth(double x, double free, double half) {
        double beyond = fmax(x - free, 0) / half;

        return 1 / (1 + beyond * beyond);
}

double control_index(const uint8_t course[static REP_COURSE_N]) {
        struct control_parts p;

        if (!control_look(course, &p))
                return (double) NAN;
        return worth(p.uneven, UNEVEN_FREE, UNEVEN_HALF) * worth(p.ripple, RIPPLE_FREE, RIPPLE_HALF) *
                worth(p.rush, RUSH_FREE, RUSH_HALF);
}

/* Mean speed of the fastest stretch of a fifth of the travel, in units of the mean of all. */
static double fastest(const uint8_t v[static REP_COURSE_N], double all) {
        double best = 0;

        for (unsigned i = 0; i < REP_COURSE_N; i++) {
                double way = 0, time = 0;

                for (unsigned k = i; k < REP_COURSE_N && way < PEAK_SHARE * all; k++) {
                        double left = PEAK_SHARE * all - way, speed = (double) v[k];

                        time += speed > left ? left / speed : 1;
                        way += fmin(speed, left);
                }
                if (way >= PEAK_SHARE * all * (1 - 1e-9))
                        best = fmax(best, way / time);
        }
        return best / (all / REP_COURSE_N);
}

bool is_dropped(const struct rep *rep, const struct exercise *exercise) {
        double incline_sin = sin(exercise->incline_deg * M_PI / 180);
        double fall_mps = sqrt(2 * STANDARD_GRAVITY_MPS2 * incline_sin * rep->rom_m);

        return !exercise->under_bar && exercise->eccentric == EXERCISE_ECCENTRIC_DOWN &&
                rep->eccentric.peak_mps > DROP_SHARE * fall_mps;
}

double dive_severity(const struct dive_params *params, const struct prescription *p, const struct rep *rep,
        double incline_sin) {
        const struct tempo_part *part = &p->tempo[PHASE_ECCENTRIC];
        double s = rep->tempo_s[PHASE_ECCENTRIC], rom_m = rep->eccentric.mean_mps * s;
        double all = travel(rep->course);

        if ((part->rule != TEMPO_PACED && part->rule != TEMPO_AT_LEAST) || !(part->s > 0) || !(rom_m > 0) ||
                !(all > 0))
                return (double) NAN;
        /* The last fifth of a fall from rest over s takes 1 - sqrt(0.8) of its sqrt(2 s / g): 1.339 sqrt(g s). */
        double fall_mps = 1.339 * sqrt(STANDARD_GRAVITY_MPS2 * incline_sin * rom_m);
        double fastest_mps = fastest(rep->course, all) * rom_m / s;
        double severity = fmin(fastest_mps / fall_mps, 1);

        return fastest_mps > params->ratio * rom_m / part->s && severity > params->least ? severity : 0;
}

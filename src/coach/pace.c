/* SPDX-License-Identifier: Apache-2.0 */
/* Pace: how long will this movement have taken, if it goes on as it goes now?
 *
 *     way  1 |          ___        A movement starts and stops, so that neither the way done nor the speed of the
 *            |        /            moment tells its end by itself. Its shape does: the share of time by which a share of
 *          x |_ _ _ /              the way is done. It is learned from the lifter's own reps; before that it is the mean
 *            |    / |              of an even lowering and a single bell.
 *          0 |__/___|______ time
 *               0  tau(x)    1
 *
 *     T(speed) = 1 / (u tau'(x))           whole time by the speed of the moment, u = speed / way of the whole
 *     T(way)   = t / tau(x)                by the way done so far
 *     predicted = t + (1 - tau(x)) (w T(speed) + (1 - w) T(way)), w = 0.7 (1 - x)
 *
 * The speed counts for what it can: what the lifter is to correct is what the bar does now, and in eccentric curls cues by
 * speed led to more even durations than cues by position (Ohishi and Nakamura, ICAD 2025; abstract). */

#include "coach/pace.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "util/macros.h"
#include "util/seconds.h"

#define START_SHARE 0.05 /* of the way: before that nothing can be told */
#define SPEED_TAU_S 0.15 /* of the low-pass on the speed */
#define SPEED_WEIGHT                                                                                           \
        0.7 /* at the start; towards the end, where the speed goes to 0 by any way, the way counts alone */
#define LEARN_MOST  3 /* the newest rep counts for at least a quarter */
#define MOST_TIMES  5 /* a prediction beyond so many times the target says no more than that */
#define LEAST_SLOPE 0.2

static const char *const cues[_CUE_MAX] = {
        [CUE_ON] = "on",
        [CUE_AHEAD] = "ahead",
        [CUE_BEHIND] = "behind",
};

const char *cue_to_string(enum cue cue) {
        return cue < _CUE_MAX ? cues[cue] : NULL;
}

/* Way of a minimum-jerk movement by a share of its time (Flash and Hogan 1985). */
static double bell_way(double t) {
        return t * t * t * (10 + t * (-15 + 6 * t));
}

/* The same of an even speed between two ramps of a fifth of the time. */
static double even_way(double t) {
        const double ramp = 0.2, top = 1 / (1 - ramp);

        if (t < ramp)
                return 0.5 * top * t * t / ramp;
        return t > 1 - ramp ? 1 - even_way(1 - t) : top * (t - ramp / 2);
}

static double time_of(double (*way)(double t), double x) {
        double low = 0, high = 1;

        for (unsigned i = 0; i < 40; i++) {
                double middle = (low + high) / 2;

                if (way(middle) < x)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

void pacer_forget(struct pacer *p) {
        for (unsigned i = 0; i <= PACE_SHAPE_N; i++) {
                double x = (double) i / PACE_SHAPE_N;
                double t = i == PACE_SHAPE_N ? 1 : (time_of(bell_way, x) + time_of(even_way, x)) / 2;

                p->shapes[0].time[i] = p->shapes[1].time[i] = i == 0 ? 0 : t;
        }
        p->shapes[0].reps = p->shapes[1].reps = 0;
}

void pacer_init(struct pacer *p) {
        *p = (struct pacer){.phase = PHASE_REST};
        pacer_forget(p);
}

void pacer_learn(struct pacer *p, const struct rep *rep) {
        struct pace_shape *shape = &p->shapes[0];
        double all = 0, at = 0, weight = 1.0 / (MIN(shape->reps, (unsigned) LEARN_MOST) + 1);
        unsigned i = 1;

        for (unsigned k = 0; k < REP_COURSE_N; k++)
                all += (double) rep->course[k];
        if (!(all > 0))
                return;
        for (unsigned k = 0; k < REP_COURSE_N; k++) {
                double step = (double) rep->course[k] / all;

                for (; i < PACE_SHAPE_N && (double) i / PACE_SHAPE_N <= at + step && step > 0; i++) {
                        double t = (k + ((double) i / PACE_SHAPE_N - at) / step) / REP_COURSE_N;

                        shape->time[i] += weight * (t - shape->time[i]);
                }
                at += step;
        }
        shape->reps++;
}

/* tau(x) and its slope. */
static double time_at(const struct pace_shape *s, double x, double *ret_slope) {
        double place = CLAMP(x, 0.0, 1.0) * PACE_SHAPE_N;
        unsigned i = MIN((unsigned) place, PACE_SHAPE_N - 1u);
        unsigned low = i > 0 ? i - 1 : 0, high = MIN(i + 2, (unsigned) PACE_SHAPE_N); /* smoothed */

        *ret_slope = fmax((s->time[high] - s->time[low]) / (high - low) * PACE_SHAPE_N, LEAST_SLOPE);
        return s->time[i] + (place - i) * (s->time[i + 1] - s->time[i]);
}

static double way_at(const struct pace_shape *s, double t) {
        unsigned i = 0;

        if (t >= 1)
                return 1;
        while (i + 1 < PACE_SHAPE_N && s->time[i + 1] < t)
                i++;
        double step = s->time[i + 1] - s->time[i];
        return (i + (step > 0 ? CLAMP((t - s->time[i]) / step, 0.0, 1.0) : 0)) / PACE_SHAPE_N;
}

/* It takes twice as much to change a cue than to keep it. */
static enum cue find_cue(
        const struct tempo_part *part, double tolerance_s, double predicted_s, enum cue before) {
        double fast_s = part->s - tolerance_s * (before == CUE_AHEAD ? 0.5 : 1);
        double slow_s = part->s + tolerance_s * (before == CUE_BEHIND ? 0.5 : 1);

        if (predicted_s < fast_s && part->rule != TEMPO_AT_MOST)
                return CUE_AHEAD;
        if (predicted_s > slow_s && part->rule != TEMPO_AT_LEAST)
                return CUE_BEHIND;
        return CUE_ON;
}

static void follow_speed(struct pacer *p, const struct live *live) {
        double speed_mps = fabs(live->velocity_mps);
        double passed_s = seconds(p->t_us, live->t_us);

        if (!p->running || p->phase != live->phase) {
                p->speed_mps = speed_mps;
                p->cue = CUE_ON;
        } else {
                p->speed_mps += (1 - exp(-passed_s / SPEED_TAU_S)) * (speed_mps - p->speed_mps);
        }
        p->running = true;
        p->phase = live->phase;
        p->t_us = live->t_us;
}

void pacer_look(
        struct pacer *p, const struct prescription *prescription, const struct live *live, struct pace *ret) {
        bool down = live->phase == PHASE_ECCENTRIC;
        const struct pace_shape *shape = &p->shapes[down ? 0 : 1];

        *ret = (struct pace){.known = false};
        if (!live->moving || (!down && live->phase != PHASE_CONCENTRIC) || !isfinite(live->rom_share)) {
                p->running = false;
                return;
        }
        follow_speed(p, live);

        const struct tempo_part *part = &prescription->tempo[live->phase];
        double x = down ? 1 - live->rom_share : live->rom_share, t = live->phase_s, slope;
        double rom_m = live->rom_m;

        if (part->rule == TEMPO_FREE || part->rule == TEMPO_FAST || !(part->s > 0) ||
                (!down && prescription_is_assisted(prescription)) || x < START_SHARE || !(rom_m > 0))
                return;
        double tau = fmax(time_at(shape, x, &slope), 1e-3);
        double by_way_s = t / tau, by_speed_s = rom_m / (fmax(p->speed_mps, 1e-3) * slope);
        double weight = SPEED_WEIGHT * (1 - x);
        double whole_s = weight * fmin(by_speed_s, MOST_TIMES * part->s) + (1 - weight) * by_way_s;

        *ret = (struct pace){
                .known = true,
                .target_s = part->s,
                .predicted_s = fmin(t + (1 - tau) * whole_s, MOST_TIMES * part->s),
                .travelled = fmin(fmax(x, 0), 1),
                .due = way_at(shape, t / part->s),
        };
        p->cue = ret->cue =
                find_cue(part, prescription_tolerance(prescription, live->phase), ret->predicted_s, p->cue);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Movements, knocks and truths, appended in time. */

#include "synth/author.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "util/macros.h"

void author_add(struct author *a, struct channel *c, double start, double duration, double distance,
        struct velocity_profile p) {
        int k = channel_add(c, start, duration, distance, p);

        if (k < 0 && a->error == 0)
                a->error = k;
}

double author_vary(struct author *a, double value) {
        double scatter = a->o->scatter_pct / 100;

        return value * (1 + scatter * CLAMP(random_normal(&a->random), -2.5, 2.5));
}

/* Room for element n of an array that doubles. */
void *author_element(struct author *a, void **array, size_t n, size_t size) {
        if ((n & (n - 1)) == 0) {
                void *grown = reallocarray(*array, n > 0 ? 2 * n : 1, size);

                if (!grown) {
                        a->error = -ENOMEM;
                        return NULL;
                }
                *array = grown;
        }
        return (char *) *array + n * size;
}

static uint64_t us(double s) {
        return (uint64_t) llrint(s * 1e6);
}

void author_phase(struct author *a, enum phase phase, double start, double end) {
        struct truth *t = &a->s->truth;
        struct truth_phase *p;

        if (us(end) <= us(start) || a->error < 0)
                return;
        p = author_element(a, (void **) &t->phases, t->n_phases, sizeof(*p));
        if (!p)
                return;
        *p = (struct truth_phase){a->set, a->rep, phase, us(start), us(end)};
        t->n_phases++;
}

void author_move(struct author *a, enum rejection kind, double start, double end) {
        struct truth *t = &a->s->truth;
        struct truth_move *m;

        if (a->error < 0)
                return;
        m = author_element(a, (void **) &t->moves, t->n_moves, sizeof(*m));
        if (!m)
                return;
        *m = (struct truth_move){kind, us(start), us(end)};
        t->n_moves++;
}

void author_impact(struct author *a, double at, double peak) {
        struct impact *i;

        if (a->error < 0)
                return;
        i = author_element(a, (void **) &a->s->impacts, a->s->n_impacts, sizeof(*i));
        if (!i)
                return;
        *i = (struct impact){
                .at_s = at,
                .peak_mps2 = peak,
                .hz = random_uniform(&a->random, 12, 30),
                .decay_s = random_uniform(&a->random, 0.02, 0.06),
                .direction = {random_uniform(&a->random, -0.5, 0.5), random_uniform(&a->random, -0.5, 0.5), 1},
        };
        a->s->n_impacts++;
}

/* One movement along the path in n parts that share distance and time; overlap > 0 lets them melt together,
 * overlap < 0 leaves near stops between them. The movement takes exactly the duration. */
void author_parts(struct author *a, double duration, double distance, unsigned n, double overlap) {
        double weights[6], sum = 0, at = a->now, unit;

        n = CLAMP(n, 1U, (unsigned) ARRAY_SIZE(weights));
        for (unsigned i = 0; i < n; i++)
                sum += weights[i] = random_uniform(&a->random, 0.7, 1.3);
        /* Part i lasts weights[i] units, and the next begins when (1 - overlap) of it is over. */
        unit = duration / ((sum - weights[n - 1]) * (1 - overlap) + weights[n - 1]);
        for (unsigned i = 0; i < n; i++) {
                double length = i + 1 < n ? weights[i] * unit : a->now + duration - at;

                author_add(a, &a->s->path, at, length, distance * weights[i] / sum, VELOCITY_MIN_JERK);
                at += weights[i] * unit * (1 - overlap);
        }
}

/* A stroke of a rep in the family asked for. */
void author_stroke(struct author *a, double duration, double distance, bool hits_floor) {
        static const unsigned skewed[][2] = {{2, 3}, {3, 2}, {2, 4}, {4, 2}};
        unsigned n, pick;
        double up, down;

        if (hits_floor) { /* stopped within 20 ms by the floor */
                down = fmin(0.02 / duration, 0.3);
                author_add(a, &a->s->path, a->now, duration, distance,
                        (struct velocity_profile){
                                .kind = VELOCITY_TRAPEZOID, .ramp_up = 0.6, .ramp_down = down});
                return;
        }
        switch (a->o->family) {
        case SYNTH_MIN_JERK:
        case _SYNTH_FAMILY_MAX:
                author_add(a, &a->s->path, a->now, duration, distance, VELOCITY_MIN_JERK);
                return;
        case SYNTH_RAMP:
                up = random_uniform(&a->random, 0.15, 0.3);
                down = random_uniform(&a->random, 0.15, 0.3);
                author_add(a, &a->s->path, a->now, duration, distance,
                        (struct velocity_profile){
                                .kind = VELOCITY_TRAPEZOID, .ramp_up = up, .ramp_down = down});
                return;
        case SYNTH_ASYMMETRIC:
                pick = random_below(&a->random, ARRAY_SIZE(skewed));
                author_add(a, &a->s->path, a->now, duration, distance,
                        (struct velocity_profile){
                                .kind = VELOCITY_BETA, .rise = skewed[pick][0], .fall = skewed[pick][1]});
                return;
        case SYNTH_SUBMOVEMENTS: /* about one a second, as slow movement is made of */
                n = (unsigned) CLAMP(rint(duration * random_uniform(&a->random, 0.8, 1.4)), 1.0, 6.0);
                author_parts(a, duration, distance, n, random_uniform(&a->random, 0.3, 0.5));
                return;
        case SYNTH_HESITATION:
                n = duration < 1.5 ? 1 : 2 + random_below(&a->random, 2);
                author_parts(a, duration, distance, n, -random_uniform(&a->random, 0.05, 0.25));
                return;
        }
}

/* The bar turns with the movement and back with the next. */
void author_turn(struct author *a, double duration, double roll) {
        author_add(a, &a->s->roll, a->now, duration, roll - a->roll, VELOCITY_MIN_JERK);
        a->roll = roll;
}

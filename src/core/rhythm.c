/* SPDX-License-Identifier: Apache-2.0 */
/* Durations are taken for normally distributed about the mean of the newest reps, but for the odd rep that is like none
 * before: it keeps the odds from ever being worth more than 2.9 nats, whatever the motion may show. */

#include <math.h>

#include <repcast/rhythm.h>

#include "util/macros.h"
#include "util/seconds.h"

#define NEWEST 3u  /* reps: a lifter who tires slows down from rep to rep */
#define SHARE  0.2 /* of a phase, from one rep to the next: lifters without a metronome */
#define BORDER 0.2 /* s: by so much a border is wrong, here or in the reps told */
#define OTHER  0.1 /* of the reps are of another kind */

void rhythm_forget(struct rhythm *r) {
        *r = (struct rhythm){0};
}

static void take(struct rhythm *r, unsigned phase, double s) {
        unsigned i = phase % _PHASE_TEMPO_MAX;
        r->phases[i].n = MIN(r->phases[i].n + 1, NEWEST);
        r->phases[i].mean_s += (s - r->phases[i].mean_s) / r->phases[i].n;
}

void rhythm_learn(struct rhythm *r, const struct rep *rep, double rest_s) {
        if (rep->n_phases < 2)
                return;
        const struct phase_span *first = &rep->phases[0], *last = &rep->phases[rep->n_phases - 1];
        double before_s = seconds(r->end_us, rep->start_us);

        take(r, first->phase, seconds(first->start_us, first->end_us));
        take(r, first->phase + 1u, seconds(first->end_us, last->start_us));
        take(r, last->phase, seconds(last->start_us, last->end_us));
        if (r->end_us > 0 && rep->end_us > r->end_us && before_s < rest_s)
                take(r, last->phase + 1u, before_s);
        r->end_us = MAX(r->end_us, rep->end_us); /* one that was found late comes out of its turn */
}

double rhythm_usual(const struct rhythm *r, enum phase phase, double otherwise_s) {
        return phase < _PHASE_TEMPO_MAX && r->phases[phase].n > 0 ? r->phases[phase].mean_s : otherwise_s;
}

double rhythm_odds(double z) {
        double p = OTHER / 2 + (1 - OTHER) * 0.5 * erfc(-z * M_SQRT1_2);
        return log(p / (1 - p));
}

double rhythm_over(const struct rhythm *r, enum phase phase, double lasted_s, unsigned more) {
        double mean_s = 0, variance = 0;
        for (unsigned i = 0; i <= more; i++) {
                unsigned k = (phase + i) % _PHASE_TEMPO_MAX;
                double own = SHARE * r->phases[k].mean_s;
                if (r->phases[k].n == 0 || phase == PHASE_REST)
                        return 0;
                mean_s += r->phases[k].mean_s;
                variance += own * own + BORDER * BORDER;
        }
        return rhythm_odds((lasted_s - mean_s) / sqrt(variance));
}

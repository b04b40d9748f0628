/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The rhythm of a set: how long its newest reps took for each phase, and what that foretells of the running one.
 *
 * Who lifts to a tempo lowers, waits and lifts about as long as the rep before. So a border that is due needs less to be
 * believed, and one that comes out of its time more. */

#include <repcast/event.h>

#define RHYTHM_MOST 3.0 /* nats: its odds are never worth more */

struct rhythm {
        struct {
                double mean_s;
                unsigned n;
        } phases[_PHASE_TEMPO_MAX];
        uint64_t end_us; /* of the newest rep; 0 = none */
};

void rhythm_forget(struct rhythm *r);

/* A rep was told. A pause before it of more than rest_s is none of the set. */
void rhythm_learn(struct rhythm *r, const struct rep *rep, double rest_s);

/* How long the phase takes, s; otherwise_s if that is not known. */
double rhythm_usual(const struct rhythm *r, enum phase phase, double otherwise_s);

/* Odds in nats that the phase, which has lasted so long, is over by now, and so many more after it; 0 if not known. */
double rhythm_over(const struct rhythm *r, enum phase phase, double lasted_s, unsigned more);

/* Odds in nats that something is over that ends here on average, z standard deviations ago. */
double rhythm_odds(double z);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Signs of fatigue within a set: velocity lost in the concentric, and negatives that get shorter or less controlled. */

#include <stdbool.h>
#include <stdint.h>

enum fatigue_sign {
        FATIGUE_VELOCITY_LOSS,
        FATIGUE_ECCENTRIC_DRIFT,
        _FATIGUE_SIGN_MAX,
};

struct fatigue_params {
        double velocity_loss_pct; /* limit where the prescription has none, 1 to 90; NAN = none */
        double rearm_pct;         /* a limit counts as crossed until the loss is so much below it, 0 to 20; 5 */
        double drift_pct;         /* negatives shorter by this since the set began are a drift, 2 to 50; 10 */
        double control_lost;      /* and control lower by this, 0.02 to 0.5; 0.1 */
        double certain_pct;       /* probability from which it is told, 50 to 99.9; 95 */
        double noise_pct;         /* usual scatter of a lifter's negatives within a set, 1 to 30; 6 */
        double control_noise;     /* and of their control, 0.01 to 0.3; 0.05 */
};

/* What a row of figures tells of its course: a line through them, its scatter not known beforehand. */
struct trend {
        unsigned n;
        double change; /* from the first to the last, by the line; NAN = not known */
        double sd;     /* its standard deviation */
        double dof;    /* degrees of freedom of its distribution, a Student's t */
};

/* noise: scatter as expected beforehand, worth four figures. Fewer than three figures tell nothing. */
void trend_fit(const double *y, unsigned n, double noise, struct trend *ret);

/* Probability that the change lies below this. */
double trend_below(const struct trend *t, double change);

/* Cumulative Student's t. */
double student_cdf(double t, double dof);

#define FATIGUE_REPS_MAX 30 /* the newest so many are looked at */

/* One rep, as far as it counts here; NAN = not known. */
struct fatigue_rep {
        double eccentric_s, control, concentric_mps;
};

/* Where a set stands. */
struct fatigue {
        double velocity_loss_pct;                      /* of the newest rep; NAN = not known */
        double limit_pct;                              /* NAN = none */
        double eccentric_change_pct, eccentric_sd_pct; /* since the set began; NAN = not known */
        double control_change, control_sd;
        double probability; /* that it is a drift: of the surer of the two */
};

/* Signs that are on, as bits 1 << enum fatigue_sign. */
struct fatigue_watch {
        unsigned on;
};

/* limit_pct: of the prescription, NAN = it has none. speeds: do concentrics show what the lifter can? drifts: is the
 * eccentric to last as long in each rep? */
void fatigue_look(const struct fatigue_params *params, const struct fatigue_rep *reps, unsigned n,
        double limit_pct, bool speeds, bool drifts, struct fatigue *ret);

/* Which signs have come up since the look before, as bits. Each goes off again with a margin, so that noise at a limit is
 * told once. */
unsigned fatigue_watch(struct fatigue_watch *w, const struct fatigue_params *params, const struct fatigue *now);

const char *fatigue_sign_to_string(enum fatigue_sign sign);

/* SPDX-License-Identifier: Apache-2.0 */
/* Fatigue. Velocity loss is a comparison with the best rep of the set. A drift of the eccentric is a line through noisy
 * figures, of which a set has few:
 *
 *     y   .  .                 y_k = a + b k + noise          y: ln(seconds), control
 *          .   .  .            b | sigma ~ N(0, sigma^2)      a rep changes no more than the lifter scatters anyway
 *               .   .          sigma^2 ~ scaled inverse chi2 (4 degrees, the usual scatter)
 *
 * The change b (n - 1) since the first rep then has a Student's t distribution (the conjugate normal-inverse-gamma
 * regression of the textbooks). A drift is told when it is more than so much with a probability of so
 * much: few or noisy figures keep quiet by themselves. */

#include "coach/fatigue.h"

#include <math.h>
#include <stddef.h>

#include "util/macros.h"

#define PRIOR_DOF   4.0
#define LEAST_REPS  3u
#define REARM_SHARE 0.5 /* of the odds against: a drift is off again when it is half as sure as it has to be */

static const char *const signs[_FATIGUE_SIGN_MAX] = {
        [FATIGUE_VELOCITY_LOSS] = "velocity_loss",
        [FATIGUE_ECCENTRIC_DRIFT] = "eccentric_drift",
};

const char *fatigue_sign_to_string(enum fatigue_sign sign) {
        return sign < _FATIGUE_SIGN_MAX ? signs[sign] : NULL;
}

/* Makes a normal deviate of t (Wallace's approximation; the paper of 1959 was not at hand). At the percentage points in
 * tests/unit/test-fatigue, from 5 degrees of freedom up, it is off by less than 0.002. */
double student_cdf(double t, double dof) {
        double z = copysign((8 * dof + 1) / (8 * dof + 3) * sqrt(dof * log1p(t * t / dof)), t);

        return 0.5 * erfc(-z / sqrt(2));
}

void trend_fit(const double *y, unsigned n, double noise, struct trend *ret) {
        double mean = 0, xx = 0, xy = 0, yy = 0;

        *ret = (struct trend){.n = n, .change = (double) NAN, .sd = (double) NAN};
        if (n < LEAST_REPS)
                return;
        for (unsigned k = 0; k < n; k++)
                mean += y[k] / n;
        for (unsigned k = 0; k < n; k++) {
                double x = k - (n - 1) / 2.0;

                xx += x * x;
                xy += x * (y[k] - mean);
                yy += (y[k] - mean) * (y[k] - mean);
        }
        /* Centred on the middle rep, level and slope are independent; the level takes one degree of freedom. */
        double precision = xx + 1, slope = xy / precision;
        double dof = PRIOR_DOF + n - 1;
        double variance = (PRIOR_DOF * noise * noise + fmax(yy - slope * xy, 0)) / dof;

        ret->change = slope * (n - 1);
        ret->sd = sqrt(variance / precision) * (n - 1);
        ret->dof = dof;
}

double trend_below(const struct trend *t, double change) {
        return isfinite(t->change) && t->sd > 0 ? student_cdf((change - t->change) / t->sd, t->dof) : 0;
}

/* ---- a set ---- */

static double velocity_lost(const struct fatigue_rep *reps, unsigned n) {
        double best = 0, last = n > 0 ? reps[n - 1].concentric_mps : (double) NAN;

        for (unsigned i = 0; i < n; i++)
                best = fmax(best, reps[i].concentric_mps); /* a NAN is passed over */
        return best > 0 ? 100 * (best - last) / best : (double) NAN;
}

static void find_drift(
        const struct fatigue_params *params, const struct fatigue_rep *reps, unsigned n, struct fatigue *ret) {
        double seconds[FATIGUE_REPS_MAX], control[FATIGUE_REPS_MAX];
        unsigned n_seconds = 0, n_control = 0, from = n > FATIGUE_REPS_MAX ? n - FATIGUE_REPS_MAX : 0;
        struct trend t, c;

        for (unsigned i = from; i < n; i++) {
                if (reps[i].eccentric_s > 0)
                        seconds[n_seconds++] = log(reps[i].eccentric_s);
                if (isfinite(reps[i].control))
                        control[n_control++] = reps[i].control;
        }
        trend_fit(seconds, n_seconds, params->noise_pct / 100, &t);
        trend_fit(control, n_control, params->control_noise, &c);
        if (isfinite(t.change)) {
                ret->eccentric_change_pct = 100 * expm1(t.change);
                ret->eccentric_sd_pct = 100 * t.sd * exp(t.change);
        }
        ret->control_change = c.change;
        ret->control_sd = c.sd;
        ret->probability =
                MAX(trend_below(&t, log1p(-params->drift_pct / 100)), trend_below(&c, -params->control_lost));
}

void fatigue_look(const struct fatigue_params *params, const struct fatigue_rep *reps, unsigned n,
        double limit_pct, bool speeds, bool drifts, struct fatigue *ret) {
        *ret = (struct fatigue){
                .velocity_loss_pct = speeds ? velocity_lost(reps, n) : (double) NAN,
                .limit_pct = (double) NAN,
                .eccentric_change_pct = (double) NAN,
                .eccentric_sd_pct = (double) NAN,
                .control_change = (double) NAN,
                .control_sd = (double) NAN,
        };
        if (speeds)
                ret->limit_pct = isfinite(limit_pct) ? limit_pct : params->velocity_loss_pct;
        if (drifts)
                find_drift(params, reps, n, ret);
}

unsigned fatigue_watch(
        struct fatigue_watch *w, const struct fatigue_params *params, const struct fatigue *now) {
        const unsigned loss = 1U << FATIGUE_VELOCITY_LOSS, drift = 1U << FATIGUE_ECCENTRIC_DRIFT;
        double doubt = 1 - now->probability, enough = 1 - params->certain_pct / 100;
        unsigned before = w->on;

        if (now->velocity_loss_pct >= now->limit_pct) /* false where either is not known */
                w->on |= loss;
        else if (!(now->velocity_loss_pct >= now->limit_pct - params->rearm_pct))
                w->on &= ~loss;
        if (doubt <= enough)
                w->on |= drift;
        else if (doubt > enough / REARM_SHARE)
                w->on &= ~drift;
        return w->on & ~before;
}

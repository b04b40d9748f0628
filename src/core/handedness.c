/* SPDX-License-Identifier: Apache-2.0 */
/* Least squares over the eight patterns of signs.
 *
 * Gravity is fixed in space, so in the sensor's axes its direction u moves by u' = -w x u. With signs s_j of the
 * gyroscope's axes
 *
 *     u' = s_x M_x + s_y M_y + s_z M_z + rest,      M_j = -(w_j e_j) x u,
 *
 * and the pattern that leaves the least squared rest, J = s'A s - 2 b's + u'u' with A = M'M and b = M'u', is the
 * likeliest. As u is the measured force made unit length, what a lift adds along gravity does not count. Both sides
 * go through the same band pass, which keeps the equation: two low passes against shaking, one high pass against the
 * gyroscope's bias.
 *
 * n independent observations of two components each, with a variance that is not known but is the same for all
 * patterns, make one pattern likelier than another by n ln(J2 / J1) on a logarithmic scale. Signals of so narrow a band
 * are alike over half a second: so long is one observation. Each counts by its direction more than by its size, so one
 * violent moment, an impact or a fault, does not outvote a set. An axis about which nothing turned changes no J and
 * keeps its sign. */

#include <math.h>
#include <string.h>

#include <repcast/handedness.h>

#include "util/macros.h"

#define T TICK_S

#define LOW_TAU_S     0.2
#define HIGH_TAU_S    3.0
#define SETTLE_S      1.0 /* of a timeline, before the filters tell anything */
#define MEMORY_S      60.0
#define INDEPENDENT_S 0.5
#define LEAST_MOST    1.3 /* of u'u': a pattern that leaves much more than there was explains nothing */
#define IN_USE_MOST                                                                                            \
        5.0 /* turning the wrong way leaves (2 u')'(2 u'); where more is left, the gyroscope is at fault */
#define NOISE_RADPS 0.1 /* slower turns count for less, faster ones for no more */

void handedness_init(struct handedness *h, const struct handedness_params *params, unsigned flipped) {
        *h = (struct handedness){.params = *params, .flipped = flipped};
}

void handedness_restart(struct handedness *h) {
        h->started = false;
}

/* v += k (x - v) */
static void follow(double *v, const double *x, unsigned n, double k) {
        for (unsigned i = 0; i < n; i++)
                v[i] += k * (x[i] - v[i]);
}

static double dot(const double a[3], const double b[3]) {
        return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* M_j = -(w_j e_j) x u */
static void turns_of(const double u[3], const double w[3], double ret[3][3]) {
        double m[3][3] = {
                {0, w[0] * u[2], -w[0] * u[1]},
                {-w[1] * u[2], 0, w[1] * u[0]},
                {w[2] * u[1], -w[2] * u[0], 0},
        };
        memcpy(ret, m, sizeof(m));
}

static double sign_of(unsigned flipped, unsigned axis) {
        return flipped & 1u << axis ? -1 : 1;
}

/* Squared rest that the pattern leaves: s'A s with signs squared is the trace, and A is symmetric. */
static double rest_of(const struct handedness *h, unsigned flipped) {
        double x = sign_of(flipped, 0), y = sign_of(flipped, 1), z = sign_of(flipped, 2);
        return h->rate2 + h->A[0][0] + h->A[1][1] + h->A[2][2] +
                2 *
                (x * (y * h->A[0][1] - h->b[0]) + y * (z * h->A[1][2] - h->b[1]) +
                        z * (x * h->A[0][2] - h->b[2]));
}

static bool decide(struct handedness *h) {
        double in_use = rest_of(h, h->flipped), least = in_use;
        unsigned best = h->flipped;
        for (unsigned p = 0; p < HANDEDNESS_PATTERNS; p++) {
                double rest = rest_of(h, p);
                if (rest < least) {
                        least = rest;
                        best = p;
                }
        }
        unsigned changed = best ^ h->flipped;
        unsigned axes = (changed & 1) + (changed >> 1 & 1) + (changed >> 2 & 1);
        if (axes == 0 || least > LEAST_MOST * h->rate2 || in_use > IN_USE_MOST * h->rate2 ||
                in_use - least < axes * h->params.share * h->rate2 ||
                h->n * T / INDEPENDENT_S * log(in_use / MAX(least, 1e-9 * in_use)) < h->params.odds)
                return false;
        h->flipped = best;
        return true;
}

static void start(struct handedness *h, const double up[3], double turns[3][3]) {
        for (unsigned stage = 0; stage < 2; stage++) {
                memcpy(h->up[stage], up, sizeof(h->up[stage]));
                memcpy(h->turn[stage], turns, sizeof(h->turn[stage]));
        }
        memcpy(h->turn_mean, turns, sizeof(h->turn_mean));
        memset(h->rate_mean, 0, sizeof(h->rate_mean));
        h->age_s = 0;
        h->started = true;
}

/* Add one tick to the sums: u' and the three M_j after the band pass. */
static void add(struct handedness *h, const double rate[3], double turns[3][3]) {
        const double keep = 1 - T / MEMORY_S;
        double size2 = NOISE_RADPS * NOISE_RADPS + dot(rate, rate);
        for (unsigned i = 0; i < 3; i++)
                size2 += dot(turns[i], turns[i]);

        double share = 1 / size2;
        h->n = keep * h->n + 1 - NOISE_RADPS * NOISE_RADPS * share;
        h->rate2 = keep * h->rate2 + dot(rate, rate) * share;
        for (unsigned i = 0; i < 3; i++) {
                h->b[i] = keep * h->b[i] + dot(turns[i], rate) * share;
                for (unsigned j = i; j < 3; j++)
                        h->A[i][j] = keep * h->A[i][j] + dot(turns[i], turns[j]) * share;
        }
}

bool handedness_push(struct handedness *h, const struct tick *tick) {
        const double low = T / LOW_TAU_S, high = T / HIGH_TAU_S;
        double up[3], turns[3][3], rate[3], length = sqrt(dot(tick->f_mps2, tick->f_mps2));

        for (unsigned i = 0; i < 3; i++)
                up[i] = length > 0 ? tick->f_mps2[i] / length : 0;
        turns_of(up, tick->w_radps, turns);
        if (!h->started)
                start(h, up, turns);
        h->age_s += T;

        follow(h->up[0], up, 3, low);
        for (unsigned i = 0; i < 3; i++)
                rate[i] = (h->up[0][i] - h->up[1][i]) / LOW_TAU_S; /* by which the next line moves up[1] */
        follow(h->up[1], h->up[0], 3, low);
        follow(h->rate_mean, rate, 3, high);
        for (unsigned j = 0; j < 3; j++) {
                follow(h->turn[0][j], turns[j], 3, low);
                follow(h->turn[1][j], h->turn[0][j], 3, low);
                follow(h->turn_mean[j], h->turn[1][j], 3, high);
        }
        if (h->age_s < SETTLE_S)
                return false;

        for (unsigned i = 0; i < 3; i++) {
                rate[i] -= h->rate_mean[i];
                for (unsigned j = 0; j < 3; j++)
                        turns[j][i] = h->turn[1][j][i] - h->turn_mean[j][i];
        }
        add(h, rate, turns);
        return decide(h);
}

void handedness_correct(const struct handedness *h, double w_radps[3]) {
        for (unsigned i = 0; i < 3; i++)
                w_radps[i] *= sign_of(h->flipped, i);
}

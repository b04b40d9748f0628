/* SPDX-License-Identifier: Apache-2.0 */
/* Kalman filter of motion along the path of the lift, written out for its five states.
 *
 *         | 1 T -u'T2/2 |                 | q T3/3  q T2/2        |
 *     F = |   1 -u'T    |             Q = | q T2/2  q T           |
 *         |     I       |                 |                 qb T I|
 *
 * Measurements are scalar, so an update is a rank-one correction; it is done on whole rows in an order that keeps
 * P exactly symmetric. Variances have floors and ceilings: years of updates cannot make P singular, nor can a
 * day without any make it huge. Both keep P positive: a floor adds to the diagonal, a ceiling scales a row and its
 * column alike. */

#include <math.h>
#include <string.h>

#include <repcast/vertical.h>

#include "util/macros.h"

#define T TICK_S

#define SHAKE_MAX_M2PS4  400.0 /* a dropped bar: 2 g rms */
#define TURN_NOISE_RADPS 0.02  /* gyroscope noise and residual bias, about 1 deg/s: no turn */

static const double ceiling[VERTICAL_N] = {25, 25, 1, 1, 1};           /* 5 m, 5 m/s, 1 m/s2 */
static const double base[VERTICAL_N] = {1e-8, 1e-8, 1e-6, 1e-6, 1e-6}; /* 0.1 mm, 0.1 mm/s, 1 mm/s2 */

static void bound(struct vertical *v) {
        for (unsigned i = 0; i < VERTICAL_N; i++) {
                if (v->P[i][i] > ceiling[i]) {
                        double s = sqrt(ceiling[i] / v->P[i][i]);
                        for (unsigned j = 0; j < VERTICAL_N; j++) {
                                v->P[i][j] *= s;
                                v->P[j][i] *= s;
                        }
                }
                if (v->P[i][i] < base[i])
                        v->P[i][i] = base[i];
        }
}

void vertical_init(struct vertical *v, double bias_P[3][3]) {
        *v = (struct vertical){0};
        v->P[VERTICAL_P][VERTICAL_P] = 0.3 * 0.3; /* somewhere in a lift, at a lift's speed */
        v->P[VERTICAL_V][VERTICAL_V] = 0.3 * 0.3;
        for (unsigned i = 0; i < 3; i++)
                for (unsigned j = 0; j < 3; j++)
                        v->P[VERTICAL_B + i][VERTICAL_B + j] = bias_P[i][j];
}

double vertical_noise(const struct vertical_params *params, double shake_m2ps4, double q_m2ps3) {
        double n = params->noise, s = params->shake_noise;
        return n * n + s * s * MIN(shake_m2ps4, SHAKE_MAX_M2PS4) + q_m2ps3;
}

double vertical_drift(const struct vertical_params *params, double turn_radps, double turn_mps2) {
        double w = params->bias_walk, t = params->turn_share * turn_mps2;
        return w * w + t * t * MAX(0.0, turn_radps - TURN_NOISE_RADPS);
}

void vertical_add(struct vertical_step *s, double a, const double u[3], double q, double q_bias) {
        s->t_s += T;
        s->dp += T * s->dv + 0.5 * T * T * a;
        s->dv += T * a;
        for (unsigned i = 0; i < 3; i++) {
                s->ap[i] += T * s->av[i] + 0.5 * T * T * u[i];
                s->av[i] += T * u[i];
        }
        s->q += T * q;
        s->q_bias += T * q_bias;
}

void vertical_advance(struct vertical *v, const struct vertical_step *s) {
        double *x = v->x, (*P)[VERTICAL_N] = v->P;
        const double t = s->t_s, *b = x + VERTICAL_B;
        x[VERTICAL_P] += t * x[VERTICAL_V] + s->dp - s->ap[0] * b[0] - s->ap[1] * b[1] - s->ap[2] * b[2];
        x[VERTICAL_V] += s->dv - s->av[0] * b[0] - s->av[1] * b[1] - s->av[2] * b[2];

        /* Rows 0 and 1 of F P, then columns 0 and 1 of (F P) F'; nothing else changes. */
        for (unsigned j = 0; j < VERTICAL_N; j++) {
                P[0][j] += t * P[1][j] - s->ap[0] * P[2][j] - s->ap[1] * P[3][j] - s->ap[2] * P[4][j];
                P[1][j] -= s->av[0] * P[2][j] + s->av[1] * P[3][j] + s->av[2] * P[4][j];
        }
        for (unsigned i = 0; i < 2; i++) {
                P[i][0] += t * P[i][1] - s->ap[0] * P[i][2] - s->ap[1] * P[i][3] - s->ap[2] * P[i][4];
                P[i][1] -= s->av[0] * P[i][2] + s->av[1] * P[i][3] + s->av[2] * P[i][4];
        }
        P[0][0] += s->q * t * t / 3;
        P[0][1] += s->q * t / 2;
        P[1][1] += s->q;
        P[1][0] = P[0][1];
        for (unsigned j = VERTICAL_B; j < VERTICAL_N; j++) {
                P[j][0] = P[0][j];
                P[j][1] = P[1][j];
                P[j][j] += s->q_bias;
        }
        bound(v);
}

void vertical_predict(struct vertical *v, double a, const double u[3], double q, double q_bias) {
        struct vertical_step s = {0};
        vertical_add(&s, a, u, q, q_bias);
        vertical_advance(v, &s);
}

void vertical_update(struct vertical *v, unsigned i, double z, double r) {
        double k[VERTICAL_N], s = 1 / (v->P[i][i] + r), error = z - v->x[i];

        for (unsigned j = 0; j < VERTICAL_N; j++)
                k[j] = v->P[j][i];
        for (unsigned j = 0; j < VERTICAL_N; j++) {
                v->x[j] += k[j] * s * error;
                for (unsigned l = 0; l <= j; l++)
                        v->P[l][j] = v->P[j][l] -= k[j] * k[l] * s;
        }
        bound(v);
}

void vertical_rest(struct vertical *v, double a, const double u[3], double r) {
        double k[VERTICAL_N] = {0}, s = r, error = a;

        for (unsigned i = 0; i < 3; i++) {
                error -= u[i] * v->x[VERTICAL_B + i];
                for (unsigned j = 0; j < VERTICAL_N; j++)
                        k[j] += v->P[j][VERTICAL_B + i] * u[i];
        }
        for (unsigned i = 0; i < 3; i++)
                s += u[i] * k[VERTICAL_B + i];

        /* Beyond 3 sigma it is the belief that is wrong: it opens until 3 sigma hold. */
        double wrong = error * error / 9 - s, up2 = u[0] * u[0] + u[1] * u[1] + u[2] * u[2];
        if (wrong > 0) {
                for (unsigned i = 0; i < 3; i++) {
                        k[VERTICAL_B + i] += wrong * u[i] / up2;
                        for (unsigned j = 0; j < 3; j++)
                                v->P[VERTICAL_B + i][VERTICAL_B + j] += wrong * u[i] * u[j] / (up2 * up2);
                }
                s += wrong;
        }
        for (unsigned i = 0; i < VERTICAL_N; i++) {
                v->x[i] += k[i] / s * error;
                for (unsigned j = 0; j <= i; j++)
                        v->P[j][i] = v->P[i][j] -= k[i] * k[j] / s;
        }
        bound(v);
}

void vertical_place(struct vertical *v, double p, double r) {
        for (unsigned j = 0; j < VERTICAL_N; j++)
                v->P[VERTICAL_P][j] = v->P[j][VERTICAL_P] = 0;
        v->x[VERTICAL_P] = p;
        v->P[VERTICAL_P][VERTICAL_P] = r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Kalman filter of the accelerometer's errors, with one scalar measurement per rest.
 *
 *     f = m - b - S m            m measured, S = | sxx sxy szx |
 *     |f| = g                                    | sxy syy syz |
 *                                                | szx syz szz |
 *
 * Nine unknowns: a rotation of the sensor's axes against its case, which completes S, changes no length and is part of
 * the mounting. With u = f / |f| the measurement is
 *
 *     g - |m - b - S m| = h dx,   h = -[u,  u_x m_x  u_y m_y  u_z m_z,  u_y m_z + u_z m_y  ...]
 *
 * A bar that only rolls shows gravity on one circle and never its bias along itself. The covariance knows: what was not
 * seen stays as wide as it was, and what matters while the bar rolls on that circle was seen.
 *
 * The curvature of |f| in the error across it, (error^2) / 2g, is noise to this linear view and is added as such, which
 * keeps a cheap sensor's first rests honest. Local gravity differs from the standard by up to 0.3 %; that becomes part
 * of the scale, which does no harm. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <repcast/calibration.h>
#include <repcast/handedness.h>

#include "util/macros.h"

#define N CALIBRATION_N
#define G STANDARD_GRAVITY_MPS2
#define T TICK_S

#define GYRO_COLD_RADPS  0.1  /* 6 deg/s: parts of 5 deg/s exist */
#define GYRO_WALK_RADPS  2e-3 /* in the square root of an hour: 0.1 deg/s */
#define SURPRISE         9.0  /* 3 sigma, squared */
#define SKEW_LEAST       1e-3 /* no scale is believed better than this: nonlinearity */
#define TURN_LEAST_RADPS 0.01 /* slower turns of gravity are noise */

#define REST_FROM_S   0.2    /* the end of the movement before it fades */
#define REST_MEAN_S   1.0    /* so much is averaged: 0.4 mg of noise even with a cheap part */
#define REST_SAME_COS 0.9994 /* within 2 degrees of the last rest */
#define REST_SAME_S   600.0  /* and this soon after, the errors are the same: nothing new */

void calibration_init(struct calibration *c, const struct calibration_params *params) {
        const double sigmas[3] = {params->bias_mps2, params->skew, params->skew};
        *c = (struct calibration){.version = CALIBRATION_VERSION, .gyro_sigma_radps = GYRO_COLD_RADPS};
        for (unsigned i = 0; i < N; i++)
                c->P[i][i] = sigmas[i / 3] * sigmas[i / 3];
        for (unsigned i = CALIBRATION_SCALE; i < CALIBRATION_SKEW; i++)
                for (unsigned j = CALIBRATION_SCALE; j < CALIBRATION_SKEW; j++)
                        c->P[i][j] += params->scale * params->scale;
}

int calibration_check(const struct calibration *c) {
        static const double most[3] = {5, 0.5, 0.5}; /* half a g, half the scale */
        bool ok = c->version == CALIBRATION_VERSION && c->flipped < HANDEDNESS_PATTERNS &&
                c->gyro_sigma_radps > 0 && c->gyro_sigma_radps <= 1;

        for (unsigned i = 0; i < N; i++) { /* NaN fails every comparison */
                ok = ok && fabs(c->x[i]) <= most[i / 3] && c->P[i][i] > 0 && c->P[i][i] <= 4 * most[i / 3];
                for (unsigned j = 0; j < i; j++)
                        ok = ok && fabs(c->P[i][j] - c->P[j][i]) <= 1e-12 &&
                                c->P[i][j] * c->P[i][j] <= c->P[i][i] * c->P[j][j];
        }
        for (unsigned i = 0; i < 3; i++)
                ok = ok && fabs(c->gyro_bias_radps[i]) <= 1;
        return ok ? 0 : -EINVAL;
}

void calibration_age(struct calibration *c, const struct calibration_params *params, double s) {
        const double cold = params->bias_mps2 * params->bias_mps2, hours = MAX(s, 0.0) / 3600;
        for (unsigned i = 0; i < 3; i++) {
                double *p = &c->P[CALIBRATION_BIAS + i][CALIBRATION_BIAS + i];
                *p = MAX(*p, MIN(*p + params->walk_mps2 * params->walk_mps2 * hours, cold));
        }
        double gyro2 = c->gyro_sigma_radps * c->gyro_sigma_radps + GYRO_WALK_RADPS * GYRO_WALK_RADPS * hours;
        c->gyro_sigma_radps = MIN(sqrt(gyro2), GYRO_COLD_RADPS);
}

void calibration_correct(const struct calibration *c, double f[3]) {
        const double *b = c->x + CALIBRATION_BIAS, *s = c->x + CALIBRATION_SCALE, *k = c->x + CALIBRATION_SKEW;
        const double m[3] = {f[0], f[1], f[2]};
        f[0] -= b[0] + s[0] * m[0] + k[2] * m[1] + k[1] * m[2];
        f[1] -= b[1] + k[2] * m[0] + s[1] * m[1] + k[0] * m[2];
        f[2] -= b[2] + k[1] * m[0] + k[0] * m[1] + s[2] * m[2];
}

/* d (b + S m) / d x */
static void effect(const double m[3], double ret[3][N]) {
        const double rows[3][N] = {
                {1, 0, 0, m[0], 0, 0, 0, m[2], m[1]},
                {0, 1, 0, 0, m[1], 0, m[2], 0, m[0]},
                {0, 0, 1, 0, 0, m[2], m[1], m[0], 0},
        };
        memcpy(ret, rows, sizeof(rows));
}

/* Covariance of b + S m. */
static void covariance(const struct calibration *c, const double m[3], double ret[3][3]) {
        double rows[3][N], rows_P[3][N] = {0};
        effect(m, rows);
        for (unsigned i = 0; i < 3; i++) {
                for (unsigned k = 0; k < N; k++)
                        for (unsigned j = 0; j < N; j++)
                                rows_P[i][j] += rows[i][k] * c->P[k][j];
                for (unsigned j = 0; j <= i; j++) {
                        double sum = 0;
                        for (unsigned k = 0; k < N; k++)
                                sum += rows_P[i][k] * rows[j][k];
                        ret[i][j] = ret[j][i] = sum;
                }
        }
}

void calibration_left(const struct calibration *c, const struct calibration_params *params, const double up[3],
        double ret[3][3]) {
        double length = sqrt(up[0] * up[0] + up[1] * up[1] + up[2] * up[2]);
        double k = length > 0 ? G / length : 0, m[3] = {k * up[0], k * up[1], k * up[2]};
        covariance(c, m, ret);
        for (unsigned i = 0; i < 3; i++)
                ret[i][i] += params->trust_mps2 * params->trust_mps2;
}

double calibration_turn(const struct calibration *c, const double up[3], const double w[3]) {
        double d[3], length2 = 0, var = SKEW_LEAST * SKEW_LEAST;
        for (unsigned i = 0; i < 3; i++) { /* where up goes: d = -w x up */
                d[i] = w[(i + 2) % 3] * up[(i + 1) % 3] - w[(i + 1) % 3] * up[(i + 2) % 3];
                length2 += d[i] * d[i];
        }
        if (length2 < TURN_LEAST_RADPS * TURN_LEAST_RADPS)
                return G * SKEW_LEAST;

        /* up' S d as a row of the six figures of S */
        const double row[6] = {up[0] * d[0], up[1] * d[1], up[2] * d[2], up[1] * d[2] + up[2] * d[1],
                up[2] * d[0] + up[0] * d[2], up[0] * d[1] + up[1] * d[0]};
        for (unsigned i = 0; i < 6; i++)
                for (unsigned j = 0; j < 6; j++)
                        var += row[i] * c->P[CALIBRATION_SCALE + i][CALIBRATION_SCALE + j] * row[j] / length2;
        return G * sqrt(var);
}

static void update(struct calibration *c, const double h[N], double error, double r) {
        double k[N] = {0}, s = r;
        for (unsigned i = 0; i < N; i++)
                for (unsigned j = 0; j < N; j++)
                        k[i] += c->P[i][j] * h[j];
        for (unsigned i = 0; i < N; i++)
                s += h[i] * k[i];

        /* Beyond 3 sigma the sensor is no longer what it was: a knock or the temperature has moved its bias. h of the bias
         * is a unit vector, so as much as its variance grows, s grows. */
        double moved = error * error / SURPRISE - s;
        if (moved > 0) {
                for (unsigned i = CALIBRATION_BIAS; i < CALIBRATION_SCALE; i++) {
                        c->P[i][i] += moved;
                        k[i] += moved * h[i];
                }
                s += moved;
        }
        for (unsigned i = 0; i < N; i++) {
                c->x[i] += k[i] / s * error;
                for (unsigned j = 0; j <= i; j++)
                        c->P[i][j] = c->P[j][i] -= k[i] * k[j] / s;
        }
}

void calibration_rest(struct calibration *c, const struct calibration_params *params, const double m[3]) {
        double f[3] = {m[0], m[1], m[2]}, rows[3][N], left[3][3], h[N] = {0};
        calibration_correct(c, f);
        double length = sqrt(f[0] * f[0] + f[1] * f[1] + f[2] * f[2]);
        if (!(length > G / 2 && length < 2 * G))
                return; /* no rest on this planet */

        double across = 0, along = 0;
        effect(m, rows);
        covariance(c, m, left);
        for (unsigned i = 0; i < 3; i++) {
                across += left[i][i];
                for (unsigned j = 0; j < 3; j++)
                        along += f[i] * f[j] * left[i][j] / (length * length);
                for (unsigned j = 0; j < N; j++)
                        h[j] -= f[i] / length * rows[i][j];
        }
        double bend = MAX(0.0, across - along) / (2 * G);
        update(c, h, G - length, params->rest_mps2 * params->rest_mps2 + 2 * bend * bend);
        c->rests++;
}

void rests_init(struct rests *r) {
        *r = (struct rests){0};
}

bool rests_push(struct rests *r, const struct tick *tick, bool quiet, double ret[3]) {
        double before_s = r->quiet_s, length2 = 0;
        r->since_s += T;
        r->quiet_s = quiet ? r->quiet_s + T : 0;
        if (before_s < REST_FROM_S || !quiet) {
                memset(r->sum, 0, sizeof(r->sum));
                r->n = 0;
                return false;
        }
        if (before_s >= REST_FROM_S + REST_MEAN_S)
                return false; /* told of before */
        r->n++;
        for (unsigned i = 0; i < 3; i++)
                r->sum[i] += tick->f_mps2[i];
        if (r->quiet_s < REST_FROM_S + REST_MEAN_S)
                return false;

        for (unsigned i = 0; i < 3; i++)
                length2 += r->sum[i] * r->sum[i];
        double alike = 0, length = sqrt(length2);
        for (unsigned i = 0; i < 3; i++)
                alike += length > 0 ? r->last[i] * r->sum[i] / length : 0;
        if (alike > REST_SAME_COS && r->since_s < REST_SAME_S)
                return false;
        for (unsigned i = 0; i < 3; i++) {
                ret[i] = r->sum[i] / r->n;
                r->last[i] = length > 0 ? r->sum[i] / length : 0;
        }
        r->before_s = r->since_s;
        r->since_s = 0;
        return true;
}

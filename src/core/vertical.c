/* SPDX-License-Identifier: Apache-2.0 */
/* Kalman filter of motion along the path of the lift, written out for its five states.
 *
 *         | 1 T -u'T2/2 |                 | q T3/3  q T2/2        |         | pp pv pb' |
 *     F = |   1 -u'T    |             Q = | q T2/2  q T           |     P = | pv vv vb' |
 *         |     I       |                 |                 qb T I|         | pb vb bb  |
 *
 * Half of F P F' is known before it is computed: most of F is zero or one, and P is symmetric. Measurements are scalar, so an
 * update is a correction of rank one, P -= k k' / s. Variances have floors and ceilings: years of updates cannot make P
 * singular, nor can a day without any make it huge. Both keep P positive: a floor adds to the diagonal, a ceiling
 * scales a row and its column alike. */

#include <math.h>
#include <string.h>

#include <repcast/vertical.h>

#include "util/macros.h"

#define T TICK_S

#define SHAKE_MAX_M2PS4  400.0 /* a dropped bar: 2 g rms */
#define TURN_NOISE_RADPS 0.02  /* gyroscope noise and residual bias, about 1 deg/s: no turn */

#define P_MOST  25.0 /* variances: 5 m, */
#define V_MOST  25.0 /* 5 m/s, */
#define B_MOST  1.0  /* 1 m/s2 */
#define P_LEAST 1e-8 /* 0.1 mm, */
#define V_LEAST 1e-8 /* 0.1 mm/s, */
#define B_LEAST 1e-6 /* 1 mm/s2 */

/* The factor for the row of a variance that is too great. */
static double shrink(double variance, double most) {
        return variance > most ? sqrt(most / variance) : 1;
}

static void lower(struct vertical *v) {
        double p = shrink(v->pp, P_MOST), s = shrink(v->vv, V_MOST), b[3];
        for (unsigned i = 0; i < 3; i++)
                b[i] = shrink(v->bb[i][i], B_MOST);
        v->pp *= p * p;
        v->pv *= p * s;
        v->vv *= s * s;
        for (unsigned i = 0; i < 3; i++) {
                v->pb[i] *= p * b[i];
                v->vb[i] *= s * b[i];
                for (unsigned j = 0; j < 3; j++)
                        v->bb[i][j] *= b[i] * b[j];
        }
}

static void raise(struct vertical *v) {
        v->pp = MAX(v->pp, P_LEAST);
        v->vv = MAX(v->vv, V_LEAST);
        v->bb[0][0] = MAX(v->bb[0][0], B_LEAST);
        v->bb[1][1] = MAX(v->bb[1][1], B_LEAST);
        v->bb[2][2] = MAX(v->bb[2][2], B_LEAST);
}

void vertical_init(struct vertical *v, double bias_P[3][3]) {
        *v = (struct vertical){
                .pp = 0.3 * 0.3, /* somewhere in a lift, at a lift's speed */
                .vv = 0.3 * 0.3,
        };
        memcpy(v->bb, bias_P, sizeof(v->bb));
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

static double dot(const double a[3], const double b[3]) {
        return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

void vertical_advance(struct vertical *v, const struct vertical_step *s) {
        const double t = s->t_s, *ap = s->ap, *av = s->av;
        v->p += t * v->v + s->dp - dot(ap, v->b);
        v->v += s->dv - dot(av, v->b);

        /* F P: the row of the position, then that of the velocity. */
        double fpp = v->pp + t * v->pv - dot(ap, v->pb), fpv = v->pv + t * v->vv - dot(ap, v->vb);
        double fvv = v->vv - dot(av, v->vb);
        for (unsigned i = 0; i < 3; i++) {
                v->pb[i] += t * v->vb[i] - dot(ap, v->bb[i]);
                v->vb[i] -= dot(av, v->bb[i]);
        }
        /* (F P) F' + Q */
        v->pp = fpp + t * fpv - dot(ap, v->pb) + s->q * t * t / 3;
        v->pv = fpv - dot(av, v->pb) + s->q * t / 2;
        v->vv = fvv - dot(av, v->vb) + s->q;
        v->bb[0][0] += s->q_bias;
        v->bb[1][1] += s->q_bias;
        v->bb[2][2] += s->q_bias;
        if (v->pp > P_MOST || v->vv > V_MOST || v->bb[0][0] > B_MOST || v->bb[1][1] > B_MOST ||
                v->bb[2][2] > B_MOST)
                lower(v);
        raise(v);
}

void vertical_predict(struct vertical *v, double a, const double u[3], double q, double q_bias) {
        const double half = 0.5 * T * T;
        const struct vertical_step s = {
                .t_s = T,
                .dv = T * a,
                .dp = half * a,
                .av = {T * u[0], T * u[1], T * u[2]},
                .ap = {half * u[0], half * u[1], half * u[2]},
                .q = T * q,
                .q_bias = T * q_bias,
        };
        vertical_advance(v, &s);
}

/* Column of P that belongs to what was measured. */
struct gain {
        double p, v, b[3];
};

/* What was measured is off by error, of which s is the variance. Written out, since this is where the core spends its
 * time, and compilers keep short loops. */
static inline void correct(struct vertical *v, const struct gain *k, double error, double s) {
        const double w = 1 / s, p = k->p * w, u = k->v * w, b0 = k->b[0] * w, b1 = k->b[1] * w,
                     b2 = k->b[2] * w;

        v->p += p * error;
        v->v += u * error;
        v->b[0] += b0 * error;
        v->b[1] += b1 * error;
        v->b[2] += b2 * error;

        v->pp -= p * k->p;
        v->pv -= p * k->v;
        v->vv -= u * k->v;
        v->pb[0] -= p * k->b[0];
        v->pb[1] -= p * k->b[1];
        v->pb[2] -= p * k->b[2];
        v->vb[0] -= u * k->b[0];
        v->vb[1] -= u * k->b[1];
        v->vb[2] -= u * k->b[2];
        v->bb[0][0] -= b0 * k->b[0];
        v->bb[1][1] -= b1 * k->b[1];
        v->bb[2][2] -= b2 * k->b[2];
        v->bb[0][1] = v->bb[1][0] -= b1 * k->b[0];
        v->bb[0][2] = v->bb[2][0] -= b2 * k->b[0];
        v->bb[1][2] = v->bb[2][1] -= b2 * k->b[1];
        raise(v);
}

void vertical_update_p(struct vertical *v, double z, double r) {
        const struct gain k = {v->pp, v->pv, {v->pb[0], v->pb[1], v->pb[2]}};
        correct(v, &k, z - v->p, v->pp + r);
}

void vertical_update_v(struct vertical *v, double z, double r) {
        const struct gain k = {v->pv, v->vv, {v->vb[0], v->vb[1], v->vb[2]}};
        correct(v, &k, z - v->v, v->vv + r);
}

void vertical_rest(struct vertical *v, double a, const double u[3], double r) {
        struct gain k = {dot(u, v->pb), dot(u, v->vb), {dot(u, v->bb[0]), dot(u, v->bb[1]), dot(u, v->bb[2])}};
        double error = a - dot(u, v->b), s = r + dot(u, k.b);

        /* Beyond 3 sigma it is the belief that is wrong: it opens until 3 sigma hold. */
        double wrong = error * error / 9 - s, up2 = dot(u, u);
        if (wrong > 0) {
                for (unsigned i = 0; i < 3; i++) {
                        k.b[i] += wrong * u[i] / up2;
                        for (unsigned j = 0; j < 3; j++)
                                v->bb[i][j] += wrong * u[i] * u[j] / (up2 * up2);
                }
                s += wrong;
        }
        correct(v, &k, error, s);
}

void vertical_place(struct vertical *v, double p, double r) {
        v->p = p;
        v->pp = r;
        v->pv = v->pb[0] = v->pb[1] = v->pb[2] = 0;
}

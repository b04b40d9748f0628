/* SPDX-License-Identifier: Apache-2.0 */
/* Velocity of a cycle, corrected in hindsight.
 *
 * Over one cycle the integral of acceleration errs in a way that few numbers describe:
 *
 *     v(t) = v0 + V(t) - W(t).b - d t2/2          V = integral of a, W = integral of the direction u
 *
 * with the velocity at the start v0, the accelerometer's bias b along its three axes, and a drift d of whatever
 * else points along the path. The five unknowns x are found by weighted least squares from the filter's prior and
 * from what a cycle tells about itself:
 *
 *     v = 0 in the holds before, between and after the movements, and where one movement turns into the other,
 *     p(end) = p(start): the loop closes.
 *
 * Unlike a smoother over all ticks it needs no memory beyond 5 x 5, and cannot bend the velocity between. */

#include "core/smooth.h"

#include <math.h>
#include <string.h>

#include "util/macros.h"

#define T            TICK_S
#define N            5
#define PAUSE        20  /* ticks: a hold long enough to rest in */
#define FOUND        8u  /* ticks next to a border that was found in a velocity, and may still move */
#define GUESS        25u /* the same of one that was seen live, */
#define GUESS_SHARE  0.4 /* and of what its movement lasts beyond a second and a half, */
#define GUESS_FROM   150u
#define GUESS_MOST   300u /* up to so much */
#define STRIDE       5    /* rest is weighed every so many ticks */
#define PRIOR_V0_MPS 0.3  /* nothing is known of v0 beyond the scale of lifting */
#define BIAS_LEAST   0.05

/* Running integrals at a tick: velocity and position are known sums plus rows times x. */
struct sums {
        double v, p;
        double v_row[N], p_row[N];
};

static void sums_init(struct sums *s) {
        *s = (struct sums){.v_row = {1}};
}

static void sums_add(struct sums *s, const struct moment *m) {
        double up[3];
        moment_up(m, up);

        s->p += T * s->v;
        s->v += T * (double) m->a_mps2;
        for (unsigned i = 0; i < N; i++)
                s->p_row[i] += T * s->v_row[i];
        for (unsigned i = 0; i < 3; i++)
                s->v_row[1 + i] -= T * up[i];
        s->v_row[4] -= T * s->p_row[0]; /* p_row[0] is the time since the start */
}

/* Normal equations: A x = y. */
struct normal {
        double A[N][N], y[N];
        double z2; /* sum of z2 / variance */
};

/* row.x should be z, give or take sqrt(variance). */
static void weigh(struct normal *n, const double row[N], double z, double variance) {
        n->z2 += z * z / variance;
        for (unsigned i = 0; i < N; i++) {
                n->y[i] += row[i] * z / variance;
                for (unsigned j = 0; j < N; j++)
                        n->A[i][j] += row[i] * row[j] / variance;
        }
}

/* Cholesky; A is positive since every unknown has a prior. */
static void solve(struct normal *n, double x[N]) {
        double(*L)[N] = n->A;
        for (unsigned j = 0; j < N; j++) {
                for (unsigned k = 0; k < j; k++)
                        L[j][j] -= L[j][k] * L[j][k];
                L[j][j] = sqrt(MAX(L[j][j], 1e-12));
                for (unsigned i = j + 1; i < N; i++) {
                        for (unsigned k = 0; k < j; k++)
                                L[i][j] -= L[i][k] * L[j][k];
                        L[i][j] /= L[j][j];
                }
        }
        for (unsigned i = 0; i < N; i++) {
                x[i] = n->y[i];
                for (unsigned k = 0; k < i; k++)
                        x[i] -= L[i][k] * x[k];
                x[i] /= L[i][i];
        }
        for (unsigned i = N; i-- > 0;) {
                for (unsigned k = i + 1; k < N; k++)
                        x[i] -= L[k][i] * x[k];
                x[i] /= L[i][i];
        }
}

/* Inverse of a symmetric positive 3 x 3 matrix by cofactors. */
static void invert3(double M[3][3], double ret[3][3]) {
        double det = 0;
        for (unsigned i = 0; i < 3; i++)
                for (unsigned j = 0; j < 3; j++) {
                        unsigned i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
                        ret[j][i] = M[i1][j1] * M[i2][j2] - M[i1][j2] * M[i2][j1];
                }
        for (unsigned j = 0; j < 3; j++)
                det += M[0][j] * ret[j][0];
        for (unsigned i = 0; i < 3; i++)
                for (unsigned j = 0; j < 3; j++)
                        ret[i][j] /= det;
}

/* Unknowns are counted from the prior: x[1..3] is what the bias differs from bias->b. */
static void prior(struct normal *n, const struct bias *bias, double drift) {
        double P[3][3], inverse[3][3];
        memcpy(P, bias->P, sizeof(P));
        for (unsigned i = 0; i < 3; i++)
                P[i][i] += BIAS_LEAST * BIAS_LEAST;
        invert3(P, inverse);

        *n = (struct normal){0};
        n->A[0][0] = 1 / (PRIOR_V0_MPS * PRIOR_V0_MPS);
        for (unsigned i = 0; i < 3; i++)
                for (unsigned j = 0; j < 3; j++)
                        n->A[1 + i][1 + j] = inverse[i][j];
        n->A[4][4] = 1 / (drift * drift);
}

/* A hold between two movements, or the turn from one to the other. */
struct gap {
        unsigned from, to;             /* end of the movement before, start of the one after */
        unsigned doubt_from, doubt_to; /* ticks next to each in which the bar may still move */
};

static bool rests(const struct gap *g, unsigned k) {
        return g->to - g->from >= PAUSE && k > g->from + g->doubt_from && k + g->doubt_to < g->to;
}

static bool turns(const struct gap *g, unsigned k) {
        if (g->to - g->from >= PAUSE && g->to > g->from + g->doubt_from + g->doubt_to + STRIDE)
                return false;
        /* The surer border is nearer to the turn. */
        return k == g->from + (g->to - g->from) * g->doubt_from / MAX(g->doubt_from + g->doubt_to, 1u);
}

/* Live borders are the worse the slower their movement, and what seems a hold may be a slow part of it. */
static unsigned doubt(bool guess, unsigned length, unsigned pause) {
        if (!guess)
                return MIN(FOUND, pause / 3);
        return MIN(GUESS + (unsigned) (GUESS_SHARE * (MAX(length, GUESS_FROM) - GUESS_FROM)), GUESS_MOST);
}

static struct gap gap_of(unsigned from, unsigned to, unsigned before, unsigned after, bool guess) {
        return (struct gap){from, to, doubt(guess, before, to - from), doubt(guess, after, to - from)};
}

static void gaps_of(const struct window *w, bool guess, struct gap ret[static 3]) {
        unsigned a = w->a1 - w->a0, b = w->b1 - w->b0;
        ret[0] = gap_of(w->before, w->a0, b, a, guess);
        ret[1] = gap_of(w->a1, w->b0, a, b, guess);
        ret[2] = gap_of(w->b1, w->after, b, a, guess);
}

/* What a sum comes to with the prior's bias. */
static double expected(double sum, const double row[N], const struct bias *bias) {
        for (unsigned i = 0; i < 3; i++)
                sum += row[1 + i] * bias->b[i];
        return sum;
}

double smooth_velocity(struct repfit *f, const struct history *h, const struct window *w,
        const struct bias *bias, double drift_mps3, bool guess) {
        const struct repfit_params *p = &f->params;
        const double rest2 = p->rest_mps * p->rest_mps / (STRIDE * T), turn2 = p->turn_mps * p->turn_mps;
        struct normal n;
        struct sums s, start;
        struct gap gaps[3];

        gaps_of(w, guess, gaps);
        prior(&n, bias, drift_mps3);
        sums_init(&s);
        start = s;
        for (unsigned k = 0; k < w->n; k++) {
                const struct moment *m = history_ago(h, w->newest_ago + w->n - 1 - k);
                sums_add(&s, m);
                double v = expected(s.v, s.v_row, bias);
                for (unsigned i = 0; i < ARRAY_SIZE(gaps); i++) {
                        if (k % STRIDE == 0 && rests(&gaps[i], k))
                                weigh(&n, s.v_row, -v, rest2);
                        if (turns(&gaps[i], k))
                                weigh(&n, s.v_row, -v, turn2);
                }
                if (k == w->a0)
                        start = s;
                if (k == w->b1) {
                        struct sums way = s;
                        way.p -= start.p;
                        for (unsigned i = 0; i < N; i++)
                                way.p_row[i] -= start.p_row[i];
                        weigh(&n, way.p_row, -expected(way.p, way.p_row, bias), p->close_m * p->close_m);
                }
                f->v[k] = (float) v;
        }

        double x[N], y[N];
        memcpy(y, n.y, sizeof(y));
        solve(&n, x);
        sums_init(&s);
        for (unsigned k = 0; k < w->n; k++) {
                sums_add(&s, history_ago(h, w->newest_ago + w->n - 1 - k));
                double v = f->v[k];
                for (unsigned i = 0; i < N; i++)
                        v += s.v_row[i] * x[i];
                f->v[k] = (float) v;
        }

        for (unsigned i = 0; i < N; i++)
                n.z2 -= y[i] * x[i];
        return n.z2;
}

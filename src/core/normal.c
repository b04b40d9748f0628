/* SPDX-License-Identifier: Apache-2.0 */
/* Running integrals, normal equations. */

#include "core/normal.h"

#include <math.h>
#include <string.h>

#include "util/macros.h"

#define T            TICK_S
#define N            NORMAL_N
#define PRIOR_V0_MPS 0.3  /* nothing is known of v0 beyond the scale of lifting */
#define BIAS_LEAST   0.03 /* 3 mg: what the model of bias and scale leaves out */

void sums_init(struct sums *s) {
        *s = (struct sums){.v_row = {1}};
}

void sums_add(struct sums *s, const struct moment *m) {
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

void normal_weigh(struct normal *n, const double row[N], double z, double variance) {
        n->z2 += z * z / variance;
        for (unsigned i = 0; i < N; i++) {
                n->y[i] += row[i] * z / variance;
                for (unsigned j = 0; j <= i; j++)
                        n->A[i][j] += row[i] * row[j] / variance;
        }
}

/* Cholesky; A is positive since every unknown has a prior. */
double normal_solve(struct normal *n, double x[N]) {
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

        double chi2 = n->z2;
        for (unsigned i = 0; i < N; i++)
                chi2 -= n->y[i] * x[i];
        return chi2;
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
void normal_prior(struct normal *n, const struct bias *bias, double drift) {
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

double sums_expected(double sum, const double row[N], const struct bias *bias) {
        for (unsigned i = 0; i < 3; i++)
                sum += row[1 + i] * bias->b[i];
        return sum;
}

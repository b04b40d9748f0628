/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What errs in the integral of a cycle, and least squares for it. Private to the core.
 *
 *     v(t) = v0 + V(t) - W(t).b - d t2/2          V = integral of a, W = integral of the direction u
 *
 * with the velocity at the start v0, the accelerometer's bias b along its three axes, and a drift d of whatever else
 * points along the path. The bias counts from what was known of it before. */

#include <repcast/cycle.h>
#include <repcast/history.h>

#define NORMAL_N 5 /* v0, b, d */

/* Running integrals at a tick: velocity and position are known sums plus rows times x. */
struct sums {
        double v, p;
        double v_row[NORMAL_N], p_row[NORMAL_N];
};

void sums_init(struct sums *s);
void sums_add(struct sums *s, const struct moment *m);

/* What a sum comes to with the prior's bias. */
double sums_expected(double sum, const double row[NORMAL_N], const struct bias *bias);

/* Normal equations: A x = y. A is symmetric, and only its lower half is kept up. */
struct normal {
        double A[NORMAL_N][NORMAL_N], y[NORMAL_N];
        double z2; /* sum of z2 / variance */
};

/* Nothing but what was known before. drift: of d, m/s3. */
void normal_prior(struct normal *n, const struct bias *bias, double drift);

/* row.x should be z, give or take sqrt(variance). */
void normal_weigh(struct normal *n, const double row[NORMAL_N], double z, double variance);

/* Returns chi2 of what is left; n->A becomes its Cholesky factor. */
double normal_solve(struct normal *n, double x[NORMAL_N]);

/* SPDX-License-Identifier: Apache-2.0 */
/* The vertical filter against figures worked out by hand, and for ever symmetric and positive. */

#include <repcast/core.h>
#include <repcast/vertical.h>

#include "unit.h"

#define N 5 /* states */

static struct vertical fresh(const double u[3]) {
        struct vertical v;
        double bias_P[3][3];
        for (unsigned i = 0; i < 3; i++)
                for (unsigned j = 0; j < 3; j++)
                        bias_P[i][j] = 0.16 * u[i] * u[j] + (i == j ? 0.0144 : 0);
        vertical_init(&v, bias_P);
        return v;
}

static void test_predict_by_hand(void **state) {
        (void) state;
        const double u[3] = {0, 0.6, 0.8};
        struct vertical v = fresh(u);

        /* P of the bias: 0.12^2 I + 0.4^2 u u' */
        assert_near(v.bb[1][1], 0.0144 + 0.16 * 0.36, 1e-12);
        assert_near(v.bb[1][2], 0.16 * 0.48, 1e-12);
        v.v = 0.5;
        v.b[2] = 0.25;
        vertical_predict(&v, 1.2, u, 0.01, 0.04);

        /* a = 1.2 - 0.8 * 0.25 = 1: v += 0.01, p += 0.005 + 0.00005; var(u.b) = 0.0144 + 0.16 */
        assert_near(v.v, 0.51, 1e-12);
        assert_near(v.p, 0.00505, 1e-12);
        assert_near(v.vv, 0.09 + 0.1744 * 1e-4 + 0.01 * 0.01, 1e-12);
        assert_near(v.pp, 0.09 + 1e-4 * 0.09 + 0.1744 * 0.25e-8 + 0.01 * 1e-6 / 3, 1e-12);
        assert_near(v.vb[2], -0.01 * (0.16 * 0.8 + 0.0144 * 0.8), 1e-12);
        assert_near(v.bb[2][2], 0.0144 + 0.16 * 0.64 + 0.04 * 0.01, 1e-12);
}

static void test_update_by_hand(void **state) {
        (void) state;
        const double u[3] = {0, 0, 1};
        struct vertical v = fresh(u);

        v.v = 1;
        vertical_update_v(&v, 0, 0.27); /* gain 0.09 / 0.36 */
        assert_near(v.v, 0.75, 1e-12);
        assert_near(v.vv, 0.0675, 1e-12);
        assert_near(v.p, 0, 1e-12);
        vertical_place(&v, 0.4, 0.01);
        assert_near(v.p, 0.4, 1e-12);
        assert_near(v.pp, 0.01, 1e-12);
}

/* What a rest shows is weighed against what was believed, and believed where the two cannot both be. */
static void test_rest_by_hand(void **state) {
        (void) state;
        const double u[3] = {0, 0, 1};
        double bias_P[3][3] = {{0.0025, 0, 0}, {0, 0.0025, 0}, {0, 0, 0.0025}};
        struct vertical v;

        vertical_init(&v, bias_P);
        vertical_rest(&v, 0.1, u, 0.0025); /* even */
        assert_near(v.b[2], 0.05, 1e-12);
        assert_near(v.bb[2][2], 0.00125, 1e-12);
        assert_near(v.bb[1][1], 0.0025, 1e-12);

        vertical_init(&v, bias_P);
        vertical_rest(&v, 3, u, 0.0025); /* 42 sigma: the variance grows to 0.9975 of 1 = (3 / 3)^2 */
        assert_near(v.b[2], 3 * 0.9975, 1e-12);
        assert_near(v.b[1], 0, 1e-12);
}

/* At rest with a biased sensor the bias is found, and what is not seen stays unknown. */
static void test_finds_the_bias(void **state) {
        (void) state;
        const double u[3] = {0, 0, 1};
        struct vertical v = fresh(u);

        for (unsigned i = 0; i < 500; i++) {
                vertical_predict(&v, 0.2, u, 9e-6, 4e-8);
                vertical_update_v(&v, 0, 0.015 * 0.015 / TICK_S);
        }
        assert_near(v.b[2], 0.2, 0.01);
        assert_near(v.v, 0, 0.005);
        assert_near(v.bb[0][0], 0.0144, 1e-4);
        assert_true(v.bb[2][2] < 1e-4);
}

/* Pivots of Cholesky's decomposition are positive. */
static void assert_positive(const struct vertical *v) {
        double L[N][N] = {{v->pp}, {v->pv, v->vv}};
        for (unsigned i = 0; i < 3; i++) {
                L[2 + i][0] = v->pb[i];
                L[2 + i][1] = v->vb[i];
                for (unsigned j = 0; j < 3; j++) {
                        L[2 + i][2 + j] = v->bb[i][j];
                        assert_near(v->bb[i][j], v->bb[j][i], 0);
                }
        }
        for (unsigned j = 0; j < N; j++) {
                for (unsigned k = 0; k < j; k++)
                        L[j][j] -= L[j][k] * L[j][k];
                assert_true(L[j][j] > 0);
                L[j][j] = sqrt(L[j][j]);
                for (unsigned i = j + 1; i < N; i++) {
                        for (unsigned k = 0; k < j; k++)
                                L[i][j] -= L[i][k] * L[j][k];
                        L[i][j] /= L[j][j];
                }
        }
}

static void test_stays_positive(void **state) {
        (void) state;
        const double u[3] = {0.6, 0, 0.8};
        struct vertical v = fresh(u);

        for (unsigned i = 0; i < 200000; i++) { /* half an hour of certainty */
                vertical_predict(&v, 0, u, 9e-6, 4e-8);
                vertical_update_v(&v, 0, 1e-6);
                vertical_update_p(&v, 0, 1e-6);
                if (i % 5000 == 0)
                        assert_positive(&v);
        }
        for (unsigned i = 0; i < 200000; i++) { /* and half an hour of none */
                vertical_predict(&v, 0, u, 1, 0.01);
                if (i % 5000 == 0)
                        assert_positive(&v);
        }
        assert_near(v.vv, 25, 1e-6); /* the ceilings */
        assert_true(v.bb[2][2] <= 1 + 1e-9);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_predict_by_hand),
                cmocka_unit_test(test_update_by_hand),
                cmocka_unit_test(test_rest_by_hand),
                cmocka_unit_test(test_finds_the_bias),
                cmocka_unit_test(test_stays_positive),
        };
        return run_unit_tests(tests);
}

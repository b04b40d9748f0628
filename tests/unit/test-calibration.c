/* SPDX-License-Identifier: Apache-2.0 */
/* Sensors with known errors laid down at many angles: what is learned, and whether its covariance is honest. */

#include <errno.h>

#include <repcast/core.h>

#include "unit.h"

#define G   STANDARD_GRAVITY_MPS2
#define MG  (1e-3 * G)
#define TAU (2 * M_PI)

static struct calibration_params params;
static struct calibration calibration;
static uint64_t seed = 1;

static double uniform(double low, double high) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        return low + (high - low) * (double) (seed >> 11) / (double) (UINT64_C(1) << 53);
}

static double normal(void) {
        return sqrt(-2 * log(1 - uniform(0, 1))) * cos(uniform(0, TAU));
}

/* m = f + b + S m */
struct part {
        double b[3], scale[3], skew[3];
        double axis[3], start[3]; /* the bar in the sensor's axes, and a direction across it */
};

static void cross(const double a[3], const double b[3], double ret[3]) {
        for (unsigned i = 0; i < 3; i++)
                ret[i] = a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3];
}

static void unit(double v[3]) {
        double n = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
        for (unsigned i = 0; i < 3; i++)
                v[i] /= n;
}

/* A cheap part on a bar, mounted anyhow. */
static struct part new_part(double bias_mps2, double scale, double skew) {
        struct part p;
        double other[3];
        for (unsigned i = 0; i < 3; i++) {
                p.b[i] = bias_mps2 * normal();
                p.scale[i] = scale * normal();
                p.skew[i] = skew * normal();
                p.axis[i] = normal();
                other[i] = normal();
        }
        unit(p.axis);
        cross(p.axis, other, p.start);
        unit(p.start);
        return p;
}

/* What it measures of f, and the direction of gravity with the bar rolled so far. */
static void measure(const struct part *p, const double f[3], double noise_mps2, double ret[3]) {
        memcpy(ret, f, 3 * sizeof(double));
        for (unsigned pass = 0; pass < 20; pass++) { /* m = f + b + S m, by iteration */
                double m[3] = {ret[0], ret[1], ret[2]};
                for (unsigned i = 0; i < 3; i++)
                        ret[i] = f[i] + p->b[i] + p->scale[i] * m[i] + p->skew[(i + 2) % 3] * m[(i + 1) % 3] +
                                p->skew[(i + 1) % 3] * m[(i + 2) % 3];
        }
        for (unsigned i = 0; i < 3; i++)
                ret[i] += noise_mps2 * normal();
}

static void gravity(const struct part *p, double roll, double ret[3]) {
        double side[3];
        cross(p->axis, p->start, side);
        for (unsigned i = 0; i < 3; i++)
                ret[i] = G * (cos(roll) * p->start[i] + sin(roll) * side[i]);
}

static void rest(const struct part *p, double roll) {
        double f[3], m[3];
        gravity(p, roll, f);
        measure(p, f, 0.004, m);
        calibration_rest(&calibration, &params, m);
}

static double error_of(const struct part *p, unsigned k) {
        const double *const truth[3] = {p->b, p->scale, p->skew};
        return calibration.x[k] - truth[k / 3][k % 3];
}

static int setup(void **state) {
        (void) state;
        struct core_params p;
        core_params_init(&p);
        params = p.calibration;
        calibration_init(&calibration, &params);
        return 0;
}

/* Ten rests at random roll, 60 mg and 2 %: each figure within 3 of its own sigmas, gravity right at any roll. */
static void test_ten_rests(void **state) {
        (void) state;
        struct part p = new_part(0, 0, 0);
        const double b[3] = {60 * MG, -20 * MG, 35 * MG}, scale[3] = {0.02, 0.02, 0.02};
        memcpy(p.b, b, sizeof(b));
        memcpy(p.scale, scale, sizeof(scale));
        for (unsigned i = 0; i < 10; i++)
                rest(&p, uniform(0, TAU));
        assert_int_equal(calibration.rests, 10);
        for (unsigned k = 0; k < CALIBRATION_N; k++)
                assert_true(fabs(error_of(&p, k)) < 3 * sqrt(calibration.P[k][k]));
        for (double roll = 0; roll < TAU; roll += 0.1) {
                double f[3], m[3], length2 = 0, before2 = 0;
                gravity(&p, roll, f);
                measure(&p, f, 0, m);
                for (unsigned i = 0; i < 3; i++)
                        before2 += (m[i] - f[i]) * (m[i] - f[i]);
                calibration_correct(&calibration, m);
                for (unsigned i = 0; i < 3; i++)
                        length2 += m[i] * m[i];
                assert_true(sqrt(before2) > 20 * MG);
                assert_near(sqrt(length2), G, 5 * MG);
        }
}

/* Over many parts drawn from the prior the squared error in units of its covariance is that of chi2, or less: the noise
 * that is assumed for what the model leaves out was not there. */
static void test_covariance_is_honest(void **state) {
        (void) state;
        const unsigned parts = 400;
        double nees[2] = {0}, after_mps2 = 0;
        unsigned beyond = 0;
        for (unsigned n = 0; n < parts; n++) {
                setup(state);
                struct part p = new_part(params.bias_mps2, params.skew, params.skew);
                double common = params.scale * normal(), error[CALIBRATION_N], left[3][3], up[3], e = 0,
                       var = 0;
                for (unsigned i = 0; i < 3; i++)
                        p.scale[i] += common;
                for (unsigned i = 0; i < 10; i++) {
                        rest(&p, uniform(0, TAU));
                        for (unsigned k = 0; k < CALIBRATION_N; k++)
                                error[k] = error_of(&p, k);
                        for (unsigned k = 0; k < CALIBRATION_N; k++)
                                beyond += error[k] * error[k] > 16 * calibration.P[k][k];
                }
                /* of the force along gravity at a new roll, as the vertical filter is told */
                gravity(&p, uniform(0, TAU), up);
                calibration_left(&calibration, &params, up, left);
                for (unsigned i = 0; i < 3; i++) {
                        const double *k = error + 6;
                        e += up[i] / G *
                                (error[i] + error[3 + i] * up[i] + k[(i + 2) % 3] * up[(i + 1) % 3] +
                                        k[(i + 1) % 3] * up[(i + 2) % 3]);
                        for (unsigned j = 0; j < 3; j++)
                                var += up[i] * up[j] / G / G * left[i][j];
                }
                nees[0] += e * e / var / parts;
                nees[1] += error[0] * error[0] / calibration.P[0][0] / parts;
                after_mps2 += fabs(e) / parts;
        }
        assert_true(nees[0] < 1.15); /* 1 + 2 sigma of the mean of 400 */
        assert_true(nees[1] > 0.6 && nees[1] < 1.15);
        assert_true(beyond < parts * 10 * CALIBRATION_N / 1000); /* 4 sigma: 1 of 16000 */
        assert_true(after_mps2 < 3 * MG);
}

/* What the rests did not show stays open: the bias along a bar that only rolls. */
static void test_unseen_stays_unknown(void **state) {
        (void) state;
        struct part p = new_part(20 * MG, 0, 0);
        double along = 0;
        for (unsigned i = 0; i < 100; i++)
                rest(&p, uniform(0, TAU));
        for (unsigned i = 0; i < 3; i++)
                for (unsigned j = 0; j < 3; j++)
                        along += p.axis[i] * p.axis[j] * calibration.P[i][j];
        assert_near(sqrt(along), params.bias_mps2, 0.02 * params.bias_mps2);
}

/* A turn along the circle that was seen is known; one out of it is not; none at all brings nothing. */
static void test_turns_along_what_was_seen(void **state) {
        (void) state;
        struct part p = new_part(20 * MG, 0.005, 0.005);
        double up[3], w[3], still[3] = {0}, out[3], cold;
        gravity(&p, 0.5, up);
        for (unsigned i = 0; i < 3; i++)
                up[i] /= G;
        cross(p.axis, up, out); /* about this axis, gravity leaves the circle */
        memcpy(w, p.axis, sizeof(w));
        cold = calibration_turn(&calibration, up, w);
        assert_true(cold > 0.5 * params.skew * G && cold < 1.5 * params.skew * G);
        for (unsigned i = 0; i < 30; i++)
                rest(&p, uniform(0, TAU));
        assert_true(calibration_turn(&calibration, up, w) < 0.35 * cold);
        assert_true(calibration_turn(&calibration, up, out) > 0.6 * cold);
        assert_true(calibration_turn(&calibration, up, still) <= 1.001e-3 * G);
}

/* Hundreds of rests later the covariance is positive, and what is left is never below what is to be trusted. */
static void test_never_overconfident(void **state) {
        (void) state;
        struct part p = new_part(10 * MG, 0.003, 0.003);
        double left[3][3];
        for (unsigned i = 0; i < 3000; i++) {
                for (unsigned k = 0; k < 3; k++)
                        p.axis[k] = normal();
                unit(p.axis);
                cross(p.axis, (double[3]){normal(), normal(), normal()}, p.start);
                unit(p.start);
                rest(&p, uniform(0, TAU));
                assert_int_equal(calibration_check(&calibration), 0);
        }
        calibration_left(&calibration, &params, p.start, left);
        for (unsigned i = 0; i < 3; i++)
                assert_true(left[i][i] >= params.trust_mps2 * params.trust_mps2);
}

/* A knock moved the bias by 100 mg: a few rests later it is followed. */
static void test_a_change_is_followed(void **state) {
        (void) state;
        struct part p = new_part(10 * MG, 0.003, 0.003);
        for (unsigned i = 0; i < 30; i++)
                rest(&p, uniform(0, TAU));
        p.b[0] += 100 * MG * p.start[0];
        p.b[1] += 100 * MG * p.start[1];
        p.b[2] += 100 * MG * p.start[2];
        for (unsigned i = 0; i < 30; i++)
                rest(&p, uniform(0, TAU));
        for (double roll = 0; roll < TAU; roll += 0.5) {
                double f[3], m[3], length2 = 0;
                gravity(&p, roll, f);
                measure(&p, f, 0, m);
                calibration_correct(&calibration, m);
                for (unsigned i = 0; i < 3; i++)
                        length2 += m[i] * m[i];
                assert_near(sqrt(length2), G, 10 * MG);
        }
}

static void test_age(void **state) {
        (void) state;
        struct part p = new_part(10 * MG, 0.003, 0.003);
        for (unsigned i = 0; i < 30; i++)
                rest(&p, uniform(0, TAU));
        double before = calibration.P[0][0], cold = params.bias_mps2 * params.bias_mps2;
        calibration_age(&calibration, &params, 3600);
        assert_near(calibration.P[0][0], before + params.walk_mps2 * params.walk_mps2, 1e-12);
        calibration_age(&calibration, &params, 1e12);
        assert_near(calibration.P[0][0], cold, 1e-12);
        calibration_age(&calibration, &params, -5);
        assert_near(calibration.P[0][0], cold, 1e-12);
        assert_int_equal(calibration_check(&calibration), 0);
}

static void test_check_refuses_what_cannot_be(void **state) {
        (void) state;
        struct calibration c = calibration;
        assert_int_equal(calibration_check(&c), 0);
        c.version++;
        assert_int_equal(calibration_check(&c), -EINVAL);
        c = calibration;
        c.flipped = 8;
        assert_int_equal(calibration_check(&c), -EINVAL);
        c = calibration;
        c.x[4] = NAN;
        assert_int_equal(calibration_check(&c), -EINVAL);
        c = calibration;
        c.P[2][2] = -1e-9;
        assert_int_equal(calibration_check(&c), -EINVAL);
        c = calibration;
        c.P[2][1] = c.P[1][2] = 2 * c.P[1][1];
        assert_int_equal(calibration_check(&c), -EINVAL);
        c = calibration;
        c.gyro_sigma_radps = 0;
        assert_int_equal(calibration_check(&c), -EINVAL);
        c = calibration;
        c.gyro_bias_radps[2] = INFINITY;
        assert_int_equal(calibration_check(&c), -EINVAL);
}

/* ---- one equation per rest ---- */

static struct rests rests;

static unsigned lie(double roll, double s, bool quiet) {
        struct tick t = {.f_mps2 = {G * sin(roll), 0, G * cos(roll)}};
        unsigned told = 0;
        double m[3];
        for (unsigned i = 0; i < (unsigned) lround(s / TICK_S); i++)
                if (rests_push(&rests, &t, quiet, m)) {
                        told++;
                        assert_near(m[0], t.f_mps2[0], 1e-9);
                        assert_near(m[2], t.f_mps2[2], 1e-9);
                }
        return told;
}

static void test_a_rest_counts_once(void **state) {
        (void) state;
        rests_init(&rests);
        assert_int_equal(lie(0.3, 1.1, true), 0); /* too short */
        assert_int_equal(lie(0.3, 5, false), 0);
        assert_int_equal(lie(0.3, 300, true), 1);
        assert_int_equal(lie(0.3, 1, false), 0);   /* a knock */
        assert_int_equal(lie(0.31, 200, true), 0); /* it lies as before */
        assert_int_equal(lie(0.4, 1, false), 0);
        assert_int_equal(lie(0.4, 5, true), 1);
        assert_near(rests.before_s, 502, 0.1);
        assert_int_equal(lie(0.4, 1000, false), 0);
        assert_int_equal(lie(0.4, 5, true), 1); /* long after: the bias may have moved */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_ten_rests, setup),
                cmocka_unit_test_setup(test_covariance_is_honest, setup),
                cmocka_unit_test_setup(test_unseen_stays_unknown, setup),
                cmocka_unit_test_setup(test_turns_along_what_was_seen, setup),
                cmocka_unit_test_setup(test_never_overconfident, setup),
                cmocka_unit_test_setup(test_a_change_is_followed, setup),
                cmocka_unit_test_setup(test_age, setup),
                cmocka_unit_test_setup(test_check_refuses_what_cannot_be, setup),
                cmocka_unit_test(test_a_rest_counts_once),
        };
        return run_unit_tests(tests);
}

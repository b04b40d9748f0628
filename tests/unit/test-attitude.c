/* SPDX-License-Identifier: Apache-2.0 */
/* Which way is up: from the first sample on, through known rotations, with a biased gyroscope, after nonsense. */

#include <repcast/core.h>

#include "unit.h"
#include "util/macros.h"

static struct attitude attitude;
static struct motion motion;

static void start(void) {
        struct core_params p;
        core_params_init(&p);
        attitude_init(&attitude, &p.attitude);
}

/* One tick at rest with up at the given angle about the sensor's x axis, turning at rate + bias. */
static void tick(double angle, double rate, double bias) {
        struct tick t = {
                .f_mps2 = {0, sin(angle) * STANDARD_GRAVITY_MPS2, cos(angle) * STANDARD_GRAVITY_MPS2},
                .w_radps = {rate + bias, 0, bias},
        };
        attitude_push(&attitude, &t, &motion);
}

static double error_deg(double angle) {
        double dot = motion.up[1] * sin(angle) + motion.up[2] * cos(angle);
        return acos(fmin(1, dot)) * 180 / M_PI;
}

static void test_up_from_the_first_sample(void **state) {
        (void) state;
        for (double angle = -3.14; angle < 3.15; angle += 0.1) {
                start();
                tick(angle, 0, 0);
                assert_near(error_deg(angle), 0, 0.01);
                assert_near(motion.a_mps2, 0, 1e-6);
        }
        start();
        tick(M_PI, 0, 0); /* exactly upside down */
        assert_near(error_deg(M_PI), 0, 0.01);
}

/* A turn faster than the accelerometer's pull: 90 degrees and back, each in half a second. */
static void test_follows_a_known_rotation(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 500; i++)
                tick(0.3, 0, 0);
        double angle = 0.3;
        for (unsigned i = 0; i < 100; i++) {
                double rate = i < 50 ? M_PI : -M_PI;
                angle += rate * TICK_S;
                tick(angle, rate, 0);
                assert_near(error_deg(angle), 0, 1.5);
        }
        assert_near(angle, 0.3, 1e-9);
        assert_near(error_deg(angle), 0, 0.5);
}

static void test_learns_the_gyro_bias_at_rest(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 500; i++)
                tick(0.5, 0, 0.05);
        assert_true(motion.quiet);
        assert_near(attitude.gyro_bias[0], 0.05, 0.002);
        assert_near(attitude.gyro_bias[2], 0.05, 0.002);
        assert_near(motion.turn_radps, 0, 0.004);
        assert_near(error_deg(0.5), 0, 0.5);
}

/* A slow even roll of the bar, as in an 8 s negative, is no bias. */
static void test_does_not_learn_rotation(void **state) {
        (void) state;
        double angle = 0.5;
        start();
        for (unsigned i = 0; i < 300; i++)
                tick(angle, 0, 0.01);
        double learned = attitude.gyro_bias[0];
        for (unsigned i = 0; i < 800; i++) {
                angle += 0.06 * TICK_S;
                tick(angle, 0.06, 0.01);
        }
        assert_near(attitude.gyro_bias[0], learned, 0.001);
        assert_near(error_deg(angle), 0, 1);
}

/* Any start, even one in free fall, upside down or under nonsense, is right again within 5 s. */
static void test_recovers_within_5_s(void **state) {
        (void) state;
        for (unsigned wrong = 0; wrong < 3; wrong++) {
                struct tick t = {.f_mps2 = {wrong == 0 ? 0 : -390, 0, wrong == 2 ? 390 : 0},
                        .w_radps = {wrong * 35.0, -70, 7}};
                start();
                for (unsigned i = 0; i < 100; i++)
                        attitude_push(&attitude, &t, &motion);
                for (unsigned i = 0; i < 500; i++)
                        tick(1.0, 0, 0.005);
                assert_near(error_deg(1.0), 0, 2); /* tilt counts in second order: 6 mm/s2 */
                assert_near(motion.a_mps2, 0, 0.05);
        }
}

/* Silence shows where up is, and what does not turn: half a second later no wrong tilt is left, and a bias that
 * was learned while the sensor turned evenly about the vertical is forgotten. */
static void test_silence_contradicts(void **state) {
        (void) state;
        struct tick spinning = {.f_mps2 = {0, 0, STANDARD_GRAVITY_MPS2}, .w_radps = {0, 0, 0.09}},
                    thrown = {.f_mps2 = {300, -300, 20}, .w_radps = {70, -70, 7}};
        unsigned anew = 0;
        start();
        for (unsigned i = 0; i < 500; i++)
                attitude_push(&attitude, &spinning, &motion);
        assert_near(attitude.gyro_bias[2], 0.09, 0.002);
        for (unsigned i = 0; i < 20; i++)
                attitude_push(&attitude, &thrown, &motion);
        for (unsigned i = 0; i < 60; i++) {
                tick(1.0, 0, 0);
                anew += motion.anew;
        }
        assert_int_equal(anew, 1);
        assert_near(error_deg(1.0), 0, 3);
        for (unsigned i = 0; i < 240; i++)
                tick(1.0, 0, 0);
        assert_true(motion.quiet);
        assert_near(motion.silent_s, 2.5, 0.6);
        assert_near(attitude.gyro_bias[2], 0, 0.002);
        assert_near(error_deg(1.0), 0, 0.5);
}

/* Silence tells whether it came of a knock. */
static void test_a_knock_before_silence(void **state) {
        (void) state;
        static const struct {
                double knock_mps2, shaken_s;
                bool knocked;
        } cases[] = {{0, 0, false}, {1.5, 0, false}, {5, 0, true}, {5, 0.3, true}, {5, 1, false}};
        for (size_t k = 0; k < ARRAY_SIZE(cases); k++) {
                struct tick t = {.f_mps2 = {0, 0, STANDARD_GRAVITY_MPS2}};
                start();
                for (unsigned i = 0; i < 300; i++)
                        tick(0, 0, 0);
                assert_false(motion.knocked);
                t.f_mps2[2] += cases[k].knock_mps2;
                attitude_push(&attitude, &t, &motion);
                for (unsigned i = 0; i < 100 * cases[k].shaken_s; i++) {
                        t.f_mps2[2] = STANDARD_GRAVITY_MPS2 + (i % 2 ? 0.2 : -0.2);
                        attitude_push(&attitude, &t, &motion);
                }
                for (unsigned i = 0; i < 300; i++)
                        tick(0, 0, 0);
                assert_int_equal(motion.knocked, cases[k].knocked);
        }
}

/* As fast as gyroscopes go, and as fast as is believed at all: the quaternion keeps its length, and what is up is found
 * again. */
static void test_turns_without_end(void **state) {
        static const struct {
                double w_radps[3], length;
        } turns[] = {{{35, 0, 0}, 0.9997}, {{80, 80, -80}, 0.957}};
        (void) state;
        for (unsigned i = 0; i < 2; i++) {
                const double *w = turns[i].w_radps, *q = attitude.q;
                double length = 0;
                start();
                for (unsigned k = 0; k < 1000; k++) {
                        const struct tick t = {
                                .f_mps2 = {0, 0, STANDARD_GRAVITY_MPS2}, .w_radps = {w[0], w[1], w[2]}};
                        attitude_push(&attitude, &t, &motion);
                        length = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
                        assert_true(length > 0.92 && length < 1.0001);
                }
                assert_near(length, turns[i].length, 1e-3);
                for (unsigned k = 0; k < 500; k++)
                        tick(0.3, 0, 0);
                assert_near(error_deg(0.3), 0, 1);
        }
}

/* Of a bar that lies five ticks are one step: the bias is followed as it creeps, and who takes the bar finds the attitude as
 * good as ever, at whatever tick. */
static void test_a_bar_that_lies(void **state) {
        (void) state;
        for (unsigned taken = 0; taken < 6; taken++) {
                unsigned steps = 0;
                double angle = 0.3, bias = 0.02;
                start();
                for (unsigned i = 0; i < 1500; i++) {
                        tick(angle, 0, bias);
                        assert_true(i < 300 || motion.quiet);
                }
                for (unsigned i = 0; i < 6000; i++) {
                        tick(angle, 0, bias += 0.006 / 6000); /* within a minute, as a sensor warms up */
                        steps += attitude.gathered == 0;
                        assert_near(error_deg(angle), 0, 0.1);
                        assert_true(motion.quiet);
                }
                assert_int_equal(steps, 1200);
                assert_near(attitude.gyro_bias[0], bias, 0.003); /* the mean of 20 s comes so much behind */
                for (unsigned i = 0; i < taken; i++)
                        tick(angle, 0, bias);
                for (unsigned i = 0; i < 25; i++) {
                        angle += 2 * TICK_S;
                        tick(angle, 2, bias);
                        assert_near(error_deg(angle), 0, 0.3);
                        assert_near(motion.turn_radps, 2, 0.01);
                }
                for (unsigned i = 0; i < 1500; i++) {
                        tick(angle, 0, bias);
                        assert_near(error_deg(angle), 0, 0.3);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_up_from_the_first_sample),
                cmocka_unit_test(test_follows_a_known_rotation),
                cmocka_unit_test(test_learns_the_gyro_bias_at_rest),
                cmocka_unit_test(test_does_not_learn_rotation),
                cmocka_unit_test(test_recovers_within_5_s),
                cmocka_unit_test(test_silence_contradicts),
                cmocka_unit_test(test_a_knock_before_silence),
                cmocka_unit_test(test_turns_without_end),
                cmocka_unit_test(test_a_bar_that_lies),
        };
        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A sensor turned about all its axes, with a gyroscope of every pattern of signs, at every rate; and what must not be
 * taken for a wrong sign. */

#include <repcast/core.h>

#include "unit.h"

static struct handedness handedness;
static uint32_t seed;

static double noise(void) { /* uniform, unit variance */
        seed = seed * 1664525u + 1013904223u;
        return ((double) (seed >> 8) / (1 << 24) - 0.5) * sqrt(12.0);
}

static void start(void) {
        struct core_params p;
        core_params_init(&p);
        handedness_init(&handedness, &p.handedness, 0);
        seed = 1;
}

/* A lift that the sensor's turns go along with: about all three axes by `turn` radians, at 0.4 Hz, for so long, measured
 * at rate_hz by a gyroscope with these axes flipped, a bias, and an accelerometer with noise. Returns the pattern that
 * was found, and counts how often it changed. */
static unsigned lift(unsigned flipped, double turn, double s, double rate_hz, unsigned *ret_changes) {
        const double omega = 2 * M_PI * 0.4, step = 1e-3;
        struct resample resample;
        struct tick tick;
        double u[3] = {0.48, 0.6, 0.64}, next = 0;

        resample_init(&resample, &(struct resample_params){.gap_s = 0.2, .break_s = 2});
        *ret_changes = 0;
        for (double t = 0; t < s; t += step) {
                double w[3], du[3], lift = 2 * sin(omega * t), length;
                for (unsigned i = 0; i < 3; i++)
                        w[i] = turn * omega * cos(omega * t * (1 + 0.13 * i) + i);
                for (unsigned i = 0; i < 3; i++) /* u' = -w x u */
                        du[i] = -(w[(i + 1) % 3] * u[(i + 2) % 3] - w[(i + 2) % 3] * u[(i + 1) % 3]);
                for (unsigned i = 0; i < 3; i++)
                        u[i] += du[i] * step;
                length = sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2]);
                for (unsigned i = 0; i < 3; i++)
                        u[i] /= length;
                if (t < next)
                        continue;
                next += 1 / rate_hz;
                struct sample sample = {.t_us = 1000000 + (uint64_t) llround(t * 1e6)};
                for (unsigned i = 0; i < 3; i++) {
                        sample.f_mps2[i] = (STANDARD_GRAVITY_MPS2 + lift) * u[i] + 0.05 * noise();
                        sample.w_radps[i] = (flipped & 1u << i ? -w[i] : w[i]) + 0.05 + 0.01 * noise();
                }
                resample_push(&resample, &sample);
                while (resample_next(&resample, &tick))
                        *ret_changes += handedness_push(&handedness, &tick);
        }
        return handedness.flipped;
}

static void test_all_eight_patterns(void **state) {
        (void) state;
        static const double rates[] = {8, 12.5, 50, 200};
        for (unsigned r = 0; r < sizeof(rates) / sizeof(rates[0]); r++)
                for (unsigned pattern = 0; pattern < HANDEDNESS_PATTERNS; pattern++) {
                        unsigned changes;
                        start();
                        assert_int_equal(lift(pattern, 0.2, 40, rates[r], &changes), pattern);
                        if (pattern == 0)
                                assert_int_equal(changes, 0);
                }
}

/* Known from another day, and right: nothing changes. Known and wrong: mended. */
static void test_a_known_pattern(void **state) {
        (void) state;
        unsigned changes;
        start();
        handedness.flipped = 5;
        assert_int_equal(lift(5, 0.2, 40, 100, &changes), 5);
        assert_int_equal(changes, 0);
        start();
        handedness.flipped = 5;
        assert_int_equal(lift(0, 0.2, 40, 100, &changes), 0);
}

/* A bar that hardly turns, or lies still, tells nothing, however long. */
static void test_nothing_without_a_turn(void **state) {
        (void) state;
        unsigned changes;
        for (unsigned pattern = 0; pattern < HANDEDNESS_PATTERNS; pattern++) {
                start();
                lift(pattern, 0.0005, 300, 100, &changes);
                assert_int_equal(changes, 0);
        }
}

/* A gyroscope that reports a fast turn which never was, for a second: its fault, not its signs'. */
static void test_a_fault_is_no_pattern(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 2000; i++) {
                struct tick t = {.f_mps2 = {0.02 * noise(), 0.02 * noise(), 9.8 + 0.02 * noise()}};
                for (unsigned k = 0; k < 3; k++)
                        t.w_radps[k] = 0.002 * noise() + (i > 300 && i < 400 ? 2.5 : 0);
                assert_false(handedness_push(&handedness, &t));
        }
        assert_int_equal(handedness.flipped, 0);
}

static void test_correct(void **state) {
        (void) state;
        double w[3] = {1, 2, 3};
        start();
        handedness.flipped = HANDEDNESS_X | HANDEDNESS_Z;
        handedness_correct(&handedness, w);
        assert_near(w[0], -1, 0);
        assert_near(w[1], 2, 0);
        assert_near(w[2], -3, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_eight_patterns),
                cmocka_unit_test(test_a_known_pattern),
                cmocka_unit_test(test_nothing_without_a_turn),
                cmocka_unit_test(test_a_fault_is_no_pattern),
                cmocka_unit_test(test_correct),
        };
        return run_unit_tests(tests);
}

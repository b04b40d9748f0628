/* SPDX-License-Identifier: Apache-2.0 */
/* A sensor on a forearm of 0.3 m that curls, and nothing but where gravity points in it. */

#include <math.h>
#include <string.h>

#include <repcast/swing.h>

#include "unit.h"

#define ARM_M     0.3
#define BIAS_MPS2 0.3 /* far beyond what an integral would bear */

static struct swing swing;
static struct history history;
static const struct bias bias;
static double angle_rad, rate_radps;
static struct cycle found[8];
static unsigned n_found;

static void tick(double next_rad) {
        double rate = (next_rad - angle_rad) / TICK_S, turn = (rate - rate_radps) / TICK_S;
        struct moment m = {
                .a_mps2 = (float) (ARM_M * (turn * sin(next_rad) + rate * rate * cos(next_rad)) + BIAS_MPS2)};
        double up[3] = {sin(next_rad), 0, cos(next_rad)};

        for (unsigned i = 0; i < 3; i++)
                m.up[i] = (int16_t) lrint(4096 * up[i]);
        angle_rad = next_rad;
        rate_radps = rate;
        history_push(&history, history.t_us + TICK_US, &m);
        if (swing_due(&swing) && swing_push(&swing, &history, &bias, &found[n_found]))
                n_found++;
}

static void turn_to(double deg, double s) {
        double from = angle_rad, to = deg * M_PI / 180;
        unsigned n = (unsigned) (s / TICK_S);
        for (unsigned i = 1; i <= n; i++) {
                double x = (double) i / n;
                tick(from + (to - from) * x * x * x * (10 - 15 * x + 6 * x * x));
        }
}

static void hold(double s) {
        for (unsigned i = 0; i < (unsigned) (s / TICK_S); i++)
                tick(angle_rad);
}

static void start(void) {
        memset(&history, 0, sizeof(history));
        swing_reset(&swing);
        angle_rad = rate_radps = 0;
        n_found = 0;
        hold(2);
}

static double at(uint64_t us) {
        return (double) us * 1e-6;
}

static void test_strokes_are_seen(void **state) {
        (void) state;
        start();
        turn_to(120, 1.5);
        hold(0.5);
        turn_to(0, 2.5);
        assert_int_equal(n_found, 0); /* it may go on */
        hold(1.3);
        assert_int_equal(n_found, 1);
        assert_true(found[0].first.up && !found[0].second.up && found[0].swung);
        assert_near(at(found[0].first.start_us), 2.0, 0.15);
        assert_near(at(found[0].first.end_us), 3.5, 0.15);
        assert_near(at(found[0].second.start_us), 4.0, 0.15);
        assert_near(at(found[0].second.end_us), 6.5, 0.2);
        hold(5);
        assert_int_equal(n_found, 1);
}

static void test_every_two_strokes_are_a_cycle(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 3; i++) {
                turn_to(120, 1.5);
                turn_to(0, 2);
        }
        hold(1.3);
        assert_int_equal(n_found, 5); /* up and down, and down and up between */
        for (unsigned i = 0; i < n_found; i++)
                assert_int_equal(found[i].first.up, i % 2 == 0);
}

static void test_a_hesitation_is_no_border(void **state) {
        (void) state;
        start();
        turn_to(70, 1);
        hold(0.8);
        turn_to(120, 1);
        turn_to(60, 1.5);
        hold(0.8);
        turn_to(0, 1.5);
        hold(1.3);
        assert_int_equal(n_found, 1);
        assert_near(at(found[0].first.end_us), 4.8, 0.15);
        assert_near(at(found[0].second.end_us), 8.6, 0.2);
}

/* The wrist sinks by 20 degrees while the weight is held at the top: the way down begins when it leaves that. */
static void test_a_wrist_that_settles_begins_no_stroke(void **state) {
        (void) state;
        start();
        turn_to(120, 1.5);
        turn_to(100, 6);
        turn_to(0, 2);
        hold(1.3);
        assert_int_equal(n_found, 1);
        assert_near(at(found[0].first.end_us), 3.5, 0.3);
        assert_near(at(found[0].second.start_us), 9.5, 0.2);
        assert_near(found[0].second.turn_rad * 180 / M_PI, 100, 5);
}

/* Nor does it begin where the arm hung before, some other way. */
static void test_an_arm_that_hung_some_other_way_has_not_begun(void **state) {
        (void) state;
        start();
        turn_to(40, 1);
        hold(5);
        turn_to(150, 2);
        turn_to(40, 2);
        hold(1.3);
        assert_int_equal(n_found, 1);
        assert_near(at(found[0].first.start_us), 8, 0.2);
}

static void test_a_bar_that_rolls_does_not_swing(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 3; i++) {
                turn_to(60, 1.5);
                turn_to(0, 2);
        }
        hold(1.3);
        assert_int_equal(n_found, 0);
}

static void test_what_the_history_lost_is_none(void **state) {
        (void) state;
        start();
        turn_to(120, 1.5);
        turn_to(0, 30); /* longer than it remembers */
        hold(1.3);
        assert_int_equal(n_found, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_strokes_are_seen),
                cmocka_unit_test(test_every_two_strokes_are_a_cycle),
                cmocka_unit_test(test_a_hesitation_is_no_border),
                cmocka_unit_test(test_a_wrist_that_settles_begins_no_stroke),
                cmocka_unit_test(test_an_arm_that_hung_some_other_way_has_not_begun),
                cmocka_unit_test(test_a_bar_that_rolls_does_not_swing),
                cmocka_unit_test(test_what_the_history_lost_is_none),
        };
        return run_unit_tests(tests);
}

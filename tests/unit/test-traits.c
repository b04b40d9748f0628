/* SPDX-License-Identifier: Apache-2.0 */
/* Distances between reps: each term by itself, in units of its scatter. */

#include <math.h>

#include <repcast/traits.h>

#include "fit.h"
#include "unit.h"

static const struct traits_params params = {.closure = 0.4, .lean_deg = 18, .felt = 1};

static double between(const struct cycle_fit *a, const struct cycle_fit *b) {
        double d = traits_distance(&params, a, b);
        assert_near(traits_distance(&params, b, a), d, 1e-9);
        return d;
}

static void test_a_rep_is_no_distance_from_itself(void **state) {
        (void) state;
        struct cycle_fit a = fit_rep(10, 0.5), b = fit_rep(20, 0.5);
        assert_near(between(&a, &b), 0, 1e-9);
        assert_near(traits_unclosed(&params, &a), 0, 1e-9);
        assert_near(traits_lean(&params, &a), 0, 1e-6);
        assert_int_equal(traits_start_us(&a), 10000000);
        assert_int_equal(traits_end_us(&a), 13000000);
}

/* A rep cut short is so on both ways: one fact, told once. */
static void test_travel_counts_once(void **state) {
        (void) state;
        struct cycle_fit a = fit_rep(0, 0.5), b = fit_rep(0, 0.5);
        b.concentric.travel_m = b.eccentric.travel_m = 0.5 * exp(-0.5); /* two sigma */
        assert_near(between(&a, &b), 4, 0.05);
        b = a;
        b.eccentric.travel_m = 0.5 * exp(0.7); /* balance: two sigma; travel: half of it, 1.4 sigma */
        assert_near(between(&a, &b), 4 + 1.96, 0.05);
        assert_near(traits_unclosed(&params, &b), 0.49 / 0.16, 0.05);
}

static void test_tempo_and_peak_share_a_degree(void **state) {
        (void) state;
        struct cycle_fit a = fit_rep(0, 0.5), b = fit_rep(0, 0.5);
        b.concentric.peak_mps *= exp(-0.7); /* two sigma, of half weight */
        assert_near(between(&a, &b), 2, 0.05);
        b = a;
        b.concentric.end_us = b.concentric.start_us + fit_us(exp(0.9));
        assert_near(between(&a, &b), 2, 0.05);
}

static void test_direction(void **state) {
        (void) state;
        struct cycle_fit a = fit_rep(0, 0.5), b = fit_turned(a, 18, 36);
        assert_near(between(&a, &b), 1 + 4, 0.01);
        assert_near(traits_lean(&params, &b), 1, 0.01);
        b = fit_turned(a, 90, 90);
        assert_near(between(&a, &b), 24, 0.01); /* each end is capped at 12 */
}

/* No single figure decides, and nonsense neither divides by zero nor runs away. */
/* A wrist that curls the bar turns by 120 degrees: a rep that is cut short begins elsewhere in that turn, and is one. What hardly
 * turns the sensor is none. */
static void test_swing(void **state) {
        (void) state;
        struct cycle_fit whole = fit_rep(0, 0.5), shorter = fit_turned(fit_rep(9, 0.5), 30, 0), other = whole;
        whole.swing_deg = 120;
        shorter.swing_deg = 90;
        other.swing_deg = 10;
        assert_near(traits_distance(&params, &whole, &shorter), 2 * 900 / (18. * 18 + 30 * 30), 0.01);
        assert_near(traits_lean(&params, &shorter), 900 / (18. * 18 + 22.5 * 22.5), 0.01);
        assert_true(traits_distance(&params, &whole, &other) > 9);
        other.swing_deg = whole.swing_deg = 0;
        assert_near(traits_distance(&params, &whole, &other), 0, 1e-6);
}

static void test_terms_are_capped(void **state) {
        (void) state;
        struct cycle_fit a = fit_rep(0, 0.5), b = {.sample_s = 0.01};
        double d = between(&a, &b);
        assert_true(d > 20 && d <= 16 + 6 + 12 + 12 + 6);
        assert_true(isfinite(traits_unclosed(&params, &b)));
        b = a;
        b.eccentric.travel_m = 0;
        assert_near(traits_unclosed(&params, &b), 8, 1e-9);
        b.eccentric.end_us = b.eccentric.start_us;
        assert_near(traits_lowering(&a, &b), 8, 1e-9);
}

/* Two sigmas of 0.45: 2 s and 4.9 s. Coarse samples widen them. */
static void test_the_length_of_a_lowering(void **state) {
        (void) state;
        struct cycle_fit a = fit_rep(0, 0.5), b = a;
        assert_near(traits_lowering(&a, &b), 0, 1e-9);
        b.eccentric.end_us = fit_us(2 * exp(2 * 0.45));
        assert_near(traits_lowering(&a, &b), 4, 0.02);
        assert_near(traits_lowering(&b, &a), 4, 0.02);
        b.sample_s = 0.125;
        assert_true(traits_lowering(&a, &b) < 3.5);
}

/* Two sigmas of 0.4 less than the other: 4. What counts as a flaw of any rep, below 0.4, is not counted twice. */
static void test_less_push_and_brake_than_the_next(void **state) {
        (void) state;
        struct cycle_fit a = fit_rep(0, 0.5), b = a;
        b.balance = 0.9F;
        a.balance = (float) (0.9 * exp(-2 * 0.4));
        assert_near(traits_feebler(&params, &a, &b), 4, 1e-3);
        assert_near(traits_feebler(&params, &b, &a), 0, 1e-9);
        a.balance = 0.24F;
        assert_near(traits_feebler(&params, &a, &b), pow(log(0.9 / 0.24) / 0.4, 2) - pow(0.16 / 0.12, 2), 1e-3);
        a.balance = 0;
        assert_near(traits_feebler(&params, &a, &b), 16 - pow(0.4 / 0.12, 2), 1e-3);
}

/* At 8 Hz the interval alone blurs a duration of a second by 19 %. */
static void test_coarse_samples_widen_the_scatter(void **state) {
        (void) state;
        struct cycle_fit a = fit_rep(0, 0.5), b = fit_rep(0, 0.35);
        double fine = between(&a, &b);
        a.sample_s = b.sample_s = 0.125;
        assert_true(between(&a, &b) < 0.8 * fine);
}

/* One flaw after the other; a rep has none. */
static void test_flaws(void **state) {
        (void) state;
        struct cycle_fit f = fit_rep(0, 0.5);
        assert_near(traits_flaws(&params, &f), 0, 1e-9);
        assert_near(traits_waste(&params, &f), 0, 1e-9);
        assert_near(traits_unrest(&params, &f), 0, 1e-9);
        f.concentric.force = 0.7; /* two sigma */
        assert_near(traits_flaws(&params, &f), 4, 1e-6);
        f = fit_rep(0, 0.5);
        f.balance = 0.04F; /* a jolt: three sigma */
        assert_near(traits_flaws(&params, &f), 9, 0.01);
        f = fit_rep(0, 0.5);
        f.turned_rad = (float) (-50 * M_PI / 180);
        assert_near(traits_flaws(&params, &f), 4, 0.01);
        f = fit_rep(0, 0.5);
        f.eccentric.back_m = 0.05; /* a tenth of the way */
        assert_near(traits_flaws(&params, &f), 4, 0.01);
        f = fit_rep(0, 0.5);
        f.concentric.start_us += fit_us(8); /* left lying for eight seconds */
        f.concentric.end_us += fit_us(8);
        assert_near(traits_flaws(&params, &f), 4, 0.01);
        f = fit_rep(0, 0.5);
        f.unrest_before_mps2 = 1.05F;
        assert_near(traits_unrest(&params, &f), 8.32,
                0.01); /* three sigma, but for what may be the push of its first sample */
        assert_near(traits_steps(&params, &f), 2.98, 0.01);
        f.sample_s = 0.12; /* at 8 Hz it may all be */
        assert_true(traits_unrest(&params, &f) < 1);
        f.sample_s = TICK_S;
        f.eccentric.force = 2.4; /* in several goes */
        assert_near(traits_waste(&params, &f), 3.92, 0.05);
        assert_near(traits_flaws(&params, &f), 0, 1e-9);

        const struct traits_params numb = {.closure = 0.4, .lean_deg = 18, .felt = 0};
        assert_near(traits_waste(&numb, &f) + traits_unrest(&numb, &f), 0, 1e-9);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_rep_is_no_distance_from_itself),
                cmocka_unit_test(test_travel_counts_once),
                cmocka_unit_test(test_tempo_and_peak_share_a_degree),
                cmocka_unit_test(test_direction),
                cmocka_unit_test(test_flaws),
                cmocka_unit_test(test_swing),
                cmocka_unit_test(test_terms_are_capped),
                cmocka_unit_test(test_the_length_of_a_lowering),
                cmocka_unit_test(test_less_push_and_brake_than_the_next),
                cmocka_unit_test(test_coarse_samples_widen_the_scatter),
        };
        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where a set has room for a rep that nobody saw. */

#include <math.h>

#include "core/missed.h"
#include "fit.h"
#include "unit.h"

static const struct bias bias = {.b = {0.01, 0.02, 0.03}};

/* Eccentric, bottom and concentric of the reps that were told. */
static struct setmodel set_of(unsigned n, const double start_s[], double eccentric_s, double concentric_s) {
        struct setmodel m = {.n = n};
        for (unsigned i = 0; i < n; i++) {
                struct cycle_fit *f = &m.candidates[i].fit;
                *f = fit_rep(start_s[i], 0.5);
                f->eccentric.end_us = fit_us(start_s[i] + eccentric_s);
                f->concentric.start_us = fit_us(start_s[i] + eccentric_s + 1);
                f->concentric.end_us = fit_us(start_s[i] + eccentric_s + 1 + concentric_s);
                m.candidates[i].rep = i + 1;
        }
        return m;
}

/* Reps of 10 s from 100 s and 112 s, the second over at 122 s. */
static const double starts_s[] = {100, 112};

static void test_timed_as_the_one_before(void **state) {
        (void) state;
        struct setmodel m = set_of(2, starts_s, 6, 3);
        struct cycle c;

        assert_true(missed_rep(&m, &bias, fit_us(134), &c));
        assert_false(c.first.up);
        assert_true(c.second.up);
        assert_int_equal(c.first.start_us, fit_us(124));
        assert_int_equal(c.first.end_us, fit_us(130));
        assert_int_equal(c.second.start_us, fit_us(131));
        assert_int_equal(c.second.end_us, fit_us(134));
        assert_int_equal(c.first.still_since_us, fit_us(122));
        assert_near(c.first.bias.b[1], 0.02, 1e-12);
}

/* A little less time than the one before took: quicker. */
static void test_stretched_into_the_room(void **state) {
        (void) state;
        struct setmodel m = set_of(2, starts_s, 6, 3);
        struct cycle c;

        assert_true(missed_rep(&m, &bias, fit_us(130), &c));
        assert_int_equal(c.first.start_us, fit_us(122));
        assert_near((double) c.first.end_us, 122e6 + 0.8 * 6e6, 1);
        assert_near((double) c.second.start_us, 122e6 + 0.8 * 7e6, 1);
        assert_int_equal(c.second.end_us, fit_us(130));
}

static void test_no_room(void **state) {
        (void) state;
        struct setmodel m = set_of(2, starts_s, 6, 3);
        struct cycle c;

        assert_false(missed_rep(&m, &bias, fit_us(122.2), &c)); /* the second itself */
        assert_false(missed_rep(&m, &bias, fit_us(129), &c));
        assert_false(missed_rep(&m, &bias, fit_us(148), &c));   /* more than two of them */
        assert_false(missed_rep(&m, &bias, fit_us(111.5), &c)); /* between the two */
}

static void test_quick_reps_are_not_missed(void **state) {
        (void) state;
        struct setmodel m = set_of(2, starts_s, 2, 1);
        struct cycle c;

        assert_false(missed_rep(&m, &bias, fit_us(120.5), &c));
        assert_false(missed_rep(&m, &bias, fit_us(124), &c));
}

static void test_nothing_told(void **state) {
        (void) state;
        struct setmodel m = set_of(2, starts_s, 6, 3);
        struct cycle c;

        m.candidates[1].rep = 0; /* the first one counts, and is too far away */
        assert_false(missed_rep(&m, &bias, fit_us(136), &c));
        assert_true(missed_rep(&m, &bias, fit_us(122), &c));
        m.candidates[0].rep = 0;
        assert_false(missed_rep(&m, &bias, fit_us(122), &c));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_timed_as_the_one_before),
                cmocka_unit_test(test_stretched_into_the_room),
                cmocka_unit_test(test_no_room),
                cmocka_unit_test(test_quick_reps_are_not_missed),
                cmocka_unit_test(test_nothing_told),
        };
        return run_unit_tests(tests);
}

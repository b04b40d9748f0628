/* SPDX-License-Identifier: Apache-2.0 */
/* Where a set has room for a rep that nobody saw. */

#include <math.h>

#include <repcast/core.h>

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

/* A set of three such reps, 14 s apart and each of 10 s, the last one over at 138 s. */
static struct setmodel sure_set(void) {
        const double start_s[] = {100, 114, 128};
        struct setmodel told = set_of(3, start_s, 6, 3), m;
        struct core_params p;

        core_params_init(&p);
        setmodel_init(&m, &p.setmodel, &p.traits, &fit_squat);
        for (unsigned i = 0; i < told.n; i++)
                setmodel_add(&m, &told.candidates[i].fit);
        for (unsigned i = 0; i < m.n; i++)
                m.candidates[i].rep = i + 1;
        return m;
}

static void test_overdue(void **state) {
        struct setmodel m = sure_set();
        struct cycle c;
        uint64_t until_us;

        (void) state;
        assert_int_equal(missed_overdue(&m, fit_us(154), fit_us(154)), 0); /* 4 s of pause, and 2 s late */
        until_us = missed_overdue(&m, fit_us(155), fit_us(155));
        assert_int_equal(until_us, fit_us(152.5));
        assert_true(missed_rep(&m, &bias, until_us, &c));
        assert_int_equal(c.first.start_us, fit_us(142.5));
        m.candidates[2].rep = 0; /* that nobody was told of */
        assert_int_equal(missed_overdue(&m, fit_us(141), fit_us(141)), fit_us(138.5));
        m.candidates[1].rep = 0; /* one rep does not tell for how long its lifter pauses */
        assert_int_equal(missed_overdue(&m, fit_us(141), fit_us(141)), 0);
        m.n = 0;
        assert_int_equal(missed_overdue(&m, fit_us(155), fit_us(155)), 0);
}

/* Who stands for long between reps does so again. */
static void test_nothing_is_due_while_the_lifter_pauses(void **state) {
        struct setmodel m = sure_set();

        (void) state;
        assert_true(missed_overdue(&m, fit_us(155), fit_us(155)) > 0);
        m.candidates[0].fit.eccentric.start_us -= UINT64_C(10000000);
        m.candidates[0].fit.eccentric.end_us -= UINT64_C(10000000);
        m.candidates[0].fit.concentric.start_us -= UINT64_C(10000000);
        m.candidates[0].fit.concentric.end_us -= UINT64_C(10000000);
        assert_int_equal(missed_overdue(&m, fit_us(164), fit_us(164)), 0);
        assert_true(missed_overdue(&m, fit_us(165), fit_us(165)) > 0);
}

/* The movement that is under way is no part of one that nobody saw; and it may be the newest rep itself, seen otherwise. */
static void test_what_is_under_way_is_not_missed(void **state) {
        struct setmodel m = sure_set();

        (void) state;
        assert_int_equal(missed_overdue(&m, fit_us(155), fit_us(149)), fit_us(149));
        assert_int_equal(missed_overdue(&m, fit_us(155), fit_us(137)), 0);
}

/* A rep that may yet be taken back foretells nothing. */
static void test_nothing_is_due_after_a_doubtful_rep(void **state) {
        struct setmodel m = sure_set();

        (void) state;
        m.candidates[2].fit.misfit = 5;
        assert_true(missed_overdue(&m, fit_us(155), fit_us(155)) > 0);
        m.candidates[2].fit.eccentric.travel_m = m.candidates[2].fit.concentric.travel_m = 0.2;
        assert_int_equal(missed_overdue(&m, fit_us(155), fit_us(155)), 0);
}

static void test_found(void **state) {
        struct cycle_fit f = fit_rep(10, 0.5);

        (void) state;
        assert_true(missed_found(&f, 0.5));
        assert_false(missed_found(&f, 0.9)); /* a partial rep */
        f.eccentric.travel_m = 0.2;
        assert_false(missed_found(&f, 0.5));
        f = fit_rep(10, 0.5);
        f.misfit = 20; /* won by force */
        assert_false(missed_found(&f, 0.5));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_timed_as_the_one_before),
                cmocka_unit_test(test_stretched_into_the_room),
                cmocka_unit_test(test_no_room),
                cmocka_unit_test(test_quick_reps_are_not_missed),
                cmocka_unit_test(test_nothing_told),
                cmocka_unit_test(test_overdue),
                cmocka_unit_test(test_nothing_is_due_while_the_lifter_pauses),
                cmocka_unit_test(test_what_is_under_way_is_not_missed),
                cmocka_unit_test(test_nothing_is_due_after_a_doubtful_rep),
                cmocka_unit_test(test_found),
        };
        return run_unit_tests(tests);
}

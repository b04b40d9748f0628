/* SPDX-License-Identifier: Apache-2.0 */
/* Whole sets through the whole core: clean lifts are counted, timed and measured against the exact truth. */

#include <errno.h>

#include <repcast/core.h>

#include "lift.h"
#include "unit.h"

static const struct exercise squat = {
        .name = "back-squat",
        .start = EXERCISE_START_TOP,
        .eccentric = EXERCISE_ECCENTRIC_DOWN,
        .loaded = EXERCISE_LOADED_BOTTOM | EXERCISE_LOADED_TOP,
        .rom_min_m = 0.20,
        .rom_typical_m = 0.55,
        .incline_deg = 90,
        .set_gap_s = 20,
};

static struct core core;
static struct lift lift;

static void start(const struct exercise *e) {
        assert_int_equal(core_init(&core, NULL, e), 0);
        lift_init(&lift, &core);
}

static void set_of(double d, double first_s, double hold_s, double second_s, double rest_s, unsigned n) {
        lift_move(&lift, 0, 4);
        for (unsigned i = 0; i < n; i++) {
                lift_move(&lift, d, first_s);
                lift_move(&lift, 0, hold_s);
                lift_move(&lift, -d, second_s);
                lift_move(&lift, 0, rest_s);
        }
        lift_move(&lift, 0, 25);
}

static void tempo(double e, double b, double c, double t, double within_s) {
        start(&squat);
        set_of(-0.5, e, b, c, t, 6);
        assert_int_equal(lift.n_reps, 6);
        assert_int_equal(lift.n_rejected, 0);
        assert_int_equal(lift.n_sets, 1);
        assert_int_equal(lift.set.n_reps, 6);
        assert_int_equal(lift.set.end, SET_END_REST);
        for (unsigned i = 0; i < 6; i++) {
                const struct rep *r = &lift.reps[i];
                double start_s = 1 + 4 + i * (e + b + c + t);
                assert_int_equal(r->rep, i + 1);
                assert_near((double) r->start_us * 1e-6, start_s, within_s);
                assert_near((double) r->end_us * 1e-6, start_s + e + b + c, within_s);
                assert_near(r->tempo_s[PHASE_ECCENTRIC], e, within_s);
                assert_near(r->tempo_s[PHASE_BOTTOM], b, within_s);
                assert_near(r->tempo_s[PHASE_CONCENTRIC], c, within_s);
                assert_true(isnan(r->tempo_s[PHASE_TOP]));
                assert_near(r->rom_m, 0.5, 0.05);
                assert_near(r->concentric.mean_mps, 0.5 / c, 0.15 * 0.5 / c);
                assert_near(r->concentric.peak_mps, 1.875 * 0.5 / c, 0.1 * 1.875 * 0.5 / c);
                assert_true(r->confidence > 0.3 && r->confidence <= 1);
                if (i)
                        assert_near(r->pause_before_s, t, within_s);
        }
}

static void test_1010(void **state) {
        (void) state;
        tempo(1, 0, 1, 0, 0.12);
}

static void test_2111(void **state) {
        (void) state;
        tempo(2, 1, 1, 1, 0.12);
}

static void test_3110(void **state) {
        (void) state;
        tempo(3, 1, 1, 0, 0.15);
}

static void test_4020(void **state) {
        (void) state;
        tempo(4, 0, 2, 0, 0.35);
}

static void test_refuses_what_is_no_exercise(void **state) {
        (void) state;
        struct exercise e = squat;
        struct core_params p;

        e.rom_min_m = NAN;
        assert_int_equal(core_init(&core, NULL, &e), -EINVAL);
        e = squat;
        e.incline_deg = 5;
        assert_int_equal(core_init(&core, NULL, &e), -EINVAL);
        core_params_init(&p);
        assert_int_equal(core_init(&core, &p, &squat), 0);
        p.tracker.start_mps = 7;
        assert_int_equal(core_init(&core, &p, &squat), -EINVAL);
}

static void test_state_is_small(void **state) {
        (void) state;
        assert_in_range(sizeof(struct core), 1, 100 * 1024);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_1010),
                cmocka_unit_test(test_2111),
                cmocka_unit_test(test_3110),
                cmocka_unit_test(test_4020),
                cmocka_unit_test(test_refuses_what_is_no_exercise),
                cmocka_unit_test(test_state_is_small),
        };
        return run_unit_tests(tests);
}

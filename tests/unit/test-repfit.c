/* SPDX-License-Identifier: Apache-2.0 */
/* The look back on a slow rep whose live border is seconds off. */

#include <math.h>
#include <string.h>

#include <repcast/core.h>

#include "core/border.h"
#include "core/coarse.h"
#include "fit.h"
#include "unit.h"
#include "util/macros.h"
#include "util/seconds.h"

#define ROM_M   0.5
#define START_S 5.0 /* eccentric of 6 s, hold of 1 s, concentric of 4 s, minimum jerk, and rest around them */
#define LATE_S  2.2
#define TICKS   2000

static struct history history;

static double minimum_jerk_mps2(double t_s, double from_s, double lasts_s) {
        double x = (t_s - from_s) / lasts_s;
        return x > 0 && x < 1 ? ROM_M / (lasts_s * lasts_s) * 60 * x * (1 - x) * (1 - 2 * x) : 0;
}

static void record(void) {
        memset(&history, 0, sizeof(history));
        for (unsigned i = 1; i <= TICKS; i++) {
                double t = (i - 0.5) * TICK_S;
                struct moment m = {.a_mps2 = (float) (minimum_jerk_mps2(t, START_S + 7, 4) -
                                           minimum_jerk_mps2(t, START_S, 6)),
                        .up = {0, 0, 4096},
                        .got = 1};
                moment_set_noise(&m, 1e-6);
                history_push(&history, i * TICK_US, &m);
        }
}

/* Start of the eccentric, s, as found for a live border that is late. */
static double found_start_s(bool in_set) {
        const struct bias bias = {.P = {{4e-4, 0, 0}, {0, 4e-4, 0}, {0, 0, 4e-4}}};
        const struct cycle cycle = {
                .first = {.start_us = fit_us(START_S + LATE_S),
                        .end_us = fit_us(START_S + 6),
                        .still_since_us = fit_us(START_S + LATE_S - 1),
                        .travel_m = ROM_M,
                        .bias = bias},
                .second = {.up = true,
                        .start_us = fit_us(START_S + 7),
                        .end_us = fit_us(START_S + 11),
                        .travel_m = ROM_M},
                .until_us = fit_us(START_S + 13),
        };
        struct core_params params;
        struct repfit f;
        struct cycle_fit fit;

        core_params_init(&params);
        repfit_init(&f, &params.repfit, &fit_squat);
        repfit_expect(&f, ROM_M, in_set, NULL);
        assert_int_equal(repfit_run(&f, &history, &cycle, &fit), 0);
        assert_true(fit.searched);
        return (double) fit.eccentric.start_us * 1e-6;
}

/* In a set it is found where it is; a walk out of the rack may be before a first rep, which is not looked into. */
static void test_a_late_border(void **state) {
        (void) state;
        record();
        assert_near(found_start_s(true), START_S, 0.4);
        assert_true(found_start_s(false) >= START_S + LATE_S - 1);
}

/* The live lowering was over before the true one began: once the turn has moved, the beginning may follow. */
static void test_a_lowering_seen_too_soon(void **state) {
        (void) state;
        const struct bias bias = {.P = {{4e-4, 0, 0}, {0, 4e-4, 0}, {0, 0, 4e-4}}};
        struct window w = {.n = TICKS};
        struct core_params params;
        struct repfit f;

        record();
        w.before = w.a0 = (unsigned) ((START_S - 4) / TICK_S);
        w.a1 = (unsigned) ((START_S - 0.8) / TICK_S);
        w.b0 = (unsigned) ((START_S + 7) / TICK_S);
        w.b1 = (unsigned) ((START_S + 11) / TICK_S);
        w.after = w.b1 + 100;
        core_params_init(&params);
        repfit_init(&f, &params.repfit, &fit_squat);
        assert_true(borders_coarse(&f, &history, &bias, 0.004, -1, &w));
        assert_near(w.a0 * TICK_S, START_S, 0.6);
}

/* The live cycle is off as a whole by 4 s: timed as the rep before, it is found where that suits. */
static void test_a_cycle_seen_too_soon_or_late(void **state) {
        (void) state;
        const double starts_s[] = {START_S - 4, START_S + 4};
        const struct bias bias = {.P = {{4e-4, 0, 0}, {0, 4e-4, 0}, {0, 0, 4e-4}}};
        struct cycle_fit like = fit_rep(0, ROM_M);
        struct core_params params;
        struct repfit f;

        record();
        like.eccentric.end_us = fit_us(6);
        like.concentric.start_us = fit_us(7);
        like.concentric.end_us = fit_us(11);
        core_params_init(&params);
        repfit_init(&f, &params.repfit, &fit_squat);
        repfit_expect(&f, ROM_M, true, &like);
        for (unsigned i = 0; i < ARRAY_SIZE(starts_s); i++) {
                struct window w = {.n = TICKS};
                w.before = w.a0 = (unsigned) (starts_s[i] / TICK_S);
                w.a1 = w.a0 + (unsigned) (6 / TICK_S);
                w.b0 = w.a1 + (unsigned) (1 / TICK_S);
                w.b1 = w.after = MIN(w.b0 + (unsigned) (4 / TICK_S), TICKS - 1u);
                assert_true(borders_coarse(&f, &history, &bias, 0.004, -1, &w));
                assert_near(w.a0 * TICK_S, START_S, 0.6);
                assert_near(w.a1 * TICK_S, START_S + 6, 0.6);
                assert_near(w.b0 * TICK_S, START_S + 7, 0.6);
                assert_near(w.b1 * TICK_S, START_S + 11, 0.6);
        }
}

/* A movement of two halves of 2 s with a halt of 1.5 s between them, and one back. */
static void halting_mps(float v[TICKS], double halt_mps) {
        memset(v, 0, TICKS * sizeof(v[0]));
        for (unsigned i = 0; i < 200; i++) {
                double bell = 0.15 * sin(M_PI * (i + 0.5) / 200);
                v[300 + i] = v[650 + i] = (float) -bell;
                v[1000 + i] = v[1200 + i] = (float) bell;
        }
        for (unsigned i = 500; i < 650; i++)
                v[i] = (float) halt_mps;
}

static struct borders borders_in(float v[TICKS], const struct window *w, double level) {
        struct core_params params;
        struct borders b;

        core_params_init(&params);
        assert_int_equal(borders_find(&params.repfit, v, w, -1, level, &b), 0);
        return b;
}

/* Start of the first movement, in ticks. */
static double halting_within(double halt_mps, double level, bool whole) {
        const struct window w = {.n = TICKS,
                .before = 100,
                .hold_from = 100,
                .a0 = 300,
                .a1 = 850,
                .b0 = 1000,
                .b1 = 1400,
                .after = 1700,
                .hold_until = 1700,
                .whole = whole};
        float v[TICKS];

        halting_mps(v, halt_mps);
        v[750] *= 1.05F; /* the second half is the faster one */
        return borders_in(v, &w, level).a0;
}

static double halting_from(double halt_mps, double level) {
        return halting_within(halt_mps, level, false);
}

/* Where the search was right no halt within a movement ends it, however wrong its velocity is. */
static void test_a_halt_within_a_movement(void **state) {
        (void) state;
        assert_near(halting_within(0.08, BORDER_ROUGH, true), 300, 20);
}

/* A first velocity is wrong by a few cm/s: a halt that seems to go back by so much ends no movement. In the last one it does, as
 * does what goes back faster. */
static void test_a_halt_that_seems_to_go_back(void **state) {
        (void) state;
        assert_near(halting_from(0, BORDER_ROUGH), 300, 20);
        assert_near(halting_from(0.025, BORDER_ROUGH), 300, 20);
        assert_near(halting_from(0.025, 0), 650, 20);
        assert_near(halting_from(0.08, BORDER_ROUGH), 650, 20);
}

/* Of a rep whose ROM is known, with such a halt in the lowering that goes back so fast. */
static struct cycle_fit look_back_on_halt(double halt_mps) {
        const struct bias bias = {.P = {{4e-4, 0, 0}, {0, 4e-4, 0}, {0, 0, 4e-4}}};
        const struct cycle cycle = {
                .first = {.start_us = fit_us(3),
                        .end_us = fit_us(8.5),
                        .still_since_us = fit_us(1),
                        .travel_m = 0.38,
                        .bias = bias},
                .second = {.up = true, .start_us = fit_us(10), .end_us = fit_us(14), .travel_m = 0.38},
                .until_us = fit_us(17),
        };
        struct core_params params;
        struct cycle_fit like = fit_rep(0, 0.38), fit;
        struct repfit f;
        float v[TICKS];

        halting_mps(v, halt_mps);
        memset(&history, 0, sizeof(history));
        for (unsigned i = 1; i < TICKS; i++) {
                struct moment m = {.a_mps2 = (v[i] - v[i - 1]) / (float) TICK_S, .up = {0, 0, 4096}, .got = 1};
                moment_set_noise(&m, 1e-6);
                history_push(&history, i * TICK_US, &m);
        }
        like.eccentric.end_us = fit_us(5.5);
        like.concentric.start_us = fit_us(7);
        like.concentric.end_us = fit_us(11);
        core_params_init(&params);
        repfit_init(&f, &params.repfit, &fit_squat);
        repfit_expect(&f, 0.38, true, &like);
        assert_int_equal(repfit_run(&f, &history, &cycle, &fit), 0);
        assert_true(fit.searched);
        return fit;
}

/* The finest pass takes a halt that goes back a little for the end, which the layout that was searched for contradicts. */
static void test_a_halt_that_the_search_contradicts(void **state) {
        (void) state;
        const double back_mps[] = {0, 0.01, 0.02, 0.03};
        for (unsigned i = 0; i < ARRAY_SIZE(back_mps); i++) {
                struct cycle_fit fit = look_back_on_halt(back_mps[i]);
                assert_near((double) fit.eccentric.start_us * US_S, 3, 0.3);
                assert_near((double) fit.eccentric.end_us * US_S, 8.5, 0.3);
                assert_true(fit.misfit < 5);
        }
}

/* A way of 0.5 m with the velocity s^n (1-s)^m. */
static void add_stroke(float *v, unsigned length, double sign, double n, double m) {
        double beta = tgamma(n + 1) * tgamma(m + 1) / tgamma(n + m + 2);

        for (unsigned i = 0; i < length; i++) {
                double s = (i + 0.5) / length;
                v[i] += (float) (sign * ROM_M / (length * TICK_S) * pow(s, n) * pow(1 - s, m) / beta);
        }
}

/* A lowering of 8 s and a lift of 3 s without a hold between them, by a lifter who sways. */
static void lowering_mps(float v[TICKS], double n, double m) {
        for (unsigned i = 0; i < TICKS; i++)
                v[i] = (float) (0.004 * sin(2 * M_PI * 0.6 * i * TICK_S));
        add_stroke(v + 400, 800, -1, n, m);
        add_stroke(v + 1200, 300, 1, 2, 2);
}

static const struct window lowered = {.n = TICKS,
        .before = 50,
        .hold_from = 50,
        .a0 = 400,
        .a1 = 1200,
        .b0 = 1200,
        .b1 = 1500,
        .after = 1950,
        .hold_until = 1950};

static struct borders lowering(double n, double m) {
        float v[TICKS];

        lowering_mps(v, n, m);
        return borders_in(v, &lowered, 0);
}

/* A lowering that is late begins softly, one that is early ends so: in the sway only its course as a whole shows that. */
static void test_a_skewed_lowering(void **state) {
        (void) state;
        struct borders even = lowering(2, 2), late = lowering(4, 2), early = lowering(2, 4);
        assert_near(even.a0, 400, 40);
        assert_near(even.a1, 1200, 40);
        assert_near(late.a0, 400, 80);
        assert_near(late.a1, 1200, 40);
        assert_near(early.a0, 400, 40);
        assert_near(early.a1, 1200, 80);
}

/* A bar that is let down ever faster until the floor stops it is late for that, and not for a soft beginning. */
static void test_a_lowering_that_the_floor_stops(void **state) {
        (void) state;
        float v[TICKS];
        struct borders b;

        lowering_mps(v, 2, 2);
        for (unsigned i = 400; i < 1200; i++)
                v[i] = (float) (-0.09 * fmin(1, (i - 400) / 480.0));
        b = borders_in(v, &lowered, 0);
        assert_near(b.a0, 400, 50);
        assert_near(b.a1, 1200, 20);
}

/* Before the lowering of a first rep a walk, which goes up and down; the search holds no more than the half second behind it to
 * be rest. Without a search the velocity's word counts. */
static void test_a_walk_before_is_no_rest(void **state) {
        (void) state;
        struct window w = lowered;
        float v[TICKS];

        w.before = w.hold_from = 350;
        for (unsigned searched = 2; searched-- > 0;) {
                lowering_mps(v, 2, 2);
                for (unsigned i = 50; i < 150; i++)
                        v[i] += (float) (0.2 * sin(M_PI * (i - 50) / 100));
                w.rest_from = searched ? 350 : 0;
                struct borders b = borders_in(v, &w, 0);
                assert_near(b.before, searched ? 350 : 150, 25);
                assert_near(b.a0, 400, 40);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_late_border),
                cmocka_unit_test(test_a_lowering_seen_too_soon),
                cmocka_unit_test(test_a_halt_that_seems_to_go_back),
                cmocka_unit_test(test_a_halt_within_a_movement),
                cmocka_unit_test(test_a_cycle_seen_too_soon_or_late),
                cmocka_unit_test(test_a_halt_that_the_search_contradicts),
                cmocka_unit_test(test_a_skewed_lowering),
                cmocka_unit_test(test_a_lowering_that_the_floor_stops),
                cmocka_unit_test(test_a_walk_before_is_no_rest),
        };
        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The look back on a slow rep whose live border is seconds off. */

#include <math.h>
#include <string.h>

#include <repcast/core.h>

#include "fit.h"
#include "unit.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_late_border),
        };
        return run_unit_tests(tests);
}

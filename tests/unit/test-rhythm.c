/* SPDX-License-Identifier: Apache-2.0 */
/* What the reps before foretell of the running one. */

#include <repcast/rhythm.h>

#include "unit.h"

#define REST_S 15

static struct rhythm rhythm;

/* Lowered first or lifted first; returns the end. */
static uint64_t tell(bool lowered, uint64_t at_us, double first_s, double hold_s, double second_s) {
        uint64_t a = at_us + (uint64_t) (first_s * 1e6), b = a + (uint64_t) (hold_s * 1e6);
        uint64_t c = b + (uint64_t) (second_s * 1e6);
        struct rep rep = {
                .start_us = at_us,
                .end_us = c,
                .phases = {{lowered ? PHASE_ECCENTRIC : PHASE_CONCENTRIC, at_us, a},
                        {lowered ? PHASE_CONCENTRIC : PHASE_ECCENTRIC, b, c}},
                .n_phases = 2,
        };
        rhythm_learn(&rhythm, &rep, REST_S);
        return c;
}

static double usual(enum phase phase) {
        return rhythm_usual(&rhythm, phase, -1);
}

static void test_phases_are_learned(void **state) {
        (void) state;
        rhythm_forget(&rhythm);
        assert_near(usual(PHASE_ECCENTRIC), -1, 0);
        uint64_t end_us = tell(true, 1000000, 4, 1, 2);
        assert_near(usual(PHASE_ECCENTRIC), 4, 1e-6);
        assert_near(usual(PHASE_BOTTOM), 1, 1e-6);
        assert_near(usual(PHASE_CONCENTRIC), 2, 1e-6);
        assert_near(usual(PHASE_TOP), -1, 0); /* takes two */
        end_us = tell(true, end_us + 500000, 5, 1, 2);
        assert_near(usual(PHASE_ECCENTRIC), 4.5, 1e-6);
        assert_near(usual(PHASE_TOP), 0.5, 1e-6);
        tell(true, end_us + 20000000, 4, 1, 2); /* another set */
        assert_near(usual(PHASE_TOP), 0.5, 1e-6);
        tell(true, end_us - 3000000, 4, 1, 2); /* found late */
        assert_near(usual(PHASE_TOP), 0.5, 1e-6);
        assert_near(usual(PHASE_REST), -1, 0);
}

static void test_the_concentric_may_come_first(void **state) {
        (void) state;
        rhythm_forget(&rhythm);
        uint64_t end_us = tell(false, 1000000, 1, 0.3, 3);
        tell(false, end_us + 2000000, 1, 0.3, 3);
        assert_near(usual(PHASE_TOP), 0.3, 1e-6);
        assert_near(usual(PHASE_ECCENTRIC), 3, 1e-6);
        assert_near(usual(PHASE_BOTTOM), 2, 1e-6);
}

static void test_the_newest_count(void **state) {
        (void) state;
        uint64_t end_us = 1000000;
        rhythm_forget(&rhythm);
        for (unsigned i = 0; i < 20; i++)
                end_us = tell(true, end_us, i < 10 ? 2 : 6, 0, 1);
        assert_near(usual(PHASE_ECCENTRIC), 6, 0.1);
}

static void test_what_is_due(void **state) {
        (void) state;
        rhythm_forget(&rhythm);
        assert_near(rhythm_over(&rhythm, PHASE_ECCENTRIC, 3, 0), 0, 0); /* nothing is known */
        tell(true, tell(true, 1000000, 4, 0, 2), 4, 0, 2);
        assert_near(rhythm_over(&rhythm, PHASE_ECCENTRIC, 4, 0), 0, 1e-6);
        assert_true(rhythm_over(&rhythm, PHASE_ECCENTRIC, 3, 0) < -1);
        assert_true(rhythm_over(&rhythm, PHASE_ECCENTRIC, 5, 0) > 1);
        assert_near(rhythm_over(&rhythm, PHASE_ECCENTRIC, 6, 2), 0, 1e-6); /* as well as the concentric */
        assert_near(rhythm_over(&rhythm, PHASE_ECCENTRIC, 100, 0), 2.94, 0.01);
        assert_near(rhythm_over(&rhythm, PHASE_REST, 4, 0), 0, 0);
        assert_near(rhythm_odds(0), 0, 1e-9);
        assert_near(rhythm_odds(-40), -2.94, 0.01); /* one rep in ten is like none before */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_phases_are_learned),
                cmocka_unit_test(test_the_concentric_may_come_first),
                cmocka_unit_test(test_the_newest_count),
                cmocka_unit_test(test_what_is_due),
        };
        return run_unit_tests(tests);
}

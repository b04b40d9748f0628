/* SPDX-License-Identifier: Apache-2.0 */
/* Movements to cycles: every state with every kind of movement, and what lifters do. */

#include <repcast/core.h>

#include "unit.h"
#include "util/macros.h"

static struct cycler cycler;
static struct cycle cycle;
static uint64_t now_us;

static void start(enum exercise_start order) {
        struct core_params p;
        struct exercise e = {
                .start = order, .rom_min_m = 0.2, .rom_typical_m = 0.5, .incline_deg = 90, .set_gap_s = 20};
        core_params_init(&p);
        cycle_init(&cycler, &p.cycle, &e);
        now_us = 1000000;
}

/* A movement after a wait, and what comes of it at once or, still_s later, in the hold after it. */
static enum cycle_result moves(bool up, double travel_m, double wait_s) {
        now_us += (uint64_t) (wait_s * 1e6);
        struct move m = {.up = up, .start_us = now_us, .end_us = now_us + 1000000, .travel_m = travel_m};
        enum cycle_result r = travel_m > cycler.blip_m ? cycle_begin(&cycler, up, now_us, &cycle) : CYCLE_NONE;
        now_us = m.end_us;
        enum cycle_result s = cycle_move(&cycler, &m, true, &cycle);
        if (s == CYCLE_NONE && r == CYCLE_NONE)
                s = cycle_still(&cycler, 0.4, &cycle);
        return s != CYCLE_NONE ? s : r;
}

static void put(enum cycle_state state) {
        start(EXERCISE_START_TOP);
        if (state != CYCLE_EMPTY)
                moves(false, 0.5, 0);
        if (state == CYCLE_SECOND)
                moves(true, 0.25, 0);
        assert_int_equal(cycler.state, state);
}

static void test_every_state_and_movement(void **state) {
        (void) state;
        enum movement { BLIP_DOWN, BLIP_UP, DOWN, UP, STILL_LONG, _MOVEMENT_MAX };
        static const struct {
                enum cycle_result result;
                enum cycle_state next;
        } want[_CYCLE_STATE_MAX][_MOVEMENT_MAX] = {
                [CYCLE_EMPTY] = {{CYCLE_NONE, CYCLE_EMPTY}, {CYCLE_NONE, CYCLE_EMPTY},
                        {CYCLE_NONE, CYCLE_FIRST}, {CYCLE_STRAY, CYCLE_EMPTY}, {CYCLE_NONE, CYCLE_EMPTY}},
                [CYCLE_FIRST] = {{CYCLE_NONE, CYCLE_FIRST}, {CYCLE_NONE, CYCLE_FIRST},
                        {CYCLE_NONE, CYCLE_FIRST}, {CYCLE_DONE, CYCLE_EMPTY}, {CYCLE_STRAY, CYCLE_EMPTY}},
                [CYCLE_SECOND] = {{CYCLE_NONE, CYCLE_SECOND}, {CYCLE_NONE, CYCLE_SECOND},
                        {CYCLE_DONE, CYCLE_FIRST}, {CYCLE_DONE, CYCLE_EMPTY}, {CYCLE_DONE, CYCLE_EMPTY}},
        };
        for (unsigned s = 0; s < _CYCLE_STATE_MAX; s++)
                for (unsigned m = 0; m < _MOVEMENT_MAX; m++) {
                        put(s);
                        enum cycle_result r = m == STILL_LONG
                                ? cycle_still(&cycler, 60, &cycle)
                                : moves(m == UP || m == BLIP_UP, m >= DOWN ? 0.45 : 0.02, 0.1);
                        assert_int_equal(r, want[s][m].result);
                        assert_int_equal(cycler.state, want[s][m].next);
                }
}

static void test_hesitation_is_one_movement(void **state) {
        (void) state;
        start(EXERCISE_START_TOP);
        assert_int_equal(moves(false, 0.2, 0), CYCLE_NONE);
        assert_int_equal(moves(false, 0.3, 1.5), CYCLE_NONE);
        assert_int_equal(moves(true, 0.3, 0), CYCLE_NONE);
        assert_int_equal(moves(true, 0.2, 0.5), CYCLE_DONE); /* a sticking point */
        assert_near(cycle.first.travel_m, 0.5, 1e-9);
        assert_near(cycle.second.travel_m, 0.5, 1e-9);
}

static void test_bounce_stays_in_the_eccentric(void **state) {
        (void) state;
        start(EXERCISE_START_TOP);
        moves(false, 0.5, 0);
        assert_int_equal(moves(true, 0.1, 0), CYCLE_NONE);
        assert_int_equal(moves(false, 0.1, 0), CYCLE_NONE);
        assert_int_equal(moves(true, 0.5, 0), CYCLE_DONE);
        assert_near(cycle.first.travel_m, 0.5, 1e-9);
}

static void test_concentric_first(void **state) {
        (void) state;
        start(EXERCISE_START_BOTTOM);
        assert_int_equal(moves(false, 0.5, 0), CYCLE_STRAY);
        assert_int_equal(moves(true, 0.5, 0), CYCLE_NONE);
        assert_int_equal(moves(false, 0.5, 1), CYCLE_DONE);
        assert_true(cycle.first.up);
}

/* A dumbbell is hoisted, then lowered and pressed: the hoist and the lowering are refused as a rep, and the lowering
 * is the first movement of the next. */
static void test_either_order(void **state) {
        (void) state;
        start(EXERCISE_START_EITHER);
        moves(true, 0.9, 0);
        assert_int_equal(moves(false, 0.4, 1), CYCLE_DONE);
        cycle_refuse(&cycler, &cycle);
        assert_int_equal(moves(true, 0.4, 0), CYCLE_DONE);
        assert_false(cycle.first.up);
}

/* A slow press that seems to be over and then goes on is one, unless it rests too long or goes too far for one. Where either
 * movement may lead, the way up may be another rep's. */
static void test_a_cycle_that_goes_on(void **state) {
        (void) state;
        static const struct {
                enum exercise_start order;
                bool first_up;
                double lasts_s, wait_s, travel_m;
                bool goes_on;
        } cases[] = {
                {EXERCISE_START_TOP, false, 6, 1, 0.2, true},
                {EXERCISE_START_BOTTOM, true, 6, 1, 0.2, true},
                {EXERCISE_START_TOP, false, 6, 3, 0.2, false},
                {EXERCISE_START_TOP, false, 6, 1, 0.9, false},
                {EXERCISE_START_TOP, false, 1, 1, 0.2, false},
                {EXERCISE_START_EITHER, false, 6, 1, 0.2, false},
        };
        for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
                bool up = !cases[i].first_up;
                struct cycle whole;

                start(cases[i].order);
                moves(cases[i].first_up, 0.5, 10);
                assert_int_equal(moves(up, 0.4, 2), CYCLE_DONE);
                cycler.cycle.first.start_us -= (uint64_t) ((cases[i].lasts_s - 1) * 1e6);
                uint64_t start_us = now_us + (uint64_t) (cases[i].wait_s * 1e6);
                struct move m = {
                        .up = up,
                        .start_us = start_us,
                        .end_us = start_us + 1000000,
                        .travel_m = cases[i].travel_m,
                };
                assert_int_equal(cycle_goes_on(&cycler, &m, &whole), cases[i].goes_on);
                if (!cases[i].goes_on)
                        continue;
                assert_int_equal(whole.second.start_us, cycle.second.start_us);
                assert_int_equal(whole.second.end_us, m.end_us);
                assert_int_equal(whole.until_us, m.end_us);
                assert_near(whole.second.travel_m, 0.6, 1e-9);
                m.up = !up;
                assert_false(cycle_goes_on(&cycler, &m, &whole));
        }

        put(CYCLE_EMPTY); /* nothing was handed out */
        struct move m = {.up = true, .end_us = 1000000, .travel_m = 0.3};
        assert_false(cycle_goes_on(&cycler, &m, &cycle));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_state_and_movement),
                cmocka_unit_test(test_hesitation_is_one_movement),
                cmocka_unit_test(test_bounce_stays_in_the_eccentric),
                cmocka_unit_test(test_concentric_first),
                cmocka_unit_test(test_either_order),
                cmocka_unit_test(test_a_cycle_that_goes_on),
        };
        return run_unit_tests(tests);
}

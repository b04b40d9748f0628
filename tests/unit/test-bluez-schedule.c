/* SPDX-License-Identifier: Apache-2.0 */
/* Which adapter, whose turn, and when the adapter is to blame: decisions as tables. */

#include "bluez/bluez.h"
#include "bluez/schedule.h"
#include "unit.h"
#include "util/macros.h"

#define NONE BLUEZ_RSSI_NONE

static void test_adapter(void **state) {
        static const struct {
                const char *what;
                struct sight sights[3]; /* usable, had, rssi_dbm, free_slots */
                int best;
        } cases[] = {
                {"none is usable", {{false, true, -40, 7}, {false, false, -40, 7}, {false, false, -40, 7}}, -1},
                {"the only one", {{false, true, -40, 7}, {true, false, -90, 1}, {false, false, -40, 7}}, 1},
                {"clearly the strongest", {{true, false, -80, 7}, {true, false, -50, 1}, {true, false, -70, 7}},
                        1},
                {"close: more free slots",
                        {{true, false, -54, 7}, {true, false, -50, 1}, {true, false, -70, 7}}, 0},
                {"not close any more", {{true, false, -55, 7}, {true, false, -50, 1}, {true, false, -70, 7}},
                        1},
                {"same slots: the strongest",
                        {{true, false, -54, 3}, {true, false, -50, 3}, {true, false, -51, 3}}, 1},
                {"stays where it was", {{true, true, -65, 1}, {true, false, -50, 7}, {true, false, -70, 7}}, 0},
                {"... not at any price", {{true, true, -66, 1}, {true, false, -50, 7}, {true, false, -70, 7}},
                        1},
                {"... and not where it cannot",
                        {{false, true, -50, 1}, {true, false, -80, 7}, {true, false, -81, 6}}, 1},
                {"not heard is the weakest",
                        {{true, false, NONE, 7}, {true, false, -90, 1}, {true, false, NONE, 7}}, 1},
                {"nobody has heard it: slots",
                        {{true, false, NONE, 1}, {true, false, NONE, 2}, {true, false, NONE, 1}}, 1},
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                if (schedule_adapter(cases[i].sights, 3) != cases[i].best)
                        fail_msg("%s: %d, wanted %d", cases[i].what, schedule_adapter(cases[i].sights, 3),
                                cases[i].best);
        assert_int_equal(schedule_adapter(NULL, 0), -1);
}

/* The order in which adapters stand is chance. */
static void test_adapter_whatever_the_order(void **state) {
        struct sight sights[4] = {
                {true, false, -50, 2}, {true, false, -53, 3}, {true, false, -57, 9}, {true, false, -80, 9}};

        (void) state;
        for (unsigned turn = 0; turn < 4; turn++) {
                struct sight first = sights[0];

                assert_int_equal(sights[schedule_adapter(sights, 4)].rssi_dbm, -53);
                for (unsigned i = 0; i < 3; i++)
                        sights[i] = sights[i + 1];
                sights[3] = first;
        }
}

static void test_turn(void **state) {
        static const uint64_t s = 1000000;
        static const struct {
                const char *what;
                struct candidate candidates[3]; /* fresh, since_us, rssi_dbm */
                int first;
        } cases[] = {
                {"who waits longest", {{true, 30 * s, -50}, {true, 10 * s, -90}, {true, 20 * s, -50}}, 1},
                {"heard lately before all", {{false, 10 * s, -50}, {false, 11 * s, -50}, {true, 20 * s, -90}},
                        2},
                {"at the same time: the strongest",
                        {{true, 10 * s, -80}, {true, 10 * s + 5, -60}, {true, 10 * s, -70}}, 1},
                {"one second is longer", {{true, 11 * s, -50}, {true, 10 * s, -90}, {true, 12 * s, -50}}, 1},
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                if (schedule_next(cases[i].candidates, 3) != cases[i].first)
                        fail_msg("%s: %d, wanted %d", cases[i].what, schedule_next(cases[i].candidates, 3),
                                cases[i].first);
        assert_int_equal(schedule_next(NULL, 0), -1);
}

static void test_breaker_opens(void **state) {
        struct breaker b = {0};

        (void) state;
        /* One sensor that fails for ever is at fault itself. */
        for (unsigned i = 0; i < 100; i++)
                assert_false(breaker_failed(&b, 1, 6, 3));
        breaker_succeeded(&b);
        assert_false(breaker_failed(&b, 1, 6, 3));
        assert_false(breaker_failed(&b, 2, 6, 3));
        assert_false(breaker_failed(&b, 3, 6, 3));
        assert_false(breaker_failed(&b, 1, 6, 3));
        assert_false(breaker_failed(&b, 2, 6, 3));
        assert_true(breaker_failed(&b, 3, 6, 3));
        /* It starts anew. */
        assert_false(breaker_failed(&b, 3, 6, 3));
        /* A success in between forgives. */
        for (unsigned i = 0; i < 5; i++)
                assert_false(breaker_failed(&b, i, 100, 3));
        breaker_succeeded(&b);
        assert_int_equal(b.failures, 0);
        /* More sensors than are counted, and more demanded than are counted. */
        for (uint32_t i = 0; i < 99; i++)
                assert_false(breaker_failed(&b, i, 100, 50));
        assert_true(breaker_failed(&b, 99, 100, 50));
}

static void test_breaker_learns(void **state) {
        struct breaker b = {0};

        (void) state;
        assert_int_equal(breaker_max_links(&b, 7, 0), 7);
        for (unsigned i = 0; i < 10; i++)
                assert_false(breaker_full(&b, 3, 0)); /* so few links fill no adapter */
        assert_false(breaker_full(&b, 5, 10));
        assert_false(breaker_full(&b, 5, 20));
        breaker_succeeded(&b);
        assert_false(breaker_full(&b, 5, 30));
        assert_false(breaker_full(&b, 5, 40));
        assert_true(breaker_full(&b, 5, 50));
        assert_int_equal(breaker_max_links(&b, 7, 60), 5);
        assert_int_equal(breaker_max_links(&b, 3, 60), 3);
        breaker_succeeded(&b);
        assert_int_equal(breaker_max_links(&b, 7, 60), 5);
        assert_int_equal(breaker_max_links(&b, 7, 50 + BREAKER_LEARNED_US), 7);
}

static void test_ladder(void **state) {
        (void) state;
        assert_int_equal(ladder_silent(LADDER_HEARS, true), LADDER_RESTARTED);
        assert_int_equal(ladder_silent(LADDER_HEARS, false), LADDER_RESTARTED);
        assert_int_equal(ladder_silent(LADDER_RESTARTED, true), LADDER_CYCLED);
        assert_int_equal(ladder_silent(LADDER_RESTARTED, false), LADDER_TOLD);
        for (unsigned may = 0; may < 2; may++) {
                assert_int_equal(ladder_silent(LADDER_CYCLED, may), LADDER_TOLD);
                assert_int_equal(ladder_silent(LADDER_TOLD, may), LADDER_TOLD);
        }
        for (unsigned i = 0; i < _LADDER_MAX; i++)
                assert_non_null(ladder_to_string(i));
        assert_null(ladder_to_string(_LADDER_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_adapter),
                cmocka_unit_test(test_adapter_whatever_the_order),
                cmocka_unit_test(test_turn),
                cmocka_unit_test(test_breaker_opens),
                cmocka_unit_test(test_breaker_learns),
                cmocka_unit_test(test_ladder),
        };
        return run_unit_tests(tests);
}

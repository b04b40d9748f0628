/* SPDX-License-Identifier: Apache-2.0 */
/* Every state of an adapter with every event, as the picture in bluez/radio.h has it: the moves are listed, every other
 * pair stays. */

#include "bluez/radio.h"
#include "unit.h"
#include "util/macros.h"

#define R(x) RADIO_##x

static const struct {
        enum radio_state from;
        enum radio_event on;
        enum radio_state to;
} moves[] = {
        {R(GONE), R(POWERED), R(IDLE)},
        {R(GONE), R(UNPOWERED), R(OFF)},
        {R(OFF), R(POWERED), R(IDLE)},
        {R(IDLE), R(SCAN), R(STARTING)},
        {R(IDLE), R(TURN), R(BUSY)},
        {R(IDLE), R(TROUBLE), R(RESTING)},
        {R(IDLE), R(CYCLE), R(CYCLING)},
        {R(STARTING), R(DONE), R(SCANNING)},
        {R(STARTING), R(FAILED), R(IDLE)},
        {R(STARTING), R(DEADLINE), R(IDLE)},
        {R(SCANNING), R(HALT), R(STOPPING)},
        {R(STOPPING), R(DONE), R(IDLE)},
        {R(STOPPING), R(FAILED), R(IDLE)},
        {R(STOPPING), R(DEADLINE), R(IDLE)},
        {R(BUSY), R(OVER), R(IDLE)},
        {R(RESTING), R(DEADLINE), R(IDLE)},
        {R(RESTING), R(CYCLE), R(CYCLING)},
        {R(CYCLING), R(UNPOWERED), R(DARK)},
        {R(CYCLING), R(FAILED), R(IDLE)},
        {R(CYCLING), R(DEADLINE), R(IDLE)},
        {R(DARK), R(POWERED), R(IDLE)},
        {R(DARK), R(FAILED), R(OFF)},
        {R(DARK), R(DEADLINE), R(OFF)},
};

static enum radio_state wanted(enum radio_state from, enum radio_event on) {
        if (on == RADIO_UNPLUGGED)
                return RADIO_GONE;
        for (size_t i = 0; i < ARRAY_SIZE(moves); i++)
                if (moves[i].from == from && moves[i].on == on)
                        return moves[i].to;
        if (on == RADIO_UNPOWERED && from != RADIO_DARK)
                return RADIO_OFF;
        return from;
}

static void test_every_pair(void **state) {
        (void) state;
        for (unsigned s = 0; s < _RADIO_STATE_MAX; s++)
                for (unsigned e = 0; e < _RADIO_EVENT_MAX; e++)
                        if (radio_next(s, e) != wanted(s, e))
                                fail_msg("%s with event %u: %s, wanted %s", radio_state_to_string(s), e,
                                        radio_state_to_string(radio_next(s, e)),
                                        radio_state_to_string(wanted(s, e)));
        assert_int_equal(radio_next(_RADIO_STATE_MAX, RADIO_POWERED), RADIO_GONE);
        assert_int_equal(radio_next(RADIO_IDLE, _RADIO_EVENT_MAX), RADIO_GONE);
}

/* A turn is given from rest only: never while discovery runs, or is being begun or ended. */
static void test_a_turn_begins_from_rest(void **state) {
        (void) state;
        for (unsigned s = 0; s < _RADIO_STATE_MAX; s++)
                if (s != RADIO_IDLE && s != RADIO_BUSY)
                        assert_int_not_equal(radio_next(s, RADIO_TURN), RADIO_BUSY);
        for (unsigned e = 0; e < _RADIO_EVENT_MAX; e++)
                assert_int_not_equal(radio_next(RADIO_BUSY, e), RADIO_STARTING);
}

/* Every state that waits for an answer has a way out without one. */
static void test_nothing_hangs(void **state) {
        static const enum radio_state waiting[] = {
                RADIO_STARTING, RADIO_STOPPING, RADIO_RESTING, RADIO_CYCLING, RADIO_DARK};

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(waiting); i++)
                assert_int_not_equal(radio_next(waiting[i], RADIO_DEADLINE), waiting[i]);
}

static void test_words(void **state) {
        (void) state;
        for (unsigned s = 0; s < _RADIO_STATE_MAX; s++) {
                assert_non_null(radio_state_to_string(s));
                assert_in_range(radio_public_state(s), 0, _BLUEZ_ADAPTER_STATE_MAX - 1);
        }
        for (unsigned s = 0; s < _BLUEZ_ADAPTER_STATE_MAX; s++)
                assert_non_null(bluez_adapter_state_to_string(s));
        assert_null(radio_state_to_string(_RADIO_STATE_MAX));
        assert_null(bluez_adapter_state_to_string(_BLUEZ_ADAPTER_STATE_MAX));
        assert_int_equal(radio_public_state(_RADIO_STATE_MAX), BLUEZ_ADAPTER_GONE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_pair),
                cmocka_unit_test(test_a_turn_begins_from_rest),
                cmocka_unit_test(test_nothing_hangs),
                cmocka_unit_test(test_words),
        };
        return run_unit_tests(tests);
}

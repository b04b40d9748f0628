/* SPDX-License-Identifier: Apache-2.0 */
/* Every state with every event, as the picture in mqtt/link.h has it. */

#include "mqtt/link.h"
#include "unit.h"

static void test_every_pair(void **state) {
        (void) state;
        enum {
                D = LINK_DOWN,
                C = LINK_CONNECTING,
                K = LINK_CLAIMING,
                O = LINK_ONLINE,
                M = LINK_MOVING,
                R = LINK_DRAINING,
                L = LINK_LEAVING,
                S = LINK_STOPPED
        };
        static const unsigned wanted[_LINK_STATE_MAX][_LINK_EVENT_MAX] = {
                /* DEADLINE, ACCEPTED, FAILED, STOP, DRAINED, ACKED, GRANTED, REFUSED, HOME */
                [LINK_DOWN] = {C, D, D, S, D, D, D, D, D},
                [LINK_CONNECTING] = {D, K, D, C, C, C, C, C, C},
                [LINK_CLAIMING] = {O, K, D, K, K, K, O, D, K},
                [LINK_ONLINE] = {O, O, D, R, O, O, O, D, M},
                [LINK_MOVING] = {D, M, D, M, M, D, M, D, M},
                [LINK_DRAINING] = {L, R, S, R, L, R, R, S, R},
                [LINK_LEAVING] = {S, L, S, L, L, S, L, L, L},
                [LINK_STOPPED] = {S, S, S, S, S, S, S, S, S},
        };
        for (unsigned s = 0; s < _LINK_STATE_MAX; s++)
                for (unsigned e = 0; e < _LINK_EVENT_MAX; e++)
                        if (link_next(s, e) != wanted[s][e])
                                fail_msg("%s with event %u: %s, wanted %s", link_state_to_string(s), e,
                                        link_state_to_string(link_next(s, e)),
                                        link_state_to_string(wanted[s][e]));
}

/* From everywhere, failing and running out of time ends a stop: it cannot hang. */
static void test_a_stop_always_ends(void **state) {
        (void) state;
        for (unsigned s = 0; s < _LINK_STATE_MAX; s++) {
                enum link_state now = s;
                for (int turn = 0; turn < 4 && now != LINK_STOPPED; turn++) {
                        now = link_next(now, LINK_EVENT_STOP);
                        if (now != LINK_STOPPED)
                                now = link_next(now, LINK_EVENT_DEADLINE);
                }
                assert_int_equal(now, LINK_STOPPED);
        }
}

static void test_words(void **state) {
        (void) state;
        for (unsigned s = 0; s < _LINK_STATE_MAX; s++)
                assert_non_null(link_state_to_string(s));
        assert_null(link_state_to_string(_LINK_STATE_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_pair),
                cmocka_unit_test(test_a_stop_always_ends),
                cmocka_unit_test(test_words),
        };
        return run_unit_tests(tests);
}

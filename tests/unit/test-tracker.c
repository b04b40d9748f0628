/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker's state machine, every state with every event. */

#include <repcast/tracker.h>

#include "unit.h"

static void test_every_pair(void **state) {
        (void) state;
        static const enum track_mode next[_TRACK_MODE_MAX][_TRACK_EVENT_MAX] = {
                /*                GOES_DOWN   GOES_UP   STOPS         TIRES       LOSES */
                [TRACK_IDLE] = {TRACK_DOWN, TRACK_UP, TRACK_IDLE, TRACK_IDLE, TRACK_IDLE},
                [TRACK_DOWN] = {TRACK_DOWN, TRACK_UP, TRACK_BOTTOM, TRACK_DOWN, TRACK_IDLE},
                [TRACK_BOTTOM] = {TRACK_DOWN, TRACK_UP, TRACK_BOTTOM, TRACK_IDLE, TRACK_IDLE},
                [TRACK_UP] = {TRACK_DOWN, TRACK_UP, TRACK_TOP, TRACK_UP, TRACK_IDLE},
                [TRACK_TOP] = {TRACK_DOWN, TRACK_UP, TRACK_TOP, TRACK_IDLE, TRACK_IDLE},
        };
        for (unsigned m = 0; m < _TRACK_MODE_MAX; m++)
                for (unsigned e = 0; e < _TRACK_EVENT_MAX; e++)
                        assert_int_equal(track_next(m, e), next[m][e]);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_pair)};
        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Every state with every event, as the picture in bluez/link.h has it: the moves are listed, every other pair stays. */

#include "bluez/link.h"
#include "unit.h"
#include "util/macros.h"

#define S(x) BLUEZ_LINK_##x

static const struct {
        enum bluez_link_state from;
        enum bluez_link_event on;
        enum bluez_link_state to;
} moves[] = {
        {S(SEEKING), S(SEEN), S(QUEUED)},
        {S(SEEKING), S(STOP), S(STOPPED)},
        {S(QUEUED), S(TURN), S(CONNECTING)},
        {S(QUEUED), S(GONE), S(SEEKING)},
        {S(QUEUED), S(STOP), S(STOPPED)},
        {S(CONNECTING), S(UP), S(RESOLVING)},
        {S(CONNECTING), S(FAILED), S(CLOSING)},
        {S(CONNECTING), S(DEADLINE), S(CLOSING)},
        {S(CONNECTING), S(DOWN), S(BACKOFF)},
        {S(CONNECTING), S(SPOILT), S(BACKOFF)},
        {S(CONNECTING), S(GONE), S(SEEKING)},
        {S(CONNECTING), S(STOP), S(CLOSING)},
        {S(RESOLVING), S(RESOLVED), S(SETTLING)},
        {S(RESOLVING), S(FAILED), S(CLOSING)},
        {S(RESOLVING), S(DEADLINE), S(CLOSING)},
        {S(RESOLVING), S(DOWN), S(BACKOFF)},
        {S(RESOLVING), S(SPOILT), S(QUARANTINE)},
        {S(RESOLVING), S(GONE), S(SEEKING)},
        {S(RESOLVING), S(STOP), S(CLOSING)},
        {S(SETTLING), S(FOUND), S(PAIRING)},
        {S(SETTLING), S(FAILED), S(CLOSING)},
        {S(SETTLING), S(DEADLINE), S(CLOSING)},
        {S(SETTLING), S(DOWN), S(BACKOFF)},
        {S(SETTLING), S(SPOILT), S(QUARANTINE)},
        {S(SETTLING), S(GONE), S(SEEKING)},
        {S(SETTLING), S(STOP), S(CLOSING)},
        {S(PAIRING), S(BONDED), S(PREPARING)},
        {S(PAIRING), S(FAILED), S(CLOSING)},
        {S(PAIRING), S(DEADLINE), S(CLOSING)},
        {S(PAIRING), S(DOWN), S(BACKOFF)},
        {S(PAIRING), S(SPOILT), S(BACKOFF)},
        {S(PAIRING), S(GONE), S(SEEKING)},
        {S(PAIRING), S(STOP), S(CLOSING)},
        {S(PREPARING), S(READY), S(STREAMING)},
        {S(PREPARING), S(FAILED), S(CLOSING)},
        {S(PREPARING), S(DEADLINE), S(CLOSING)},
        {S(PREPARING), S(DOWN), S(BACKOFF)},
        {S(PREPARING), S(SPOILT), S(BACKOFF)},
        {S(PREPARING), S(GONE), S(SEEKING)},
        {S(PREPARING), S(STOP), S(CLOSING)},
        {S(STREAMING), S(FAILED), S(CLOSING)},
        {S(STREAMING), S(DEADLINE), S(CLOSING)},
        {S(STREAMING), S(DOWN), S(BACKOFF)},
        {S(STREAMING), S(SPOILT), S(BACKOFF)},
        {S(STREAMING), S(GONE), S(SEEKING)},
        {S(STREAMING), S(STOP), S(CLOSING)},
        {S(CLOSING), S(DEADLINE), S(BACKOFF)},
        {S(CLOSING), S(DOWN), S(BACKOFF)},
        {S(CLOSING), S(SPOILT), S(QUARANTINE)},
        {S(CLOSING), S(GONE), S(SEEKING)},
        {S(BACKOFF), S(DEADLINE), S(SEEKING)},
        {S(BACKOFF), S(GONE), S(SEEKING)},
        {S(BACKOFF), S(STOP), S(STOPPED)},
        {S(QUARANTINE), S(DEADLINE), S(SEEKING)},
        {S(QUARANTINE), S(GONE), S(SEEKING)},
        {S(QUARANTINE), S(STOP), S(STOPPED)},
};

static enum bluez_link_state wanted(enum bluez_link_state from, enum bluez_link_event on) {
        for (size_t i = 0; i < ARRAY_SIZE(moves); i++)
                if (moves[i].from == from && moves[i].on == on)
                        return moves[i].to;
        return from;
}

static void test_every_pair(void **state) {
        (void) state;
        for (unsigned s = 0; s < _BLUEZ_LINK_STATE_MAX; s++)
                for (unsigned e = 0; e < _BLUEZ_LINK_EVENT_MAX; e++)
                        if (bluez_link_next(s, e) != wanted(s, e))
                                fail_msg("%s with %s: %s, wanted %s", bluez_link_state_to_string(s),
                                        bluez_link_event_to_string(e),
                                        bluez_link_state_to_string(bluez_link_next(s, e)),
                                        bluez_link_state_to_string(wanted(s, e)));
        assert_int_equal(bluez_link_next(_BLUEZ_LINK_STATE_MAX, BLUEZ_LINK_SEEN), BLUEZ_LINK_STOPPED);
        assert_int_equal(bluez_link_next(BLUEZ_LINK_SEEKING, _BLUEZ_LINK_EVENT_MAX), BLUEZ_LINK_STOPPED);
}

/* From everywhere, a stop that runs out of time still ends, and never leaves an open link behind without having been
 * in CLOSING. */
static void test_a_stop_always_ends(void **state) {
        (void) state;
        for (unsigned s = 0; s < _BLUEZ_LINK_STATE_MAX; s++) {
                enum bluez_link_state now = s;
                bool closed = !bluez_link_is_open(now);

                for (int turn = 0; turn < 4 && now != BLUEZ_LINK_STOPPED; turn++) {
                        now = bluez_link_next(now, BLUEZ_LINK_STOP);
                        closed |= now == BLUEZ_LINK_CLOSING;
                        if (now != BLUEZ_LINK_STOPPED)
                                now = bluez_link_next(now, BLUEZ_LINK_DEADLINE);
                }
                assert_int_equal(now, BLUEZ_LINK_STOPPED);
                assert_true(closed);
        }
}

/* No state but SEEKING, QUEUED and STREAMING may last for ever, so each must have a way out by its deadline. */
static void test_nothing_hangs(void **state) {
        (void) state;
        for (unsigned s = 0; s < _BLUEZ_LINK_STATE_MAX; s++)
                if (s != BLUEZ_LINK_SEEKING && s != BLUEZ_LINK_QUEUED && s != BLUEZ_LINK_STOPPED)
                        assert_int_not_equal(bluez_link_next(s, BLUEZ_LINK_DEADLINE), s);
}

static void test_the_good_way(void **state) {
        (void) state;
        static const enum bluez_link_event way[] = {BLUEZ_LINK_SEEN, BLUEZ_LINK_TURN, BLUEZ_LINK_UP,
                BLUEZ_LINK_RESOLVED, BLUEZ_LINK_FOUND, BLUEZ_LINK_BONDED, BLUEZ_LINK_READY};
        enum bluez_link_state now = BLUEZ_LINK_SEEKING;

        for (size_t i = 0; i < ARRAY_SIZE(way); i++) {
                now = bluez_link_next(now, way[i]);
                assert_int_equal(bluez_link_keeps_turn(now), i >= 1 && i < ARRAY_SIZE(way) - 1);
        }
        assert_int_equal(now, BLUEZ_LINK_STREAMING);
        assert_true(bluez_link_keeps_turn(BLUEZ_LINK_CLOSING));
        assert_true(bluez_link_is_open(BLUEZ_LINK_CLOSING));
        assert_false(bluez_link_is_open(BLUEZ_LINK_BACKOFF));
}

static void test_words(void **state) {
        (void) state;
        for (unsigned s = 0; s < _BLUEZ_LINK_STATE_MAX; s++)
                assert_non_null(bluez_link_state_to_string(s));
        for (unsigned e = 0; e < _BLUEZ_LINK_EVENT_MAX; e++)
                assert_non_null(bluez_link_event_to_string(e));
        assert_null(bluez_link_state_to_string(_BLUEZ_LINK_STATE_MAX));
        assert_null(bluez_link_event_to_string(_BLUEZ_LINK_EVENT_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_pair),
                cmocka_unit_test(test_a_stop_always_ends),
                cmocka_unit_test(test_nothing_hangs),
                cmocka_unit_test(test_the_good_way),
                cmocka_unit_test(test_words),
        };
        return run_unit_tests(tests);
}

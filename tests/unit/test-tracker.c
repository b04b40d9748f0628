/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker's state machine, every state with every event; and that it loses nothing of a movement out of rest. */

#include <repcast/core.h>

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

/* A bar lies for so many ticks and is then pushed up. Returns how long before the push the movement is said to begin. */
static int64_t head_start_us(unsigned ticks) {
        static struct history history;
        const struct exercise squat = {.rom_typical_m = 0.5, .rom_min_m = 0.2, .set_gap_s = 15};
        double bias_P[3][3] = {{1e-4, 0, 0}, {0, 1e-4, 0}, {0, 0, 1e-4}};
        struct core_params params;
        struct tracker t;
        struct track track = {.mode = TRACK_IDLE};

        core_params_init(&params);
        history_reset(&history);
        tracker_init(&t, &params.tracker, &params.cycle, &params.vertical, &squat);
        tracker_trust(&t, bias_P);
        for (unsigned i = 1; i < ticks + 100 && !track.changed; i++) {
                bool lies = i <= ticks;
                struct motion m = {.a_mps2 = lies ? 0 : 0.5,
                        .up = {0, 0, 1},
                        .q_m2ps3 = 1e-5,
                        .quiet = lies,
                        .silent_s = lies ? i * TICK_S : 0};
                struct moment moment = {.a_mps2 = (float) m.a_mps2, .up = {0, 0, 4096}};

                moment_set_noise(&moment, m.q_m2ps3);
                history_push(&history, (uint64_t) i * TICK_US, &moment);
                tracker_push(&t, &m, &history, &track);
                if (lies && i > 400)
                        assert_true(track.lies);
                if (i == ticks + 3) /* no tick of the push waits */
                        assert_near(track.v_mps, 3 * TICK_S * 0.5, 0.002);
        }
        assert_true(track.changed);
        assert_int_equal(track.mode, TRACK_UP);
        return (int64_t) ticks * TICK_US - (int64_t) track.border_us;
}

/* While it lies several ticks are taken as one; a push may come after any of them. */
static void test_push_out_of_rest(void **state) {
        (void) state;
        for (unsigned k = 0; k < 30; k++) {
                int64_t us = head_start_us(1000 + k);
                assert_in_range(us + TICK_US, 0, 2 * TICK_US);
        }
}

/* A second of silence after a knock: it lies. After anything else it may be held. */
static void test_put_down(void **state) {
        (void) state;
        static struct history history;
        const struct exercise squat = {.rom_typical_m = 0.5, .rom_min_m = 0.2, .set_gap_s = 15};
        double bias_P[3][3] = {{1e-4, 0, 0}, {0, 1e-4, 0}, {0, 0, 1e-4}};
        struct core_params params;

        core_params_init(&params);
        for (unsigned knocked = 0; knocked < 2; knocked++) {
                struct tracker t;
                struct track track = {.mode = TRACK_IDLE};
                struct moment moment = {.up = {0, 0, 4096}};

                history_reset(&history);
                tracker_init(&t, &params.tracker, &params.cycle, &params.vertical, &squat);
                tracker_trust(&t, bias_P);
                for (unsigned i = 1; i < 200; i++) {
                        struct motion m = {
                                .up = {0, 0, 1}, .q_m2ps3 = 1e-5, .silent_s = i * TICK_S, .knocked = knocked};
                        history_push(&history, (uint64_t) i * TICK_US, &moment);
                        tracker_push(&t, &m, &history, &track);
                        if (i != 100) /* the second itself */
                                assert_int_equal(track.put_down, knocked && i > 100);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_pair),
                cmocka_unit_test(test_push_out_of_rest), cmocka_unit_test(test_put_down)};
        return run_unit_tests(tests);
}

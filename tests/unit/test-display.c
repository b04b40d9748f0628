/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown, from odds told by hand. */

#include <repcast/display.h>

#include "unit.h"
#include "util/macros.h"

#define SET_GAP_S 15
#define ROM_M     0.5

static struct display display;
static struct track track;
static bool in_set;
static uint64_t now_us;
static double swell_mps2;

static void start(void) {
        now_us = 1000000;
        swell_mps2 = 0;
        in_set = true;
        track = (struct track){0};
        display_init(&display, SET_GAP_S);
}

/* Odds for s seconds, of a bar that has come so far. Returns how often another phase began. */
static unsigned look(double down, double up, double hold, double travel_m, double s) {
        struct beam_view view = {
                .down = {.p = down, .since_us = now_us, .v_mps = -0.2, .travel_m = travel_m},
                .up = {.p = up, .since_us = now_us, .v_mps = 0.4, .travel_m = travel_m},
                .hold = {.p = hold, .since_us = now_us},
                .loose = 1 - down - up - hold,
                .swell_mps2 = swell_mps2,
        };
        unsigned news = 0;
        for (; s > 0; s -= 0.05) {
                now_us += 50000;
                news += display_push(&display, &view, &track, in_set, ROM_M, now_us);
        }
        return news;
}

static void test_a_rep(void **state) {
        (void) state;
        start();
        assert_int_equal(display.phase, PHASE_REST);
        assert_int_equal(look(0.4, 0, 0.6, 0, 1), 0); /* not likely enough */
        assert_int_equal(look(0.6, 0, 0.4, 0.1, 1), 1);
        assert_int_equal(display.phase, PHASE_ECCENTRIC);
        assert_near(display.height_m, ROM_M - 0.1, 1e-9);
        assert_near(display.velocity_mps, -0.2, 1e-9);
        assert_int_equal(look(0.3, 0, 0.7, 0.4, 1), 0); /* neither */
        assert_int_equal(look(0.1, 0, 0.9, 0.45, 1), 1);
        assert_int_equal(display.phase, PHASE_BOTTOM);
        assert_near(display.height_m, 0, 1e-9);
        assert_near(display.velocity_mps, 0, 1e-9);
        assert_int_equal(look(0, 0.9, 0.1, 0.48, 1), 1);
        assert_int_equal(display.phase, PHASE_CONCENTRIC);
        assert_int_equal(look(0, 0.1, 0.9, 0.48, 1), 1);
        assert_int_equal(display.phase, PHASE_TOP);
        assert_near(display.height_m, 0.48, 1e-9); /* stays up there */
        assert_int_equal(look(0.9, 0, 0.1, 0.1, 0.2), 1);
        assert_near(display.height_m, 0.38, 1e-9);
}

/* Reps without a pause between them. */
static void learn_tempo(unsigned reps, double eccentric_s, double hold_s, double concentric_s) {
        struct rep rep = {.n_phases = 3, .end_us = 1000000};
        for (unsigned i = 0; i < reps; i++) {
                uint64_t at_us = rep.end_us, far_us = at_us + (uint64_t) (eccentric_s * 1e6),
                         back_us = far_us + (uint64_t) (hold_s * 1e6);
                rep.start_us = at_us;
                rep.end_us = back_us + (uint64_t) (concentric_s * 1e6);
                rep.phases[0] = (struct phase_span){PHASE_ECCENTRIC, at_us, far_us};
                rep.phases[1] = (struct phase_span){PHASE_BOTTOM, far_us, back_us};
                rep.phases[2] = (struct phase_span){PHASE_CONCENTRIC, back_us, rep.end_us};
                display_learn(&display, &rep);
                display.in_set = true;
        }
}

static void learn(unsigned reps) {
        learn_tempo(reps, 2, 1, 1);
}

/* How long the display goes on with its movement when the bar stands still. */
static double waits(double travel_m, double lasted_s) {
        start();
        learn(1);
        look(0.9, 0, 0.1, travel_m, lasted_s);
        uint64_t since_us = now_us;
        struct beam_view view = {.hold = {.p = 1, .since_us = since_us, .travel_m = travel_m}};
        do
                now_us += 10000;
        while (!display_push(&display, &view, &track, in_set, ROM_M, now_us));
        assert_int_equal(display.phase, PHASE_BOTTOM);
        return (double) (now_us - since_us) * 1e-6;
}

/* Out of its time and far from where the bar turns a hold is a halt, until it lasts. */
static void test_a_halt_is_no_bottom(void **state) {
        (void) state;
        assert_near(waits(ROM_M, 2), 0.01, 1e-9);
        assert_near(waits(0.45, 2), 0.01, 1e-9);
        assert_near(waits(0.2, 1), 0.6, 0.4); /* 30 of 50 cm to go after half the time */
        assert_true(waits(0.35, 1) < waits(0.2, 1));
        assert_true(waits(0.2, 1.5) < waits(0.2, 1));
}

static void test_the_rhythm_of_the_set_has_a_say(void **state) {
        (void) state;
        start();
        learn(3);
        look(0, 0.9, 0.1, 0.1, 0.5);
        assert_int_equal(display.phase, PHASE_CONCENTRIC);
        assert_int_equal(look(0, 0.05, 0.95, 0.49, 0.5), 1);
        assert_int_equal(display.phase, PHASE_TOP);
        look(0, 0.1, 0.9, 0.49, 1);
        swell_mps2 = -0.4;
        assert_int_equal(look(0.2, 0.1, 0.7, 0.01, 0.05), 1); /* there is no pause in this set: it is due */
        assert_int_equal(display.phase, PHASE_ECCENTRIC);
        assert_int_equal(look(0.1, 0.85, 0.05, 0.01, 0.3), 0); /* neither the time nor the place to turn */
        swell_mps2 = 2;
        assert_int_equal(look(0, 0.999, 0, 0.1, 3), 1); /* but a lifter may, and goes on */
        assert_int_equal(display.phase, PHASE_CONCENTRIC);
}

/* The longer a movement lasted, the surer its opposite must be. */
static void test_a_slow_movement_is_not_turned_by_a_guess(void **state) {
        (void) state;
        start();
        look(0.9, 0, 0.1, ROM_M, 1);
        assert_int_equal(look(0.1, 0.6, 0.3, 0.1, 0.1), 1); /* even odds and 0.05 nats */
        start();
        look(0.9, 0, 0.1, ROM_M, 6);
        assert_int_equal(look(0.1, 0.79, 0.11, ROM_M, 0.1), 0); /* 1.3 nats of 1.8 */
        assert_int_equal(look(0, 0.95, 0.05, 0.1, 0.1), 1);
}

/* Who lifts in 2 s begins with 0.7 m/s2. What slows down a lowering of 6 s, or sways in a hold, is none of that. */
static void test_a_lift_begins_with_a_push(void **state) {
        (void) state;
        for (unsigned held = 0; held < 2; held++) {
                start();
                learn_tempo(3, 6, held ? 1 : 0, 2);
                look(0.9, 0, 0.1, ROM_M, held ? 6 : 5.5);
                if (held)
                        assert_int_equal(look(0, 0, 1, ROM_M, 0.5), 1);
                swell_mps2 = 0.08;
                assert_int_equal(look(0, 0.95, 0.05, 0.05, 0.3), 0);
                swell_mps2 = 0.5;
                assert_int_equal(look(0, 0.95, 0.05, 0.05, 0.05), 1);
                assert_int_equal(display.phase, PHASE_CONCENTRIC);
        }
}

/* A lowering as slow as that begins as softly as the lift before it ends: nothing is asked of it. */
static void test_a_slow_lowering_begins_softly(void **state) {
        (void) state;
        start();
        learn_tempo(3, 6, 0, 2);
        look(0, 0.9, 0.1, ROM_M, 2);
        assert_int_equal(look(0.9, 0, 0.1, 0.05, 0.05), 1);
        assert_int_equal(display.phase, PHASE_ECCENTRIC);
}

static void test_before_a_set_the_tracker_must_agree(void **state) {
        (void) state;
        start();
        in_set = false;
        track.mode = TRACK_TOP;
        assert_int_equal(look(0.95, 0, 0.05, 0.1, 1), 0);
        track.mode = TRACK_DOWN;
        assert_int_equal(look(0.95, 0, 0.05, 0.1, 1), 1);
        track.mode = TRACK_BOTTOM;
        track.held_s = 0.5; /* hesitates */
        assert_int_equal(look(0.95, 0, 0.05, 0.1, 1), 0);
        track.held_s = 1.5;
        assert_int_equal(look(0.95, 0, 0.05, 0.1, 1), 0); /* says the tracker; the beam is sure */
        assert_int_equal(look(0.6, 0, 0.4, 0.1, 1), 0);   /* it leans to it still */
        assert_int_equal(look(0.4, 0, 0.6, 0.1, 1), 1);
        assert_int_equal(display.phase, PHASE_BOTTOM);
        track = (struct track){.mode = TRACK_BOTTOM};
        assert_int_equal(look(0.96, 0, 0.04, 0.1, 1), 1); /* surely fast */
        assert_int_equal(display.phase, PHASE_ECCENTRIC);
}

static void test_where_the_beam_is_lost_the_tracker_leads(void **state) {
        (void) state;
        start();
        track.mode = TRACK_DOWN;
        assert_int_equal(look(0.1, 0, 0, ROM_M, 1), 1);
        assert_int_equal(display.phase, PHASE_ECCENTRIC);
        track.mode = TRACK_BOTTOM;
        assert_int_equal(look(0.1, 0, 0, ROM_M, 1), 1);
        assert_int_equal(display.phase, PHASE_BOTTOM);
        track.mode = TRACK_UP;
        assert_int_equal(look(0.1, 0, 0, 0.1, 1), 1);
        assert_int_equal(display.phase, PHASE_CONCENTRIC);
}

static void test_holds_end_in_rest(void **state) {
        (void) state;
        start();
        look(0, 0.9, 0.1, ROM_M, 1);
        assert_int_equal(look(0, 0.1, 0.9, ROM_M, 0.1), 1);
        assert_int_equal(display.phase, PHASE_TOP);
        assert_int_equal(look(0, 0.1, 0.9, 0.4, SET_GAP_S + 1), 1);
        assert_int_equal(display.phase, PHASE_REST);

        look(0.9, 0, 0.1, 0.1, 1);
        track.rests = true;
        assert_int_equal(look(0.9, 0, 0.1, 0.1, 0.1), 1);
        assert_false(display_moving(&display));

        start();
        look(0.9, 0, 0.1, 0.1, 1);
        in_set = false;
        assert_int_equal(look(0.1, 0, 0, 0.1, 0.1), 1); /* moved about */
        assert_int_equal(display.phase, PHASE_REST);
        assert_false(display_reset(&display, now_us));
}

/* Whatever beam and tracker believe of its velocity. */
static void test_a_bar_that_was_put_down_does_not_move(void **state) {
        (void) state;
        start();
        look(0.9, 0, 0.1, ROM_M, 1);
        track = (struct track){.mode = TRACK_DOWN, .put_down = true};
        assert_int_equal(look(1, 0, 0, ROM_M, 0.1), 1);
        assert_int_equal(display.phase, PHASE_BOTTOM);
        track.put_down = false;
        assert_int_equal(look(1, 0, 0, ROM_M, 0.1), 1);
        assert_int_equal(display.phase, PHASE_ECCENTRIC);
}

static void test_a_set_that_is_over_leaves_no_hold(void **state) {
        (void) state;
        start();
        look(0.9, 0, 0.1, ROM_M, 1);
        look(0, 0, 1, ROM_M, 1);
        assert_int_equal(display.phase, PHASE_BOTTOM);
        in_set = false;
        look(0, 0, 1, ROM_M, 0.1);
        assert_int_equal(display.phase, PHASE_REST);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_rep),
                cmocka_unit_test(test_a_halt_is_no_bottom),
                cmocka_unit_test(test_the_rhythm_of_the_set_has_a_say),
                cmocka_unit_test(test_a_slow_movement_is_not_turned_by_a_guess),
                cmocka_unit_test(test_a_lift_begins_with_a_push),
                cmocka_unit_test(test_a_slow_lowering_begins_softly),
                cmocka_unit_test(test_before_a_set_the_tracker_must_agree),
                cmocka_unit_test(test_where_the_beam_is_lost_the_tracker_leads),
                cmocka_unit_test(test_holds_end_in_rest),
                cmocka_unit_test(test_a_bar_that_was_put_down_does_not_move),
                cmocka_unit_test(test_a_set_that_is_over_leaves_no_hold),
        };
        return run_unit_tests(tests);
}

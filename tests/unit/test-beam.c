/* SPDX-License-Identifier: Apache-2.0 */
/* The beam of hypotheses: its ways, and strokes that only what comes before and after them tells from rest. */

#include <math.h>

#include <repcast/core.h>

#include "core/hypothesis.h"
#include "unit.h"

static const struct exercise squat = {
        .name = "back-squat",
        .start = EXERCISE_START_TOP,
        .rom_min_m = 0.20,
        .rom_typical_m = 0.55,
        .incline_deg = 90,
        .set_gap_s = 20,
};

struct bar {
        struct beam beam;
        uint64_t t_us;
        double bias_mps2; /* of the sensor, along the vertical */
        bool lies;
        unsigned n;
        struct cycle cycles[32];
};

static void start(struct bar *bar, enum exercise_start order) {
        struct core_params p;
        struct exercise e = squat;
        double bias_P[3][3] = {{0.01}, {0, 0.01}, {0, 0, 0.01}};
        core_params_init(&p);
        e.start = order;
        *bar = (struct bar){.t_us = 1000000, .bias_mps2 = 0.05};
        beam_init(&bar->beam, &p.beam, &p.vertical, &e);
        beam_trust(&bar->beam, bias_P);
}

/* A minimum-jerk stroke of d metres; d = 0: a hold. */
static void stroke(struct bar *bar, double d, double s) {
        unsigned n = (unsigned) lrint(s * 100);
        for (unsigned i = 0; i < n; i++) {
                double x = (i + 0.5) / n;
                struct motion m = {
                        .a_mps2 = bar->bias_mps2 + d * (60 * x - 180 * x * x + 120 * x * x * x) / (s * s),
                        .up = {0, 0, 1},
                        .q_m2ps3 = 0.003 * 0.003,
                };
                bar->t_us += TICK_US;
                if (beam_push(&bar->beam, &m, bar->lies, bar->t_us, &bar->cycles[bar->n]))
                        bar->n++;
                assert_in_range(bar->n, 0, 31);
                assert_in_range(bar->beam.n, bar->t_us % 50000 ? 0 : 1, BEAM_WIDTH);
        }
}

static double seconds(uint64_t t_us) {
        return (double) t_us * 1e-6;
}

static void test_every_way(void **state) {
        (void) state;
        static const bool leads[_LEG_MAX][_LEG_MAX] = {
                /*              HOME   OUT    FAR    BACK   LOOSE */
                [LEG_HOME] = {false, true, false, false, true},
                [LEG_OUT] = {true, false, true, true, true},
                [LEG_FAR] = {false, true, false, true, true},
                [LEG_BACK] = {true, true, false, false, true},
                [LEG_LOOSE] = {true, true, false, false, false},
        };
        for (unsigned from = 0; from < _LEG_MAX; from++)
                for (unsigned to = 0; to < _LEG_MAX; to++)
                        if (leads[from][to])
                                assert_true(hypothesis_price(from, to) > 0);
                        else
                                assert_true(hypothesis_price(from, to) < 0);
}

/* What a rep has shown of the travel is nothing new for a round trip that set out before it. */
static void test_a_rep_foretells_later_ones(void **state) {
        (void) state;
        static struct bar bar;
        struct hypothesis h = {.lap = {.out_us = 5000000}};
        start(&bar, EXERCISE_START_TOP);
        beam_expect(&bar.beam, EXERCISE_START_TOP, 0.3, 5000000);
        assert_near(hypothesis_rom(&bar.beam, &h), 0.3, 1e-9);
        h.lap.out_us--;
        assert_near(hypothesis_rom(&bar.beam, &h), 0, 1e-9);
}

static void strokes(double out_s, double far_s, double back_s, double home_s) {
        static struct bar bar;
        start(&bar, EXERCISE_START_TOP);
        stroke(&bar, 0, 3);
        for (unsigned i = 0; i < 5; i++) {
                stroke(&bar, -0.5, out_s);
                stroke(&bar, 0, far_s);
                stroke(&bar, 0.5, back_s);
                stroke(&bar, 0, home_s);
        }
        stroke(&bar, 0, 3);
        assert_int_equal(bar.n, 5);
        for (unsigned i = 0; i < 5; i++) {
                const struct cycle *c = &bar.cycles[i];
                double start_s = 4 + i * (out_s + far_s + back_s + home_s);
                assert_false(c->first.up);
                assert_true(c->second.up);
                /* a minimum-jerk stroke passes 2 % of its way after 15 % of its time */
                assert_near(seconds(c->first.start_us), start_s, 0.1 + 0.25 * out_s);
                assert_near(seconds(c->second.end_us), start_s + out_s + far_s + back_s, 0.1 + 0.25 * back_s);
                assert_near(c->first.travel_m, 0.5, 0.3); /* live; the look back measures it */
        }
}

static void test_quick_and_slow(void **state) {
        (void) state;
        strokes(1, 0, 1, 0);
        strokes(2, 1, 1, 1);
        strokes(4, 0, 2, 0);
}

/* Eight seconds down at 6 cm/s on average, and strokes of six and four seconds with a hold after each. */
static void test_slower_than_the_doubt(void **state) {
        (void) state;
        strokes(6, 3, 4, 1);
        strokes(8, 0, 3, 1);
}

static void test_stops_on_the_way(void **state) {
        (void) state;
        static struct bar bar;
        start(&bar, EXERCISE_START_TOP);
        stroke(&bar, 0, 3);
        for (unsigned i = 0; i < 3; i++) {
                stroke(&bar, -0.25, 2);
                stroke(&bar, 0, 0.5);
                stroke(&bar, -0.25, 2);
                stroke(&bar, 0.5, 1);
                stroke(&bar, 0, 1.5);
        }
        stroke(&bar, 0, 2);
        assert_int_equal(bar.n, 3);
        for (unsigned i = 0; i < 3; i++)
                assert_near(bar.cycles[i].first.travel_m, 0.5, 0.15);
}

/* Which movement leads shows in the first round trip where the exercise leaves it open. */
static void test_either_order(void **state) {
        (void) state;
        static struct bar bar;
        for (int down = 0; down < 2; down++) {
                double d = down ? -0.5 : 0.5;
                start(&bar, EXERCISE_START_EITHER);
                stroke(&bar, 0, 3);
                for (unsigned i = 0; i < 3; i++) {
                        stroke(&bar, d, 1.5);
                        stroke(&bar, -d, 1.5);
                        stroke(&bar, 0, 2);
                }
                assert_int_equal(bar.n, 3);
                for (unsigned i = 0; i < 3; i++)
                        assert_int_equal(bar.cycles[i].first.up, !down);
        }
}

static void test_rest_is_nothing(void **state) {
        (void) state;
        static struct bar bar;
        start(&bar, EXERCISE_START_TOP);
        stroke(&bar, 0, 600);
        stroke(&bar, -0.5, 3); /* down and left there */
        stroke(&bar, 0, 60);
        assert_int_equal(bar.n, 0);
}

/* The instant at which a stroke of so many seconds is more likely than not, after half a minute on the rack. */
static uint64_t seen_us(struct bar *bar, bool lies, double stroke_s) {
        struct beam_view view;
        const double a =
                -0.5 * 60 / (stroke_s * stroke_s * stroke_s) * TICK_S; /* how it begins, each tick more */
        start(bar, EXERCISE_START_TOP);
        stroke(bar, 0, 5);
        bar->lies = lies;
        stroke(bar, 0, 30.37);
        bar->lies = false;
        for (unsigned i = 1; i < 200; i++) {
                struct motion m = {.a_mps2 = bar->bias_mps2 + a * i, .up = {0, 0, 1}, .q_m2ps3 = 0.003 * 0.003};
                bar->t_us += TICK_US;
                assert_false(beam_push(&bar->beam, &m, false, bar->t_us, &bar->cycles[0]));
                if (i == 1 && lies)
                        assert_int_equal(bar->beam.ticks, 0); /* weighed at once */
                if (beam_look(&bar->beam, &view) && view.down.p > 0.5)
                        return bar->t_us;
        }
        return UINT64_MAX;
}

/* A bar that lies is weighed rarely; it is seen to leave no later for that. */
static void test_out_of_rest(void **state) {
        (void) state;
        static struct bar bar;
        for (double s = 0.8; s < 6; s += 0.4) {
                uint64_t always_us = seen_us(&bar, false, s), rarely_us = seen_us(&bar, true, s);
                assert_true(always_us < UINT64_MAX);
                assert_true(rarely_us <= always_us + BEAM_TICKS * TICK_US);
        }
}

static unsigned weighed(struct bar *bar, unsigned ticks) {
        unsigned n = 0;
        for (unsigned i = 0; i < ticks; i++) {
                stroke(bar, 0, TICK_S);
                n += bar->beam.ticks == 0;
        }
        return n;
}

static void test_lying_costs_little(void **state) {
        (void) state;
        static struct bar bar;
        start(&bar, EXERCISE_START_TOP);
        stroke(&bar, 0, 5);
        for (unsigned i = 0; i < 2; i++) {
                bar.lies = true;
                assert_int_equal(weighed(&bar, BEAM_LONG_RESTS * BEAM_REST_TICKS), BEAM_LONG_RESTS);
                assert_int_equal(weighed(&bar, 10 * BEAM_LONG_TICKS), 10);
                bar.lies = false;
                assert_int_equal(weighed(&bar, 10 * BEAM_TICKS), 10);
        }
}

static void test_the_end_of_the_stream(void **state) {
        (void) state;
        static struct bar bar;
        struct cycle c;
        start(&bar, EXERCISE_START_TOP);
        assert_false(beam_flush(&bar.beam, &c));
        stroke(&bar, 0, 3);
        stroke(&bar, -0.5, 2);
        stroke(&bar, 0.5, 1);
        assert_int_equal(bar.n, 0);
        assert_true(beam_flush(&bar.beam, &c));
        assert_false(c.first.up);
        assert_near(c.second.travel_m, 0.5, 0.1);
        assert_false(beam_flush(&bar.beam, &c));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_way),
                cmocka_unit_test(test_a_rep_foretells_later_ones),
                cmocka_unit_test(test_quick_and_slow),
                cmocka_unit_test(test_slower_than_the_doubt),
                cmocka_unit_test(test_stops_on_the_way),
                cmocka_unit_test(test_either_order),
                cmocka_unit_test(test_rest_is_nothing),
                cmocka_unit_test(test_out_of_rest),
                cmocka_unit_test(test_lying_costs_little),
                cmocka_unit_test(test_the_end_of_the_stream),
        };
        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whole sets through the whole core: clean lifts are counted, timed and measured against the exact truth. */

#include <errno.h>

#include <repcast/core.h>

#include "lift.h"
#include "unit.h"
#include "util/seconds.h"

static const struct exercise squat = {
        .name = "back-squat",
        .start = EXERCISE_START_TOP,
        .eccentric = EXERCISE_ECCENTRIC_DOWN,
        .loaded = EXERCISE_LOADED_BOTTOM | EXERCISE_LOADED_TOP,
        .rom_min_m = 0.20,
        .rom_typical_m = 0.55,
        .incline_deg = 90,
        .set_gap_s = 20,
};

static struct core core;
static struct lift lift;

static void start(const struct exercise *e) {
        assert_int_equal(core_init(&core, NULL, e, NULL), 0);
        lift_init(&lift, &core);
}

static void set_of(double d, double first_s, double hold_s, double second_s, double rest_s, unsigned n) {
        lift_move(&lift, 0, 4);
        for (unsigned i = 0; i < n; i++) {
                lift_move(&lift, d, first_s);
                lift_move(&lift, 0, hold_s);
                lift_move(&lift, -d, second_s);
                lift_move(&lift, 0, rest_s);
        }
        lift_move(&lift, 0, 25);
}

static void tempo(double e, double b, double c, double t, double within_s) {
        start(&squat);
        set_of(-0.5, e, b, c, t, 6);
        assert_int_equal(lift.n_reps, 6);
        assert_int_equal(lift.n_rejected, 0);
        assert_int_equal(lift.n_sets, 1);
        assert_int_equal(lift.set.n_reps, 6);
        assert_int_equal(lift.set.end, SET_END_REST);
        for (unsigned i = 0; i < 6; i++) {
                const struct rep *r = &lift.reps[i];
                double start_s = 1 + 4 + i * (e + b + c + t);
                assert_int_equal(r->rep, i + 1);
                assert_near((double) r->start_us * 1e-6, start_s, within_s);
                assert_near((double) r->end_us * 1e-6, start_s + e + b + c, within_s);
                assert_near(r->tempo_s[PHASE_ECCENTRIC], e, within_s);
                assert_near(r->tempo_s[PHASE_BOTTOM], b, within_s);
                assert_near(r->tempo_s[PHASE_CONCENTRIC], c, within_s);
                assert_true(isnan(r->tempo_s[PHASE_TOP]));
                assert_near(r->rom_m, 0.5, 0.05);
                assert_near(r->concentric.mean_mps, 0.5 / c, 0.15 * 0.5 / c);
                assert_near(r->concentric.peak_mps, 1.875 * 0.5 / c, 0.1 * 1.875 * 0.5 / c);
                assert_true(r->confidence > 0.3 && r->confidence <= 1);
                if (i)
                        assert_near(r->pause_before_s, t, within_s);
        }
}

static void test_1010(void **state) {
        (void) state;
        tempo(1, 0, 1, 0, 0.12);
}

static void test_2111(void **state) {
        (void) state;
        tempo(2, 1, 1, 1, 0.12);
}

static void test_3110(void **state) {
        (void) state;
        tempo(3, 1, 1, 0, 0.15);
}

static void test_4020(void **state) {
        (void) state;
        tempo(4, 0, 2, 0, 0.35);
}

static void test_slow_negatives(void **state) {
        (void) state;
        tempo(6, 0, 2, 0, 0.5);
        tempo(8, 0, 3, 1, 0.5);
}

/* Without noise or bias the figures are those of the trajectory itself. */
static void test_a_perfect_sensor(void **state) {
        (void) state;
        start(&squat);
        lift.noise_mps2 = lift.noise_radps = 0;
        memset(lift.bias_mps2, 0, sizeof(lift.bias_mps2));
        memset(lift.bias_radps, 0, sizeof(lift.bias_radps));
        set_of(-0.5, 2, 1, 1, 1, 3);
        assert_int_equal(lift.n_reps, 3);
        for (unsigned i = 0; i < 3; i++) {
                const struct rep *r = &lift.reps[i];
                assert_int_equal(r->n_phases, 3);
                assert_int_equal(r->phases[0].phase, PHASE_ECCENTRIC);
                assert_int_equal(r->phases[1].phase, PHASE_BOTTOM);
                assert_int_equal(r->phases[2].phase, PHASE_CONCENTRIC);
                assert_int_equal(r->phases[0].start_us, r->start_us);
                assert_int_equal(r->phases[2].end_us, r->end_us);
                assert_near(r->rom_m, 0.5, 0.005);
                assert_near(r->tempo_s[PHASE_ECCENTRIC], 2, 0.05);
                assert_near(r->tempo_s[PHASE_BOTTOM], 1, 0.05);
                assert_near(r->tempo_s[PHASE_CONCENTRIC], 1, 0.05);
                assert_near(r->concentric.peak_mps, 0.9375, 0.02);
                assert_near(r->eccentric.mean_mps, 0.25, 0.01);
                assert_near(r->tut_s, 4, 0.06); /* bottom is loaded */
                assert_near(r->loss_pct, 0, 1e-9);
                assert_true(isnan(r->sticking.at_m));
                assert_near(
                        r->mpv_mps, r->concentric.mean_mps, 0.01); /* brakes at 5.8 m/s2: pushed all the way */
                assert_int_equal(r->flags, 0);
        }
        assert_near(lift.set.tut_s, 3 * 4 + 2 * 1, 0.15); /* and so is the top */
        assert_near(lift.set.reps[0].tempo_s[PHASE_TOP], 1, 0.06);
}

static void test_deadlift_starts_at_the_bottom(void **state) {
        (void) state;
        struct exercise e = squat;
        e.start = EXERCISE_START_BOTTOM;
        e.loaded = EXERCISE_LOADED_TOP;
        e.rom_min_m = 0.25;
        start(&e);
        set_of(0.5, 1, 1, 2, 1.5, 4);
        assert_int_equal(lift.n_reps, 4);
        for (unsigned i = 0; i < 4; i++) {
                const struct rep *r = &lift.reps[i];
                assert_int_equal(r->phases[0].phase, PHASE_CONCENTRIC);
                assert_int_equal(r->phases[1].phase, PHASE_TOP);
                assert_int_equal(r->phases[2].phase, PHASE_ECCENTRIC);
                assert_near(r->tempo_s[PHASE_CONCENTRIC], 1, 0.12);
                assert_near(r->tempo_s[PHASE_TOP], 1, 0.12);
                assert_near(r->tempo_s[PHASE_ECCENTRIC], 2, 0.12);
                assert_true(isnan(r->tempo_s[PHASE_BOTTOM]));
                if (i)
                        assert_near(r->pause_before_s, 1.5, 0.12);
        }
}

/* The stretched arms are the bottom; the bar comes down in the concentric. */
static void test_pulldown_goes_the_other_way(void **state) {
        (void) state;
        struct exercise e = squat;
        e.start = EXERCISE_START_BOTTOM;
        e.eccentric = EXERCISE_ECCENTRIC_UP;
        e.rom_min_m = 0.15;
        start(&e);
        set_of(-0.5, 1, 0.5, 3, 0.5, 4);
        assert_int_equal(lift.n_reps, 4);
        for (unsigned i = 0; i < 4; i++) {
                assert_int_equal(lift.reps[i].phases[0].phase, PHASE_CONCENTRIC);
                assert_near(lift.reps[i].tempo_s[PHASE_CONCENTRIC], 1, 0.15);
                assert_near(lift.reps[i].tempo_s[PHASE_ECCENTRIC], 3, 0.2);
                assert_near(lift.reps[i].rom_m, 0.5, 0.03);
        }
}

static void test_sled_is_measured_along_its_rails(void **state) {
        (void) state;
        struct exercise e = squat;
        e.mount = EXERCISE_MOUNT_SLED;
        e.incline_deg = 45;
        start(&e);
        lift.incline_sin = sin(M_PI / 4);
        set_of(-0.4, 2, 0.5, 1.5, 0.5, 4);
        assert_int_equal(lift.n_reps, 4);
        for (unsigned i = 0; i < 4; i++) {
                assert_near(lift.reps[i].rom_m, 0.4, 0.03);
                assert_near(lift.reps[i].tempo_s[PHASE_ECCENTRIC], 2, 0.2);
        }
}

/* Any mounting, a rolling bar, any rate. */
static void test_mounting_and_rate(void **state) {
        (void) state;
        static const double rates[] = {12.5, 25, 50, 200, 400};
        for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
                start(&squat);
                lift.rate_hz = rates[i];
                lift.mount_rad = 1.3 * i - 2;
                lift.roll_rad_per_m = 0.4;
                set_of(-0.5, 2, 0, 1, 1, 4);
                assert_int_equal(lift.n_reps, 4);
                for (unsigned k = 0; k < 4; k++) {
                        assert_near(lift.reps[k].rom_m, 0.5, 0.06);
                        assert_near(lift.reps[k].tempo_s[PHASE_ECCENTRIC], 2, 0.25);
                }
        }
}

static void test_a_rest_opens_a_new_set(void **state) {
        (void) state;
        start(&squat);
        set_of(-0.5, 1, 0, 1, 1, 3);
        set_of(-0.5, 1, 0, 1, 1, 2);
        assert_int_equal(lift.n_sets, 2);
        assert_int_equal(lift.n_reps, 5);
        assert_int_equal(lift.reps[3].set, 2);
        assert_int_equal(lift.reps[3].rep, 1);
        assert_true(isnan(lift.reps[3].pause_before_s));
        assert_int_equal(lift.set.n_reps, 2);
}

/* Ten seconds of rest-pause stay in the set. */
static void test_rest_pause_stays_in_the_set(void **state) {
        (void) state;
        start(&squat);
        lift_move(&lift, 0, 3);
        for (unsigned i = 0; i < 3; i++) {
                lift_move(&lift, -0.5, 1.5);
                lift_move(&lift, 0.5, 1.5);
                lift_move(&lift, 0, 10);
        }
        core_flush(&core);
        lift_collect(&lift);
        assert_int_equal(lift.n_sets, 1);
        assert_int_equal(lift.set.n_reps, 3);
        assert_int_equal(lift.set.end, SET_END_STREAM);
        assert_near(lift.reps[1].pause_before_s, 10, 0.2);
}

static void test_partial_movement_is_told_not_counted(void **state) {
        (void) state;
        start(&squat);
        set_of(-0.15, 1, 0, 1, 1, 2);
        assert_int_equal(lift.n_reps, 0);
        assert_true(lift.n_rejected >= 2);
        assert_int_equal(lift.last_rejected.reason, REJECTED_PARTIAL);
}

static void test_link_gap(void **state) {
        (void) state;
        start(&squat);
        lift_move(&lift, 0, 4);
        for (unsigned i = 0; i < 3; i++) {
                lift.mute_from_s =
                        i == 1 ? lift.t_s + 1.8 : 1e9; /* 0.4 s are lost at the bottom of the second */
                lift.mute_to_s = lift.mute_from_s + 0.4;
                lift_move(&lift, -0.5, 2);
                lift_move(&lift, 0.5, 1);
                lift_move(&lift, 0, 1);
        }
        assert_int_equal(lift.n_reps, 3);
        assert_int_equal(lift.reps[0].flags & REP_FLAG_GAP, 0);
        assert_int_equal(lift.reps[1].flags & REP_FLAG_GAP, REP_FLAG_GAP);
        assert_near(lift.reps[1].loss_pct, 100 * 40.0 / 300, 2);
        assert_near(lift.reps[1].rom_m, 0.5, 0.1);
        assert_int_equal(lift.reps[2].flags & REP_FLAG_GAP, 0);

        lift.t_s += 40; /* the link is away for longer than any pause */
        lift_move(&lift, 0, 1);
        assert_int_equal(lift.n_sets, 1);
        assert_int_equal(lift.set.end, SET_END_GAP);
}

/* Whatever a link can deliver: nothing is made up, and five seconds later all is right again. */
/* What was learned while the tilt was wrong is not kept: a set follows as if nothing had been. */
static void test_no_sensor_has_such_a_bias(void **state) {
        (void) state;
        start(&squat);
        lift_move(&lift, 0, 4);
        core.tracker.vertical.b[1] = -2.4;
        core.tracker.doubt = 100;
        lift_move(&lift, 0, 0.02);
        assert_near(core.tracker.vertical.b[1], 0, 0.1);
        assert_near(core.tracker.doubt, 1, 0.01);
        set_of(-0.5, 2, 0, 1, 1, 3);
        assert_int_equal(lift.n_reps, 3);
        assert_int_equal(lift.set.n_reps, 3);
}

static void test_nonsense_then_right_again(void **state) {
        (void) state;
        static const double figures[] = {NAN, INFINITY, -INFINITY, 1e300, 390, -390, 0};
        start(&squat);
        for (unsigned i = 0; i < 3000; i++) {
                struct sample s = {.t_us = i * 7919 % 5000000 * 1000};
                if (i % 500 == 0)
                        s.t_us += 30ull * 86400 * 1000000;
                for (unsigned k = 0; k < 3; k++) {
                        s.f_mps2[k] = figures[(i * 31 + k * 7) % 7];
                        s.w_radps[k] = figures[(i * 17 + k * 5) % 7] / 6;
                }
                s.flags = SAMPLE_CLIPPED;
                core_push(&core, &s);
                lift_collect(&lift);
        }
        assert_true(core.refused > 1000);
        assert_int_equal(lift.n_reps, 0);

        lift.t_s = 100;
        lift.n_rejected = 0;
        lift_move(&lift, 0, 5);
        set_of(-0.5, 2, 0, 1, 1, 3);
        assert_int_equal(lift.n_reps, 3);
        assert_near(lift.reps[0].rom_m, 0.5, 0.03);
}

/* The sensor began anew: what waits for an instant must not wait for hours. */
static void test_clock_set_back(void **state) {
        (void) state;
        start(&squat);
        lift.t_s = 10000;
        set_of(-0.5, 2, 0, 1, 1, 3);
        lift.t_s = 100;
        lift_move(&lift, 0, 20); /* until that is believed */
        set_of(-0.5, 2, 0, 1, 1, 3);
        assert_int_equal(lift.n_reps, 6);
        /* Phases are shown, and not in the hours before. */
        assert_near((double) lift.phase_us * US_S, lift.t_s, 50);
        assert_near((double) core.missed.look_us * US_S, lift.t_s, 27); /* while the set was open */
}

/* Hours of a bar on its rack: no event but the first rest, filter and bias in place, then a set as on the first minute. */
static void test_idle_hours(void **state) {
        (void) state;
        start(&squat);
        lift.rate_hz = 10;
        lift_move(&lift, 0, trials(6) * 3600);
        assert_int_equal(lift.n_phases + lift.n_rejected + lift.n_reps, 0);
        assert_near(core.tracker.vertical.v, 0, 0.005);
        lift.rate_hz = 100;
        set_of(-0.5, 3, 0, 1, 1, 3);
        assert_int_equal(lift.n_reps, 3);
}

static void test_live(void **state) {
        (void) state;
        struct live live;
        start(&squat);
        lift_move(&lift, 0, 4);
        core_live(&core, &live);
        assert_int_equal(live.phase, PHASE_REST);
        assert_false(live.moving);
        assert_int_equal(live.set, 0);
        for (unsigned i = 0; i < 2; i++) {
                lift_move(&lift, -0.25, 1); /* stops half way, as far as the shape goes */
                core_live(&core, &live);
                lift_move(&lift, -0.25, 1);
                lift_move(&lift, 0.25, 0.7);
                core_live(&core, &live);
                assert_true(live.rom_share >= 0 && live.rom_share <= 1);
                lift_move(&lift, 0.25, 0.7);
                lift_move(&lift, 0, 1);
                core_live(&core, &live);
                assert_near(live.position_m, 0.5, 0.1); /* it stays up there */
        }
        assert_int_equal(live.phase, PHASE_TOP);
        assert_int_equal(live.set, 1);
        assert_near(live.phase_s, 1, 0.3);
}

/* Velocity falls to zero half way up and rises again. */
static void test_sticking_region(void **state) {
        (void) state;
        start(&squat);
        lift_move(&lift, 0, 4);
        for (unsigned i = 0; i < 3; i++) {
                lift_move(&lift, -0.5, 2);
                lift_move(&lift, 0.25, 0.8);
                lift_move(&lift, 0.25, 0.8);
                lift_move(&lift, 0, 1);
        }
        assert_int_equal(lift.n_reps, 3);
        for (unsigned i = 0; i < 3; i++) {
                const struct sticking *st = &lift.reps[i].sticking;
                assert_near(st->at_m, 0.25, 0.03);
                assert_near(st->min_mps, 0, 0.05);
                assert_near(st->duration_s, 0.4, 0.1);
                assert_near(lift.reps[i].tempo_s[PHASE_CONCENTRIC], 1.6, 0.15);
        }
}

static void test_velocity_loss(void **state) {
        (void) state;
        static const double concentric_s[] = {1, 0.9, 1.2, 1.5};
        start(&squat);
        lift_move(&lift, 0, 4);
        for (unsigned i = 0; i < 4; i++) {
                lift_move(&lift, -0.5, 2);
                lift_move(&lift, 0.5, concentric_s[i]);
                lift_move(&lift, 0, 1.5);
        }
        assert_int_equal(lift.n_reps, 4);
        assert_near(lift.reps[0].velocity_loss_pct, 0, 1e-9);
        assert_near(lift.reps[1].velocity_loss_pct, 0, 1e-9);
        assert_near(lift.reps[2].velocity_loss_pct, 25, 5);
        assert_near(lift.reps[3].velocity_loss_pct, 40, 5);
}

static void test_a_full_set_is_closed(void **state) {
        (void) state;
        start(&squat);
        set_of(-0.5, 1, 0, 1, 0.5, SET_REPS_MAX + 3);
        assert_int_equal(lift.n_sets, 2);
        assert_int_equal(lift.set.set, 2);
        assert_int_equal(lift.set.n_reps, 3);
        assert_int_equal(core.unsaid, 0);
}

/* The same samples give the same events. */
#define assert_same_bits(a, b, member) assert_memory_equal(&(a)->member, &(b)->member, sizeof((a)->member))

/* Member by member: what stands between them is the compiler's. */
static void assert_same_rep(const struct rep *a, const struct rep *b) {
        assert_same_bits(a, b, set);
        assert_same_bits(a, b, rep);
        assert_same_bits(a, b, start_us);
        assert_same_bits(a, b, end_us);
        assert_int_equal(a->n_phases, b->n_phases);
        for (unsigned i = 0; i < a->n_phases; i++) {
                assert_int_equal(a->phases[i].phase, b->phases[i].phase);
                assert_int_equal(a->phases[i].start_us, b->phases[i].start_us);
                assert_int_equal(a->phases[i].end_us, b->phases[i].end_us);
        }
        assert_same_bits(a, b, tempo_s);
        assert_same_bits(a, b, pause_before_s);
        assert_same_bits(a, b, rom_m);
        assert_same_bits(a, b, eccentric);
        assert_same_bits(a, b, concentric);
        assert_same_bits(a, b, mpv_mps);
        assert_same_bits(a, b, sticking);
        assert_same_bits(a, b, velocity_loss_pct);
        assert_same_bits(a, b, tut_s);
        assert_same_bits(a, b, loss_pct);
        assert_same_bits(a, b, confidence);
        assert_same_bits(a, b, flags);
}

static void test_deterministic(void **state) {
        (void) state;
        struct rep reps[4];
        start(&squat);
        set_of(-0.5, 1, 0, 1, 0, 4);
        memcpy(reps, lift.reps, sizeof(reps));
        memset(&core, 0xa5, sizeof(core));
        start(&squat);
        set_of(-0.5, 1, 0, 1, 0, 4);
        for (unsigned i = 0; i < 4; i++)
                assert_same_rep(&reps[i], &lift.reps[i]);
}

static void test_refuses_what_is_no_exercise(void **state) {
        (void) state;
        struct exercise e = squat;
        struct core_params p;

        e.rom_min_m = NAN;
        assert_int_equal(core_init(&core, NULL, &e, NULL), -EINVAL);
        e = squat;
        e.incline_deg = 5;
        assert_int_equal(core_init(&core, NULL, &e, NULL), -EINVAL);
        core_params_init(&p);
        assert_int_equal(core_init(&core, &p, &squat, NULL), 0);
        p.tracker.start_mps = 7;
        assert_int_equal(core_init(&core, &p, &squat, NULL), -EINVAL);
}

/* Put the bar down at n angles, which fits a calibration; give it back. */
static struct calibration calibrate(const double bias[3], unsigned n) {
        struct calibration c;
        start(&squat);
        memcpy(lift.bias_mps2, bias, sizeof(lift.bias_mps2));
        for (unsigned i = 0; i < n; i++) {
                lift.mount_rad = 2.4 * i; /* picked up and put down out of sight */
                lift.t_s += 2.5;
                lift_move(&lift, 0, 5);
        }
        core_get_calibration(&core, &c);
        return c;
}

/* A cheap sensor, 60 mg off, on a bar that rolls by 20 degrees on its way. Fresh it may err; after ten rests of another
 * day a set is measured as by a good one, from its first rep on, with hardly any stillness before. */
static void test_a_calibrated_sensor_needs_no_warming_up(void **state) {
        (void) state;
        static const double bias[3] = {0.2, 0.59, -0.5};
        struct calibration c = calibrate(bias, 10);
        assert_in_range(c.rests, 9, 10);
        for (unsigned i = 1; i < 3; i++)
                assert_near(c.x[CALIBRATION_BIAS + i], bias[i], 4 * sqrt(c.P[i][i]));
        assert_near(c.gyro_bias_radps[2], lift.bias_radps[2], 0.001);

        assert_int_equal(core_init(&core, NULL, &squat, &c), 0);
        lift_init(&lift, &core);
        memcpy(lift.bias_mps2, bias, sizeof(bias));
        lift.roll_rad_per_m = 0.7;
        lift.mount_rad = 1;
        lift_move(&lift, 0, 0.5);
        for (unsigned i = 0; i < 3; i++) {
                lift_move(&lift, -0.5, 4);
                lift_move(&lift, 0.5, 1.5);
                lift_move(&lift, 0, 0.5);
        }
        assert_int_equal(lift.n_reps, 3);
        for (unsigned i = 0; i < 3; i++) {
                assert_near(lift.reps[i].rom_m, 0.5, 0.04);
                assert_near(lift.reps[i].tempo_s[PHASE_ECCENTRIC], 4, 0.4);
        }
}

/* The link is away for 3 s between two reps: what is known of the sensor is not lost with the timeline. */
static void test_calibration_outlives_a_gap(void **state) {
        (void) state;
        static const double bias[3] = {0.2, 0.59, -0.5};
        struct calibration c = calibrate(bias, 10), after;
        assert_int_equal(core_init(&core, NULL, &squat, &c), 0);
        lift_init(&lift, &core);
        memcpy(lift.bias_mps2, bias, sizeof(bias));
        lift.roll_rad_per_m = 0.7;
        lift_move(&lift, 0, 2);
        for (unsigned i = 0; i < 4; i++) {
                lift_move(&lift, -0.5, 3);
                lift_move(&lift, 0.5, 1.5);
                lift_move(&lift, 0, 1);
                if (i == 1) {
                        lift.t_s += 3;
                        lift_move(&lift, 0, 1.5);
                }
        }
        assert_int_equal(lift.n_reps, 4);
        for (unsigned i = 0; i < 4; i++)
                assert_near(lift.reps[i].rom_m, 0.5, 0.05);
        core_get_calibration(&core, &after);
        assert_in_range(after.rests, c.rests, c.rests + 2);
}

static void test_refuses_what_is_no_calibration(void **state) {
        (void) state;
        struct calibration c = calibrate((const double[3]){0}, 2);
        assert_int_equal(core_init(&core, NULL, &squat, &c), 0);
        c.P[0][0] = NAN;
        assert_int_equal(core_init(&core, NULL, &squat, &c), -EINVAL);
}

static void test_state_is_small(void **state) {
        (void) state;
        assert_in_range(sizeof(struct core), 1, 100 * 1024);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_1010),
                cmocka_unit_test(test_2111),
                cmocka_unit_test(test_3110),
                cmocka_unit_test(test_4020),
                cmocka_unit_test(test_slow_negatives),
                cmocka_unit_test(test_a_perfect_sensor),
                cmocka_unit_test(test_deadlift_starts_at_the_bottom),
                cmocka_unit_test(test_pulldown_goes_the_other_way),
                cmocka_unit_test(test_sled_is_measured_along_its_rails),
                cmocka_unit_test(test_mounting_and_rate),
                cmocka_unit_test(test_a_rest_opens_a_new_set),
                cmocka_unit_test(test_rest_pause_stays_in_the_set),
                cmocka_unit_test(test_partial_movement_is_told_not_counted),
                cmocka_unit_test(test_link_gap),
                cmocka_unit_test(test_no_sensor_has_such_a_bias),
                cmocka_unit_test(test_nonsense_then_right_again),
                cmocka_unit_test(test_clock_set_back),
                cmocka_unit_test(test_idle_hours),
                cmocka_unit_test(test_live),
                cmocka_unit_test(test_sticking_region),
                cmocka_unit_test(test_velocity_loss),
                cmocka_unit_test(test_a_full_set_is_closed),
                cmocka_unit_test(test_deterministic),
                cmocka_unit_test(test_refuses_what_is_no_exercise),
                cmocka_unit_test(test_a_calibrated_sensor_needs_no_warming_up),
                cmocka_unit_test(test_calibration_outlives_a_gap),
                cmocka_unit_test(test_refuses_what_is_no_calibration),
                cmocka_unit_test(test_state_is_small),
        };
        return run_unit_tests(tests);
}

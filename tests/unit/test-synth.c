/* SPDX-License-Identifier: Apache-2.0 */
/* The generator is the measure of everything else, so it is measured here against itself and against arithmetic. */

#include <errno.h>

#include <repcast/sample.h>

#include "synth/synth.h"
#include "unit.h"
#include "util/macros.h"

static struct synth *make(const struct synth_options *o) {
        struct synth *s = NULL;

        assert_int_equal(synth_new(o, &s), 0);
        return s;
}

/* Rotate the columns of r by the rate w over dt: r := r exp([w dt]x), by Rodrigues' formula. */
static void turn(double r[3][3], const double w[3], double dt) {
        double angle = sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]) * dt;
        double s = angle > 1e-12 ? sin(angle) / angle : 1,
               c = angle > 1e-12 ? (1 - cos(angle)) / (angle * angle) : 0.5;
        double x = w[0] * dt, y = w[1] * dt, z = w[2] * dt, k[3][3] = {{0, -z, y}, {z, 0, -x}, {-y, x, 0}};
        double e[3][3], out[3][3];

        for (unsigned i = 0; i < 3; i++)
                for (unsigned j = 0; j < 3; j++)
                        e[i][j] = (i == j) + s * k[i][j] +
                                c * (k[i][0] * k[0][j] + k[i][1] * k[1][j] + k[i][2] * k[2][j]);
        for (unsigned i = 0; i < 3; i++)
                for (unsigned j = 0; j < 3; j++)
                        out[i][j] = r[i][0] * e[0][j] + r[i][1] * e[1][j] + r[i][2] * e[2][j];
        memcpy(r, out, sizeof(out));
}

/* Integrate what an ideal sensor measures, rate and force alike, from the known start; end where the bar ended. The
 * trapezoid's error falls with the square of the step; a floor that stops the bar in 20 ms needs a small one. */
static void integrate(const struct synth_options *o, double dt, double tolerance_m) {
        struct synth *s = make(o);
        const struct bar_motion *m = synth_motion(s);
        struct motion_state state = motion_at(m, 0), next;
        double r[3][3], v[3], p[3], end = synth_duration_s(s), worst = 0;

        memcpy(r, state.rotation, sizeof(r));
        memcpy(v, state.velocity_mps, sizeof(v));
        memcpy(p, state.position_m, sizeof(p));
        for (unsigned n = 1; n * dt <= end; n++, state = next) {
                double before[3], after[3], w[3];

                next = motion_at(m, n * dt);
                for (unsigned i = 0; i < 3; i++) {
                        before[i] = r[i][0] * state.f_mps2[0] + r[i][1] * state.f_mps2[1] +
                                r[i][2] * state.f_mps2[2];
                        w[i] = (state.w_radps[i] + next.w_radps[i]) / 2;
                }
                turn(r, w, dt);
                for (unsigned i = 0; i < 3; i++) {
                        double a, g = i == 2 ? STANDARD_GRAVITY_MPS2 : 0;

                        after[i] =
                                r[i][0] * next.f_mps2[0] + r[i][1] * next.f_mps2[1] + r[i][2] * next.f_mps2[2];
                        a = (before[i] + after[i]) / 2 - g;
                        p[i] += v[i] * dt + a * dt * dt / 2;
                        v[i] += a * dt;
                        worst = fmax(worst, fabs(p[i] - next.position_m[i]));
                }
        }
        if (!(worst < tolerance_m))
                fail_msg("%s: %g m off after %g s", o->exercise, worst, end);
        synth_free(s);
}

static void test_force_and_rate_integrate_to_the_motion(void **state) {
        (void) state;
        struct synth_options o = synth_options_default();

        o.reps = 3;
        for (unsigned i = 0; synth_lift_get(i); i++) {
                strcpy(o.exercise, synth_lift_get(i)->exercise);
                o.family = i % _SYNTH_FAMILY_MAX;
                o.seed = i + 1;
                double dt = synth_lift_get(i)->floor ? 2e-4 : 1e-3;

                o.hard = false;
                integrate(&o, dt, 1e-3);
                o.hard = true;
                integrate(&o, dt, 5e-3);
        }
}

/* The truth's borders are where the path really starts and ends to move, its figures those of the path. */
static void test_truth_is_that_of_the_path(void **state) {
        (void) state;
        struct synth_options o = synth_options_default();

        o.sets = 2;
        o.tempo_s[0] = 4;
        o.tempo_s[1] = 1;
        o.tempo_s[3] = 0.5;
        o.fatigue_pct = 40;
        for (unsigned i = 0; synth_lift_get(i); i++) {
                const struct synth_lift *lift = synth_lift_get(i);
                struct synth *s;
                const struct truth *t;
                const struct channel *path;

                strcpy(o.exercise, lift->exercise);
                o.family = i % _SYNTH_FAMILY_MAX;
                s = make(&o);
                t = synth_truth(s);
                path = &synth_motion(s)->script->path;
                assert_int_equal(t->count, 10);
                assert_int_equal(t->n_reps, 10);
                assert_int_equal(t->n_phases, 10 * 4 - 2); /* the last pause of a set is none */
                for (size_t k = 0; k < t->n_phases; k++) {
                        const struct truth_phase *p = &t->phases[k];
                        double start = (double) p->start_us * 1e-6, end = (double) p->end_us * 1e-6;
                        double moved = channel_at(path, end).p - channel_at(path, start).p;
                        double up = lift->eccentric_up ? 1 : -1;
                        const struct truth_rep *r = &t->reps[(p->set - 1) * 5 + p->rep - 1];

                        assert_near(channel_at(path, start).v, 0, 1e-3);
                        if (p->phase == PHASE_ECCENTRIC) {
                                assert_true(up * moved > 0.8 * lift->rom_m);
                                assert_near(r->eccentric.mean_mps, up * moved / (end - start), 1e-5);
                                assert_true(r->eccentric.peak_mps > r->eccentric.mean_mps);
                        } else if (p->phase == PHASE_CONCENTRIC) {
                                assert_near(r->rom_m, -up * moved, 1e-5);
                                assert_near(r->concentric.mean_mps, -up * moved / (end - start), 1e-5);
                        } else
                                assert_near(moved, 0, 1e-6);
                }
                /* The last rep lost the velocity asked for, within the scatter of 3 % on distance and duration. */
                assert_near(t->reps[4].concentric.mean_mps / t->reps[0].concentric.mean_mps, 0.6, 0.13);
                synth_free(s);
        }
}

static void test_profiles(void **state) {
        (void) state;
        static const struct velocity_profile profiles[] = {
                {.kind = VELOCITY_BETA, .rise = 2, .fall = 2},
                {.kind = VELOCITY_BETA, .rise = 4, .fall = 2},
                {.kind = VELOCITY_TRAPEZOID, .ramp_up = 0.2, .ramp_down = 0.3},
                {.kind = VELOCITY_TRAPEZOID, .ramp_up = 0.6, .ramp_down = 0.02},
        };

        for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
                const double h = 1e-5;

                assert_near(velocity_profile_at(&profiles[i], 0).p, 0, 1e-12);
                assert_near(velocity_profile_at(&profiles[i], 1).p, 1, 1e-12);
                for (double u = 0.005; u < 1; u += 0.01) { /* derivatives against differences */
                        struct value x = velocity_profile_at(&profiles[i], u);
                        struct value a = velocity_profile_at(&profiles[i], u - h),
                                     b = velocity_profile_at(&profiles[i], u + h);

                        assert_near(x.v, (b.p - a.p) / (2 * h), 1e-5);
                        assert_near(x.a, (b.v - a.v) / (2 * h), 1e-3);
                }
        }
        /* Minimum jerk in closed form: 10 u^3 - 15 u^4 + 6 u^5. */
        assert_near(velocity_profile_at(&profiles[0], 0.3).p, 10 * 0.027 - 15 * 0.0081 + 6 * 0.00243, 1e-12);
}

static void test_same_seed_same_samples(void **state) {
        (void) state;
        struct synth_options o = synth_options_default(), other;
        struct synth *a, *b, *c;
        struct sample x, y, z;
        bool differs = false;

        o.hard = true;
        o.loss_pct = 2;
        other = o;
        other.seed++;
        a = make(&o);
        b = make(&o);
        c = make(&other);
        while (synth_next(a, &x) > 0) {
                assert_int_equal(synth_next(b, &y), 1);
                assert_memory_equal(&x, &y, sizeof(x));
                differs |= synth_next(c, &z) > 0 && memcmp(&x, &z, sizeof(x)) != 0;
        }
        assert_int_equal(synth_next(b, &y), 0);
        assert_true(differs);
        synth_free(a);
        synth_free(b);
        synth_free(c);
}

/* In the rack a good part reads gravity, to its bias of 20 mg an axis and its noise. */
static void test_sensor_at_rest(void **state) {
        (void) state;
        struct synth_options o = synth_options_default();
        struct synth *s;
        struct sample x;
        double sum = 0, squares = 0, n = 0;

        for (o.seed = 1; o.seed <= 5; o.seed++) {
                s = make(&o);
                sum = squares = n = 0;
                while (synth_next(s, &x) > 0 && x.t_us < 1900000) {
                        double f = sqrt(x.f_mps2[0] * x.f_mps2[0] + x.f_mps2[1] * x.f_mps2[1] +
                                x.f_mps2[2] * x.f_mps2[2]);

                        assert_near(f, STANDARD_GRAVITY_MPS2, 0.020 * STANDARD_GRAVITY_MPS2 * sqrt(3) + 0.07);
                        sum += f;
                        squares += f * f;
                        n++;
                }
                /* 160 ug/rtHz over 50 Hz: 0.0111 m/s2; 190 samples know it to 5 %. */
                assert_near(sqrt(squares / n - sum * sum / n / n), 0.0111, 0.0025);
                synth_free(s);
        }
}

static void test_loss_and_skew(void **state) {
        (void) state;
        struct synth_options o = synth_options_default();
        struct synth *s;
        struct sample x;
        double lost = 0, n = 0, first = -1, last = 0;

        o.reps = 30;
        o.loss_pct = 10;
        o.skew_ppm = 4000;
        s = make(&o);
        while (synth_next(s, &x) > 0) {
                if (first < 0) {
                        first = (double) x.t_us;
                        x.lost = 0;
                }
                last = (double) x.t_us;
                lost += x.lost;
                n++;
        }
        assert_near(lost / (lost + n), 0.10, 0.03); /* of about 2000 packets */
        assert_near((last - first) / (lost + n - 1), 1e4 / 1.004, 0.01);
        synth_free(s);
}

/* Incidents keep force and motion consistent, and change the count only by what they say. */
static void test_incidents(void **state) {
        (void) state;
        static const struct {
                const char *exercise;
                unsigned incidents;
                size_t moves; /* beside unrack, walk-out, walk back, re-rack */
        } cases[] = {
                {"back-squat", SYNTH_PARTIALS, 4 + 2},
                {"back-squat", SYNTH_ASSISTED | SYNTH_BUMPED, 4},
                {"bench-press", SYNTH_FAILED, 2 + 1},
                {"deadlift", SYNTH_DROPPED, 0},
                {"curl", SYNTH_ARC, 2},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct synth_options o = synth_options_default();
                struct synth *s;

                strcpy(o.exercise, cases[i].exercise);
                o.incidents = cases[i].incidents;
                o.turn_deg = 30.0 * (double) i;
                integrate(&o, 2e-4, 5e-3);
                s = make(&o);
                assert_int_equal(synth_truth(s)->n_reps, 5);
                assert_int_equal(synth_truth(s)->n_moves, cases[i].moves);
                synth_free(s);
        }
        for (unsigned i = 0; i < SYNTH_INCIDENTS; i++)
                assert_int_equal(
                        synth_incident_from_string(synth_incident_to_string((enum synth_incident)(1u << i))),
                        1 << i);
        assert_int_equal(synth_incident_from_string("none"), -EINVAL);
}

/* Minimum jerk covers 1 % of its way in 10.6 % of its time, and both truths agree on which way. */
static void test_instants_of_a_stroke(void **state) {
        (void) state;
        struct synth_options o = synth_options_default();
        struct synth *s;
        const struct truth_phase *p;

        o.scatter_pct = 0;
        o.rom_m = 0.5;
        s = make(&o);
        p = &synth_truth(s)->phases[0];
        assert_near(synth_when_travelled(s, p, 0.01) - (double) p->start_us * 1e-6, 2 * 0.1056, 1e-3);
        assert_near((double) p->end_us * 1e-6 - synth_when_travelled(s, p, 0.99), 2 * 0.1056, 1e-3);
        /* v = 30 d / T u^2 (1 - u)^2 is 2 cm/s at u = 0.0547. */
        assert_near(synth_when_moving(s, p, 0.02) - (double) p->start_us * 1e-6, 2 * 0.0547, 3e-3);
        assert_true(isnan(synth_when_moving(s, p, 5)));
        synth_free(s);
}

/* Who breathes between reps stands longer there and nowhere else, each time for another while. */
static void test_breath(void **state) {
        (void) state;
        static const char *const lifts[] = {"back-squat", "deadlift"};

        for (size_t i = 0; i < ARRAY_SIZE(lifts); i++) {
                struct synth_options o = synth_options_default();
                enum phase between = i == 0 ? PHASE_TOP : PHASE_BOTTOM;
                double least = INFINITY, most = 0;
                unsigned n = 0;
                struct synth *s;

                strcpy(o.exercise, lifts[i]);
                o.reps = 20;
                o.scatter_pct = o.fatigue_pct = 0;
                o.breath_s = 10;
                s = make(&o);
                for (size_t k = 0; k < synth_truth(s)->n_phases; k++) {
                        const struct truth_phase *p = &synth_truth(s)->phases[k];
                        double lasts = (double) (p->end_us - p->start_us) * 1e-6;

                        if (p->phase != between) {
                                assert_near(lasts, p->phase == PHASE_ECCENTRIC ? 2 : 1, 1e-5);
                                continue;
                        }
                        least = fmin(least, lasts);
                        most = fmax(most, lasts);
                        n++;
                }
                assert_int_equal(n, 19); /* after the last rep the set is over */
                assert_true(least < 2 && most > 8 && most < 10);
                synth_free(s);
        }
}

static void test_options_are_checked(void **state) {
        (void) state;
        struct synth_options o = synth_options_default();
        struct synth *s = NULL;
        const char *why = NULL;

        assert_int_equal(synth_options_check(&o, &why), 0);
        o.rate_hz = NAN;
        assert_int_equal(synth_options_check(&o, &why), -EINVAL);
        assert_string_equal(why, "the rate is 5 to 1000 Hz");
        assert_int_equal(synth_new(&o, &s), -EINVAL);
        o = synth_options_default();
        strcpy(o.exercise, "juggling");
        assert_int_equal(synth_new(&o, &s), -EINVAL);
        o = synth_options_default();
        o.jitter_ms = 10; /* of samples that carry their own instants? */
        assert_int_equal(synth_new(&o, &s), -EINVAL);
        assert_null(s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_profiles),
                cmocka_unit_test(test_force_and_rate_integrate_to_the_motion),
                cmocka_unit_test(test_truth_is_that_of_the_path),
                cmocka_unit_test(test_same_seed_same_samples),
                cmocka_unit_test(test_sensor_at_rest),
                cmocka_unit_test(test_loss_and_skew),
                cmocka_unit_test(test_incidents),
                cmocka_unit_test(test_instants_of_a_stroke),
                cmocka_unit_test(test_breath),
                cmocka_unit_test(test_options_are_checked),
        };
        return run_unit_tests(tests);
}

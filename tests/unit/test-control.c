/* SPDX-License-Identifier: Apache-2.0 */
/* The control index and the dive on courses of known quality, made up and measured through the signal core. Prints its
 * tables. */

#include <repcast/core.h>

#include "coach/control.h"
#include "hub/exercises.h"
#include "synth/synth.h"
#include "unit.h"
#include "util/macros.h"

static const struct dive_params dive = {.ratio = 3, .least = 0.25};

/* ---- courses ---- */

static double bell(double t) {
        return 30 * t * t * (1 - t) * (1 - t);
}

static double even(double t) {
        return fmin(1, fmin(t, 1 - t) / 0.1);
}

/* Resisted for so long, then let go. */
static double dropped_late(double t) {
        return t < 0.85 ? 0.5 * fmin(1, t / 0.1) : 0.5 + 40 * (t - 0.85);
}

static double falls(double t) {
        return t;
}

static double gives_way(double t) {
        return even(t) * (1 + 0.5 * sin(2 * M_PI * 4 * t));
}

static double nearly_stops(double t) {
        return even(t) * (1 + 0.95 * sin(2 * M_PI * 2 * t));
}

static double trembles(double t) {
        return bell(t) * (1 + 0.1 * sin(2 * M_PI * 7 * t));
}

static void chart(double (*speed)(double t), double rom_m, double s, struct rep *ret) {
        double mean[REP_COURSE_N] = {0}, greatest = 0;

        *ret = (struct rep){.tempo_s = {s, 0, 1, NAN}};
        for (unsigned k = 0; k < REP_COURSE_N; k++) {
                for (unsigned i = 0; i < 20; i++)
                        mean[k] += speed((k + (i + 0.5) / 20) / REP_COURSE_N) / 20;
                greatest = fmax(greatest, mean[k]);
        }
        for (unsigned k = 0; k < REP_COURSE_N; k++)
                ret->course[k] = (uint8_t) (255 * mean[k] / greatest + 0.5);
        ret->eccentric.mean_mps = rom_m / s;
}

static void test_known_courses(void **state) {
        static const struct {
                const char *what;
                double (*speed)(double t);
                double least, most;
        } courses[] = {
                {"even", even, 0.95, 1},
                {"a single bell", bell, 0.95, 1},
                {"a bell that trembles by 10 %", trembles, 0.9, 0.999},
                {"gives way and is caught, four times", gives_way, 0.05, 0.6},
                {"nearly stops, twice", nearly_stops, 0, 0.4},
                {"resisted, then dropped", dropped_late, 0, 0.5},
                {"falls from the start", falls, 0.2, 0.75},
        };

        (void) state;
        print_message("# %-38s %7s %7s %7s %8s\n", "course", "uneven", "ripple", "rush", "control");
        for (size_t i = 0; i < ARRAY_SIZE(courses); i++) {
                struct control_parts parts;
                struct rep rep;
                double index;

                chart(courses[i].speed, 0.55, 4, &rep);
                index = control_index(rep.course);
                assert_true(control_look(rep.course, &parts));
                print_message("# %-38s %7.2f %7.2f %7.2f %8.2f\n", courses[i].what, parts.uneven, parts.ripple,
                        parts.rush, index);
                if (!(index >= courses[i].least && index <= courses[i].most))
                        fail_msg("%s: %.2f", courses[i].what, index);
        }
}

/* Neither load nor range nor tempo are in it. */
static void test_no_unit(void **state) {
        struct rep slow, fast;

        (void) state;
        chart(gives_way, 0.55, 8, &slow);
        chart(gives_way, 0.20, 1.5, &fast);
        assert_near(control_index(slow.course), control_index(fast.course), 1e-5);
}

static void test_nothing_to_see(void **state) {
        struct rep none = {.tempo_s = {4, 0, 1, NAN}};
        struct control_parts parts;

        (void) state;
        assert_true(isnan(control_index(none.course)));
        assert_false(control_look(none.course, &parts));
        none.course[REP_COURSE_N - 1] = 255; /* nonsense is no crash */
        assert_false(control_index(none.course) > 1);
}

/* ---- dives ---- */

static void test_dives(void **state) {
        static const struct {
                const char *what;
                double (*speed)(double t);
                double rom_m, s, target_s;
                bool dives;
        } reps[] = {
                {"squat 4 s as prescribed", bell, 0.55, 4, 4, false},
                {"squat in 2 s, 4 prescribed: short, no dive", bell, 0.55, 2, 4, false},
                {"squat in 0.9 s, 4 prescribed", bell, 0.55, 0.9, 4, true},
                {"squat resisted 2.5 s, then dropped", dropped_late, 0.55, 2.5, 4, true},
                {"squat falls freely", falls, 0.55, 0.335, 4, true},
                {"squat in 0.9 s, 1 prescribed", bell, 0.55, 0.9, 1, false},
                {"curl in 0.6 s, 3 prescribed", bell, 0.45, 0.6, 3, true},
                {"rehabilitation, 0.2 m in 2 s, 4 prescribed", bell, 0.2, 2, 4, false},
                {"rehabilitation, 0.2 m in 0.5 s, 4 prescribed", bell, 0.2, 0.5, 4, true},
        };

        (void) state;
        print_message("# %-48s %8s\n", "eccentric", "severity");
        for (size_t i = 0; i < ARRAY_SIZE(reps); i++) {
                struct prescription p = {.tempo = {{TEMPO_PACED, reps[i].target_s}}};
                struct rep rep;
                double severity;

                chart(reps[i].speed, reps[i].rom_m, reps[i].s, &rep);
                severity = dive_severity(&dive, &p, &rep, 1);
                print_message("# %-48s %8.2f\n", reps[i].what, severity);
                if ((severity > 0) != reps[i].dives)
                        fail_msg("%s: %.2f", reps[i].what, severity);
        }
}

static void test_free_fall_is_one(void **state) {
        struct prescription p = {.tempo = {{TEMPO_AT_LEAST, 3}}};
        struct rep rep;

        (void) state;
        chart(falls, 0.5, sqrt(2 * 0.5 / STANDARD_GRAVITY_MPS2), &rep);
        assert_near(dive_severity(&dive, &p, &rep, 1), 1, 0.03);
        assert_near(dive_severity(&dive, &p, &rep, 0.5), 1, 0.001); /* faster than a sled can fall: still 1 */
        p.tempo[PHASE_ECCENTRIC].rule = TEMPO_FREE;
        assert_true(isnan(dive_severity(&dive, &p, &rep, 1))); /* nothing prescribed, nothing judged */
        p.tempo[PHASE_ECCENTRIC] = (struct tempo_part){TEMPO_AT_MOST, 2};
        assert_true(isnan(dive_severity(&dive, &p, &rep, 1)));
}

/* ---- through sensor and core ---- */

static struct core core;

struct course_of {
        const char *lift;
        enum synth_family family;
        double eccentric_s;
        uint64_t seed;
};

/* Of 12 reps, or one set of 6, through a good sensor, with sway, tremor and knocks. */
static double mean_index(const struct course_of *c, double *ret_least) {
        struct synth_options o = synth_options_default();
        _cleanup_(exercises_done) struct exercises table = {NULL, 0};
        struct faults faults = {.sink = NULL};
        struct synth *s = NULL;
        struct sample sample;
        const struct event *e;
        double sum = 0, least = 1;
        unsigned n = 0;

        strcpy(o.exercise, c->lift);
        o.family = c->family;
        o.tempo_s[0] = c->eccentric_s;
        o.reps = 6;
        o.sets = trials(2);
        o.hard = true;
        o.seed = c->seed;
        assert_int_equal(exercises_load(NULL, &faults, &table), 0);
        assert_int_equal(synth_new(&o, &s), 0);
        assert_int_equal(core_init(&core, NULL, exercises_find(&table, o.exercise, NULL), NULL), 0);
        while (synth_next(s, &sample) > 0) {
                (void) core_push(&core, &sample);
                while ((e = core_next(&core)))
                        if (e->type == EVENT_REP) {
                                double index = control_index(e->rep.course);

                                sum += index;
                                least = fmin(least, index);
                                n++;
                        }
        }
        synth_free(s);
        assert_in_range(n, 5 * o.sets, 6 * o.sets + 1);
        *ret_least = least;
        return sum / n;
}

static void test_measured(void **state) {
        static const double tempi[] = {2, 4, 8};
        double of[_SYNTH_FAMILY_MAX][ARRAY_SIZE(tempi)];

        (void) state;
        print_message("# mean (least) of %u reps, good sensor, sway, tremor and knocks\n", 6 * trials(2));
        print_message("# %-14s %12s %12s %12s\n", "family", "2 s", "4 s", "8 s");
        for (unsigned f = 0; f < _SYNTH_FAMILY_MAX; f++) {
                double least[ARRAY_SIZE(tempi)];

                for (size_t k = 0; k < ARRAY_SIZE(tempi); k++)
                        of[f][k] = mean_index(&(struct course_of){"back-squat", f, tempi[k], 7}, &least[k]);
                print_message("# %-14s %5.2f (%4.2f) %5.2f (%4.2f) %5.2f (%4.2f)\n", synth_family_to_string(f),
                        of[f][0], least[0], of[f][1], least[1], of[f][2], least[2]);
        }
        for (size_t k = 0; k < ARRAY_SIZE(tempi); k++) {
                /* Held well: at the top of the scale; uneven ones stand well below. */
                assert_true(of[SYNTH_MIN_JERK][k] > 0.75 && of[SYNTH_RAMP][k] > 0.75);
                assert_true(of[SYNTH_HESITATION][k] < of[SYNTH_RAMP][k] - 0.2);
        }
}

/* Held out: neither these lifts nor tempi nor seeds were in sight when the index got its figures. */
static void test_held_out(void **state) {
        static const struct course_of sets[] = {{"bench-press", 0, 3, 3001}, {"overhead-press", 0, 3, 3002},
                {"front-squat", 0, 5, 3003}, {"leg-press", 0, 5, 3004}};
        double of[_SYNTH_FAMILY_MAX][ARRAY_SIZE(sets)];

        (void) state;
        print_message("# held out: mean (least) of %u reps\n# %-14s", 6 * trials(2), "family");
        for (size_t k = 0; k < ARRAY_SIZE(sets); k++)
                print_message(" %14s %1.0f s", sets[k].lift, sets[k].eccentric_s);
        print_message("\n");
        for (unsigned f = 0; f < _SYNTH_FAMILY_MAX; f++) {
                print_message("# %-14s", synth_family_to_string(f));
                for (size_t k = 0; k < ARRAY_SIZE(sets); k++) {
                        struct course_of c = sets[k];
                        double least;

                        c.family = f;
                        c.seed += 10 * f;
                        of[f][k] = mean_index(&c, &least);
                        print_message("        %4.2f (%4.2f)", of[f][k], least);
                }
                print_message("\n");
        }
        for (size_t k = 0; k < ARRAY_SIZE(sets); k++) {
                assert_true(of[SYNTH_MIN_JERK][k] > 0.75 && of[SYNTH_RAMP][k] > 0.75);
                assert_true(of[SYNTH_HESITATION][k] < of[SYNTH_RAMP][k] - 0.2);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_known_courses),
                cmocka_unit_test(test_no_unit),
                cmocka_unit_test(test_nothing_to_see),
                cmocka_unit_test(test_dives),
                cmocka_unit_test(test_free_fall_is_one),
                cmocka_unit_test(test_measured),
                cmocka_unit_test(test_held_out),
        };
        return run_unit_tests(tests);
}

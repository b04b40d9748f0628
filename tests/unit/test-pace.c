/* SPDX-License-Identifier: Apache-2.0 */
/* The pace of a movement while it runs: how soon it is there, and how far its prediction is off. Prints its tables. */

#include <repcast/core.h>

#include "coach/coach.h"
#include "hub/exercises.h"
#include "synth/synth.h"
#include "unit.h"
#include "util/macros.h"

#define MOST_PHASES 4096
#define SEEDS       12

static const double marks[] = {0.25, 0.5, 0.75}; /* of the phase's time */

/* Relative errors of the prediction, of all runs of a row of the table. */
struct errors {
        double at[ARRAY_SIZE(marks)][MOST_PHASES];
        unsigned n[ARRAY_SIZE(marks)];
        unsigned phases; /* true ones */
};

struct run {
        struct core core;
        struct coach coach;
        struct synth *synth;
};

static int by_size(const void *a, const void *b) {
        double x = *(const double *) a, y = *(const double *) b;

        return (x > y) - (x < y);
}

static double quantile(double *values, unsigned n, double share) {
        qsort(values, n, sizeof(*values), by_size);
        return n > 0 ? values[(unsigned) (share * (n - 1) + 0.5)] : (double) NAN;
}

/* The true phase that this instant lies in. */
static const struct truth_phase *phase_at(const struct truth *t, enum phase phase, uint64_t t_us) {
        for (size_t i = 0; i < t->n_phases; i++)
                if (t->phases[i].phase == phase && t_us >= t->phases[i].start_us && t_us <= t->phases[i].end_us)
                        return &t->phases[i];
        return NULL;
}

static void compare(struct errors *e, const struct truth_phase *truth, const struct pace *pace, uint64_t t_us,
        bool done[static ARRAY_SIZE(marks)]) {
        double whole_s = (double) (truth->end_us - truth->start_us) * 1e-6;
        double share = (double) (t_us - truth->start_us) * 1e-6 / whole_s;

        for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
                if (done[i] || share < marks[i])
                        continue;
                done[i] = true;
                if (e->n[i] < MOST_PHASES)
                        e->at[i][e->n[i]++] = fabs(pace->predicted_s - whole_s) / whole_s;
        }
}

static struct run run; /* too large for the stack */

static void play(const struct synth_options *o, enum phase phase, double target_s, struct errors *e) {
        _cleanup_(exercises_done) struct exercises table = {NULL, 0};
        struct faults faults = {.sink = NULL};
        struct prescription p = {
                .name = "test", .tempo = {{TEMPO_FREE, 0}, {TEMPO_FREE, 0}, {TEMPO_FREE, 0}, {TEMPO_FREE, 0}}};
        const struct truth_phase *running = NULL;
        const struct exercise *exercise;
        const struct event *event;
        bool done[ARRAY_SIZE(marks)] = {false};
        struct rep_note note;
        struct sample sample;

        p.tempo[phase] = (struct tempo_part){TEMPO_PACED, target_s};
        assert_int_equal(exercises_load(NULL, &faults, &table), 0);
        exercise = exercises_find(&table, o->exercise, NULL);
        assert_int_equal(synth_new(o, &run.synth), 0);
        assert_int_equal(core_init(&run.core, NULL, exercise, NULL), 0);
        coach_init(&run.coach, NULL);
        coach_assign(&run.coach, "ana", exercise, &p);
        while (synth_next(run.synth, &sample) > 0) {
                const struct truth_phase *truth;
                struct live live;
                struct pace pace;

                (void) core_push(&run.core, &sample);
                while ((event = core_next(&run.core)))
                        if (event->type == EVENT_REP) {
                                struct rep rep = event->rep;

                                coach_rep(&run.coach, &rep, &note);
                        }
                core_live(&run.core, &live);
                coach_look(&run.coach, &live, &pace);
                truth = phase_at(synth_truth(run.synth), phase, sample.t_us);
                if (truth != running) {
                        running = truth;
                        memset(done, 0, sizeof(done));
                        e->phases += truth != NULL;
                }
                if (!truth || !pace.known || live.phase != phase)
                        continue;
                compare(e, truth, &pace, sample.t_us, done);
        }
        synth_free(run.synth);
}

static struct errors errors;

/* One line of the table: a dozen sets, for of three the median varies by some points. */
static void row(const char *what, enum synth_family family, const struct synth_options *base, enum phase phase,
        double target_s, double ret_median[static ARRAY_SIZE(marks)]) {
        memset(&errors, 0, sizeof(errors));
        for (unsigned seed = 1; seed <= SEEDS; seed++) {
                struct synth_options o = *base;

                o.family = family;
                o.seed = seed;
                play(&o, phase, target_s, &errors);
        }
        print_message("# %-22s %-13s", what, synth_family_to_string(family));
        for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
                ret_median[i] = quantile(errors.at[i], errors.n[i], 0.5);
                print_message("  %4.0f %% %4.0f %% (%3.0f %%)", 100 * ret_median[i],
                        100 * quantile(errors.at[i], errors.n[i], 0.9),
                        100.0 * errors.n[i] / MAX(errors.phases, 1u));
        }
        print_message("\n");
}

/* Even and single movements: what a lifter does who keeps a tempo. The others are near stops and several goes, whose end
 * nobody can foretell: printed, not judged. */
static bool is_steady(enum synth_family family) {
        return family == SYNTH_MIN_JERK || family == SYNTH_RAMP || family == SYNTH_ASYMMETRIC;
}

/* Fewer trials are fewer lines, not fewer seeds: the limits are those of a line as a whole. */
static bool is_drawn(unsigned line, unsigned n) {
        return line % (n / trials(n)) == 0;
}

static void test_prediction(void **state) {
        static const double tempi[] = {2, 3, 4, 8};
        const unsigned lines = (ARRAY_SIZE(tempi) + 1) * _SYNTH_FAMILY_MAX;
        double median[ARRAY_SIZE(marks)];
        struct synth_options o = synth_options_default();

        (void) state;
        o.reps = 6;
        o.hard = true;
        o.scatter_pct = 8;
        o.tempo_s[2] = 1.5;
        print_message("# error of the predicted seconds at 25, 50, 75 %% of the phase: median, 90 %% quantile "
                      "(share of "
                      "phases with a pace by then)\n");
        for (size_t i = 0; i < ARRAY_SIZE(tempi); i++)
                for (unsigned family = 0; family < _SYNTH_FAMILY_MAX; family++) {
                        char what[64];

                        if (!is_drawn(i * _SYNTH_FAMILY_MAX + family, lines))
                                continue;
                        o.tempo_s[0] = tempi[i];
                        snprintf(what, sizeof(what), "squat, eccentric %.0f s", tempi[i]);
                        row(what, family, &o, PHASE_ECCENTRIC, tempi[i], median);
                        if (is_steady(family) && tempi[i] < 5)
                                assert_true(median[1] < 0.25 && median[2] < 0.25);
                }
        o.tempo_s[0] = 2;
        o.tempo_s[2] = 3;
        for (unsigned family = 0; family < _SYNTH_FAMILY_MAX; family++)
                if (is_drawn(ARRAY_SIZE(tempi) * _SYNTH_FAMILY_MAX + family, lines))
                        row("squat, concentric 3 s", family, &o, PHASE_CONCENTRIC, 3, median);
}

/* Made-up live figures: even speed over 0.5 m in so long. */
static struct live live_at(enum phase phase, double t, double whole_s) {
        double way = t / whole_s;

        return (struct live){
                .t_us = (uint64_t) (1e6 + t * 1e6),
                .phase = phase,
                .phase_s = t,
                .velocity_mps = (phase == PHASE_ECCENTRIC ? -1 : 1) * 0.5 / whole_s,
                .position_m = 0.5 * (phase == PHASE_ECCENTRIC ? 1 - way : way),
                .rom_m = 0.5,
                .rom_share = phase == PHASE_ECCENTRIC ? 1 - way : way,
                .moving = true,
        };
}

static void test_begins_at_once(void **state) {
        const struct prescription p = {.tempo = {{TEMPO_PACED, 4}, {TEMPO_FREE, 0}, {TEMPO_FAST, 0}}};
        struct pacer pacer;
        struct pace pace;
        struct live live;

        (void) state;
        pacer_init(&pacer);
        for (unsigned ms = 0; ms <= 4000; ms += 10) { /* the first look at 5 % of the way has a pace */
                live = live_at(PHASE_ECCENTRIC, ms / 1000.0, 4);
                pacer_look(&pacer, &p, &live, &pace);
                assert_int_equal(pace.known, live.rom_share <= 0.95);
        }
        live = live_at(PHASE_CONCENTRIC, 0.5, 1);
        pacer_look(&pacer, &p, &live, &pace);
        assert_false(pace.known); /* as fast as possible: nobody is paced */
        live.phase = PHASE_BOTTOM;
        live.moving = false;
        pacer_look(&pacer, &p, &live, &pace);
        assert_false(pace.known);
}

static enum cue cue_of(struct tempo_part part, enum prescription_kind kind, enum phase phase, double whole_s) {
        struct prescription p = {.kind = kind, .tolerance_s = 0.3, .tolerance_pct = 10};
        struct pacer pacer;
        struct pace pace = {.known = false};

        p.tempo[phase] = part;
        pacer_init(&pacer);
        for (double t = 0; t <= whole_s / 2; t += 0.01) {
                struct live live = live_at(phase, t, whole_s);

                pacer_look(&pacer, &p, &live, &pace);
        }
        return pace.known ? pace.cue : _CUE_MAX;
}

static void test_cues(void **state) {
        const struct tempo_part four = {TEMPO_PACED, 4}, at_least = {TEMPO_AT_LEAST, 4},
                                at_most = {TEMPO_AT_MOST, 2};

        (void) state;
        assert_int_equal(cue_of(four, PRESCRIPTION_NEGATIVE, PHASE_ECCENTRIC, 4), CUE_ON);
        assert_int_equal(cue_of(four, PRESCRIPTION_NEGATIVE, PHASE_ECCENTRIC, 2), CUE_AHEAD);
        assert_int_equal(cue_of(four, PRESCRIPTION_NEGATIVE, PHASE_ECCENTRIC, 7), CUE_BEHIND);
        assert_int_equal(cue_of(at_least, PRESCRIPTION_NEGATIVE, PHASE_ECCENTRIC, 2), CUE_AHEAD);
        assert_int_equal(cue_of(at_least, PRESCRIPTION_NEGATIVE, PHASE_ECCENTRIC, 8), CUE_ON);
        assert_int_equal(
                cue_of(at_most, PRESCRIPTION_NEGATIVE, PHASE_CONCENTRIC, 0.8), CUE_ON); /* never too fast */
        assert_int_equal(cue_of(at_most, PRESCRIPTION_NEGATIVE, PHASE_CONCENTRIC, 4), CUE_BEHIND);
        assert_int_equal(
                cue_of(at_most, PRESCRIPTION_SUPRAMAXIMAL, PHASE_CONCENTRIC, 4), _CUE_MAX); /* a spotter's */
}

/* A lifter who lets the bar go slowly first and fast later: after a few reps the shape is known. */
static void test_learns(void **state) {
        struct rep rep = {.tempo_s = {4, 0, 1, NAN}};
        struct pacer pacer;

        (void) state;
        for (unsigned i = 0; i < REP_COURSE_N; i++)
                rep.course[i] = i < REP_COURSE_N / 2 ? 50 : 150;
        pacer_init(&pacer);
        for (unsigned i = 0; i < 6; i++)
                pacer_learn(&pacer, &rep);
        assert_near(pacer.shapes[0].time[PACE_SHAPE_N / 4], 0.5,
                0.03); /* a quarter of the way takes half the time */
        for (unsigned i = 0; i < PACE_SHAPE_N; i++)
                assert_true(pacer.shapes[0].time[i] < pacer.shapes[0].time[i + 1]);
        pacer_forget(&pacer);
        assert_near(pacer.shapes[0].time[PACE_SHAPE_N / 2], 0.5, 1e-6);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_begins_at_once),
                cmocka_unit_test(test_cues),
                cmocka_unit_test(test_learns),
                cmocka_unit_test(test_prediction),
        };
        return run_unit_tests(tests);
}

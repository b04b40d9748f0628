/* SPDX-License-Identifier: Apache-2.0 */
/* The first rep of a set, looked at again once the second is known. */

#include <math.h>

#include <repcast/core.h>

#include "core/first.h"
#include "fit.h"
#include "hub/exercises.h"
#include "synth/synth.h"
#include "unit.h"
#include "util/seconds.h"

static const struct bias bias = {.b = {0.01, 0.02, 0.03}};

/* Two reps that were told, from 10 s and 30 s on, whose eccentrics take so long. */
static struct setmodel set_of(double first_s, double second_s) {
        struct setmodel m = {.n = 2};

        for (unsigned i = 0; i < m.n; i++) {
                struct cycle_fit *f = &m.candidates[i].fit;
                double start_s = 10 + 20 * i, end_s = start_s + (i ? second_s : first_s);

                *f = fit_rep(start_s, 0.5);
                f->eccentric.end_us = f->concentric.start_us = fit_us(end_s);
                f->concentric.end_us = fit_us(end_s + 2);
                m.candidates[i].rep = i + 1;
        }
        return m;
}

static bool doubtful(struct setmodel *m, struct cycle *ret) {
        const struct cycle_fit *like;
        struct candidate *first;
        bool yes = first_doubtful(m, &bias, &first, &like, ret);

        if (yes) {
                assert_ptr_equal(first, &m->candidates[0]);
                assert_ptr_equal(like, &m->candidates[1].fit);
        }
        return yes;
}

static void test_doubtful(void **state) {
        struct setmodel m = set_of(8, 4);
        struct cycle c;

        (void) state;
        assert_true(doubtful(&m, &c));
        assert_false(c.first.up);
        assert_true(c.second.up);
        assert_int_equal(c.first.start_us, fit_us(10));
        assert_int_equal(c.first.end_us, fit_us(18));
        assert_int_equal(c.first.still_since_us, fit_us(9));
        assert_int_equal(c.second.end_us, fit_us(20));
        assert_int_equal(c.until_us, fit_us(30));
        assert_near(c.first.bias.b[1], 0.02, 1e-12);

        m = set_of(3, 6); /* begun too late: its start is sought from where it would be in the second's tempo */
        assert_true(doubtful(&m, &c));
        assert_int_equal(c.first.start_us, fit_us(7));
}

static void test_not_doubtful(void **state) {
        struct setmodel m = set_of(5, 4.2); /* within a quarter */
        struct cycle c;

        (void) state;
        assert_false(doubtful(&m, &c));
        m = set_of(2.8, 1); /* quick: its live borders are good */
        assert_false(doubtful(&m, &c));
        m = set_of(8, 4);
        m.candidates[1].rep = 0; /* nobody was told of it */
        assert_false(doubtful(&m, &c));
        m = set_of(8, 4);
        m.candidates[0].fit.swung = true; /* its strokes were seen */
        assert_false(doubtful(&m, &c));
        m = set_of(8, 4);
        m.candidates[0].fit.eccentric_first = false;
        assert_false(doubtful(&m, &c));
}

static void test_better(void **state) {
        struct setmodel told = set_of(8, 4), again = set_of(5, 4);
        const struct cycle_fit *like = &told.candidates[1].fit;

        (void) state;
        again.candidates[0].fit.misfit = 4;
        assert_true(first_better(&told.candidates[0].fit, &again.candidates[0].fit, like));
        assert_false(first_better(&again.candidates[0].fit, &told.candidates[0].fit, like)); /* farther off */
        again.candidates[0].fit.misfit = 40;                                                 /* pulled harder */
        assert_false(first_better(&told.candidates[0].fit, &again.candidates[0].fit, like));
}

/* How far the first eccentric of a generated set, last told, is off, s. */
static double first_off_s(const struct exercise *squat, enum synth_family family, unsigned seed) {
        static struct core core; /* too large for the stack */
        struct synth_options o = synth_options_default();
        const struct event *event;
        const struct truth *truth;
        struct sample sample;
        struct synth *s;
        double told_s = NAN;

        o.family = family;
        o.seed = seed;
        o.hard = true;
        o.reps = 4;
        o.tempo_s[PHASE_ECCENTRIC] = 4;
        o.tempo_s[PHASE_CONCENTRIC] = 2;
        assert_int_equal(synth_new(&o, &s), 0);
        assert_int_equal(core_init(&core, NULL, squat, NULL), 0);
        while (synth_next(s, &sample) > 0) {
                (void) core_push(&core, &sample);
                while ((event = core_next(&core))) {
                        if (event->type == EVENT_REP && event->rep.rep == 1)
                                told_s = event->rep.tempo_s[PHASE_ECCENTRIC];
                        if (event->type == EVENT_AMEND && event->amend.rep == 1 &&
                                event->amend.change == AMENDED_FIGURES)
                                told_s = event->amend.figures.tempo_s[PHASE_ECCENTRIC];
                }
        }
        truth = synth_truth(s);
        for (size_t i = 0; i < truth->n_phases; i++)
                if (truth->phases[i].phase == PHASE_ECCENTRIC) {
                        told_s -= seconds(truth->phases[i].start_us, truth->phases[i].end_us);
                        break;
                }
        synth_free(s);
        return told_s;
}

/* In all of these sets but the last the walk out of the rack is taken for the start of the first lowering at first, in the last
 * the second half of the lowering for the whole of it. */
static void test_walk_is_no_lowering(void **state) {
        static const struct {
                enum synth_family family;
                unsigned seed;
        } sets[] = {{SYNTH_MIN_JERK, 3}, {SYNTH_MIN_JERK, 12}, {SYNTH_MIN_JERK, 40}, {SYNTH_SUBMOVEMENTS, 9},
                {SYNTH_SUBMOVEMENTS, 26}, {SYNTH_RAMP, 6}, {SYNTH_RAMP, 37}, {SYNTH_HESITATION, 9}};
        _cleanup_(exercises_done) struct exercises table = {NULL, 0};
        struct faults faults = {.sink = NULL};

        (void) state;
        assert_int_equal(exercises_load(NULL, &faults, &table), 0);
        for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
                double off_s =
                        first_off_s(exercises_find(&table, "back-squat", NULL), sets[i].family, sets[i].seed);

                print_message(
                        "# %-13s %2u: %+.2f s\n", synth_family_to_string(sets[i].family), sets[i].seed, off_s);
                assert_true(fabs(off_s) < 1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_doubtful),
                cmocka_unit_test(test_not_doubtful),
                cmocka_unit_test(test_better),
                cmocka_unit_test(test_walk_is_no_lowering),
        };
        return run_unit_tests(tests);
}

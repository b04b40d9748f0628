/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts of figures, reps and sets; what an amendment changes; and that nothing is judged which is not known. */

#include "coach/coach.h"
#include "unit.h"
#include "util/macros.h"

static const struct exercise squat = {.name = "back-squat",
        .start = EXERCISE_START_TOP,
        .incline_deg = 90,
        .rom_typical_m = 0.55,
        .under_bar = true};

static struct prescription prescription(enum prescription_kind kind, struct tempo_part e, struct tempo_part b,
        struct tempo_part c, struct tempo_part t) {
        return (struct prescription){.name = "test",
                .kind = kind,
                .tempo_text = "test",
                .tempo = {e, b, c, t},
                .tolerance_s = 0.3,
                .tolerance_pct = 10,
                .hold_s = NAN,
                .velocity_loss_pct = NAN};
}

static const struct tempo_part any = {TEMPO_FREE, 0}, fast = {TEMPO_FAST, 0}, none = {TEMPO_PACED, 0};

static struct tempo_part paced(double s) {
        return (struct tempo_part){TEMPO_PACED, s};
}

static struct tempo_part at_most(double s) {
        return (struct tempo_part){TEMPO_AT_MOST, s};
}

static struct tempo_part at_least(double s) {
        return (struct tempo_part){TEMPO_AT_LEAST, s};
}

static const char *spell(enum verdict v) {
        const char *word = verdict_to_string(v);

        return word ? word : "-";
}

static void test_verdicts(void **state) {
        static const double seconds[] = {1.0, 2.6, 2.8, 3.55, 3.61, 4.0, 4.39, 4.41, 9.0, NAN};
        /* By the rows of seconds: S short, O ok, L long, - not judged. */
        const struct {
                const char *what;
                struct tempo_part part;
                const char *wanted;
        } rules[] = {
                {"4 s", paced(4), "SSSSOOOLL-"},
                {"at most 4 s", at_most(4), "OOOOOOOLL-"},
                {"at least 3 s", at_least(3), "SSOOOOOOO-"},
                {"not judged", any, "----------"},
                {"as fast as possible", fast, "----------"},
                {"no pause", none, "LLLLLLLLL-"},
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
                struct prescription p = prescription(PRESCRIPTION_NEGATIVE, any, any, any, any);

                p.tempo[PHASE_CONCENTRIC] = rules[i].part;
                for (size_t k = 0; k < ARRAY_SIZE(seconds); k++) {
                        enum verdict v = verdict_of(&p, PHASE_CONCENTRIC, seconds[k]);

                        if ("-OSL"[v] != rules[i].wanted[k])
                                fail_msg("%s: %.2f s is %s", rules[i].what, seconds[k], spell(v));
                }
                p.kind = PRESCRIPTION_SUPRAMAXIMAL; /* a spotter's concentric is nobody's fault */
                assert_int_equal(verdict_of(&p, PHASE_CONCENTRIC, 1), VERDICT_NONE);
        }
}

static struct rep rep_of(uint32_t number, double e, double b, double c, double before) {
        struct rep r = {
                .set = 1,
                .rep = number,
                .start_us = number * UINT64_C(10000000),
                .n_phases = 2,
                .phases = {{.phase = PHASE_ECCENTRIC}, {.phase = PHASE_CONCENTRIC}},
                .tempo_s = {e, b, c, NAN},
                .pause_before_s = before,
                .rom_m = 0.5,
                .eccentric = {0.5 / e, 1 / e},
                .concentric = {0.5 / c, 1 / c},
                .velocity_loss_pct = 10,
                .confidence = 0.95,
        };

        for (unsigned i = 0; i < REP_COURSE_N; i++)
                r.course[i] = i == 0 || i + 1 == REP_COURSE_N ? 100 : 200;
        return r;
}

static void test_reps(void **state) {
        const struct {
                double e, b, c, before;
                enum verdict phase[3], pause;
                enum compliance rep;
        } rows[] = {
                {4.1, 0.0, 1.4, 1.0, {VERDICT_OK, VERDICT_OK, VERDICT_OK}, VERDICT_OK, COMPLIANCE_YES},
                {2.9, 0.0, 1.4, NAN, {VERDICT_SHORT, VERDICT_OK, VERDICT_OK}, VERDICT_NONE, COMPLIANCE_NO},
                {5.0, 0.0, 1.4, 3.0, {VERDICT_LONG, VERDICT_OK, VERDICT_OK}, VERDICT_LONG, COMPLIANCE_NO},
                {4.0, 0.9, 1.4, 1.0, {VERDICT_OK, VERDICT_LONG, VERDICT_OK}, VERDICT_OK, COMPLIANCE_NO},
                {4.0, 0.1, 2.6, 1.0, {VERDICT_OK, VERDICT_OK, VERDICT_LONG}, VERDICT_OK, COMPLIANCE_NO},
                {4.0, 0.1, 1.0, 9.0, {VERDICT_OK, VERDICT_OK, VERDICT_OK}, VERDICT_LONG, COMPLIANCE_YES},
        };
        const struct prescription p =
                prescription(PRESCRIPTION_NEGATIVE, paced(4), none, at_most(2), at_most(2));
        struct coach coach;

        (void) state;
        coach_init(&coach, NULL);
        coach_assign(&coach, "ana", &squat, &p);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct rep r = rep_of(1 + (uint32_t) i, rows[i].e, rows[i].b, rows[i].c, rows[i].before);
                struct rep_note n;

                coach_rep(&coach, &r, &n);
                assert_true(n.known && n.judged && !n.assisted);
                for (unsigned k = 0; k < 3; k++)
                        assert_int_equal(n.verdicts.phase[k], rows[i].phase[k]);
                assert_int_equal(n.verdicts.phase[PHASE_TOP], VERDICT_NONE); /* not over yet */
                assert_int_equal(n.verdicts.before, rows[i].pause);
                assert_int_equal(n.verdicts.rep, rows[i].rep);
                assert_near(r.velocity_loss_pct, 10, 0); /* an upper limit is no pace */
        }
}

/* The pause before the rep of a lift that begins with the concentric is the one at the bottom. */
static void test_concentric_first(void **state) {
        const struct prescription p = prescription(PRESCRIPTION_NEGATIVE, paced(4), at_most(1), fast, none);
        struct rep r = rep_of(1, 4, 0, 1, 2.5);
        struct coach coach;
        struct rep_note n;

        (void) state;
        r.phases[0].phase = PHASE_CONCENTRIC;
        r.phases[1].phase = PHASE_ECCENTRIC;
        r.tempo_s[PHASE_BOTTOM] = NAN;
        r.tempo_s[PHASE_TOP] = 0;
        coach_init(&coach, NULL);
        coach_assign(&coach, "ana", &squat, &p);
        coach_rep(&coach, &r, &n);
        assert_int_equal(n.verdicts.before, VERDICT_LONG);
        assert_int_equal(n.verdicts.phase[PHASE_TOP], VERDICT_OK);
        assert_int_equal(n.verdicts.phase[PHASE_BOTTOM], VERDICT_NONE);
        assert_int_equal(n.verdicts.rep, COMPLIANCE_YES);
}

static void test_assisted(void **state) {
        static const enum prescription_kind kinds[] = {PRESCRIPTION_SUPRAMAXIMAL, PRESCRIPTION_ECCENTRIC_ONLY};

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                const struct prescription p = prescription(kinds[i], at_least(3), none, at_most(2), none);
                struct rep r = rep_of(1, 3.2, 5, 9, 9);
                struct coach coach;
                struct rep_note n;

                coach_init(&coach, NULL);
                coach_assign(&coach, "ana", &squat, &p);
                coach_rep(&coach, &r, &n);
                assert_true(n.assisted);
                assert_int_equal(n.verdicts.phase[PHASE_ECCENTRIC], VERDICT_OK);
                assert_int_equal(n.verdicts.phase[PHASE_BOTTOM], VERDICT_NONE);
                assert_int_equal(n.verdicts.phase[PHASE_CONCENTRIC], VERDICT_NONE);
                assert_int_equal(n.verdicts.before, VERDICT_NONE);
                assert_int_equal(n.verdicts.rep, COMPLIANCE_YES);
                assert_true(isnan(r.velocity_loss_pct));
        }
}

static void test_without_prescription(void **state) {
        struct rep r = rep_of(1, 4, 0, 1, 1);
        struct coach coach;
        struct rep_note n;
        struct pace pace;
        struct live live = {
                .phase = PHASE_ECCENTRIC, .moving = true, .rom_m = 0.5, .rom_share = 0.5, .phase_s = 1};

        (void) state;
        coach_init(&coach, NULL);
        coach_assign(&coach, "ana", &squat, NULL);
        coach_rep(&coach, &r, &n);
        assert_true(n.known && !n.judged && !n.assisted);
        assert_true(n.control > 0.9);
        assert_true(isnan(n.dive));
        assert_int_equal(n.verdicts.rep, COMPLIANCE_UNKNOWN);
        assert_near(r.velocity_loss_pct, 10, 0);
        coach_look(&coach, &live, &pace);
        assert_false(pace.known);
}

/* Figures that cannot be known: no verdict. */
static void test_unknown_figures(void **state) {
        const struct prescription p = prescription(PRESCRIPTION_NEGATIVE, paced(4), none, at_most(2), none);
        struct rep r = rep_of(1, NAN, NAN, NAN, NAN);
        struct coach coach;
        struct rep_note n;

        (void) state;
        coach_init(&coach, NULL);
        coach_assign(&coach, "ana", &squat, &p);
        memset(r.course, 0, sizeof(r.course));
        coach_rep(&coach, &r, &n);
        assert_int_equal(n.verdicts.rep, COMPLIANCE_UNKNOWN);
        assert_true(isnan(n.control) && isnan(n.dive));
}

static struct set set_of(const struct rep *reps, unsigned n) {
        struct set s = {.set = 1, .n_reps = n};

        for (unsigned i = 0; i < n; i++) {
                s.reps[i] = (struct set_rep){.rep = reps[i].rep, .start_us = reps[i].start_us};
                for (unsigned k = 0; k < _PHASE_TEMPO_MAX; k++)
                        s.reps[i].tempo_s[k] = (float) reps[i].tempo_s[k];
                s.reps[i].tempo_s[PHASE_TOP] = i + 1 < n ? 1.0F : NAN;
        }
        return s;
}

/* What an amendment changes, the set shows. */
static void test_sets_follow_amendments(void **state) {
        const struct prescription p =
                prescription(PRESCRIPTION_NEGATIVE, paced(4), none, at_most(2), at_most(2));
        struct rep reps[] = {rep_of(1, 4.0, 0, 1, NAN), rep_of(2, 2.0, 0, 1, 1), rep_of(3, 4.2, 0, 1, 1)};
        struct coach coach;
        struct rep_note n;
        struct set_note note;
        struct set set;

        (void) state;
        coach_init(&coach, NULL);
        coach_assign(&coach, "ana", &squat, &p);
        for (size_t i = 0; i < ARRAY_SIZE(reps); i++)
                coach_rep(&coach, &reps[i], &n);
        assert_int_equal(coach.n_reps, 3);

        reps[1] = rep_of(2, 3.9, 0, 1, 1); /* better figures */
        coach_rep(&coach, &reps[1], &n);
        assert_int_equal(coach.n_reps, 3);
        assert_int_equal(n.verdicts.rep, COMPLIANCE_YES);
        coach_strike(&coach, 3);
        coach_strike(&coach, 3); /* taken back already */
        assert_int_equal(coach.n_reps, 2);

        set = set_of(reps, 2);
        coach_set(&coach, &set, &note);
        assert_int_equal(note.n_judged, 2);
        assert_int_equal(note.n_compliant, 2);
        assert_near(set_note_compliance(&note), 100, 0);
        assert_near(note.eccentric_s, 7.9, 1e-5);
        assert_true(note.control > 0.9);
        assert_int_equal(note.reps[0].phase[PHASE_TOP], VERDICT_OK);
        assert_int_equal(note.reps[1].phase[PHASE_TOP], VERDICT_NONE);
        coach_close(&coach, NULL, &note);
        assert_int_equal(coach.n_reps, 0);

        set = set_of(reps, 3); /* a rep that the coach never saw: tempo is judged, control is not known */
        set.reps[0].tempo_s[PHASE_TOP] = 7;
        coach_set(&coach, &set, &note);
        assert_int_equal(note.n_judged, 3);
        assert_int_equal(note.n_compliant, 2);
        assert_int_equal(note.reps[0].phase[PHASE_TOP], VERDICT_LONG);
        assert_true(isnan(note.control));
}

static void test_paced_sets_lose_no_velocity(void **state) {
        const struct prescription p = prescription(PRESCRIPTION_NORMAL, paced(4), any, paced(3), any);
        struct rep r = rep_of(1, 4, 0, 3, NAN);
        struct set set = set_of(&r, 1);
        struct coach coach;
        struct rep_note n;
        struct set_note note;

        (void) state;
        set.velocity_loss_pct = 12;
        set.reps[0].velocity_loss_pct = 12;
        coach_init(&coach, NULL);
        coach_assign(&coach, "ana", &squat, &p);
        coach_rep(&coach, &r, &n);
        assert_true(isnan(r.velocity_loss_pct));
        coach_set(&coach, &set, &note);
        assert_true(isnan(set.velocity_loss_pct) && isnan(set.reps[0].velocity_loss_pct));
}

/* More reps than a set can have do no harm. */
static void test_too_many(void **state) {
        struct coach coach;
        struct rep_note n;

        (void) state;
        coach_init(&coach, NULL);
        coach_assign(&coach, "ana", &squat, NULL);
        for (uint32_t i = 1; i <= SET_REPS_MAX + 20; i++) {
                struct rep r = rep_of(i, 4, 0, 1, 1);

                coach_rep(&coach, &r, &n);
        }
        assert_int_equal(coach.n_reps, SET_REPS_MAX);
}

/* A deadlift that is let go at the top: a concentric, and no eccentric to judge. */
static void test_dropped(void **state) {
        const struct prescription p = prescription(PRESCRIPTION_NEGATIVE, paced(3), any, at_most(2), any);
        struct exercise deadlift = squat;
        struct coach coach;
        struct rep_note n;

        (void) state;
        deadlift.under_bar = false;
        coach_init(&coach, NULL);
        for (unsigned dropped = 0; dropped <= 1; dropped++) {
                struct rep r = rep_of(1, 0.7, 0, 1, 1);

                r.eccentric.peak_mps =
                        dropped ? 2.4 : 1.34; /* of 3.1 in a free fall; a single bell over 0.7 s */
                coach_assign(&coach, "ana", &deadlift, &p);
                coach_rep(&coach, &r, &n);
                assert_int_equal(n.dropped, dropped);
                assert_int_equal(n.verdicts.phase[PHASE_ECCENTRIC], dropped ? VERDICT_NONE : VERDICT_SHORT);
                assert_int_equal(n.verdicts.phase[PHASE_CONCENTRIC], VERDICT_OK);
                assert_int_equal(isnan(n.control), dropped);
                assert_int_equal(n.verdicts.rep, dropped ? COMPLIANCE_YES : COMPLIANCE_NO);
                coach_assign(&coach, "ana", &squat, &p); /* under the bar nobody lets go */
                coach_rep(&coach, &r, &n);
                assert_false(n.dropped);
        }
}

/* ---- what the set shows ---- */

static struct coach set_coach;

static struct prescription negative(void) {
        struct prescription p = prescription(PRESCRIPTION_NEGATIVE, paced(4), any, at_most(2), any);

        p.hold_s = 3;
        p.reps_min = 3;
        p.reps_max = 8;
        p.budget_sets = 4;
        p.velocity_loss_pct = 20;
        p.load_min_pct = p.load_max_pct = NAN;
        return p;
}

static void begin(const struct prescription *p) {
        coach_init(&set_coach, NULL);
        coach_assign(&set_coach, "ana", &squat, p);
        coach_weigh(&set_coach, 80, NAN);
}

/* A rep of so long and so fast; what is said about it. */
static struct judgement hear(uint32_t number, double eccentric_s, double concentric_s, struct workout *w) {
        struct rep r = rep_of(number, eccentric_s, 0, concentric_s, 1);
        struct judgement j = {.kind = _JUDGEMENT_KIND_MAX}, more;
        struct rep_note n;

        coach_rep(&set_coach, &r, &n);
        coach_review(&set_coach, w);
        if (coach_next(&set_coach, &j))
                while (coach_next(&set_coach, &more)) /* of several the last: the advice */
                        j = more;
        return j;
}

static struct judgement finish(unsigned n, struct workout *w) {
        struct rep reps[SET_REPS_MAX];
        struct judgement j = {.kind = _JUDGEMENT_KIND_MAX};
        struct set_note note;
        struct set set;

        for (unsigned i = 0; i < n; i++)
                reps[i] = rep_of(1 + i, 4, 0, 1, 1);
        set = set_of(reps, n);
        coach_set(&set_coach, &set, &note);
        coach_close(&set_coach, w, &note);
        (void) coach_next(&set_coach, &j);
        assert_int_equal(set_coach.n_reps, 0);
        return j;
}

static void test_three_second_rule(void **state) {
        const struct prescription p = negative();
        struct judgement j;

        (void) state;
        begin(&p);
        assert_int_equal(hear(1, 3.8, 1, NULL).kind, _JUDGEMENT_KIND_MAX);
        assert_int_equal(hear(2, 2.5, 1, NULL).kind, _JUDGEMENT_KIND_MAX); /* one is none */
        assert_int_equal(
                hear(3, 2.95, 1, NULL).kind, _JUDGEMENT_KIND_MAX); /* within what seconds are uncertain by */
        assert_int_equal(hear(4, 2.4, 1, NULL).kind, _JUDGEMENT_KIND_MAX);
        j = hear(5, 2.3, 1, NULL);
        assert_int_equal(j.kind, JUDGEMENT_ADVICE);
        assert_int_equal(j.advice.kind, ADVICE_REDUCE_LOAD);
        assert_int_equal(j.advice.rep, 5);
        assert_near(j.advice.value, 2.3, 0);
        assert_near(j.advice.step_pct, -5, 0);
        assert_near(j.advice.load_kg, 76, 0);
        assert_int_equal(hear(6, 2.3, 1, NULL).kind, _JUDGEMENT_KIND_MAX); /* said once */
}

/* An amendment that makes a short negative long takes it out of the count. */
static void test_rule_follows_amendments(void **state) {
        const struct prescription p = negative();

        (void) state;
        begin(&p);
        (void) hear(1, 4, 1, NULL);
        (void) hear(2, 2.4, 1, NULL);
        assert_int_equal(
                hear(2, 3.9, 1, NULL).kind, _JUDGEMENT_KIND_MAX); /* its figures were better than thought */
        assert_int_equal(hear(3, 2.4, 1, NULL).kind, _JUDGEMENT_KIND_MAX);
        coach_strike(&set_coach, 3);
        assert_int_equal(hear(4, 2.4, 1, NULL).kind, _JUDGEMENT_KIND_MAX);
        coach_discard(&set_coach, 4, true);
        assert_int_equal(hear(5, 2.4, 1, NULL).kind, _JUDGEMENT_KIND_MAX);
        coach_discard(&set_coach, 4, false); /* and back: two in a row */
        coach_review(&set_coach, NULL);
        struct judgement j = {.kind = _JUDGEMENT_KIND_MAX};
        while (j.kind != JUDGEMENT_ADVICE)
                assert_true(coach_next(&set_coach, &j));
        assert_int_equal(j.advice.kind, ADVICE_REDUCE_LOAD);
}

static void test_velocity_loss_stops(void **state) {
        const struct prescription p = negative();
        struct judgement j;

        (void) state;
        begin(&p);
        for (uint32_t i = 1; i <= 4; i++)
                assert_int_equal(hear(i, 4, 1.0 + 0.05 * i, NULL).kind, _JUDGEMENT_KIND_MAX);
        j = hear(5, 4, 1.5, NULL);
        assert_int_equal(j.kind, JUDGEMENT_ADVICE);
        assert_int_equal(j.advice.kind, ADVICE_STOP_SET);
        assert_near(j.advice.value, 30, 0.01);
        assert_near(j.advice.limit, 20, 0);
        assert_true(isnan(j.advice.load_kg));
        assert_int_equal(finish(5, NULL).kind, _JUDGEMENT_KIND_MAX); /* nothing good of such a set */
}

static void test_ends_of_sets(void **state) {
        struct prescription p = negative();
        struct judgement j;

        (void) state;
        begin(&p);
        for (uint32_t i = 1; i <= 4; i++)
                (void) hear(i, 4.1, 1, NULL);
        j = finish(4, NULL);
        assert_int_equal(j.advice.kind, ADVICE_ADD_LOAD);
        assert_near(j.advice.load_kg, 82, 0);
        assert_int_equal(j.advice.rep, 0);

        for (uint32_t i = 1; i <= 4; i++)
                (void) hear(i, i == 2 ? 3.3 : 4.1, 1, NULL); /* one is short of 4 s, none of 3 s */
        assert_int_equal(finish(4, NULL).advice.kind, ADVICE_HOLD);

        (void) hear(1, 4.1, 1, NULL);
        (void) hear(2, 4.1, 1, NULL);
        assert_int_equal(finish(2, NULL).kind, _JUDGEMENT_KIND_MAX); /* two reps say nothing */

        p.load_of = PRESCRIPTION_OF_ONE_RM; /* no more than 80 % */
        p.load_max_pct = 80;
        begin(&p);
        coach_weigh(&set_coach, 80, 100);
        for (uint32_t i = 1; i <= 4; i++)
                (void) hear(i, 4.1, 1, NULL);
        assert_int_equal(finish(4, NULL).advice.kind, ADVICE_HOLD);
}

static void test_badly_measured_reps_count_for_nothing(void **state) {
        const struct prescription p = negative();

        (void) state;
        begin(&p);
        for (uint32_t i = 1; i <= 4; i++) {
                struct rep r = rep_of(i, 2, 0, i, 1);
                struct rep_note n;
                struct judgement j;

                r.confidence = i % 2 ? 0.3 : 0.9;
                r.flags = i % 2 ? 0 : REP_FLAG_GAP;
                coach_rep(&set_coach, &r, &n);
                coach_review(&set_coach, NULL);
                assert_false(coach_next(&set_coach, &j));
        }
}

static void test_workout_counts(void **state) {
        const struct prescription p = negative();
        struct exercise press = squat;
        struct workout w = {.athlete = "ana"};
        struct judgement j;

        (void) state;
        strcpy(press.name, "leg-press");
        strcpy(press.muscle_group, squat.muscle_group);
        begin(&p);
        for (unsigned set = 1; set <= 4; set++) {
                for (uint32_t i = 1; i <= 4; i++)
                        (void) hear(i, 4.1, 1, &w);
                j = finish(4, &w);
                assert_int_equal(w.negative_sets, set);
                assert_int_equal(w.judged, 4 * set);
                assert_int_equal(j.advice.kind, set < 4 ? ADVICE_ADD_LOAD : ADVICE_BUDGET);
        }
        assert_int_equal(j.advice.reason, REASON_BUDGET_100);
        coach_assign(&set_coach, "ana", &press, &p);
        assert_int_equal(hear(1, 4.1, 1, &w).kind, _JUDGEMENT_KIND_MAX);
        j = hear(2, 4.1, 1, &w);
        assert_int_equal(j.advice.reason, REASON_SECOND_EXERCISE);
        assert_string_equal(j.advice.other, "back-squat");
}

static void test_drift_is_told_once(void **state) {
        const struct prescription p = negative();
        unsigned told = 0;

        (void) state;
        begin(&p);
        for (uint32_t i = 1; i <= 8; i++) {
                struct rep r = rep_of(i, 5.2 - 0.25 * i, 0, 1, 1); /* from 5 to 3.2 s */
                struct rep_note n;
                struct judgement j;

                coach_rep(&set_coach, &r, &n);
                coach_review(&set_coach, NULL);
                while (coach_next(&set_coach, &j))
                        if (j.kind == JUDGEMENT_FATIGUE) {
                                assert_int_equal(j.fatigue.sign, FATIGUE_ECCENTRIC_DRIFT);
                                assert_true(j.fatigue.now.eccentric_change_pct < -10);
                                assert_true(j.fatigue.now.probability >= 0.95);
                                assert_true(isfinite(j.fatigue.now.velocity_loss_pct));
                                told++;
                        }
        }
        assert_int_equal(told, 1);
        assert_int_equal(finish(8, NULL).kind, _JUDGEMENT_KIND_MAX); /* no word of more weight */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_verdicts),
                cmocka_unit_test(test_reps),
                cmocka_unit_test(test_concentric_first),
                cmocka_unit_test(test_assisted),
                cmocka_unit_test(test_without_prescription),
                cmocka_unit_test(test_unknown_figures),
                cmocka_unit_test(test_sets_follow_amendments),
                cmocka_unit_test(test_paced_sets_lose_no_velocity),
                cmocka_unit_test(test_too_many),
                cmocka_unit_test(test_dropped),
                cmocka_unit_test(test_three_second_rule),
                cmocka_unit_test(test_rule_follows_amendments),
                cmocka_unit_test(test_velocity_loss_stops),
                cmocka_unit_test(test_ends_of_sets),
                cmocka_unit_test(test_badly_measured_reps_count_for_nothing),
                cmocka_unit_test(test_workout_counts),
                cmocka_unit_test(test_drift_is_told_once),
        };
        return run_unit_tests(tests);
}

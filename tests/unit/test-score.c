/* SPDX-License-Identifier: Apache-2.0 */
/* The scorer of the accuracy suite against outcomes whose score is known by construction. */

#include "accuracy/score.h"
#include "unit.h"
#include "util/macros.h"

#define N 4

/* Four reps of 2-0-1-0, each 5 s after the one before. */
static void make_truth(struct trial_truth *ret, struct true_rep reps[static N]) {
        for (unsigned i = 0; i < N; i++) {
                double t = 10 + 5 * i;

                reps[i] = (struct true_rep){
                        .set = 1,
                        .rep = i + 1,
                        .eccentric = {t, t + 2, t + 0.2, t + 1.8, t + 0.1},
                        .concentric = {t + 2, t + 3, t + 2.1, t + 2.9, t + 2.05},
                        .start_s = t,
                        .end_s = t + 3,
                        .rom_m = 0.5,
                        .mean_mps = 0.5 - 0.1 * i,
                        .loss_pct = 20 * i,
                };
        }
        *ret = (struct trial_truth){.reps = reps, .n = N, .duration_s = 40};
}

static uint64_t us(double s) {
        return (uint64_t) llround(s * 1e6);
}

static void publish(struct outcome *o, const struct true_rep *t, unsigned number, double late_s, double at_s) {
        double e = t->eccentric.start_s + late_s, m = t->concentric.start_s + late_s,
               c = t->concentric.end_s + late_s;
        struct event event = {.type = EVENT_REP,
                .rep = {
                        .set = 1,
                        .rep = number,
                        .start_us = us(e),
                        .end_us = us(c),
                        .n_phases = 2,
                        .phases = {{PHASE_ECCENTRIC, us(e), us(m)}, {PHASE_CONCENTRIC, us(m), us(c)}},
                        .rom_m = t->rom_m,
                        .concentric.mean_mps = t->mean_mps,
                        .velocity_loss_pct = t->loss_pct,
                        .confidence = 0.95,
                }};

        outcome_take(o, &event, at_s);
}

static void show(struct outcome *o, enum phase phase, double at_s) {
        struct event event = {.type = EVENT_PHASE, .phase.phase = phase};

        outcome_take(o, &event, at_s);
}

static void test_truth_scores_full_marks(void **state) {
        (void) state;
        struct true_rep reps[N];
        struct trial_truth truth;
        struct outcome o = {0};
        struct score s = {0};
        const struct rep_score *r = &s.reps[AMENDED];

        make_truth(&truth, reps);
        for (unsigned i = 0; i < N; i++) {
                show(&o, PHASE_ECCENTRIC, reps[i].eccentric.crossing_s + 0.1);
                show(&o, PHASE_CONCENTRIC, reps[i].concentric.crossing_s + 0.1);
                show(&o, PHASE_TOP, reps[i].end_s);
                publish(&o, &reps[i], i + 1, 0, reps[i].end_s + 0.5);
        }
        score_add(&s, &truth, &o, NULL, NULL);
        for (unsigned v = 0; v < _VIEW_MAX; v++)
                assert_near(score_f1(&s.reps[v]), 1, 1e-12);
        assert_int_equal(r->eccentric_short_s.n, N);
        assert_int_equal(r->eccentric_long_s.n, 0);
        assert_near(series_quantile(&r->eccentric_short_s, 1), 0, 1e-9);
        assert_near(series_quantile(&r->eccentric_moving_s, 0.5), 0.4, 1e-9); /* the 1 % and 99 % lie inside */
        assert_near(series_quantile(&r->concentric_s, 1), 0, 1e-9);
        assert_near(series_mean(&r->velocity_mps), 0, 1e-9);
        assert_int_equal(r->loss_points.n, 1);
        assert_near(r->loss_points.x[0], 0, 1e-9);
        assert_near(series_signed_quantile(&r->delay_s, 0.95), 0.5, 1e-9);
        assert_int_equal(r->sure, N);
        assert_int_equal(r->sure_true, N);
        assert_int_equal(s.live.borders, 2 * N);
        assert_int_equal(s.live.extra, 0);
        assert_int_equal(s.live.early, 0);
        assert_near(series_signed_quantile(&s.live.delay_s, 1), 0.1, 1e-9);
        outcome_done(&o);
        score_done(&s);
}

/* Half a concentric too late is no match; what is published twice is false once. */
static void test_shifted_and_doubled(void **state) {
        (void) state;
        struct true_rep reps[N];
        struct trial_truth truth;
        struct outcome o = {0};
        struct score s = {0};
        const struct rep_score *r = &s.reps[AT_LOCKOUT];

        make_truth(&truth, reps);
        publish(&o, &reps[0], 1, 0.45, 20);
        publish(&o, &reps[1], 2, 0.55, 20);
        publish(&o, &reps[2], 3, 0, 30);
        publish(&o, &reps[2], 4, 0, 30);
        score_add(&s, &truth, &o, NULL, NULL);
        assert_int_equal(r->n_true, N);
        assert_int_equal(r->found, 4);
        assert_int_equal(r->matched, 2);
        assert_near(score_f1(r), 0.5, 1e-12);
        outcome_done(&o);
        score_done(&s);
}

/* An amendment changes the second score and never the first. */
static void test_amendments(void **state) {
        (void) state;
        struct true_rep reps[N];
        struct trial_truth truth;
        struct outcome o = {0};
        struct score s = {0};
        struct event taken = {
                .type = EVENT_AMEND, .amend = {1, 5, AMENDED_REJECTED, .reason = REJECTED_RERACK}};
        struct event corrected = {
                .type = EVENT_AMEND, .amend = {1, 2, AMENDED_FIGURES, .reason = REJECTED_NOISE}};

        make_truth(&truth, reps);
        for (unsigned i = 0; i < N; i++)
                publish(&o, &reps[i], i + 1, i == 1 ? 0.8 : 0, reps[i].end_s);
        publish(&o, &reps[3], 5, 4, 35);
        corrected.amend.figures = o.reps[1].at_lockout;
        for (unsigned i = 0; i < 2; i++) {
                corrected.amend.figures.phases[i].start_us -= us(0.8);
                corrected.amend.figures.phases[i].end_us -= us(0.8);
        }
        outcome_take(&o, &taken, 36);
        outcome_take(&o, &corrected, 36);
        score_add(&s, &truth, &o, NULL, NULL);
        assert_int_equal(s.reps[AT_LOCKOUT].found, 5);
        assert_int_equal(s.reps[AT_LOCKOUT].matched, 3);
        assert_int_equal(s.reps[AMENDED].found, 4);
        assert_int_equal(s.reps[AMENDED].matched, 4);
        assert_int_equal(s.retracted, 1);
        outcome_done(&o);
        score_done(&s);
}

/* A border that is taken back and shown again, one that is too early, and one that is never shown. */
static void test_live_borders(void **state) {
        (void) state;
        struct true_rep reps[N];
        struct trial_truth truth;
        struct outcome o = {0};
        struct score s = {0};

        make_truth(&truth, reps);
        show(&o, PHASE_CONCENTRIC, 5); /* the unrack: before the set */
        show(&o, PHASE_ECCENTRIC, 10.2);
        show(&o, PHASE_BOTTOM, 10.8);
        show(&o, PHASE_ECCENTRIC, 10.9); /* again */
        show(&o, PHASE_CONCENTRIC, 12.2);
        show(&o, PHASE_ECCENTRIC, 14.8); /* early: it begins at 15 */
        show(&o, PHASE_CONCENTRIC, 17.2);
        show(&o, PHASE_CONCENTRIC, 22.2); /* without an eccentric before */
        show(&o, PHASE_ECCENTRIC, 25.2);
        show(&o, PHASE_CONCENTRIC, 27.2);
        show(&o, PHASE_ECCENTRIC, 27.5); /* again, in the last stroke of the set */
        score_add(&s, &truth, &o, NULL, NULL);
        assert_int_equal(s.live.borders, 2 * N);
        assert_int_equal(s.live.extra, 2);
        assert_int_equal(s.live.early, 1);
        assert_int_equal(s.live.delay_s.n, 2 * N);
        assert_true(isinf(series_signed_quantile(&s.live.delay_s, 1)));
        assert_false(isinf(series_signed_quantile(&s.live.delay_s, 0.85)));
        outcome_done(&o);
        score_done(&s);
}

/* What the hub could not hear whole is neither missed nor false. */
static void test_ignored(void **state) {
        (void) state;
        struct true_rep reps[N];
        struct trial_truth truth;
        struct outcome o = {0};
        struct score s = {0};

        make_truth(&truth, reps);
        reps[0].ignored = reps[1].ignored = true;
        publish(&o, &reps[0], 1, 0, 14);
        publish(&o, &reps[1], 2, 0.8, 19);
        publish(&o, &reps[2], 3, 0, 24);
        publish(&o, &reps[3], 4, 0, 29);
        score_add(&s, &truth, &o, NULL, NULL);
        assert_int_equal(s.reps[AMENDED].n_true, 2);
        assert_int_equal(s.reps[AMENDED].found, 2);
        assert_int_equal(s.reps[AMENDED].matched, 2);
        outcome_done(&o);
        score_done(&s);
}

static void test_quantiles(void **state) {
        (void) state;
        struct series s = {(double[]){-4, 1, 2, -3}, 4}, none = {0};

        assert_near(series_quantile(&s, 0.5), 2, 0);
        assert_near(series_quantile(&s, 0.95), 4, 0);
        assert_near(series_signed_quantile(&s, 0.5), -3, 0);
        assert_near(series_mean(&s), 2.5, 1e-12);
        assert_true(isnan(series_quantile(&none, 0.5)));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_truth_scores_full_marks),
                cmocka_unit_test(test_shifted_and_doubled),
                cmocka_unit_test(test_amendments),
                cmocka_unit_test(test_live_borders),
                cmocka_unit_test(test_ignored),
                cmocka_unit_test(test_quantiles),
        };

        return run_unit_tests(tests);
}

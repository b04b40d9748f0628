/* SPDX-License-Identifier: Apache-2.0 */
/* Advice: every combination of what can be known; and the table of workouts. */

#include "coach/advice.h"
#include "coach/workout.h"
#include "unit.h"
#include "util/macros.h"

static const struct advice_params params = {
        .reduce_pct = 5, .add_pct = 2.5, .doubt_s = 0.1, .steady_pct = 15, .control = 0.7, .warning_pct = 80};

/* The facts that rules look at, one bit each. */
enum fact {
        FACT_OVER = 1 << 0,
        FACT_NEGATIVE = 1 << 1,
        FACT_TWO_IN_A_ROW = 1 << 2,
        FACT_THREE_BROKEN = 1 << 3,
        FACT_LOST = 1 << 4,
        FACT_OTHER = 1 << 5,
        FACT_DOUBTFUL = 1 << 6,
        FACT_TIRED_OR_DIVED = 1 << 7,
        FACT_SHORT = 1 << 8,
        FACT_SCATTERED = 1 << 9,
        FACT_FEW = 1 << 10,
        FACT_FULL = 1 << 11,
        FACT_NEARLY_FULL = 1 << 12,
        FACT_SAID_STOP = 1 << 13,
        FACT_SAID_REDUCE = 1 << 14,
        FACT_NO_ROOM = 1 << 15,
        _FACT_MAX = 1 << 16,
};

static struct evidence evidence_of(unsigned facts) {
        return (struct evidence){
                .over = facts & FACT_OVER,
                .negative = facts & FACT_NEGATIVE,
                .hold_s = 3,
                .newest_s = facts & (FACT_TWO_IN_A_ROW | FACT_THREE_BROKEN) ? 2.4 : 4,
                .in_a_row = facts & FACT_TWO_IN_A_ROW ? 2 : 0,
                .broken = facts & FACT_THREE_BROKEN ? 3
                        : facts & FACT_TWO_IN_A_ROW ? 2
                                                    : 0,
                .doubtful = !!(facts & FACT_DOUBTFUL),
                .n = facts & FACT_FEW ? 2 : 6,
                .shortest_s = 3.6,
                .scatter_pct = facts & FACT_SCATTERED ? 22 : 8,
                .control = 0.9,
                .short_reps = !!(facts & FACT_SHORT),
                .tired = facts & FACT_TIRED_OR_DIVED,
                .lost = facts & FACT_LOST,
                .loss_pct = 24,
                .limit_pct = 20,
                .least_reps = 6,
                .may_add = !(facts & FACT_NO_ROOM),
                .used = facts & FACT_FULL          ? 5
                        : facts & FACT_NEARLY_FULL ? 4
                                                   : 1,
                .budget = 5,
                .other = facts & FACT_OTHER ? "leg-press" : NULL,
        };
}

/* What may be said, written down rule by rule and not as the code has it. */
static void check_combination(unsigned facts, unsigned *counts) {
        const struct evidence e = evidence_of(facts);
        struct adviser adviser = {.said_stop = facts & FACT_SAID_STOP, .said_reduce = facts & FACT_SAID_REDUCE};
        struct advice a = advice_choose(&params, &adviser, &e);
        bool over = facts & FACT_OVER, negative = facts & FACT_NEGATIVE;
        bool broken = facts & (FACT_TWO_IN_A_ROW | FACT_THREE_BROKEN);
        bool said = facts & (FACT_SAID_STOP | FACT_SAID_REDUCE);

        counts[a.kind]++;
        switch (a.kind) {
        case ADVICE_NONE:
                assert_true(over || said || !(facts & (FACT_LOST | FACT_OTHER)));
                assert_true(!over || !(facts & FACT_FULL));
                assert_true(over || said || !negative || !broken);
                return;
        case ADVICE_STOP_SET:
                assert_true(!over && (facts & FACT_LOST) && !(facts & FACT_SAID_STOP));
                assert_true(a.value >= a.limit && adviser.said_stop);
                return;
        case ADVICE_REDUCE_LOAD:
                assert_true(!over && negative && broken && !said && !(facts & FACT_LOST));
                assert_true(a.value < a.limit && a.step_pct < 0 && adviser.said_reduce);
                return;
        case ADVICE_BUDGET:
                if (over)
                        assert_true(facts & (FACT_FULL | FACT_NEARLY_FULL));
                else
                        assert_true(
                                (facts & FACT_OTHER) && !said && !(negative && broken) && !(facts & FACT_LOST));
                assert_int_equal(a.reason == REASON_BUDGET_100, over && (facts & FACT_FULL));
                return;
        case ADVICE_ADD_LOAD:
                assert_true(a.step_pct > 0 && a.value < a.limit);
                assert_false(facts & (FACT_SHORT | FACT_SCATTERED | FACT_NO_ROOM));
                break;
        case ADVICE_HOLD:
                assert_true(a.value >= a.limit);
                assert_true(facts & (FACT_SHORT | FACT_SCATTERED | FACT_NO_ROOM)); /* or there would be more */
                break;
        case _ADVICE_KIND_MAX:
                fail();
        }
        /* Nothing good is said of a set in which anything was amiss, or of which little is known. */
        assert_true(over && negative && !said && !broken);
        assert_false(facts &
                (FACT_LOST | FACT_DOUBTFUL | FACT_TIRED_OR_DIVED | FACT_FEW | FACT_FULL | FACT_NEARLY_FULL));
}

static void test_all_combinations(void **state) {
        unsigned counts[_ADVICE_KIND_MAX] = {0};

        (void) state;
        for (unsigned facts = 0; facts < _FACT_MAX; facts++)
                check_combination(facts, counts);
        for (enum advice_kind kind = ADVICE_NONE; kind < _ADVICE_KIND_MAX; kind++) {
                print_message("# %-12s %6u of %d combinations\n",
                        kind == ADVICE_NONE ? "(nothing)" : advice_kind_to_string(kind), counts[kind],
                        _FACT_MAX);
                assert_true(counts[kind] > 0);
        }
}

/* Once said it stays said, whatever the next reps are. */
static void test_once_a_set(void **state) {
        struct adviser adviser = {0};
        struct evidence e = evidence_of(FACT_NEGATIVE | FACT_TWO_IN_A_ROW);

        (void) state;
        assert_int_equal(advice_choose(&params, &adviser, &e).kind, ADVICE_REDUCE_LOAD);
        assert_int_equal(advice_choose(&params, &adviser, &e).kind, ADVICE_NONE);
        e = evidence_of(FACT_NEGATIVE | FACT_TWO_IN_A_ROW | FACT_LOST);
        assert_int_equal(advice_choose(&params, &adviser, &e).kind, ADVICE_STOP_SET); /* graver */
        assert_int_equal(advice_choose(&params, &adviser, &e).kind, ADVICE_NONE);
        e = evidence_of(FACT_NEGATIVE | FACT_OVER);
        assert_int_equal(advice_choose(&params, &adviser, &e).kind, ADVICE_NONE);
        adviser = (struct adviser){0};
        assert_int_equal(advice_choose(&params, &adviser, &e).kind, ADVICE_ADD_LOAD);
}

static void test_budget(void **state) {
        /* Sets used of a budget of 5 and of 4: at 80 % and at 100 %, each once. */
        const enum advice_reason five[] = {
                REASON_NONE, REASON_NONE, REASON_NONE, REASON_BUDGET_80, REASON_BUDGET_100, REASON_NONE};
        const enum advice_reason four[] = {
                REASON_NONE, REASON_NONE, REASON_NONE, REASON_BUDGET_100, REASON_NONE, REASON_NONE};
        struct adviser adviser = {0};

        (void) state;
        for (unsigned budget = 4; budget <= 5; budget++) {
                struct evidence e = {.over = true, .budget = budget, .hold_s = NAN};

                for (unsigned i = 0; i < 6; i++) {
                        enum advice_reason reason;

                        e.used = i + 1;
                        reason = advice_choose(&params, &adviser, &e).reason;
                        assert_int_equal(reason, budget == 5 ? five[i] : four[i]);
                        e.told_warning |= reason == REASON_BUDGET_80;
                        e.told_full |= reason == REASON_BUDGET_100;
                }
        }
}

/* ---- workouts ---- */

static struct exercise lift(const char *name, const char *group) {
        struct exercise e = {.rom_min_m = 0.1};

        strcpy(e.name, name);
        strcpy(e.muscle_group, group);
        return e;
}

static void test_workouts(void **state) {
        const uint64_t minute = 60000000;
        static struct workouts w;
        struct workout *ana, *ben;

        (void) state;
        workouts_init(&w, 5400);
        assert_null(workouts_get(&w, "", 0));
        ana = workouts_get(&w, "ana", minute);
        ana->negative_sets = 3;
        ben = workouts_get(&w, "ben", 2 * minute);
        assert_ptr_not_equal(ana, ben);
        assert_int_equal(ben->negative_sets, 0);
        assert_ptr_equal(workouts_get(&w, "ana", 91 * minute), ana);
        assert_int_equal(ana->negative_sets, 3);
        assert_int_equal(workouts_get(&w, "ana", 182 * minute)->negative_sets, 0); /* over 90 minutes */
}

static void test_workouts_are_bounded(void **state) {
        static struct workouts w;

        (void) state;
        workouts_init(&w, 5400);
        for (unsigned i = 0; i < 3 * WORKOUT_ATHLETES; i++) {
                char name[16];
                struct workout *item;

                snprintf(name, sizeof(name), "athlete-%u", i);
                item = workouts_get(&w, name, 1000 + i);
                assert_int_equal(item->sets, 0);
                item->sets = i + 1;
                if (i > 0) { /* whoever came last is still there */
                        snprintf(name, sizeof(name), "athlete-%u", i - 1);
                        assert_int_equal(workouts_get(&w, name, 1000 + i)->sets, i);
                }
        }
}

static void test_groups(void **state) {
        const struct exercise squat = lift("back-squat", "quadriceps"), press = lift("leg-press", "quadriceps"),
                              bench = lift("bench-press", "chest");
        struct workout w = {.athlete = "ana"};

        (void) state;
        assert_null(workout_other_exercise(&w, &squat));
        assert_null(workout_other_exercise(&w, &squat));
        assert_null(workout_other_exercise(&w, &bench));
        assert_string_equal(workout_other_exercise(&w, &press), "back-squat");
        assert_null(workout_other_exercise(&w, &press));    /* told */
        for (unsigned i = 0; i < 2 * WORKOUT_GROUPS; i++) { /* more groups than there is room for */
                char name[16];
                struct exercise e;

                snprintf(name, sizeof(name), "group-%u", i);
                e = lift("x", name);
                assert_null(workout_other_exercise(&w, &e));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_combinations),
                cmocka_unit_test(test_once_a_set),
                cmocka_unit_test(test_budget),
                cmocka_unit_test(test_workouts),
                cmocka_unit_test(test_workouts_are_bounded),
                cmocka_unit_test(test_groups),
        };
        return run_unit_tests(tests);
}

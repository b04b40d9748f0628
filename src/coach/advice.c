/* SPDX-License-Identifier: Apache-2.0 */
/* Advice.
 *
 *     during a set   velocity-loss limit crossed                      stop_set
 *                    negatives under the limit: 2 in a row or 3       reduce_load
 *                    another exercise had this group's negatives      budget
 *     at its end     negative sets used up, or nearly                 budget
 *                    all negatives long and steady                    add_load
 *                    none broke the rule                              hold
 *
 * In this order, one at a time. Each is said once a set; after stop_set or reduce_load a set's end says nothing of its load, so
 * that no two contradict each other. */

#include "coach/advice.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "util/macros.h"

#define IN_A_ROW   2u
#define IN_A_SET   3u
#define LEAST_REPS 3u /* fewer say nothing of a set */

static const char *const kinds[_ADVICE_KIND_MAX] = {
        [ADVICE_STOP_SET] = "stop_set",
        [ADVICE_REDUCE_LOAD] = "reduce_load",
        [ADVICE_BUDGET] = "budget",
        [ADVICE_ADD_LOAD] = "add_load",
        [ADVICE_HOLD] = "hold",
};

static const char *const reasons[_ADVICE_REASON_MAX] = {
        [REASON_VELOCITY_LOSS] = "velocity_loss",
        [REASON_THREE_SECOND_RULE] = "three_second_rule",
        [REASON_BUDGET_80] = "budget_80",
        [REASON_BUDGET_100] = "budget_100",
        [REASON_SECOND_EXERCISE] = "second_exercise",
        [REASON_LONG_AND_STEADY] = "long_and_steady",
        [REASON_CLEAN_SET] = "clean_set",
};

const char *advice_kind_to_string(enum advice_kind kind) {
        return kind < _ADVICE_KIND_MAX ? kinds[kind] : NULL;
}

const char *advice_reason_to_string(enum advice_reason reason) {
        return reason < _ADVICE_REASON_MAX ? reasons[reason] : NULL;
}

static struct advice advise(enum advice_kind kind, enum advice_reason reason, double value, double limit) {
        return (struct advice){
                .kind = kind,
                .reason = reason,
                .value = value,
                .limit = limit,
                .step_pct = (double) NAN,
                .load_kg = (double) NAN,
        };
}

static struct advice nothing(void) {
        return advise(ADVICE_NONE, REASON_NONE, (double) NAN, (double) NAN);
}

static bool breaks_rule(const struct evidence *e) {
        return e->negative && isfinite(e->hold_s) && (e->in_a_row >= IN_A_ROW || e->broken >= IN_A_SET);
}

static struct advice during(
        const struct advice_params *params, struct adviser *adviser, const struct evidence *e) {
        struct advice a;

        if (adviser->said_stop)
                return nothing();
        if (e->lost) {
                adviser->said_stop = true;
                return advise(ADVICE_STOP_SET, REASON_VELOCITY_LOSS, e->loss_pct, e->limit_pct);
        }
        if (adviser->said_reduce)
                return nothing();
        if (breaks_rule(e)) {
                adviser->said_reduce = true;
                a = advise(ADVICE_REDUCE_LOAD, REASON_THREE_SECOND_RULE, e->newest_s, e->hold_s);
                a.step_pct = -params->reduce_pct;
                return a;
        }
        if (!e->other)
                return nothing();
        a = advise(ADVICE_BUDGET, REASON_SECOND_EXERCISE, (double) NAN, (double) NAN);
        memcpy(a.other, e->other, strnlen(e->other, sizeof(a.other) - 1));
        return a;
}

static bool is_clean(const struct evidence *e) {
        return e->negative && isfinite(e->hold_s) && e->n >= LEAST_REPS && e->broken == 0 && e->doubtful == 0 &&
                !e->dived && !e->tired && !e->lost;
}

static bool is_long_and_steady(const struct advice_params *params, const struct evidence *e) {
        return is_clean(e) && e->n >= e->least_reps && e->short_reps == 0 &&
                e->scatter_pct < params->steady_pct && e->control >= params->control && e->may_add;
}

static struct advice at_end(
        const struct advice_params *params, const struct adviser *adviser, const struct evidence *e) {
        struct advice a;

        if (e->budget > 0 && e->used >= e->budget && !e->told_full)
                return advise(ADVICE_BUDGET, REASON_BUDGET_100, e->used, e->budget);
        if (e->budget > 0 && e->used < e->budget && 100.0 * e->used >= params->warning_pct * e->budget &&
                !e->told_warning)
                return advise(ADVICE_BUDGET, REASON_BUDGET_80, e->used, e->budget);
        if (adviser->said_stop || adviser->said_reduce)
                return nothing();
        if (is_long_and_steady(params, e)) {
                a = advise(ADVICE_ADD_LOAD, REASON_LONG_AND_STEADY, e->scatter_pct, params->steady_pct);
                a.step_pct = params->add_pct;
                return a;
        }
        if (is_clean(e))
                return advise(ADVICE_HOLD, REASON_CLEAN_SET, e->shortest_s, e->hold_s);
        return nothing();
}

struct advice advice_choose(
        const struct advice_params *params, struct adviser *adviser, const struct evidence *e) {
        return e->over ? at_end(params, adviser, e) : during(params, adviser, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting events. */

#include "accuracy/outcome.h"

#include <stdlib.h>

void *array_grow(void *array, size_t n, size_t size) {
        if ((n & (n - 1)) != 0)
                return array;
        return reallocarray(array, n > 0 ? 2 * n : 1, size);
}

static void take_rep(struct outcome *o, const struct rep *rep, double at_s) {
        struct found_rep *grown = array_grow(o->reps, o->n_reps, sizeof(*grown));

        if (!grown) {
                o->failed = true;
                return;
        }
        o->reps = grown;
        o->reps[o->n_reps++] = (struct found_rep){.at_lockout = *rep, .amended = *rep, .at_s = at_s};
}

static void take_phase(struct outcome *o, enum phase phase, double at_s) {
        struct shown_phase *grown = array_grow(o->phases, o->n_phases, sizeof(*grown));

        if (!grown) {
                o->failed = true;
                return;
        }
        o->phases = grown;
        o->phases[o->n_phases++] = (struct shown_phase){phase, at_s};
}

void outcome_take(struct outcome *o, const struct event *e, double at_s) {
        switch (e->type) {
        case EVENT_PHASE:
                take_phase(o, e->phase.phase, at_s);
                return;
        case EVENT_REP:
                take_rep(o, &e->rep, at_s);
                return;
        /* An event that takes back or corrects a published rep finds it by set and rep number here, and sets its
         * `rejected` or `amended`; the scores after amendment follow. */
        case EVENT_SET:
        case EVENT_REJECTED: /* never was published as a rep */
        case _EVENT_MAX:
                return;
        }
}

void outcome_done(struct outcome *o) {
        free(o->reps);
        free(o->phases);
        *o = (struct outcome){0};
}

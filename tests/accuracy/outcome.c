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

/* By the numbers under which the rep was published, which corrected figures keep. */
static void amend(struct outcome *o, const struct amend *a) {
        for (size_t i = o->n_reps; i > 0; i--) {
                struct found_rep *f = &o->reps[i - 1];

                if (f->at_lockout.set != a->set || f->at_lockout.rep != a->rep)
                        continue;
                if (a->change == AMENDED_REJECTED)
                        f->rejected = true;
                else
                        f->amended = a->figures;
                return;
        }
}

void outcome_take(struct outcome *o, const struct event *e, double at_s) {
        switch (e->type) {
        case EVENT_PHASE:
                take_phase(o, e->phase.phase, at_s);
                return;
        case EVENT_REP:
                take_rep(o, &e->rep, at_s);
                return;
        case EVENT_AMEND:
                amend(o, &e->amend);
                return;
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

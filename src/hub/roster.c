/* SPDX-License-Identifier: Apache-2.0 */
/* Who lifts what now, and who is next. */

#include "hub/roster.h"

#include <math.h>
#include <string.h>

static bool same_kg(double a, double b) {
        return (isnan(a) && isnan(b)) || fabs(a - b) < 1e-9;
}

bool assignment_equal(const struct assignment *a, const struct assignment *b) {
        return strcmp(a->athlete, b->athlete) == 0 && strcmp(a->exercise, b->exercise) == 0 &&
                strcmp(a->prescription, b->prescription) == 0 && same_kg(a->load_kg, b->load_kg) &&
                same_kg(a->one_rm_kg, b->one_rm_kg);
}

struct assignment assignment_merge(const struct assignment *a, const struct wish *w) {
        struct assignment m = *a;
        const struct assignment *v = &w->values;

        if (w->given & ASSIGNMENT_ATHLETE && strcmp(m.athlete, v->athlete) != 0) {
                memcpy(m.athlete, v->athlete, sizeof(m.athlete));
                m.one_rm_kg = (double) NAN;
        }
        if (w->given & ASSIGNMENT_EXERCISE && strcmp(m.exercise, v->exercise) != 0) {
                memcpy(m.exercise, v->exercise, sizeof(m.exercise));
                m.prescription[0] = '\0';
                m.load_kg = m.one_rm_kg = (double) NAN;
        }
        if (w->given & ASSIGNMENT_PRESCRIPTION)
                memcpy(m.prescription, v->prescription, sizeof(m.prescription));
        if (w->given & ASSIGNMENT_LOAD)
                m.load_kg = v->load_kg;
        if (w->given & ASSIGNMENT_ONE_RM)
                m.one_rm_kg = v->one_rm_kg;
        return m;
}

void roster_init(struct roster *r, const struct assignment *now) {
        *r = (struct roster){.now = *now};
}

struct assignment roster_preview(const struct roster *r, const struct wish *w) {
        return assignment_merge(r->has_next ? &r->next : &r->now, w);
}

bool roster_assign(struct roster *r, const struct assignment *a, bool running) {
        r->has_next = running && !assignment_equal(a, &r->now);
        if (r->has_next)
                r->next = *a;
        else
                r->now = *a;
        return !r->has_next;
}

static bool waits(const struct roster *r, const char *athlete) {
        for (unsigned i = 0; i < r->n_queue; i++)
                if (strcmp(r->queue[i].values.athlete, athlete) == 0)
                        return true;
        return false;
}

/* Who has just lifted goes to the end, with everything as it was; but nobody stands in the queue twice that way, nor
 * beside themselves at the bar. */
static void send_to_end(struct roster *r, const struct assignment *lifted) {
        if (!r->rotate || r->n_queue == ASSIGNMENT_QUEUE_MAX || lifted->athlete[0] == '\0' ||
                strcmp(lifted->athlete, r->now.athlete) == 0 || waits(r, lifted->athlete))
                return;
        r->queue[r->n_queue++] = (struct wish){.given = ASSIGNMENT_ALL, .values = *lifted};
}

static void take_turn(struct roster *r) {
        const struct wish head = r->queue[0];

        memmove(&r->queue[0], &r->queue[1], --r->n_queue * sizeof(r->queue[0]));
        r->now = assignment_merge(&r->now, &head);
}

bool roster_set_void(struct roster *r) {
        if (!r->has_next)
                return false;
        r->has_next = false;
        r->now = r->next;
        return true;
}

bool roster_set_over(struct roster *r) {
        const struct assignment lifted = r->now;
        const bool queued = r->n_queue > 0;

        if (!roster_set_void(r)) {
                if (!queued)
                        return false;
                take_turn(r);
        }
        if (queued)
                send_to_end(r, &lifted);
        return true;
}

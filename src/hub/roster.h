/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who lifts what at one station, and who is next. Plain values, no clock.
 *
 *     assign ──── no set is running ───▶ now
 *        '─── a set is running ──▶ next ──▶ now, when the set is over
 *     queue ────────────────────────────▶ now, when a set is over and nothing else was assigned
 *        ▲                                 │
 *        '──── rotate: who has lifted ─────'
 *
 * A wish says what changes, the rest stays: with two exceptions. Another athlete has another 1RM, and another exercise
 * has another 1RM, load and prescription: what is not said of them is then not known. */

#include <stdbool.h>

#include "message/assignment.h"

struct roster {
        struct assignment now;
        bool has_next;
        struct assignment next;
        struct wish queue[ASSIGNMENT_QUEUE_MAX];
        unsigned n_queue;
        bool rotate;
};

void roster_init(struct roster *r, const struct assignment *now);

/* What it would become. */
struct assignment roster_preview(const struct roster *r, const struct wish *w);

/* Returns whether it holds now, or after the running set. */
bool roster_assign(struct roster *r, const struct assignment *a, bool running);

/* A set with reps that stand is over. Returns whether anything has changed. */
bool roster_set_over(struct roster *r);

/* The running set came to nothing: what waited for its end holds now. */
bool roster_set_void(struct roster *r);

struct assignment assignment_merge(const struct assignment *a, const struct wish *w);
bool assignment_equal(const struct assignment *a, const struct assignment *b);

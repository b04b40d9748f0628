/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the core told of one stream, and when the hub could have known it. */

#include <stdbool.h>
#include <stddef.h>

#include <repcast/event.h>

/* A rep as it was published at lockout, and what became of it. */
struct found_rep {
        struct rep at_lockout;
        struct rep amended; /* the same where nothing was corrected */
        bool rejected;      /* taken back */
        double at_s;        /* arrival of the packet that revealed it */
};

/* The live display changed to this phase. */
struct shown_phase {
        enum phase phase;
        double at_s;
};

struct outcome {
        struct found_rep *reps;
        struct shown_phase *phases;
        size_t n_reps, n_phases;
        bool failed; /* no memory: void */
};

/* The one place that knows the core's events. */
void outcome_take(struct outcome *o, const struct event *e, double at_s);
void outcome_done(struct outcome *o);

/* Room for one more at the end of an array that doubles; NULL without memory. */
void *array_grow(void *array, size_t n, size_t size);

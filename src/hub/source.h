/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where a station's samples come from: a recording for now, a sensor on the air later. A station knows no more of it
 * than this.
 *
 *     created -> source_start() -> WAITING -> STREAMING -> ENDED | FAILED
 *                                     ^___________|
 *                                     a link that was lost and will be sought again
 *
 * Samples carry instants on CLOCK_MONOTONIC, strictly rising. Everything happens on the event loop that the source
 * was made with; a handler must not free the source that calls it. */

#include <stddef.h>

#include <repcast/sample.h>

enum source_state {
        SOURCE_WAITING,   /* no samples yet, or no longer: it goes on by itself */
        SOURCE_STREAMING, /* samples come */
        SOURCE_ENDED,     /* there are no more, and that is in order */
        SOURCE_FAILED,    /* there are no more */
        _SOURCE_STATE_MAX,
};

struct source_handler {
        /* Samples that came together, at least one. */
        void (*on_samples)(void *userdata, const struct sample *samples, size_t n);
        /* why: in words; NULL where there is nothing to explain. */
        void (*on_state)(void *userdata, enum source_state state, const char *why);
};

struct source;

struct source_ops {
        int (*start)(struct source *s);
        const char *(*sensor)(const struct source *s);
        void (*free)(struct source *s);
};

/* First member of each kind of source. */
struct source {
        const struct source_ops *ops;
        const struct source_handler *handler;
        void *userdata;
};

/* States come to the handler from here on. Returns 0, or a negative errno value where not even that is possible. */
static inline int source_start(struct source *s, const struct source_handler *handler, void *userdata) {
        s->handler = handler;
        s->userdata = userdata;
        return s->ops->start(s);
}

/* What the sensor is called, as far as it is known by now; empty = not yet. */
static inline const char *source_sensor(const struct source *s) {
        return s->ops->sensor(s);
}

/* The handler hears no more. */
static inline struct source *source_free(struct source *s) {
        if (s)
                s->ops->free(s);
        return NULL;
}

const char *source_state_to_string(enum source_state state);

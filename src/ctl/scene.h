/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a picture shows: all that was published of a recording, and the curves, collected while it plays. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <repcast/event.h>
#include <repcast/sample.h>

#include "ctl/curve.h"

/* A phase as it was shown live. */
struct shown_phase {
        struct phase_span span;
        uint64_t seen_us; /* when the border was told */
};

struct counted_rep {
        struct rep rep;
        bool withdrawn; /* counted first, taken back later: it stands among the rejected too */
        enum rejection reason;
};

/* A set without the list of its reps. */
struct ended_set {
        uint32_t set, n_reps;
        enum set_end end;
        uint64_t start_us, end_us;
        double tut_s, best_mps, velocity_loss_pct;
};

struct span {
        uint64_t start_us, end_us;
};

struct scene {
        bool any; /* there was a sample */
        uint64_t start_us, end_us;
        struct curve position, velocity; /* as shown live, m and m/s */
        struct curve force;              /* |specific force| - g, m/s2 */
        double force_energy;             /* sum of the squares of the latter */
        uint64_t n_samples;

        struct shown_phase *phases;
        struct counted_rep *reps;
        struct rejected *rejected;
        struct ended_set *sets;
        struct span *gaps; /* no samples came */
        size_t n_phases, n_reps, n_rejected, n_sets, n_gaps;
};

void scene_init(struct scene *s);
void scene_done(struct scene *s);

/* Both return 0 or -ENOMEM. */
int scene_sample(struct scene *s, const struct sample *sample, const struct live *live);
int scene_event(struct scene *s, const struct event *event);

/* Reps that still count. */
size_t scene_count(const struct scene *s);

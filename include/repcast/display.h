/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is shown while the bar moves: the phase, as soon as it is likely enough, and how far the bar has come.
 *
 * A rep is told when it is over, and can be amended. What was seen on a display cannot be taken back, and is of use only
 * at once; so it follows the hypotheses of the beam with thresholds of its own. */

#include <repcast/beam.h>
#include <repcast/event.h>
#include <repcast/rhythm.h>
#include <repcast/tracker.h>

struct display {
        double rest_after_s; /* a hold longer than this is no part of a lift */
        bool in_set;
        enum phase phase;
        uint64_t phase_us;   /* its border */
        uint64_t moved_us;   /* that of the newest movement shown */
        double lasted_s;     /* the newest movement shown went on for so long */
        double velocity_mps; /* 0 in a hold */
        double height_m;     /* of the bar above the deepest point of the rep */
        double from_m;       /* height at which the running eccentric began */
        struct rhythm rhythm;
};

void display_init(struct display *d, double rest_after_s);

/* Nothing is known any more: rest. Returns true if that is another phase than before. */
bool display_reset(struct display *d, uint64_t now_us);

/* A rep was told: the next one will be like it. */
void display_learn(struct display *d, const struct rep *rep);

/* The bar has gone on. rom_m: ROM of the next rep, as far as it can be foretold. Returns true if another phase has
 * begun. */
bool display_push(struct display *d, const struct beam_view *view, const struct track *track, bool in_set,
        double rom_m, uint64_t now_us);

bool display_moving(const struct display *d);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the lifter does: sets of reps with all that happens around them, and the truth about it. */

#include <stdbool.h>
#include <stdint.h>

#include "recording/recording.h"
#include "synth/channel.h"
#include "synth/options.h"
#include "synth/random.h"

/* A knock: a damped oscillation that leaves the bar where it was. */
struct impact {
        double at_s;
        double peak_mps2;
        double hz, decay_s;
        double direction[3]; /* east, north, up */
};

struct script {
        struct channel path;    /* along the path of the lift, m; up is positive for a vertical one */
        struct channel walk;    /* horizontal, m */
        struct channel roll;    /* about the bar, rad */
        struct channel held;    /* 1 while somebody holds the bar, 0 while it lies */
        struct impact *impacts; /* by time */
        size_t n_impacts;
        double incline_rad; /* of the path above the horizontal */
        double end_s;
        struct truth truth;
};

int script_init(struct script *s, const struct synth_options *options);
void script_done(struct script *s);

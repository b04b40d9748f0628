/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The pace of the movement that is under way, against what is prescribed. */

#include <repcast/event.h>

#include "coach/prescription.h"

enum cue {
        CUE_ON,
        CUE_AHEAD,  /* too fast */
        CUE_BEHIND, /* too slow */
        _CUE_MAX,
};

struct pace {
        bool known;
        double target_s;
        double predicted_s; /* how long the whole movement will have taken */
        double travelled;   /* share of its way, 0 to 1 */
        double due;         /* share that would be right by now */
        enum cue cue;
};

/* How a lifter's movement goes, as far as its tempo is concerned: share of the time by which a share of the way is done. */
#define PACE_SHAPE_N 16
struct pace_shape {
        double time[PACE_SHAPE_N +
                1];    /* at i / PACE_SHAPE_N of the way; 0 at the first, 1 at the last, rising */
        unsigned reps; /* that it was learned from */
};

struct pacer {
        struct pace_shape shapes[2]; /* of the eccentric, of the concentric */
        enum phase phase;            /* running */
        uint64_t t_us;               /* of the newest look */
        double speed_mps;            /* low-passed */
        bool running;
        enum cue cue;
};

void pacer_init(struct pacer *p);

/* A new lifter or exercise: nothing is learned yet. */
void pacer_forget(struct pacer *p);

/* A rep is over: its eccentric shows how this lifter lowers. */
void pacer_learn(struct pacer *p, const struct rep *rep);

/* Look at the newest of the live figures; rom_m: usual travel, for the speed. Call it as often as there are new ones. */
void pacer_look(
        struct pacer *p, const struct prescription *prescription, const struct live *live, struct pace *ret);

const char *cue_to_string(enum cue cue);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where the sensor is and what an ideal one would measure, at any instant, exactly. */

#include "synth/script.h"

#define WAVES 4

/* Sum of sinusoids: sway, tremor, wander. */
struct wave {
        double amplitude, hz, phase;
};

struct waves {
        struct wave w[WAVES];
        unsigned n;
};

struct bar_motion {
        const struct script *script;
        double mounting[3][3]; /* sensor frame to bar frame */
        double lever_m[3];     /* of the sensor, in the bar's frame */
        double heading_rad;
        struct waves sway[3];   /* east, north, up, m */
        struct waves tremor;    /* up, m */
        struct waves wander[2]; /* roll and tilt, rad */
};

struct motion_state {
        double position_m[3], velocity_mps[3], acceleration_mps2[3]; /* of the sensor: east, north, up */
        double rotation[3][3];                                       /* sensor frame to east, north, up */
        double f_mps2[3];                                            /* specific force in the sensor's frame */
        double w_radps[3];                                           /* angular rate in the sensor's frame */
};

void motion_init(struct bar_motion *m, const struct script *script, const struct synth_options *options);
struct motion_state motion_at(const struct bar_motion *m, double t_s);

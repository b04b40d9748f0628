/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Do gyroscope and accelerometer share one right-handed frame?
 *
 * Some sensors and drivers mix the axes up: the gyroscope's x, y or z counts the other way round. The attitude then
 * turns against the bar. Gravity seen from the sensor tells, since its direction turns as u' = -w x u. */

#include <stdbool.h>

#include <repcast/resample.h>

struct handedness_params {
        double odds;  /* a pattern must be likelier than the one in use, natural logarithm, 3 to 100; 5 */
        double share; /* and explain this much more of the motion of gravity per axis, 0.01 to 0.5; 0.05 */
};

enum {
        HANDEDNESS_X = 1 << 0, /* the gyroscope's axis counts the other way */
        HANDEDNESS_Y = 1 << 1,
        HANDEDNESS_Z = 1 << 2,
        HANDEDNESS_PATTERNS = 8,
};

struct handedness {
        struct handedness_params params;
        unsigned flipped; /* HANDEDNESS_ bits: the pattern in use */
        bool started;
        double up[2][3];                      /* direction of gravity, low-passed once, twice */
        double turn[2][3][3];                 /* -(w_j e_j) x up for each axis j, low-passed likewise */
        double rate_mean[3], turn_mean[3][3]; /* slow means, which the gyroscope's bias is in */
        double age_s;                         /* since the start of the timeline */
        double A[3][3], b[3], rate2, n;       /* sums with forgetting: M'M, M'u', u'u', ticks with a turn */
};

void handedness_init(struct handedness *h, const struct handedness_params *params, unsigned flipped);

/* A new timeline: nothing before it is compared with what follows. */
void handedness_restart(struct handedness *h);

/* Take the tick, gyroscope as measured. Returns true if the pattern in use has changed. */
bool handedness_push(struct handedness *h, const struct tick *tick);

void handedness_correct(const struct handedness *h, double w_radps[3]);

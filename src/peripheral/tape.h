/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A recording as the motion of a bar: what would the sensor measure at this instant? */

#include <stdbool.h>
#include <stdint.h>

#include "hub/playback.h"

struct tape {
        const char *path;
        const struct profiles *profiles;
        struct playback *playback;
        double speed; /* of the tape; forces stay as they are, so only times are to be believed at others than 1 */
        bool loop;
        uint64_t base_us;   /* instant on the tape of this round's first sample */
        uint64_t first_us;  /* and its time in the recording */
        struct sample a, b; /* around the instant asked for last; their times are on the tape */
        bool ended;
        char why[RECORDING_ERROR_MAX]; /* of a fault */
};

/* profiles: for recordings of a sensor's packets; NULL = the shipped ones. 0, -ENOENT where it cannot be opened, -EBADMSG where it is faulty or empty; why says more. */
int tape_open(struct tape *t, const char *path, const struct profiles *profiles, double speed, bool loop);
void tape_close(struct tape *t);

/* elapsed_us since the start, never falling. Interpolates linearly. 1 = on the tape; 0 = behind its end, where the bar
 * rests in its last posture; negative = a fault. */
int tape_at(struct tape *t, uint64_t elapsed_us, struct sample *ret);

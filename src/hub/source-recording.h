/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A recording in the place of a sensor, played as a radio would bring it: the samples that are due, in small batches.
 *
 * The first sample is taken now; the others keep their distances in the recording's own time whatever the speed, so
 * that tempo and instants agree with each other. At other speeds than 1 the instants therefore run away from the
 * clock. Looped, the recording starts again after the pause, on the same timeline: whoever listens sees a gap.
 *
 * It is read on the loop's own thread; recordings belong on a local disk. */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "hub/source.h"
#include "sensor/profile.h"

struct source_recording_config {
        const char *path;
        double speed; /* times real time, over 0 */
        bool loop;
        double pause_s;                  /* of the recording's time, before it starts again */
        const struct profiles *profiles; /* for raw recordings; NULL = the shipped ones */
};

int source_recording_new(sd_event *loop, const struct source_recording_config *config, struct source **ret);

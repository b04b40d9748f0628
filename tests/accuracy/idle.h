/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Bars that nobody trains with: a second generator that shares only the model of the sensor with the first.
 *
 * The bar's place and attitude are six cubic splines through control points, eight a second, into which activities
 * write; force and rate are differences of the pose. No stroke of the set generator is in it. */

#include <repcast/exercise.h>

#include "accuracy/outcome.h"
#include "accuracy/without.h"
#include "synth/options.h"

enum idle_activity {
        IDLE_PLATES,  /* loaded and taken off: knocks, the bar tips and shifts */
        IDLE_ROLLED,  /* along the floor */
        IDLE_WIPED,   /* to and fro about its axis */
        IDLE_KICKED,  /* and shoved */
        IDLE_CARRIED, /* picked up, walked with, put down elsewhere */
        IDLE_WALKING, /* held while walking about */
        IDLE_IN_HAND, /* the sensor alone, in a swinging hand */
        _IDLE_ACTIVITY_MAX,
        IDLE_MIXED = _IDLE_ACTIVITY_MAX,
};

/* duration_s of it, with rests between; 0 or negative errno. */
int idle_run(const struct synth_options *sensor, const struct exercise *exercise, enum idle_activity activity,
        double duration_s, enum part without, struct outcome *ret);

const char *idle_activity_to_string(enum idle_activity activity);

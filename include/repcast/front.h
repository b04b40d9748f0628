/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The front end: what one sensor measures becomes motion along the vertical, and what its measurements tell of the
 * sensor itself is kept.
 *
 *     tick -> handedness -> calibration -> attitude -> motion
 *                               ^             |
 *                               +--- rests <--+ quiet */

#include <repcast/attitude.h>
#include <repcast/calibration.h>
#include <repcast/handedness.h>

struct front {
        struct calibration_params params;
        struct calibration learned; /* by all rests */
        struct calibration
                used; /* stays the same while a lift is followed: a step of the bias looks like motion */
        struct handedness handedness;
        struct attitude attitude;
        struct rests rests;
        double about
                [3]; /* the direction of up about which the sensor is turned these days; 0 = not known yet */
};

/* known: what was learned of the sensor before, checked; NULL = nothing. */
void front_init(struct front *f, const struct attitude_params *attitude,
        const struct calibration_params *calibration, const struct handedness_params *handedness,
        const struct calibration *known);

/* A new timeline. */
void front_restart(struct front *f);

void front_push(struct front *f, const struct tick *tick, struct motion *ret);

/* Nothing is being followed, and up is there: use what was learned from here on. Returns false if that is not much. */
bool front_settle(struct front *f, const double up[3]);

/* Covariance of the bias that is left in the motion at this direction of up. */
void front_left(const struct front *f, const double up[3], double ret[3][3]);

void front_get_calibration(const struct front *f, struct calibration *ret);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is known of each sensor: learned by a station, used by the next one that has the sensor, kept by the store over
 * restarts. */

#include <stdbool.h>
#include <stdint.h>

#include <repcast/calibration.h>

#include "hub/wallclock.h"
#include "store/store.h"

/* Twice as many sensors as stations can have in a day of swapping them; beyond it the one longest unused is forgotten. */
#define CALIBRATIONS_MAX 1024

struct calibrations {
        struct {
                char sensor[MESSAGE_NAME_MAX]; /* empty = free */
                struct calibration calibration;
                uint64_t known_us; /* CLOCK_MONOTONIC; 0 = it is from an earlier run */
                int64_t known_ms;  /* since the epoch; 0 = not known */
        } list[CALIBRATIONS_MAX];
        struct store *store;
};

/* Before the store is started. */
void calibrations_load(struct calibrations *c, struct store *store);

/* Aged by the time since. False: nothing is known. */
bool calibrations_get(const struct calibrations *c, const char *sensor, const struct wallclock *clock,
        uint64_t now_us, struct calibration *ret);

/* station: that has the sensor. Without a rest that is new nothing is written. */
void calibrations_put(struct calibrations *c, unsigned station, const char *sensor,
        const struct wallclock *clock, uint64_t now_us, const struct calibration *calibration);

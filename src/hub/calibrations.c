/* SPDX-License-Identifier: Apache-2.0 */
/* The sense thread's copy of what is known of sensors; a change goes to the store as well. */

#include "hub/calibrations.h"

#include <stdio.h>
#include <string.h>

#include <repcast/core.h>

/* Where nobody knows how long it was: the biases start anew, scale and skew stay. */
#define LONG_AGO_S (30 * 86400.0)

static bool find(const struct calibrations *c, const char *sensor, size_t *ret) {
        for (size_t i = 0; i < CALIBRATIONS_MAX; i++)
                if (strcmp(c->list[i].sensor, sensor) == 0) {
                        *ret = i;
                        return true;
                }
        return false;
}

/* A free place, or that of the sensor longest unused. */
static size_t make_room(const struct calibrations *c) {
        size_t oldest = 0;

        for (size_t i = 0; i < CALIBRATIONS_MAX; i++) {
                if (c->list[i].sensor[0] == '\0')
                        return i;
                if (c->list[i].known_us < c->list[oldest].known_us)
                        oldest = i;
        }
        return oldest;
}

static void set(struct calibrations *c, const char *sensor, const struct calibration *calibration,
        uint64_t known_us, int64_t known_ms) {
        size_t i;

        if (!find(c, sensor, &i))
                i = make_room(c);
        snprintf(c->list[i].sensor, sizeof(c->list[i].sensor), "%s", sensor);
        c->list[i].calibration = *calibration;
        c->list[i].known_us = known_us;
        c->list[i].known_ms = known_ms;
}

static void take(void *userdata, const char *sensor, const struct calibration *calibration, int64_t saved_ms) {
        if (sensor[0] != '\0')
                set(userdata, sensor, calibration, 0, saved_ms);
}

void calibrations_load(struct calibrations *c, struct store *store) {
        c->store = store;
        store_load_calibrations(store, take, c);
}

static int64_t now_ms(const struct wallclock *clock, uint64_t now_us) {
        return clock->synced ? (clock->epoch_us + (int64_t) now_us) / 1000 : 0;
}

bool calibrations_get(const struct calibrations *c, const char *sensor, const struct wallclock *clock,
        uint64_t now_us, struct calibration *ret) {
        struct core_params params;
        double age_s = LONG_AGO_S;
        size_t i;

        if (sensor[0] == '\0' || !find(c, sensor, &i))
                return false;
        if (c->list[i].known_us > 0)
                age_s = (double) (now_us - c->list[i].known_us) * 1e-6;
        else if (c->list[i].known_ms > 0 && now_ms(clock, now_us) >= c->list[i].known_ms)
                age_s = (double) (now_ms(clock, now_us) - c->list[i].known_ms) * 1e-3;
        *ret = c->list[i].calibration;
        core_params_init(&params);
        calibration_age(ret, &params.calibration, age_s);
        return true;
}

void calibrations_put(struct calibrations *c, unsigned station, const char *sensor,
        const struct wallclock *clock, uint64_t now_us, const struct calibration *calibration) {
        size_t i;

        if (sensor[0] == '\0' || calibration->rests == 0)
                return;
        if (find(c, sensor, &i) && c->list[i].calibration.rests == calibration->rests &&
                c->list[i].known_us > 0)
                return;
        set(c, sensor, calibration, now_us, now_ms(clock, now_us));
        store_save_calibration(c->store, station, sensor, calibration, now_ms(clock, now_us));
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The virtual sensor: a tape for the bar, a profile for the manners, BlueZ for the radio. */

#include <stdbool.h>
#include <stdint.h>

#include "peripheral/air.h"
#include "sensor/profile.h"

#define SENSOR_STATUS_LOST 1000 /* the bus has gone away */

struct sensor_config {
        const struct profile *profile;
        const struct profiles *profiles; /* of recordings that hold a sensor's packets */
        const char *recording;
        const char *adapter; /* hciN or address; NULL = the first */
        const char *name;    /* that it advertises; NULL = one that fits the profile */
        double rate_hz;      /* until a hub says another; 0 = the profile's */
        double speed;
        bool loop, until_end, quiet;
        unsigned batch;   /* samples in a notification, where the profile leaves it open; 0 = 40 ms of them */
        double drift_ppm; /* of its clock */
        struct air_config air;
        struct air_spell absence; /* it drops the link and is not to be found */
        double battery_percent, drain_percent_per_h;
        bool paired;      /* no motion without pairing */
        uint32_t passkey; /* AGENT_NO_PASSKEY = none */
};

struct sensor;

/* *ret also where it fails, for sensor_error(), except for -ENOMEM: -ENOENT and -EBADMSG of the recording, -ENOTCONN
 * where there is no system bus, -EINVAL for a profile or a name that cannot be played. */
int sensor_new(const struct sensor_config *config, struct sensor **ret);
void sensor_free(struct sensor *s);

/* Until SIGINT, SIGTERM or, if so configured, the end of the recording: 0. Negative: as above. */
int sensor_run(struct sensor *s);

const char *sensor_error(const struct sensor *s);

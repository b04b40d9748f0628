/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The sensors of stations, as the broker is told of them: news within a second, figures that change all the time with every
 * word about the hub's health. Strangers that are only near are nobody's business and are not told. */

#include <stdbool.h>
#include <stdint.h>

#include "hub/outlet.h"
#include "hub/sensors.h"
#include "message/sensor.h"

#define EXHIBIT_MAX (2 * CONFIG_STATIONS_MAX) /* those that are gone included, until their place is needed */

struct exhibit {
        struct sensor_info found[SENSORS_MAX];
        struct sensor_state shown[EXHIBIT_MAX]; /* address empty = a place that was never used */
};

/* all: tell the figures too. */
void exhibit_update(
        struct exhibit *e, const struct sensors *sensors, struct outlet *outlet, uint64_t now_us, bool all);

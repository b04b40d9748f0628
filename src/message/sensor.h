/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A sensor of a station as the broker is told of it: the payload of B/sensor/<address>/state (doc/mqtt.md). A plain value
 * of fixed size, made on the sense thread; the text is made where memory may be allocated. */

#include <stdbool.h>
#include <stdint.h>

#include "message/message.h"

#define SENSOR_ADDRESS_MAX 18 /* "D4:22:CD:00:11:22" */
#define SENSOR_WORDS_MAX   192

/* Texts: empty = not known. */
struct sensor_state {
        bool gone; /* of no station any more: all but the address is without meaning */
        char address[SENSOR_ADDRESS_MAX];
        char hub[MESSAGE_NAME_MAX], station[MESSAGE_NAME_MAX];
        bool synced;  /* t_ms is the time of day */
        int64_t t_ms; /* since the epoch */
        char state[16];
        char error[SENSOR_WORDS_MAX]; /* in words: why it is not streaming, or what was wrong last */
        char name[MESSAGE_NAME_MAX];  /* as advertised */
        char profile[MESSAGE_NAME_MAX];
        char maker[MESSAGE_NAME_MAX], model[MESSAGE_NAME_MAX], firmware[MESSAGE_NAME_MAX];
        char adapter[SENSOR_ADDRESS_MAX];
        bool has_rssi;
        int rssi_dbm;
        int battery_pct;            /* -1 = not known */
        double nominal_hz, rate_hz; /* samples a second: asked for, measured; NAN = none */
        uint64_t samples, lost, gaps, clipped, bad, connects, failures; /* since the start of the hub */
};

/* One JSON object. Returns 0 and a string to free(), or -ENOMEM. */
int sensor_state_to_json(const struct sensor_state *s, char **ret);

/* Is there news that does not wait for its turn: anything but figures that change all the time? */
bool sensor_state_is_news(const struct sensor_state *before, const struct sensor_state *now);

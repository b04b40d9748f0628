/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Home Assistant's MQTT discovery, by device: hub, stations and sensors, told once, as pointers into the topics of
 * doc/mqtt.md. What is in a template is run by Home Assistant on each message; a null becomes "unknown" there.
 *
 *     PREFIX/device/ID/config    {"device", "origin", "availability", "components": {ID: {"platform", ...}, ...}}
 *
 * https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload */

#include <stddef.h>

#include "message/sensor.h"

#define HOMEASSISTANT_ID_MAX 192

struct homeassistant {
        const char *prefix, *hub, *version; /* of our own topics */
};

/* Of letters, digits, - and _ only, as the format wants it; different for different names, and beginning with that of the
 * hub. kind NULL: the hub. */
void homeassistant_id(const struct homeassistant *h, const char *kind, const char *name,
        char ret[static HOMEASSISTANT_ID_MAX]);

/* Each returns 0 and a string to free(); -ENAMETOOLONG; or -ENOMEM. */
int homeassistant_hub(const struct homeassistant *h, char **ret);
int homeassistant_station(const struct homeassistant *h, const char *station, char **ret);
int homeassistant_sensor(const struct homeassistant *h, const struct sensor_state *s, char **ret);

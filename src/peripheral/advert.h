/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the sensor says of itself before anybody connects: an object that BlueZ reads once when it is registered. */

#include <stdint.h>

#include "peripheral/bus.h"

#define ADVERT_PATH "/org/repcast/advertisement"
#define ADVERT_NAME_MAX                                                                                        \
        27 /* with the NUL: a scan response of 31 bytes has 29 for the name, BlueZ may add to it */

struct advert {
        struct bus *bus;
        char name[ADVERT_NAME_MAX];
        const char *service; /* UUID; NULL = none */
        uint16_t company;    /* of two bytes of manufacturer data; 0 = none */
};

void advert_export(struct advert *a, struct bus *bus);

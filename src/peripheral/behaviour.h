/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How a sensor of this profile behaves: the hub's plan, seen from the other side. What the plan writes is what the
 * sensor understands; anything else it takes and ignores, as sensors do.
 *
 *     silent --all writes of init, of one rate--> streaming <--wake-- idle
 *        ^_____________last write of stop___________|  |____idle_______^      */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/profile.h"

struct behaviour {
        const struct profile *profile;
        struct gatt_plan *plans;          /* one for each of the profile's rates */
        uint32_t seen[PROFILE_RATES_MAX]; /* bit i: step i of init has been written */
        unsigned rate;                    /* index */
        bool started, idle;
};

/* rate: index of the rate that it has before it is told one. 0 or a negative errno value. */
int behaviour_init(struct behaviour *b, const struct profile *profile, unsigned rate);
void behaviour_done(struct behaviour *b);

/* The link is gone: what comes next must begin anew. */
void behaviour_reset(struct behaviour *b);

/* The hub has written. True where it asks for the battery. */
bool behaviour_write(struct behaviour *b, unsigned characteristic, const uint8_t *bytes, size_t n);

/* It has been moved: some wake up from that. */
void behaviour_moved(struct behaviour *b);

/* Rate of the samples now; 0 = none. */
double behaviour_rate_hz(const struct behaviour *b);

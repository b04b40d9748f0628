/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What happens to notifications on their way: some are lost, all are late by a random time, and at times nothing gets
 * through for a while. Order is kept, as a radio link keeps it. The same seed gives the same mishaps. */

#include <stddef.h>
#include <stdint.h>

#include "util/gatt.h"

#define AIR_QUEUE_MAX 64 /* what a sensor keeps while nothing gets through; older ones are lost */

/* Every period_s for length_s; period_s 0 = never. */
struct air_spell {
        double period_s, length_s;
};

struct air_config {
        double loss; /* share of the notifications, 0 to 1 */
        double jitter_s;
        struct air_spell stall;
        uint64_t seed;
};

struct air_item {
        uint64_t due_us;
        unsigned stream;
        size_t n;
        uint8_t bytes[GATT_VALUE_MAX];
};

struct air {
        struct air_config config;
        uint64_t random, start_us;
        struct air_item items[AIR_QUEUE_MAX];
        unsigned first, n;
        uint64_t lost;
};

void air_init(struct air *a, const struct air_config *config, uint64_t now_us);

void air_push(struct air *a, unsigned stream, const uint8_t *bytes, size_t n, uint64_t now_us);

/* What has arrived, valid until the next push; NULL = nothing yet. */
const struct air_item *air_pop(struct air *a, uint64_t now_us);

/* When the next one arrives; UINT64_MAX = none is under way. */
uint64_t air_due_us(const struct air *a);

/* The link is gone, and what was under way with it. */
void air_clear(struct air *a);

/* Is the instant inside of a spell? The first one comes a period after the start. */
int air_spell_at(const struct air_spell *spell, uint64_t start_us, uint64_t now_us, uint64_t *ret_end_us);

/* SPDX-License-Identifier: Apache-2.0 */
/* Mishaps of a link. */

#include "peripheral/air.h"

#include <string.h>

#include "util/macros.h"

/* splitmix64 (Steele, Lea, Flood 2014), as a figure from 0 to 1. */
static double random_share(struct air *a) {
        uint64_t z = (a->random += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return (double) ((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

void air_init(struct air *a, const struct air_config *config, uint64_t now_us) {
        a->config = *config;
        a->random = config->seed;
        a->start_us = now_us;
        a->lost = 0;
        air_clear(a);
}

void air_clear(struct air *a) {
        a->first = a->n = 0;
}

int air_spell_at(const struct air_spell *spell, uint64_t start_us, uint64_t now_us, uint64_t *ret_end_us) {
        uint64_t period_us = (uint64_t) (spell->period_s * 1e6), length_us = (uint64_t) (spell->length_s * 1e6);
        uint64_t since_us;

        if (period_us == 0 || now_us < start_us + period_us)
                return 0;
        since_us = (now_us - start_us) % period_us;
        if (since_us >= length_us)
                return 0;
        *ret_end_us = now_us + (length_us - since_us);
        return 1;
}

void air_push(struct air *a, unsigned stream, const uint8_t *bytes, size_t n, uint64_t now_us) {
        struct air_item *item;
        uint64_t due_us;

        if (random_share(a) < a->config.loss || n > GATT_VALUE_MAX) {
                a->lost++;
                return;
        }
        due_us = now_us;
        (void) air_spell_at(&a->config.stall, a->start_us, now_us, &due_us);
        due_us += (uint64_t) (random_share(a) * a->config.jitter_s * 1e6);
        if (a->n > 0)
                due_us = MAX(due_us, a->items[(a->first + a->n - 1) % AIR_QUEUE_MAX].due_us);
        if (a->n == AIR_QUEUE_MAX) {
                a->first = (a->first + 1) % AIR_QUEUE_MAX;
                a->n--;
                a->lost++;
        }
        item = &a->items[(a->first + a->n++) % AIR_QUEUE_MAX];
        item->due_us = due_us;
        item->stream = stream;
        item->n = n;
        memcpy(item->bytes, bytes, n);
}

const struct air_item *air_pop(struct air *a, uint64_t now_us) {
        const struct air_item *item = &a->items[a->first];

        if (a->n == 0 || item->due_us > now_us)
                return NULL;
        a->first = (a->first + 1) % AIR_QUEUE_MAX;
        a->n--;
        return item;
}

uint64_t air_due_us(const struct air *a) {
        return a->n > 0 ? a->items[a->first].due_us : UINT64_MAX;
}

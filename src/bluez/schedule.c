/* SPDX-License-Identifier: Apache-2.0 */
/* Which adapter for which sensor, who is next, and when an adapter is to blame. */

#include "bluez/schedule.h"

#include "bluez/bluez.h"

#define RSSI_UNHEARD_DBM (-127) /* the least that Bluetooth can tell */
#define SAME_TIME_US     UINT64_C(1000000)

static int strength(const struct sight *s) {
        return s->rssi_dbm == BLUEZ_RSSI_NONE ? RSSI_UNHEARD_DBM : s->rssi_dbm;
}

/* Compared with the strongest of all and not pair by pair: "within 5 dB" does not carry over from pair to pair, and
 * the answer would depend on the order. */
int schedule_adapter(const struct sight *sights, size_t n) {
        int strongest = RSSI_UNHEARD_DBM, best = -1;

        for (size_t i = 0; i < n; i++)
                if (sights[i].usable)
                        strongest = MAX(strongest, strength(&sights[i]));
        for (size_t i = 0; i < n; i++)
                if (sights[i].usable && sights[i].had && strength(&sights[i]) > strongest - SCHEDULE_LEAVE_DB)
                        return (int) i;
        for (size_t i = 0; i < n; i++)
                if (sights[i].usable && strength(&sights[i]) > strongest - SCHEDULE_CLOSE_DB &&
                        (best < 0 || sights[i].free_slots > sights[best].free_slots ||
                                (sights[i].free_slots == sights[best].free_slots &&
                                        strength(&sights[i]) > strength(&sights[best]))))
                        best = (int) i;
        return best;
}

static bool goes_before(const struct candidate *a, const struct candidate *b) {
        uint64_t apart_us = a->since_us < b->since_us ? b->since_us - a->since_us : a->since_us - b->since_us;

        if (a->fresh != b->fresh)
                return a->fresh;
        if (apart_us >= SAME_TIME_US)
                return a->since_us < b->since_us;
        return a->rssi_dbm > b->rssi_dbm;
}

int schedule_next(const struct candidate *candidates, size_t n) {
        int first = -1;

        for (size_t i = 0; i < n; i++)
                if (first < 0 || goes_before(&candidates[i], &candidates[first]))
                        first = (int) i;
        return first;
}

bool breaker_failed(struct breaker *b, uint32_t sensor, unsigned max_failures, unsigned max_sensors) {
        bool known = false;

        b->failures++;
        for (unsigned i = 0; i < b->n_sensors; i++)
                known |= b->sensors[i] == sensor;
        if (!known && b->n_sensors < BREAKER_SENSORS_MAX)
                b->sensors[b->n_sensors++] = sensor;
        if (b->failures < max_failures || b->n_sensors < MIN(max_sensors, (unsigned) BREAKER_SENSORS_MAX))
                return false;
        b->failures = b->n_sensors = 0;
        return true;
}

bool breaker_full(struct breaker *b, unsigned links, uint64_t now_us) {
        if (links < BREAKER_LINKS_LEAST || ++b->full < BREAKER_FULL_AFTER)
                return false;
        b->full = 0;
        b->learned = links;
        b->learned_until_us = now_us + BREAKER_LEARNED_US;
        return true;
}

void breaker_succeeded(struct breaker *b) {
        b->failures = b->n_sensors = b->full = 0;
}

unsigned breaker_max_links(const struct breaker *b, unsigned configured, uint64_t now_us) {
        return b->learned > 0 && now_us < b->learned_until_us ? MIN(b->learned, configured) : configured;
}

enum ladder ladder_silent(enum ladder rung, bool may_cycle) {
        switch (rung) {
        case LADDER_HEARS:
                return LADDER_RESTARTED;
        case LADDER_RESTARTED:
                return may_cycle ? LADDER_CYCLED : LADDER_TOLD;
        case LADDER_CYCLED:
        case LADDER_TOLD:
        case _LADDER_MAX:
                break;
        }
        return LADDER_TOLD;
}

const char *ladder_to_string(enum ladder rung) {
        static const char *const words[_LADDER_MAX] = {
                [LADDER_HEARS] = "hears",
                [LADDER_RESTARTED] = "scan restarted",
                [LADDER_CYCLED] = "switched off and on",
                [LADDER_TOLD] = "nothing is near, or it is deaf: then restart bluetooth.service",
        };
        return rung < _LADDER_MAX ? words[rung] : NULL;
}

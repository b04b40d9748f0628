/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which adapter for which sensor, who is next, and when an adapter is to blame. Pure: figures in, decisions out; the
 * clock is the caller's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- which adapter ------------------------------------------------------------------------------------------- */

/* An advantage below this is fading, not position: then free slots count. (People walk between sensor and hub.) */
#define SCHEDULE_CLOSE_DB 5
/* What an adapter must be better by for a sensor to leave the one that it had. */
#define SCHEDULE_LEAVE_DB 16

/* One sensor as one adapter sees it. */
struct sight {
        bool usable;  /* the adapter is on, not resting, not excluded, has a free slot, and knows the sensor */
        bool had;     /* the sensor's link was at this adapter the last time */
        int rssi_dbm; /* the last one heard, BLUEZ_RSSI_NONE = none */
        unsigned free_slots;
};

/* Index of the best adapter; -1 = none is usable. Whatever the order, the answer is the same adapter, but for ties. */
int schedule_adapter(const struct sight *sights, size_t n);

/* ---- whose turn ---------------------------------------------------------------------------------------------- */

/* A sensor that waits for this adapter. */
struct candidate {
        bool fresh; /* heard lately: it will answer */
        uint64_t since_us;
        int rssi_dbm;
};

/* Index of the one that is next, -1 where n is 0: heard lately first, then who waits longest; who began to wait within
 * the same second is ordered by signal, for the sure ones are quickly done. */
int schedule_next(const struct candidate *candidates, size_t n);

/* ---- is it the adapter? -------------------------------------------------------------------------------------- */

#define BREAKER_SENSORS_MAX 8

/* Counts failed connects of one adapter. Any success forgives all. */
struct breaker {
        unsigned failures;                     /* in a row */
        uint32_t sensors[BREAKER_SENSORS_MAX]; /* different ones that failed, by their number */
        unsigned n_sensors;
        unsigned learned; /* links that this adapter can really carry; 0 = nothing learned */
        uint64_t learned_until_us;
        unsigned full; /* refusals in a row that look like "no free slot" */
};

#define BREAKER_FULL_AFTER 3
#define BREAKER_LEARNED_US UINT64_C(120000000) /* then more is tried again */
#define BREAKER_LINKS_LEAST                                                                                    \
        4 /* the smallest controllers carry 5: with fewer links up, a refusal has another reason */

/* Returns whether the breaker opens now: so many failures in a row, of so many different sensors. It starts anew then. */
bool breaker_failed(struct breaker *b, uint32_t sensor, unsigned max_failures, unsigned max_sensors);

/* The object vanished, or the link was refused at once, while so many links were up: three times in a row, and the
 * adapter is full with them. Returns whether that was learned now. */
bool breaker_full(struct breaker *b, unsigned links, uint64_t now_us);

void breaker_succeeded(struct breaker *b);

unsigned breaker_max_links(const struct breaker *b, unsigned configured, uint64_t now_us);

/* ---- is the adapter deaf? ------------------------------------------------------------------------------------ */

/*     HEARS --silent--> RESTARTED (discovery anew) --silent--> CYCLED (power off and on) --silent--> TOLD (a person)
 *       ^                   |                                     |                                    |
 *       '----- heard -------'-------------------------------------'------------------------------------'
 */
enum ladder {
        LADDER_HEARS,
        LADDER_RESTARTED,
        LADDER_CYCLED,
        LADDER_TOLD,
        _LADDER_MAX,
};

/* The next rung after a further time of silence. may_cycle: the adapter carries no link, and it is allowed. */
enum ladder ladder_silent(enum ladder rung, bool may_cycle);

const char *ladder_to_string(enum ladder rung);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* When a sensor may rest to save its battery, and when it must be awake. Pure: told the time and whether the bar moves,
 * it says what to do next.
 *
 *              still for IdleAfter=               SWITCH
 *     AWAKE -------------------------> RESTING ----------> ASLEEP
 *       ^                               |   ^                |
 *       |                        motion |   | LOOK_FOR       | motion; IdleAfter=0; GATT_IDLE_OFF: every LOOK_EVERY
 *       |                               v   |                |
 *       |<-- SWITCH, by motion ------- WAKING <--------------'
 *       |                               |   |
 *       |<-- motion -- LOOKING <-- SWITCH   |
 *                         '-----------------'
 *
 * A link that comes anew starts AWAKE: the sensor has just been told to stream. SWITCH is the time that the sensor takes
 * to change over; what comes meanwhile is of neither rate. */

#include <stdbool.h>
#include <stdint.h>

#include "util/gatt.h"

enum idle_state {
        IDLE_AWAKE,
        IDLE_RESTING, /* it has been told to rest */
        IDLE_ASLEEP,
        IDLE_WAKING,  /* it has been told to wake */
        IDLE_LOOKING, /* awake for a moment, to see whether the bar moves */
        _IDLE_STATE_MAX,
};

enum idle_action {
        IDLE_NOTHING,
        IDLE_REST,       /* tell the sensor */
        IDLE_WAKE,       /* tell the sensor */
        IDLE_HAS_SLOWED, /* what comes now is of the idle rate */
        IDLE_HAS_WOKEN,  /* and now of the full one */
};

#define IDLE_SWITCH_US                                                                                         \
        UINT64_C(700000) /* two writes with response at 30 ms intervals, and the sensor's own filters */
#define IDLE_LOOK_EVERY_US UINT64_C(10000000) /* the first seconds of a set are lost at most */
#define IDLE_LOOK_FOR_US   UINT64_C(1500000)

struct idle {
        enum idle_state state;
        enum gatt_idle kind;
        uint64_t moved_us; /* last motion */
        uint64_t since_us; /* of the state */
};

void idle_init(struct idle *i, enum gatt_idle kind, uint64_t now_us);

/* With every packet, and now and then. moved: the bar moves, or, of a sensor that sleeps until it is moved, packets come.
 * after_us: IdleAfter=; 0 = never. */
enum idle_action idle_step(struct idle *i, bool moved, uint64_t after_us, uint64_t now_us);

const char *idle_state_to_string(enum idle_state state);

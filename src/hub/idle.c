/* SPDX-License-Identifier: Apache-2.0 */
/* Rest and wake as a table of states. */

#include "hub/idle.h"

#include <stddef.h>

static enum idle_action go(struct idle *i, enum idle_state state, enum idle_action action, uint64_t now_us) {
        i->state = state;
        i->since_us = now_us;
        return action;
}

void idle_init(struct idle *i, enum gatt_idle kind, uint64_t now_us) {
        *i = (struct idle){.kind = kind, .moved_us = now_us, .since_us = now_us};
}

enum idle_action idle_step(struct idle *i, bool moved, uint64_t after_us, uint64_t now_us) {
        uint64_t in_state_us = now_us - i->since_us;

        if (moved)
                i->moved_us = now_us;
        switch (i->state) {
        case IDLE_AWAKE:
                if (i->kind != GATT_IDLE_NONE && after_us > 0 && now_us - i->moved_us >= after_us)
                        return go(i, IDLE_RESTING, IDLE_REST, now_us);
                break;
        case IDLE_RESTING:
                if (moved)
                        return go(i, IDLE_WAKING, IDLE_WAKE, now_us);
                if (in_state_us >= IDLE_SWITCH_US)
                        return go(i, IDLE_ASLEEP, IDLE_HAS_SLOWED, now_us);
                break;
        case IDLE_ASLEEP:
                if (moved || after_us == 0 || (i->kind == GATT_IDLE_OFF && in_state_us >= IDLE_LOOK_EVERY_US))
                        return go(i, IDLE_WAKING, IDLE_WAKE, now_us);
                break;
        case IDLE_WAKING:
                if (in_state_us < IDLE_SWITCH_US)
                        break;
                return go(i, after_us == 0 || i->moved_us >= i->since_us ? IDLE_AWAKE : IDLE_LOOKING,
                        IDLE_HAS_WOKEN, now_us);
        case IDLE_LOOKING:
                if (moved)
                        return go(i, IDLE_AWAKE, IDLE_NOTHING, now_us);
                if (in_state_us >= IDLE_LOOK_FOR_US)
                        return go(i, IDLE_RESTING, IDLE_REST, now_us);
                break;
        case _IDLE_STATE_MAX:
                break;
        }
        return IDLE_NOTHING;
}

const char *idle_state_to_string(enum idle_state state) {
        static const char *const words[_IDLE_STATE_MAX] = {
                [IDLE_AWAKE] = "awake",
                [IDLE_RESTING] = "resting",
                [IDLE_ASLEEP] = "asleep",
                [IDLE_WAKING] = "waking",
                [IDLE_LOOKING] = "looking",
        };

        return state < _IDLE_STATE_MAX ? words[state] : NULL;
}

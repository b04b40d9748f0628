/* SPDX-License-Identifier: Apache-2.0 */
/* One adapter as a state machine; its picture is in bluez/radio.h. */

#include "bluez/radio.h"

/* clang-format off */
enum {
        GONE = RADIO_GONE,     OFF  = RADIO_OFF,      IDLE = RADIO_IDLE, STRT = RADIO_STARTING, SCAN = RADIO_SCANNING,
        STOP = RADIO_STOPPING, BUSY = RADIO_BUSY,     REST = RADIO_RESTING, CYCL = RADIO_CYCLING, DARK = RADIO_DARK,
};

static const unsigned char next[_RADIO_STATE_MAX][_RADIO_EVENT_MAX] = {
        /*                   POWERED UNPOW UNPLUG SCAN  HALT  TURN  OVER  DONE  FAILED DEADL TROUB CYCLE */
        [RADIO_GONE]     = { IDLE,   OFF,  GONE,  GONE, GONE, GONE, GONE, GONE, GONE,  GONE, GONE, GONE },
        [RADIO_OFF]      = { IDLE,   OFF,  GONE,  OFF,  OFF,  OFF,  OFF,  OFF,  OFF,   OFF,  OFF,  OFF  },
        [RADIO_IDLE]     = { IDLE,   OFF,  GONE,  STRT, IDLE, BUSY, IDLE, IDLE, IDLE,  IDLE, REST, CYCL },
        [RADIO_STARTING] = { STRT,   OFF,  GONE,  STRT, STRT, STRT, STRT, SCAN, IDLE,  IDLE, STRT, STRT },
        [RADIO_SCANNING] = { SCAN,   OFF,  GONE,  SCAN, STOP, SCAN, SCAN, SCAN, SCAN,  SCAN, SCAN, SCAN },
        [RADIO_STOPPING] = { STOP,   OFF,  GONE,  STOP, STOP, STOP, STOP, IDLE, IDLE,  IDLE, STOP, STOP },
        [RADIO_BUSY]     = { BUSY,   OFF,  GONE,  BUSY, BUSY, BUSY, IDLE, BUSY, BUSY,  BUSY, BUSY, BUSY },
        [RADIO_RESTING]  = { REST,   OFF,  GONE,  REST, REST, REST, REST, REST, REST,  IDLE, REST, CYCL },
        [RADIO_CYCLING]  = { CYCL,   DARK, GONE,  CYCL, CYCL, CYCL, CYCL, CYCL, IDLE,  IDLE, CYCL, CYCL },
        [RADIO_DARK]     = { IDLE,   DARK, GONE,  DARK, DARK, DARK, DARK, DARK, OFF,   OFF,  DARK, DARK },
};
/* clang-format on */

enum radio_state radio_next(enum radio_state state, enum radio_event event) {
        if (state >= _RADIO_STATE_MAX || event >= _RADIO_EVENT_MAX)
                return RADIO_GONE;
        return (enum radio_state) next[state][event];
}

enum bluez_adapter_state radio_public_state(enum radio_state state) {
        static const enum bluez_adapter_state public[_RADIO_STATE_MAX] = {
                [RADIO_GONE] = BLUEZ_ADAPTER_GONE,
                [RADIO_OFF] = BLUEZ_ADAPTER_OFF,
                [RADIO_IDLE] = BLUEZ_ADAPTER_IDLE,
                [RADIO_STARTING] = BLUEZ_ADAPTER_IDLE,
                [RADIO_SCANNING] = BLUEZ_ADAPTER_SCANNING,
                [RADIO_STOPPING] = BLUEZ_ADAPTER_IDLE,
                [RADIO_BUSY] = BLUEZ_ADAPTER_CONNECTING,
                [RADIO_RESTING] = BLUEZ_ADAPTER_RESTING,
                [RADIO_CYCLING] = BLUEZ_ADAPTER_CYCLING,
                [RADIO_DARK] = BLUEZ_ADAPTER_CYCLING,
        };
        return state < _RADIO_STATE_MAX ? public[state] : BLUEZ_ADAPTER_GONE;
}

const char *radio_state_to_string(enum radio_state state) {
        static const char *const words[_RADIO_STATE_MAX] = {
                [RADIO_GONE] = "gone",
                [RADIO_OFF] = "off",
                [RADIO_IDLE] = "idle",
                [RADIO_STARTING] = "starting",
                [RADIO_SCANNING] = "scanning",
                [RADIO_STOPPING] = "stopping",
                [RADIO_BUSY] = "busy",
                [RADIO_RESTING] = "resting",
                [RADIO_CYCLING] = "cycling",
                [RADIO_DARK] = "dark",
        };
        return state < _RADIO_STATE_MAX ? words[state] : NULL;
}

const char *bluez_adapter_state_to_string(enum bluez_adapter_state state) {
        static const char *const words[_BLUEZ_ADAPTER_STATE_MAX] = {
                [BLUEZ_ADAPTER_GONE] = "gone",
                [BLUEZ_ADAPTER_OFF] = "off",
                [BLUEZ_ADAPTER_IDLE] = "idle",
                [BLUEZ_ADAPTER_SCANNING] = "scanning",
                [BLUEZ_ADAPTER_CONNECTING] = "connecting",
                [BLUEZ_ADAPTER_RESTING] = "resting",
                [BLUEZ_ADAPTER_CYCLING] = "cycling",
        };
        return state < _BLUEZ_ADAPTER_STATE_MAX ? words[state] : NULL;
}

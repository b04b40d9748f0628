/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One adapter as a state machine. Pure: it says what comes next, bluez does it.
 *
 *                  powered            scan               done
 *     GONE --> OFF <-----> IDLE ------------> STARTING -------> SCANNING
 *      ^        ^          ^ ^ \                                   | halt (a link waits for its turn, the window
 *      |        |          | |  \ turn             done            v  is over, nobody is missed any more)
 *   unplugged   |unpowered | |   '--> BUSY       <------------- STOPPING
 *   (from       |(from     | '-- over --'
 *   everywhere) |everywhere| deadline           trouble (too many failures, from IDLE)
 *               |but DARK) '---------- RESTING <---- IDLE
 *               |
 *      IDLE, RESTING -- cycle --> CYCLING (being switched off) -- unpowered --> DARK (being switched on) -- powered --> IDLE
 *
 * One thing at a time: Connect is never called while discovery runs (it would wait for the end of the kernel's 10.24 s),
 * nor while another Connect is under way. "Powered", "unpowered" and "unplugged" are raised in every turn, as the mirror
 * has it; "failed" (the call was refused) and "deadline" (it was not answered) lead back to IDLE. */

#include "bluez/bluez.h"

enum radio_state {
        RADIO_GONE,
        RADIO_OFF,
        RADIO_IDLE,
        RADIO_STARTING, /* StartDiscovery is under way */
        RADIO_SCANNING,
        RADIO_STOPPING, /* StopDiscovery is under way */
        RADIO_BUSY,     /* a link has its turn */
        RADIO_RESTING,  /* the circuit breaker is open */
        RADIO_CYCLING,  /* Powered=false is under way */
        RADIO_DARK,     /* Powered=true is under way */
        _RADIO_STATE_MAX,
};

enum radio_event {
        RADIO_POWERED,
        RADIO_UNPOWERED,
        RADIO_UNPLUGGED, /* or BlueZ is away */
        RADIO_SCAN,      /* a scan is wanted */
        RADIO_HALT,      /* ... no longer, or something more urgent is */
        RADIO_TURN,      /* a link is given its turn */
        RADIO_OVER,      /* ... which has ended */
        RADIO_DONE,      /* the call has succeeded */
        RADIO_FAILED,    /* ... has failed */
        RADIO_DEADLINE,  /* ... was not answered in time; or the rest is over */
        RADIO_TROUBLE,   /* the circuit breaker has opened */
        RADIO_CYCLE,     /* switch off and on */
        _RADIO_EVENT_MAX,
};

enum radio_state radio_next(enum radio_state state, enum radio_event event);

enum bluez_adapter_state radio_public_state(enum radio_state state);
const char *radio_state_to_string(enum radio_state state);

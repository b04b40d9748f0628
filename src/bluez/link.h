/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The link to one sensor as a state machine. Pure: it says what comes next, bluez does it.
 *
 *                seen             turn               up                resolved             found
 *     SEEKING ---------> QUEUED -------> CONNECTING ----> RESOLVING -----------> SETTLING --------> PAIRING
 *        ^                  |                 |               |                     |                  | bonded
 *        |<------ gone -----'                 |               |                     |                  v
 *        |                                    |               |                     |              PREPARING
 *        |                              failed, deadline, stop; deadline while streaming: a stall      | ready
 *        |                                    |               |                     |                  v
 *        |                                    '-------------->'---------> CLOSING <-'<------------ STREAMING
 *        |                                                                 |   |
 *        | deadline                        down; deadline of CLOSING       |   |
 *        |<---------- BACKOFF <--------------------------------------------'   |
 *        | deadline                        spoilt                              |
 *        '<---------- QUARANTINE <---------------------------------------------'
 *
 * Besides: "down" (the link was lost) leads from every open state to BACKOFF, "spoilt" from RESOLVING, SETTLING and
 * CLOSING to QUARANTINE, "gone" (the adapter or all of BlueZ has vanished) from everywhere to SEEKING. "Stop" is raised
 * again in every turn once it was asked for: what is open is closed first, then STOPPED is the end.
 *
 * All but "turn" and "failed" are read off the mirror of BlueZ's properties and the clock, never off the reply of a
 * call: Connect succeeds where there is no link, and fails where there is one. */

#include <stdbool.h>
#include <stdint.h>

enum bluez_link_state {
        BLUEZ_LINK_SEEKING,    /* no adapter has seen it */
        BLUEZ_LINK_QUEUED,     /* seen; waits for its turn at an adapter */
        BLUEZ_LINK_CONNECTING, /* Connect is under way */
        BLUEZ_LINK_RESOLVING,  /* connected; BlueZ reads the services */
        BLUEZ_LINK_SETTLING,   /* services resolved, but the wanted characteristics are not there (yet) */
        BLUEZ_LINK_PAIRING,    /* Pair is under way, where a bond is demanded */
        BLUEZ_LINK_PREPARING,  /* subscribing, and the steps of the plan */
        BLUEZ_LINK_STREAMING,  /* packets may come */
        BLUEZ_LINK_CLOSING,    /* Disconnect is under way */
        BLUEZ_LINK_BACKOFF,    /* failed or lost; waits before the next try */
        BLUEZ_LINK_QUARANTINE, /* failed too often; left alone for minutes */
        BLUEZ_LINK_STOPPED,    /* no longer wanted: the end */
        _BLUEZ_LINK_STATE_MAX,
};

enum bluez_link_event {
        BLUEZ_LINK_SEEN,     /* an admissible adapter knows the sensor */
        BLUEZ_LINK_TURN,     /* the adapter is ours for a connect */
        BLUEZ_LINK_UP,       /* Connected=true */
        BLUEZ_LINK_RESOLVED, /* ServicesResolved=true */
        BLUEZ_LINK_FOUND,    /* the wanted characteristics are in the mirror */
        BLUEZ_LINK_BONDED,   /* there is a bond, or none is demanded */
        BLUEZ_LINK_READY,    /* every stream and step of the plan is done */
        BLUEZ_LINK_FAILED,   /* a step failed; the link may be up still */
        BLUEZ_LINK_DEADLINE, /* the time of the state is over */
        BLUEZ_LINK_DOWN,     /* Connected=false, or the device vanished */
        BLUEZ_LINK_SPOILT,   /* Connected=false, and resolving failed once too often */
        BLUEZ_LINK_GONE,     /* the adapter or all of BlueZ vanished; or, before a connect, the device */
        BLUEZ_LINK_STOP,     /* no longer wanted */
        _BLUEZ_LINK_EVENT_MAX,
};

/* The state after the event; the same state where the event means nothing to it. */
enum bluez_link_state bluez_link_next(enum bluez_link_state state, enum bluez_link_event event);

/* Whether BlueZ has, or may have, a link in this state. */
bool bluez_link_is_open(enum bluez_link_state state);

/* Whether a link that was given an adapter's turn keeps it: from Connect until it streams, or is closed again, nothing
 * else is begun there. */
bool bluez_link_keeps_turn(enum bluez_link_state state);

const char *bluez_link_state_to_string(enum bluez_link_state state);
const char *bluez_link_event_to_string(enum bluez_link_event event);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The link to the broker as a state machine. Pure: it says what comes next, the uplink does it.
 *
 *                   deadline (wait over)         accepted           granted, deadline
 *     DOWN --------------------------> CONNECTING -------> CLAIMING -------> ONLINE
 *      ^ |                                 |                  |               | | |
 *      | |        failed, deadline (10 s)  |  failed, refused |    failed,    | | | home
 *      |-+---------------------------------'<-----------------'<- refused ----' | v
 *      |-|----------------------------------------------------------------------|- MOVING   "offline" is sent
 *        |     acked, deadline, failed, refused                            stop |
 *        |                                                                      v
 *        | stop                                                             DRAINING   what waits is sent
 *        |                                                                      | drained, deadline
 *        |                                                                      v
 *        |                                                                   LEAVING   "offline" is sent
 *        v                              failed (DRAINING: refused)              | acked, deadline
 *     STOPPED <-----------------------------------------------------------------'
 *
 * "Stop" is raised again in every turn once it was asked for: connecting, claiming and moving run to their end before it
 * takes effect, so that a stop right after the start still delivers what waits. */

enum link_state {
        LINK_DOWN,       /* no connection; waiting for the next try */
        LINK_CONNECTING, /* waiting for the broker's answer */
        LINK_CLAIMING,   /* the broker took us: does another hub have our name? */
        LINK_ONLINE,     /* everything flows */
        LINK_MOVING,     /* the preferred broker is back: saying goodbye to this one */
        LINK_DRAINING,   /* stopping: sending what waits */
        LINK_LEAVING,    /* stopping: "offline" awaits its acknowledgement */
        LINK_STOPPED,    /* the end */
        _LINK_STATE_MAX,
};

enum link_event {
        LINK_EVENT_DEADLINE, /* the time of the state is over */
        LINK_EVENT_ACCEPTED, /* CONNACK with success */
        LINK_EVENT_FAILED,   /* refused, lost, or never connected */
        LINK_EVENT_STOP,     /* the daemon wants to end */
        LINK_EVENT_DRAINED,  /* nothing waits any more */
        LINK_EVENT_ACKED,    /* "offline" has reached the broker */
        LINK_EVENT_GRANTED,  /* nobody else has our name */
        LINK_EVENT_REFUSED,  /* somebody has, and goes before us */
        LINK_EVENT_HOME,     /* the preferred broker answers again */
        _LINK_EVENT_MAX,
};

/* The state after the event; the same state where the event means nothing to it. */
enum link_state link_next(enum link_state state, enum link_event event);

const char *link_state_to_string(enum link_state state);

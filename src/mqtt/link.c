/* SPDX-License-Identifier: Apache-2.0 */
/* The link to the broker as a state machine; its picture is in link.h. */

#include "mqtt/link.h"

#include <stddef.h>

static enum link_state next_down(enum link_event event) {
        switch (event) {
        case LINK_EVENT_DEADLINE:
                return LINK_CONNECTING;
        case LINK_EVENT_STOP:
                return LINK_STOPPED;
        case LINK_EVENT_ACCEPTED:
        case LINK_EVENT_FAILED:
        case LINK_EVENT_DRAINED:
        case LINK_EVENT_ACKED:
        case LINK_EVENT_GRANTED:
        case LINK_EVENT_REFUSED:
        case LINK_EVENT_HOME:
        case _LINK_EVENT_MAX:
                break;
        }
        return LINK_DOWN;
}

static enum link_state next_connecting(enum link_event event) {
        switch (event) {
        case LINK_EVENT_DEADLINE:
        case LINK_EVENT_FAILED:
                return LINK_DOWN;
        case LINK_EVENT_ACCEPTED:
                return LINK_CLAIMING;
        case LINK_EVENT_STOP:
        case LINK_EVENT_DRAINED:
        case LINK_EVENT_ACKED:
        case LINK_EVENT_GRANTED:
        case LINK_EVENT_REFUSED:
        case LINK_EVENT_HOME:
        case _LINK_EVENT_MAX:
                break;
        }
        return LINK_CONNECTING;
}

static enum link_state next_claiming(enum link_event event) {
        switch (event) {
        case LINK_EVENT_DEADLINE:
        case LINK_EVENT_GRANTED:
                return LINK_ONLINE;
        case LINK_EVENT_FAILED:
        case LINK_EVENT_REFUSED:
                return LINK_DOWN;
        case LINK_EVENT_ACCEPTED:
        case LINK_EVENT_STOP:
        case LINK_EVENT_DRAINED:
        case LINK_EVENT_ACKED:
        case LINK_EVENT_HOME:
        case _LINK_EVENT_MAX:
                break;
        }
        return LINK_CLAIMING;
}

static enum link_state next_online(enum link_event event) {
        switch (event) {
        case LINK_EVENT_FAILED:
        case LINK_EVENT_REFUSED:
                return LINK_DOWN;
        case LINK_EVENT_STOP:
                return LINK_DRAINING;
        case LINK_EVENT_HOME:
                return LINK_MOVING;
        case LINK_EVENT_DEADLINE:
        case LINK_EVENT_ACCEPTED:
        case LINK_EVENT_DRAINED:
        case LINK_EVENT_ACKED:
        case LINK_EVENT_GRANTED:
        case _LINK_EVENT_MAX:
                break;
        }
        return LINK_ONLINE;
}

static enum link_state next_moving(enum link_event event) {
        switch (event) {
        case LINK_EVENT_DEADLINE:
        case LINK_EVENT_FAILED:
        case LINK_EVENT_ACKED:
        case LINK_EVENT_REFUSED:
                return LINK_DOWN;
        case LINK_EVENT_ACCEPTED:
        case LINK_EVENT_STOP:
        case LINK_EVENT_DRAINED:
        case LINK_EVENT_GRANTED:
        case LINK_EVENT_HOME:
        case _LINK_EVENT_MAX:
                break;
        }
        return LINK_MOVING;
}

static enum link_state next_draining(enum link_event event) {
        switch (event) {
        case LINK_EVENT_DEADLINE:
        case LINK_EVENT_DRAINED:
                return LINK_LEAVING;
        case LINK_EVENT_FAILED:
        case LINK_EVENT_REFUSED:
                return LINK_STOPPED;
        case LINK_EVENT_ACCEPTED:
        case LINK_EVENT_STOP:
        case LINK_EVENT_ACKED:
        case LINK_EVENT_GRANTED:
        case LINK_EVENT_HOME:
        case _LINK_EVENT_MAX:
                break;
        }
        return LINK_DRAINING;
}

static enum link_state next_leaving(enum link_event event) {
        switch (event) {
        case LINK_EVENT_DEADLINE:
        case LINK_EVENT_FAILED:
        case LINK_EVENT_ACKED:
                return LINK_STOPPED;
        case LINK_EVENT_ACCEPTED:
        case LINK_EVENT_STOP:
        case LINK_EVENT_DRAINED:
        case LINK_EVENT_GRANTED:
        case LINK_EVENT_REFUSED:
        case LINK_EVENT_HOME:
        case _LINK_EVENT_MAX:
                break;
        }
        return LINK_LEAVING;
}

enum link_state link_next(enum link_state state, enum link_event event) {
        switch (state) {
        case LINK_DOWN:
                return next_down(event);
        case LINK_CONNECTING:
                return next_connecting(event);
        case LINK_CLAIMING:
                return next_claiming(event);
        case LINK_ONLINE:
                return next_online(event);
        case LINK_MOVING:
                return next_moving(event);
        case LINK_DRAINING:
                return next_draining(event);
        case LINK_LEAVING:
                return next_leaving(event);
        case LINK_STOPPED:
        case _LINK_STATE_MAX:
                break;
        }
        return LINK_STOPPED;
}

const char *link_state_to_string(enum link_state state) {
        static const char *const words[_LINK_STATE_MAX] = {
                [LINK_DOWN] = "down",
                [LINK_CONNECTING] = "connecting",
                [LINK_CLAIMING] = "claiming",
                [LINK_ONLINE] = "online",
                [LINK_MOVING] = "moving",
                [LINK_DRAINING] = "draining",
                [LINK_LEAVING] = "leaving",
                [LINK_STOPPED] = "stopped",
        };
        return state < _LINK_STATE_MAX ? words[state] : NULL;
}

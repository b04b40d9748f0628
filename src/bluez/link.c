/* SPDX-License-Identifier: Apache-2.0 */
/* The link to one sensor as a state machine; its picture is in bluez/link.h. */

#include "bluez/link.h"

#include <stddef.h>

/* clang-format off */
enum {
        SEEK  = BLUEZ_LINK_SEEKING,    QUEUE = BLUEZ_LINK_QUEUED,    CONN  = BLUEZ_LINK_CONNECTING,
        RESOL = BLUEZ_LINK_RESOLVING,  SETTL = BLUEZ_LINK_SETTLING,  PAIR  = BLUEZ_LINK_PAIRING,
        PREPA = BLUEZ_LINK_PREPARING,  STREA = BLUEZ_LINK_STREAMING, CLOSE = BLUEZ_LINK_CLOSING,
        BACK  = BLUEZ_LINK_BACKOFF,    QUARA = BLUEZ_LINK_QUARANTINE, STOP = BLUEZ_LINK_STOPPED,
};

static const unsigned char next[_BLUEZ_LINK_STATE_MAX][_BLUEZ_LINK_EVENT_MAX] = {
        /*                          SEEN   TURN   UP     RESOLV FOUND  BONDED READY  FAILED DEADL  DOWN   SPOILT GONE  STOP */
        [BLUEZ_LINK_SEEKING]    = { QUEUE, SEEK,  SEEK,  SEEK,  SEEK,  SEEK,  SEEK,  SEEK,  SEEK,  SEEK,  SEEK,  SEEK, STOP  },
        [BLUEZ_LINK_QUEUED]     = { QUEUE, CONN,  QUEUE, QUEUE, QUEUE, QUEUE, QUEUE, QUEUE, QUEUE, QUEUE, QUEUE, SEEK, STOP  },
        [BLUEZ_LINK_CONNECTING] = { CONN,  CONN,  RESOL, CONN,  CONN,  CONN,  CONN,  CLOSE, CLOSE, BACK,  BACK,  SEEK, CLOSE },
        [BLUEZ_LINK_RESOLVING]  = { RESOL, RESOL, RESOL, SETTL, RESOL, RESOL, RESOL, CLOSE, CLOSE, BACK,  QUARA, SEEK, CLOSE },
        [BLUEZ_LINK_SETTLING]   = { SETTL, SETTL, SETTL, SETTL, PAIR,  SETTL, SETTL, CLOSE, CLOSE, BACK,  QUARA, SEEK, CLOSE },
        [BLUEZ_LINK_PAIRING]    = { PAIR,  PAIR,  PAIR,  PAIR,  PAIR,  PREPA, PAIR,  CLOSE, CLOSE, BACK,  BACK,  SEEK, CLOSE },
        [BLUEZ_LINK_PREPARING]  = { PREPA, PREPA, PREPA, PREPA, PREPA, PREPA, STREA, CLOSE, CLOSE, BACK,  BACK,  SEEK, CLOSE },
        [BLUEZ_LINK_STREAMING]  = { STREA, STREA, STREA, STREA, STREA, STREA, STREA, CLOSE, CLOSE, BACK,  BACK,  SEEK, CLOSE },
        [BLUEZ_LINK_CLOSING]    = { CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, BACK,  BACK,  QUARA, SEEK, CLOSE },
        [BLUEZ_LINK_BACKOFF]    = { BACK,  BACK,  BACK,  BACK,  BACK,  BACK,  BACK,  BACK,  SEEK,  BACK,  BACK,  SEEK, STOP  },
        [BLUEZ_LINK_QUARANTINE] = { QUARA, QUARA, QUARA, QUARA, QUARA, QUARA, QUARA, QUARA, SEEK,  QUARA, QUARA, SEEK, STOP  },
        [BLUEZ_LINK_STOPPED]    = { STOP,  STOP,  STOP,  STOP,  STOP,  STOP,  STOP,  STOP,  STOP,  STOP,  STOP,  STOP, STOP  },
};
/* clang-format on */

enum bluez_link_state bluez_link_next(enum bluez_link_state state, enum bluez_link_event event) {
        if (state >= _BLUEZ_LINK_STATE_MAX || event >= _BLUEZ_LINK_EVENT_MAX)
                return BLUEZ_LINK_STOPPED;
        return (enum bluez_link_state) next[state][event];
}

bool bluez_link_is_open(enum bluez_link_state state) {
        return state >= BLUEZ_LINK_CONNECTING && state <= BLUEZ_LINK_CLOSING;
}

bool bluez_link_keeps_turn(enum bluez_link_state state) {
        return bluez_link_is_open(state) && state != BLUEZ_LINK_STREAMING;
}

const char *bluez_link_state_to_string(enum bluez_link_state state) {
        static const char *const words[_BLUEZ_LINK_STATE_MAX] = {
                [BLUEZ_LINK_SEEKING] = "seeking",
                [BLUEZ_LINK_QUEUED] = "queued",
                [BLUEZ_LINK_CONNECTING] = "connecting",
                [BLUEZ_LINK_RESOLVING] = "resolving",
                [BLUEZ_LINK_SETTLING] = "settling",
                [BLUEZ_LINK_PAIRING] = "pairing",
                [BLUEZ_LINK_PREPARING] = "preparing",
                [BLUEZ_LINK_STREAMING] = "streaming",
                [BLUEZ_LINK_CLOSING] = "closing",
                [BLUEZ_LINK_BACKOFF] = "backoff",
                [BLUEZ_LINK_QUARANTINE] = "quarantine",
                [BLUEZ_LINK_STOPPED] = "stopped",
        };
        return state < _BLUEZ_LINK_STATE_MAX ? words[state] : NULL;
}

const char *bluez_link_event_to_string(enum bluez_link_event event) {
        static const char *const words[_BLUEZ_LINK_EVENT_MAX] = {
                [BLUEZ_LINK_SEEN] = "seen",
                [BLUEZ_LINK_TURN] = "turn",
                [BLUEZ_LINK_UP] = "up",
                [BLUEZ_LINK_RESOLVED] = "resolved",
                [BLUEZ_LINK_FOUND] = "found",
                [BLUEZ_LINK_BONDED] = "bonded",
                [BLUEZ_LINK_READY] = "ready",
                [BLUEZ_LINK_FAILED] = "failed",
                [BLUEZ_LINK_DEADLINE] = "deadline",
                [BLUEZ_LINK_DOWN] = "down",
                [BLUEZ_LINK_SPOILT] = "spoilt",
                [BLUEZ_LINK_GONE] = "gone",
                [BLUEZ_LINK_STOP] = "stop",
        };
        return event < _BLUEZ_LINK_EVENT_MAX ? words[event] : NULL;
}

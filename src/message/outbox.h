/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between the store and the uplink: events on their way out, acknowledgements on their way back.
 *
 *     store ── live ──▶ uplink      committed while the broker is there: at once
 *           ── late ──▶             waited: at the uplink's pace, beside the live ones
 *           ◀─ acked ──             the broker has it
 *           ◀─ query ──             somebody asks what was; the answer goes the live way
 *           ◀─ connected, disconnected
 *
 * What was handed out is meant for one connection: when that is lost, what still lies here is let go, and the store, which
 * has it all, hands it out again on the next one. Each side has a descriptor that becomes readable when the other side
 * has done something. Mutex held for copies only; nothing here waits. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/message.h"
#include "message/query.h"

/* Handed out and not yet known to be acknowledged, at most. */
#define OUTBOX_MAX 512

struct outbox;

enum outbox_lane {
        OUTBOX_LIVE,
        OUTBOX_LATE,
        _OUTBOX_LANE_MAX,
};

struct parcel {
        uint64_t
                position; /* of the event in the store, from 1; 0 = not kept, may be missed, is not acknowledged */
        enum message_type type;
        char station[MESSAGE_NAME_MAX];
        bool is_reply; /* to a query: for B/reply/<station> */
        char *json;    /* free() it */
};

int outbox_new(struct outbox **ret);
struct outbox *outbox_free(struct outbox *o);

/* ---- the uplink's side ---- */

int outbox_uplink_fd(const struct outbox *o);
void outbox_connected(struct outbox *o);
void outbox_disconnected(struct outbox *o);

/* False: there is none, *ret is untouched. */
bool outbox_take(struct outbox *o, enum outbox_lane lane, struct parcel *ret);

/* Of this connection, each position once. */
void outbox_acked(struct outbox *o, uint64_t position);

/* -ENOBUFS: too many queries wait already. */
int outbox_ask(struct outbox *o, const struct query *q);

/* Clears the descriptor. How many events are still to be acknowledged, as the store last said, and whether it is sure
 * that no more come. */
uint64_t outbox_hear(struct outbox *o, bool *ret_last);

/* ---- the store's side ---- */

struct outbox_news {
        uint64_t connection; /* counts them; 0 = not connected */
        size_t n_acked;
        uint64_t acked[OUTBOX_MAX];
};

int outbox_store_fd(const struct outbox *o);

/* Clears the descriptor. What the uplink has said since the last time. */
void outbox_look(struct outbox *o, struct outbox_news *ret);

/* The next query; false: there is none. */
bool outbox_asked(struct outbox *o, struct query *ret);

/* Takes p->json over. -ESTALE: that connection is gone; -ENOBUFS: the lane is full. Then p->json stays the caller's. */
int outbox_put(struct outbox *o, uint64_t connection, enum outbox_lane lane, const struct parcel *p);

void outbox_report(struct outbox *o, uint64_t waiting, bool last);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What of a station's sets counts, and whose they are, as people say: a memory of the sets of the last minutes, which turns
 * a word of theirs into a correction of what was published (message.h, struct edit).
 *
 *     the newest set, running or over   reps can be discarded, and come back
 *     a set that nobody had, running    somebody can claim it, for ten minutes after its end
 *       or over
 *
 * Plain state: it is told the time. Numbers of events are those of the run. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/message.h"

#define SETBOOK_SETS 16
#define SETBOOK_US   UINT64_C(600000000) /* after a set its story is told */

struct setbook_rep {
        uint32_t rep;    /* number; 0 = none */
        uint64_t number; /* of the event that told of it */
        bool stands;     /* for the core */
        bool discarded;
};

struct setbook_set {
        uint32_t set;                 /* 0 = none */
        uint64_t number;              /* of its event; 0 = not published */
        uint64_t over_us;             /* 0 = running */
        struct message_origin origin; /* as its events have it, later claims included */
        bool claimable;               /* nobody had it, or the claim was taken back */
};

struct setbook {
        struct setbook_set sets[SETBOOK_SETS]; /* a ring; the newest is at `newest` */
        unsigned newest;
        struct setbook_rep reps[SET_REPS_MAX]; /* of the newest set, by number */
        uint32_t top;                          /* its highest number */
        bool has_full;
        struct set full; /* the newest set once it is over, as the core told it */
};

/* Of a correction: what it is about. */
struct correction {
        struct edit edit;             /* by is left empty */
        uint64_t ref;                 /* number of the event in question; 0 = it was not published yet */
        struct message_origin origin; /* of the set */
};

/* The core told of a rep; of one that it took back; of a set: what stands of it is left in *set, and n_reps may be 0. The
 * event's number of the set is told afterwards, if it was published. */
void setbook_take_rep(
        struct setbook *b, uint32_t set, uint32_t rep, uint64_t number, const struct message_origin *origin);
void setbook_take_rejection(struct setbook *b, uint32_t set, uint32_t rep);
void setbook_take_set(struct setbook *b, struct set *set, uint64_t now_us);
void setbook_published(struct setbook *b, uint32_t set, uint64_t number);

/* The event that told of a rep of the newest set; 0 = none did. */
uint64_t setbook_event(const struct setbook *b, uint32_t rep);

/* Reps of the newest set that stand for the core, and those of them that nobody has discarded. */
unsigned setbook_standing(const struct setbook *b, unsigned *ret_counted);

/* Does this rep of the newest set stand, as far as people say? */
bool setbook_is_discarded(const struct setbook *b, uint32_t rep);

/* Each returns 0, or -ENOENT: there is no such set or rep; -EALREADY: it is so; -ETIME: its ten minutes are over; -EBUSY:
 * it is the last rep of a set that was published. rep and set 0: the newest that it can be about. */
int setbook_discard(struct setbook *b, uint32_t rep, uint64_t now_us, struct correction *ret);
int setbook_claim(
        struct setbook *b, uint32_t set, const char *athlete, uint64_t now_us, struct correction *ret);
int setbook_bring_back(struct setbook *b, uint32_t set, uint32_t rep, uint64_t now_us, struct correction *ret);
int setbook_unclaim(struct setbook *b, uint32_t set, uint64_t now_us, struct correction *ret);

/* Sets that can be claimed, the oldest first; at most max. */
unsigned setbook_unclaimed(const struct setbook *b, uint64_t now_us, uint32_t *ret, unsigned max);

/* What stands of a set: reps without those discarded, and the sums of the rest. Pauses stay as they were measured. */
void setbook_strike(
        struct set *set, bool (*is_struck)(const void *userdata, uint32_t rep), const void *userdata);

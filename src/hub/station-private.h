/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the two files of a station share: station.c has what its sensor does, station-people.c what people say. */

#include <repcast/core.h>

#include "coach/coach.h"
#include "hub/roster.h"
#include "hub/setbook.h"
#include "hub/station.h"

#define STATION_UNDOS 8

/* What a command has changed, to be brought back. */
enum undo_kind {
        UNDO_ASSIGN,
        UNDO_QUEUE,
        UNDO_DISCARD,
        UNDO_CLAIM,
        _UNDO_MAX,
};

struct undo {
        enum undo_kind kind;
        uint64_t at_us;
        union {
                struct assignment assignment; /* the one before */
                struct {
                        struct wish queue[ASSIGNMENT_QUEUE_MAX];
                        unsigned n;
                        bool rotate;
                } queue;
                struct {
                        uint32_t set, rep;
                } counted;
        };
};

struct station {
        sd_event *loop;
        struct outlet *outlet;
        struct sensors *sensors;
        unsigned slot;
        char name[MESSAGE_NAME_MAX];
        uint64_t seq; /* of the last event */

        bool active;
        struct station_config config;
        struct source *source;
        enum source_state source_state;
        bool streamed; /* this source has brought samples */
        struct core core;
        struct coach coach;
        struct pace pace; /* the newest */
        struct rep rep;   /* the last that was told, and what the coach said of it; of set 0 = none */
        struct rep_note rep_note;
        struct set_note note; /* on the newest set that is over, with all its reps; of number */
        uint32_t noted;
        uint32_t sets_before;      /* sets of earlier configurations: the core numbers its own from 1 */
        uint32_t sets;             /* highest number of a set so far */
        uint64_t newest_us;        /* instant of the newest sample */
        uint64_t shown_us;         /* instant of the newest sample that a live message has told of */
        uint64_t waiting_since_us; /* CLOCK_MONOTONIC; 0 = samples come, or the open set has been closed */
        bool state_changed;
        bool told_to_end; /* the set ends at somebody's word */
        struct message_origin origin;
        struct roster roster;
        struct exercise exercise;         /* the one that is done now, and */
        struct prescription prescription; /* how; no name = as the athlete likes */
        struct setbook book;
        struct undo undos[STATION_UNDOS]; /* the newest last */
        unsigned n_undos;
        bool set_is_over; /* the core shall start anew if the exercise is another one now */
        struct station_state state;
};

uint64_t station_now_us(const struct station *s);
void station_show_state(struct station *s);
void station_close_set(struct station *s); /* the core's */

/* ---- station-coach.c ---- */

/* From the next set on: who lifts what, how and with which thresholds. */
void station_brief_coach(struct station *s);

/* A rep whose bar was let go at the top: what came down is told as a movement that was not counted. */
void station_tell_drop(struct station *s, const struct rep *rep);

/* After a rep, an amendment, a word of somebody's: what the running set shows by now. */
void station_review(struct station *s);

/* What the athlete's sets say of strength, the one that is over now included. */
void station_weigh_strength(struct station *s, const struct set *set, struct set_note *note);

/* A set was published. */
void station_close_coaching(struct station *s, uint32_t set, const struct set_note *note);

/* Each sample, with the live figures after it. */
void station_guard(struct station *s, const struct sample *sample, const struct live *live);

/* The athlete's workout, as the state shows it. */
void station_show_workout(struct station *s);

/* ---- station-people.c ---- */

/* The station begins, with a roster that was kept or that of its configuration. */
void station_begin_roster(struct station *s, const struct roster *kept);

/* The running set is over, counted or come to nothing. */
void station_end_turn(struct station *s, bool counted);

/* Between two events of the core: the exercise that is assigned is the one that it looks for. */
void station_settle_exercise(struct station *s);

/* The running set's reps, as far as they count. */
void station_count_reps(struct station *s);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The payloads of the MQTT contract (doc/mqtt.md): what the daemon publishes and replay prints.
 *
 * A message is a plain value of fixed size, made on the sense thread without allocation and copied through the
 * queue; the JSON text is made where memory may be allocated. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <repcast/event.h>

#include "coach/coach.h"
#include "message/assignment.h"

#define MESSAGE_NAME_MAX 64
#define MESSAGE_RUN_MAX  33 /* 128-bit id of the run, hexadecimal */

enum message_type {
        MESSAGE_STATE,    /* station state: retained, QoS 1 */
        MESSAGE_LIVE,     /* QoS 0 */
        MESSAGE_PHASE,    /* QoS 0 */
        MESSAGE_REP,      /* QoS 1 */
        MESSAGE_SET,      /* QoS 1 */
        MESSAGE_REJECTED, /* QoS 0 */
        MESSAGE_AMEND,    /* QoS 1 */
        MESSAGE_FATIGUE,  /* QoS 1 */
        MESSAGE_ADVICE,   /* QoS 1 */
        MESSAGE_SAFETY,   /* QoS 1 */
        _MESSAGE_MAX,
};

/* Who and what: copied into each message, for it may change before the message is sent. Empty = not known. */
struct message_origin {
        char hub[MESSAGE_NAME_MAX];
        char station[MESSAGE_NAME_MAX];
        char sensor[MESSAGE_NAME_MAX];
        char athlete[MESSAGE_NAME_MAX];
        char exercise[MESSAGE_NAME_MAX];
        char prescription[MESSAGE_NAME_MAX];
        double load_kg; /* NAN = not known */
};

#define STATION_UNCLAIMED_MAX 8

/* The athlete's workout, at whichever station. */
struct station_workout {
        bool known;
        unsigned sets, negative_sets, budget_sets; /* budget 0 = none */
        double compliance_pct;                     /* NAN = nothing was judged */
};

/* A station as dashboards see it when they open. */
struct station_state {
        bool gone; /* taken out of the configuration: the broker shall keep it no longer */
        char sensor_state[MESSAGE_NAME_MAX];     /* "streaming", "ended", "waiting", "failed" */
        char sensor_error[2 * MESSAGE_NAME_MAX]; /* in words; empty = none */
        uint32_t set, reps;                      /* running set and its reps; 0 = no set running */
        uint32_t last_set, last_set_reps;        /* 0 = none yet */
        double last_set_tut_s, last_set_best_mps, last_set_velocity_loss_pct; /* NAN = not known */
        double last_set_compliance_pct, last_set_control;
        double one_rm_kg; /* NAN = not known */
        bool has_next;
        struct assignment next; /* holds after the running set */
        struct wish queue[ASSIGNMENT_QUEUE_MAX];
        unsigned n_queue;
        bool rotate;
        uint32_t unclaimed[STATION_UNCLAIMED_MAX]; /* numbers of sets */
        unsigned n_unclaimed;
        struct prescription target; /* its name is empty where there is none */
        struct station_workout workout;
        struct advice advice; /* the newest that still holds; ADVICE_NONE = none */
};

/* What somebody said of a rep or a set. */
enum edit_change {
        EDIT_NONE,
        EDIT_DISCARDED, /* the rep does not count */
        EDIT_CLAIMED,   /* the set, which was nobody's, is the athlete's of the origin */
        EDIT_RESTORED,  /* one of the two is taken back */
        _EDIT_MAX,
};

struct edit {
        enum edit_change change, restores;
        uint32_t set, rep;         /* rep 0 = the whole set */
        char by[MESSAGE_NAME_MAX]; /* whoever said so */
        bool has_figures;          /* of the set as it is now: it had been published */
        struct set figures;
};

struct message {
        enum message_type type;
        struct message_origin origin;
        char run[MESSAGE_RUN_MAX]; /* the daemon's run; with number it is the event's id; empty: no id (replay) */
        uint64_t number;           /* counter of the run, from 1 */
        uint64_t ref;     /* of an amendment: the number of the event that it corrects; 0 = not known */
        uint64_t seq;     /* per station and run, from 1, without gaps; 0 = not numbered */
        int64_t epoch_us; /* added to a sample instant gives microseconds since the epoch */
        bool synced;      /* the wall clock was known when it was made */
        bool late;        /* it waited for the broker */
        bool by_hand;     /* an amendment: edit holds it, and not amend */
        uint64_t t_us;    /* sample clock: instant of the message */
        union {
                struct station_state state;
                struct {
                        struct live live;
                        struct pace pace;
                };
                struct phase_event phase;
                struct {
                        struct rep rep;
                        struct rep_note rep_note;
                };
                struct {
                        struct set set;
                        struct set_note set_note;
                };
                struct rejected rejected;
                struct {
                        struct amend amend;
                        struct rep_note amend_note; /* of its figures */
                };
                struct fatigue_told fatigue;
                struct advice advice;
                struct alarm alarm;
                struct {
                        struct edit edit;
                        struct set_note edit_note; /* of its figures */
                };
        };
};

/* Is the hub there? Published retained as birth, as will, and on a clean stop. */
struct status {
        bool online;
        const char *session; /* id of the run: tells an old will from a new birth */
        int64_t since_ms;    /* since the epoch; negative = not known (a will is written before it happens) */
        const char *version;
};

/* Fill type, t_us and payload from an event of the core; the rest is the caller's. What the coach has to add is not known
 * yet then. */
void message_from_event(struct message *m, const struct event *event);

/* Bytes of a message of this type: what is behind them says nothing. */
size_t message_size(const struct message *m);

/* One JSON object without a newline. A name that is no UTF-8 is published with U+FFFD in place of its bad bytes: a
 * rep is never lost over a name. Returns 0 and a string to free(), or -ENOMEM. */
int message_to_json(const struct message *m, char **ret);
int status_to_json(const struct status *s, char **ret);

/* Such a text as others published it, as far as it says who is there. Returns 0, or -EINVAL for anything else. */
struct status_heard {
        bool online;
        char session[MESSAGE_RUN_MAX];
};
int status_from_json(const char *json, size_t size, struct status_heard *ret);

/* Turn "late":false of a made text into true, in place. Other texts stay as they are. */
void message_json_set_late(char *json);

/* Also the last level of its topic. NULL for no type; _MESSAGE_MAX for no such word. */
const char *message_type_to_string(enum message_type type);
enum message_type message_type_from_string(const char *word);

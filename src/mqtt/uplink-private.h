/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the uplink share: uplink.c is called by other threads; the thread is uplink-thread.c with its parts
 * uplink-connect.c, uplink-publish.c, uplink-keep.c, uplink-announce.c, uplink-receive.c. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "message/message.h"
#include "message/topic.h"
#include "mqtt/addresses.h"
#include "mqtt/client.h"
#include "mqtt/link.h"
#include "mqtt/lookup.h"
#include "mqtt/probe.h"
#include "mqtt/requests.h"
#include "mqtt/retained.h"
#include "mqtt/route.h"
#include "mqtt/uplink.h"
#include "util/backoff.h"
#include "util/queue.h"
#include "util/slots.h"

#define SECOND_US UINT64_C(1000000)

/* Microseconds. Everything but instants that are published is reckoned on the steady clock. */
static inline uint64_t uplink_clock_us(clockid_t clock) {
        struct timespec t;
        clock_gettime(clock, &t);
        return (uint64_t) t.tv_sec * SECOND_US + (uint64_t) t.tv_nsec / 1000;
}

static inline uint64_t uplink_now_us(void) {
        return uplink_clock_us(CLOCK_MONOTONIC);
}

/* What a station shows at once: one slot each. */
enum shown {
        SHOWN_STATE,
        SHOWN_PHASE,
        _SHOWN_MAX,
};

/* As many as the library sends before it queues by itself: what waits, waits in the store. */
#define IN_FLIGHT_MAX 20

/* An event that the broker has not acknowledged yet. */
struct flight {
        int mid; /* MQTT message id */
        uint64_t position;
        bool late;
};

/* Asked over MQTT, and what is wrong with it; empty = nothing. */
struct question {
        struct query query;
        char why[128];
};

#define QUESTIONS_MAX 8 /* of one turn of the loop */

struct uplink {
        /* fixed after uplink_new() */
        struct uplink_config config;
        void *copies; /* what config points to */
        char status_topic[TOPIC_MAX];
        char *will;

        /* shared with the sense thread */
        struct slots *slots;      /* state and phase of each station */
        struct slots *live;       /* of each station */
        struct slots *health;     /* one slot */
        struct slots *sensors;    /* the newest state of each */
        struct queue *requests;   /* commands, to the sense thread */
        struct queue *answers;    /* and back */
        int wake_fd;              /* eventfd: look at stop_us */
        int ended_fd;             /* eventfd: the thread has ended, joining takes no time */
        _Atomic uint64_t stop_us; /* when a stop was asked for; 0 = not */
        _Atomic uint64_t stop_timeout_us;
        _Atomic uint64_t alive_until_us;
        pthread_mutex_t stats_mutex;
        struct uplink_stats stats;
        pthread_t thread;
        bool started;

        /* the thread's own */
        enum link_state state;
        uint64_t deadline_us; /* of the state; UINT64_MAX = none */
        uint64_t online_us;   /* since when */
        uint64_t progress_us; /* last acknowledgement, or the last instant with nothing in flight */
        struct route route;
        unsigned broker;                      /* the one that is tried or connected */
        char broker_label[UPLINK_BROKER_MAX]; /* as it is told */
        const char *address;                  /* of the broker, that is tried or connected */
        bool mqtt_5;                          /* spoken there, or tried */
        bool ask_in_3;                        /* that address again, in 3.1.1 */
        int session_broker;    /* where a session of this run may live on (MQTT 5); -1 = nowhere */
        struct lookup *lookup; /* of its name; NULL = none runs */
        struct addresses addresses;
        struct backoff backoff;
        struct client *client;
        struct flight flights[IN_FLIGHT_MAX];
        unsigned n_flights, n_late; /* those of them that waited */
        unsigned n_refused;         /* events that the broker would not take, since it took one */
        uint64_t refused_us;        /* when they are given to it again; UINT64_MAX = there are none */
        uint64_t late_us;           /* when the next event that waited may go */
        uint64_t waiting;           /* events that the broker does not have yet, as the store says */
        bool last;                  /* the store says that no more come */
        struct retained_table kept; /* states of stations, then of sensors */
        struct leftovers leftovers; /* of earlier runs */
        char *health_json;          /* the newest; NULL = none yet */
        char health_topic[TOPIC_MAX], query_topic[TOPIC_MAX];
        char states_topics[2][TOPIC_MAX]; /* filters for all states of stations, of sensors */
        char devices_topic[TOPIC_MAX];    /* filter for all that Home Assistant was told; empty = none */
        char hub_device_topic[TOPIC_MAX], homeassistant_topic[TOPIC_MAX];
        bool announce_again; /* Home Assistant has started; or an earlier run is found to have told it of us */
        bool searching;      /* for all that was told */
        struct question questions[QUESTIONS_MAX];
        unsigned n_questions;
        uint64_t query_us;                                          /* when the next one may come */
        char command_topic[TOPIC_MAX], station_commands[TOPIC_MAX]; /* the second a filter */
        uint64_t request_us;                                        /* when the next command may come */
        char *birth;            /* what B/status must say; NULL = not born on this connection */
        uint64_t birth_us;      /* when it was published */
        unsigned births;        /* published on this connection */
        bool birth_overwritten; /* somebody else's word stands there now */
        char claim_topic[TOPIC_MAX];
        uint64_t held_since_us;            /* since when the name is ours; 0 = it is not */
        uint64_t claimed_us, claim_due_us; /* the last claim, the next; UINT64_MAX = none is due */
        bool claim_echoed, rival, outdone; /* of this connection: see uplink-claim.c */
        bool own_id;                       /* connect with a client id that no copy of this machine has */
        unsigned short_lives;              /* connections in a row that ended soon */
        struct probe probe;                /* of the preferred broker, while another one is connected */
        uint64_t home_us;                  /* the next look at it; UINT64_MAX = none */
        uint64_t home_wait_us;             /* between two of them */
        bool accepted;                     /* the broker said yes, the state machine has not heard yet */
        bool was_online;                   /* at least once: the next time is a reconnect */
        bool last_round;                   /* of tries before a stop has begun */
        int offline_mid;                   /* message id of the farewell; 0 = not sent */
        bool offline_acked;
        char refusal
                [CLIENT_WHY_MAX]; /* what the broker does not take although it is connected; empty = it takes all */
        char told_refusal[CLIENT_WHY_MAX];
        char why[CLIENT_WHY_MAX];                     /* the last failure */
        char told[ROUTE_BROKERS_MAX][CLIENT_WHY_MAX]; /* the last failure of each broker that was logged */
        struct message message; /* what is being formatted: too large for comfort on a stack */
};

/* The thread's start routine; userdata is the uplink. */
void *uplink_thread(void *userdata);

/* The broker takes what is published. */
bool uplink_is_online(const struct uplink *u);

/* ---- uplink-connect.c ---- */

/* Start with the next address or broker; a round of all begins where none is left. Negative errno: see why. */
int uplink_connect(struct uplink *u);
bool uplink_has_next(const struct uplink *u);

/* The name may have been resolved. Negative errno: see why. */
int uplink_go_on_connecting(struct uplink *u);

/* The connection is lost: say why, and remember what its end asks for. */
void uplink_lose(struct uplink *u);

/* Its time is over: say why. */
void uplink_give_up_connecting(struct uplink *u);

void uplink_tell_failure(struct uplink *u);

/* A substitute is connected: look from time to time whether the preferred broker is back. */
void uplink_plan_home(struct uplink *u);
bool uplink_is_home_back(struct uplink *u, uint64_t now);

/* ---- uplink-publish.c ---- */

/* What a new connection begins with: birth, subscriptions, what is retained. */
void uplink_introduce(struct uplink *u);

/* Returns the message id or negative errno; ret_json may be NULL. */
int uplink_publish_status(struct uplink *u, bool online, char **ret_json);
void uplink_publish_birth(struct uplink *u);
uint64_t uplink_birth_due_us(const struct uplink *u); /* UINT64_MAX = it stands */
void uplink_take_shown(struct uplink *u);
void uplink_take_health(struct uplink *u);
void uplink_reply(struct uplink *u, const char *id, const char *json);
void uplink_send_events(struct uplink *u);

/* When one that waited may go that may not now. */
uint64_t uplink_late_due_us(const struct uplink *u, uint64_t now);

/* ---- uplink-keep.c: what the broker keeps ---- */

int uplink_keep_new(struct uplink *u);
void uplink_keep_free(struct uplink *u);

/* A new state of a station; takes both texts over. */
void uplink_keep_station(struct uplink *u, size_t station, char *topic, char *json);
void uplink_take_sensors(struct uplink *u);

/* On a new connection: all of it again, and a look at what earlier runs have left. */
void uplink_keep_again(struct uplink *u);

/* A message on another topic than those that others listen to. */
void uplink_keep_receive(struct uplink *u, const char *topic, const void *payload, size_t size, bool retained);
void uplink_keep_tidy(struct uplink *u, uint64_t now);

/* In this place of the table, which takes both texts over. */
void uplink_keep(struct uplink *u, size_t i, char *topic, char *json);

/* ---- uplink-announce.c: what Home Assistant is told ---- */

size_t uplink_announce_places(const struct uplink *u);
int uplink_announce_new(struct uplink *u);
void uplink_announce_station(struct uplink *u, size_t station, const struct message *m);
void uplink_announce_sensor(struct uplink *u, size_t sensor, const struct sensor_state *s);
void uplink_announce_begin(struct uplink *u); /* on a new connection */
void uplink_announce_end(struct uplink *u);   /* of the search for what was left */

/* Returns whether it was for this one. */
bool uplink_announce_receive(
        struct uplink *u, const char *topic, const void *payload, size_t size, bool retained);
void uplink_announce_tidy(struct uplink *u);

/* ---- uplink-claim.c ---- */

/* Begin to ask whether another hub has our name. */
void uplink_claim(struct uplink *u);
bool uplink_is_granted(const struct uplink *u); /* nobody has */
bool uplink_is_outdone(const struct uplink *u); /* somebody goes before us */
uint64_t uplink_claim_due_us(const struct uplink *u);
void uplink_claim_again(struct uplink *u);
void uplink_receive_claim(struct uplink *u, const void *payload, size_t size, bool retained);
void uplink_receive_status(struct uplink *u, const void *payload, size_t size);

/* The name is ours from now on; or another's. */
void uplink_take_name(struct uplink *u);
void uplink_withdraw(struct uplink *u);

/* A connection that was online has ended: did another client throw us out? lasted: it stood for a good while. */
void uplink_judge_end(struct uplink *u, bool lasted);
void uplink_client_id(const struct uplink *u, char *ret, size_t size);

/* ---- uplink-receive.c ---- */

/* What the broker does not do, although it is connected: in the log once, and with the health for as long as it lasts. */
void uplink_tell_refusal(struct uplink *u, const char *what, const char *why);

/* The broker does not take an event: it stays in the store and is given to it again after a while. */
void uplink_set_aside(struct uplink *u, const char *why);

extern const struct client_handlers uplink_client_handlers;
void uplink_answer_questions(struct uplink *u);

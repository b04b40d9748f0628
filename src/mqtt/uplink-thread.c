/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink's thread: one poll() over what other threads left and the broker's socket. The link's state machine
 * (link.h) decides, the functions named enter_* do.
 *
 *     outbox, live and late -> publish, QoS 1 -> PUBACK -> outbox
 *     slots -> format -> publish, QoS 0           (state of a station: QoS 1, retained, kept for reconnects)
 *
 * All signals are blocked here, SIGPIPE too: a write to a dead connection is an error like any other. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "mqtt/uplink-private.h"
#include "util/log.h"
#include "util/macros.h"

DEFINE_CLEANUP(char *, free);

/* Events that waited, while they are many: so many a second, and never all that may be in flight. The first of them, as
 * many as a short absence brings, go at once and before younger ones, so that the order holds. */
#define LATE_US            (SECOND_US / 100)
#define LATE_AT_ONCE       100
#define LATE_IN_FLIGHT_MAX (IN_FLIGHT_MAX / 2)

/* A broker that takes the connection and does not answer, or answers pings and acknowledges nothing. The second also
 * keeps message ids apart: they have 16 bits and none is in flight for long enough to be given out again. */
#define ANSWER_US      (10 * SECOND_US)
#define ACKNOWLEDGE_US (30 * SECOND_US)

/* glibc: 2 attempts x 5 s x 3 name servers, with and without the search domain (resolv.conf(5)). */
#define RESOLVE_US (60 * SECOND_US)

/* Each turn of the loop, far more than it takes; and the longest sleep (the library's keep-alive wants a call a second). */
#define TURN_US  (5 * SECOND_US)
#define SLEEP_US (1 * SECOND_US)

/* Questions to the store: a page each (store/database.c bounds its cost). */
#define QUERY_US        (SECOND_US / 5)
#define QUERIES_AT_ONCE 10
#define QUERY_BYTES_MAX 4096

#define STABLE_US (30 * SECOND_US) /* a connection that lasted as long makes the next wait short again */

/* Births on one connection: the first few at once, then spaced, for something may be fighting us. */
#define BIRTHS_AT_ONCE 3
#define BIRTH_AGAIN_US (5 * SECOND_US)

/* ---- publishing ---- */

static bool is_online(const struct uplink *u) {
        return u->state == LINK_ONLINE || u->state == LINK_DRAINING;
}

static int publish_retained(struct uplink *u, const struct retained *r) {
        return client_publish(u->client, r->topic, r->json, 1, true);
}

/* What is worthless a moment later must not pile up inside the library behind a broker that does not read. */
static void publish_if_it_flows(struct uplink *u, const char *topic, const char *json) {
        if (!client_congested(u->client))
                (void) client_publish(u->client, topic, json, 0, false);
}

/* Returns the message id or negative errno. */
static int publish_status(struct uplink *u, bool online, char **ret_json) {
        _cleanup_(freep) char *json = NULL;
        const struct status status = {
                .online = online,
                .session = u->config.run,
                .since_ms = (int64_t) (uplink_clock_us(CLOCK_REALTIME) / 1000),
                .version = u->config.version,
        };
        int r = status_to_json(&status, &json);
        if (r < 0)
                return r;
        r = client_publish(u->client, u->status_topic, json, 1, true);
        if (r > 0 && ret_json)
                *ret_json = TAKE_PTR(json);
        return r;
}

static void publish_birth(struct uplink *u) {
        free(u->birth);
        u->birth = NULL;
        u->births++;
        u->birth_us = uplink_now_us();
        u->birth_overwritten = false;
        if (publish_status(u, true, &u->birth) < 0)
                u->birth_overwritten = true; /* out of memory: try again; a lost connection shows by itself */
}

static uint64_t birth_due_us(const struct uplink *u) {
        if (u->state != LINK_ONLINE || !u->birth_overwritten)
                return UINT64_MAX;
        return u->birth_us + (u->births < BIRTHS_AT_ONCE ? 0 : BIRTH_AGAIN_US);
}

static int format(const struct uplink *u, const struct message *m, char **ret_topic, char **ret_json) {
        char topic[TOPIC_MAX];
        _cleanup_(freep) char *copy = NULL, *json = NULL;

        int r = topic_station(u->config.prefix, u->config.hub, m->origin.station,
                message_type_to_string(m->type), topic, sizeof(topic));
        if (r < 0)
                return r;
        copy = strdup(topic);
        if (!copy)
                return -ENOMEM;
        r = message_to_json(m, &json);
        if (r < 0)
                return r;
        *ret_topic = TAKE_PTR(copy);
        *ret_json = TAKE_PTR(json);
        return 0;
}

static void take_shown(struct uplink *u) {
        struct message *m = &u->message;
        size_t key;

        while (slots_take(u->slots, &key, m)) {
                _cleanup_(freep) char *topic = NULL, *json = NULL;
                struct retained *r = &u->retained[key / _SHOWN_MAX];
                bool is_state = key % _SHOWN_MAX == SHOWN_STATE;

                if (!is_state && !is_online(u))
                        continue;
                if (format(u, m, &topic, &json) < 0)
                        continue;
                if (!is_state) {
                        publish_if_it_flows(u, topic, json);
                        continue;
                }
                free(r->topic);
                free(r->json);
                r->topic = TAKE_PTR(topic);
                r->json = TAKE_PTR(json);
                if (is_online(u))
                        (void) publish_retained(u, r);
        }
}

static void take_health(struct uplink *u) {
        struct health health;
        char *json;
        size_t key;

        if (!slots_take(u->health, &key, &health) || health_to_json(&health, &json) < 0)
                return;
        free(u->health_json);
        u->health_json = json;
        if (is_online(u) && !client_congested(u->client))
                (void) client_publish(u->client, u->health_topic, u->health_json, 0, true);
}

/* ---- from the store ---- */

static void reply(struct uplink *u, const char *id, const char *json) {
        char leaf[MESSAGE_NAME_MAX + 8] = "reply/", topic[TOPIC_MAX];

        topic_level(id, leaf + strlen(leaf), MESSAGE_NAME_MAX);
        if (topic_hub(u->config.prefix, u->config.hub, leaf, topic, sizeof(topic)) >= 0)
                (void) client_publish(u->client, topic, json, 1, false);
}

static bool late_may_go(const struct uplink *u, uint64_t now) {
        return now >= u->late_us && u->n_late < LATE_IN_FLIGHT_MAX;
}

/* An event in its turn: the ones that waited first as long as they may, which is not for long. */
static bool take_parcel(struct uplink *u, struct parcel *ret, bool *ret_late) {
        const uint64_t now = uplink_now_us(), longest_us = LATE_AT_ONCE * LATE_US;

        if (late_may_go(u, now) && outbox_take(u->config.outbox, OUTBOX_LATE, ret)) {
                u->late_us = MAX(u->late_us, now > longest_us ? now - longest_us : 0) + LATE_US;
                *ret_late = true;
                return true;
        }
        *ret_late = false;
        return outbox_take(u->config.outbox, OUTBOX_LIVE, ret);
}

/* Returns whether the connection still stands. */
static bool publish_parcel(struct uplink *u, const struct parcel *p, bool late) {
        char topic[TOPIC_MAX];

        if (p->is_reply) {
                reply(u, p->station, p->json);
                return true;
        }
        if (topic_station(u->config.prefix, u->config.hub, p->station, message_type_to_string(p->type), topic,
                    sizeof(topic)) < 0)
                return true; /* cannot be: prefix and names were checked for their length */
        if (p->position == 0) {
                publish_if_it_flows(u, topic, p->json);
                return true;
        }
        int mid = client_publish(u->client, topic, p->json, 1, false);
        if (mid < 0)
                return false;
        if (u->n_flights == 0)
                u->progress_us = uplink_now_us();
        u->flights[u->n_flights++] = (struct flight){mid, p->position, late};
        u->n_late += late;
        return true;
}

static void send_events(struct uplink *u) {
        struct parcel p;
        bool late, stands = true;

        while (stands && u->n_flights < IN_FLIGHT_MAX && take_parcel(u, &p, &late)) {
                stands = publish_parcel(u, &p, late);
                free(p.json);
        }
}

/* When one that waited may go that may not now. */
static uint64_t late_due_us(const struct uplink *u, uint64_t now) {
        return is_online(u) && u->waiting > u->n_flights && u->late_us > now ? u->late_us : UINT64_MAX;
}

/* ---- what the broker says ---- */

static void on_accepted(void *userdata) {
        struct uplink *u = userdata;
        u->accepted = true;
}

static void on_acked(void *userdata, int mid) {
        struct uplink *u = userdata;
        unsigned i = 0;

        if (mid == u->offline_mid)
                u->offline_acked = true;
        while (i < u->n_flights && u->flights[i].mid != mid)
                i++;
        if (i == u->n_flights)
                return; /* of a state */
        outbox_acked(u->config.outbox, u->flights[i].position);
        u->n_late -= u->flights[i].late;
        u->flights[i] = u->flights[--u->n_flights];
        u->progress_us = uplink_now_us();
        pthread_mutex_lock(&u->stats_mutex);
        u->stats.published++;
        pthread_mutex_unlock(&u->stats_mutex);
}

/* Our own status: the will of an earlier connection may come after our birth and overwrite it. An "online" of another
 * session is another hub that runs under our name; to answer it would start an endless quarrel. */
static void receive_status(struct uplink *u, const void *payload, size_t size) {
        if (u->birth && strlen(u->birth) == size && memcmp(u->birth, payload, size) == 0)
                u->birth_overwritten = false;
        else if (status_is_online_of_another(payload, size, u->config.run))
                log_warning("another hub publishes as \"%s\": give each hub a name of its own", u->config.hub);
        else
                u->birth_overwritten = true;
}

/* A few at once, then a few a second, whoever asks. */
static bool query_may_pass(struct uplink *u) {
        const uint64_t now = uplink_now_us(), longest_us = QUERIES_AT_ONCE * QUERY_US;

        if (u->query_us > now)
                return false;
        u->query_us = MAX(u->query_us, now > longest_us ? now - longest_us : 0) + QUERY_US;
        return true;
}

/* Called from within the library, which does not like to publish meanwhile: answer_questions() does, right after. */
static void receive_query(struct uplink *u, const void *payload, size_t size) {
        struct question *question = &u->questions[u->n_questions];

        if (size > QUERY_BYTES_MAX || u->n_questions == QUESTIONS_MAX)
                return;
        question->why[0] = '\0';
        (void) query_from_json(payload, size, &question->query, question->why, sizeof(question->why));
        if (question->query.id[0] != '\0') /* else nobody would hear an answer */
                u->n_questions++;
}

static void answer_question(struct uplink *u, struct question *question) {
        _cleanup_(freep) char *json = NULL;
        struct query *q = &question->query;

        if (q->session[0] == '\0')
                snprintf(q->session, sizeof(q->session), "%s", u->config.run);
        if (question->why[0] == '\0' && (!query_may_pass(u) || outbox_ask(u->config.outbox, q) < 0))
                snprintf(question->why, sizeof(question->why), "too many questions: ask again in a second");
        if (question->why[0] != '\0' && query_refuse(q, question->why, &json) >= 0)
                reply(u, q->id, json);
}

static void answer_questions(struct uplink *u) {
        for (unsigned i = 0; i < u->n_questions && is_online(u); i++)
                answer_question(u, &u->questions[i]);
        u->n_questions = 0;
}

static void on_received(void *userdata, const char *topic, const void *payload, size_t size, bool retained) {
        struct uplink *u = userdata;

        if (strcmp(topic, u->status_topic) == 0)
                receive_status(u, payload, size);
        else if (requests_receive(u, topic, payload, size, retained, NULL))
                return;
        else if (!retained) /* a question that lies about is not asked now */
                receive_query(u, payload, size);
}

/* ---- what is told of it ---- */

static void update_stats(struct uplink *u) {
        struct uplink_stats *s = &u->stats;

        pthread_mutex_lock(&u->stats_mutex);
        s->connected = is_online(u);
        snprintf(s->error, sizeof(s->error), "%s", s->connected ? "" : u->why);
        pthread_mutex_unlock(&u->stats_mutex);
}

/* ---- entering the states ---- */

/* What was in flight is the store's again. */
static void let_go(struct uplink *u) {
        u->client = client_close(u->client);
        u->n_flights = u->n_late = 0;
        outbox_disconnected(u->config.outbox);
}

static void enter_down(struct uplink *u) {
        const uint64_t now = uplink_now_us();
        const struct log_fields fields = {.kind = LOG_KIND_BROKER_DOWN};

        let_go(u);
        u->offline_mid = 0;
        if (u->online_us > 0 && now - u->online_us >= STABLE_US)
                backoff_reset(&u->backoff);
        u->online_us = 0;

        /* The next address of the same name is worth trying at once; a round of all is followed by a pause. */
        bool more = u->addresses.next < u->addresses.n;
        u->deadline_us = more ? now : now + backoff_next_us(&u->backoff);
        if (!more && strcmp(u->why, u->told) != 0) { /* a lasting failure is told once */
                log_event(LOG_WARNING, fields, "%s; trying again until it works", u->why);
                snprintf(u->told, sizeof(u->told), "%s", u->why);
        }
}

static const struct client_handlers handlers = {
        .accepted = on_accepted,
        .acked = on_acked,
        .received = on_received,
};

/* Returns 0, or -ENOTCONN where not even an attempt could be made. */
static int enter_connecting(struct uplink *u) {
        struct client_config config = {
                .broker = u->config.host,
                .address = addresses_next(&u->addresses),
                .port = u->config.port,
                .username = u->config.username,
                .password = u->config.password,
                .client_id = u->config.client_id,
                .keepalive_s = u->config.keepalive_s,
                .will_topic = u->status_topic,
                .will = u->will,
        };

        u->accepted = false;
        if (!config.address) { /* a new round: the name may lead elsewhere by now */
                const char *why;
                update_stats(u); /* nobody will until it is over */
                u->alive_until_us = uplink_now_us() + RESOLVE_US + TURN_US;
                if (addresses_resolve(&u->addresses, u->config.host, &why) < 0) {
                        snprintf(u->why, sizeof(u->why), "name %s cannot be resolved: %s", u->config.host, why);
                        return -ENOTCONN;
                }
                config.address = addresses_next(&u->addresses);
        }
        u->deadline_us = uplink_now_us() + ANSWER_US;
        return client_open(&config, &handlers, u, &u->client, u->why, sizeof(u->why));
}

static void enter_online(struct uplink *u) {
        const struct log_fields fields = {.kind = LOG_KIND_BROKER_UP};

        u->online_us = u->progress_us = uplink_now_us();
        u->deadline_us = UINT64_MAX;
        u->addresses = (struct addresses){0};
        u->why[0] = u->told[0] = '\0';
        pthread_mutex_lock(&u->stats_mutex);
        u->stats.reconnects += u->was_online;
        pthread_mutex_unlock(&u->stats_mutex);
        u->was_online = true;
        u->waiting = outbox_hear(u->config.outbox, &u->last);
        log_event(LOG_INFO, fields, "connected to broker %s:%u, %llu events wait", u->config.host,
                u->config.port, (unsigned long long) u->waiting);

        u->births = 0;
        publish_birth(u);
        (void) client_subscribe(u->client, u->status_topic);
        if (u->config.queries)
                (void) client_subscribe(u->client, u->query_topic);
        requests_subscribe(u);
        for (unsigned i = 0; i < u->config.n_stations; i++)
                if (u->retained[i].json)
                        (void) publish_retained(u, &u->retained[i]);
        if (u->health_json)
                (void) client_publish(u->client, u->health_topic, u->health_json, 0, true);
        outbox_connected(u->config.outbox); /* behind all of these */
}

/* Draining may take half of the time given, the farewell most of the rest; a little is left for joining. */
static uint64_t drain_deadline_us(const struct uplink *u) {
        return u->stop_us + u->stop_timeout_us / 2;
}

static uint64_t leave_deadline_us(const struct uplink *u) {
        return u->stop_us + u->stop_timeout_us / 8 * 7;
}

static void enter_leaving(struct uplink *u) {
        u->deadline_us = leave_deadline_us(u);
        u->offline_acked = false;
        u->offline_mid = publish_status(u, false, NULL);
}

static void enter_stopped(struct uplink *u) {
        /* Only who has said "offline" may leave without the will. */
        if (u->client && u->offline_acked)
                client_disconnect(u->client);
        let_go(u);
}

static void happen(struct uplink *u, enum link_event event) {
        enum link_state state = link_next(u->state, event);

        if (state == u->state)
                return;
        u->state = state;
        switch (state) {
        case LINK_DOWN:
                enter_down(u);
                return;
        case LINK_CONNECTING:
                if (enter_connecting(u) < 0)
                        happen(u, LINK_EVENT_FAILED);
                return;
        case LINK_ONLINE:
                enter_online(u);
                return;
        case LINK_DRAINING:
                u->deadline_us = drain_deadline_us(u);
                return;
        case LINK_LEAVING:
                enter_leaving(u);
                return;
        case LINK_STOPPED:
                enter_stopped(u);
                return;
        case _LINK_STATE_MAX:
                return;
        }
}

/* ---- the loop ---- */

static int sleep_ms(const struct uplink *u, uint64_t now) {
        uint64_t until = MIN(u->deadline_us, now + SLEEP_US);

        if (u->client && client_fd(u->client) < 0) /* lost while publishing: see to it at once */
                return 0;
        until = MIN(until, birth_due_us(u));
        until = MIN(until, late_due_us(u, now));
        return until <= now ? 0 : (int) ((until - now + 999) / 1000);
}

static void wait_and_process(struct uplink *u) {
        struct pollfd fds[] = {
                {.fd = u->wake_fd, .events = POLLIN},
                {.fd = outbox_uplink_fd(u->config.outbox), .events = POLLIN},
                {.fd = slots_fd(u->slots), .events = POLLIN},
                {.fd = slots_fd(u->health), .events = POLLIN},
                {.fd = requests_fd(u), .events = POLLIN},
                {.fd = u->client ? client_fd(u->client) : -1},
        };
        const uint64_t now = uplink_now_us();
        eventfd_t ignored;

        if (u->client)
                fds[5].events = client_events(u->client);
        u->alive_until_us = now + SLEEP_US + TURN_US;
        if (poll(fds, ARRAY_SIZE(fds), sleep_ms(u, now)) < 0)
                return; /* EINTR cannot be, all signals are blocked; ENOMEM passes */
        if (fds[0].revents)
                (void) eventfd_read(u->wake_fd, &ignored);

        if (u->client && client_process(u->client, fds[5].revents) < 0) {
                snprintf(u->why, sizeof(u->why), "%s", client_why(u->client));
                happen(u, LINK_EVENT_FAILED);
        }
}

static void check_broker(struct uplink *u, uint64_t now) {
        const struct uplink_config *c = &u->config;

        if (u->state == LINK_CONNECTING && now >= u->deadline_us)
                snprintf(u->why, sizeof(u->why), "broker %s:%u gave no answer within %u s", c->host, c->port,
                        (unsigned) (ANSWER_US / SECOND_US));
        if (is_online(u) && u->n_flights > 0 && now - u->progress_us >= ACKNOWLEDGE_US) {
                snprintf(u->why, sizeof(u->why), "broker %s:%u acknowledged nothing for %u s", c->host, c->port,
                        (unsigned) (ACKNOWLEDGE_US / SECOND_US));
                happen(u, LINK_EVENT_FAILED);
        }
}

static bool is_drained(const struct uplink *u) {
        return u->last && u->waiting == 0;
}

/* The broker may be back for long while a wait of a minute still runs: what waits is worth one more round of tries. */
static void approach_stop(struct uplink *u) {
        bool more = u->addresses.next < u->addresses.n;

        if (u->state == LINK_DOWN && !is_drained(u) && (!u->last_round || more)) {
                u->last_round = true;
                happen(u, LINK_EVENT_DEADLINE);
        }
        happen(u, LINK_EVENT_STOP);
        if (u->state == LINK_CONNECTING)
                u->deadline_us = MIN(u->deadline_us, drain_deadline_us(u));
}

static void check_times(struct uplink *u, bool stop) {
        const uint64_t now = uplink_now_us();

        check_broker(u, now);
        if (now >= u->deadline_us)
                happen(u, LINK_EVENT_DEADLINE);
        if (stop)
                approach_stop(u);
        if (now >= birth_due_us(u))
                publish_birth(u);
}

void *uplink_thread(void *userdata) {
        struct uplink *u = userdata;

        while (u->state != LINK_STOPPED) {
                wait_and_process(u);
                if (u->accepted && u->state == LINK_CONNECTING)
                        happen(u, LINK_EVENT_ACCEPTED);
                /* Looked at before taking: what was given before the stop is then taken before it counts as drained. */
                const bool stop = u->stop_us > 0;
                take_shown(u);
                take_health(u);
                answer_questions(u);
                requests_answer(u);
                u->waiting = outbox_hear(u->config.outbox, &u->last);
                check_times(u, stop);
                if (is_online(u))
                        send_events(u);
                if (is_drained(u))
                        happen(u, LINK_EVENT_DRAINED);
                if (u->offline_acked)
                        happen(u, LINK_EVENT_ACKED);
                update_stats(u);
        }
        update_stats(u);
        u->alive_until_us = UINT64_MAX; /* it has ended in good order: nobody shall miss it */
        (void) eventfd_write(u->ended_fd, 1);
        return NULL;
}

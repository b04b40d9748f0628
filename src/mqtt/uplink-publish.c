/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink's thread, outgoing: what goes to the broker, and when.
 *
 *     outbox, live and late -> publish, QoS 1 -> PUBACK (uplink-receive.c) -> outbox
 *     slots -> format -> publish, QoS 0           (state of a station: QoS 1, retained, kept for reconnects) */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mqtt/uplink-private.h"
#include "util/macros.h"

DEFINE_CLEANUP(char *, free);

/* Events that waited, while they are many: so many a second, and never all that may be in flight. The first of them, as
 * many as a short absence brings, go at once and before younger ones, so that the order holds. */
#define LATE_US            (SECOND_US / 100)
#define LATE_AT_ONCE       100
#define LATE_IN_FLIGHT_MAX (IN_FLIGHT_MAX / 2)

/* Births on one connection: the first few at once, then spaced, for something may be fighting us. */
#define BIRTHS_AT_ONCE 3
#define BIRTH_AGAIN_US (5 * SECOND_US)

bool uplink_is_online(const struct uplink *u) {
        return u->state == LINK_ONLINE || u->state == LINK_DRAINING;
}

/* What is worthless a moment later must not pile up inside the library behind a broker that does not read. */
static void publish_if_it_flows(struct uplink *u, const char *topic, const char *json) {
        if (!client_congested(u->client))
                (void) client_publish(u->client, topic, json, 0, false);
}

/* Returns the message id or negative errno. */
int uplink_publish_status(struct uplink *u, bool online, char **ret_json) {
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

void uplink_publish_birth(struct uplink *u) {
        free(u->birth);
        u->birth = NULL;
        u->births++;
        u->birth_us = uplink_now_us();
        u->birth_overwritten = false;
        if (uplink_publish_status(u, true, &u->birth) < 0)
                u->birth_overwritten = true; /* out of memory: try again; a lost connection shows by itself */
}

uint64_t uplink_birth_due_us(const struct uplink *u) {
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

static void show(struct uplink *u, size_t key, const struct message *m) {
        _cleanup_(freep) char *topic = NULL, *json = NULL;
        bool is_state = m->type == MESSAGE_STATE;

        if (!is_state && !uplink_is_online(u))
                return;
        if (format(u, m, &topic, &json) < 0)
                return;
        if (!is_state) {
                publish_if_it_flows(u, topic, json);
                return;
        }
        uplink_announce_station(u, key / _SHOWN_MAX, m);
        if (m->state.gone)
                json[0] = '\0';
        uplink_keep_station(u, key / _SHOWN_MAX, TAKE_PTR(topic), TAKE_PTR(json));
}

/* Live first: whoever has heard of a phase hears of none before it. */
static bool take_shown(struct uplink *u, size_t *ret_key) {
        return slots_take(u->live, ret_key, &u->message) || slots_take(u->slots, ret_key, &u->message);
}

void uplink_take_shown(struct uplink *u) {
        size_t key;
        bool any = take_shown(u, &key);

        if (any && u->client)
                client_gather(u->client, true);
        for (bool more = any; more; more = take_shown(u, &key))
                show(u, key, &u->message);
        if (any && u->client)
                client_gather(u->client, false);
}

void uplink_take_health(struct uplink *u) {
        struct health health;
        char *json;
        size_t key;

        if (!slots_take(u->health, &key, &health) || health_to_json(&health, &json) < 0)
                return;
        free(u->health_json);
        u->health_json = json;
        if (uplink_is_online(u) && !client_congested(u->client))
                (void) client_publish(u->client, u->health_topic, u->health_json, 0, true);
}

void uplink_introduce(struct uplink *u) {
        /* Before the birth, and the broker keeps the order: who sees that the hub is online can speak to it. */
        if (u->config.queries)
                (void) client_subscribe(u->client, u->query_topic);
        requests_subscribe(u);
        u->births = 0;
        uplink_publish_birth(u);
        uplink_keep_again(u);
        if (u->health_json)
                (void) client_publish(u->client, u->health_topic, u->health_json, 0, true);
}

/* ---- from the store ---- */

void uplink_reply(struct uplink *u, const char *id, const char *json) {
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
                uplink_reply(u, p->station, p->json);
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
        if (mid == -EMSGSIZE) {
                uplink_set_aside(u, "too large for it");
                return true;
        }
        if (mid < 0)
                return false;
        if (u->n_flights == 0)
                u->progress_us = uplink_now_us();
        u->flights[u->n_flights++] = (struct flight){mid, p->position, late};
        u->n_late += late;
        return true;
}

/* What the broker refused is the store's again, with all that it handed out on this connection. */
static void take_up_refused(struct uplink *u) {
        outbox_disconnected(u->config.outbox);
        outbox_connected(u->config.outbox);
        u->refused_us = UINT64_MAX;
        u->n_refused = 0;
        u->refusal[0] = '\0';
}

/* A broker that refuses all that it is given gets no more until it is asked again. */
static bool may_send(struct uplink *u) {
        if (uplink_now_us() < u->refused_us)
                return u->n_refused < IN_FLIGHT_MAX;
        if (u->n_flights > 0)
                return false; /* their answers first: then nothing is sent twice */
        take_up_refused(u);
        return true;
}

void uplink_send_events(struct uplink *u) {
        struct parcel p;
        bool late, stands = may_send(u);

        while (stands && u->n_flights < IN_FLIGHT_MAX && take_parcel(u, &p, &late)) {
                stands = publish_parcel(u, &p, late);
                free(p.json);
        }
}

/* When one that waited may go that may not now. */
uint64_t uplink_late_due_us(const struct uplink *u, uint64_t now) {
        return uplink_is_online(u) && u->waiting > u->n_flights && u->late_us > now ? u->late_us : UINT64_MAX;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Commands over MQTT: from the broker to the sense thread, answers the other way. */

#include "mqtt/requests.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/request.h"
#include "mqtt/uplink-private.h"
#include "util/macros.h"

#define WAITING_MAX 16 /* commands, and answers, that the other thread has not taken yet */

/* People press buttons. What comes faster is a fault or an attack, and answered with nothing but a word. */
#define REQUEST_US       (SECOND_US / 2)
#define REQUESTS_AT_ONCE 10

struct answer_parcel {
        struct request_path path;
        char *json;
};

int requests_new(struct uplink *u) {
        char filter[TOPIC_MAX];
        int r = topic_hub(u->config.prefix, u->config.hub, "cmd", u->command_topic, sizeof(u->command_topic));

        if (r >= 0)
                r = topic_hub(u->config.prefix, u->config.hub, "station/", filter, sizeof(filter));
        if (r < 0 || strlen(filter) + sizeof("+/cmd") > sizeof(filter))
                return -EINVAL;
        memcpy(u->station_commands, filter, sizeof(filter));
        strcat(u->station_commands, "+/cmd");
        r = queue_new(sizeof(struct request), WAITING_MAX, &u->requests);
        return r < 0 ? r : queue_new(sizeof(struct answer_parcel), WAITING_MAX, &u->answers);
}

void requests_free(struct uplink *u) {
        struct answer_parcel p;

        while (u->answers && queue_pop(u->answers, &p))
                free(p.json);
        queue_free(u->requests);
        queue_free(u->answers);
}

void requests_subscribe(struct uplink *u) {
        if (!u->config.commands)
                return;
        (void) client_subscribe(u->client, u->command_topic);
        (void) client_subscribe(u->client, u->station_commands);
}

/* The station of a topic of ours that ends in its name and "cmd". */
static bool station_of(const struct uplink *u, const char *topic, char *ret, size_t size) {
        const size_t head = strlen(u->station_commands) - strlen("+/cmd");
        const char *name = topic + head, *end;

        if (strncmp(topic, u->station_commands, head) != 0)
                return false;
        end = strchr(name, '/');
        if (!end || strcmp(end, "/cmd") != 0 || (size_t) (end - name) >= size)
                return false;
        memcpy(ret, name, (size_t) (end - name));
        ret[end - name] = '\0';
        return true;
}

/* A few at once, then a few a second, whoever asks. */
static bool may_pass(struct uplink *u) {
        const uint64_t now = uplink_now_us(), longest_us = REQUESTS_AT_ONCE * REQUEST_US;

        if (u->request_us > now)
                return false;
        u->request_us = MAX(u->request_us, now > longest_us ? now - longest_us : 0) + REQUEST_US;
        return true;
}

static void refuse(struct request *q, const char *code, const char *why) {
        q->code = code;
        snprintf(q->why, sizeof(q->why), "%s", why);
}

static bool begins(const char *s, const char *head) {
        return strncmp(s, head, strlen(head)) == 0;
}

/* A topic of its own for each id; or, by MQTT 5, where the sender wants it: but nobody lets the hub speak where it, or
 * another part of it, speaks itself. */
static void choose_path(
        const struct uplink *u, const char *station, const char *id, struct request_path *path) {
        char leaf[MESSAGE_NAME_MAX + 8] = "reply/";
        const size_t own = strlen(u->command_topic) - strlen("cmd");
        int r;

        if (path->topic[0] != '\0' && strncmp(path->topic, u->command_topic, own) != 0)
                return;
        if (path->topic[0] != '\0' && begins(path->topic + own, "reply/"))
                return;
        topic_level(id, leaf + strlen(leaf), MESSAGE_NAME_MAX);
        r = *station ? topic_station(u->config.prefix, u->config.hub, station, leaf, path->topic, TOPIC_MAX)
                     : topic_hub(u->config.prefix, u->config.hub, leaf, path->topic, TOPIC_MAX);
        if (r < 0)
                path->topic[0] = '\0';
}

bool requests_receive(struct uplink *u, const char *topic, const void *payload, size_t size, bool retained,
        const struct request_path *path) {
        struct request q = {.kind = _REQUEST_MAX};
        char station[MESSAGE_NAME_MAX] = "";
        const bool on_station = station_of(u, topic, station, sizeof(station));

        if (!on_station && strcmp(topic, u->command_topic) != 0)
                return false;
        if (size == 0)
                return true; /* a retained one is taken away */
        if (path)
                q.path = *path;
        (void) request_from_json(payload, size, on_station, &q);
        if (on_station)
                memcpy(q.station, station, sizeof(station));
        if (q.id[0] == '\0')
                return true; /* it is not carried out, and nobody would know the answer */
        choose_path(u, station, q.id, &q.path);
        if (retained)
                refuse(&q, "Retained",
                        "a command that lies about is not carried out: publish it without retain");
        else if (!may_pass(u))
                refuse(&q, "TooMany", "too many commands: wait a second");
        (void) queue_push(u->requests, &q); /* full: the hub is far behind with refusing */
        return true;
}

void requests_answer(struct uplink *u) {
        struct answer_parcel p;

        while (queue_pop(u->answers, &p)) {
                if (p.path.topic[0] != '\0' && (u->state == LINK_ONLINE || u->state == LINK_DRAINING))
                        (void) client_answer(
                                u->client, p.path.topic, p.json, p.path.correlation, p.path.n_correlation);
                free(p.json);
        }
}

int requests_fd(const struct uplink *u) {
        return queue_fd(u->answers);
}

/* ---- from the sense thread, while it runs ---- */

int uplink_request_fd(const struct uplink *u) {
        return queue_fd(u->requests);
}

bool uplink_take_request(struct uplink *u, struct request *ret) {
        return queue_pop(u->requests, ret);
}

void uplink_answer(struct uplink *u, const struct request_path *path, char *json) {
        const struct answer_parcel p = {.path = *path, .json = json};

        if (queue_push(u->answers, &p) < 0)
                free(json); /* the uplink is stuck: so is who waits for it */
}

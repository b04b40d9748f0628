/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink's thread, incoming: what the broker says, and others through it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mqtt/uplink-private.h"
#include "util/log.h"
#include "util/macros.h"

DEFINE_CLEANUP(char *, free);

/* Questions to the store: a page each (store/database.c bounds its cost). */
#define QUERY_US        (SECOND_US / 5)
#define QUERIES_AT_ONCE 10
#define QUERY_BYTES_MAX 4096

/* What a broker refused is given to it again, for its access list may have been mended. */
#define REFUSED_AGAIN_US (60 * SECOND_US)

static void on_accepted(void *userdata) {
        struct uplink *u = userdata;
        u->accepted = true;
}

/* In the log once, and with the health for as long as it lasts. */
void uplink_tell_refusal(struct uplink *u, const char *what, const char *why) {
        snprintf(u->refusal, sizeof(u->refusal),
                "broker %s refuses %s: %s; its access list must let this hub write and read below %s/%s/",
                u->broker_label, what, why, u->config.prefix, u->config.hub);
        if (strcmp(u->refusal, u->told_refusal) == 0)
                return;
        log_warning("%s", u->refusal);
        memcpy(u->told_refusal, u->refusal, sizeof(u->told_refusal));
}

void uplink_set_aside(struct uplink *u, const char *why) {
        uplink_tell_refusal(u, "events, which wait", why);
        u->n_refused++;
        if (u->refused_us == UINT64_MAX)
                u->refused_us = uplink_now_us() + REFUSED_AGAIN_US;
}

static void on_acked(void *userdata, int mid, const char *refused) {
        struct uplink *u = userdata;
        unsigned i = 0;

        if (mid == u->offline_mid)
                u->offline_acked = true; /* refused or not: it was said */
        while (i < u->n_flights && u->flights[i].mid != mid)
                i++;
        if (i == u->n_flights) { /* of a state */
                if (refused)
                        uplink_tell_refusal(u, "what this hub publishes", refused);
                return;
        }
        const struct flight flight = u->flights[i];
        u->n_late -= flight.late;
        u->flights[i] = u->flights[--u->n_flights];
        u->progress_us = uplink_now_us();
        if (refused) {
                uplink_set_aside(u, refused);
                return;
        }
        outbox_acked(u->config.outbox, flight.position);
        u->n_refused = 0;
        pthread_mutex_lock(&u->stats_mutex);
        u->stats.published++;
        pthread_mutex_unlock(&u->stats_mutex);
}

static void on_unsubscribed(void *userdata, const char *topic, const char *refused) {
        char what[TOPIC_MAX + 32];

        snprintf(what, sizeof(what), "to tell what comes to %s", topic);
        uplink_tell_refusal(userdata, what, refused);
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
                uplink_reply(u, q->id, json);
}

void uplink_answer_questions(struct uplink *u) {
        for (unsigned i = 0; i < u->n_questions && uplink_is_online(u); i++)
                answer_question(u, &u->questions[i]);
        u->n_questions = 0;
}

static void on_received(void *userdata, const struct client_message *m) {
        struct uplink *u = userdata;
        struct request_path path = {0};

        if (m->response_topic && strlen(m->response_topic) < sizeof(path.topic) &&
                m->n_correlation <= sizeof(path.correlation)) {
                strcpy(path.topic, m->response_topic);
                path.n_correlation = m->n_correlation;
                if (m->n_correlation > 0)
                        memcpy(path.correlation, m->correlation, m->n_correlation);
        }
        if (strcmp(m->topic, u->status_topic) == 0)
                uplink_receive_status(u, m->payload, m->size);
        else if (strcmp(m->topic, u->claim_topic) == 0)
                uplink_receive_claim(u, m->payload, m->size, m->retained);
        else if (requests_receive(u, m->topic, m->payload, m->size, m->retained, &path))
                return;
        else if (strcmp(m->topic, u->query_topic) != 0)
                uplink_keep_receive(u, m->topic, m->payload, m->size, m->retained);
        else if (!m->retained) /* a question that lies about is not asked now */
                receive_query(u, m->payload, m->size);
}

const struct client_handlers uplink_client_handlers = {
        .accepted = on_accepted,
        .acked = on_acked,
        .received = on_received,
        .unsubscribed = on_unsubscribed,
};

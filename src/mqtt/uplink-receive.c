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
                uplink_reply(u, q->id, json);
}

void uplink_answer_questions(struct uplink *u) {
        for (unsigned i = 0; i < u->n_questions && uplink_is_online(u); i++)
                answer_question(u, &u->questions[i]);
        u->n_questions = 0;
}

static void on_received(void *userdata, const char *topic, const void *payload, size_t size, bool retained) {
        struct uplink *u = userdata;

        if (strcmp(topic, u->status_topic) == 0)
                receive_status(u, payload, size);
        else if (requests_receive(u, topic, payload, size, retained, NULL))
                return;
        else if (strcmp(topic, u->query_topic) != 0)
                uplink_keep_receive(u, topic, size, retained);
        else if (!retained) /* a question that lies about is not asked now */
                receive_query(u, payload, size);
}

const struct client_handlers uplink_client_handlers = {
        .accepted = on_accepted,
        .acked = on_acked,
        .received = on_received,
};

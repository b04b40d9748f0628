/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that wait for the store. It owns the disk and may be slow; nobody else waits for it. */

#include "hub/api-query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message/query.h"
#include "util/macros.h"

struct api_queries {
        struct store *store;
        sd_event_source *source;
        uint64_t number; /* of the last question */
        struct {
                uint64_t number; /* 0 = free */
                sd_bus_message *call;
        } waiting[STORE_ASKS_MAX];
};

static void answer(struct api_queries *q, const struct store_answer *a) {
        for (size_t i = 0; i < ARRAY_SIZE(q->waiting); i++) {
                if (q->waiting[i].number != a->number)
                        continue;
                if (a->json) /* the caller may be gone by now: then there is nobody to tell */
                        (void) sd_bus_reply_method_return(q->waiting[i].call, "s", a->json);
                else
                        (void) sd_bus_reply_method_errorf(
                                q->waiting[i].call, "org.repcast.Error.Failed", "out of memory");
                q->waiting[i].call = sd_bus_message_unref(q->waiting[i].call);
                q->waiting[i].number = 0;
        }
}

static int on_answers(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct api_queries *q = userdata;
        struct store_answer a;

        (void) source;
        (void) fd;
        (void) revents;
        while (store_take_answer(q->store, &a)) {
                answer(q, &a);
                free(a.json);
        }
        return 0;
}

int api_queries_ask(struct api_queries *q, sd_bus_message *call, const char *question, const char *run,
        char *why, size_t why_size) {
        struct store_ask ask;
        int r = query_from_json(question, strlen(question), &ask.query, why, why_size);

        if (r < 0)
                return r;
        if (ask.query.session[0] == '\0')
                memcpy(ask.query.session, run, sizeof(ask.query.session));
        for (size_t i = 0; i < ARRAY_SIZE(q->waiting); i++) {
                if (q->waiting[i].number != 0)
                        continue;
                ask.number = q->number + 1;
                if (store_ask(q->store, &ask) < 0)
                        return -EBUSY;
                q->number = q->waiting[i].number = ask.number;
                q->waiting[i].call = sd_bus_message_ref(call);
                return 0;
        }
        return -EBUSY;
}

int api_queries_new(sd_event *loop, struct store *store, struct api_queries **ret) {
        struct api_queries *q = calloc(1, sizeof(*q));
        int r;

        if (!q)
                return -ENOMEM;
        q->store = store;
        r = sd_event_add_io(loop, &q->source, store_answers_fd(store), EPOLLIN, on_answers, q);
        if (r < 0) {
                free(q);
                return r;
        }
        *ret = q;
        return 0;
}

struct api_queries *api_queries_free(struct api_queries *q) {
        if (!q)
                return NULL;
        sd_event_source_disable_unref(q->source);
        for (size_t i = 0; i < ARRAY_SIZE(q->waiting); i++)
                sd_bus_message_unref(q->waiting[i].call);
        free(q);
        return NULL;
}

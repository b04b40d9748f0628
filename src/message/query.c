/* SPDX-License-Identifier: Apache-2.0 */
/* Questions read strictly, answers put together from events as they were sent. */

#include "message/query.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"

DEFINE_CLEANUP(char *, free);

/* One field of a question. Each returns NULL, or what is wrong with it. */
static const char *take_text(const json_t *j, char *ret, size_t size) {
        if (!json_is_string(j))
                return "must be a text";
        if (json_string_length(j) >= size || strlen(json_string_value(j)) != json_string_length(j))
                return "is too long";
        strcpy(ret, json_string_value(j));
        return NULL;
}

static const char *take_number(const json_t *j, int64_t max, int64_t *ret) {
        if (!json_is_integer(j) || json_integer_value(j) < 1 || json_integer_value(j) > max)
                return "is no whole number, or out of range";
        *ret = json_integer_value(j);
        return NULL;
}

static const char *take_type(const json_t *j, struct query *q) {
        const char *word = json_string_value(j);

        if (word && strcmp(word, "history") == 0)
                q->kind = QUERY_HISTORY;
        else if (word && strcmp(word, "resync") == 0)
                q->kind = QUERY_RESYNC;
        else
                return "must be history or resync";
        return NULL;
}

static const char *take_history_field(const char *key, const json_t *j, struct query *q) {
        int64_t n = 0;
        const char *wrong;

        if (strcmp(key, "athlete") == 0)
                return take_text(j, q->athlete, sizeof(q->athlete));
        if (strcmp(key, "exercise") == 0)
                return take_text(j, q->exercise, sizeof(q->exercise));
        if (strcmp(key, "since_ms") == 0)
                return take_number(j, INT64_MAX, &q->since_ms);
        if (strcmp(key, "until_ms") == 0)
                return take_number(j, INT64_MAX, &q->until_ms);
        if (strcmp(key, "after") != 0)
                return "is no field of a history";
        wrong = take_number(j, INT64_MAX, &n);
        q->after = (uint64_t) n;
        return wrong;
}

static const char *take_resync_field(const char *key, const json_t *j, struct query *q) {
        int64_t n = 0;
        const char *wrong;

        if (strcmp(key, "session") == 0)
                return take_text(j, q->session, sizeof(q->session));
        if (strcmp(key, "from_seq") == 0) {
                wrong = take_number(j, INT64_MAX, &n);
                q->from_seq = (uint64_t) n;
                return wrong;
        }
        if (strcmp(key, "to_seq") != 0)
                return "is no field of a resync";
        wrong = take_number(j, INT64_MAX, &n);
        q->to_seq = (uint64_t) n;
        return wrong;
}

static const char *take_field(const char *key, const json_t *j, struct query *q) {
        int64_t n = 0;
        const char *wrong;

        if (strcmp(key, "type") == 0 || strcmp(key, "id") == 0)
                return NULL; /* taken first */
        if (strcmp(key, "v") == 0)
                return json_integer_value(j) == 1 ? NULL : "must be 1";
        if (strcmp(key, "station") == 0)
                return take_text(j, q->station, sizeof(q->station));
        if (strcmp(key, "limit") == 0) {
                wrong = take_number(j, QUERY_EVENTS_MAX, &n);
                q->limit = (unsigned) n;
                return wrong;
        }
        return q->kind == QUERY_HISTORY ? take_history_field(key, j, q) : take_resync_field(key, j, q);
}

static int fault(char *why, size_t size, const char *key, const char *wrong) {
        snprintf(why, size, "%.40s %s", key, wrong);
        return -EINVAL;
}

int query_from_json(const char *json, size_t size, struct query *ret, char *ret_why, size_t why_size) {
        _cleanup_(json_decrefp) json_t *j = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
        struct query *q = ret;
        const char *wrong, *key;
        json_t *value;

        *q = (struct query){.limit = QUERY_EVENTS};
        if (!json_is_object(j))
                return fault(ret_why, why_size, "this", "is no JSON object");
        wrong = take_text(json_object_get(j, "id"), q->id, sizeof(q->id));
        if (wrong || q->id[0] == '\0') {
                q->id[0] = '\0';
                return fault(ret_why, why_size, "id", wrong ? wrong : "is empty");
        }
        wrong = take_type(json_object_get(j, "type"), q);
        if (wrong)
                return fault(ret_why, why_size, "type", wrong);
        json_object_foreach(j, key, value) {
                wrong = take_field(key, value, q);
                if (wrong)
                        return fault(ret_why, why_size, key, wrong);
        }
        if (q->kind == QUERY_RESYNC && (q->station[0] == '\0' || q->from_seq == 0 || q->to_seq < q->from_seq))
                return fault(ret_why, why_size, "resync", "needs station, from_seq and to_seq, in this order");
        return 0;
}

void page_done(struct page *p) {
        while (p->n > 0)
                free(p->events[--p->n]);
}

static int head(const struct query *q, const char *why, char **ret) {
        _cleanup_(json_decrefp) json_t *j =
                json_pack("{s:i, s:s, s:s, s:s?}", "v", 1, "type", "reply", "id", q->id, "error", why);

        *ret = j ? json_dumps(j, JSON_COMPACT) : NULL;
        return *ret ? 0 : -ENOMEM;
}

int query_refuse(const struct query *q, const char *why, char **ret) {
        return head(q, why, ret);
}

/* Events are put in as they stand in the store: they are JSON already. */
int query_answer(const struct query *q, const struct page *p, char **ret) {
        _cleanup_(freep) char *text = NULL;
        char *start = NULL, number[24] = "null";
        size_t size = 64;

        if (head(q, NULL, &text) < 0)
                return -ENOMEM;
        for (unsigned i = 0; i < p->n; i++)
                size += strlen(p->events[i]) + 1;
        start = malloc(strlen(text) + size);
        if (!start)
                return -ENOMEM;
        if (p->next > 0)
                snprintf(number, sizeof(number), "%llu", (unsigned long long) p->next);
        text[strlen(text) - 1] = '\0'; /* the closing brace */
        char *at = start + sprintf(start, "%s,\"next\":%s,\"events\":[", text, number);
        for (unsigned i = 0; i < p->n; i++) {
                at = stpcpy(at, p->events[i]);
                *at++ = ',';
        }
        strcpy(at - (p->n > 0), "]}");
        *ret = start;
        return 0;
}

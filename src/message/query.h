/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Questions to the store, as they come over MQTT, and their answers (doc/mqtt.md). An answer is a page: who wants more asks
 * again with the number that it ends with. */

#include <stddef.h>
#include <stdint.h>

#include "message/message.h"

#define QUERY_EVENTS     20 /* on a page, unless asked otherwise */
#define QUERY_EVENTS_MAX 100

enum query_kind {
        QUERY_HISTORY,
        QUERY_RESYNC,
};

/* Empty texts and 0: whatever there is. */
struct query {
        enum query_kind kind;
        char id[MESSAGE_NAME_MAX]; /* the asker's: the answer goes to its topic */
        char station[MESSAGE_NAME_MAX];
        unsigned limit;
        /* history */
        char athlete[MESSAGE_NAME_MAX], exercise[MESSAGE_NAME_MAX];
        int64_t since_ms, until_ms; /* since the epoch */
        uint64_t after;             /* position of the page before */
        /* resync */
        char session[MESSAGE_RUN_MAX]; /* the run; empty = this one */
        uint64_t from_seq, to_seq;
};

/* Returns 0, or -EINVAL with the reason in words; then ret->id is set as far as it could be read, and all else undefined. */
int query_from_json(const char *json, size_t size, struct query *ret, char *ret_why, size_t why_size);

struct page {
        char *events[QUERY_EVENTS_MAX]; /* JSON objects; free() them */
        unsigned n;
        uint64_t next; /* 0 = this was the last page */
};

void page_done(struct page *p);

/* Return 0 and a string to free(), or -ENOMEM. */
int query_answer(const struct query *q, const struct page *p, char **ret);
int query_refuse(const struct query *q, const char *why, char **ret);

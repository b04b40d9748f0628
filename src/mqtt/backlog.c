/* SPDX-License-Identifier: Apache-2.0 */
/* Events on their way to the broker: a ring whose first n_sent entries are in flight. */

#include "mqtt/backlog.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "message/message.h"

struct backlog {
        size_t max;
        size_t first, n, n_sent;
        uint64_t dropped;
        struct backlog_entry ring[];
};

/* Where in the ring the k-th oldest stands. */
static size_t at(const struct backlog *b, size_t k) {
        return (b->first + k) % b->max;
}

int backlog_new(size_t max, struct backlog **ret) {
        assert(max > 0);
        if (max > (SIZE_MAX - sizeof(struct backlog)) / sizeof(struct backlog_entry))
                return -ENOMEM;

        struct backlog *b = calloc(1, sizeof(*b) + max * sizeof(b->ring[0]));
        if (!b)
                return -ENOMEM;
        b->max = max;
        *ret = b;
        return 0;
}

/* Close the gap by moving the entries before it: these are in flight and few, those behind may be many. */
static void remove_entry(struct backlog *b, size_t k) {
        free(b->ring[at(b, k)].topic);
        free(b->ring[at(b, k)].json);
        for (size_t i = k; i > 0; i--)
                b->ring[at(b, i)] = b->ring[at(b, i - 1)];
        b->ring[at(b, 0)] = (struct backlog_entry){0};
        b->first = (b->first + 1) % b->max;
        b->n--;
        if (k < b->n_sent)
                b->n_sent--;
}

struct backlog *backlog_free(struct backlog *b) {
        if (!b)
                return NULL;
        while (b->n > 0)
                remove_entry(b, 0);
        free(b);
        return NULL;
}

void backlog_add(struct backlog *b, char *topic, char *json) {
        if (b->n == b->max) {
                /* Rather one that was never sent than one in flight, which has probably arrived. */
                remove_entry(b, b->n_sent < b->n ? b->n_sent : 0);
                b->dropped++;
        }
        b->ring[at(b, b->n++)] = (struct backlog_entry){.topic = topic, .json = json};
}

const struct backlog_entry *backlog_next(const struct backlog *b) {
        return b->n_sent < b->n ? &b->ring[at(b, b->n_sent)] : NULL;
}

void backlog_sent(struct backlog *b, int mid) {
        assert(b->n_sent < b->n && mid > 0);
        b->ring[at(b, b->n_sent++)].mid = mid;
}

int backlog_acked(struct backlog *b, int mid) {
        for (size_t k = 0; k < b->n_sent; k++)
                if (b->ring[at(b, k)].mid == mid) {
                        remove_entry(b, k);
                        return 1;
                }
        return 0;
}

void backlog_disconnected(struct backlog *b) {
        for (size_t k = 0; k < b->n; k++) {
                b->ring[at(b, k)].mid = 0;
                message_json_set_late(b->ring[at(b, k)].json);
        }
        b->n_sent = 0;
}

size_t backlog_length(const struct backlog *b) {
        return b->n;
}

size_t backlog_in_flight(const struct backlog *b) {
        return b->n_sent;
}

uint64_t backlog_dropped(const struct backlog *b) {
        return b->dropped;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Oldest first, history before what waits. */

#include "store/bounds.h"

#include <errno.h>
#include <limits.h>

#include "util/macros.h"

#define AT_ONCE 16 /* events that go between two looks at the size */

/* A little more than needed, so that the next event does not find the bound again. */
static uint64_t enough(uint64_t bytes_max) {
        return bytes_max - bytes_max / 20;
}

/* Delete n events at the head of an interval of acknowledged ones. */
static int forget(struct database *d, const struct span *s, unsigned n) {
        uint64_t highest;

        return database_delete(d, s->first, s->last, n, &highest);
}

/* Delete up to n waiting events at the head of [first, last]. */
static int drop(struct database *d, struct spans *acked, uint64_t first, uint64_t last, unsigned n) {
        uint64_t highest = 0;
        int dropped = database_delete(d, first, last, n, &highest);

        if (dropped > 0 && spans_add(acked, first, highest) < 0)
                return -ENOSPC; /* the caller rolls back */
        return dropped;
}

/* The interval of waiting events that begins here. */
static struct span waiting_from(const struct spans *acked, uint64_t from) {
        struct span s = {.first = spans_next_missing(acked, from), .last = INT64_MAX};

        for (size_t i = acked->n; i > 0 && acked->list[i - 1].first > s.first; i--)
                s.last = acked->list[i - 1].first - 1;
        return s;
}

static int forget_some(struct database *d, const struct spans *acked) {
        int n = 0;

        for (size_t i = 0; i < acked->n && n == 0; i++)
                n = forget(d, &acked->list[i], AT_ONCE);
        return n;
}

int bounds_by_size(struct database *d, struct spans *acked, uint64_t bytes_max) {
        int dropped = 0;
        uint64_t bytes = 0;
        int r = database_bytes(d, &bytes);

        if (r < 0 || bytes <= bytes_max)
                return MIN(r, 0);
        while (bytes > enough(bytes_max)) {
                r = forget_some(d, acked);
                if (r == 0) {
                        struct span s = waiting_from(acked, 1);
                        r = drop(d, acked, s.first, s.last, AT_ONCE);
                        dropped += MAX(r, 0);
                }
                if (r > 0)
                        r = database_bytes(d, &bytes);
                if (r < 0)
                        return r;
                if (r == 0)
                        break; /* nothing is left to go */
        }
        return dropped;
}

static int count_older(struct database *d, const struct span *s, int64_t from_ms, unsigned *ret) {
        *ret = INT_MAX;
        return from_ms == INT64_MAX ? 0 : database_count_older(d, s->first, s->last, from_ms, ret);
}

int bounds_by_age(struct database *d, struct spans *acked, int64_t history_from_ms, int64_t unsent_from_ms) {
        const struct spans before = *acked;
        int r = 0, dropped = 0;
        unsigned n;

        for (size_t i = 0; i < before.n && history_from_ms > INT64_MIN; i++) {
                r = count_older(d, &before.list[i], history_from_ms, &n);
                if (r >= 0 && n > 0)
                        r = forget(d, &before.list[i], n);
                if (r < 0)
                        return r;
        }
        if (unsent_from_ms == INT64_MIN)
                return 0;
        for (uint64_t from = 1; from < INT64_MAX;) {
                struct span s = waiting_from(&before, from);

                r = count_older(d, &s, unsent_from_ms, &n);
                if (r >= 0 && n > 0)
                        r = drop(d, acked, s.first, s.last, n);
                if (r < 0)
                        return r;
                dropped += r * (n > 0);
                from = s.last;
                if (s.last < INT64_MAX)
                        from++;
        }
        return dropped;
}

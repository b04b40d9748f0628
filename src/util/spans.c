/* SPDX-License-Identifier: Apache-2.0 */
/* A set of whole numbers as a short sorted list of intervals. */

#include "util/spans.h"

#include <errno.h>
#include <string.h>

#include "util/macros.h"

/* The first interval that ends at x - 1 or later: the one that x lies in, touches, or stands before. */
static size_t find(const struct spans *s, uint64_t x) {
        size_t i = 0;

        while (i < s->n && s->list[i].last < x - 1)
                i++;
        return i;
}

int spans_add(struct spans *s, uint64_t first, uint64_t last) {
        if (first == 0 || last < first || last == UINT64_MAX)
                return -EINVAL;

        /* [i, end) are those that the new one touches; they and it become one. */
        const size_t i = find(s, first);
        size_t end = i;
        while (end < s->n && s->list[end].first <= last + 1)
                end++;
        if (end == i && s->n == SPANS_MAX)
                return -ENOSPC;
        if (end > i) {
                first = MIN(first, s->list[i].first);
                last = MAX(last, s->list[end - 1].last);
        }
        memmove(&s->list[i + 1], &s->list[end], (s->n - end) * sizeof(s->list[0]));
        s->list[i] = (struct span){first, last};
        s->n = s->n + 1 - (end - i);
        return 0;
}

bool spans_has(const struct spans *s, uint64_t x) {
        return x > 0 && spans_next_missing(s, x) != x;
}

uint64_t spans_next_missing(const struct spans *s, uint64_t from) {
        for (size_t i = 0; i < s->n && s->list[i].first <= from; i++)
                if (s->list[i].last >= from)
                        return s->list[i].last + 1;
        return from;
}

uint64_t spans_count(const struct spans *s, uint64_t last) {
        uint64_t n = 0;

        for (size_t i = 0; i < s->n && s->list[i].first <= last; i++)
                n += MIN(s->list[i].last, last) - s->list[i].first + 1;
        return n;
}

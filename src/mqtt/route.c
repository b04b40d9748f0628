/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which brokers are tried. */

#include "mqtt/route.h"

#include <assert.h>

void route_init(struct route *r, unsigned n) {
        assert(n > 0 && n <= ROUTE_BROKERS_MAX);
        *r = (struct route){.n = n, .last = n};
}

void route_begin(struct route *r, unsigned last) {
        r->tried = 0;
        r->last = last < r->n ? last : r->n;
}

bool route_has_next(const struct route *r) {
        return r->tried < r->n;
}

unsigned route_next(struct route *r) {
        const unsigned i = r->tried++;

        assert(i < r->n);
        if (i < r->last)
                return i;
        return i + 1 < r->n ? i + 1 : r->last;
}

bool route_speaks_5(const struct route *r, unsigned broker, uint64_t now_us) {
        return now_us >= r->old_until_us[broker];
}

void route_refused_5(struct route *r, unsigned broker, uint64_t now_us) {
        r->old_until_us[broker] = now_us + ROUTE_ASK_AGAIN_US;
}

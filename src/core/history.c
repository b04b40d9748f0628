/* SPDX-License-Identifier: Apache-2.0 */
/* The last 25 s of motion along the path: a ring of ticks without holes. */

#include <repcast/history.h>

#define UP_UNIT 4096.0

void history_reset(struct history *h) {
        h->n = 0;
}

void history_push(struct history *h, uint64_t t_us, const struct moment *m) {
        h->newest = h->n ? (h->newest + 1) % HISTORY_N : 0;
        h->moments[h->newest] = *m;
        h->t_us = t_us;
        if (h->n < HISTORY_N)
                h->n++;
}

const struct moment *history_ago(const struct history *h, unsigned ago) {
        return &h->moments[(h->newest + HISTORY_N - ago) % HISTORY_N];
}

unsigned history_find(const struct history *h, uint64_t t_us) {
        if (t_us >= h->t_us)
                return 0;
        uint64_t ago = (h->t_us - t_us) / TICK_US;
        return ago < h->n ? (unsigned) ago : h->n;
}

void moment_up(const struct moment *m, double ret[3]) {
        for (unsigned i = 0; i < 3; i++)
                ret[i] = m->up[i] / UP_UNIT;
}

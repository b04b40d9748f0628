/* SPDX-License-Identifier: Apache-2.0 */
/* The last 25 s of motion along the path: a ring of ticks without holes. */

#include <math.h>
#include <string.h>

#include <repcast/history.h>

#include "util/macros.h"

#define UP_UNIT      4096.0
#define HEADING_UNIT (2 * M_PI / 65536)

void history_reset(struct history *h) {
        h->n = 0;
}

void history_push(struct history *h, uint64_t t_us, const struct moment *m) {
        h->newest = h->n && h->newest + 1 < HISTORY_N ? h->newest + 1 : 0;
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

void moment_set_heading(struct moment *m, double rad) {
        m->heading = (int16_t) (uint16_t) lrint(rad / HEADING_UNIT); /* a full turn is none */
}

double history_turned(const struct history *h, uint64_t from_us, uint64_t to_us) {
        if (h->n == 0)
                return 0;
        int16_t from = history_ago(h, MIN(history_find(h, from_us), h->n - 1))->heading;
        int16_t to = history_ago(h, MIN(history_find(h, to_us), h->n - 1))->heading;
        return (int16_t) (uint16_t) (to - from) * HEADING_UNIT;
}

void moment_set_noise(struct moment *m, double q_m2ps3) {
        float q = (float) q_m2ps3;
        uint32_t bits;
        memcpy(&bits, &q, sizeof(bits));
        m->noise = (uint16_t) ((bits + 0x8000) >> 16);
}

double moment_noise(const struct moment *m) {
        uint32_t bits = (uint32_t) m->noise << 16;
        float q;
        memcpy(&q, &bits, sizeof(q));
        return (double) q;
}

void moment_up(const struct moment *m, double ret[3]) {
        for (unsigned i = 0; i < 3; i++)
                ret[i] = m->up[i] / UP_UNIT;
}

double moment_angle(const struct moment *from, const struct moment *to) {
        double u[3], v[3], dot = 0, u2 = 0, v2 = 0;
        moment_up(from, u);
        moment_up(to, v);
        for (unsigned i = 0; i < 3; i++) {
                dot += u[i] * v[i];
                u2 += u[i] * u[i];
                v2 += v[i] * v[i];
        }
        return acos(CLAMP(dot / sqrt(u2 * v2), -1.0, 1.0));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The live borders of a slow movement may be seconds off: a first rep is thought to begin in the walk-out, a hold at the
 * far end to be the slow start of the way back. In hindsight every layout of a cycle
 *
 *     r0 -rest- a0 -first- a1 -rest- b0 -second- b1 -rest- r1
 *
 * can be weighed by what the sensor says of it: the likelihood of zero velocity in its rests and of a closed way, for the
 * errors of the integral that suit it best, and of velocities that go the right way in its movements. Rest is more exact
 * than movement, so each second of it that fits is evidence for it: log(usual speed / sway). From the live layout on, and
 * from one timed as the rep before, the borders are moved in turns, each to its best place, until none improves. */

#include "core/coarse.h"

#include <math.h>
#include <string.h>

#include "core/normal.h"
#include "util/macros.h"

#define T            TICK_S
#define N            NORMAL_N
#define NODE         25u /* ticks between two places where a border may be */
#define NODES        (HISTORY_N / NODE + 1)
#define STRIDE       5u /* rest is weighed every so many ticks */
#define SLOW         ((unsigned) (COARSE_S / T + 0.5))
#define ROM_SHARE    0.12 /* of one lifter's ROM from rep to rep, and in m */
#define ROM_M        0.03
#define ROM_MOST     14.0
#define TYPICAL_LOG  0.5 /* of lifters' ROMs about the usual one, as a logarithm */
#define TYPICAL_MOST 9.0
#define TEMPO_MOST   9.0
#define REST_NATS    1.5   /* per second: speeds of 3 to 10 cm/s against 7 mm/s of sway */
#define LOOSE_NATS   2.0   /* per second of what lies between two reps and is neither */
#define BACK_MPS     0.015 /* who hesitates stops, but does not go back */
#define SWEEPS       4
#define RANGE_SHARE  0.5  /* a live border is off by so much of its movement and 1 s at most */
#define LEAST        2u   /* nodes of a movement */
#define REACHES      5u   /* lengths of the rest before and after that are tried */
#define TRIED        512u /* layouts: of a search it tries 200 to 600 */
#define SOFT         50u  /* ticks: a start may be soft, and the search knows it to a quarter of a second */

_Static_assert(NODES <= UINT8_MAX, "a border is a byte of a layout");

enum border { R0, A0, A1, B0, B1, R1, BORDERS };

struct node {
        struct sums at;
        struct normal rest; /* v = 0 from the window's start until here */
};

/* The turns come back to a layout again and again. */
struct tried {
        uint64_t layout; /* a border a byte */
        double nats;     /* no more than so much */
};

struct search {
        const struct repfit_params *params;
        const struct bias *bias;
        const struct expected_rom *rom;
        const struct expected_tempo *tempo;
        double sign;
        bool within;             /* a set */
        unsigned n, from, until; /* nodes; where the rests around the cycle begin and end at the most */
        struct normal prior;
        struct node nodes[NODES];
        struct tried *tried; /* TRIED of them */
};

static double square(double x) {
        return x * x;
}

static void prepare(struct search *s, const struct history *h, const struct window *w, double drift_mps3) {
        const double rest2 = square(s->params->rest_mps) / (STRIDE * T);
        struct normal rest = {0};
        struct sums sums;

        normal_prior(&s->prior, s->bias, drift_mps3);
        sums_init(&sums);
        s->n = 0;
        for (unsigned k = 0; k < w->n; k++) {
                sums_add(&sums, history_ago(h, w->newest_ago + w->n - 1 - k));
                if (k % STRIDE == 0)
                        normal_weigh(&rest, sums.v_row, -sums_expected(sums.v, sums.v_row, s->bias), rest2);
                if (k % NODE == 0)
                        s->nodes[s->n++] = (struct node){sums, rest};
        }
}

static void add_rest(const struct search *s, unsigned from, unsigned to, struct normal *n) {
        const struct normal *a = &s->nodes[from].rest, *b = &s->nodes[to].rest;
        n->z2 += b->z2 - a->z2;
        for (unsigned i = 0; i < N; i++) {
                n->y[i] += b->y[i] - a->y[i];
                for (unsigned j = 0; j <= i; j++)
                        n->A[i][j] += b->A[i][j] - a->A[i][j];
        }
}

static void add_turn(const struct search *s, unsigned at, struct normal *n) {
        const struct sums *sums = &s->nodes[at].at;
        normal_weigh(
                n, sums->v_row, -sums_expected(sums->v, sums->v_row, s->bias), square(s->params->turn_mps));
}

static void add_closure(const struct search *s, unsigned from, unsigned to, struct normal *n) {
        const struct sums *a = &s->nodes[from].at, *b = &s->nodes[to].at;
        double row[N];
        for (unsigned i = 0; i < N; i++)
                row[i] = b->p_row[i] - a->p_row[i];
        normal_weigh(n, row, -sums_expected(b->p - a->p, row, s->bias), square(s->params->close_m));
}

/* -log likelihood of going the wrong way within a movement. */
static double backwards(const struct search *s, unsigned from, unsigned to, double sign, const double x[N]) {
        double sum = 0;
        for (unsigned k = from + 1; k < to; k++) {
                const struct sums *sums = &s->nodes[k].at;
                double v = sums_expected(sums->v, sums->v_row, s->bias);
                for (unsigned i = 0; i < N; i++)
                        v += sums->v_row[i] * x[i];
                sum += 0.5 * NODE * T * square(fmin(sign * v, 0) / BACK_MPS);
        }
        return sum;
}

/* -log likelihood of the way of a movement, for a lifter with that ROM. */
static double unusual(const struct search *s, unsigned from, unsigned to, double sign, const double x[N]) {
        const struct sums *a = &s->nodes[from].at, *b = &s->nodes[to].at;
        double row[N], made = 0, rom = s->rom->rom_m;
        for (unsigned i = 0; i < N; i++) {
                row[i] = b->p_row[i] - a->p_row[i];
                made += row[i] * x[i];
        }
        made = sign * (made + sums_expected(b->p - a->p, row, s->bias));
        if (s->rom->known)
                return 0.5 * fmin(ROM_MOST, square((made - rom) / (ROM_M + ROM_SHARE * rom)));
        return 0.5 * fmin(TYPICAL_MOST, square(log(fmax(made, 1e-3) / rom) / TYPICAL_LOG));
}

/* -log likelihood of the time that a movement takes, for a lifter whose last one took so long. */
static double untimely(unsigned from, unsigned to, double usual_s) {
        if (!(usual_s > 0))
                return 0;
        return 0.5 * fmin(TEMPO_MOST, square(log((to - from) * NODE * T / usual_s) / TEMPO_LOG));
}

/* Log likelihood of a layout, but for what all have in common; or a bound of it that is no more than least. */
static double weigh(const struct search *s, const unsigned b[BORDERS], double least) {
        struct normal n = s->prior;
        double x[N];

        for (unsigned i = R0; i < BORDERS; i += 2)
                add_rest(s, b[i], b[i + 1], &n);
        for (unsigned i = A0; i <= B1; i++)
                add_turn(s, b[i], &n);
        add_closure(s, b[A0], b[B1], &n);

        double nats = -0.5 * normal_solve(&n, x);
        unsigned rest = b[A0] - b[R0] + b[B0] - b[A1] + b[R1] - b[B1];
        for (unsigned i = 0; i < N; i++)
                nats -= log(n.A[i][i]); /* Cholesky's factor: half the logarithm of the determinant */
        nats -= unusual(s, b[A0], b[A1], s->sign, x);
        nats -= untimely(b[A0], b[A1], s->tempo->first_s) + untimely(b[B0], b[B1], s->tempo->second_s);
        if (s->within) { /* before a set anything may have happened, as a walk out of the rack */
                unsigned loose = MAX(b[R0], s->from) - s->from + s->until - MIN(b[R1], s->until);
                nats -= LOOSE_NATS * NODE * T * loose;
        }
        nats += REST_NATS * NODE * T * rest;
        if (nats <= least)
                return nats;
        return nats - backwards(s, b[A0], b[A1], s->sign, x) - backwards(s, b[B0], b[B1], -s->sign, x);
}

struct choice {
        unsigned b[BORDERS];
        double nats;
};

static struct tried *place_of(const struct search *s, uint64_t layout) {
        return &s->tried[layout * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (TRIED - 1)]; /* Fibonacci hashing */
}

static void consider(const struct search *s, const unsigned b[BORDERS], struct choice *best) {
        uint64_t layout = 0;

        if (b[R0] > b[A0] || b[A0] + LEAST > b[A1] || b[A1] > b[B0] || b[B0] + LEAST > b[B1] || b[B1] > b[R1])
                return;
        for (unsigned i = 0; i < BORDERS; i++)
                layout = layout << 8 | b[i];
        struct tried *before = place_of(s, layout);
        if (before->layout == layout && before->nats <= best->nats)
                return;
        double nats = weigh(s, b, best->nats);
        *before = (struct tried){layout, nats};
        if (!(nats > best->nats)) /* nor what is no number */
                return;
        memcpy(best->b, b, sizeof(best->b));
        best->nats = nats;
}

/* Move one border, or the turn as a whole, and with the outer ones the rest beyond. */
static void move(const struct search *s, const struct choice *live, enum border which, bool both, unsigned low,
        unsigned high, struct choice *best) {
        const struct choice from = *best;

        for (unsigned at = low; at <= high; at++) {
                unsigned b[BORDERS];
                memcpy(b, from.b, sizeof(b));
                b[which] = at;
                if (both)
                        b[which + 1] = at;
                if (which != A0 && which != B1) {
                        consider(s, b, best);
                        continue;
                }
                for (unsigned k = 0; k < REACHES; k++) { /* nothing, half a second, one, two, all */
                        unsigned reach = k + 1 == REACHES ? s->n
                                : k                       ? 1u << k
                                                          : 0,
                                 back = at > reach ? at - reach : 0;
                        if (which == A0)
                                b[R0] = MIN(MAX(live->b[R0], back), at);
                        else
                                b[R1] = MAX(MIN(live->b[R1], at + reach), at);
                        consider(s, b, best);
                }
        }
}

static unsigned range(unsigned from, unsigned to) {
        return (unsigned) ((1 / T + RANGE_SHARE * (to - from) * NODE) / NODE);
}

static bool slow(const unsigned b[BORDERS], enum border from) {
        return (b[from + 1] - b[from]) * NODE >= SLOW;
}

static void improve(const struct search *s, struct choice *best) {
        const struct choice live = *best;
        const unsigned *b = live.b, last = s->n - 1;
        unsigned first = range(b[A0], b[A1]), second = range(b[B0], b[B1]);
        bool first_slow = slow(b, A0), second_slow = slow(b, B0);
        double before;

        for (unsigned sweep = 0; sweep < SWEEPS; sweep++) {
                before = best->nats;
                if (first_slow) {
                        move(s, &live, A0, false, b[A0] - MIN(b[A0], first), MAX(b[A1], best->b[A1]), best);
                        move(s, &live, A1, false, b[A1] - MIN(b[A1], first), MIN(last, b[A1] + first), best);
                }
                if (second_slow) {
                        move(s, &live, A1, true, b[A1] - MIN(b[A1], first), MIN(last, b[B0] + second), best);
                        move(s, &live, B0, false, b[B0] - MIN(b[B0], second), MAX(b[B1], best->b[B1]), best);
                        move(s, &live, B1, false, b[B1] - MIN(b[B1], second), MIN(last, b[B1] + second), best);
                }
                if (best->nats <= before)
                        return;
        }
}

static unsigned nodes(double seconds) {
        const unsigned most = NODES;
        return (unsigned) lrint(fmin(seconds / (NODE * T), most));
}

/* Timed as the rep before, where that suits best: a live end may be seconds off as well. */
static void begin_alike(const struct search *s, const struct choice *live, struct choice *ret) {
        const unsigned second = nodes(s->tempo->second_s), hold = nodes(s->tempo->hold_s),
                       first = nodes(s->tempo->first_s), whole = first + hold + second, last = s->n - 1,
                       off = range(live->b[A0], live->b[A1]), end = live->b[B1];
        unsigned b[BORDERS];

        *ret = *live;
        ret->nats = -HUGE_VAL;
        for (unsigned at = MAX(end - MIN(end, off), whole); at <= MIN(end + off, last); at++) {
                b[B1] = at;
                b[B0] = at - second;
                b[A1] = b[B0] - hold;
                b[A0] = b[A1] - first;
                for (unsigned k = 0; k < 4; k++) { /* with and without a rest before and after */
                        b[R0] = k & 1 ? b[A0] : MIN(live->b[R0], b[A0]);
                        b[R1] = k & 2 ? at : MAX(live->b[R1], at);
                        consider(s, b, ret);
                }
        }
}

static struct choice search_from(const struct search *s, const struct choice *start) {
        struct choice best = *start;

        consider(s, start->b, &best);
        improve(s, &best);
        return best;
}

bool borders_coarse(const struct repfit *f, const struct history *h, const struct bias *bias, double drift_mps3,
        double sign, struct window *w) {
        unsigned *ticks[BORDERS] = {&w->before, &w->a0, &w->a1, &w->b0, &w->b1, &w->after};
        struct tried tried[TRIED];
        struct search s = {.params = &f->params,
                .rom = &f->rom,
                .tempo = &f->tempo,
                .bias = bias,
                .sign = sign,
                .within = f->within,
                .tried = tried};
        struct choice live, alike;

        if (w->a1 - w->a0 < SLOW && w->b1 - w->b0 < SLOW)
                return false;
        memset(tried, 0, sizeof(tried));
        prepare(&s, h, w, drift_mps3);
        for (unsigned i = 0; i < BORDERS; i++)
                live.b[i] = MIN((*ticks[i] + NODE / 2) / NODE, s.n - 1);
        s.from = live.b[R0];
        s.until = live.b[R1];
        live.nats = -HUGE_VAL;
        struct choice best = search_from(&s, &live);
        if (f->tempo.first_s > 0) {
                begin_alike(&s, &live, &alike);
                alike = search_from(&s, &alike);
                if (alike.nats > best.nats)
                        best = alike;
        }
        for (unsigned i = 0; i < BORDERS; i++)
                if (best.b[i] != live.b[i])
                        *ticks[i] = best.b[i] * NODE;
        w->hold_from = w->rest_from = w->before;
        w->hold_until = w->after;
        /* A first rep that is looked at again: the walk before it may well look like more of it. */
        if (!f->within && f->tempo.first_s > 0)
                w->begin_from = w->before - MIN(w->before, SOFT);
        return true;
}

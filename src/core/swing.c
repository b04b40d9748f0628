/* SPDX-License-Identifier: Apache-2.0 */
/* A forearm that curls turns by 120 degrees in each stroke, and so does gravity in a sensor on its wrist:
 *
 *     angle from    ____ far             ____
 *     where it     /    \               /    \
 *     turned last /      \             /      \       no drift, and no doubt which movement a hesitation belongs to
 *            ____/        \_____|_____/        \___
 *           home        turned  rests
 *
 * A stroke ends where it turns round, or comes to rest. Which way it went the acceleration tells: from rest to rest in a
 * time T it is the integral of (T/2 - t) a, whatever the bias. */

#include <math.h>

#include <repcast/swing.h>

#include "util/macros.h"
#include "util/seconds.h"

#define LOOK_TICKS 5u /* 50 ms, as the beam */
#define LEAST_RAD                                                                                              \
        1.31 /* 75 degrees: a bar rolls in the hands by 60 at the most, a forearm curls by 90 to 140 */
#define BACK_SHARE 0.25 /* of a stroke: so far back it has turned round */
#define GREW_RAD   0.1  /* 6 degrees on, the stroke was not over */
#define REST_S     1.0
#define HELD_TICKS 50u /* for half a second it turned at less than ... */
#define HELD_SHARE                                                                                             \
        0.1 /* of the pace at which it goes on: a smooth stroke does so in its first hundredth only */

/* Onsets go as t^2.75, as a speed of t^1.75 (border.c) integrates to. */
#define NEAR_SHARE 0.1
#define FAR_SHARE  0.3
#define OUTSIDE    2.04 /* 1 / ((FAR / NEAR)^(1 / 2.75) - 1) */

void swing_reset(struct swing *s) {
        *s = (struct swing){0};
}

/* How many ticks ago, before `ago`, the sensor last pointed away from `from` by less (within) or more than that; h->n:
 * never. */
static unsigned back_to(
        const struct history *h, unsigned ago, const struct moment *from, bool within, double rad) {
        while (ago < h->n && (moment_angle(from, history_ago(h, ago)) < rad) != within)
                ago++;
        return ago;
}

static uint64_t instant(const struct history *h, double ago) {
        double us = ago * TICK_US;
        return us < (double) h->t_us ? h->t_us - (uint64_t) fmax(us, 0) : 0;
}

static double travelled(const struct history *h, unsigned from, unsigned to) {
        double half_s = (from - to) * TICK_S / 2, sum = 0;
        for (unsigned ago = from; ago-- > to;)
                sum += (half_s - (from - ago) * TICK_S) * (double) history_ago(h, ago)->a_mps2 * TICK_S;
        return sum;
}

/* Where it was held last, before it was where it was so many ticks ago and with most of the way to go; else home. A wrist
 * settles while it holds a weight, and before a set it was turned some other way: neither is the start of a stroke. */
static const struct moment *held(const struct swing *s, const struct history *h, unsigned ago) {
        for (unsigned k = ago + 1; k + HELD_TICKS < h->n; k++) {
                const struct moment *m = history_ago(h, k);
                double pace = moment_angle(m, history_ago(h, ago)) / (k - ago);
                if (moment_angle(&s->home, m) < NEAR_SHARE * s->far_rad)
                        break;
                if (moment_angle(m, &s->far) > (1 - FAR_SHARE) * s->far_rad &&
                        moment_angle(history_ago(h, k + HELD_TICKS), m) < HELD_SHARE * pace * HELD_TICKS)
                        return m;
        }
        return &s->home;
}

/* From home, or where it was held since, to where it was farthest, if the history holds it whole. */
static bool stroke(const struct swing *s, const struct history *h, struct move *ret) {
        unsigned end = history_find(h, s->far_us);
        unsigned b1 = back_to(h, end, &s->far, false, NEAR_SHARE * s->far_rad);
        unsigned b3 = back_to(h, b1, &s->far, false, FAR_SHARE * s->far_rad);
        const struct moment *home = held(s, h, b3);
        double away_rad = moment_angle(home, &s->far);
        unsigned a3 = back_to(h, b3, home, true, FAR_SHARE * away_rad);
        unsigned a1 = back_to(h, a3, home, true, NEAR_SHARE * away_rad);

        double from = a1 + OUTSIDE * (a1 - a3), to = fmax(b1 - OUTSIDE * (b3 - b1), end);
        if (from >= h->n)
                return false;
        double way_m = travelled(h, (unsigned) from, (unsigned) to);
        *ret = (struct move){
                .up = way_m > 0,
                .start_us = instant(h, from),
                .end_us = instant(h, to),
                .still_since_us = instant(h, from),
                .travel_m = fabs(way_m),
                .turn_rad = away_rad,
                .bias = s->bias,
        };
        return true;
}

/* Strokes that follow each other share the hold between them; or their border, halfway. */
static bool pair(const struct move *first, const struct move *second, uint64_t until_us, struct cycle *ret) {
        if (!first->end_us || first->up == second->up || second->start_us <= first->start_us)
                return false;
        *ret = (struct cycle){
                .first = *first, .second = *second, .swung = true, .until_us = MAX(until_us, second->end_us)};
        if (ret->second.start_us < ret->first.end_us)
                ret->second.start_us = ret->first.end_us =
                        ret->second.start_us + (ret->first.end_us - ret->second.start_us) / 2;
        ret->second.still_since_us = ret->first.end_us;
        return ret->first.start_us < ret->first.end_us && ret->second.start_us < ret->second.end_us;
}

bool swing_due(struct swing *s) {
        s->ticks = (s->ticks + 1) % LOOK_TICKS;
        return s->ticks == 0;
}

bool swing_push(struct swing *s, const struct history *h, const struct bias *bias, struct cycle *ret) {
        const struct moment *now = history_ago(h, 0);
        bool done = false;

        if (!s->begun) {
                *s = (struct swing){.begun = true, .home = *now, .far = *now, .far_us = h->t_us, .bias = *bias};
                return false;
        }

        double away_rad = moment_angle(&s->home, now), back_rad = moment_angle(&s->far, now);
        if (away_rad > s->far_rad) {
                s->told = s->told && away_rad < s->far_rad + GREW_RAD;
                s->far = *now;
                s->far_rad = away_rad;
                s->far_us = h->t_us;
                return false;
        }
        bool turned = back_rad > BACK_SHARE * s->far_rad;
        if (s->far_rad < LEAST_RAD || (!turned && (s->told || seconds(s->far_us, h->t_us) < REST_S)))
                return false;

        struct move move;
        bool whole = stroke(s, h, &move);
        if (whole && !s->told)
                done = pair(&s->before, &move, s->far_us, ret);
        s->told = true;
        if (turned) {
                s->before = whole ? move : (struct move){0};
                s->home = s->far;
                s->far = *now;
                s->far_rad = back_rad;
                s->far_us = h->t_us;
                s->told = false;
                s->bias = *bias;
        }
        return done;
}

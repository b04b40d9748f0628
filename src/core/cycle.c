/* SPDX-License-Identifier: Apache-2.0 */
/* From single movements to cycles.
 *
 *   position  ____                  ____
 *                 \                /    \          first down: squat, press
 *                  \____/\________/      \
 *   state     EMPTY | FIRST      | SECOND | ...
 *                       ^^ blip: ignored  ^ complete: it turned, or held: for a moment after return_share, else for settle_s
 *
 * Two movements in one direction cannot be two reps: without a way back in between they are one that hesitated. That holds
 * for the second movement, too, but nobody waits for it: the cycle was handed out, and turns out to go on. */

#include <repcast/cycle.h>

#include "util/macros.h"
#include "util/seconds.h"

#define MOST 2.0 /* no single movement of a lift is longer than twice its usual travel */
#define SLOW_S                                                                                                 \
        3.0 /* quick strokes do not halt: what follows them is another movement, as of a bar that is carried */

void cycle_init(struct cycler *c, const struct cycle_params *params, const struct exercise *exercise) {
        *c = (struct cycler){
                .params = *params,
                .order = exercise->start,
                .blip_m = MAX(params->blip_m, params->blip_share * exercise->rom_min_m),
                .most_m = MOST * exercise->rom_typical_m,
                .least_m = params->first_share * exercise->rom_min_m,
                .usual_m = exercise->rom_typical_m,
        };
}

void cycle_reset(struct cycler *c) {
        c->state = CYCLE_EMPTY;
}

static double gap_s(const struct move *a, const struct move *b) {
        return seconds(a->end_us, b->start_us);
}

static void extend(struct move *a, const struct move *b) {
        a->end_us = b->end_us;
        a->travel_m += b->travel_m;
        a->turn_rad += b->turn_rad;
}

static bool may_begin(const struct cycler *c, const struct move *m) {
        switch (c->order) {
        case EXERCISE_START_TOP:
                return !m->up;
        case EXERCISE_START_BOTTOM:
                return m->up;
        case EXERCISE_START_EITHER:
                return true;
        case _EXERCISE_START_MAX:
                break;
        }
        return false;
}

static enum cycle_result done(struct cycler *c, uint64_t until_us, struct cycle *ret) {
        c->cycle.until_us = MAX(until_us, c->cycle.second.end_us);
        *ret = c->cycle;
        c->state = CYCLE_EMPTY;
        return CYCLE_DONE;
}

/* Put a movement without a partner out, and begin with the next one if that may be. */
static enum cycle_result stray(struct cycler *c, const struct move *next, struct cycle *ret) {
        *ret = (struct cycle){.first = c->cycle.first};
        c->state = CYCLE_EMPTY;
        if (next && may_begin(c, next)) {
                c->cycle.first = *next;
                c->state = CYCLE_FIRST;
        }
        return CYCLE_STRAY;
}

/* The way to come back, not trusted beyond what the exercise allows. */
static double way(const struct cycler *c) {
        return MIN(c->cycle.first.travel_m, c->usual_m);
}

static bool come_back(const struct cycler *c) {
        return c->cycle.second.travel_m >= c->params.return_share * way(c);
}

static bool bounced(const struct cycler *c) {
        return c->cycle.second.travel_m < c->params.bounce_share * way(c);
}

enum cycle_result cycle_begin(struct cycler *c, bool up, uint64_t start_us, struct cycle *ret) {
        if (c->state == CYCLE_SECOND && up == c->cycle.first.up && !bounced(c))
                return done(c, start_us, ret);
        return CYCLE_NONE;
}

static enum cycle_result first_again(struct cycler *c, const struct move *m, struct cycle *ret) {
        struct move *first = &c->cycle.first;
        if (gap_s(first, m) > c->params.hesitate_s || first->travel_m + m->travel_m > c->most_m)
                return stray(c, m, ret);
        extend(first, m);
        return CYCLE_NONE;
}

static enum cycle_result second(struct cycler *c, const struct move *m, bool still, struct cycle *ret) {
        if (gap_s(&c->cycle.first, m) > c->params.hold_s || c->cycle.first.travel_m < c->least_m)
                return stray(c, m, ret);
        c->cycle.second = *m;
        c->state = CYCLE_SECOND;
        return come_back(c) && !still ? done(c, 0, ret) : CYCLE_NONE;
}

enum cycle_result cycle_move(struct cycler *c, const struct move *m, bool still, struct cycle *ret) {
        if (m->travel_m < c->blip_m)
                return CYCLE_NONE;

        switch (c->state) {
        case CYCLE_EMPTY:
                if (!may_begin(c, m)) {
                        *ret = (struct cycle){.first = *m};
                        return CYCLE_STRAY;
                }
                c->cycle.first = *m;
                c->state = CYCLE_FIRST;
                return CYCLE_NONE;
        case CYCLE_FIRST:
                return m->up == c->cycle.first.up ? first_again(c, m, ret) : second(c, m, still, ret);
        case CYCLE_SECOND:
                if (m->up == c->cycle.second.up) {
                        extend(&c->cycle.second, m);
                        return come_back(c) && !still ? done(c, 0, ret) : CYCLE_NONE;
                }
                extend(&c->cycle.first,
                        m); /* the way up was a bounce: cycle_begin() would have ended it else */
                c->cycle.first.travel_m = MIN(c->cycle.first.travel_m - c->cycle.second.travel_m, c->most_m);
                c->state = CYCLE_FIRST;
                return CYCLE_NONE;
        case _CYCLE_STATE_MAX:
                break;
        }
        return CYCLE_NONE;
}

enum cycle_result cycle_still(struct cycler *c, double still_s, struct cycle *ret) {
        switch (c->state) {
        case CYCLE_EMPTY:
                return CYCLE_NONE;
        case CYCLE_FIRST:
                return still_s > c->params.hold_s ? stray(c, NULL, ret) : CYCLE_NONE;
        case CYCLE_SECOND:
                if (bounced(c))
                        return still_s > c->params.hold_s ? stray(c, NULL, ret) : CYCLE_NONE;
                return still_s > (come_back(c) ? c->params.confirm_s : c->params.settle_s)
                        ? done(c, c->cycle.second.end_us + (uint64_t) (still_s / US_S), ret)
                        : CYCLE_NONE;
        case _CYCLE_STATE_MAX:
                break;
        }
        return CYCLE_NONE;
}

enum cycle_result cycle_flush(struct cycler *c, struct cycle *ret) {
        return c->state == CYCLE_SECOND && !bounced(c) ? done(c, 0, ret) : CYCLE_NONE;
}

void cycle_refuse(struct cycler *c, const struct cycle *cycle) {
        if (c->state != CYCLE_EMPTY || c->order != EXERCISE_START_EITHER)
                return;
        c->cycle.first = cycle->second;
        c->state = CYCLE_FIRST;
}

static double lasts_s(const struct move *m) {
        return seconds(m->start_us, m->end_us);
}

bool cycle_goes_on(struct cycler *c, const struct move *m, struct cycle *ret) {
        struct move *second = &c->cycle.second;

        if (c->state != CYCLE_EMPTY || c->order == EXERCISE_START_EITHER || m->up != second->up ||
                m->start_us < second->end_us || second->start_us < c->cycle.first.end_us ||
                gap_s(second, m) > c->params.hesitate_s || second->travel_m + m->travel_m > c->most_m)
                return false;
        if (MAX(lasts_s(&c->cycle.first), lasts_s(second)) < SLOW_S)
                return false;
        extend(second, m);
        c->cycle.until_us = m->end_us;
        *ret = c->cycle;
        return true;
}

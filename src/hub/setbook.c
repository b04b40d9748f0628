/* SPDX-License-Identifier: Apache-2.0 */
/* What of a station's sets counts, and whose they are. */

#include "hub/setbook.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/macros.h"

/* ---- finding ---- */

static struct setbook_set *newest(struct setbook *b) {
        return &b->sets[b->newest];
}

/* A set is told of by its first rep. */
static struct setbook_set *open_set(struct setbook *b, uint32_t set, const struct message_origin *origin) {
        struct setbook_set *s = newest(b);

        if (s->set == set)
                return s;
        if (s->set != 0)
                b->newest = (b->newest + 1) % SETBOOK_SETS;
        s = newest(b);
        *s = (struct setbook_set){.set = set, .origin = *origin, .claimable = origin->athlete[0] == '\0'};
        memset(b->reps, 0, sizeof(b->reps));
        b->top = 0;
        b->has_full = false;
        return s;
}

static struct setbook_rep *place(struct setbook *b, uint32_t rep) {
        return &b->reps[rep % SET_REPS_MAX];
}

static struct setbook_rep *find_rep(struct setbook *b, uint32_t rep) {
        struct setbook_rep *r = place(b, rep);

        return r->rep == rep && rep > 0 && r->stands ? r : NULL;
}

static bool is_late(const struct setbook_set *s, uint64_t now_us) {
        return s->over_us > 0 && now_us > s->over_us + SETBOOK_US;
}

bool setbook_is_discarded(const struct setbook *b, uint32_t rep) {
        const struct setbook_rep *r = &b->reps[rep % SET_REPS_MAX];

        return r->rep == rep && r->discarded;
}

/* ---- what stands ---- */

static double pause_s(const struct set *set, uint32_t i) {
        const struct set_rep *r = &set->reps[i], *next = r + 1;

        return i + 1 < set->n_reps && next->start_us > r->end_us ? (double) (next->start_us - r->end_us) * 1e-6
                                                                 : 0;
}

/* Whether the pauses between reps count is the exercise's business; the core's sum says what it decided. */
static bool counts_pauses(const struct set *set) {
        double reps = 0, pauses = 0;

        for (uint32_t i = 0; i < set->n_reps; i++) {
                reps += (double) set->reps[i].tut_s;
                pauses += pause_s(set, i);
        }
        return set->tut_s - reps > pauses / 2;
}

/* A pause belongs to the rep before it, and counts when another one follows. */
void setbook_strike(
        struct set *set, bool (*is_struck)(const void *userdata, uint32_t rep), const void *userdata) {
        const bool loaded = counts_pauses(set);
        double pause = 0;
        uint32_t n = 0;

        set->tut_s = set->best_mps = 0;
        set->velocity_loss_pct = (double) NAN;
        for (uint32_t i = 0; i < set->n_reps; i++) {
                struct set_rep r = set->reps[i];
                double mean = (double) r.concentric_mean_mps, after = loaded ? pause_s(set, i) : 0;

                if (is_struck(userdata, r.rep))
                        continue;
                set->best_mps = MAX(set->best_mps, mean);
                set->velocity_loss_pct = 100 * (set->best_mps - mean) / set->best_mps;
                r.velocity_loss_pct = (float) set->velocity_loss_pct;
                set->tut_s += pause + (double) r.tut_s;
                pause = after;
                set->reps[n++] = r;
        }
        set->n_reps = n;
        if (n > 0) {
                set->start_us = set->reps[0].start_us;
                set->end_us = set->reps[n - 1].end_us;
        }
}

static bool is_struck(const void *userdata, uint32_t rep) {
        return setbook_is_discarded(userdata, rep);
}

/* ---- what the core tells ---- */

void setbook_take_rep(
        struct setbook *b, uint32_t set, uint32_t rep, uint64_t number, const struct message_origin *origin) {
        (void) open_set(b, set, origin);
        *place(b, rep) = (struct setbook_rep){.rep = rep, .number = number, .stands = true};
        b->top = MAX(b->top, rep);
}

void setbook_take_rejection(struct setbook *b, uint32_t set, uint32_t rep) {
        struct setbook_rep *r = place(b, rep);

        if (newest(b)->set == set && r->rep == rep)
                r->stands = false;
}

void setbook_take_set(struct setbook *b, struct set *set, uint64_t now_us) {
        struct setbook_set *s = newest(b);

        if (s->set != set->set)
                return; /* its reps were never told: there is nothing to say about them */
        s->over_us = now_us;
        b->full = *set;
        b->has_full = true;
        for (uint32_t i = 1; i <= b->top; i++)
                if (setbook_is_discarded(b, i)) {
                        setbook_strike(set, is_struck, b);
                        return;
                }
}

void setbook_published(struct setbook *b, uint32_t set, uint64_t number) {
        if (newest(b)->set == set)
                newest(b)->number = number;
}

/* ---- what people say ---- */

static int correct(struct setbook *b, const struct setbook_set *s, struct correction *ret) {
        struct edit *e = &ret->edit;

        e->set = s->set;
        ret->origin = s->origin;
        e->has_figures = e->rep > 0 && s->number > 0;
        if (!e->has_figures)
                return 0;
        e->figures = b->full;
        setbook_strike(&e->figures, is_struck, b);
        return 0;
}

/* The newest rep that stands. */
static uint32_t newest_rep(const struct setbook *b) {
        for (uint32_t rep = b->top; rep > 0 && rep + SET_REPS_MAX > b->top; rep--) {
                const struct setbook_rep *r = &b->reps[rep % SET_REPS_MAX];

                if (r->rep == rep && r->stands && !r->discarded)
                        return rep;
        }
        return 0;
}

unsigned setbook_standing(const struct setbook *b, unsigned *ret_counted) {
        unsigned standing = 0, counted = 0;

        for (unsigned i = 0; i < SET_REPS_MAX; i++) {
                standing += b->reps[i].stands;
                counted += b->reps[i].stands && !b->reps[i].discarded;
        }
        *ret_counted = counted;
        return standing;
}

uint64_t setbook_event(const struct setbook *b, uint32_t rep) {
        const struct setbook_rep *r = &b->reps[rep % SET_REPS_MAX];

        return r->rep == rep ? r->number : 0;
}

int setbook_discard(struct setbook *b, uint32_t rep, uint64_t now_us, struct correction *ret) {
        struct setbook_set *s = newest(b);
        struct setbook_rep *r = find_rep(b, rep > 0 ? rep : newest_rep(b));
        unsigned counted;

        if (s->set == 0 || !r)
                return -ENOENT;
        if (r->discarded)
                return -EALREADY;
        if (is_late(s, now_us))
                return -ETIME;
        (void) setbook_standing(b, &counted);
        if (s->number > 0 && counted == 1)
                return -EBUSY;
        r->discarded = true;
        ret->edit = (struct edit){.change = EDIT_DISCARDED, .rep = r->rep};
        ret->ref = r->number;
        return correct(b, s, ret);
}

int setbook_bring_back(struct setbook *b, uint32_t set, uint32_t rep, uint64_t now_us, struct correction *ret) {
        struct setbook_set *s = newest(b);
        struct setbook_rep *r = find_rep(b, rep);

        if (s->set != set || !r || (s->over_us > 0 && s->number == 0))
                return -ENOENT;
        if (!r->discarded)
                return -EALREADY;
        if (is_late(s, now_us))
                return -ETIME;
        r->discarded = false;
        ret->edit = (struct edit){.change = EDIT_RESTORED, .restores = EDIT_DISCARDED, .rep = r->rep};
        ret->ref = r->number;
        return correct(b, s, ret);
}

static struct setbook_set *find_set(struct setbook *b, uint32_t set) {
        for (unsigned i = 0; i < SETBOOK_SETS; i++)
                if (b->sets[i].set == set && set > 0)
                        return &b->sets[i];
        return NULL;
}

unsigned setbook_unclaimed(const struct setbook *b, uint64_t now_us, uint32_t *ret, unsigned max) {
        unsigned n = 0;

        for (unsigned i = 1; i <= SETBOOK_SETS && n < max; i++) {
                const struct setbook_set *s = &b->sets[(b->newest + i) % SETBOOK_SETS];

                /* one that came to nothing is over without an event */
                if (s->set > 0 && s->claimable && !is_late(s, now_us) && (s->over_us == 0 || s->number > 0))
                        ret[n++] = s->set;
        }
        return n;
}

int setbook_claim(
        struct setbook *b, uint32_t set, const char *athlete, uint64_t now_us, struct correction *ret) {
        uint32_t free[SETBOOK_SETS];
        unsigned n = setbook_unclaimed(b, now_us, free, SETBOOK_SETS);
        struct setbook_set *s = find_set(b, set > 0 ? set : n > 0 ? free[n - 1] : 0);

        if (!s)
                return -ENOENT;
        if (!s->claimable)
                return -EALREADY;
        if (is_late(s, now_us))
                return -ETIME;
        s->claimable = false;
        snprintf(s->origin.athlete, sizeof(s->origin.athlete), "%s", athlete);
        ret->edit = (struct edit){.change = EDIT_CLAIMED};
        ret->ref = s->number;
        return correct(b, s, ret);
}

int setbook_unclaim(struct setbook *b, uint32_t set, uint64_t now_us, struct correction *ret) {
        struct setbook_set *s = find_set(b, set);

        if (!s)
                return -ENOENT;
        if (s->claimable)
                return -EALREADY;
        if (is_late(s, now_us))
                return -ETIME;
        s->claimable = true;
        s->origin.athlete[0] = '\0';
        ret->edit = (struct edit){.change = EDIT_RESTORED, .restores = EDIT_CLAIMED};
        ret->ref = s->number;
        return correct(b, s, ret);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a set, and when.
 *
 *     movements   unrack  walk   rep  rep  rep  rep   rerack
 *     believed    ?       no     ?    ?    yes  yes   no
 *     told        rep 1   -      2    3    4    5     ... set: 2 3 4 5
 *                                      amend 1: rejected
 *
 * The set model says which movements are reps as far as is known now. Here its opinion is compared with what was
 * already told: a rep that is new is published under the next number, one that is no more is taken back or, if its
 * place belongs to another pairing of the same movements, gets that one's figures. */

#include <math.h>
#include <string.h>

#include <repcast/setlog.h>

#include "core/layout.h"
#include "util/macros.h"
#include "util/seconds.h"

#define SLACK_US 200000 /* a rep may seem to begin so long before the one before it ends */

#define TOLD_SHARE 0.5  /* a lone movement is told of from this share of the least ROM */
#define MEMORY_S   60.0 /* a movement in doubt is given up after so long */

#define AWAITED_S     1.5  /* the beam hands a round trip out within 1.5 s of its end */
#define AWAITED_SHARE 0.25 /* reps of a set differ by so much in travel, one sigma */
#define AGAIN_US      100000

void setlog_init(struct setlog *s, const struct setlog_params *params, const struct setmodel_params *model,
        const struct traits_params *traits, const struct exercise *exercise) {
        memset(s, 0, sizeof(*s));
        s->params = *params;
        s->rom_min_m = exercise->rom_min_m;
        s->rom_typical_m = exercise->rom_typical_m;
        s->set_gap_s = exercise->set_gap_s;
        s->loaded = exercise->loaded;
        s->start = exercise->start;
        s->again_us = UINT64_MAX;
        setmodel_init(&s->model, model, traits, exercise);
}

static struct set *current(struct setlog *s) {
        return &s->sets[s->current];
}

uint32_t setlog_set(const struct setlog *s) {
        return s->open ? s->sets[s->current].set : 0;
}

uint32_t setlog_reps(const struct setlog *s) {
        return s->open ? s->sets[s->current].n_reps : 0;
}

uint32_t setlog_next_rep(const struct setlog *s) {
        return s->open ? s->numbers + 1 : 1;
}

double setlog_rom(const struct setlog *s) {
        return setmodel_rom(&s->model);
}

enum exercise_start setlog_order(const struct setlog *s) {
        for (unsigned i = s->model.n; s->open && i-- > 0;)
                if (s->model.candidates[i].rep)
                        return s->model.candidates[i].fit.eccentric_first ? EXERCISE_START_TOP
                                                                          : EXERCISE_START_BOTTOM;
        return s->start;
}

/* ---- figures ---- */

static void lay_out(const struct cycle_fit *f, struct rep *r) {
        uint64_t middle = f->eccentric_first ? f->eccentric.end_us : f->concentric.end_us;
        uint64_t again = f->eccentric_first ? f->concentric.start_us : f->eccentric.start_us;
        enum phase pause = f->eccentric_first ? PHASE_BOTTOM : PHASE_TOP;
        struct phase_span e = {PHASE_ECCENTRIC, f->eccentric.start_us, f->eccentric.end_us};
        struct phase_span c = {PHASE_CONCENTRIC, f->concentric.start_us, f->concentric.end_us};

        r->phases[r->n_phases++] = f->eccentric_first ? e : c;
        if (again > middle)
                r->phases[r->n_phases++] = (struct phase_span){pause, middle, again};
        r->phases[r->n_phases++] = f->eccentric_first ? c : e;

        for (unsigned i = 0; i < _PHASE_TEMPO_MAX; i++)
                r->tempo_s[i] = NAN;
        r->tempo_s[PHASE_ECCENTRIC] = seconds(e.start_us, e.end_us);
        r->tempo_s[PHASE_CONCENTRIC] = seconds(c.start_us, c.end_us);
        r->tempo_s[pause] = seconds(middle, again);
}

static unsigned loaded_in(enum phase pause) {
        return pause == PHASE_BOTTOM ? EXERCISE_LOADED_BOTTOM : EXERCISE_LOADED_TOP;
}

/* Mean velocity lost against the best of the set's first n reps, per cent. */
static double velocity_lost(const struct set *set, unsigned n, double mean_mps) {
        double best = mean_mps;
        for (unsigned i = 0; i < n; i++)
                best = MAX(best, (double) set->reps[i].concentric_mean_mps);
        return 100 * (best - mean_mps) / best;
}

/* Where in the list a rep that starts then belongs. */
static unsigned place(const struct set *set, uint64_t start_us) {
        unsigned at = set->n_reps;
        while (at > 0 && set->reps[at - 1].start_us > start_us)
                at--;
        return at;
}

static void move_border(struct phase_fit *p, uint64_t start_us, uint64_t end_us) {
        p->mean_mps *= seconds(p->start_us, p->end_us) / seconds(start_us, end_us);
        p->start_us = start_us;
        p->end_us = end_us;
}

/* Without a hold between them two reps share a border, which each of them was fitted for alone. The one that was told
 * first keeps it. More than half a stroke in common is no border: the neighbour is paired another way, and about to go. */
static struct cycle_fit beside(const struct set *set, unsigned at, const struct cycle_fit *fit) {
        struct cycle_fit f = *fit;
        struct phase_fit *first = f.eccentric_first ? &f.eccentric : &f.concentric;
        struct phase_fit *last = f.eccentric_first ? &f.concentric : &f.eccentric;
        uint64_t least = first->start_us, most = last->end_us;

        if (at > 0)
                least = MAX(least, set->reps[at - 1].end_us);
        if (at < set->n_reps)
                most = MIN(most, set->reps[at].start_us);
        if (least < first->start_us + (first->end_us - first->start_us) / 2)
                move_border(first, least, first->end_us);
        if (most > last->end_us - (last->end_us - last->start_us) / 2)
                move_border(last, last->start_us, most);
        return f;
}

static void fill_rep(const struct setlog *s, const struct candidate *c, struct rep *r) {
        const struct set *set = &s->sets[s->current];
        unsigned at = place(set, traits_start_us(&c->fit));
        const struct cycle_fit fit = beside(set, at, &c->fit), *f = &fit;
        enum phase pause = f->eccentric_first ? PHASE_BOTTOM : PHASE_TOP;

        *r = (struct rep){
                .set = set->set,
                .rep = c->rep,
                .start_us = traits_start_us(f),
                .end_us = traits_end_us(f),
                .pause_before_s = at ? seconds(set->reps[at - 1].end_us, traits_start_us(f)) : (double) NAN,
                .rom_m = f->concentric.travel_m,
                .eccentric = {f->eccentric.mean_mps, f->eccentric.peak_mps},
                .concentric = {f->concentric.mean_mps, f->concentric.peak_mps},
                .mpv_mps = f->mpv_mps,
                .sticking = f->sticking,
                .velocity_loss_pct = velocity_lost(set, at, f->concentric.mean_mps),
                .loss_pct = f->loss_pct,
                .confidence = setmodel_confidence(&s->model, c),
                .flags = f->flags | (c->fresh ? 0 : REP_FLAG_HELD),
        };
        memcpy(r->course, f->course, sizeof(r->course));
        lay_out(f, r);
        r->tut_s = r->tempo_s[PHASE_ECCENTRIC] + r->tempo_s[PHASE_CONCENTRIC];
        if (s->loaded & loaded_in(pause))
                r->tut_s += r->tempo_s[pause];
}

/* ---- the set's list ---- */

static void enter(struct set *set, const struct rep *r) {
        unsigned at = place(set, r->start_us);
        memmove(set->reps + at + 1, set->reps + at, (set->n_reps - at) * sizeof(set->reps[0]));
        set->n_reps++;

        struct set_rep *entry = &set->reps[at];
        *entry = (struct set_rep){
                .rep = r->rep,
                .start_us = r->start_us,
                .end_us = r->end_us,
                .rom_m = (float) r->rom_m,
                .eccentric_mean_mps = (float) r->eccentric.mean_mps,
                .concentric_mean_mps = (float) r->concentric.mean_mps,
                .concentric_peak_mps = (float) r->concentric.peak_mps,
                .tut_s = (float) r->tut_s,
                .confidence = (float) r->confidence,
                .flags = r->flags,
        };
        for (unsigned i = 0; i < _PHASE_TEMPO_MAX; i++)
                entry->tempo_s[i] = (float) r->tempo_s[i];
}

static void strike(struct set *set, uint32_t rep) {
        for (unsigned i = 0; i < set->n_reps; i++)
                if (set->reps[i].rep == rep) {
                        set->n_reps--;
                        memmove(set->reps + i, set->reps + i + 1, (set->n_reps - i) * sizeof(set->reps[0]));
                        return;
                }
}

/* What can be said once no rep comes or goes any more: the pauses between, velocity loss, the sums. */
static void sum_up(const struct setlog *s, struct set *set) {
        set->start_us = set->reps[0].start_us;
        set->end_us = set->reps[set->n_reps - 1].end_us;
        for (unsigned i = 0; i < set->n_reps; i++) {
                struct set_rep *r = &set->reps[i];
                enum phase after = isnan(r->tempo_s[PHASE_TOP]) ? PHASE_TOP : PHASE_BOTTOM;
                double mean = (double) r->concentric_mean_mps;

                set->tut_s += (double) r->tut_s;
                set->best_mps = MAX(set->best_mps, mean);
                set->velocity_loss_pct = velocity_lost(set, i, mean);
                r->velocity_loss_pct = (float) set->velocity_loss_pct;
                if (i + 1 == set->n_reps)
                        break;
                double pause = seconds(r->end_us, set->reps[i + 1].start_us);
                r->tempo_s[after] = (float) pause;
                if (s->loaded & loaded_in(after))
                        set->tut_s += pause;
        }
}

/* ---- reasons ---- */

/* A movement that is no rep, named after where in the set it comes. */
static enum rejection elsewhere(const struct setlog *s, bool up, uint64_t start_us) {
        const struct set *set = &s->sets[s->current];
        if (s->open && set->n_reps && start_us >= set->reps[0].start_us)
                return REJECTED_RERACK;
        return up ? REJECTED_UNRACK : REJECTED_WALKOUT;
}

static enum rejection why(const struct setlog *s, const struct cycle_fit *f) {
        const struct set *set = &s->sets[s->current];
        uint64_t start_us = traits_start_us(f);
        if (s->open && set->n_reps && start_us >= set->reps[0].start_us &&
                start_us < set->reps[set->n_reps - 1].start_us)
                return f->concentric.travel_m < SETMODEL_PARTIAL * setlog_rom(s) ? REJECTED_PARTIAL
                                                                                 : REJECTED_NOISE;
        return elsewhere(s, !f->eccentric_first, start_us);
}

/* What no rep of the exercise can be, or -1. */
static int impossible(const struct setlog *s, const struct cycle_fit *f) {
        const struct setlog_params *p = &s->params;
        double least_m = MIN(f->concentric.travel_m, f->eccentric.travel_m);
        double most_m = MAX(f->concentric.travel_m, f->eccentric.travel_m);
        double concentric_s = seconds(f->concentric.start_us, f->concentric.end_us);

        if (MAX(f->concentric.peak_mps, f->eccentric.peak_mps) > p->peak_most_mps)
                return REJECTED_DROP;
        if (least_m < s->rom_min_m)
                return REJECTED_PARTIAL;
        if (concentric_s < p->concentric_least_s)
                return REJECTED_BOUNCE;
        if (concentric_s > p->concentric_most_s ||
                MIN(f->concentric.force, f->eccentric.force) < p->force_least)
                return REJECTED_NOISE;
        if (most_m > p->rom_most * s->rom_typical_m)
                return (int) elsewhere(s, !f->eccentric_first, traits_start_us(f));
        return -1;
}

static void tell_rejected(const struct cycle_fit *f, enum rejection reason, struct event *ret) {
        *ret = (struct event){
                .type = EVENT_REJECTED,
                .rejected =
                        {
                                .reason = reason,
                                .start_us = traits_start_us(f),
                                .end_us = traits_end_us(f),
                                .rom_m = MAX(0.0, f->concentric.travel_m), /* it may have gone the other way */
                                .peak_mps = MAX(f->concentric.peak_mps, f->eccentric.peak_mps),
                        },
        };
}

/* ---- what comes in ---- */

/* A set that is over takes no more. */
static bool heard(const struct setlog *s, const struct cycle_fit *fit) {
        return traits_start_us(fit) + SLACK_US < s->over_us;
}

/* A rep that was told gets other figures. */
static void amend(struct setlog *s, const struct candidate *c, const struct cycle_fit *fit, struct event *ret) {
        const struct set *set = current(s);
        struct candidate better = *c;

        better.fit = *fit;
        for (unsigned i = 0; i < set->n_reps; i++)
                if (set->reps[i].rep == c->rep)
                        better.fresh = !(set->reps[i].flags & REP_FLAG_HELD);
        *ret = (struct event){
                .type = EVENT_AMEND,
                .amend = {.set = set->set, .rep = c->rep, .change = AMENDED_FIGURES},
        };
        strike(current(s), c->rep);
        fill_rep(s, &better, &ret->amend.figures);
        enter(current(s), &ret->amend.figures);
}

/* The beam, which has weighed what followed, knows better where movements begin and end, unless the look back had to pull
 * harder for it. The set goes on with what it knows: one way of looking compares best with itself. */
static bool correct(struct setlog *s, struct candidate *c, const struct cycle_fit *fit, struct event *ret) {
        bool known = c->fit.weighed;
        c->fit.weighed = c->fit.weighed || fit->weighed;
        if (!c->rep && fit->weighed)
                s->agreed = false; /* it need not wait any more */
        if (!c->rep || !fit->weighed || known || fit->misfit > c->fit.misfit)
                return false;
        amend(s, c, fit, ret);
        return true;
}

/* Nor does it if the look back on the tracker's guess had to search, and nobody was told of it yet: with a first border in
 * the walk out of the rack the walk is held to be rest, and the fit is pulled. */
static bool untold_guess(const struct candidate *c, const struct cycle_fit *fit) {
        return fit->weighed && c->fit.searched && !c->fit.weighed && !c->rep && fit->misfit <= c->fit.misfit;
}

/* Here the set, too, goes on with the better layout: the worse one is no way of looking at a rep. */
static bool supersede(
        struct setlog *s, struct candidate *worse, const struct cycle_fit *fit, struct event *ret) {
        const struct candidate *c = setmodel_replace(&s->model, worse, fit);

        s->agreed = false;
        if (c->rep)
                amend(s, c, fit, ret);
        return c->rep > 0;
}

bool setlog_refuses(const struct setlog *s, const struct cycle_fit *fit) {
        return impossible(s, fit) >= 0;
}

bool setlog_again(struct setlog *s, struct candidate *rep, const struct cycle_fit *fit, struct event *ret) {
        return impossible(s, fit) < 0 && supersede(s, rep, fit, ret);
}

bool setlog_cycle(struct setlog *s, const struct cycle_fit *fit, struct event *ret) {
        struct candidate *known = heard(s, fit) ? NULL : layout_twin(&s->model, fit);
        if (known)
                return untold_guess(known, fit) ? supersede(s, known, fit, ret) : correct(s, known, fit, ret);
        if (heard(s, fit) || layout_settled(&s->model, fit))
                return false;
        int reason = impossible(s, fit);
        if (reason >= 0 && fit->swung)
                return false; /* an arm swings, and whether it lifts others see */
        if (reason >= 0) {
                tell_rejected(fit, (enum rejection) reason, ret);
                s->put_away = reason == REJECTED_RERACK;
                return true;
        }
        struct candidate *worse = layout_worse(&s->model, fit, s->went_on_us);
        if (worse)
                return supersede(s, worse, fit, ret);
        setmodel_add(&s->model, fit);
        s->agreed = false;
        return false;
}

void setlog_goes_on(struct setlog *s, const struct move *m) {
        s->went_on_us = m->end_us;
}

bool setlog_stray(struct setlog *s, const struct move *m, struct event *ret) {
        setlog_goes_on(s, m);
        if (m->travel_m < TOLD_SHARE * s->rom_min_m)
                return false;
        enum rejection reason =
                m->travel_m < s->rom_min_m ? REJECTED_PARTIAL : elsewhere(s, m->up, m->start_us);
        *ret = (struct event){
                .type = EVENT_REJECTED,
                .rejected = {reason, m->start_us, m->end_us, m->travel_m, NAN},
        };
        s->put_away = reason == REJECTED_RERACK;
        return true;
}

void setlog_close(struct setlog *s, enum set_end end) {
        s->ending = s->model.over = true;
        s->agreed = false;
        s->end = end;
}

void setlog_set_back(struct setlog *s) {
        setlog_close(s, SET_END_GAP);
        s->back = true;
}

/* A rest that ends the set, s. Between two reps lies at least a whole one where one was missed: a set of reps that last as
 * long as the set gap would end at the first that is not seen. The half more is for pauses at its ends. */
static double rest_s(const struct setlog *s, const struct set_rep *last) {
        return MAX(s->set_gap_s, SETMODEL_MISSED * seconds(last->start_us, last->end_us));
}

void setlog_wait(struct setlog *s, uint64_t t_us, uint64_t begun_us, uint64_t lap_us, bool quiet) {
        s->now_us = t_us;
        if (lap_us < t_us) {
                s->lap_us = lap_us;
                s->lap_seen_us = t_us;
        }
        if (!s->open || s->ending)
                return;
        const struct set *set = current(s);
        const struct set_rep *last = &set->reps[set->n_reps ? set->n_reps - 1 : 0];
        if (s->numbers >= SET_REPS_MAX) {
                setlog_close(s, SET_END_FULL);
                return;
        }
        s->quiet_s = quiet && s->put_away ? s->quiet_s + TICK_S : 0;
        if (s->quiet_s > s->params.rerack_quiet_s)
                setlog_close(s, SET_END_RERACK);
        else if (begun_us == t_us && !set->n_reps)
                setlog_close(s, SET_END_REST);
        else if (set->n_reps && seconds(last->end_us, begun_us) > rest_s(s, last))
                setlog_close(s, s->put_away ? SET_END_RERACK : SET_END_REST);
}

/* ---- what goes out ---- */

static void open_set(struct setlog *s) {
        s->current ^= 1;
        *current(s) = (struct set){.set = ++s->n_sets, .end = SET_END_STREAM};
        s->numbers = 0;
        s->open = true;
}

static void publish(struct setlog *s, struct candidate *c, struct event *ret) {
        if (!s->open)
                open_set(s);
        c->rep = ++s->numbers;
        ret->type = EVENT_REP;
        fill_rep(s, c, &ret->rep);
        enter(current(s), &ret->rep);
        s->put_away = false;
}

/* The place of a rep that is none is taken by another pairing of its movements, if that one is a rep. */
static struct candidate *successor(struct setlog *s, const struct candidate *c) {
        for (unsigned i = 0; i < s->model.n; i++) {
                struct candidate *other = &s->model.candidates[i];
                if (!other->rep && setmodel_overlap(c, other) && setmodel_believes(&s->model, other))
                        return other;
        }
        return NULL;
}

static void take_back(struct setlog *s, unsigned index, struct event *ret) {
        struct candidate *c = &s->model.candidates[index], *other = successor(s, c);

        *ret = (struct event){.type = EVENT_AMEND, .amend = {.set = current(s)->set, .rep = c->rep}};
        strike(current(s), c->rep);
        if (other) {
                other->rep = c->rep;
                ret->amend.change = AMENDED_FIGURES;
                fill_rep(s, other, &ret->amend.figures);
                enter(current(s), &ret->amend.figures);
        } else {
                ret->amend.change = AMENDED_REJECTED;
                ret->amend.reason = why(s, &c->fit);
        }
        setmodel_remove(&s->model, index);
}

/* The rep told last was seen by the beam as well. */
static bool beam_follows(const struct setlog *s) {
        for (unsigned i = s->model.n; i-- > 0;)
                if (s->model.candidates[i].rep)
                        return s->model.candidates[i].fit.weighed;
        return false;
}

/* The tracker takes half a stroke that hesitates for a whole one. So where its travel is not the set's, and the beam follows the
 * set, that one is heard first: until it hands its round trip out, or has none under way that this may be, nor has the
 * bar gone on since. */
static bool awaited(const struct setlog *s, const struct candidate *c) {
        uint64_t start_us = traits_start_us(&c->fit), end_us = traits_end_us(&c->fit);
        bool under_way = s->lap_us < start_us + (end_us - start_us) / 2;
        double unlike2 = traits_ratio2(c->fit.concentric.travel_m, setlog_rom(s));
        uint64_t over_us = MIN(s->went_on_us, 2 * end_us - start_us); /* the other half takes no longer */

        over_us = MAX(over_us, end_us);
        if (under_way)
                over_us = MAX(over_us, s->lap_seen_us);

        return s->open && !s->ending && !c->fit.weighed && beam_follows(s) &&
                unlike2 > AWAITED_SHARE * AWAITED_SHARE && seconds(over_us, s->now_us) < AWAITED_S;
}

static bool agree(struct setlog *s, struct event *ret) {
        struct setmodel *m = &s->model;
        if (s->agreed && s->now_us < s->again_us)
                return false;
        s->again_us = UINT64_MAX;
        for (unsigned i = 0; i < m->n; i++)
                if (m->candidates[i].rep && !setmodel_believes(m, &m->candidates[i])) {
                        take_back(s, i, ret);
                        return true;
                }
        for (unsigned i = 0; i < m->n; i++) {
                struct candidate *c = &m->candidates[i];
                if (!c->rep && setmodel_believes(m, c)) {
                        if (awaited(s, c)) {
                                s->again_us = MIN(s->again_us, s->now_us + AGAIN_US);
                                continue;
                        }
                        publish(s, c, ret);
                        return true;
                }
                c->fresh = false;
        }
        s->agreed = true;
        return false;
}

/* A movement in doubt is none after all. If it is only another pairing of movements that are reps, nobody need hear of
 * it; and of two pairings of the same movements only one is told of. */
static bool dismiss(struct setlog *s, unsigned index, struct event *ret) {
        struct setmodel *m = &s->model;
        struct candidate c = m->candidates[index];
        bool known = false;

        setmodel_remove(m, index);
        s->agreed = false;
        for (unsigned i = 0; i < m->n; i++)
                known = known || setmodel_overlap(&c, &m->candidates[i]);
        if (!known)
                tell_rejected(&c.fit, why(s, &c.fit), ret);
        return !known;
}

/* Movements that were in doubt for long are none; nor are those that a set which is sure of itself has refused. */
static bool give_up(struct setlog *s, bool all, struct event *ret) {
        const struct setmodel *m = &s->model;
        for (unsigned i = 0; i < m->n;) {
                const struct candidate *c = &m->candidates[i];
                if (c->rep || (!all && seconds(traits_end_us(&c->fit), s->now_us) < MEMORY_S))
                        i++;
                else if (dismiss(s, i, ret))
                        return true;
        }
        return false;
}

/* Where the clock was set back nothing that was tells anything of what comes. */
static void forget(struct setlog *s) {
        s->over_us = s->went_on_us = s->lap_us = s->lap_seen_us = 0;
        s->back = s->agreed = false;
        while (s->model.n > 0)
                setmodel_remove(&s->model, s->model.n - 1);
}

static bool finish(struct setlog *s, struct event *ret) {
        struct set *set = current(s);
        bool any = s->open && set->n_reps;

        s->ending = s->open = s->put_away = false;
        setmodel_end_set(&s->model);
        if (any) {
                sum_up(s, set);
                set->end = s->end;
                s->over_us = set->end_us;
                *ret = (struct event){.type = EVENT_SET, .set = set};
        }
        if (s->back)
                forget(s);
        return any;
}

bool setlog_next(struct setlog *s, struct event *ret) {
        if (agree(s, ret))
                return true;
        if (give_up(s, s->ending && setmodel_is_sure(&s->model), ret))
                return true;
        return s->ending && finish(s, ret);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The beam: every 50 ms each hypothesis stays or goes every way that is open to it; the best that differ survive. While the
 * bar lies there is nothing to weigh: once a second is enough, later once in four, and at once when it may move again.
 *
 * All hypotheses share the motion since the last weighing, added up once. Two that claim the same leg at the same
 * velocity and place are one: merging by state, not by history, keeps room for those that differ. Ties are broken by
 * rank, so the same motion gives the same result. */

#include <math.h>
#include <string.h>

#include "core/hypothesis.h"
#include "util/macros.h"

#define WINDOW         26.0 /* nats behind the best: one in 10^11 */
#define PER_KIND       8u   /* hypotheses of one leg and number of laps */
#define COLD           16.0 /* against starting in the middle of a rep */
#define PUSH_TAU_S     0.03 /* half of what tremor of 9 Hz shakes is left */
#define SWELL_TAU_S    0.1
#define FAST_TAU_S     0.12
#define SLOW_TAU_S     0.7
#define RIPPLE_S       0.35
#define REST_S         1.0
#define CONFIRM_MOST_S 1.0
#define CONFIRM_SHARE  0.12  /* of a slow movement: its end is less certain */
#define SAME_MPS       0.005 /* nearer to each other, or by so many sigmas, two hypotheses are one */
#define SAME_M         0.012
#define SAME_SIGMAS    0.25
#define SAME_LAP_S     0.5
#define LAP_MOST_S     25.0 /* what the history holds */
#define CAME_BACK      0.7  /* at the end of the stream */

/* A hypothesis in the making. */
struct branch {
        double score;
        uint8_t parent, leg;
        bool up_first;
};

#define BRANCHES (BEAM_WIDTH * (_LEG_MAX + 1)) /* HOME, from LOOSE, in both orders */

struct branches {
        unsigned n;
        double best;
        struct branch at[BRANCHES]; /* best first */
};

void beam_init(struct beam *b, const struct beam_params *params, const struct vertical_params *vertical,
        const struct exercise *exercise) {
        *b = (struct beam){
                .params = *params,
                .vertical = *vertical,
                .rom_min_m = exercise->rom_min_m,
                .rom_typical_m = exercise->rom_typical_m,
                .order = exercise->start,
        };
}

void beam_reset(struct beam *b) {
        b->started = b->rested = false;
        b->n = b->ticks = b->rests = 0;
        b->step = (struct vertical_step){0};
        b->turn_rad = b->quiet_s = 0;
        b->view = (struct beam_view){.loose = 1};
}

void beam_trust(struct beam *b, double bias_P[3][3]) {
        memcpy(b->bias_P, bias_P, sizeof(b->bias_P));
        beam_reset(b);
}

void beam_expect(struct beam *b, enum exercise_start order, double rom_m, uint64_t rom_from_us) {
        b->order = order;
        b->rom_m = rom_m;
        b->rom_from_us = rom_from_us;
}

static bool may_be(const struct beam *b, bool up_first) {
        return b->order == EXERCISE_START_EITHER || up_first == (b->order == EXERCISE_START_BOTTOM);
}

/* Anything may be going on; most likely the bar waits, or is moved about. */
static void begin(struct beam *b) {
        static const double sigma_mps[] = {
                [LEG_HOME] = 0.05, [LEG_OUT] = 0.4, [LEG_FAR] = 0.05, [LEG_BACK] = 0.4};
        struct hypothesis loose = {.leg = LEG_LOOSE, .since_us = b->now_us};

        b->started = true;
        b->a_fast = b->a_slow = b->a_mps2;
        b->ripple = 1; /* not even until shown */
        vertical_init(&loose.motion, b->bias_P);
        b->hypotheses[b->n++] = loose;
        for (unsigned up = 0; up < 2; up++)
                for (enum leg leg = 0; leg < LEG_LOOSE && may_be(b, up); leg++) {
                        struct hypothesis *h = &b->hypotheses[b->n++];
                        bool home = leg == LEG_HOME;
                        *h = loose;
                        h->leg = leg;
                        h->up_first = up;
                        h->score = home ? -COLD / 4 : -COLD;
                        h->motion.vv = sigma_mps[leg] * sigma_mps[leg];
                        h->motion.pp = home ? 1e-4 : 0.25;
                }
}

static void watch(struct beam *b) {
        double t = b->step.t_s, a = b->step.dv / t;
        b->a_mps2 = a;
        b->a_fast += (a - b->a_fast) * fmin(1, t / FAST_TAU_S);
        b->a_slow += (a - b->a_slow) * fmin(1, t / SLOW_TAU_S);
        double e = b->a_fast - b->a_slow;
        b->ripple += (e * e - b->ripple) * fmin(1, t / RIPPLE_S);
}

/* A lifter stands in one place: neither position nor velocity wanders far. */
static void follow(const struct beam *b, struct hypothesis *h) {
        const struct beam_params *p = &b->params;
        double rom_m = hypothesis_rom(b, h), rom = rom_m > 0 ? rom_m : b->rom_typical_m,
               reach_m = p->reach * b->rom_typical_m;

        vertical_advance(&h->motion, &b->step);
        if (h->leg != LEG_LOOSE)
                vertical_update_p(
                        &h->motion, (h->up_first ? 0.5 : -0.5) * rom, reach_m * reach_m / b->step.t_s);
        vertical_update_v(&h->motion, 0, p->reach_mps * p->reach_mps / b->step.t_s);
        h->turn_rad += (float) b->turn_rad;
}

/* Best first; of equals the first to come. They come nearly in order, so a search from the end is short. */
static void add(struct branches *all, unsigned parent, enum leg leg, bool up_first, double score) {
        unsigned i = all->n;
        if (score <= all->best - WINDOW || i == BRANCHES)
                return; /* cannot win any more */
        for (; i > 0 && all->at[i - 1].score < score; i--)
                all->at[i] = all->at[i - 1];
        all->at[i] = (struct branch){score, (uint8_t) parent, (uint8_t) leg, up_first};
        all->best = all->at[0].score;
        all->n++;
}

static void branch_out(struct beam *b, unsigned i, struct branches *all) {
        struct hypothesis *h = &b->hypotheses[i];

        for (enum leg to = 0; to < _LEG_MAX; to++) {
                double nats = hypothesis_leave(b, h, to);
                if (nats < 0 || nats > WINDOW)
                        continue;
                if (h->leg != LEG_LOOSE)
                        add(all, i, to, h->up_first, h->score - nats);
                else
                        for (unsigned up = 0; up < 2; up++)
                                if (may_be(b, up) &&
                                        (to == LEG_HOME || up == (b->a_mps2 > 0) || !may_be(b, !up)))
                                        add(all, i, to, up, h->score - nats);
        }
        add(all, i, h->leg, h->up_first, h->score - hypothesis_stay(b, h));
}

struct survivors {
        unsigned n;
        struct hypothesis at[BEAM_WIDTH];
        unsigned kind[BEAM_WIDTH];                       /* leg and number of laps */
        double near_mps[BEAM_WIDTH], near_m[BEAM_WIDTH]; /* whoever is so near is the same */
};

static unsigned kind_of(const struct hypothesis *h) {
        return h->laps * _LEG_MAX + h->leg;
}

static bool alike(const struct survivors *s, unsigned i, const struct hypothesis *h) {
        const struct hypothesis *other = &s->at[i];
        return other->up_first == h->up_first && other->pending == h->pending &&
                fabs(other->motion.v - h->motion.v) < s->near_mps[i] &&
                fabs(other->motion.p - h->motion.p) < s->near_m[i];
}

/* Is there room among the survivors for the one behind them? */
static bool differs(const struct survivors *s) {
        const struct hypothesis *h = &s->at[s->n];
        unsigned kind = kind_of(h), kin = 0;
        for (unsigned i = 0; i < s->n; i++) {
                if (s->kind[i] != kind)
                        continue;
                if (alike(s, i, h))
                        return false;
                kin++;
        }
        return kin < PER_KIND;
}

static void survive(struct survivors *s) {
        const struct hypothesis *h = &s->at[s->n];
        s->kind[s->n] = kind_of(h);
        s->near_mps[s->n] = MAX(SAME_MPS, SAME_SIGMAS * sqrt(h->motion.vv));
        s->near_m[s->n] = MAX(SAME_M, SAME_SIGMAS * sqrt(h->motion.pp));
        s->n++;
}

static void weigh(struct beam *b) {
        struct survivors next _uninitialized_;
        struct branches all _uninitialized_;

        const unsigned width = (unsigned) b->params.width;
        all.n = next.n = 0;
        all.best = -HUGE_VAL;
        for (unsigned i = 0; i < b->n; i++)
                follow(b, &b->hypotheses[i]);
        for (unsigned i = 0; i < b->n; i++)
                branch_out(b, i, &all);

        for (unsigned i = 0; i < all.n && next.n < width && all.at[i].score > all.best - WINDOW; i++) {
                const struct branch *branch = &all.at[i];
                struct hypothesis *h = &next.at[next.n];
                *h = b->hypotheses[branch->parent];
                if (branch->leg == h->leg)
                        hypothesis_rest(b, h);
                else
                        hypothesis_go(b, h, branch->leg, branch->up_first);
                h->score = branch->score - all.best;
                if (differs(&next))
                        survive(&next);
        }
        for (unsigned i = 0; i < next.n; i++)
                b->hypotheses[i] = next.at[i];
        b->n = next.n;
}

static void cycle_of(const struct lap *l, uint64_t until_us, struct cycle *ret) {
        struct move first = {
                .up = l->up_first,
                .start_us = l->out_us,
                .end_us = l->far_us,
                .travel_m = (double) l->out_m,
                .turn_rad = (double) l->out_rad,
                .still_since_us = l->hold_us,
                .cold = l->cold,
        };
        struct move second = {
                .up = !l->up_first,
                .start_us = l->back_us,
                .end_us = l->home_us,
                .travel_m = (double) l->back_m,
                .turn_rad = (double) l->back_rad,
                .still_since_us = l->far_us,
                .cold = l->cold,
        };
        for (unsigned i = 0; i < 3; i++) {
                first.bias.b[i] = (double) l->b[i];
                for (unsigned j = 0; j < 3; j++)
                        first.bias.P[i][j] = (double) l->P[i][j];
        }
        second.bias = first.bias;
        *ret = (struct cycle){.first = first, .second = second, .until_us = MAX(until_us, l->home_us)};
}

/* The lap of the best hypothesis is a fact from here on: what contradicts it is dropped. */
static void commit(struct beam *b, struct cycle *ret) {
        const struct hypothesis *best = &b->hypotheses[0];
        uint64_t home_us = best->done.home_us;
        unsigned laps = best->laps, n = 0;

        cycle_of(&best->done,
                best->leg == LEG_HOME          ? b->now_us
                        : best->leg == LEG_OUT ? best->lap.out_us
                                               : 0,
                ret);
        for (unsigned i = 0; i < b->n; i++) {
                struct hypothesis *h = &b->hypotheses[i];
                double apart_s = fabs((double) h->done.home_us - (double) home_us) * 1e-6;
                if (h->laps != laps || !h->pending || apart_s > SAME_LAP_S)
                        continue;
                h->pending = false;
                b->hypotheses[n++] = *h;
        }
        b->n = n;
}

/* No hypothesis that knows nothing of the lap comes near. */
static bool certain(const struct beam *b) {
        double lead = b->rom_m > 0 ? b->params.certain : 2 * b->params.certain;
        for (unsigned i = 1; i < b->n && b->hypotheses[i].score > -lead; i++)
                if (b->hypotheses[i].laps < b->hypotheses[0].laps)
                        return false;
        return true;
}

static bool stands(const struct beam *b) {
        const struct hypothesis *h = &b->hypotheses[0];
        double back_s = (double) (h->done.home_us - h->done.back_us) * 1e-6;
        double wait_s = fmin(CONFIRM_MOST_S, b->params.confirm_s + CONFIRM_SHARE * back_s);
        return h->pending && certain(b) && (double) (b->now_us - h->done.home_us) * 1e-6 > wait_s;
}

/* They stand best first. */
static void claim(struct beam_claim *c, const struct hypothesis *h, double p) {
        if (!(c->p > 0)) {
                double far = h->leg == LEG_BACK ? h->far_m : 0;
                c->since_us = h->since_us;
                c->v_mps = h->motion.v;
                c->sigma_mps = sqrt(h->motion.vv);
                c->travel_m = fabs(h->motion.p - far);
        }
        c->p += p;
}

static void look(struct beam *b) {
        struct beam_view *v = &b->view;
        double sum = 0;

        *v = (struct beam_view){.a_mps2 = v->a_mps2, .swell_mps2 = v->swell_mps2};
        for (unsigned i = 0; i < b->n; i++) {
                const struct hypothesis *h = &b->hypotheses[i];
                double p = exp(h->score);
                sum += p;
                switch (h->leg) {
                case LEG_OUT:
                        claim(h->up_first ? &v->up : &v->down, h, p);
                        break;
                case LEG_BACK:
                        claim(h->up_first ? &v->down : &v->up, h, p);
                        break;
                case LEG_HOME:
                case LEG_FAR:
                        claim(&v->hold, h, p);
                        break;
                case LEG_LOOSE:
                case _LEG_MAX:
                        break;
                }
        }
        v->down.p /= sum;
        v->up.p /= sum;
        v->hold.p /= sum;
        v->loose = 1 - v->down.p - v->up.p - v->hold.p;
}

/* Between two weighings the odds stand, but the bar goes on. */
static void glance(struct beam *b, const struct motion *m) {
        double a = m->a_mps2;
        for (unsigned i = 0; i < 3 && b->n > 0; i++)
                a -= m->up[i] * b->hypotheses[0].motion.b[i];
        b->view.a_mps2 += (a - b->view.a_mps2) * (TICK_S / PUSH_TAU_S);
        b->view.swell_mps2 += (a - b->view.swell_mps2) * (TICK_S / SWELL_TAU_S);
        if (b->ticks > 0) {
                b->view.down.v_mps += a * TICK_S;
                b->view.up.v_mps += a * TICK_S;
        }
}

bool beam_look(const struct beam *b, struct beam_view *ret) {
        *ret = b->view;
        return b->n > 0;
}

static unsigned due_ticks(const struct beam *b, bool lies) {
        if (!lies)
                return BEAM_TICKS;
        return b->rests < BEAM_LONG_RESTS ? BEAM_REST_TICKS : BEAM_LONG_TICKS;
}

bool beam_push(struct beam *b, const struct motion *m, bool lies, uint64_t t_us, struct cycle *ret) {
        b->now_us = t_us;
        b->quiet = m->quiet;
        b->quiet_s = m->quiet ? b->quiet_s + TICK_S : 0;
        b->rested |= b->quiet_s > REST_S;
        b->turn_rad += m->turn_radps * TICK_S;
        if (!b->started) {
                b->a_mps2 = m->a_mps2;
                begin(b);
        }
        vertical_add(&b->step, m->a_mps2, m->up, m->q_m2ps3,
                vertical_drift(&b->vertical, m->turn_radps, m->turn_mps2));
        if (++b->ticks < due_ticks(b, lies)) {
                glance(b, m);
                return false;
        }

        watch(b);
        weigh(b);
        b->rests = lies ? b->rests + 1 : 0;
        b->ticks = 0;
        b->turn_rad = 0;
        b->step = (struct vertical_step){0};
        bool done = stands(b);
        if (done)
                commit(b, ret);
        look(b);
        glance(b, m);
        return done;
}

uint64_t beam_begun(const struct beam *b) {
        const struct hypothesis *h = &b->hypotheses[0];
        bool away = h->leg == LEG_OUT || h->leg == LEG_FAR || h->leg == LEG_BACK;
        bool lasts = (double) (b->now_us - h->lap.out_us) * 1e-6 > LAP_MOST_S;
        return b->n > 0 && away && h->lap.whole && !lasts ? h->lap.out_us : b->now_us;
}

bool beam_flush(struct beam *b, struct cycle *ret) {
        const struct hypothesis *h = &b->hypotheses[0];
        bool done = b->n > 0 && h->pending;

        if (done)
                commit(b, ret);
        else if (b->n > 0 && h->leg == LEG_BACK && h->lap.whole) {
                struct lap l = h->lap;
                l.home_us = b->now_us;
                l.back_m = (float) fabs(h->motion.p - h->far_m);
                done = l.back_m > (float) CAME_BACK * l.out_m;
                if (done)
                        cycle_of(&l, l.home_us, ret);
        }
        beam_reset(b);
        return done;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reps of a set resemble each other; set-up, re-rack and walking resemble neither them nor each other.
 *
 *     candidates   a  b    1  2  3  4  5   c   d       in time
 *     group of 3           \-----+----/                grown outwards from each candidate in turn
 *
 * A candidate joins a group if it is no farther from the members next to it than reps of one set are. The evidence of
 * a group is summed over its members: midway minus the distance from those before it, less what each lacks in closure.
 * Midway lies between what is expected inside a set (5) and where a rep is none any more (12.8), so chance likeness of
 * few movements hardly adds up, and a set of three that agree does. The group with the most evidence is the set. */

#include <math.h>
#include <string.h>

#include <repcast/setmodel.h>

#include "util/macros.h"
#include "util/seconds.h"

#define TYPICAL_SIGMA  0.5  /* of the logarithm of a lifter's ROM about the exercise's usual one */
#define KNOWN_SIGMA    0.35 /* of one lifter's ROM from set to set */
#define MISFIT_SCALE   50.0 /* chi2 of the correction counts in full where errors are 7 times those assumed, */
#define MISFIT_SOUGHT  10.0 /* and 3 times where the borders were chosen to suit it */
#define STILL_RADPS    0.26 /* rate of turn in the hold before a first rep, one sigma, on a wrist */
#define NEXT_S         1.0  /* a rep begins within this of the end of the one before it: nothing lies between */
#define FLAWS_EXPECTED 2.0  /* wrists at 100 Hz have so much */
#define FLAWS_MOST     6.0
#define LONE_MOST      2.0 /* greatest ROM of a first rep, in usual ones of the exercise */
#define REST_COST      4.0 /* evidence a second of mean hold inside the reps is worth */
#define NEARLY_CERTAIN 0.9 /* confidence */
#define EXPECTED       5.0 /* distance of two reps of one set: degrees of freedom */
#define UNWEIGHED                                                                                              \
        8.0 /* the beam, which hands out what leads by 4 nats, did not see it: chi2 is twice a logarithm */
/* A quick rep may be seen to begin so much earlier; a part of a slow one begins seconds late. */
#define ONSET_US UINT64_C(500000)
#define SURE_N   3
#define NEAREST  3    /* members next to it that a candidate is compared with */
#define SHARED   0.25 /* two pairings of the same movements share a stroke; neighbours touch at most */

struct group {
        unsigned n, at[SETMODEL_CANDIDATES];
        double evidence;
};

void setmodel_init(struct setmodel *m, const struct setmodel_params *params, const struct traits_params *traits,
        const struct exercise *exercise) {
        memset(m, 0, sizeof(*m));
        m->params = *params;
        m->traits = *traits;
        m->rom_typical_m = exercise->rom_typical_m;
        m->set_gap_s = exercise->set_gap_s;
}

bool setmodel_overlap(const struct candidate *a, const struct candidate *b) {
        uint64_t a0 = traits_start_us(&a->fit), a1 = traits_end_us(&a->fit);
        uint64_t b0 = traits_start_us(&b->fit), b1 = traits_end_us(&b->fit);
        uint64_t from = MAX(a0, b0), to = MIN(a1, b1);
        return to > from && (double) (to - from) > SHARED * (double) MIN(a1 - a0, b1 - b0);
}

static double square(double x) {
        return x * x;
}

static double median3(const double *d, unsigned n) {
        if (n == 0)
                return 0;
        if (n == 1)
                return d[0];
        if (n == 2)
                return (d[0] + d[1]) / 2;
        return fmax(fmin(d[0], d[1]), fmin(fmax(d[0], d[1]), d[2]));
}

/* ---- alone ---- */

/* Between reps the bar need not come to rest. */
static bool follows(const struct setmodel *m, const struct cycle_fit *f) {
        for (unsigned i = 0; i < m->n; i++) {
                double gap_s =
                        ((double) traits_start_us(f) - (double) traits_end_us(&m->candidates[i].fit)) * US_S;
                if (m->candidates[i].rep && fabs(gap_s) < NEXT_S)
                        return true;
        }
        return false;
}

/* How hard the correction had to pull. A layout that was searched for is the one that suits it best: where that has to be pulled
 * as well, as half a stroke does whose other half is taken for a hold, it is a wrong one. */
static double forced(const struct cycle_fit *f) {
        return MIN(16.0, f->misfit / (f->searched ? MISFIT_SOUGHT : MISFIT_SCALE));
}

/* chi2 of a first rep with 4 degrees of freedom: closed, back in its direction, of the expected travel (the exercise's
 * usual one, or what the set before has shown), out of a still hold; and not won by force from the correction. */
static double lone(const struct setmodel *m, const struct cycle_fit *f) {
        double sigma = m->known_m > 0 ? KNOWN_SIGMA : TYPICAL_SIGMA;
        double rom_m = m->known_m > 0 ? m->known_m : m->rom_typical_m;
        return traits_unclosed(&m->traits, f) + traits_lean(&m->traits, f) +
                traits_ratio2(f->concentric.travel_m, rom_m) / square(sigma) +
                MIN(9.0, square(f->turn_before_radps / STILL_RADPS)) + forced(f) + traits_flaws(&m->traits, f) +
                (follows(m, f) ? 0 : traits_unrest(&m->traits, f));
}

/* ---- groups ---- */

/* End of the earlier to start of the later, s; not positive where they touch. */
static double gap_s(const struct candidate *a, const struct candidate *b) {
        double ab = (double) traits_start_us(&b->fit) - (double) traits_end_us(&a->fit);
        double ba = (double) traits_start_us(&a->fit) - (double) traits_end_us(&b->fit);
        return MAX(ab, ba) * US_S;
}

static double length_s(const struct candidate *c) {
        return seconds(traits_start_us(&c->fit), traits_end_us(&c->fit));
}

/* What speaks against it being a rep of anything. A flaw may take away what a member adds that fits no better than average. */
static double flaw(const struct setmodel *m, const struct cycle_fit *f) {
        return CLAMP(traits_flaws(&m->traits, f) - FLAWS_EXPECTED, 0.0, FLAWS_MOST);
}

/* Distance from the members next to it, and what it lacks in closure. */
static double apart(const struct setmodel *m, const struct candidate *c, const struct group *g, bool forward) {
        double d[NEAREST];
        unsigned n = MIN(g->n, (unsigned) NEAREST);
        for (unsigned i = 0; i < n; i++) {
                const struct candidate *member = &m->candidates[g->at[forward ? g->n - 1 - i : i]];
                d[i] = traits_distance(&m->traits, &c->fit, &member->fit);
        }
        return median3(d, n) + traits_unclosed(&m->traits, &c->fit);
}

/* Whoever walks between two movements does not make them in one set. */
static double walk(const struct setmodel *m, const struct candidate *a, const struct candidate *b) {
        const struct candidate *later = traits_start_us(&a->fit) < traits_start_us(&b->fit) ? b : a;
        return gap_s(a, b) > NEXT_S ? traits_steps(&m->traits, &later->fit) : 0;
}

static void grow(const struct setmodel *m, unsigned seed, bool forward, struct group *g) {
        for (unsigned k = seed; forward ? k + 1 < m->n : k > 0;) {
                const struct candidate *last = &m->candidates[g->at[forward ? g->n - 1 : 0]], *c;
                double length, first = g->n == 1 ? flaw(m, &last->fit) : 0; /* it joins as well */
                k = forward ? k + 1 : k - 1;
                c = &m->candidates[k];
                length = MAX(length_s(c), length_s(last));
                if (gap_s(c, last) > MAX(m->set_gap_s, SETMODEL_MISSED * length))
                        return;
                if (c->fit.eccentric_first != last->fit.eccentric_first || setmodel_overlap(c, last) ||
                        apart(m, c, g, forward) + flaw(m, &c->fit) + first + walk(m, c, last) >
                                m->params.unlike)
                        continue;
                if (!forward)
                        memmove(g->at + 1, g->at, g->n * sizeof(g->at[0]));
                g->at[forward ? g->n : 0] = k;
                g->n++;
        }
}

/* What member i adds to those before it. */
static double support(const struct setmodel *m, const struct group *g, unsigned i) {
        const struct cycle_fit *f = &m->candidates[g->at[i]].fit;
        unsigned n = MIN(i, (unsigned) NEAREST);
        double d[NEAREST];
        for (unsigned k = 0; k < n; k++)
                d[k] = traits_distance(&m->traits, f, &m->candidates[g->at[i - 1 - k]].fit);
        return m->params.midway - median3(d, n) - traits_unclosed(&m->traits, f);
}

/* What a first member is worth by itself. */
static double alone(const struct setmodel *m, const struct cycle_fit *f) {
        return fmax(m->params.odd - lone(m, f) - traits_waste(&m->traits, f), -FLAWS_MOST) -
                traits_unclosed(&m->traits, f);
}

/* From the one after it. Who picks a bar up and stands with it for a while makes a movement like a rep but for what seems
 * to be its lowering: that lasts as long as he stands, and nothing pushes or brakes it. Where the lowering leads it may
 * begin in the walk-out, and tells nothing. */
static double unlike_next(
        const struct setmodel *m, const struct cycle_fit *first, const struct cycle_fit *next) {
        double d = traits_distance(&m->traits, first, next);
        if (first->eccentric_first)
                return d;
        return d + traits_lowering(first, next) + traits_feebler(&m->traits, first, next);
}

/* Reps change as the lifter tires, towards the end. What begins a set unlike the rest, and is no rep by itself either, is
 * set-up. */
static void trim(const struct setmodel *m, struct group *g) {
        while (g->n > 1) {
                const struct cycle_fit *first = &m->candidates[g->at[0]].fit;
                double d = unlike_next(m, first, &m->candidates[g->at[1]].fit);
                if (alone(m, first) + m->params.midway - d >= 0)
                        return;
                g->n--;
                memmove(g->at, g->at + 1, g->n * sizeof(g->at[0]));
        }
}

static double evidence(const struct setmodel *m, const struct group *g) {
        double sum = -traits_unclosed(&m->traits, &m->candidates[g->at[0]].fit);
        for (unsigned i = 1; i < g->n; i++)
                sum += support(m, g, i);
        return sum;
}

/* Likeness alone makes no reps: who carries a bar about five times does so in like ways. A flaw may take away what a member
 * adds that fits no better than average. */
static double flaws(const struct setmodel *m, const struct group *g) {
        double sum = 0;
        for (unsigned i = 0; i < g->n; i++)
                sum += flaw(m, &m->candidates[g->at[i]].fit);
        return sum;
}

/* Of two groups about equal the one that is published already stays: only a rep more outweighs it. */
static double incumbent(const struct setmodel *m, const struct group *g) {
        unsigned n = 0;
        for (unsigned i = 0; i < g->n; i++)
                n += m->candidates[g->at[i]].rep > 0;
        return 2 * n > g->n ? m->params.midway - EXPECTED : 0;
}

/* Lifters rest between reps rather than inside them: of two pairings of the same movements about equal, the one with
 * the shorter holds inside. */
static double rest_inside(const struct setmodel *m, const struct group *g) {
        double sum = 0;
        for (unsigned i = 0; i < g->n; i++)
                sum += traits_hold_s(&m->candidates[g->at[i]].fit);
        return MIN(m->params.midway - EXPECTED, REST_COST * sum / g->n);
}

static void regroup(struct setmodel *m) {
        struct group best = {.n = 0};
        double most = -HUGE_VAL;
        for (unsigned seed = 0; seed < m->n; seed++) {
                struct group g = {.n = 1, .at = {seed}};
                grow(m, seed, true, &g);
                grow(m, seed, false, &g);
                trim(m, &g);
                g.evidence = evidence(m, &g);
                double weight = g.evidence + incumbent(m, &g) - rest_inside(m, &g);
                if (g.n > 1 && weight > most) {
                        best = g;
                        most = weight;
                }
        }
        for (unsigned i = 0; i < m->n; i++)
                m->candidates[i].member = false;
        for (unsigned i = 0; i < best.n; i++)
                m->candidates[best.at[i]].member = true;
        m->n_members = best.n;
        m->evidence = best.evidence - flaws(m, &best);
}

/* ---- candidates ---- */

static void drop(struct setmodel *m, unsigned index) {
        m->n--;
        memmove(m->candidates + index, m->candidates + index + 1, (m->n - index) * sizeof(m->candidates[0]));
}

/* The oldest makes room. The other pairings of a rep's movements go with it: nothing would be left that speaks against them. */
static void make_room(struct setmodel *m) {
        const struct candidate oldest = m->candidates[0];
        drop(m, 0);
        for (unsigned i = 0; oldest.rep && i < m->n;)
                if (!m->candidates[i].rep && setmodel_overlap(&oldest, &m->candidates[i]))
                        drop(m, i);
                else
                        i++;
}

/* By the time of its end; there is room. */
static struct candidate *insert(struct setmodel *m, const struct candidate *c) {
        unsigned at = m->n++;
        while (at > 0 && traits_end_us(&m->candidates[at - 1].fit) > traits_end_us(&c->fit)) {
                m->candidates[at] = m->candidates[at - 1];
                at--;
        }
        m->candidates[at] = *c;
        regroup(m);
        return &m->candidates[at];
}

void setmodel_add(struct setmodel *m, const struct cycle_fit *fit) {
        if (m->n == SETMODEL_CANDIDATES)
                make_room(m);
        (void) insert(m, &(struct candidate){.fit = *fit, .fresh = true});
}

struct candidate *setmodel_replace(struct setmodel *m, const struct candidate *c, const struct cycle_fit *fit) {
        struct candidate anew = *c;

        anew.fit = *fit;
        drop(m, (unsigned) (c - m->candidates));
        return insert(m, &anew);
}

void setmodel_remove(struct setmodel *m, unsigned index) {
        bool member = m->candidates[index].member;
        drop(m, index);
        if (member)
                regroup(m);
}

/* ---- judgement ---- */

/* Like the reps of the best set so far. */
static bool familiar(const struct setmodel *m, const struct cycle_fit *f) {
        double d[SETMODEL_REFERENCE];
        for (unsigned i = 0; i < SETMODEL_REFERENCE; i++)
                d[i] = traits_distance(&m->traits, f, &m->reference[i]);
        return median3(d, SETMODEL_REFERENCE) + traits_unclosed(&m->traits, f) <= m->params.unlike;
}

/* A group unlike the set before, from another lifter or with the sensor put on anew, needs twice the evidence. */
bool setmodel_is_sure(const struct setmodel *m) {
        unsigned n = 0;
        if (m->n_members < SURE_N || m->evidence <= m->params.certain)
                return false;
        if (m->reference_evidence <= 0 || m->evidence > 2 * m->params.certain)
                return true;
        for (unsigned i = 0; i < m->n; i++)
                n += m->candidates[i].member && familiar(m, &m->candidates[i].fit);
        return 2 * n > m->n_members;
}

/* Of a member from the members next to it. */
static double among(const struct setmodel *m, const struct candidate *c) {
        struct group before = {.n = 0}, after = {.n = 0};
        for (unsigned i = 0; i < m->n; i++)
                if (m->candidates[i].member && &m->candidates[i] != c) {
                        struct group *g = &m->candidates[i] < c ? &before : &after;
                        g->at[g->n++] = i;
                }
        return before.n >= after.n ? apart(m, c, &before, true) : apart(m, c, &after, false);
}

/* chi2 is twice a logarithm of likelihood, and where a movement would no longer be believed the odds are even. What others
 * like it add counts for it; one that nothing followed must be smooth, too. */
double setmodel_confidence(const struct setmodel *m, const struct candidate *c) {
        double support = c->member ? MAX(m->evidence, 0.0) : 0;
        double odds = m->params.odd - lone(m, &c->fit) + support;

        if (setmodel_is_sure(m))
                odds = m->params.unlike - among(m, c);
        else if (m->over)
                odds -= (support <= 0 ? traits_waste(&m->traits, &c->fit) : 0) +
                        (c->fit.weighed ? 0 : UNWEIGHED);
        return 1 / (1 + exp(-odds / 2));
}

bool setmodel_believes(const struct setmodel *m, const struct candidate *c) {
        if (setmodel_is_sure(m))
                return c->member;

        double own = lone(m, &c->fit), most_m = MAX(c->fit.concentric.travel_m, c->fit.eccentric.travel_m);
        if (most_m > LONE_MOST * m->rom_typical_m || (m->reference_evidence > 0 && !familiar(m, &c->fit)))
                return false;
        for (unsigned i = 0; i < m->n; i++) {
                const struct candidate *other = &m->candidates[i];
                if (other == c || !setmodel_overlap(c, other))
                        continue;
                if (!c->rep && (other->rep || lone(m, &other->fit) < own))
                        return false;
        }
        return setmodel_confidence(m, c) >= (m->over ? NEARLY_CERTAIN : 0.5);
}

static double foretold_rom(const struct setmodel *m) {
        return m->known_m > 0 ? m->known_m : m->rom_typical_m;
}

double setmodel_rom(const struct setmodel *m) {
        double sum = 0;
        unsigned n = 0;
        for (unsigned i = 0; i < m->n; i++)
                if (m->candidates[i].rep) {
                        sum += m->candidates[i].fit.concentric.travel_m;
                        n++;
                }
        return n > 0 ? sum / n : foretold_rom(m);
}

uint64_t setmodel_rom_since(const struct setmodel *m) {
        for (unsigned i = 0; i < m->n; i++) {
                const struct cycle_fit *f = &m->candidates[i].fit;
                uint64_t start_us = traits_start_us(f);
                if (m->candidates[i].rep)
                        return f->searched ? cycle_fit_second(f)->start_us : start_us - MIN(ONSET_US, start_us);
        }
        return 0;
}

const struct cycle_fit *setmodel_rep_before(const struct setmodel *m, uint64_t us) {
        for (unsigned n = m->n; n > 0; n--)
                if (m->candidates[n - 1].rep && traits_end_us(&m->candidates[n - 1].fit) < us)
                        return &m->candidates[n - 1].fit;
        return NULL;
}

/* Most of it lies in that time. */
static bool inside(const struct cycle_fit *f, uint64_t from_us, uint64_t until_us) {
        uint64_t start_us = traits_start_us(f), end_us = traits_end_us(f);
        return seconds(MAX(start_us, from_us), MIN(end_us, until_us)) > seconds(start_us, end_us) / 2;
}

const struct cycle_fit *setmodel_others(
        const struct setmodel *m, uint64_t from_us, uint64_t until_us, double *ret_rom_m) {
        const struct cycle_fit *newest = NULL;
        double sum = 0;
        unsigned n = 0;

        for (unsigned i = 0; i < m->n; i++) {
                const struct cycle_fit *f = &m->candidates[i].fit;
                if (!m->candidates[i].rep || inside(f, from_us, until_us))
                        continue;
                sum += f->concentric.travel_m;
                n++;
                newest = f;
        }
        *ret_rom_m = n > 0 ? sum / n : foretold_rom(m);
        return newest;
}

/* ---- from set to set ---- */

/* The newest reps are what further sets are compared with, unless a set before was surer. */
static void learn(struct setmodel *m) {
        unsigned n = 0;
        m->known_m = setmodel_rom(m);
        if (m->evidence <= m->reference_evidence)
                return;
        m->reference_evidence = m->evidence;
        for (unsigned i = m->n; i-- > 0 && n < SETMODEL_REFERENCE;)
                if (m->candidates[i].member)
                        m->reference[n++] = m->candidates[i].fit;
}

void setmodel_end_set(struct setmodel *m) {
        if (setmodel_is_sure(m))
                learn(m);
        m->over = false;
        for (unsigned i = m->n; i-- > 0;)
                if (m->candidates[i].rep)
                        drop(m, i);
        regroup(m);
}

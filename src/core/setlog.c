/* SPDX-License-Identifier: Apache-2.0 */
/* Which cycles are reps, and which reps make a set.
 *
 *     movements   unrack  walk   rep rep rep rep   rerack
 *     told as     rejected  ..   rep rep rep rep   rejected, then set after the gap
 *
 * A cycle must be a possible rep of the exercise: travel, duration, speed, and the sensor back in its direction.
 * Once a set has three reps a further one must also resemble the latest three; the tolerances are the scatter of reps
 * within recorded sets. Nothing waits for the end of the set, so its first reps are believed for what they are. */

#include <math.h>
#include <string.h>

#include <repcast/setlog.h>

#include "util/macros.h"

#define US_S 1e-6

/* Scatter of the logarithm of a figure within a set, one sigma. */
#define ROM_SIGMA       0.25
#define ECCENTRIC_SIGMA 0.35
#define DURATION_SIGMA  0.45
#define PEAK_SIGMA      0.35
#define TYPICAL_SIGMA   0.5 /* of a lifter's ROM about the exercise's usual one */

#define KNOWN_SIGMA  0.35 /* of one lifter's ROM from set to set */
#define MISFIT_SCALE    50.0 /* chi2 of the correction counts in full where errors are 7 times those assumed */

#define TOLD_SHARE 0.5 /* a lone movement is told of from this share of the least ROM */

void setlog_init(struct setlog *s, const struct setlog_params *params, const struct exercise *exercise) {
        memset(s, 0, sizeof(*s));
        s->params = *params;
        s->rom_min_m = exercise->rom_min_m;
        s->rom_typical_m = exercise->rom_typical_m;
        s->set_gap_s = exercise->set_gap_s;
        s->loaded = exercise->loaded;
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

double setlog_rom(const struct setlog *s) {
        double sum = 0;
        if (!s->open || !s->n_recent)
                return s->known_m > 0 ? s->known_m : s->rom_typical_m;
        for (unsigned i = 0; i < s->n_recent; i++)
                sum += s->recent[i].rom_m;
        return sum / s->n_recent;
}

/* Angle between two directions, degrees. */
static double angle_deg(const double a[3], const double b[3]) {
        double dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        double a2 = a[0] * a[0] + a[1] * a[1] + a[2] * a[2], b2 = b[0] * b[0] + b[1] * b[1] + b[2] * b[2];
        double n = sqrt(a2 * b2);
        return n > 0 ? acos(CLAMP(dot / n, -1.0, 1.0)) * 180 / M_PI : 0;
}

static double square(double x) {
        return x * x;
}

static double log2_ratio(double a, double b) {
        return square(log(MAX(a, 1e-3) / MAX(b, 1e-3)));
}

/* What the sample interval alone does to a duration, as a variance of its logarithm. */
static double coarse(const struct traits *t) {
        return square(1.5 * fmax(t->sample_s, TICK_S) / fmax(t->concentric_s, 0.3));
}

/* Squared distance of two reps in units of the scatter within a set: chi2 of about 5 degrees of freedom. A grinding rep
 * is slow in both duration and peak, so these two share one. Each term is capped: no single one decides. */
static double distance(const struct setlog *s, const struct traits *a, const struct traits *b) {
        double q = MAX(coarse(a), coarse(b)), lean = s->params.lean_deg;
        double tempo = 0.5 * log2_ratio(a->concentric_s, b->concentric_s) / (square(DURATION_SIGMA) + 2 * q) +
                0.5 * log2_ratio(a->peak_mps, b->peak_mps) / (square(PEAK_SIGMA) + q);

        return MIN(16.0, log2_ratio(a->rom_m, b->rom_m) / (square(ROM_SIGMA) + q)) + MIN(6.0, tempo) +
                MIN(12.0, square(angle_deg(a->up_start, b->up_start) / lean)) +
                MIN(12.0, square(angle_deg(a->up_end, b->up_end) / lean)) +
                MIN(6.0, log2_ratio(a->eccentric_m, b->eccentric_m) / (square(ECCENTRIC_SIGMA) + 2 * q));
}

/* Of a rep with itself: it goes down as far as up. */
static double unclosed(const struct setlog *s, const struct traits *t) {
        return MIN(8.0, log2_ratio(t->rom_m, t->eccentric_m) / (square(s->params.closure) + 2 * coarse(t)));
}

/* What to expect of a first rep: the exercise's usual ROM, or what the set before has shown. */
static double expected_m(const struct setlog *s, double *ret_sigma) {
        *ret_sigma = s->known_m > 0 ? KNOWN_SIGMA : TYPICAL_SIGMA;
        return s->known_m > 0 ? s->known_m : s->rom_typical_m;
}

/* chi2 of a rep by itself, 3 degrees of freedom: closed, back in its direction, of the expected travel; and not won
 * by force from the correction. */
static double single(const struct setlog *s, const struct traits *t) {
        double sigma, rom_m = expected_m(s, &sigma);
        return unclosed(s, t) + MIN(12.0, square(angle_deg(t->up_start, t->up_end) / s->params.lean_deg)) +
                log2_ratio(t->rom_m, rom_m) / square(sigma) + MIN(16.0, t->misfit / MISFIT_SCALE);
}

static double middle3(double a, double b, double c) {
        return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* The latest reps are known to be of one kind. */
static bool established(const struct setlog *s) {
        if (!s->open || s->n_recent < SETLOG_RECENT)
                return false;
        for (unsigned i = 0; i < SETLOG_RECENT; i++)
                if (distance(s, &s->recent[i], &s->recent[(i + 1) % SETLOG_RECENT]) > s->params.unlike)
                        return false;
        return true;
}

static struct traits traits_of(const struct cycle_fit *f) {
        struct traits t = {
                .rom_m = f->concentric.travel_m,
                .eccentric_m = f->eccentric.travel_m,
                .concentric_s = (double) (f->concentric.end_us - f->concentric.start_us) * US_S,
                .peak_mps = f->concentric.peak_mps,
                .sample_s = f->sample_s,
                .misfit = f->misfit,
        };
        memcpy(t.up_start, f->up_start, sizeof(t.up_start));
        memcpy(t.up_end, f->up_end, sizeof(t.up_end));
        return t;
}

static uint64_t first_us(const struct cycle_fit *f) {
        return MIN(f->eccentric.start_us, f->concentric.start_us);
}

static uint64_t last_us(const struct cycle_fit *f) {
        return MAX(f->eccentric.end_us, f->concentric.end_us);
}

/* A movement that is no rep, named after where in the set it comes. */
static enum rejection elsewhere(const struct setlog *s, bool up) {
        if (s->open)
                return REJECTED_RERACK;
        return up ? REJECTED_UNRACK : REJECTED_WALKOUT;
}

/* Returns the reason, or -1 for a rep. */
static int judge(const struct setlog *s, const struct cycle_fit *f, const struct traits *t) {
        const struct setlog_params *p = &s->params;

        if (MAX(t->peak_mps, f->eccentric.peak_mps) > p->peak_most_mps)
                return REJECTED_DROP;
        if (MIN(t->rom_m, t->eccentric_m) < s->rom_min_m)
                return REJECTED_PARTIAL;
        if (t->concentric_s < p->concentric_least_s)
                return REJECTED_BOUNCE;
        if (t->concentric_s > p->concentric_most_s)
                return REJECTED_NOISE;
        if (MAX(t->rom_m, t->eccentric_m) > p->rom_most * s->rom_typical_m)
                return elsewhere(s, !f->eccentric_first);
        if (!established(s)) /* nothing to compare with but the exercise */
                return single(s, t) > p->odd ? (int) elsewhere(s, !f->eccentric_first) : -1;

        double d[SETLOG_RECENT];
        for (unsigned i = 0; i < SETLOG_RECENT; i++)
                d[i] = distance(s, t, &s->recent[i]);
        return middle3(d[0], d[1], d[2]) + unclosed(s, t) > p->unlike ? (int) elsewhere(s, false) : -1;
}

/* Share of true reps that fit worse than this: upper tail of chi2 with 3 degrees of freedom. */
static double confidence(const struct setlog *s, const struct traits *t) {
        double x = single(s, t);
        if (established(s)) {
                double d = distance(s, t, &s->recent[0]) + unclosed(s, t);
                x = MIN(x, d * 3 / 5); /* 5 degrees of freedom told as 3 */
        }
        return MIN(1.0, erfc(sqrt(x / 2)) + sqrt(2 * x / M_PI) * exp(-x / 2));
}

static void open_set(struct setlog *s) {
        s->current ^= 1;
        *current(s) = (struct set){.set = ++s->n_sets, .end = SET_END_STREAM};
        s->n_recent = 0;
        s->open = true;
}

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
        r->tempo_s[PHASE_ECCENTRIC] = (double) (e.end_us - e.start_us) * US_S;
        r->tempo_s[PHASE_CONCENTRIC] = (double) (c.end_us - c.start_us) * US_S;
        r->tempo_s[pause] = again > middle ? (double) (again - middle) * US_S : 0;
}

static unsigned loaded_in(enum phase pause) {
        return pause == PHASE_BOTTOM ? EXERCISE_LOADED_BOTTOM : EXERCISE_LOADED_TOP;
}

static void fill_rep(struct setlog *s, const struct cycle_fit *f, const struct traits *t, struct rep *r) {
        struct set *set = current(s);
        const struct set_rep *before = set->n_reps ? &set->reps[set->n_reps - 1] : NULL;
        enum phase pause = f->eccentric_first ? PHASE_BOTTOM : PHASE_TOP;

        *r = (struct rep){
                .set = set->set,
                .rep = set->n_reps + 1,
                .start_us = first_us(f),
                .end_us = last_us(f),
                .pause_before_s = NAN,
                .rom_m = t->rom_m,
                .eccentric = {f->eccentric.mean_mps, f->eccentric.peak_mps},
                .concentric = {f->concentric.mean_mps, f->concentric.peak_mps},
                .mpv_mps = f->mpv_mps,
                .sticking = f->sticking,
                .loss_pct = f->loss_pct,
                .confidence = confidence(s, t),
                .flags = f->flags,
        };
        lay_out(f, r);
        if (before)
                r->pause_before_s =
                        r->start_us > before->end_us ? (double) (r->start_us - before->end_us) * US_S : 0;

        set->best_mps = MAX(set->best_mps, r->concentric.mean_mps);
        r->velocity_loss_pct = 100 * (set->best_mps - r->concentric.mean_mps) / set->best_mps;
        r->tut_s = r->tempo_s[PHASE_ECCENTRIC] + r->tempo_s[PHASE_CONCENTRIC];
        if (s->loaded & loaded_in(pause))
                r->tut_s += r->tempo_s[pause];
}

static void add_rep(struct setlog *s, const struct rep *r) {
        struct set *set = current(s);
        enum phase after = isnan(r->tempo_s[PHASE_TOP]) ? PHASE_TOP : PHASE_BOTTOM;

        if (set->n_reps > 0) {
                set->reps[set->n_reps - 1].tempo_s[after] = (float) r->pause_before_s;
                if (s->loaded & loaded_in(after))
                        set->tut_s += r->pause_before_s;
        } else
                set->start_us = r->start_us;

        struct set_rep *entry = &set->reps[set->n_reps++];
        *entry = (struct set_rep){
                .rep = r->rep,
                .start_us = r->start_us,
                .end_us = r->end_us,
                .rom_m = (float) r->rom_m,
                .eccentric_mean_mps = (float) r->eccentric.mean_mps,
                .concentric_mean_mps = (float) r->concentric.mean_mps,
                .concentric_peak_mps = (float) r->concentric.peak_mps,
                .velocity_loss_pct = (float) r->velocity_loss_pct,
                .tut_s = (float) r->tut_s,
                .confidence = (float) r->confidence,
                .flags = r->flags,
        };
        for (unsigned i = 0; i < _PHASE_TEMPO_MAX; i++)
                entry->tempo_s[i] = (float) r->tempo_s[i];
        set->end_us = r->end_us;
        set->tut_s += r->tut_s;
        set->velocity_loss_pct = r->velocity_loss_pct;
}

void setlog_cycle(struct setlog *s, const struct cycle_fit *fit, struct event *ret) {
        struct traits t = traits_of(fit);
        int reason = judge(s, fit, &t);
        *ret = (struct event){.type = EVENT_REJECTED};

        if (reason >= 0) {
                ret->rejected = (struct rejected){
                        .reason = (enum rejection) reason,
                        .start_us = first_us(fit),
                        .end_us = last_us(fit),
                        .rom_m = t.rom_m,
                        .peak_mps = MAX(t.peak_mps, fit->eccentric.peak_mps),
                };
                s->put_away = reason == REJECTED_RERACK;
                return;
        }

        if (!s->open)
                open_set(s);
        ret->type = EVENT_REP;
        fill_rep(s, fit, &t, &ret->rep);
        add_rep(s, &ret->rep);
        memmove(s->recent + 1, s->recent, (SETLOG_RECENT - 1) * sizeof(s->recent[0]));
        s->recent[0] = t;
        s->n_recent = MIN(s->n_recent + 1, (unsigned) SETLOG_RECENT);
        s->put_away = false;
}

bool setlog_stray(struct setlog *s, const struct move *m, struct event *ret) {
        if (m->travel_m < TOLD_SHARE * s->rom_min_m)
                return false;
        enum rejection reason = m->travel_m < s->rom_min_m ? REJECTED_PARTIAL : elsewhere(s, m->up);
        *ret = (struct event){
                .type = EVENT_REJECTED,
                .rejected = {reason, m->start_us, m->end_us, m->travel_m, NAN},
        };
        s->put_away = reason == REJECTED_RERACK;
        return true;
}

bool setlog_close(struct setlog *s, enum set_end end, struct event *ret) {
        if (!s->open)
                return false;
        if (established(s))
                s->known_m = setlog_rom(s);
        s->open = s->put_away = false;
        current(s)->end = end;
        *ret = (struct event){.type = EVENT_SET, .set = current(s)};
        return true;
}

bool setlog_wait(struct setlog *s, uint64_t t_us, bool busy, bool quiet, struct event *ret) {
        if (!s->open)
                return false;
        const struct set *set = current(s);
        if (set->n_reps >= SET_REPS_MAX)
                return setlog_close(s, SET_END_FULL, ret);

        s->quiet_s = quiet && s->put_away ? s->quiet_s + TICK_S : 0;
        if (s->quiet_s > s->params.rerack_quiet_s)
                return setlog_close(s, SET_END_RERACK, ret);
        if (busy || t_us < set->end_us || (double) (t_us - set->end_us) * US_S <= s->set_gap_s)
                return false;
        return setlog_close(s, s->put_away ? SET_END_RERACK : SET_END_REST, ret);
}

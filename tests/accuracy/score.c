/* SPDX-License-Identifier: Apache-2.0 */
/* Matching and errors. */

#include "accuracy/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"

static void put(struct score *s, struct series *series, double x) {
        double *grown = array_grow(series->x, series->n, sizeof(*grown));

        if (!grown) {
                s->failed = true;
                return;
        }
        series->x = grown;
        series->x[series->n++] = x;
}

/* ---- reps ---- */

struct span {
        double start_s, end_s;
};

static struct span span_of(const struct rep *r, enum phase phase) {
        for (unsigned i = 0; i < r->n_phases; i++)
                if (r->phases[i].phase == phase)
                        return (struct span){
                                (double) r->phases[i].start_us * 1e-6,
                                (double) r->phases[i].end_us * 1e-6,
                        };
        return (struct span){0, 0};
}

static double overlap(struct span a, double start_s, double end_s) {
        return fmin(a.end_s, end_s) - fmax(a.start_s, start_s);
}

/* The true rep whose concentric this one's overlaps most, by half of the longer of the two at least. */
static const struct true_rep *match(const struct trial_truth *t, const bool *used, const struct rep *rep) {
        struct span con = span_of(rep, PHASE_CONCENTRIC);
        const struct true_rep *best = NULL;
        double most = 0;

        for (size_t i = 0; i < t->n; i++) {
                const struct true_stroke *c = &t->reps[i].concentric;
                double common = overlap(con, c->start_s, c->end_s);
                double longer = fmax(con.end_s - con.start_s, c->end_s - c->start_s);

                if (used[i] || common <= most || common < MATCH_LEAST * longer)
                        continue;
                best = &t->reps[i];
                most = common;
        }
        return best;
}

/* Nothing is known of what the hub could not hear whole. */
static bool concerns_ignored(const struct trial_truth *t, const struct rep *rep) {
        struct span all = {(double) rep->start_us * 1e-6, (double) rep->end_us * 1e-6};

        for (size_t i = 0; i < t->n; i++)
                if (t->reps[i].ignored && overlap(all, t->reps[i].start_s, t->reps[i].end_s) > 0)
                        return true;
        return false;
}

static void compare_stroke(struct score *s, struct series *nominal, struct series *moving, struct span found,
        const struct true_stroke *stroke) {
        double duration = found.end_s - found.start_s;

        put(s, nominal, duration - (stroke->end_s - stroke->start_s));
        put(s, moving, duration - (stroke->last_s - stroke->first_s));
}

static void compare(
        struct score *s, struct rep_score *r, const struct rep *rep, const struct true_rep *t, double at_s) {
        bool slow = t->eccentric.end_s - t->eccentric.start_s >= LONG_S;

        compare_stroke(s, slow ? &r->eccentric_long_s : &r->eccentric_short_s, &r->eccentric_moving_s,
                span_of(rep, PHASE_ECCENTRIC), &t->eccentric);
        compare_stroke(
                s, &r->concentric_s, &r->concentric_moving_s, span_of(rep, PHASE_CONCENTRIC), &t->concentric);
        put(s, &r->velocity_mps, rep->concentric.mean_mps - t->mean_mps);
        put(s, &r->rom_m, rep->rom_m - t->rom_m);
        put(s, &r->delay_s, at_s - t->end_s);
}

/* Velocity loss of a set: that of its last rep that was found. */
static void compare_losses(
        struct score *s, struct rep_score *r, const struct trial_truth *t, const struct rep *const *partner) {
        for (size_t i = 0; i < t->n; i++) {
                size_t last = i;

                if (!partner[i] || t->reps[i].rep == 1)
                        continue;
                while (last + 1 < t->n && t->reps[last + 1].set == t->reps[i].set && !partner[last + 1])
                        last++;
                if (last + 1 == t->n || t->reps[last + 1].set != t->reps[i].set)
                        put(s, &r->loss_points, partner[i]->velocity_loss_pct - t->reps[i].loss_pct);
        }
}

const char *fault_to_string(enum fault_kind kind) {
        static const char *const words[_FAULT_MAX] = {
                "missed", "false", "late", "eccentric", "concentric", "early", "again"};
        return words[kind];
}

/* The figures of a rep that lie beyond the gates. */
static void find_off(
        const struct rep *rep, const struct true_rep *t, double at_s, fault_fn on_fault, void *userdata) {
        struct span ecc = span_of(rep, PHASE_ECCENTRIC), con = span_of(rep, PHASE_CONCENTRIC);
        const struct true_stroke *e = &t->eccentric, *c = &t->concentric;
        struct fault faults[] = {
                {.kind = FAULT_LATE, .error_s = at_s - t->end_s},
                {.kind = FAULT_ECCENTRIC, .error_s = ecc.end_s - ecc.start_s - (e->end_s - e->start_s)},
                {.kind = FAULT_CONCENTRIC, .error_s = con.end_s - con.start_s - (c->end_s - c->start_s)},
        };
        static const double most_s[] = {LATE_S, OFF_S, OFF_S / 4};

        for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
                faults[i].phase = PHASE_REST;
                faults[i].rep = t->rep;
                faults[i].start_s = t->start_s;
                faults[i].end_s = t->end_s;
                if (i == 0 ? faults[i].error_s > most_s[i] : fabs(faults[i].error_s) > most_s[i])
                        on_fault(&faults[i], userdata);
        }
}

static void add_view(struct score *s, enum view view, const struct trial_truth *t, const struct outcome *o,
        fault_fn on_fault, void *userdata) {
        struct rep_score *r = &s->reps[view];
        bool *used = calloc(t->n + 1, sizeof(*used));
        const struct rep **partner = calloc(t->n + 1, sizeof(*partner));

        s->failed |= !used || !partner;
        for (size_t i = 0; i < o->n_reps && !s->failed; i++) {
                const struct found_rep *f = &o->reps[i];
                const struct rep *rep = view == AT_LOCKOUT ? &f->at_lockout : &f->amended;
                const struct true_rep *m;

                if (view == AMENDED && f->rejected)
                        continue;
                m = match(t, used, rep);
                if (m)
                        used[m - t->reps] = true;
                if (m ? m->ignored : concerns_ignored(t, rep))
                        continue;
                r->found++;
                r->sure += rep->confidence >= SURE;
                if (!m) {
                        if (on_fault)
                                on_fault(&(struct fault){.phase = PHASE_REST,
                                                 .kind = FAULT_FALSE,
                                                 .start_s = (double) rep->start_us * 1e-6,
                                                 .end_s = (double) rep->end_us * 1e-6},
                                        userdata);
                        continue;
                }
                r->matched++;
                r->sure_true += rep->confidence >= SURE;
                partner[m - t->reps] = rep;
                compare(s, r, rep, m, f->at_s);
                if (on_fault)
                        find_off(rep, m, f->at_s, on_fault, userdata);
        }
        for (size_t i = 0; i < t->n && !s->failed; i++) {
                r->n_true += !t->reps[i].ignored;
                if (!used[i] && !t->reps[i].ignored && on_fault)
                        on_fault(&(struct fault){.phase = PHASE_REST,
                                         .kind = FAULT_MISSED,
                                         .rep = t->reps[i].rep,
                                         .start_s = t->reps[i].start_s,
                                         .end_s = t->reps[i].end_s},
                                userdata);
        }
        if (!s->failed)
                compare_losses(s, r, t, partner);
        free(used);
        free(partner);
}

/* ---- live ---- */

struct display {
        const struct outcome *outcome;
        size_t next; /* first change of the display that no true stroke has claimed yet */
        fault_fn on_fault;
        void *userdata;
};

static bool is_moving(enum phase phase) {
        return phase == PHASE_ECCENTRIC || phase == PHASE_CONCENTRIC;
}

static void find_shown(const struct display *d, enum fault_kind kind, const struct shown_phase *p,
        const struct true_rep *rep, const struct true_stroke *stroke) {
        if (d->on_fault)
                d->on_fault(&(struct fault){.kind = kind,
                                    .phase = p->phase,
                                    .rep = rep->rep,
                                    .start_s = stroke->start_s,
                                    .end_s = stroke->end_s,
                                    .error_s = p->at_s - stroke->start_s},
                        d->userdata);
}

static void score_extra(struct score *s, const struct display *d, const struct shown_phase *p,
        const struct true_rep *rep, const struct true_stroke *stroke) {
        if (!is_moving(p->phase))
                return;
        s->live.extra++;
        find_shown(d, FAULT_AGAIN, p, rep, stroke);
}

/* The stroke claims the first change to its phase between the middle of the stroke before it and its own end. */
static void score_border(struct score *s, struct display *d, enum phase phase, double from_s, bool in_set,
        const struct true_rep *rep, const struct true_stroke *stroke) {
        struct live_score *live = &s->live;

        if (isnan(stroke->crossing_s))
                return;
        live->borders++;
        for (; d->next < d->outcome->n_phases; d->next++) {
                const struct shown_phase *p = &d->outcome->phases[d->next];

                if (p->at_s > stroke->end_s)
                        break;
                if (p->at_s < from_s || p->phase != phase) {
                        if (in_set || p->at_s >= from_s)
                                score_extra(s, d, p, rep, stroke);
                        continue;
                }
                put(s, &live->delay_s, p->at_s - stroke->crossing_s);
                if (p->at_s < stroke->start_s - EARLY_S) {
                        live->early++;
                        find_shown(d, FAULT_EARLY, p, rep, stroke);
                }
                d->next++;
                return;
        }
        put(s, &live->delay_s, INFINITY);
}

static void add_borders(struct score *s, struct display *d, const struct trial_truth *t) {
        const struct outcome *o = d->outcome;

        for (size_t i = 0; i < t->n; i++) {
                const struct true_rep *r = &t->reps[i];
                bool eccentric_first = r->eccentric.start_s < r->concentric.start_s;
                const struct true_stroke *first = eccentric_first ? &r->eccentric : &r->concentric,
                                         *second = eccentric_first ? &r->concentric : &r->eccentric;
                const struct true_rep *before = i > 0 && t->reps[i - 1].set == r->set ? r - 1 : NULL;
                double from = r->start_s - 1; /* for the first of a set: what precedes it is no phase */

                if (before)
                        from = eccentric_first ? (before->concentric.start_s + before->concentric.end_s) / 2
                                               : (before->eccentric.start_s + before->eccentric.end_s) / 2;
                if (r->ignored)
                        continue;
                score_border(
                        s, d, eccentric_first ? PHASE_ECCENTRIC : PHASE_CONCENTRIC, from, before, r, first);
                score_border(s, d, eccentric_first ? PHASE_CONCENTRIC : PHASE_ECCENTRIC,
                        (first->start_s + first->end_s) / 2, true, r, second);
                if (i + 1 == t->n || t->reps[i + 1].set != r->set) /* the rest of the set's last stroke */
                        for (; d->next < o->n_phases && o->phases[d->next].at_s <= r->end_s; d->next++)
                                score_extra(s, d, &o->phases[d->next], r, second);
        }
}

/* How long a racked bar is shown as moving. */
static void add_rests(struct score *s, const struct trial_truth *t, const struct outcome *o) {
        for (size_t i = 0; i < t->n_rests; i++) {
                double from_s = t->rests[i].from_s, to_s = fmin(t->rests[i].to_s, from_s + RACKED_S), sum_s = 0;

                for (size_t k = 0; k < o->n_phases; k++) {
                        double until_s = k + 1 < o->n_phases ? o->phases[k + 1].at_s : to_s;

                        if (is_moving(o->phases[k].phase))
                                sum_s += fmax(0, fmin(until_s, to_s) - fmax(o->phases[k].at_s, from_s));
                }
                put(s, &s->live.racked_s, sum_s);
        }
}

static void add_live(struct score *s, const struct trial_truth *t, const struct outcome *o, fault_fn on_fault,
        void *userdata) {
        struct display d = {o, 0, on_fault, userdata};

        add_borders(s, &d, t);
        add_rests(s, t, o);
}

/* ---- sums ---- */

void score_add(struct score *s, const struct trial_truth *truth, const struct outcome *outcome,
        fault_fn on_fault, void *userdata) {
        add_view(s, AT_LOCKOUT, truth, outcome, NULL, NULL);
        add_view(s, AMENDED, truth, outcome, on_fault, userdata);
        add_live(s, truth, outcome, on_fault, userdata);
        for (size_t i = 0; i < outcome->n_reps; i++)
                s->retracted += outcome->reps[i].rejected;
        s->stream_s += truth->duration_s;
}

static void merge_series(struct score *s, struct series *into, const struct series *from) {
        for (size_t i = 0; i < from->n; i++)
                put(s, into, from->x[i]);
}

void score_merge(struct score *into, const struct score *from) {
        for (unsigned v = 0; v < _VIEW_MAX; v++) {
                struct rep_score *a = &into->reps[v];
                const struct rep_score *b = &from->reps[v];

                a->n_true += b->n_true;
                a->found += b->found;
                a->matched += b->matched;
                a->sure += b->sure;
                a->sure_true += b->sure_true;
                merge_series(into, &a->eccentric_short_s, &b->eccentric_short_s);
                merge_series(into, &a->eccentric_long_s, &b->eccentric_long_s);
                merge_series(into, &a->concentric_s, &b->concentric_s);
                merge_series(into, &a->eccentric_moving_s, &b->eccentric_moving_s);
                merge_series(into, &a->concentric_moving_s, &b->concentric_moving_s);
                merge_series(into, &a->velocity_mps, &b->velocity_mps);
                merge_series(into, &a->rom_m, &b->rom_m);
                merge_series(into, &a->loss_points, &b->loss_points);
                merge_series(into, &a->delay_s, &b->delay_s);
        }
        into->live.borders += from->live.borders;
        into->live.extra += from->live.extra;
        into->live.early += from->live.early;
        merge_series(into, &into->live.delay_s, &from->live.delay_s);
        merge_series(into, &into->live.racked_s, &from->live.racked_s);
        into->retracted += from->retracted;
        into->stream_s += from->stream_s;
        into->failed |= from->failed;
}

void series_done(struct series *s) {
        free(s->x);
        *s = (struct series){0};
}

void score_done(struct score *s) {
        for (unsigned v = 0; v < _VIEW_MAX; v++) {
                struct rep_score *r = &s->reps[v];

                series_done(&r->eccentric_short_s);
                series_done(&r->eccentric_long_s);
                series_done(&r->concentric_s);
                series_done(&r->eccentric_moving_s);
                series_done(&r->concentric_moving_s);
                series_done(&r->velocity_mps);
                series_done(&r->rom_m);
                series_done(&r->loss_points);
                series_done(&r->delay_s);
        }
        series_done(&s->live.delay_s);
        series_done(&s->live.racked_s);
}

double score_f1(const struct rep_score *r) {
        return r->found + r->n_true > 0 ? 2.0 * (double) r->matched / (double) (r->found + r->n_true) : 1;
}

static int compare_doubles(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* The smallest value that at least the share of all do not exceed. */
static double quantile(const struct series *s, double share, bool absolute) {
        double *sorted, result;
        size_t i;

        if (s->n == 0)
                return NAN;
        sorted = calloc(s->n, sizeof(*sorted));
        if (!sorted)
                return NAN;
        for (i = 0; i < s->n; i++)
                sorted[i] = absolute ? fabs(s->x[i]) : s->x[i];
        qsort(sorted, s->n, sizeof(*sorted), compare_doubles);
        i = (size_t) ceil(share * (double) s->n);
        result = sorted[i > 0 ? i - 1 : 0];
        free(sorted);
        return result;
}

double series_quantile(const struct series *s, double share) {
        return quantile(s, share, true);
}

double series_signed_quantile(const struct series *s, double share) {
        return quantile(s, share, false);
}

double series_mean(const struct series *s) {
        double sum = 0;

        for (size_t i = 0; i < s->n; i++)
                sum += fabs(s->x[i]);
        return s->n > 0 ? sum / (double) s->n : (double) NAN;
}

struct series series_join(const struct series *a, const struct series *b) {
        struct series s = {calloc(a->n + b->n + 1, sizeof(double)), 0};

        if (!s.x)
                return s;
        if (a->n > 0)
                memcpy(s.x, a->x, a->n * sizeof(double));
        if (b->n > 0)
                memcpy(s.x + a->n, b->x, b->n * sizeof(double));
        s.n = a->n + b->n;
        return s;
}

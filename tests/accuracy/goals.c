/* SPDX-License-Identifier: Apache-2.0 */
/* Goals over the gated cells: hard, mean eccentric speed of 5 cm/s and more, 50 Hz and more, good and middle sensors and
 * cheap ones after calibration, every family. Figures after amendment, except where the name says otherwise. */

#include "accuracy/goals.h"

#include <math.h>
#include <string.h>

#include "util/macros.h"

struct list {
        struct goal *goals;
        unsigned n;
};

/* All gated cells together: as measured, and with a perfect sensor. */
struct sums {
        struct score measured, perfect;
};

static void add(struct list *l, const char *name, bool at_least, double gate, double stretch, double measured,
        int digits) {
        struct goal *g = &l->goals[l->n++];

        *g = (struct goal){
                .at_least = at_least,
                .gate = gate,
                .stretch = stretch,
                .measured = measured,
                .perfect = NAN,
                .digits = digits,
        };
        snprintf(g->name, sizeof(g->name), "%s", name);
}

/* A figure that a perfect sensor has, too. */
static void add_both(struct list *l, const char *name, double gate, double stretch, double measured,
        double perfect, int digits) {
        add(l, name, false, gate, stretch, measured, digits);
        l->goals[l->n - 1].perfect = perfect;
}

static void add_errors(struct list *l, const char *name, const struct series *s, const struct series *perfect,
        const double gate[static 2], const double stretch[static 2]) {
        char text[96];

        snprintf(text, sizeof(text), "%s, median", name);
        add_both(l, text, gate[0], stretch[0], series_quantile(s, 0.5), series_quantile(perfect, 0.5), 3);
        snprintf(text, sizeof(text), "%s, p95", name);
        add_both(l, text, gate[1], stretch[1], series_quantile(s, 0.95), series_quantile(perfect, 0.95), 3);
}

static double share(size_t n, size_t of) {
        return of > 0 ? 100.0 * (double) n / (double) of : (double) NAN;
}

static void add_counts(struct list *l, const struct results *r, const struct score *sum) {
        const struct result *worst = NULL;
        char text[96];

        for (size_t i = 0; i < r->n; i++)
                if (r->items[i].cell->gated &&
                        (!worst ||
                                score_f1(&r->items[i].score.reps[AMENDED]) <
                                        score_f1(&worst->score.reps[AMENDED])))
                        worst = &r->items[i];
        add(l, "rep F1, after amendment", true, 0.995, 0.999,
                sum->reps[AMENDED].n_true > 0 ? score_f1(&sum->reps[AMENDED]) : (double) NAN, 4);
        add(l, "rep F1, at lockout", true, 0.995, 0.999,
                sum->reps[AMENDED].n_true > 0 ? score_f1(&sum->reps[AT_LOCKOUT]) : (double) NAN, 4);
        snprintf(text, sizeof(text), "worst cell's F1 (%s)", worst ? worst->cell->name : "none");
        add(l, text, true, 0.98, 0.99, worst ? score_f1(&worst->score.reps[AMENDED]) : (double) NAN, 4);
}

/* The mixed hours decide; the aim is that none of the others bring one either. */
static void add_idle(struct list *l, const struct results *r) {
        double hours = 0;
        size_t mixed = 0, all = 0;
        char text[96];

        for (size_t i = 0; i < r->n; i++) {
                const struct score *s = &r->items[i].score;

                if (r->items[i].cell->section != SECTION_IDLE)
                        continue;
                hours += s->stream_s / 3600;
                all += s->reps[AMENDED].found;
                mixed += r->items[i].cell->idle == IDLE_MIXED ? s->reps[AMENDED].found : 0;
        }
        add(l, "false reps in mixed idle hours", false, 0, 0, hours > 0 ? (double) mixed : (double) NAN, 0);
        snprintf(text, sizeof(text), "false reps in %.1f idle hours", hours);
        add(l, text, false, NAN, 0, hours > 0 ? (double) all : (double) NAN, 0);
}

static void add_figures(struct list *l, const struct sums *s) {
        const struct rep_score *m = &s->measured.reps[AMENDED], *p = &s->perfect.reps[AMENDED];

        add_errors(l, "eccentric duration error under 5 s, s", &m->eccentric_short_s, &p->eccentric_short_s,
                (double[]){0.08, 0.5}, (double[]){0.04, 0.25});
        add_errors(l, "eccentric duration error from 5 s, s", &m->eccentric_long_s, &p->eccentric_long_s,
                (double[]){0.2, 1.0}, (double[]){0.1, 0.6});
        add_errors(l, "concentric duration error, s", &m->concentric_s, &p->concentric_s,
                (double[]){0.05, 0.25}, (double[]){0.03, 0.15});
        add_both(l, "mean concentric velocity, mean error, m/s", 0.010, 0.005, series_mean(&m->velocity_mps),
                series_mean(&p->velocity_mps), 4);
        add_both(l, "ROM, mean error, mm", 15, 10, 1000 * series_mean(&m->rom_m), 1000 * series_mean(&p->rom_m),
                1);
        add_both(l, "velocity loss of a set, median error, points", 1.5, 1,
                series_quantile(&m->loss_points, 0.5), series_quantile(&p->loss_points, 0.5), 2);
}

static void add_live(struct list *l, const struct live_score *m, const struct live_score *p) {
        add_both(l, "phase shown after 2 cm/s, median, s", 0.12, 0.08, series_signed_quantile(&m->delay_s, 0.5),
                series_signed_quantile(&p->delay_s, 0.5), 3);
        add_both(l, "phase shown after 2 cm/s, p90, s", 0.40, 0.30, series_signed_quantile(&m->delay_s, 0.9),
                series_signed_quantile(&p->delay_s, 0.9), 3);
        add_both(l, "borders shown again, of 100", 1, 0, share(m->extra, m->borders),
                share(p->extra, p->borders), 2);
        add_both(l, "borders shown over 0.1 s early, of 100", 1, 0, share(m->early, m->borders),
                share(p->early, p->borders), 2);
}

unsigned goals_measure(const struct results *r, struct goal ret[static GOALS_MAX]) {
        struct list l = {ret, 0};
        struct sums s = {0};
        const struct rep_score *reps = &s.measured.reps[AMENDED];

        for (size_t i = 0; i < r->n; i++)
                if (r->items[i].cell->gated) {
                        score_merge(&s.measured, &r->items[i].score);
                        score_merge(&s.perfect, &r->items[i].limit);
                }
        add_counts(&l, r, &s.measured);
        add_figures(&l, &s);
        add_live(&l, &s.measured.live, &s.perfect.live);
        add(&l, "final rep after lockout, median, s", false, 0.7, 0.5,
                series_signed_quantile(&reps->delay_s, 0.5), 3);
        add(&l, "final rep after lockout, p95, s", false, 1.2, 1.0,
                series_signed_quantile(&reps->delay_s, 0.95), 3);
        add(&l, "reps with confidence >= 0.9 that are true, %", true, 99, 99.9,
                share(reps->sure_true, reps->sure), 2);
        add(&l, "true reps found with confidence >= 0.9, %", true, 95, 98,
                share(reps->sure_true, reps->matched), 2);
        add_idle(&l, r);
        score_done(&s.measured);
        score_done(&s.perfect);
        return l.n;
}

/* Exactly on the gate is met; a figure that was not measured is not. */
static bool reached(const struct goal *g, double limit) {
        return g->at_least ? g->measured >= limit : g->measured <= limit;
}

bool goal_met(const struct goal *g) {
        return isnan(g->gate) || reached(g, g->gate);
}

bool goal_great(const struct goal *g) {
        return reached(g, g->stretch);
}

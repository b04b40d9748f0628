/* SPDX-License-Identifier: Apache-2.0 */
/* It follows the core's own motion, calibration and attitude included, with the core's filter, from a second before the first
 * rep on. When a stroke begins it is told nothing; once it has shown it, it is told when that was, what was held before it, and
 * where the bar is at the end of a rep. While the bar is held it is told so, or not. A movement is shown from SEEN_MPS on if it
 * is no error of the velocity: beyond SURE_SIGMAS, one false alarm in 100. No test of the velocity is quicker at that price
 * (Neyman and Pearson); what is shown sooner was foretold by something else, as by the time and place of the reps before. */

#include "accuracy/informed.h"

#include <math.h>

#include "util/macros.h"

#define SEEN_MPS    0.02 /* where the delay counts from */
#define SURE_SIGMAS 2.33
#define AROUND_S    1.0
#define BORDER_MPS  0.008 /* sway where the bar turns */

void informed_init(struct informed *i, bool holds) {
        *i = (struct informed){.phase = PHASE_REST, .feels = holds};
}

static bool inside(const struct true_stroke *s, double t_s) {
        return t_s >= s->start_s && t_s < s->end_s;
}

static const struct true_stroke *stroke_at(const struct true_rep *r, double t_s) {
        return inside(&r->eccentric, t_s) ? &r->eccentric : inside(&r->concentric, t_s) ? &r->concentric : NULL;
}

static void hold(struct vertical *v, const struct beam_params *p) {
        vertical_update_v(v, 0, p->rest_mps * p->rest_mps / TICK_S);
}

/* A border: what was known before is all that is known, until the stroke is shown. */
static void pass(struct informed *i, const struct true_stroke *stroke) {
        vertical_update_v(&i->after, 0, BORDER_MPS * BORDER_MPS);
        if (!stroke && i->feels)
                i->motion = i->after;
        i->stroke = stroke;
}

/* The bar has come home. */
static void close(struct informed *i, const struct beam_params *p) {
        vertical_update_p(&i->after, 0, p->close_m * p->close_m);
        vertical_place(&i->after, 0, p->close_m * p->close_m);
        i->next++;
}

static bool shows(const struct informed *i, enum phase *ret) {
        double v = i->motion.v;

        *ret = v > 0 ? PHASE_CONCENTRIC : PHASE_ECCENTRIC;
        return *ret != i->phase && fabs(v) > fmax(SEEN_MPS, SURE_SIGMAS * sqrt(i->motion.vv));
}

static void follow(struct informed *i, const struct core *c, const struct moment *m) {
        const struct tracker *t = &c->tracker;
        double up[3], q = vertical_drift(&c->vertical, t->turn_mean, t->turn_mps2);

        moment_up(m, up);
        vertical_predict(&i->motion, (double) m->a_mps2, up, moment_noise(m), q);
        vertical_predict(&i->after, (double) m->a_mps2, up, moment_noise(m), q);
}

static void look(struct informed *i, const struct core *c, const struct trial_truth *truth, unsigned ago,
        double at_s, struct outcome *ret) {
        double t_s = (double) (c->history.t_us - ago * TICK_US) * 1e-6;
        const struct beam_params *p = &c->beam.params;
        struct event e = {.type = EVENT_PHASE};

        if (i->next == truth->n || t_s < truth->reps[0].start_s - AROUND_S)
                return;
        if (!i->begun) {
                i->begun = true;
                i->motion = c->beam.hypotheses[0].motion;
                vertical_place(&i->motion, 0, p->close_m * p->close_m);
                i->after = i->motion;
        }
        follow(i, c, history_ago(&c->history, ago));
        if (t_s >= truth->reps[i->next].end_s)
                close(i, p);
        const struct true_stroke *stroke = i->next < truth->n ? stroke_at(&truth->reps[i->next], t_s) : NULL;
        if (stroke != i->stroke)
                pass(i, stroke);
        if (!stroke)
                hold(&i->after, p);
        if (!stroke && i->feels)
                i->motion = i->after;
        else if (shows(i, &e.phase.phase)) {
                i->phase = e.phase.phase;
                i->motion = i->after;
                outcome_take(ret, &e, at_s);
        }
}

void informed_look(struct informed *i, const struct core *core, const struct trial_truth *truth, double at_s,
        struct outcome *ret) {
        const struct history *h = &core->history;
        uint64_t n = h->n > 0 && h->t_us > i->seen_us ? (h->t_us - i->seen_us) / TICK_US : 0;

        for (unsigned ago = (unsigned) MIN(n, (uint64_t) h->n); ago-- > 0;)
                look(i, core, truth, ago, at_s, ret);
        i->seen_us = h->n > 0 ? h->t_us : i->seen_us;
}

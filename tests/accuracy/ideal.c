/* SPDX-License-Identifier: Apache-2.0 */
/* The velocity of the sensor along the path, sway and lever arm included, without any error; the true borders as a
 * first guess. What is left of an error is in the definition of a border and in the lifter's sway. */

#include "accuracy/ideal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <repcast/core.h>

#include "core/border.h"
#include "synth/random.h"
#include "util/macros.h"

#define SEEN_MPS    0.02 /* where the delay counts from */
#define SURE_SIGMAS 2.33 /* one false alarm in 100 */
#define AROUND_S    1.0  /* of what comes before and after a rep, so much is looked at */

struct view {
        const struct synth *synth;
        double along; /* velocity along the muscle axis for each m/s upwards */
        double zero_s;
        struct repfit_params params;
        float v[HISTORY_N]; /* its velocity */
        struct window window;
};

static unsigned tick_of(const struct view *v, double t_s) {
        return (unsigned) fmin(fmax(t_s - v->zero_s, 0) / TICK_S, v->window.n - 1);
}

static void look(struct view *v, const struct true_rep *r, double before_s, double after_s) {
        const struct true_stroke *a = &r->eccentric, *b = &r->concentric;
        if (a->start_s > b->start_s) {
                a = &r->concentric;
                b = &r->eccentric;
        }
        v->zero_s = fmax(r->start_s - AROUND_S, 0);
        v->window.n = (unsigned) fmin((r->end_s + AROUND_S - v->zero_s) / TICK_S, HISTORY_N);
        for (unsigned i = 0; i < v->window.n; i++)
                v->v[i] = (float) (v->along *
                        motion_at(synth_motion(v->synth), v->zero_s + i * TICK_S).velocity_mps[2]);
        v->window.before = v->window.hold_from = tick_of(v, before_s);
        v->window.a0 = tick_of(v, a->start_s);
        v->window.a1 = tick_of(v, a->end_s);
        v->window.b0 = tick_of(v, b->start_s);
        v->window.b1 = tick_of(v, b->end_s);
        v->window.after = v->window.hold_until = tick_of(v, after_s);
}

static uint64_t instant(const struct view *v, double tick) {
        return (uint64_t) llrint((v->zero_s + tick * TICK_S) * 1e6);
}

static void tell(const struct view *v, const struct borders *b, bool eccentric_first, struct rep *ret) {
        struct phase_span first = {PHASE_ECCENTRIC, instant(v, b->a0), instant(v, b->a1)};
        struct phase_span second = {PHASE_CONCENTRIC, instant(v, b->b0), instant(v, b->b1)};
        double from = eccentric_first ? b->b0 : b->a0, to = eccentric_first ? b->b1 : b->a1;

        if (!eccentric_first) {
                first.phase = PHASE_CONCENTRIC;
                second.phase = PHASE_ECCENTRIC;
        }
        ret->phases[ret->n_phases++] = first;
        ret->phases[ret->n_phases++] = second;
        ret->start_us = first.start_us;
        ret->end_us = second.end_us;
        for (unsigned i = (unsigned) fmax(from, 0); i <= (unsigned) to && i < v->window.n; i++)
                ret->rom_m += (double) v->v[i] * TICK_S;
        ret->concentric.mean_mps = ret->rom_m / ((to - from) * TICK_S);
        ret->confidence = 1;
}

static double along_of(const struct trial *t) {
        return (t->exercise->eccentric == EXERCISE_ECCENTRIC_UP ? -1 : 1) /
                sin(t->exercise->incline_deg * M_PI / 180);
}

static int find(
        const struct trial *t, const struct synth *s, const struct trial_truth *truth, struct outcome *ret) {
        struct core_params params;
        struct view *v = calloc(1, sizeof(*v));
        double best = 0;

        if (!v)
                return -ENOMEM;
        core_params_init(&params);
        v->synth = s;
        v->params = params.repfit;
        v->along = along_of(t);
        for (size_t i = 0; i < truth->n; i++) {
                const struct true_rep *r = &truth->reps[i];
                bool first = i == 0 || truth->reps[i - 1].set != r->set;
                bool last = i + 1 == truth->n || truth->reps[i + 1].set != r->set;
                struct event e = {.type = EVENT_REP, .rep = {.set = r->set, .rep = r->rep}};
                struct borders b;

                look(v, r, first ? 0 : truth->reps[i - 1].end_s, last ? HUGE_VAL : truth->reps[i + 1].start_s);
                bool eccentric_first = r->eccentric.start_s < r->concentric.start_s;
                if (borders_find(&v->params, v->v, &v->window, eccentric_first ? -1 : 1,
                            params.repfit.edge_share, &b) < 0)
                        continue;
                tell(v, &b, eccentric_first, &e.rep);
                best = fmax(first ? 0 : best, e.rep.concentric.mean_mps);
                e.rep.velocity_loss_pct = 100 * (1 - e.rep.concentric.mean_mps / best);
                outcome_take(ret, &e, r->end_s);
        }
        free(v);
        return ret->failed ? -ENOMEM : 0;
}

/* What a display knows whose acceleration has a constant error from one moment of known velocity to the next: the start of
 * the stroke shown last, or a hold. One that errs less than SURE_SIGMAS is no reason to tell of a movement; with errors of
 * a normal distribution no other test of the velocity is quicker at as few false alarms (Neyman and Pearson). */
struct sight {
        const struct trial_truth *truth;
        size_t next; /* rep that is not over */
        double doubt_mps2, error_mps2, known_s;
        struct random random;
};

static bool inside(const struct true_stroke *stroke, double t_s) {
        return t_s >= stroke->start_s && t_s < stroke->end_s;
}

/* The start of the stroke that goes on; NAN in a hold. */
static double begun(struct sight *s, double t_s) {
        while (s->next < s->truth->n && s->truth->reps[s->next].end_s <= t_s)
                s->next++;
        if (s->next == s->truth->n)
                return NAN;
        const struct true_rep *r = &s->truth->reps[s->next];

        return inside(&r->eccentric, t_s)     ? r->eccentric.start_s
                : inside(&r->concentric, t_s) ? r->concentric.start_s
                                              : (double) NAN;
}

static void know(struct sight *s, double since_s) {
        s->known_s = since_s;
        s->error_mps2 = s->doubt_mps2 * random_normal(&s->random);
}

/* The display of a hub that reads the velocity out of each packet as it arrives: a movement is shown from SEEN_MPS on, and
 * from where it is no error, until the bar goes the other way by as much. With the exact velocity what is late then is
 * transport; what is early or shown again, sway. */
static int show(const struct trial *t, struct synth *s, const struct trial_truth *truth, struct outcome *ret) {
        double along = along_of(t), packet_s = t->options.per_packet / t->options.rate_hz, until_s = 0;
        struct sight sight = {
                .truth = truth, .doubt_mps2 = t->doubt_mps2, .random = random_stream(t->options.seed, 12)};
        struct event e = {.type = EVENT_PHASE, .phase.phase = PHASE_REST};
        struct synth_packet packet;
        int k;

        know(&sight, 0);
        while ((k = synth_next_packet(s, &packet)) > 0) {
                double end_s = (double) packet.first_us * 1e-6 + packet_s;

                for (until_s = fmax(until_s, end_s - packet_s); until_s < end_s; until_s += TICK_S) {
                        double begun_s = begun(&sight, until_s);
                        if (isnan(begun_s)) {
                                know(&sight, until_s);
                                continue;
                        }
                        double unknown_s = until_s - sight.known_s;
                        double v = along * motion_at(synth_motion(s), until_s).velocity_mps[2] +
                                sight.error_mps2 * unknown_s;
                        enum phase phase = v > 0 ? PHASE_CONCENTRIC : PHASE_ECCENTRIC;

                        if (fabs(v) < fmax(SEEN_MPS, SURE_SIGMAS * sight.doubt_mps2 * unknown_s) ||
                                phase == e.phase.phase)
                                continue;
                        e.phase.phase = phase;
                        outcome_take(ret, &e, (double) packet.arrival_us * 1e-6);
                        know(&sight, begun_s);
                }
        }
        return ret->failed ? -ENOMEM : k;
}

int ideal_run(const struct trial *t, struct trial_truth *ret_truth, struct outcome *ret) {
        struct synth_options options = t->options;
        struct synth *s = NULL;
        int k;

        *ret_truth = (struct trial_truth){0};
        *ret = (struct outcome){0};
        options.rests = 0;
        k = synth_new(&options, &s);
        if (k >= 0)
                k = trial_truth_of(s, ret_truth);
        if (k >= 0)
                k = find(t, s, ret_truth, ret);
        if (k >= 0)
                k = show(t, s, ret_truth, ret);
        synth_free(s);
        return k;
}

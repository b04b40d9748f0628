/* SPDX-License-Identifier: Apache-2.0 */
/* Running a trial. Times are seconds of true time, which is the hub's clock here: sensor clocks are off, it is not. */

#include "accuracy/trial.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <repcast/core.h>

#include "accuracy/informed.h"
#include "sensor/decoder.h"
#include "util/macros.h"

#define LIVE_MPS 0.02 /* speed at which a bar is seen to move */

static double seconds(uint64_t us) {
        return (double) us * 1e-6;
}

static struct true_stroke stroke_of(const struct synth *s, const struct truth_phase *p) {
        return (struct true_stroke){
                .start_s = seconds(p->start_us),
                .end_s = seconds(p->end_us),
                .first_s = synth_when_travelled(s, p, 0.01),
                .last_s = synth_when_travelled(s, p, 0.99),
                .crossing_s = synth_when_moving(s, p, LIVE_MPS),
        };
}

int trial_truth_of(const struct synth *s, struct trial_truth *ret) {
        const struct truth *t = synth_truth(s);
        double best = 0;

        ret->reps = calloc(t->n_reps + 1, sizeof(*ret->reps));
        if (!ret->reps)
                return -ENOMEM;
        ret->n = t->n_reps;
        ret->duration_s = synth_duration_s(s);
        for (size_t i = 0, k = 0; i < t->n_reps; i++) {
                struct true_rep *r = &ret->reps[i];

                *r = (struct true_rep){
                        .set = t->reps[i].set,
                        .rep = t->reps[i].rep,
                        .start_s = INFINITY,
                        .rom_m = t->reps[i].rom_m,
                        .mean_mps = t->reps[i].concentric.mean_mps,
                };
                for (; k < t->n_phases && t->phases[k].set == r->set && t->phases[k].rep == r->rep; k++) {
                        const struct truth_phase *p = &t->phases[k];

                        if (p->phase != PHASE_ECCENTRIC && p->phase != PHASE_CONCENTRIC)
                                continue;
                        *(p->phase == PHASE_ECCENTRIC ? &r->eccentric : &r->concentric) = stroke_of(s, p);
                        r->start_s = fmin(r->start_s, seconds(p->start_us));
                        r->end_s = fmax(r->end_s, seconds(p->end_us));
                }
                if (i == 0 || t->reps[i - 1].set != r->set)
                        best = 0;
                best = fmax(best, r->mean_mps);
                r->loss_pct = 100 * (1 - r->mean_mps / best);
        }
        return 0;
}

/* From each re-rack to what comes next, or the end of the stream. */
static int rests_of(const struct synth *s, struct trial_truth *ret) {
        const struct truth *t = synth_truth(s);

        ret->rests = calloc(t->n_moves + 1, sizeof(*ret->rests));
        if (!ret->rests)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_moves; i++) {
                struct true_rest *r = &ret->rests[ret->n_rests];

                if (t->moves[i].kind != REJECTED_RERACK)
                        continue;
                *r = (struct true_rest){seconds(t->moves[i].end_us), synth_duration_s(s)};
                if (i + 1 < t->n_moves)
                        r->to_s = fmin(r->to_s, seconds(t->moves[i + 1].start_us));
                for (size_t k = 0; k < t->n_phases; k++)
                        if (t->phases[k].start_us >= t->moves[i].end_us)
                                r->to_s = fmin(r->to_s, seconds(t->phases[k].start_us));
                ret->n_rests++;
        }
        return 0;
}

/* The span of time in which the hub hears nothing. */
struct deaf {
        double from_s, to_s;
};

static struct deaf deaf_before(const struct trial *t, const struct trial_truth *truth) {
        if (t->join_rep == 0 || t->join_rep > truth->n)
                return (struct deaf){0, 0};
        const struct true_rep *r = &truth->reps[t->join_rep - 1];

        return (struct deaf){0, r->start_s + 0.3 * (r->end_s - r->start_s)};
}

static struct deaf deaf_within(const struct trial *t, const struct trial_truth *truth) {
        if (!(t->gap_s > 0) || t->gap_rep > truth->n)
                return (struct deaf){0, 0};
        const struct true_rep *r = &truth->reps[t->gap_rep - 1];
        double middle = r->eccentric.start_s < r->concentric.start_s
                ? (r->eccentric.start_s + r->eccentric.end_s) / 2
                : (r->concentric.start_s + r->concentric.end_s) / 2;

        return (struct deaf){middle, middle + t->gap_s};
}

/* A rep of which a second or more is missing cannot be held against the core, whatever it says of it. */
static void ignore(struct trial_truth *truth, struct deaf d) {
        for (size_t i = 0; i < truth->n; i++) {
                struct true_rep *r = &truth->reps[i];

                if (fmin(r->end_s, d.to_s) - fmax(r->start_s, d.from_s) > (d.from_s > 0 ? 2.5 : 0))
                        r->ignored = true;
        }
}

/* The look back alone, told what happened: each rep goes to it with its true borders once a second has passed since its
 * end, as it would if everything before it were without fault. */
struct prompter {
        const struct trial_truth *truth; /* NULL = nothing is told */
        size_t next;
        bool begun;
        struct bias bias; /* as the beam knew it when the rep began */
        double best_mps;
        struct informed informed;
};

struct hub {
        struct prompter prompter;
        struct core core;
        struct profile profile;
        struct decoder decoder;
        double at_s;             /* when the packet in work arrived */
        struct outcome *outcome; /* NULL = nobody listens */
};

static uint64_t instant(double t_s) {
        return (uint64_t) llrint(t_s * 1e6);
}

static void prompt_rep(struct hub *h, const struct true_rep *r, double at_s) {
        struct prompter *p = &h->prompter;
        size_t i = (size_t) (r - p->truth->reps);
        bool first = i == 0 || r[-1].set != r->set, last = i + 1 == p->truth->n || r[1].set != r->set;
        bool up = r->concentric.start_s < r->eccentric.start_s;
        const struct true_stroke *a = up ? &r->concentric : &r->eccentric,
                                 *b = up ? &r->eccentric : &r->concentric;
        struct cycle c = {
                .first = {.up = up,
                        .start_us = instant(a->start_s),
                        .end_us = instant(a->end_s),
                        .bias = p->bias,
                        .still_since_us = instant(first ? fmax(a->start_s - 0.5, 0) : r[-1].end_s)},
                .second = {.up = !up,
                        .start_us = instant(b->start_s),
                        .end_us = instant(b->end_s),
                        .still_since_us = instant(a->end_s)},
                .until_us = instant(last ? r->end_s + 1 : fmin(r[1].start_s, r->end_s + 1)),
        };
        struct event e = {.type = EVENT_REP, .rep = {.set = r->set, .rep = r->rep}};
        struct cycle_fit fit;

        if (repfit_run(&h->core.repfit, &h->core.history, &c, &fit) < 0)
                return;
        const struct phase_fit *x = up ? &fit.concentric : &fit.eccentric,
                               *y = up ? &fit.eccentric : &fit.concentric;
        e.rep.phases[e.rep.n_phases++] =
                (struct phase_span){up ? PHASE_CONCENTRIC : PHASE_ECCENTRIC, x->start_us, x->end_us};
        e.rep.phases[e.rep.n_phases++] =
                (struct phase_span){up ? PHASE_ECCENTRIC : PHASE_CONCENTRIC, y->start_us, y->end_us};
        e.rep.start_us = x->start_us;
        e.rep.end_us = y->end_us;
        e.rep.rom_m = fit.concentric.travel_m;
        e.rep.concentric.mean_mps = fit.concentric.mean_mps;
        e.rep.confidence = 1;
        p->best_mps = fmax(first ? 0 : p->best_mps, fit.concentric.mean_mps);
        e.rep.velocity_loss_pct = 100 * (1 - fit.concentric.mean_mps / p->best_mps);
        outcome_take(h->outcome, &e, at_s);
}

static void prompt(struct hub *h, double now_s) {
        struct prompter *p = &h->prompter;
        if (p->next >= p->truth->n)
                return;
        const struct true_rep *r = &p->truth->reps[p->next];
        const struct vertical *v = &h->core.beam.hypotheses[0].motion;
        if (!p->begun && now_s >= r->start_s) {
                p->begun = true;
                for (unsigned i = 0; i < 3; i++) {
                        p->bias.b[i] = v->b[i];
                        for (unsigned j = 0; j < 3; j++)
                                p->bias.P[i][j] = v->bb[i][j];
                }
        }
        if (now_s >= r->end_s + 1) {
                prompt_rep(h, r, h->at_s);
                p->begun = false;
                p->next++;
        }
}

static void collect(struct hub *h, double at_s) {
        const struct event *e;

        while ((e = core_next(&h->core)))
                if (h->outcome && !h->prompter.truth)
                        outcome_take(h->outcome, e, at_s);
}

static void take_samples(void *userdata, const struct sample *samples, size_t n) {
        struct hub *h = userdata;

        for (size_t i = 0; i < n; i++) {
                core_push(&h->core, &samples[i]);
                collect(h, h->at_s);
                if (!h->prompter.truth)
                        continue;
                prompt(h, seconds(samples[i].t_us));
                informed_look(&h->prompter.informed, &h->core, h->prompter.truth, h->at_s, h->outcome);
        }
}

/* A whole stream, but for what is not heard of it. */
static int hear(const struct trial *t, struct synth *s, struct hub *h, const struct calibration *known,
        struct deaf before, struct deaf within) {
        static const struct decoder_handler handler = {.on_samples = take_samples};
        const struct packet_format format = synth_format(s);
        struct synth_packet raw;
        int k;

        packet_profile(&format, &h->profile);
        k = without_init(&h->core, t->exercise, known, t->without);
        if (k >= 0)
                k = decoder_init(&h->decoder, &h->profile, t->options.rate_hz, &handler, h);
        while (k >= 0 && (k = synth_next_packet(s, &raw)) > 0) {
                double at = seconds(raw.first_us);

                if (at < before.to_s || (at >= within.from_s && at < within.to_s))
                        continue;
                h->at_s = seconds(raw.arrival_us);
                decoder_push(&h->decoder, 0, raw.bytes, raw.n_bytes, raw.arrival_us);
                if (h->decoder.stats.bad + h->decoder.stats.other > 0)
                        return -EBADMSG;
        }
        return k;
}

/* The rests of another day, with the same sensor: all that is kept of them is the calibration. */
static int calibrate(const struct trial *t, struct hub *h, struct calibration *ret) {
        struct synth_options rests = t->options;
        struct synth *s;
        int k;

        rests.sets = 0;
        k = synth_new(&rests, &s);
        if (k < 0)
                return k;
        k = hear(t, s, h, NULL, (struct deaf){0, 0}, (struct deaf){0, 0});
        synth_free(s);
        core_get_calibration(&h->core, ret);
        return k;
}

static int run(const struct trial *t, struct synth *s, struct hub *h, const struct calibration *known,
        struct trial_truth *truth) {
        struct deaf before = deaf_before(t, truth), within = deaf_within(t, truth);
        int k;

        ignore(truth, before);
        ignore(truth, within);
        if (t->told) {
                h->prompter.truth = truth;
                informed_init(&h->prompter.informed, !t->blind);
        }
        k = hear(t, s, h, known, before, within);
        if (k < 0)
                return k;
        core_flush(&h->core);
        collect(h, truth->duration_s);
        return h->outcome->failed ? -ENOMEM : 0;
}

int trial_run(const struct trial *t, struct trial_truth *ret_truth, struct outcome *ret) {
        struct synth_options options = t->options;
        struct calibration known;
        struct synth *s = NULL;
        struct hub *h;
        int k;

        *ret_truth = (struct trial_truth){0};
        *ret = (struct outcome){0};
        h = calloc(1, sizeof(*h));
        if (!h)
                return -ENOMEM;
        options.rests = 0;
        k = t->options.rests > 0 ? calibrate(t, h, &known) : 0;
        h->outcome = ret;
        if (k >= 0)
                k = synth_new(&options, &s);
        if (k >= 0)
                k = trial_truth_of(s, ret_truth);
        if (k >= 0)
                k = rests_of(s, ret_truth);
        if (k >= 0)
                k = run(t, s, h, t->options.rests > 0 ? &known : NULL, ret_truth);
        synth_free(s);
        free(h);
        return k;
}

void trial_truth_done(struct trial_truth *t) {
        free(t->reps);
        free(t->rests);
        *t = (struct trial_truth){0};
}

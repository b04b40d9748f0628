/* SPDX-License-Identifier: Apache-2.0 */
/* Collects what a picture shows. */

#include "ctl/scene.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"

#define GAP_US                                                                                                 \
        500000 /* a longer interval without samples is shown: four periods of the slowest sensors, 8 Hz */

void scene_init(struct scene *s) {
        memset(s, 0, sizeof(*s));
}

void scene_done(struct scene *s) {
        free(s->phases);
        free(s->reps);
        free(s->rejected);
        free(s->sets);
        free(s->gaps);
        scene_init(s);
}

/* Room for one more of n items: space is doubled whenever it is full, which is when n is a power of two. */
static void *make_room(void *items, size_t n, size_t size) {
        if ((n & (n - 1)) != 0)
                return items;
        return reallocarray(items, n > 0 ? 2 * n : 1, size);
}

/* Append *item to an array; the array stays as it is on failure. */
#define APPEND(array, n, item)                                                                                 \
        __extension__({                                                                                        \
                __typeof__(array) _grown = make_room(array, n, sizeof((array)[0]));                            \
                if (_grown) {                                                                                  \
                        (array) = _grown;                                                                      \
                        (array)[(n)++] = (item);                                                               \
                }                                                                                              \
                _grown ? 0 : -ENOMEM;                                                                          \
        })

static int add_gap(struct scene *s, uint64_t t_us) {
        struct span gap = {.start_us = s->end_us, .end_us = t_us};

        uint64_t middle_us = s->end_us + (t_us - s->end_us) / 2;

        curve_add(&s->position, middle_us, NAN);
        curve_add(&s->velocity, middle_us, NAN);
        curve_add(&s->force, middle_us, NAN);
        return APPEND(s->gaps, s->n_gaps, gap);
}

int scene_sample(struct scene *s, const struct sample *sample, const struct live *live) {
        const double *f = sample->f_mps2;
        double force = sqrt(f[0] * f[0] + f[1] * f[1] + f[2] * f[2]) - STANDARD_GRAVITY_MPS2;
        int k = 0;

        if (!s->any) {
                s->any = true;
                s->start_us = s->end_us = sample->t_us;
                curve_init(&s->position, s->start_us);
                curve_init(&s->velocity, s->start_us);
                curve_init(&s->force, s->start_us);
        }
        if (sample->t_us > s->end_us + GAP_US)
                k = add_gap(s, sample->t_us);
        s->end_us = MAX(s->end_us, sample->t_us);
        s->n_samples++;
        s->force_energy += force * force;
        curve_add(&s->position, sample->t_us, live->position_m);
        curve_add(&s->velocity, sample->t_us, live->velocity_mps);
        curve_add(&s->force, sample->t_us, force);
        return k;
}

static int add_phase(struct scene *s, const struct phase_event *e) {
        struct shown_phase phase = {
                .span = {.phase = e->phase, .start_us = e->start_us, .end_us = UINT64_MAX},
                .seen_us = e->start_us + e->latency_us,
        };

        if (s->n_phases > 0) {
                struct phase_span *before = &s->phases[s->n_phases - 1].span;

                before->end_us = MAX(before->start_us, e->start_us);
        }
        return APPEND(s->phases, s->n_phases, phase);
}

static int add_rep(struct scene *s, const struct rep *r) {
        struct counted_rep counted = {.rep = *r};

        return APPEND(s->reps, s->n_reps, counted);
}

static struct counted_rep *find_rep(struct scene *s, uint32_t set, uint32_t rep) {
        for (size_t i = s->n_reps; i-- > 0;)
                if (s->reps[i].rep.set == set && s->reps[i].rep.rep == rep)
                        return &s->reps[i];
        return NULL;
}

/* A rep that is taken back is from then on a movement that is not counted. */
static int amend(struct scene *s, const struct amend *a) {
        struct counted_rep *known = find_rep(s, a->set, a->rep);

        if (!known)
                return 0;
        if (a->change == AMENDED_FIGURES) {
                known->rep = a->figures;
                return 0;
        }
        known->withdrawn = true;
        known->reason = a->reason;
        struct rejected rejected = {
                .reason = a->reason,
                .start_us = known->rep.start_us,
                .end_us = known->rep.end_us,
                .rom_m = known->rep.rom_m,
                .peak_mps = MAX(known->rep.eccentric.peak_mps, known->rep.concentric.peak_mps),
        };
        return APPEND(s->rejected, s->n_rejected, rejected);
}

static int add_set(struct scene *s, const struct set *set) {
        struct ended_set ended = {
                .set = set->set,
                .n_reps = set->n_reps,
                .end = set->end,
                .start_us = set->start_us,
                .end_us = set->end_us,
                .tut_s = set->tut_s,
                .best_mps = set->best_mps,
                .velocity_loss_pct = set->velocity_loss_pct,
        };
        return APPEND(s->sets, s->n_sets, ended);
}

int scene_event(struct scene *s, const struct event *event) {
        switch (event->type) {
        case EVENT_PHASE:
                return add_phase(s, &event->phase);
        case EVENT_REP:
                return add_rep(s, &event->rep);
        case EVENT_SET:
                return add_set(s, event->set);
        case EVENT_REJECTED:
                return APPEND(s->rejected, s->n_rejected, event->rejected);
        case EVENT_AMEND:
                return amend(s, &event->amend);
        case _EVENT_MAX:
                break;
        }
        return 0;
}

size_t scene_count(const struct scene *s) {
        size_t n = 0;

        for (size_t i = 0; i < s->n_reps; i++)
                n += !s->reps[i].withdrawn;
        return n;
}

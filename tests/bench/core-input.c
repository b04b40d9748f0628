/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings for the bench of the signal core, and what each stage makes of them. */

#include "bench/core-input.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "synth/random.h"
#include "synth/synth.h"
#include "util/macros.h"

#define CYCLES_MAX  64
#define REST_S      300.0
#define NOISE_MPS2  0.011 /* of a BMI270 at 50 Hz of bandwidth: 160 ug per root Hz, */
#define NOISE_RADPS 0.001 /* and 0.008 degrees/s */
#define UP_UNIT     4096  /* of struct moment */

int input_lift(struct input *in, double rate_hz) {
        struct synth_options o = synth_options_default();
        struct synth *s = NULL;

        o.tempo_s[PHASE_ECCENTRIC] = 4;
        o.tempo_s[PHASE_CONCENTRIC] = 2;
        o.hard = true;
        o.sets = 2;
        o.reps = 8;
        o.rate_hz = rate_hz;
        int r = synth_new(&o, &s);
        if (r < 0)
                return r;
        size_t room = (size_t) (synth_duration_s(s) * 1.02 * rate_hz) + 100;
        in->samples = calloc(room, sizeof(*in->samples));
        while (in->samples && in->n_samples < room && synth_next(s, &in->samples[in->n_samples]) > 0)
                in->n_samples++;
        synth_free(s);
        return in->samples ? 0 : -ENOMEM;
}

int input_rest(struct input *in, double rate_hz) {
        struct random r = random_stream(1, 1);

        in->n_samples = (size_t) (REST_S * rate_hz);
        in->samples = calloc(in->n_samples, sizeof(*in->samples));
        if (!in->samples)
                return -ENOMEM;
        for (size_t i = 0; i < in->n_samples; i++) {
                struct sample *s = &in->samples[i];
                const double g[3] = {0.6 * STANDARD_GRAVITY_MPS2, 0, 0.8 * STANDARD_GRAVITY_MPS2};

                s->t_us = 1000000 + (uint64_t) ((double) i * 1e6 / rate_hz);
                for (unsigned k = 0; k < 3; k++) {
                        s->f_mps2[k] = g[k] + NOISE_MPS2 * random_normal(&r);
                        s->w_radps[k] = NOISE_RADPS * random_normal(&r);
                }
        }
        return 0;
}

static int make_ticks(struct input *in, const struct core_params *params, double rate_hz) {
        struct resample resample;
        size_t room = (size_t) ((double) in->n_samples / rate_hz * 1.1 / TICK_S) + 100;

        in->ticks = calloc(room, sizeof(*in->ticks));
        if (!in->ticks)
                return -ENOMEM;
        resample_init(&resample, &params->resample);
        for (size_t i = 0; i < in->n_samples; i++) {
                resample_push(&resample, &in->samples[i]);
                while (in->n_ticks < room && resample_next(&resample, &in->ticks[in->n_ticks]))
                        in->n_ticks++;
        }
        return 0;
}

/* A squat's path is the vertical, so the core has no more to do here than to add up the noise. */
static int make_motions(struct input *in, const struct core_params *params) {
        struct front front;

        in->motions = calloc(in->n_ticks, sizeof(*in->motions));
        if (!in->motions)
                return -ENOMEM;
        front_init(&front, &params->attitude, &params->calibration, &params->handedness, NULL);
        for (size_t i = 0; i < in->n_ticks; i++) {
                struct motion *m = &in->motions[i];

                front_push(&front, &in->ticks[i], m);
                m->q_m2ps3 = vertical_noise(&params->vertical, m->shake_m2ps4, m->q_m2ps3);
                if (i == 0)
                        front_left(&front, m->up, in->left);
        }
        return 0;
}

void input_remember(const struct input *in, size_t i, struct history *history) {
        struct moment moment = {
                .a_mps2 = (float) in->motions[i].a_mps2,
                .got = in->ticks[i].got & 63u,
        };

        moment_set_noise(&moment, in->motions[i].q_m2ps3);
        for (unsigned k = 0; k < 3; k++)
                moment.up[k] = (int16_t) lrint(in->motions[i].up[k] * UP_UNIT);
        history_push(history, in->ticks[i].t_us, &moment);
}

static int make_cycles(struct input *in, const struct core_params *params, const struct exercise *exercise) {
        static struct history history;
        struct tracker tracker;
        struct track track;

        in->cycles = calloc(CYCLES_MAX, sizeof(*in->cycles));
        in->lies = calloc(in->n_ticks, sizeof(*in->lies));
        if (!in->cycles || !in->lies)
                return -ENOMEM;
        history_reset(&history);
        tracker_init(&tracker, &params->tracker, &params->cycle, &params->vertical, exercise);
        tracker_trust(&tracker, in->left);
        for (size_t i = 0; i < in->n_ticks; i++) {
                input_remember(in, i, &history);
                tracker_push(&tracker, &in->motions[i], &history, &track);
                in->lies[i] = track.lies;
                if (track.result == CYCLE_DONE && in->n_cycles < CYCLES_MAX)
                        in->cycles[in->n_cycles++] = (struct look_back){history, track.cycle};
        }
        return 0;
}

int input_complete(
        struct input *in, const struct core_params *params, const struct exercise *exercise, double rate_hz) {
        int r = make_ticks(in, params, rate_hz);
        if (r >= 0)
                r = make_motions(in, params);
        return r < 0 ? r : make_cycles(in, params, exercise);
}

void input_free(struct input *in) {
        free(in->samples);
        free(in->ticks);
        free(in->motions);
        free(in->lies);
        free(in->cycles);
        *in = (struct input){0};
}

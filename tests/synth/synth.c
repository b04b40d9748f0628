/* SPDX-License-Identifier: Apache-2.0 */
/* The generator: script -> motion -> sensor -> link. */

#include "synth/synth.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "synth/imu.h"
#include "util/macros.h"

#define LATENCY_S 0.002 /* least delay of an arrival behind its last sample */

struct synth {
        struct synth_options options;
        struct script script;
        struct bar_motion motion;
        struct imu imu;
        struct random link;
        uint64_t next;       /* number of the next sample that the sensor takes */
        uint64_t first_tick; /* the counter does not start at 0 */
        unsigned lost;       /* samples since the last that arrived */
        bool dropped;        /* the packet under way gets lost */
        double arrived_s;    /* the last packet's */
};

int synth_new(const struct synth_options *options, struct synth **ret) {
        const char *why;
        struct synth *s;
        int k;

        if (synth_options_check(options, &why) < 0)
                return -EINVAL;
        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->options = *options;
        k = script_init(&s->script, &s->options);
        if (k < 0) {
                free(s);
                return k;
        }
        motion_init(&s->motion, &s->script, &s->options);
        imu_init(&s->imu, &s->options);
        s->link = random_stream(options->seed, 4);
        s->first_tick = random_u64(&s->link);
        *ret = s;
        return 0;
}

void synth_free(struct synth *s) {
        if (!s)
                return;
        script_done(&s->script);
        free(s);
}

/* A sensor clock that is fast takes its samples too early. */
static double instant_of(const struct synth *s, uint64_t number) {
        return (double) number / (s->options.rate_hz * (1 + s->options.skew_ppm * 1e-6));
}

static bool lose(struct synth *s) {
        return random_uniform(&s->link, 0, 100) < s->options.loss_pct;
}

int synth_next(struct synth *s, struct sample *ret) {
        for (;;) {
                struct packet_sample measured;
                double t = instant_of(s, s->next);

                if (t >= s->script.end_s)
                        return 0;
                if (s->next % s->options.per_packet == 0)
                        s->dropped = lose(s);
                imu_measure(&s->imu, &s->motion, t, &measured);
                s->next++;
                if (s->dropped) {
                        s->lost++;
                        continue;
                }
                *ret = (struct sample){
                        .t_us = (uint64_t) llrint(t * 1e6),
                        .lost = (uint16_t) MIN(s->lost, (unsigned) UINT16_MAX),
                        .flags = measured.flags,
                };
                memcpy(ret->f_mps2, measured.f_mps2, sizeof(ret->f_mps2));
                memcpy(ret->w_radps, measured.w_radps, sizeof(ret->w_radps));
                s->lost = 0;
                return 1;
        }
}

/* Late, never early: each packet waits exponentially long, and whoever follows it waits behind it. */
static double arrival_of(struct synth *s, double last_sample_s) {
        double wait = 0;

        if (s->options.jitter_ms > 0)
                wait = -log(1 - random_uniform(&s->link, 0, 1)) * s->options.jitter_ms * 1e-3;
        s->arrived_s = fmax(s->arrived_s, last_sample_s + LATENCY_S + wait);
        return s->arrived_s;
}

int synth_next_packet(struct synth *s, struct synth_packet *ret) {
        struct packet packet;
        double ticks = packet_counter_hz(s->options.counter) / s->options.rate_hz;
        uint64_t first;
        int k;

        do {
                first = s->next;
                packet.n_samples = s->options.per_packet;
                packet.counter = s->first_tick + (uint64_t) llrint((double) first * ticks);
                for (unsigned i = 0; i < packet.n_samples; i++) {
                        double t = instant_of(s, s->next);

                        if (t >= s->script.end_s)
                                return 0;
                        imu_measure(&s->imu, &s->motion, t, &packet.samples[i]);
                        s->next++;
                }
        } while (lose(s));

        k = packet_encode(&s->imu.format, &packet, ret->bytes, sizeof(ret->bytes));
        if (k < 0)
                return k;
        ret->n_bytes = (size_t) k;
        ret->first_us = (uint64_t) llrint(instant_of(s, first) * 1e6);
        ret->arrival_us = (uint64_t) llrint(arrival_of(s, instant_of(s, s->next - 1)) * 1e6);
        return 1;
}

const struct truth *synth_truth(const struct synth *s) {
        return &s->script.truth;
}

const struct bar_motion *synth_motion(const struct synth *s) {
        return &s->motion;
}

double synth_duration_s(const struct synth *s) {
        return s->script.end_s;
}

struct packet_format synth_format(const struct synth *s) {
        return s->imu.format;
}

/* Within a phase the path never turns back, so halving finds it. */
double synth_when_travelled(const struct synth *s, const struct truth_phase *phase, double share) {
        const struct channel *path = &s->script.path;
        double low = (double) phase->start_us * 1e-6, high = (double) phase->end_us * 1e-6;
        double from = channel_at(path, low).p, travel = channel_at(path, high).p - from;

        while (high - low > 1e-6) {
                double middle = (low + high) / 2;

                if ((channel_at(path, middle).p - from) / travel < share)
                        low = middle;
                else
                        high = middle;
        }
        return high;
}

double synth_when_moving(const struct synth *s, const struct truth_phase *phase, double mps) {
        const double step = 0.002;

        for (uint64_t t = phase->start_us; t < phase->end_us; t += (uint64_t) (step * 1e6))
                if (fabs(channel_at(&s->script.path, (double) t * 1e-6).v) >= mps)
                        return (double) t * 1e-6;
        return NAN;
}

static void header_of(const struct synth *s, struct recording_header *ret) {
        const struct synth_options *o = &s->options;
        char concentric[16] = "X";

        *ret = (struct recording_header){
                .layout = o->layout,
                .rate_hz = o->rate_hz,
                .format = s->imu.format,
                .truth = s->script.truth, /* borrowed */
        };
        snprintf(ret->sensor, sizeof(ret->sensor), "synth-%s", synth_grade_to_string(o->grade));
        strcpy(ret->exercise, o->exercise);
        if (o->tempo_s[2] > 0)
                snprintf(concentric, sizeof(concentric), "%g", o->tempo_s[2]);
        snprintf(ret->note, sizeof(ret->note), "%u sets of %u, tempo %g-%g-%s-%g, %s, %sseed %llu", o->sets,
                o->reps, o->tempo_s[0], o->tempo_s[1], concentric, o->tempo_s[3],
                synth_family_to_string(o->family), o->hard ? "hard, " : "", (unsigned long long) o->seed);
}

/* Six decimals are far below a real part's counts, and make a file a third of the size. */
static void shorten(const struct synth *s, double axes[static 3]) {
        for (unsigned i = 0; i < 3 && s->options.grade != SYNTH_PERFECT; i++)
                axes[i] = rint(axes[i] * 1e6) / 1e6;
}

static int write_rows(struct synth *s, struct recording_writer *w) {
        struct synth_packet packet;
        struct sample sample;
        int k;

        if (s->options.layout == RECORDING_PACKETS) {
                while ((k = synth_next_packet(s, &packet)) > 0) {
                        k = recording_write_packet(w, packet.arrival_us, 0, packet.bytes, packet.n_bytes);
                        if (k < 0)
                                return k;
                }
                return k;
        }
        while ((k = synth_next(s, &sample)) > 0) {
                shorten(s, sample.f_mps2);
                shorten(s, sample.w_radps);
                k = recording_write_sample(w, sample.t_us, sample.f_mps2, sample.w_radps);
                if (k < 0)
                        return k;
        }
        return k;
}

int synth_write(const struct synth_options *options, FILE *stream) {
        struct recording_header header;
        struct recording_writer writer;
        struct synth *s = NULL;
        int k;

        k = synth_new(options, &s);
        if (k < 0)
                return k;
        header_of(s, &header);
        k = recording_writer_init(&writer, stream, &header);
        if (k >= 0)
                k = write_rows(s, &writer);
        synth_free(s);
        return k;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Synthetic sets with exact truth: what the tests measure the signal core with.
 *
 *     struct synth_options options = synth_options_default();
 *     struct synth *s = NULL;
 *     synth_new(&options, &s);
 *     while (synth_next(s, &sample) > 0)
 *             core_push(&core, &sample);
 *     compare(synth_truth(s));
 *     synth_free(s);
 *
 * The same options give the same recording on every machine, up to the last digits of libm's sine. */

#include <stdio.h>

#include <repcast/sample.h>

#include "recording/recording.h"
#include "synth/motion.h"
#include "synth/options.h"

struct synth;

/* 0, -EINVAL for options that synth_options_check() refuses, or -ENOMEM. */
int synth_new(const struct synth_options *options, struct synth **ret);
void synth_free(struct synth *s);

/* The next sample that arrived, at its true instant. 1, or 0 at the end. */
int synth_next(struct synth *s, struct sample *ret);

/* The next packet that arrived, as it would travel; use either this or synth_next(). 1, 0 at the end, or negative. */
struct synth_packet {
        uint64_t arrival_us;
        uint64_t first_us; /* true instant of its first sample */
        uint8_t bytes[PACKET_SIZE_MAX];
        size_t n_bytes;
};
int synth_next_packet(struct synth *s, struct synth_packet *ret);

const struct truth *synth_truth(const struct synth *s);
const struct bar_motion *synth_motion(const struct synth *s);
double synth_duration_s(const struct synth *s);
struct packet_format synth_format(const struct synth *s);

/* Within a moving phase of the truth, s: when a share of its travel is covered; when the speed along the path first
 * reaches mps, NAN if it never does. */
double synth_when_travelled(const struct synth *s, const struct truth_phase *phase, double share);
double synth_when_moving(const struct synth *s, const struct truth_phase *phase, double mps);

/* All of it as a recording. */
int synth_write(const struct synth_options *options, FILE *stream);

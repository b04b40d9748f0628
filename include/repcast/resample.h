/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From samples at any rate to ticks of 10 ms, so that every later constant is in seconds at one rate. */

#include <stdbool.h>
#include <stdint.h>

#include <repcast/sample.h>

#define TICK_US 10000
#define TICK_S  0.01
#define TICK_HZ 100.0

struct resample_params {
        double gap_s;   /* a longer interval between samples is marked as a gap, s, 0.05 to 1; 0.2 */
        double break_s; /* a longer one is not bridged: the timeline starts anew, s, 0.5 to 5; 2 */
};

enum tick_flags {
        TICK_GAP = 1 << 0,     /* bridges a gap */
        TICK_CLIPPED = 1 << 1, /* a clipped sample took part */
};

struct tick {
        uint64_t t_us;                /* end of the interval */
        double f_mps2[3], w_radps[3]; /* means over it */
        double q_m2ps3;               /* growth of velocity variance by what lay between the samples, m2/s3 */
        uint8_t got, lost;            /* samples that fell into it; samples known to be missing before them */
        uint8_t flags;                /* enum tick_flags */
};

struct resample {
        struct resample_params params;
        bool started;
        uint64_t tick_us;            /* start of the open tick */
        uint64_t from_us, to_us;     /* what remains of the newest segment */
        uint64_t sample_us;          /* instant of the newest sample */
        uint64_t stale_us;           /* newest instant refused as stale, 0 = none */
        uint64_t stale_since_us;     /* first of an unbroken run of such instants that move forward */
        double f[3], w[3];           /* newest sample */
        double f_step[3];            /* newest sample minus the one before */
        double f_from[3], w_from[3]; /* signal at from_us */
        double segment_q;            /* q of the newest segment */
        uint8_t segment_flags;
        double sum_f[3], sum_w[3], sum_q; /* integrals over the open tick so far */
        unsigned got, lost;
        uint8_t flags;
};

enum resample_result {
        RESAMPLE_JOINED, /* continues the timeline */
        RESAMPLE_BEGUN,  /* first of a timeline: the very first sample, or the one after a break */
};

void resample_init(struct resample *r, const struct resample_params *params);

/* Take a sample. Returns an enum resample_result; -EINVAL for a figure that is not finite or beyond any sensor's
 * range; -ESTALE for an instant that is not later than the one before. A second of stale instants that move
 * forward among themselves is a clock that was set back: the timeline begins anew there. */
int resample_push(struct resample *r, const struct sample *sample);

/* Take the next tick that is complete, if any. After one push at most break_s / TICK_S of them. */
bool resample_next(struct resample *r, struct tick *ret);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the bench of the signal core feeds to it: two recordings, and for each stage what the stage before it makes of them. */

#include <stddef.h>

#include <repcast/core.h>

/* A cycle as the look back meets it. */
struct look_back {
        struct history history;
        struct cycle cycle;
};

struct input {
        struct sample *samples;
        struct tick *ticks;
        struct motion *motions; /* along the path */
        bool *lies;             /* by the tracker */
        struct look_back *cycles;
        size_t n_samples, n_ticks, n_cycles;
        double left[3][3]; /* of the bias at the first tick */
};

/* Two sets of slow negatives with a rest between them, by a lifter who sways and trembles. */
int input_lift(struct input *in, double rate_hz);

/* A bar that lies, with a sensor's noise. */
int input_rest(struct input *in, double rate_hz);

/* From the samples to all else. Returns 0 or -ENOMEM. */
int input_complete(
        struct input *in, const struct core_params *params, const struct exercise *exercise, double rate_hz);

void input_free(struct input *in);

/* What the core remembers of a tick. */
void input_remember(const struct input *in, size_t i, struct history *history);

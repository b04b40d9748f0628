/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One generated stream through what the hub does with it: packets, decoder, timebase, core. */

#include <repcast/exercise.h>

#include "accuracy/outcome.h"
#include "accuracy/without.h"
#include "synth/synth.h"

struct trial {
        struct synth_options options;
        const struct exercise
                *exercise; /* as the station has it; may differ from the generator's name for it */
        unsigned join_rep; /* the stream begins within this rep; 0 = at its start */
        unsigned gap_rep;  /* the link is away from the middle of this rep's first phase ... */
        double gap_s;      /* ... for so long; 0 = not at all */
        bool told;         /* the look back is told the true borders: tracker, beam and set model have no say */
        bool blind;        /* told, but the display not of holds that go on */
        double doubt_mps2; /* of a perfect sensor's display only: rms error of its acceleration */
        enum part without; /* a part of the core that is left out */
};

/* Where a moving phase of a true rep begins and ends, s. */
struct true_stroke {
        double start_s, end_s;  /* nominal */
        double first_s, last_s; /* 1 % and 99 % of its travel are covered */
        double crossing_s;      /* the bar reaches 2 cm/s; NAN = never */
};

struct true_rep {
        uint32_t set, rep;
        struct true_stroke eccentric, concentric;
        double start_s, end_s; /* of the moving phases */
        double rom_m, mean_mps, loss_pct;
        bool ignored; /* the stream does not hold it whole: neither missed nor false */
};

/* The bar lies in the rack, and nothing happens to it. */
struct true_rest {
        double from_s, to_s;
};

struct trial_truth {
        struct true_rep *reps;
        struct true_rest *rests;
        size_t n, n_rests;
        double duration_s;
};

/* 0 or negative errno. Release both results in any case. */
int trial_run(const struct trial *t, struct trial_truth *ret_truth, struct outcome *ret);
int trial_truth_of(const struct synth *s, struct trial_truth *ret);
void trial_truth_done(struct trial_truth *t);

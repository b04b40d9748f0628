/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Looks back on cycles that nobody lifted, for tests of the set model. */

#include <repcast/repfit.h>

#include "util/macros.h"

static const struct exercise fit_squat = {
        .name = "back-squat",
        .start = EXERCISE_START_TOP,
        .eccentric = EXERCISE_ECCENTRIC_DOWN,
        .loaded = EXERCISE_LOADED_BOTTOM | EXERCISE_LOADED_TOP,
        .rom_min_m = 0.20,
        .rom_typical_m = 0.55,
        .incline_deg = 90,
        .set_gap_s = 15,
};

static inline uint64_t fit_us(double s) {
        return (uint64_t) (s * 1e6);
}

/* Eccentric of 2 s, concentric of 1 s over rom_m, without a hold; the sensor points up all the while. */
static inline struct cycle_fit fit_rep(double start_s, double rom_m) {
        return (struct cycle_fit){
                .eccentric_first = true,
                .eccentric = {fit_us(start_s), fit_us(start_s + 2), rom_m, rom_m / 2, rom_m, .force = 1.1},
                .concentric = {fit_us(start_s + 2), fit_us(start_s + 3), rom_m, rom_m, 1.9 * rom_m,
                        .force = 1.1},
                .mpv_mps = rom_m,
                .sticking = {NAN, NAN, NAN},
                .up_start = {0, 0, 1},
                .up_end = {0, 0, 1},
                .sample_s = 0.01,
                .misfit = 5,
                .balance = 0.9F,
        };
}

/* The same with the concentric first. */
static inline struct cycle_fit fit_pull(double start_s, double rom_m) {
        struct cycle_fit f = fit_rep(start_s, rom_m);
        f.eccentric_first = false;
        f.concentric.start_us = fit_us(start_s);
        f.concentric.end_us = f.eccentric.start_us = fit_us(start_s + 1);
        f.eccentric.end_us = fit_us(start_s + 3);
        return f;
}

/* Turn the sensor by so many degrees about its x axis. */
static inline struct cycle_fit fit_turned(struct cycle_fit f, double start_deg, double end_deg) {
        const double rad = M_PI / 180;
        f.up_start[1] = sin(start_deg * rad);
        f.up_start[2] = cos(start_deg * rad);
        f.up_end[1] = sin(end_deg * rad);
        f.up_end[2] = cos(end_deg * rad);
        return f;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A bar that moves as told, for tests of the signal core: minimum-jerk strokes, holds, tilt, sensor noise. */

#include <math.h>
#include <stdint.h>

#include <repcast/core.h>

struct lift {
        double rate_hz;        /* of the sensor */
        double roll_rad_per_m; /* the bar rolls as it travels */
        double incline_sin;    /* path against the vertical: 1 = vertical */
        double mount_rad;      /* the sensor sits turned about its x axis */
        double noise_mps2, noise_radps;
        double bias_mps2[3], bias_radps[3];
        uint32_t seed;

        double t_s, p_m; /* now, and height along the path */
        struct core *core;
        double mute_from_s, mute_to_s; /* samples of this time are lost */
        unsigned lost;
        struct rejected last_rejected;
        struct rep reps[64];
        unsigned n_reps, n_sets, n_rejected, n_phases;
        struct set set;
        uint64_t phase_us, phase_latency_us;
};

/* Uniform noise of unit variance: a linear congruential generator, the same everywhere. */
static inline double lift_noise(struct lift *l) {
        l->seed = l->seed * 1664525u + 1013904223u;
        return ((double) (l->seed >> 8) / (1 << 24) - 0.5) * sqrt(12.0);
}

static inline void lift_collect(struct lift *l) {
        const struct event *e;
        while ((e = core_next(l->core))) {
                if (e->type == EVENT_REP && l->n_reps < 64)
                        l->reps[l->n_reps++] = e->rep;
                if (e->type == EVENT_SET) {
                        l->set = *e->set;
                        l->n_sets++;
                }
                if (e->type == EVENT_REJECTED) {
                        l->n_rejected++;
                        l->last_rejected = e->rejected;
                }
                if (e->type == EVENT_PHASE) {
                        l->n_phases++;
                        l->phase_us = e->phase.start_us;
                        l->phase_latency_us = e->phase.latency_us;
                }
        }
}

/* One sample with the bar at height p, speed v, acceleration a along the path. */
static inline void lift_sample(struct lift *l, double v, double a) {
        double angle = l->mount_rad + l->roll_rad_per_m * l->p_m;
        double up[3] = {0, sin(angle), cos(angle)}, forward[3] = {0, cos(angle), -sin(angle)};
        double vertical = STANDARD_GRAVITY_MPS2 + a * l->incline_sin;
        double level = a * sqrt(1 - l->incline_sin * l->incline_sin);
        struct sample s = {.t_us = 1000000 + (uint64_t) llround(l->t_s * 1e6)};

        for (unsigned i = 0; i < 3; i++) {
                s.f_mps2[i] =
                        up[i] * vertical + forward[i] * level + l->bias_mps2[i] + l->noise_mps2 * lift_noise(l);
                s.w_radps[i] = (i == 0 ? l->roll_rad_per_m * v : 0) + l->bias_radps[i] +
                        l->noise_radps * lift_noise(l);
        }
        if (l->t_s >= l->mute_from_s && l->t_s < l->mute_to_s) {
                l->lost++;
                return;
        }
        s.lost = (uint16_t) l->lost;
        l->lost = 0;
        core_push(l->core, &s);
        lift_collect(l);
}

/* Move by d metres along the path in T seconds; d = 0 is a hold. */
static inline void lift_move(struct lift *l, double d, double T) {
        double p0 = l->p_m, t0 = l->t_s;
        unsigned n = (unsigned) lround(T * l->rate_hz);
        for (unsigned i = 0; i < n; i++) {
                double s = (double) i / n;
                l->t_s = t0 + i / l->rate_hz;
                l->p_m = p0 + d * s * s * s * (10 - 15 * s + 6 * s * s);
                lift_sample(l, d / T * s * s * (30 - 60 * s + 30 * s * s),
                        d / T / T * s * (60 - 180 * s + 120 * s * s));
        }
        l->p_m = p0 + d;
        l->t_s = t0 + n / l->rate_hz;
}

static inline void lift_init(struct lift *l, struct core *core) {
        *l = (struct lift){
                .rate_hz = 100,
                .incline_sin = 1,
                .core = core,
                .seed = 1,
                .noise_mps2 = 0.011, /* 160 ug per root Hz over 50 Hz */
                .noise_radps = 0.0009,
                .bias_mps2 = {0.03, -0.04, 0.05},
                .bias_radps = {0.006, -0.004, 0.008},
        };
}

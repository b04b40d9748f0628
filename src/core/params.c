/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults and ranges of every figure of the signal core, in one table. The reasons are in doc/signal-core.md. */

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <repcast/core.h>

#include "util/macros.h"

struct figure {
        size_t offset;
        double value, low, high;
};

#define FIGURE(member, value, low, high)                                                                       \
        { offsetof(struct core_params, member), value, low, high }

static const struct figure figures[] = {
        FIGURE(resample.gap_s, 0.2, 0.05, 1),
        FIGURE(resample.break_s, 2, 0.5, 5),

        FIGURE(attitude.tilt_tau_s, 3, 0.5, 30),
        FIGURE(attitude.start_tau_s, 0.7, 0.1, 5),
        FIGURE(attitude.calm_tau_s, 0.8, 0.1, 5),
        FIGURE(attitude.calm_mps2, 0.15, 0.02, 1),
        FIGURE(attitude.impact_mps2, 1, 0.2, 10),
        FIGURE(attitude.quiet_mps2, 0.03, 0.005, 0.5),
        FIGURE(attitude.quiet_radps, 0.004, 0.0005, 0.05),
        FIGURE(attitude.gyro_bias_radps, 0.1, 0.01, 0.5),

        FIGURE(handedness.odds, 5, 3, 100),
        FIGURE(handedness.share, 0.05, 0.01, 0.5),

        FIGURE(calibration.bias_mps2, 0.25, 0.01, 2),
        FIGURE(calibration.scale, 0.03, 0.001, 0.2),
        FIGURE(calibration.skew, 0.008, 0.0001, 0.1),
        FIGURE(calibration.rest_mps2, 0.02, 0.001, 0.5),
        FIGURE(calibration.trust_mps2, 0.02, 0.001, 0.2),
        FIGURE(calibration.walk_mps2, 0.02, 0, 0.2),

        FIGURE(vertical.noise, 0.003, 1e-4, 0.1),
        FIGURE(vertical.shake_noise, 0.05, 0, 1),
        FIGURE(vertical.bias_walk, 2e-4, 0, 0.01),
        FIGURE(vertical.turn_share, 0.4, 0, 2),

        FIGURE(tracker.start_mps, 0.03, 0.005, 0.3),
        FIGURE(tracker.start_sigmas, 2.5, 0.5, 5),
        FIGURE(tracker.look_sigmas, 1.5, 0.5, 5),
        FIGURE(tracker.start_s, 0.06, 0.01, 0.5),
        FIGURE(tracker.stop_mps, 0.022, 0.005, 0.3),
        FIGURE(tracker.stop_sigmas, 1.5, 0.2, 5),
        FIGURE(tracker.stop_s, 0.15, 0.02, 1),
        FIGURE(tracker.stop_share, 0.35, 0.05, 0.9),
        FIGURE(tracker.doubt_mps, 0.12, 0.02, 1),
        FIGURE(tracker.rest_mps, 0.015, 0.002, 0.2),
        FIGURE(tracker.racked_mps, 0.004, 0.0005, 0.1),
        FIGURE(tracker.turn_mps, 0.03, 0.002, 0.2),
        FIGURE(tracker.flat_mps2, 0.05, 0.01, 1),
        FIGURE(tracker.flat_radps, 0.1, 0.01, 1),
        FIGURE(tracker.steady_mps2, 0.01, 0.002, 0.1),
        FIGURE(tracker.steady_s, 2.3, 0.5, 5),
        FIGURE(tracker.rewind_s, 1.5, 0, 2),
        FIGURE(tracker.reach, 0.35, 0.1, 10),
        FIGURE(tracker.reach_mps, 1, 0.1, 10),
        FIGURE(tracker.close_m, 0.04, 0.01, 0.5),

        FIGURE(beam.rest_mps, 0.015, 0.002, 0.2),
        FIGURE(beam.racked_mps, 0.004, 0.0005, 0.1),
        FIGURE(beam.turn_mps, 0.03, 0.002, 0.2),
        FIGURE(beam.close_m, 0.04, 0.01, 0.5),
        FIGURE(beam.reach, 0.35, 0.1, 10),
        FIGURE(beam.reach_mps, 1, 0.1, 10),
        FIGURE(beam.sure_mps, 0.06, 0.005, 0.5),
        FIGURE(beam.certain, 4, 0, 20),
        FIGURE(beam.confirm_s, 0.7, 0.1, 2),
        FIGURE(beam.width, BEAM_WIDTH, 1, BEAM_WIDTH),

        FIGURE(cycle.blip_m, 0.03, 0.005, 0.1),
        FIGURE(cycle.blip_share, 0.25, 0, 0.5),
        FIGURE(cycle.first_share, 0.7, 0, 1),
        FIGURE(cycle.return_share, 0.7, 0.5, 1),
        FIGURE(cycle.bounce_share, 0.4, 0.1, 0.6),
        FIGURE(cycle.confirm_s, 0.3, 0.1, 2),
        FIGURE(cycle.hesitate_s, 2, 0.2, 10),
        FIGURE(cycle.settle_s, 1, 0.2, 5),
        FIGURE(cycle.hold_s, 10, 1, 20),

        FIGURE(repfit.rest_mps, 0.007, 0.001, 0.1),
        FIGURE(repfit.turn_mps, 0.03, 0.002, 0.2),
        FIGURE(repfit.close_m, 0.03, 0.005, 0.3),
        FIGURE(repfit.edge_share, 0.06, 0.01, 0.3),
        FIGURE(repfit.edge_mps, 0.006, 0.001, 0.1),
        FIGURE(repfit.pause_s, 0.06, 0, 0.5),
        FIGURE(repfit.sticking_depth, 0.15, 0.05, 0.9),
        FIGURE(repfit.passes, 3, 0, 3),

        FIGURE(traits.closure, 0.4, 0.05, 2),
        FIGURE(traits.lean_deg, 18, 3, 90),
        FIGURE(traits.felt, 1, 0, 4),

        FIGURE(setmodel.unlike, 12.8, 5, 50),
        FIGURE(setmodel.odd, 7.8, 3, 50),
        FIGURE(setmodel.certain, 8, 0, 50),
        FIGURE(setmodel.midway, 9, 5, 12.8),

        FIGURE(setlog.rom_most, 3, 1.2, 5),
        FIGURE(setlog.concentric_least_s, 0.15, 0.05, 1),
        FIGURE(setlog.concentric_most_s, 12, 2, 25),
        FIGURE(setlog.peak_most_mps, 4, 1, 10),
        FIGURE(setlog.force_least, 0.4, 0, 1),
        FIGURE(setlog.rerack_quiet_s, 5, 1, 60),
};

_Static_assert(ARRAY_SIZE(figures) * sizeof(double) == sizeof(struct core_params), "a figure is missing above");

void core_params_init(struct core_params *ret) {
        for (unsigned i = 0; i < ARRAY_SIZE(figures); i++)
                memcpy((char *) ret + figures[i].offset, &figures[i].value, sizeof(double));
}

static bool within(double x, double low, double high) {
        return x >= low && x <= high; /* NaN is not */
}

int core_params_check(const struct core_params *params) {
        for (unsigned i = 0; i < ARRAY_SIZE(figures); i++) {
                double x;
                memcpy(&x, (const char *) params + figures[i].offset, sizeof(x));
                if (!within(x, figures[i].low, figures[i].high))
                        return -EINVAL;
        }
        return 0;
}

int exercise_check(const struct exercise *e) {
        bool words = (unsigned) e->start < _EXERCISE_START_MAX &&
                (unsigned) e->eccentric < _EXERCISE_DIRECTION_MAX && (unsigned) e->mount < _EXERCISE_MOUNT_MAX;
        bool figures_ok = within(e->rom_min_m, 0.02, 2.5) && within(e->rom_typical_m, e->rom_min_m, 2.5) &&
                within(e->incline_deg, 10, 90) && within(e->set_gap_s, 3, 300);
        return words && figures_ok ? 0 : -EINVAL;
}

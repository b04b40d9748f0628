/* SPDX-License-Identifier: Apache-2.0 */
/* A program of somebody else, with what repcast-dev brings and no more: it counts the reps of a squat that it makes up. */

#include <math.h>
#include <stdio.h>

#include <repcast/core.h>

#define RATE_HZ 100
#define REPS    5
#define ROM_M   0.5

/* Acceleration of a minimum-jerk movement of ROM_M over so many seconds (Flash and Hogan 1985), m/s2. */
static double jerk_least(double t_s, double whole_s) {
        double u = t_s / whole_s;

        return ROM_M / (whole_s * whole_s) * (60 * u - 180 * u * u + 120 * u * u * u);
}

/* Ten seconds of rest; then 2 s down, 1 s up and 1 s of rest each. */
static double acceleration(double t_s) {
        double in_rep = t_s < 10 || t_s > 10 + 4 * REPS ? 4 : fmod(t_s - 10, 4);

        if (in_rep < 2)
                return -jerk_least(in_rep, 2);
        return in_rep < 3 ? jerk_least(in_rep - 2, 1) : 0;
}

int main(void) {
        static const struct exercise squat = {.name = "back-squat",
                .start = EXERCISE_START_TOP,
                .rom_min_m = 0.2,
                .rom_typical_m = 0.55,
                .incline_deg = 90,
                .set_gap_s = 20,
                .one_rm_mps = 0.3};
        static struct core core; /* too large for a small stack */
        const struct event *event;
        unsigned reps = 0;

        if (core_init(&core, NULL, &squat, NULL) < 0)
                return 1;
        for (unsigned i = 0; i < RATE_HZ * (20 + 4 * REPS); i++) {
                double t_s = (double) i / RATE_HZ;
                struct sample sample = {.t_us = (uint64_t) (t_s * 1e6),
                        .f_mps2 = {0, 0, STANDARD_GRAVITY_MPS2 + acceleration(t_s)}};

                (void) core_push(&core, &sample);
                while ((event = core_next(&core)))
                        if (event->type == EVENT_REP) {
                                printf("# rep %u: %.1f s down, %.1f s up, %.2f m\n", event->rep.rep,
                                        event->rep.tempo_s[PHASE_ECCENTRIC],
                                        event->rep.tempo_s[PHASE_CONCENTRIC], event->rep.rom_m);
                                reps++;
                        }
        }
        return reps == REPS ? 0 : 1;
}

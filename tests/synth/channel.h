/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One coordinate of the motion (height, roll, ...) as a sum of strokes, each with an exact position, velocity and
 * acceleration. Strokes may overlap: slow human movement is a chain of overlapping sub-movements. */

#include <stdbool.h>
#include <stddef.h>

struct value {
        double p, v, a; /* position and its two derivatives */
};

/* Velocity over the stroke's time. BETA: u^rise (1 - u)^fall, which is minimum jerk for 2 and 2 (Flash and Hogan 1985).
 * TRAPEZOID: constant between two half-cosine ramps of the given shares of the duration. */
enum velocity_kind {
        VELOCITY_BETA,
        VELOCITY_TRAPEZOID,
};

struct velocity_profile {
        enum velocity_kind kind;
        unsigned rise, fall;       /* BETA: 2 to 6 */
        double ramp_up, ramp_down; /* TRAPEZOID: over 0, sum at most 1 */
};

#define VELOCITY_MIN_JERK ((struct velocity_profile){.kind = VELOCITY_BETA, .rise = 2, .fall = 2})

struct channel_stroke {
        double start_s, duration_s;
        double distance;
        double before; /* sum of the distances of all strokes that start earlier */
        struct velocity_profile profile;
};

#define CHANNEL_OVERLAP_MAX 12 /* strokes under way at one instant */

struct channel {
        struct channel_stroke *strokes; /* by start */
        size_t n;
};

/* Append a stroke that starts no earlier than the last one. 0 or -ENOMEM. */
int channel_add(
        struct channel *c, double start_s, double duration_s, double distance, struct velocity_profile profile);
struct value channel_at(const struct channel *c, double t_s);

/* Greatest speed within [start_s, end_s]. */
double channel_peak(const struct channel *c, double start_s, double end_s);
void channel_done(struct channel *c);

/* Unit stroke at u in [0, 1]: 0 to 1, derivatives with respect to u. */
struct value velocity_profile_at(const struct velocity_profile *p, double u);

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
enum profile_kind {
        PROFILE_BETA,
        PROFILE_TRAPEZOID,
};

struct profile {
        enum profile_kind kind;
        unsigned rise, fall;       /* BETA: 2 to 6 */
        double ramp_up, ramp_down; /* TRAPEZOID: over 0, sum at most 1 */
};

#define PROFILE_MIN_JERK ((struct profile){.kind = PROFILE_BETA, .rise = 2, .fall = 2})

struct channel_stroke {
        double start_s, duration_s;
        double distance;
        double before; /* sum of the distances of all strokes that start earlier */
        struct profile profile;
};

#define CHANNEL_OVERLAP_MAX 12 /* strokes under way at one instant */

struct channel {
        struct channel_stroke *strokes; /* by start */
        size_t n;
};

/* Append a stroke that starts no earlier than the last one. 0 or -ENOMEM. */
int channel_add(struct channel *c, double start_s, double duration_s, double distance, struct profile profile);
struct value channel_at(const struct channel *c, double t_s);

/* Greatest speed within [start_s, end_s]. */
double channel_peak(const struct channel *c, double start_s, double end_s);
void channel_done(struct channel *c);

/* Unit stroke at u in [0, 1]: 0 to 1, derivatives with respect to u. */
struct value profile_at(const struct profile *p, double u);

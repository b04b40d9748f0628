/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Writing a script: everything is appended in time, and `now` is where the next movement begins. Private to the
 * generator. */

#include <math.h>

#include "synth/script.h"

#define RAD(deg) ((deg) *M_PI / 180)

struct author {
        struct script *s;
        const struct synth_options *o;
        const struct synth_lift *lift;
        struct random random;
        double now;
        unsigned set, rep;
        double roll; /* of the bar above its place in the rack, rad */
        int error;   /* first failure of an append; the rest is then void */
};

/* A stroke of one channel. */
void author_add(struct author *a, struct channel *c, double start, double duration, double distance,
        struct velocity_profile p);

/* The value with the scatter of the options. */
double author_vary(struct author *a, double value);

/* Room for element n of an array that doubles; NULL without memory. */
void *author_element(struct author *a, void **array, size_t n, size_t size);

void author_phase(struct author *a, enum phase phase, double start, double end);
void author_move(struct author *a, enum rejection kind, double start, double end);

/* A knock. They must come in the order of time. */
void author_impact(struct author *a, double at, double peak);

/* One movement along the path from now, of the family asked for, or in n parts. */
void author_stroke(struct author *a, double duration, double distance, bool hits_floor);
void author_parts(struct author *a, double duration, double distance, unsigned n, double overlap);
void author_turn(struct author *a, double duration, double roll);

/* around.c; these advance `now`. */
void author_walk(struct author *a, double distance);
void author_unrack(struct author *a);
void author_rerack(struct author *a, double offset);
void author_idle(struct author *a, double until);
void author_rests(struct author *a);

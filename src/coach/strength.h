/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The strength profile: of one athlete and exercise, load against velocity, and the load at which the line comes down to
 * the velocity of a one-repetition maximum. */

#include <stdbool.h>

#include <repcast/exercise.h>

#define STRENGTH_POINTS   32 /* sets that are remembered of an athlete and exercise, the newest */
#define STRENGTH_PROFILES 256
#define STRENGTH_NAME_MAX 64

/* A set: its load, and the best mean concentric velocity in it. */
struct strength_point {
        float load_kg, best_mps;
};

struct strength {
        bool known;
        double slope, intercept;    /* velocity = intercept + slope load, m/s and 1/kg */
        double e1rm_kg, e1rm_se_kg; /* estimate and its standard error */
        unsigned points;
};

/* one_rm_mps: mean velocity of the exercise's 1RM; NAN = not known. Not known where there are no two loads apart enough, or
 * no line that falls beyond doubt. */
void strength_fit(const struct strength_point *points, unsigned n, double one_rm_mps, struct strength *ret);

struct strength_profile {
        char athlete[STRENGTH_NAME_MAX], exercise[EXERCISE_NAME_MAX]; /* empty: unused */
        struct strength_point points[STRENGTH_POINTS];                /* a ring */
        unsigned n, next;
        unsigned used; /* order of use: the one that was not used for longest makes room */
};

struct strengths {
        struct strength_profile profiles[STRENGTH_PROFILES];
        unsigned uses;
};

/* Nobody, no load, no velocity: nothing is taken. Returns the profile, or NULL. */
const struct strength_profile *strengths_add(
        struct strengths *s, const char *athlete, const char *exercise, double load_kg, double best_mps);

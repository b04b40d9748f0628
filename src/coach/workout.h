/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What each athlete has done in this workout, at whichever station. */

#include <stdbool.h>
#include <stdint.h>

#include <repcast/exercise.h>

#define WORKOUT_ATHLETES 64
#define WORKOUT_GROUPS   12
#define WORKOUT_NAME_MAX 64

/* A muscle group that had negatives, and by which exercise first. */
struct workout_group {
        char group[EXERCISE_NAME_MAX], exercise[EXERCISE_NAME_MAX];
        bool told; /* of a second exercise */
};

struct workout {
        char athlete[WORKOUT_NAME_MAX]; /* empty: unused */
        uint64_t last_us;               /* end of the newest set, or start of a running one */
        unsigned sets, negative_sets;
        unsigned judged, compliant; /* reps */
        bool told_warning, told_full;
        struct workout_group groups[WORKOUT_GROUPS];
        unsigned n_groups;
};

struct workouts {
        uint64_t gap_us; /* a pause longer than this, and it is another workout */
        struct workout items[WORKOUT_ATHLETES];
};

void workouts_init(struct workouts *w, double gap_s);

/* That of an athlete, as of now; a new one where none runs. NULL for nobody. The athlete who was away for longest makes
 * room. */
struct workout *workouts_get(struct workouts *w, const char *athlete, uint64_t now_us);

/* The exercise with which this one shares its muscle group, if that had negatives already; else NULL, and this one is noted.
 * Told once a workout and group. */
const char *workout_other_exercise(struct workout *w, const struct exercise *exercise);

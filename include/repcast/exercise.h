/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the signal core must know of a lift. The shipped table is conf/exercises.conf. */

#include <stdbool.h>

#define EXERCISE_NAME_MAX 48

/* Where the lifter waits before the first rep. TOP is the position after the concentric (standing in a
 * squat, arms locked in a press), BOTTOM the position after the eccentric (a deadlift's floor, a pull-down's
 * stretched arms). The words follow the muscle, not the bar. */
enum exercise_start {
        EXERCISE_START_TOP,    /* eccentric first */
        EXERCISE_START_BOTTOM, /* concentric first */
        EXERCISE_START_EITHER, /* racked high or picked up low: taken from the first movement */
        _EXERCISE_START_MAX,
};

/* Which way the sensor travels during the eccentric. */
enum exercise_direction {
        EXERCISE_ECCENTRIC_DOWN,
        EXERCISE_ECCENTRIC_UP,
        _EXERCISE_DIRECTION_MAX,
};

enum exercise_mount {
        EXERCISE_MOUNT_BAR,
        EXERCISE_MOUNT_STACK,
        EXERCISE_MOUNT_SLED,
        EXERCISE_MOUNT_BODY, /* belt or vest: body-weight lifts */
        _EXERCISE_MOUNT_MAX,
};

/* Positions in which the muscle stays loaded while the bar rests: such pauses count as time under tension. */
enum exercise_loaded {
        EXERCISE_LOADED_BOTTOM = 1 << 0,
        EXERCISE_LOADED_TOP = 1 << 1,
};

struct exercise {
        char name[EXERCISE_NAME_MAX];         /* key, as in "back-squat" */
        char muscle_group[EXERCISE_NAME_MAX]; /* as in "quadriceps" */
        enum exercise_start start;
        enum exercise_direction eccentric;
        enum exercise_mount mount;
        unsigned loaded;      /* enum exercise_loaded */
        bool under_bar;       /* the lifter is under the load and cannot let go of it */
        double rom_min_m;     /* least travel along the path that is a rep, m, 0.02 to 2.5 */
        double rom_typical_m; /* usual travel along the path, m, rom_min_m to 2.5 */
        double incline_deg;   /* angle of the path above the horizontal, 10 to 90; 90 = vertical */
        double set_gap_s;     /* a rest longer than this ends the set, s, 3 to 300 */
        double one_rm_mps;    /* mean velocity of a one-repetition maximum, m/s, 0.05 to 1; NAN = not known */
};

const char *exercise_start_to_string(enum exercise_start start);
const char *exercise_direction_to_string(enum exercise_direction direction);
const char *exercise_mount_to_string(enum exercise_mount mount);

/* Return the value, or -EINVAL for an unknown word. */
int exercise_start_from_string(const char *s);
int exercise_direction_from_string(const char *s);
int exercise_mount_from_string(const char *s);

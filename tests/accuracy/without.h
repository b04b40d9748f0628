/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The core without one of its parts: what that part earns. */

#include <repcast/calibration.h>
#include <repcast/exercise.h>

struct core;

enum part {
        PART_NONE,
        PART_BEAM,       /* its round trips; the live phase still has its odds */
        PART_TRACKER,    /* its movements, which the live phase needs before a set */
        PART_SET_MODEL,  /* each cycle that is possible is a rep */
        PART_FELT,       /* what speaks against a movement besides its travel */
        PART_BORDER,     /* borders as tracker or beam saw them */
        PART_HANDEDNESS, /* the gyroscope is believed */
        _PART_MAX,
};

const char *part_to_string(enum part part);
enum part part_from_string(const char *text); /* _PART_MAX if there is none of that name */

/* As core_init(). */
int without_init(
        struct core *c, const struct exercise *exercise, const struct calibration *known, enum part part);

/* Reps of a recording after amendment. 0 or negative errno. */
int without_count(const char *path, const struct exercise *exercise, enum part part, unsigned *ret);

/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the events and the exercise table, as configuration, JSON and tables spell them. */

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <repcast/event.h>
#include <repcast/exercise.h>

#include "util/macros.h"

static const char *word(const char *const *words, size_t n, unsigned value) {
        return value < n ? words[value] : NULL;
}

static int value(const char *const *words, size_t n, const char *s) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(words[i], s) == 0)
                        return (int) i;
        return -EINVAL;
}

static const char *const phases[_PHASE_MAX] = {
        [PHASE_ECCENTRIC] = "eccentric",
        [PHASE_BOTTOM] = "bottom",
        [PHASE_CONCENTRIC] = "concentric",
        [PHASE_TOP] = "top",
        [PHASE_REST] = "rest",
};

static const char *const rejections[_REJECTED_MAX] = {
        [REJECTED_UNRACK] = "unrack",
        [REJECTED_RERACK] = "rerack",
        [REJECTED_PARTIAL] = "partial",
        [REJECTED_BOUNCE] = "bounce",
        [REJECTED_WALKOUT] = "walkout",
        [REJECTED_DROP] = "drop",
        [REJECTED_NOISE] = "noise",
};

static const char *const amendments[_AMENDMENT_MAX] = {
        [AMENDED_REJECTED] = "rejected",
        [AMENDED_FIGURES] = "figures",
};

static const char *const set_ends[_SET_END_MAX] = {
        [SET_END_REST] = "rest",
        [SET_END_RERACK] = "rerack",
        [SET_END_FULL] = "full",
        [SET_END_GAP] = "gap",
        [SET_END_STREAM] = "stream",
        [SET_END_COMMAND] = "command",
};

static const char *const starts[_EXERCISE_START_MAX] = {
        [EXERCISE_START_TOP] = "top",
        [EXERCISE_START_BOTTOM] = "bottom",
        [EXERCISE_START_EITHER] = "either",
};

static const char *const directions[_EXERCISE_DIRECTION_MAX] = {
        [EXERCISE_ECCENTRIC_DOWN] = "down",
        [EXERCISE_ECCENTRIC_UP] = "up",
};

static const char *const mounts[_EXERCISE_MOUNT_MAX] = {
        [EXERCISE_MOUNT_BAR] = "bar",
        [EXERCISE_MOUNT_STACK] = "stack",
        [EXERCISE_MOUNT_SLED] = "sled",
        [EXERCISE_MOUNT_BODY] = "body",
};

const char *phase_to_string(enum phase phase) {
        return word(phases, ARRAY_SIZE(phases), phase);
}

const char *rejection_to_string(enum rejection reason) {
        return word(rejections, ARRAY_SIZE(rejections), reason);
}

const char *amendment_to_string(enum amendment change) {
        return word(amendments, ARRAY_SIZE(amendments), change);
}

const char *rep_flag_to_string(enum rep_flags flag) {
        switch (flag) {
        case REP_FLAG_GAP:
                return "gap";
        case REP_FLAG_CLIPPED:
                return "clipped";
        case REP_FLAG_COLD:
                return "cold";
        case REP_FLAG_HELD:
                return "held";
        case _REP_FLAG_MAX:
                break;
        }
        return NULL;
}

const char *set_end_to_string(enum set_end end) {
        return word(set_ends, ARRAY_SIZE(set_ends), end);
}

const char *exercise_start_to_string(enum exercise_start start) {
        return word(starts, ARRAY_SIZE(starts), start);
}

const char *exercise_direction_to_string(enum exercise_direction direction) {
        return word(directions, ARRAY_SIZE(directions), direction);
}

const char *exercise_mount_to_string(enum exercise_mount mount) {
        return word(mounts, ARRAY_SIZE(mounts), mount);
}

int exercise_start_from_string(const char *s) {
        return value(starts, ARRAY_SIZE(starts), s);
}

int exercise_direction_from_string(const char *s) {
        return value(directions, ARRAY_SIZE(directions), s);
}

int exercise_mount_from_string(const char *s) {
        return value(mounts, ARRAY_SIZE(mounts), s);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The table of lifts: repcast-exercises(5), shipped as conf/exercises.conf. */

#include <stddef.h>

#include <repcast/exercise.h>

#include "hub/keys.h"
#include "util/fault.h"

#define EXERCISES_MAX 256

struct exercises {
        struct exercise *items; /* in the order of the file */
        size_t n;
};

extern const struct key_table exercise_keys;

/* The shipped table, built into the programs so that they work where nothing is installed. */
extern const unsigned char exercises_builtin[];
extern const size_t exercises_builtin_size;
#define EXERCISES_BUILTIN_NAME "the built-in table" /* in faults */

/* path NULL: the built-in table. Every fault is told, that the file cannot be read included. Returns 0, -EINVAL where
 * the file is faulty or cannot be opened, or another negative errno value. */
int exercises_load(const char *path, struct faults *faults, struct exercises *ret);
void exercises_done(struct exercises *e);

/* NULL where it is not there; *ret_nearest (may be NULL) is the name that was probably meant, or NULL. */
const struct exercise *exercises_find(const struct exercises *e, const char *name, const char **ret_nearest);

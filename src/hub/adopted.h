/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sensors that were given to stations by command (repcastctl adopt), kept in adopted.conf of the state directory in
 * the form of a configuration:
 *
 *     [station rack-1]
 *     Sensor=D4:22:CD:00:11:22
 *     Profile=movella-dot
 *
 * The file belongs to the daemon. It is read after the configuration and wins over its Sensor= keys, but it can never
 * keep the daemon from starting: what is wrong or no longer fits is told and left out. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "message/message.h"
#include "util/address.h"
#include "util/fault.h"

#define ADOPTED_PROFILE_MAX 48
#define ADOPTED_MAX         1024 /* also those of stations that are out of the configuration for now */

struct adoption {
        char station[MESSAGE_NAME_MAX];
        char sensor[ADDRESS_MAX];
        char profile[ADOPTED_PROFILE_MAX]; /* empty = as its advertisement says */
        unsigned line;                     /* of the sensor, in the file as it is written */
};

struct adopted {
        struct adoption items[ADOPTED_MAX];
        size_t n;
};

/* Read the file; none is an empty list. Faults become notes, and their entries are left out. */
void adopted_load(struct adopted *a, const char *path, struct faults *notes);

/* Write it. Returns 0 or -EIO. */
int adopted_write(const struct adopted *a, FILE *stream);

/* Give a station a sensor in place of any that it has. -ENOSPC: the list is full. */
int adopted_set(struct adopted *a, const char *station, const char *sensor, const char *profile);

/* Returns whether there was one. */
bool adopted_remove(struct adopted *a, const char *station);

const struct adoption *adopted_find(const struct adopted *a, const char *station);
const struct adoption *adopted_find_sensor(const struct adopted *a, const char *sensor);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What was assigned to stations outlives the daemon: their rosters in a small file, assigned.conf in the state folder,
 *
 *     [station rack-1]        [queue rack-1]
 *     Athlete=ana             Given=athlete load
 *     Exercise=back-squat     Athlete=ben
 *     LoadKg=80               LoadKg=60
 *
 * which is read at the start, put over what the configuration says, and written anew with every change. Neither the event
 * store, which a gym may switch off or bound, nor the configuration, which is the gym's own, is the place for it. */

#include <stdio.h>

#include "hub/persist.h"
#include "hub/roster.h"
#include "message/message.h"
#include "util/fault.h"

#define ASSIGNED_MAX 1024 /* stations, those that are out of the configuration for now included */

struct assigned_item {
        char station[MESSAGE_NAME_MAX];
        struct roster roster;
};

struct assigned {
        struct assigned_item items[ASSIGNED_MAX];
        size_t n;
        char *path; /* NULL = it is not kept */
        struct persist *persist;
};

/* Read the file; none is an empty list. Faults become notes, and what they are about is left out. */
void assigned_load(struct assigned *a, const char *path, struct faults *notes);

/* Returns 0 or -EIO. */
int assigned_write(const struct assigned *a, FILE *stream);

/* NULL = as the configuration says. */
const struct roster *assigned_find(const struct assigned *a, const char *station);

/* The roster is another one, or (NULL) that of the configuration again. done may be NULL; it is called later, unless the
 * result is negative: then it will not be kept. Returns 0 where nothing is to be kept and done will not be called, else 1. */
int assigned_put(struct assigned *a, const char *station, const struct roster *roster, persist_done done,
        void *userdata);

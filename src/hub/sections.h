/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A file that is a table of things: one [section] for each, all with the same keys. */

#include "hub/keys.h"

#define SECTIONS_KEYS_MAX 16

struct sections {
        const struct key_table *keys;
        const char *what; /* one of the things, in faults: "an exercise" */
        void *object;     /* in work: filled, taken, filled anew */
        char *name;       /* of it, where the section's name goes */
        size_t name_size;
        /* Does one of this name stand in this file already? */
        bool (*is_known)(void *userdata, const char *name);
        /* The object is complete, as far as each key by itself can show. Faults are told; negative: out of memory. */
        int (*take)(void *userdata, const char *section, const struct key_origin *place,
                const struct key_origin *origins, struct faults *faults);
        void *userdata;
};

/* Names stand in topics, payloads and on command lines: small letters, digits and -. */
bool sections_is_name(const char *s, size_t size);

/* Every fault is told. Returns 0 or the errno value of reading or of take(). */
int sections_read(const struct sections *s, FILE *file, const char *path, struct faults *faults);

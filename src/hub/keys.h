/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Keys of a configuration file as data: name, type, range, unit, default and meaning stand in one table, and
 * reading, fault texts, dumps and the check of the manual all follow from it. */

#include <stdbool.h>
#include <stddef.h>

#include "util/fault.h"
#include "util/ini.h"

#define KEY_TEXT_MAX 1024 /* bytes of any value as text, with the NUL */

enum key_type {
        KEY_TEXT,     /* char[size] */
        KEY_PATH,     /* char[size]; a relative one starts at the folder of the file that holds it */
        KEY_NUMBER,   /* double, min to max; NAN = unset */
        KEY_UNSIGNED, /* unsigned, min to max */
        KEY_YES_NO,   /* bool */
        KEY_WORD,     /* unsigned or enum, one of the words */
        KEY_FLAGS,    /* unsigned, bit i for word i; "none" for none of them */
};

struct key {
        const char *name;
        enum key_type type;
        size_t offset, size; /* of the field in its object */
        const char *
                preset; /* the default as text; "" = unset, which an empty value restores; NULL = must be set */
        double min, max;  /* of numbers */
        const char *unit; /* of numbers; NULL = none */
        const char *(*word)(
                unsigned value); /* of KEY_WORD and KEY_FLAGS: the word of each value, NULL behind the last */
        bool (*check)(const char *value); /* of texts: is it allowed? */
        const char *allowed;              /* what check() allows, in words */
        bool fixed;                       /* a change takes effect only with the next start */
        const char *what;                 /* its meaning in a line */
};

/* Where a value comes from: a file whose name outlives the object (and is the same pointer for the same file), or
 * NULL for the default. */
struct key_origin {
        const char *path;
        unsigned line;
};

struct key_table {
        const char *section; /* name of the section; NULL = each section is an object of its own */
        const struct key *keys;
        size_t n;
};

/* Which key of the table is the one of that field? There must be one. */
size_t keys_index(const struct key_table *t, size_t offset);

/* Set every field that has a default. */
void keys_preset(const struct key_table *t, void *object);

/* Take a Key=value into the object. Faults are told, the field stays as it was then; returns whether all is well. */
bool keys_take(const struct key_table *t, void *object, struct key_origin *origins, const struct ini_entry *e,
        const char *path, struct faults *faults);

/* Tell of keys that must be set and are not; the place is that of the section. */
bool keys_complete(const struct key_table *t, const struct key_origin *origins, const char *section,
        const struct key_origin *place, struct faults *faults);

/* "Key=: " and words about a value of it, at the value's place. */
void key_fault(const struct key *key, const struct key_origin *origin, struct faults *faults,
        const char *format, ...) _printf_(4, 5);

/* The value as the file spells it, and what is allowed in words; buffers of KEY_TEXT_MAX bytes. */
void key_format(const struct key *key, const void *object, char *ret);
void key_allowed(const struct key *key, char *ret);

/* Of two objects, is the field the same? */
bool key_equal(const struct key *key, const void *a, const void *b);

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, checking, telling and comparing of fields that a table describes. */

#include "hub/keys.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/macros.h"
#include "util/number.h"
#include "util/suggest.h"

#define GIVEN_MAX 80 /* characters of a value that a fault repeats */

static void *field(const struct key *key, void *object) {
        return (char *) object + key->offset;
}

static const void *const_field(const struct key *key, const void *object) {
        return (const char *) object + key->offset;
}

_printf_(3, 4) static void append(char *s, size_t size, const char *format, ...) {
        size_t n = strlen(s);
        va_list ap;

        va_start(ap, format);
        vsnprintf(s + n, size - n, format, ap);
        va_end(ap);
}

void key_fault(const struct key *key, const struct key_origin *origin, struct faults *faults,
        const char *format, ...) {
        char text[KEY_TEXT_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        faults_add(faults, origin->path, origin->line, "%s=: %s", key->name, text);
}

void key_allowed(const struct key *key, char *ret) {
        *ret = '\0';
        switch (key->type) {
        case KEY_TEXT:
        case KEY_PATH:
                append(ret, KEY_TEXT_MAX, "%s", key->allowed);
                break;
        case KEY_NUMBER:
        case KEY_UNSIGNED:
                append(ret, KEY_TEXT_MAX, "%s from %.10g to %.10g",
                        key->type == KEY_NUMBER ? "a number" : "a whole number", key->min, key->max);
                if (key->unit)
                        append(ret, KEY_TEXT_MAX, " (%s)", key->unit);
                break;
        case KEY_YES_NO:
                append(ret, KEY_TEXT_MAX, "yes or no");
                break;
        case KEY_WORD:
        case KEY_FLAGS:
                append(ret, KEY_TEXT_MAX, "%s", key->type == KEY_WORD ? "one of" : "none, or any of");
                for (unsigned i = 0; key->word(i); i++)
                        append(ret, KEY_TEXT_MAX, "%s %s", i > 0 ? "," : "", key->word(i));
                break;
        }
}

static int parse_unsigned(const struct key *key, const char *value, unsigned *ret) {
        uint64_t number;
        int r = number_parse_u64(value, (uint64_t) key->min, (uint64_t) key->max, &number);

        if (r >= 0)
                *ret = (unsigned) number;
        return r;
}

static int parse_word(const struct key *key, const char *value, size_t n, unsigned *ret) {
        for (unsigned i = 0; key->word(i); i++)
                if (strlen(key->word(i)) == n && memcmp(key->word(i), value, n) == 0) {
                        *ret = i;
                        return 0;
                }
        return -EINVAL;
}

static int parse_flags(const struct key *key, const char *value, unsigned *ret) {
        unsigned flags = 0;

        if (strcmp(value, "none") == 0) {
                *ret = 0;
                return 0;
        }
        for (const char *s = value; *s;) {
                size_t n = strcspn(s, " \t");
                unsigned bit;
                int r = parse_word(key, s, n, &bit);

                if (r < 0 || (flags & (1U << bit)) != 0)
                        return -EINVAL;
                flags |= 1U << bit;
                s += n + strspn(s + n, " \t");
        }
        *ret = flags;
        return 0;
}

static int parse_yes_no(const char *value, bool *ret) {
        bool yes = strcmp(value, "yes") == 0;

        if (!yes && strcmp(value, "no") != 0)
                return -EINVAL;
        *ret = yes;
        return 0;
}

static int parse_text(const struct key *key, const char *value, char *ret) {
        size_t n = strlen(value);

        if (n >= key->size)
                return -ERANGE;
        if (key->check && !key->check(value))
                return -EINVAL;
        memcpy(ret, value, n + 1);
        return 0;
}

/* path: the file that names the other one; NULL for a default, which is absolute. */
static int parse_path(const struct key *key, const char *value, const char *path, char *ret) {
        const char *slash = path ? strrchr(path, '/') : NULL;
        size_t n_folder = *value != '/' && slash ? (size_t) (slash - path) + 1 : 0, n = strlen(value);

        if (n_folder + n >= key->size)
                return -ERANGE;
        memcpy(ret, path ? path : "", n_folder);
        memcpy(ret + n_folder, value, n + 1);
        return 0;
}

/* Returns 0, -EINVAL or -ERANGE. */
static int parse(const struct key *key, const char *value, const char *path, void *object) {
        void *f = field(key, object);

        if (*value == '\0') {
                if (!key->preset || *key->preset != '\0')
                        return -EINVAL;
                if (key->type == KEY_NUMBER)
                        *(double *) f = (double) NAN;
                else
                        *(char *) f = '\0'; /* only texts and numbers can be unset */
                return 0;
        }
        switch (key->type) {
        case KEY_TEXT:
                return parse_text(key, value, f);
        case KEY_PATH:
                return parse_path(key, value, path, f);
        case KEY_NUMBER:
                return number_parse_double(value, key->min, key->max, f);
        case KEY_UNSIGNED:
                return parse_unsigned(key, value, f);
        case KEY_YES_NO:
                return parse_yes_no(value, f);
        case KEY_WORD:
                return parse_word(key, value, strlen(value), f);
        case KEY_FLAGS:
                return parse_flags(key, value, f);
        }
        return -EINVAL;
}

size_t keys_index(const struct key_table *t, size_t offset) {
        size_t i = 0;

        while (t->keys[i].offset != offset)
                i++;
        return i;
}

void keys_preset(const struct key_table *t, void *object) {
        for (size_t i = 0; i < t->n; i++)
                if (t->keys[i].preset)
                        (void) parse(&t->keys[i], t->keys[i].preset, NULL, object);
}

static const char *section_text(const struct ini_entry *e, char *buffer, size_t size) {
        snprintf(buffer, size, *e->argument ? "[%s %s]" : "[%s]", e->section, e->argument);
        return buffer;
}

static const struct key *find(const struct key_table *t, const struct ini_entry *e,
        const struct key_origin *place, struct faults *faults) {
        char section[2 * INI_NAME_MAX + 4];
        struct suggest nearest;

        suggest_init(&nearest, e->key);
        for (size_t i = 0; i < t->n; i++) {
                if (strcmp(t->keys[i].name, e->key) == 0)
                        return &t->keys[i];
                suggest_offer(&nearest, t->keys[i].name);
        }
        section_text(e, section, sizeof(section));
        if (suggest_best(&nearest)) {
                faults_add(faults, place->path, place->line, "%s=: no such key in %s; did you mean %s=?",
                        e->key, section, suggest_best(&nearest));
        } else {
                char known[KEY_TEXT_MAX] = "";

                for (size_t i = 0; i < t->n; i++)
                        append(known, sizeof(known), "%s%s=", i > 0 ? ", " : "", t->keys[i].name);
                faults_add(faults, place->path, place->line, "%s=: no such key in %s; allowed are %s", e->key,
                        section, known);
        }
        return NULL;
}

static void tell_value(const struct key *key, int error, const char *value, const struct key_origin *place,
        struct faults *faults) {
        char allowed[KEY_TEXT_MAX];
        bool text = key->type == KEY_TEXT || key->type == KEY_PATH;

        key_allowed(key, allowed);
        if (*value == '\0')
                key_fault(key, place, faults, "has no value; allowed is %s", allowed);
        else if (error == -ERANGE && text)
                key_fault(key, place, faults, "too long; at most %zu bytes are allowed; %zu were given",
                        key->size - 1, strlen(value));
        else
                key_fault(key, place, faults, "%s; allowed is %s; given was '%.*s'%s",
                        error == -ERANGE ? "out of range" : "not understood", allowed, GIVEN_MAX, value,
                        strlen(value) > GIVEN_MAX ? " ..." : "");
}

bool keys_take(const struct key_table *t, void *object, struct key_origin *origins, const struct ini_entry *e,
        const char *path, struct faults *faults) {
        struct key_origin place = {path, e->line};
        const struct key *key = find(t, e, &place, faults);
        struct key_origin *origin;
        bool twice;
        int r;

        if (!key)
                return false;
        origin = &origins[key - t->keys];
        twice = origin->path == path;
        if (twice)
                key_fault(key, &place, faults, "given a second time; the first is in line %u; one is allowed",
                        origin->line);
        r = parse(key, e->value, path, object);
        if (r < 0)
                tell_value(key, r, e->value, &place, faults);
        *origin = place; /* even so: it has been given, and is not also missing */
        return r >= 0 && !twice;
}

bool keys_complete(const struct key_table *t, const struct key_origin *origins, const char *section,
        const struct key_origin *place, struct faults *faults) {
        bool complete = true;

        for (size_t i = 0; i < t->n; i++) {
                char allowed[KEY_TEXT_MAX];

                if (t->keys[i].preset || origins[i].path)
                        continue;
                key_allowed(&t->keys[i], allowed);
                key_fault(&t->keys[i], place, faults, "is missing in %s; allowed is %s", section, allowed);
                complete = false;
        }
        return complete;
}

void key_format(const struct key *key, const void *object, char *ret) {
        const void *f = const_field(key, object);
        unsigned flags;

        *ret = '\0';
        switch (key->type) {
        case KEY_TEXT:
        case KEY_PATH:
                append(ret, KEY_TEXT_MAX, "%s", (const char *) f);
                break;
        case KEY_NUMBER:
                if (!isnan(*(const double *) f))
                        append(ret, KEY_TEXT_MAX, "%.10g", *(const double *) f);
                break;
        case KEY_UNSIGNED:
                append(ret, KEY_TEXT_MAX, "%u", *(const unsigned *) f);
                break;
        case KEY_YES_NO:
                append(ret, KEY_TEXT_MAX, "%s", *(const bool *) f ? "yes" : "no");
                break;
        case KEY_WORD:
                append(ret, KEY_TEXT_MAX, "%s", key->word(*(const unsigned *) f));
                break;
        case KEY_FLAGS:
                flags = *(const unsigned *) f;
                for (unsigned i = 0; key->word(i); i++)
                        if ((flags & (1U << i)) != 0)
                                append(ret, KEY_TEXT_MAX, "%s%s", *ret ? " " : "", key->word(i));
                if (flags == 0)
                        append(ret, KEY_TEXT_MAX, "none");
                break;
        }
}

bool key_equal(const struct key *key, const void *a, const void *b) {
        char text_a[KEY_TEXT_MAX], text_b[KEY_TEXT_MAX];

        key_format(key, a, text_a);
        key_format(key, b, text_b);
        return strcmp(text_a, text_b) == 0;
}

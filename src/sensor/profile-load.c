/* SPDX-License-Identifier: Apache-2.0 */
/* Loading of one profile: its lines, then its sections in the order in which they need each other, then the proof. */

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/profile-private.h"
#include "util/ini.h"
#include "util/suggest.h"
#include "util/textfile.h"

#define FAULT_MAX  512
#define GIVEN_MAX  80 /* characters of a value that a fault repeats */
#define LISTED_MAX 1024

DEFINE_CLEANUP(FILE *, fclose);

void load_fault(struct load *l, const struct load_entry *e, const char *format, ...) {
        char text[FAULT_MAX + LISTED_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (e->key)
                faults_add(l->faults, l->path, e->line, "%s=: %s", e->key, text);
        else
                faults_add(l->faults, l->path, e->line, "[%s%s%s]: %s", e->section, *e->argument ? " " : "",
                        e->argument, text);
}

void load_fault_value(struct load *l, const struct load_entry *e, const char *what, const char *allowed) {
        load_fault(l, e, "%s; allowed is %s; given was '%.*s'%s", what, allowed, GIVEN_MAX, e->value,
                strlen(e->value) > GIVEN_MAX ? " ..." : "");
}

/* ---- lines ---- */

static void entries_done(struct load *l) {
        for (size_t i = 0; i < l->n_entries; i++) {
                free(l->entries[i].section);
                free(l->entries[i].argument);
                free(l->entries[i].key);
                free(l->entries[i].value);
        }
        free(l->entries);
}

static int keep(struct load *l, const struct ini_entry *e) {
        struct load_entry *entry;

        if ((l->n_entries & (l->n_entries + 1)) == 0) { /* 0, 1, 3, 7: room for the double and one more */
                entry = reallocarray(l->entries, 2 * l->n_entries + 2, sizeof(*entry));
                if (!entry)
                        return -ENOMEM;
                l->entries = entry;
        }
        entry = &l->entries[l->n_entries++];
        *entry = (struct load_entry){
                .line = e->line,
                .section = strdup(e->section),
                .argument = strdup(e->argument),
                .key = e->kind == INI_KEY ? strdup(e->key) : NULL,
                .value = strdup(e->kind == INI_KEY ? e->value : ""),
        };
        if (!entry->section || !entry->argument || !entry->value || (e->kind == INI_KEY && !entry->key))
                return -ENOMEM;
        return 0;
}

static int read_lines(struct load *l, FILE *file) {
        struct ini ini;
        struct ini_entry e;
        int r;

        ini_init(&ini, file);
        while ((r = ini_next(&ini, &e)) > 0) {
                if (e.kind == INI_FAULT) {
                        faults_add(l->faults, l->path, e.line, "%s", e.fault);
                        continue;
                }
                if (l->n_entries == LOAD_ENTRIES_MAX) {
                        faults_add(l->faults, l->path, e.line,
                                "more than %d lines of content; that many are allowed", LOAD_ENTRIES_MAX);
                        return 0;
                }
                r = keep(l, &e);
                if (r < 0)
                        return r;
        }
        return r;
}

/* ---- sections ---- */

/* Words about a name that is not known: the nearest, or all of them. */
static void tell_unknown(struct load *l, const struct load_entry *e, const char *given, const char *what,
        const char *(*name)(const void *table, size_t i), const void *table, size_t n) {
        struct suggest nearest;
        char known[LISTED_MAX] = "";

        suggest_init(&nearest, given);
        for (size_t i = 0; i < n; i++) {
                size_t used = strlen(known);

                suggest_offer(&nearest, name(table, i));
                snprintf(known + used, sizeof(known) - used, "%s%s", i > 0 ? ", " : "", name(table, i));
        }
        if (suggest_best(&nearest))
                load_fault(l, e, "%s; did you mean %s?", what, suggest_best(&nearest));
        else
                load_fault(l, e, "%s; allowed are %s", what, known);
}

static const char *section_name(const void *table, size_t i) {
        return ((const struct load_section *) table)[i].name;
}

static const char *key_name(const void *table, size_t i) {
        return ((const struct load_key *) table)[i].name;
}

static const struct load_section *find_section(const char *name) {
        for (size_t i = 0; i < load_n_sections; i++)
                if (strcmp(load_sections[i].name, name) == 0)
                        return &load_sections[i];
        return NULL;
}

static void check_heads(struct load *l) {
        for (size_t i = 0; i < l->n_entries; i++) {
                const struct load_entry *e = &l->entries[i];
                const struct load_section *s = find_section(e->section);

                if (e->key)
                        continue;
                if (!s)
                        tell_unknown(l, e, e->section, "no such section", section_name, load_sections,
                                load_n_sections);
                else if (s->named && !*e->argument)
                        load_fault(l, e, "needs a name, as in [%s NAME]", s->name);
                else if (!s->named && *e->argument)
                        load_fault(l, e, "has no name; allowed is [%s]", s->name);
        }
}

static void take_key(struct load *l, const struct load_section *s, void *object, const struct load_entry *e,
        unsigned lines[static 32]) {
        for (size_t i = 0; i < s->n_keys; i++) {
                const struct load_key *key = &s->keys[i];

                if (strcmp(key->name, e->key) != 0)
                        continue;
                if (lines[i] > 0 && !key->repeats)
                        load_fault(
                                l, e, "given a second time; the first is in line %u; one is allowed", lines[i]);
                else if (*e->value == '\0')
                        load_fault(l, e, "has no value; allowed is %s", key->allowed);
                else if (object)
                        key->take(l, object, e);
                lines[i] = e->line;
                return;
        }
        if (!s->free_key)
                tell_unknown(l, e, e->key, "no such key", key_name, s->keys, s->n_keys);
        else if (object)
                s->free_key(l, object, e);
}

/* The section whose head is entry i. */
static void take_section(struct load *l, const struct load_section *s, size_t i) {
        const struct load_entry *head = &l->entries[i];
        unsigned lines[32] = {0}; /* where each key stands */
        void *object = s->open(l, head);

        for (size_t k = i + 1; k < l->n_entries && l->entries[k].key; k++)
                take_key(l, s, object, &l->entries[k], lines);
        for (size_t k = 0; k < s->n_keys; k++)
                if (s->keys[k].required && lines[k] == 0)
                        load_fault(
                                l, head, "%s= is missing; allowed is %s", s->keys[k].name, s->keys[k].allowed);
        if (object && s->close)
                s->close(l, object, head);
}

static void take_sections(struct load *l) {
        for (size_t k = 0; k < load_n_sections; k++) {
                const struct load_section *s = &load_sections[k];
                unsigned first = 0;

                for (size_t i = 0; i < l->n_entries; i++) {
                        const struct load_entry *e = &l->entries[i];

                        if (e->key || strcmp(e->section, s->name) != 0)
                                continue;
                        if (first > 0 && !s->repeats)
                                load_fault(
                                        l, e, "a second time; the first is in line %u; one is allowed", first);
                        else
                                take_section(l, s, i);
                        first = first > 0 ? first : e->line;
                }
                if (first == 0 && s->required)
                        faults_add(l->faults, l->path, 0, "has no [%s%s]; it is needed", s->name,
                                s->named ? " NAME" : "");
        }
}

/* ---- the whole ---- */

int profile_load_stream(FILE *file, const char *path, struct faults *faults, struct profile **ret) {
        _cleanup_(entries_done) struct load l = {.path = path, .faults = faults};
        _cleanup_(profile_freep) struct profile *p = calloc(1, sizeof(*p));
        unsigned faults_before = faults->n;
        int r;

        if (!p)
                return -ENOMEM;
        p->path = strdup(path);
        p->tests = calloc(PROFILE_TESTS_MAX, sizeof(*p->tests));
        if (!p->path || !p->tests)
                return -ENOMEM;
        l.profile = p;
        r = read_lines(&l, file);
        if (r < 0) {
                if (r != -ENOMEM)
                        faults_add(faults, path, 0, "cannot be read: %s", strerror(-r));
                return r;
        }
        check_heads(&l);
        take_sections(&l);
        if (faults->n == faults_before)
                profile_prove(&l);
        if (faults->n == faults_before)
                profile_test(p, faults);
        if (faults->n > faults_before)
                return -EINVAL;
        free(p->tests); /* they have proven it, and are half of it */
        p->tests = NULL;
        *ret = TAKE_PTR(p);
        return 0;
}

int profile_load(const char *path, struct faults *faults, struct profile **ret) {
        const char *why = NULL;
        _cleanup_(fclosep) FILE *file = textfile_open(path, &why);

        if (!file) {
                faults_add(faults, path, 0, "cannot be read: %s", why);
                return -EINVAL;
        }
        return profile_load_stream(file, path, faults, ret);
}

struct profile *profile_free(struct profile *p) {
        if (p) {
                free(p->path);
                free(p->tests);
                free(p);
        }
        return NULL;
}

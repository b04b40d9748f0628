/* SPDX-License-Identifier: Apache-2.0 */
/* The exercise table from its file: one [section] for each lift. */

#include "hub/exercises.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/ini.h"
#include "util/macros.h"
#include "util/suggest.h"
#include "util/textfile.h"

DEFINE_CLEANUP(FILE *, fclose);

static const char *start_word(unsigned i) {
        return exercise_start_to_string(i);
}

static const char *direction_word(unsigned i) {
        return exercise_direction_to_string(i);
}

static const char *mount_word(unsigned i) {
        return exercise_mount_to_string(i);
}

/* In the order of the bits of enum exercise_loaded. */
static const char *loaded_word(unsigned i) {
        static const char *const words[] = {"bottom", "top"};

        return i < ARRAY_SIZE(words) ? words[i] : NULL;
}

/* Names stand in topics, payloads and on command lines. */
static bool is_exercise_name(const char *s) {
        return *s != '\0' && *s != '-' && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' &&
                strlen(s) < EXERCISE_NAME_MAX;
}

#define FIELD(name) .offset = offsetof(struct exercise, name), .size = sizeof(((struct exercise *) NULL)->name)

static const struct key keys[] = {
        {"Start", KEY_WORD, FIELD(start), .word = start_word,
                .what = "position before the first rep, after the concentric (top) or after the eccentric "
                        "(bottom)"},
        {"Eccentric", KEY_WORD, FIELD(eccentric), .word = direction_word,
                .what = "way of the sensor while the muscle lengthens"},
        {"MinRom", KEY_NUMBER, FIELD(rom_min_m), .min = 0.02, .max = 2.5, .unit = "m",
                .what = "least travel that is a rep"},
        {"TypicalRom", KEY_NUMBER, FIELD(rom_typical_m), .min = 0.02, .max = 2.5, .unit = "m",
                .what = "usual travel"},
        {"SetGap", KEY_NUMBER, FIELD(set_gap_s), .preset = "12", .min = 3, .max = 300, .unit = "s",
                .what = "a rest longer than this ends the set"},
        {"Mount", KEY_WORD, FIELD(mount), .word = mount_word, .what = "what carries the sensor"},
        {"Incline", KEY_NUMBER, FIELD(incline_deg), .preset = "90", .min = 10, .max = 90, .unit = "degrees",
                .what = "path above the horizontal; 90 is straight up"},
        {"Loaded", KEY_FLAGS, FIELD(loaded), .word = loaded_word,
                .what = "holds in which the muscle stays loaded: they count as time under tension"},
        {"UnderBar", KEY_YES_NO, FIELD(under_bar),
                .what = "is the lifter under the load and cannot let go of it?"},
        {"MuscleGroup", KEY_TEXT, FIELD(muscle_group), .check = is_exercise_name,
                .allowed = "small letters, digits and -, at most 47", .what = "muscle group trained most"},
};

const struct key_table exercise_keys = {.keys = keys, .n = ARRAY_SIZE(keys)};

/* A section in work: its key values so far and where they came from. */
struct section {
        struct exercise exercise;
        struct key_origin place;
        struct key_origin origins[ARRAY_SIZE(keys)];
        bool open, good;
};

static const struct exercise *find_exact(const struct exercises *e, const char *name) {
        for (size_t i = 0; i < e->n; i++)
                if (strcmp(e->items[i].name, name) == 0)
                        return &e->items[i];
        return NULL;
}

static int section_close(struct section *s, struct exercises *e, struct faults *faults) {
        struct exercise *items;
        char text[EXERCISE_NAME_MAX + 3];

        if (!s->open)
                return 0;
        s->open = false;
        snprintf(text, sizeof(text), "[%s]", s->exercise.name);
        if (!keys_complete(&exercise_keys, s->origins, text, &s->place, faults) || !s->good)
                return 0;
        if (s->exercise.rom_typical_m < s->exercise.rom_min_m) {
                faults_add(faults, s->place.path, s->place.line,
                        "%s: TypicalRom=%.10g is less than MinRom=%.10g; it must be that much at least", text,
                        s->exercise.rom_typical_m, s->exercise.rom_min_m);
                return 0;
        }
        if (e->n == EXERCISES_MAX) {
                faults_add(faults, s->place.path, s->place.line,
                        "%s: more than %d exercises; that many are allowed", text, EXERCISES_MAX);
                return 0;
        }
        items = reallocarray(e->items, e->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        e->items = items;
        e->items[e->n++] = s->exercise;
        return 0;
}

static void section_open(struct section *s, const struct exercises *e, const struct ini_entry *entry,
        const char *path, struct faults *faults) {
        *s = (struct section){.place = {path, entry->line}, .open = true, .good = true};
        keys_preset(&exercise_keys, &s->exercise);
        if (*entry->argument != '\0' || !is_exercise_name(entry->section)) {
                faults_add(faults, path, entry->line,
                        "an exercise's name is made of small letters, digits and -, at most %d; given was "
                        "'%s%s%s'",
                        EXERCISE_NAME_MAX - 1, entry->section, *entry->argument ? " " : "", entry->argument);
                s->good = false;
        } else if (find_exact(e, entry->section)) {
                faults_add(faults, path, entry->line, "[%s] stands here a second time; one is allowed",
                        entry->section);
                s->good = false;
        }
        snprintf(s->exercise.name, sizeof(s->exercise.name), "%s", entry->section);
}

static int read_all(FILE *file, const char *path, struct exercises *e, struct faults *faults) {
        struct section section = {.open = false};
        struct ini ini;
        struct ini_entry entry;
        int r;

        ini_init(&ini, file);
        while ((r = ini_next(&ini, &entry)) > 0) {
                switch (entry.kind) {
                case INI_FAULT:
                        faults_add(faults, path, entry.line, "%s", entry.fault);
                        break;
                case INI_SECTION:
                        r = section_close(&section, e, faults);
                        if (r < 0)
                                return r;
                        section_open(&section, e, &entry, path, faults);
                        break;
                case INI_KEY:
                        section.good &= keys_take(
                                &exercise_keys, &section.exercise, section.origins, &entry, path, faults);
                        break;
                }
        }
        return r < 0 ? r : section_close(&section, e, faults);
}

static FILE *open_table(const char *path, const char **ret_why) {
        FILE *file;

        if (path)
                return textfile_open(path, ret_why);
        file = fmemopen((void *) (uintptr_t) exercises_builtin, exercises_builtin_size, "r");
        if (!file)
                *ret_why = strerror(errno);
        return file;
}

int exercises_load(const char *path, struct faults *faults, struct exercises *ret) {
        _cleanup_(exercises_done) struct exercises e = {NULL, 0};
        const char *why = NULL, *name = path ? path : EXERCISES_BUILTIN_NAME;
        _cleanup_(fclosep) FILE *file = open_table(path, &why);
        unsigned faults_before = faults->n;
        int r = file ? read_all(file, name, &e, faults) : -EINVAL;

        if (r < 0) {
                faults_add(faults, name, 0, "cannot be read: %s", why ? why : strerror(-r));
                return r;
        }
        if (faults->n > faults_before)
                return -EINVAL;
        if (e.n == 0) {
                faults_add(faults, name, 0, "holds no exercise; at least one [section] is needed");
                return -EINVAL;
        }
        *ret = e;
        e = (struct exercises){NULL, 0};
        return 0;
}

void exercises_done(struct exercises *e) {
        free(e->items);
        *e = (struct exercises){NULL, 0};
}

const struct exercise *exercises_find(const struct exercises *e, const char *name, const char **ret_nearest) {
        const struct exercise *found = find_exact(e, name);
        struct suggest nearest;

        if (ret_nearest) {
                suggest_init(&nearest, name);
                for (size_t i = 0; i < e->n && !found; i++)
                        suggest_offer(&nearest, e->items[i].name);
                *ret_nearest = suggest_best(&nearest);
        }
        return found;
}

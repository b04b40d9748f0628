/* SPDX-License-Identifier: Apache-2.0 */
/* The exercise table from its file: one [section] for each lift. */

#include "hub/exercises.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/sections.h"
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

static bool is_exercise_name(const char *s) {
        return sections_is_name(s, EXERCISE_NAME_MAX);
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
        {"OneRmVelocity", KEY_NUMBER, FIELD(one_rm_mps), .preset = "", .min = 0.05, .max = 1, .unit = "m/s",
                .what = "mean velocity of a one-repetition maximum; unset: the 1RM is not estimated"},
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

/* The table in work. */
struct reading {
        struct exercises table;
        struct exercise exercise;
};

static const struct exercise *find_exact(const struct exercises *e, const char *name) {
        for (size_t i = 0; i < e->n; i++)
                if (strcmp(e->items[i].name, name) == 0)
                        return &e->items[i];
        return NULL;
}

static bool is_known(void *userdata, const char *name) {
        const struct reading *reading = userdata;

        return find_exact(&reading->table, name);
}

static int take(void *userdata, const char *section, const struct key_origin *place,
        _unused_ const struct key_origin *origins, struct faults *faults) {
        struct reading *reading = userdata;
        struct exercises *e = &reading->table;
        struct exercise *items, *x = &reading->exercise;

        if (x->rom_typical_m < x->rom_min_m) {
                faults_add(faults, place->path, place->line,
                        "%s: TypicalRom=%.10g is less than MinRom=%.10g; it must be that much at least",
                        section, x->rom_typical_m, x->rom_min_m);
                return 0;
        }
        if (e->n == EXERCISES_MAX) {
                faults_add(faults, place->path, place->line,
                        "%s: more than %d exercises; that many are allowed", section, EXERCISES_MAX);
                return 0;
        }
        items = reallocarray(e->items, e->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        e->items = items;
        e->items[e->n++] = *x;
        return 0;
}

static void reading_done(struct reading *reading) {
        exercises_done(&reading->table);
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
        _cleanup_(reading_done) struct reading reading = {.table = {NULL, 0}};
        const struct sections sections = {
                .keys = &exercise_keys,
                .what = "an exercise",
                .object = &reading.exercise,
                .name = reading.exercise.name,
                .name_size = sizeof(reading.exercise.name),
                .is_known = is_known,
                .take = take,
                .userdata = &reading,
        };
        const char *why = NULL, *name = path ? path : EXERCISES_BUILTIN_NAME;
        _cleanup_(fclosep) FILE *file = open_table(path, &why);
        unsigned faults_before = faults->n;
        int r = file ? sections_read(&sections, file, name, faults) : -EINVAL;

        if (r < 0) {
                faults_add(faults, name, 0, "cannot be read: %s", why ? why : strerror(-r));
                return r;
        }
        if (faults->n > faults_before)
                return -EINVAL;
        if (reading.table.n == 0) {
                faults_add(faults, name, 0, "holds no exercise; at least one [section] is needed");
                return -EINVAL;
        }
        *ret = reading.table;
        reading.table = (struct exercises){NULL, 0};
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

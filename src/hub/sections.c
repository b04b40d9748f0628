/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as files: what the table of lifts and that of prescriptions share. */

#include "hub/sections.h"

#include <assert.h>
#include <string.h>

#include "util/macros.h"

/* A section in work: where its values came from. */
struct section {
        struct key_origin place;
        struct key_origin origins[SECTIONS_KEYS_MAX];
        bool open, good;
};

bool sections_is_name(const char *s, size_t size) {
        return *s != '\0' && *s != '-' && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' &&
                strlen(s) < size;
}

static int section_close(const struct sections *s, struct section *section, struct faults *faults) {
        char text[INI_NAME_MAX + 3];

        if (!section->open)
                return 0;
        section->open = false;
        snprintf(text, sizeof(text), "[%s]", s->name);
        if (!keys_complete(s->keys, section->origins, text, &section->place, faults) || !section->good)
                return 0;
        return s->take(s->userdata, text, &section->place, section->origins, faults);
}

static void section_open(const struct sections *s, struct section *section, const struct ini_entry *entry,
        const char *path, struct faults *faults) {
        *section = (struct section){.place = {path, entry->line}, .open = true, .good = true};
        keys_preset(s->keys, s->object);
        if (*entry->argument != '\0' || !sections_is_name(entry->section, s->name_size)) {
                faults_add(faults, path, entry->line,
                        "%s's name is made of small letters, digits and -, at most %zu; given was '%s%s%s'",
                        s->what, s->name_size - 1, entry->section, *entry->argument ? " " : "",
                        entry->argument);
                section->good = false;
        } else if (s->is_known(s->userdata, entry->section)) {
                faults_add(faults, path, entry->line, "[%s] stands here a second time; one is allowed",
                        entry->section);
                section->good = false;
        }
        snprintf(s->name, s->name_size, "%s", entry->section);
}

int sections_read(const struct sections *s, FILE *file, const char *path, struct faults *faults) {
        struct section section = {.open = false};
        struct ini ini;
        struct ini_entry entry;
        int r;

        assert(s->keys->n <= SECTIONS_KEYS_MAX);
        ini_init(&ini, file);
        while ((r = ini_next(&ini, &entry)) > 0) {
                switch (entry.kind) {
                case INI_FAULT:
                        faults_add(faults, path, entry.line, "%s", entry.fault);
                        break;
                case INI_SECTION:
                        r = section_close(s, &section, faults);
                        if (r < 0)
                                return r;
                        section_open(s, &section, &entry, path, faults);
                        break;
                case INI_KEY:
                        section.good &= keys_take(s->keys, s->object, section.origins, &entry, path, faults);
                        break;
                }
        }
        return r < 0 ? r : section_close(s, &section, faults);
}

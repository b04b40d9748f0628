/* SPDX-License-Identifier: Apache-2.0 */
/* The rosters of stations and their file. */

#include "hub/assigned.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/keys.h"
#include "util/ini.h"
#include "util/macros.h"
#include "util/number.h"
#include "util/textfile.h"

DEFINE_CLEANUP(FILE *, fclose);

/* One section: an assignment, and what of it is given. */
struct entry {
        struct assignment values;
        unsigned given;
        bool rotate;
};

static const char *given_word(unsigned i) {
        static const char *const words[] = {"athlete", "exercise", "prescription", "load", "one-rm"};

        return i < ARRAY_SIZE(words) ? words[i] : NULL;
}

#define FIELD(name) .offset = offsetof(struct entry, name), .size = sizeof(((struct entry *) NULL)->name)

/* clang-format off */
static const struct key keys[] = {
        { "Athlete", KEY_TEXT, FIELD(values.athlete), .preset = "", .allowed = "a name" },
        { "Exercise", KEY_TEXT, FIELD(values.exercise), .preset = "", .allowed = "a name" },
        { "Prescription", KEY_TEXT, FIELD(values.prescription), .preset = "", .allowed = "a name" },
        { "LoadKg", KEY_NUMBER, FIELD(values.load_kg), .preset = "", .min = 0, .max = ASSIGNMENT_LOAD_MAX_KG },
        { "OneRmKg", KEY_NUMBER, FIELD(values.one_rm_kg), .preset = "", .min = 0, .max = ASSIGNMENT_LOAD_MAX_KG },
        { "Given", KEY_FLAGS, FIELD(given), .preset = "none", .word = given_word },
        { "Rotate", KEY_YES_NO, FIELD(rotate), .preset = "no" },
};
/* clang-format on */

static const struct key_table table = {NULL, keys, ARRAY_SIZE(keys)};

static struct assigned_item *find(struct assigned *a, const char *station) {
        for (size_t i = 0; i < a->n; i++)
                if (strcmp(a->items[i].station, station) == 0)
                        return &a->items[i];
        return NULL;
}

const struct roster *assigned_find(const struct assigned *a, const char *station) {
        for (size_t i = 0; i < a->n; i++)
                if (strcmp(a->items[i].station, station) == 0)
                        return &a->items[i].roster;
        return NULL;
}

/* ---- reading ---- */

/* A section has ended. Returns NULL, or what is wrong with it. */
static const char *take(struct assigned *a, const char *section, const char *station, const struct entry *e) {
        struct assigned_item *item = find(a, station);

        if (strcmp(section, "queue") == 0) {
                if (!item || item->roster.n_queue == ASSIGNMENT_QUEUE_MAX)
                        return "[queue NAME]: follows [station NAME], a few times at most";
                item->roster.queue[item->roster.n_queue++] = (struct wish){e->given, e->values};
                return NULL;
        }
        if (strcmp(section, "station") != 0 || strlen(station) >= sizeof(item->station))
                return "sections are [station NAME] and [queue NAME] here";
        if (item || a->n == ASSIGNED_MAX)
                return "[station NAME]: a second time, or one too many";
        item = &a->items[a->n++];
        *item = (struct assigned_item){.roster = {.now = e->values, .rotate = e->rotate}};
        strcpy(item->station, station);
        return NULL;
}

struct reading {
        struct assigned *assigned;
        const char *path;
        struct faults *notes;
        bool open;
        unsigned line;
        char section[INI_NAME_MAX], argument[INI_NAME_MAX];
        struct entry entry;
        struct key_origin origins[ARRAY_SIZE(keys)];
};

static void close_section(struct reading *r) {
        const char *wrong = r->open ? take(r->assigned, r->section, r->argument, &r->entry) : NULL;

        if (wrong)
                faults_add(r->notes, r->path, r->line, "%s", wrong);
        r->open = false;
}

static void take_entry(struct reading *r, const struct ini_entry *e) {
        switch (e->kind) {
        case INI_SECTION:
                close_section(r);
                r->open = true;
                r->line = e->line;
                snprintf(r->section, sizeof(r->section), "%s", e->section);
                snprintf(r->argument, sizeof(r->argument), "%s", e->argument);
                memset(r->origins, 0, sizeof(r->origins));
                r->entry = (struct entry){.given = 0};
                keys_preset(&table, &r->entry);
                return;
        case INI_KEY:
                (void) keys_take(&table, &r->entry, r->origins, e, r->path, r->notes);
                return;
        case INI_FAULT:
                faults_add(r->notes, r->path, e->line, "%s", e->fault);
                return;
        }
}

void assigned_load(struct assigned *a, const char *path, struct faults *notes) {
        _cleanup_(fclosep) FILE *file = NULL;
        struct reading reading = {.assigned = a, .path = path, .notes = notes};
        struct ini ini;
        struct ini_entry e;
        const char *why;
        int r;

        a->n = 0;
        if (!path || (access(path, F_OK) < 0 && errno == ENOENT))
                return;
        file = textfile_open(path, &why);
        if (!file) {
                faults_add(notes, path, 0, "cannot be read: %s; nothing counts as assigned", why);
                return;
        }
        ini_init(&ini, file);
        while ((r = ini_next(&ini, &e)) > 0)
                take_entry(&reading, &e);
        close_section(&reading);
        if (r < 0)
                faults_add(notes, path, 0, "cannot be read: %s", strerror(-r));
}

/* ---- writing ---- */

static void write_number(FILE *stream, const char *key, double x) {
        char text[NUMBER_FORMAT_MAX];

        if (number_format_double(x, text) >= 0)
                fprintf(stream, "%s=%s\n", key, text);
}

static void write_assignment(FILE *stream, const struct assignment *a) {
        fprintf(stream, "Athlete=%s\nExercise=%s\nPrescription=%s\n", a->athlete, a->exercise, a->prescription);
        write_number(stream, "LoadKg", a->load_kg);
        write_number(stream, "OneRmKg", a->one_rm_kg);
}

static void write_given(FILE *stream, unsigned given) {
        bool any = false;

        fputs("Given=", stream);
        for (unsigned i = 0; given_word(i); i++)
                if (given & 1U << i) {
                        fprintf(stream, "%s%s", any ? " " : "", given_word(i));
                        any = true;
                }
        fputs(any ? "\n" : "none\n", stream);
}

int assigned_write(const struct assigned *a, FILE *stream) {
        fputs("# Written by repcastd. Change it with \"repcastctl assign\" and \"repcastctl queue\": what is "
              "written\n"
              "# here by hand is lost.\n",
                stream);
        for (size_t i = 0; i < a->n; i++) {
                const struct roster *r = &a->items[i].roster;

                fprintf(stream, "[station %s]\n", a->items[i].station);
                write_assignment(
                        stream, r->has_next ? &r->next : &r->now); /* a start begins without a running set */
                fprintf(stream, "Rotate=%s\n", r->rotate ? "yes" : "no");
                for (unsigned k = 0; k < r->n_queue; k++) {
                        fprintf(stream, "[queue %s]\n", a->items[i].station);
                        write_assignment(stream, &r->queue[k].values);
                        write_given(stream, r->queue[k].given);
                }
        }
        return ferror(stream) ? -EIO : 0;
}

static int keep(struct assigned *a, persist_done done, void *userdata) {
        char *text = NULL;
        size_t n = 0;
        FILE *stream;
        int r;

        if (!a->path || !a->persist)
                return 0;
        stream = open_memstream(&text, &n);
        if (!stream)
                return -ENOMEM;
        r = assigned_write(a, stream);
        if (fclose(stream) != 0)
                r = -ENOMEM;
        if (r < 0) {
                free(text);
                return r;
        }
        r = persist_write(a->persist, a->path, text, n, done, userdata);
        return r < 0 ? r : 1;
}

int assigned_put(struct assigned *a, const char *station, const struct roster *roster, persist_done done,
        void *userdata) {
        struct assigned_item *item = find(a, station);

        if (!roster) {
                if (!item)
                        return 0;
                a->n--;
                memmove(item, item + 1, (size_t) (&a->items[a->n] - item) * sizeof(*item));
                return keep(a, done, userdata);
        }
        if (!item && a->n == ASSIGNED_MAX)
                return -ENOSPC;
        if (!item) {
                item = &a->items[a->n++];
                snprintf(item->station, sizeof(item->station), "%s", station);
        }
        item->roster = *roster;
        return keep(a, done, userdata);
}

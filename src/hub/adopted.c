/* SPDX-License-Identifier: Apache-2.0 */
/* The list of adopted sensors and its file. */

#include "hub/adopted.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "message/topic.h"
#include "util/ini.h"
#include "util/macros.h"
#include "util/textfile.h"

DEFINE_CLEANUP(FILE *, fclose);

/* As they will stand once it is written. */
static void number_lines(struct adopted *a) {
        unsigned line = 2; /* of comments */

        for (size_t i = 0; i < a->n; i++) {
                a->items[i].line = line + 2;
                line += *a->items[i].profile ? 3 : 2;
        }
}

static struct adoption *find(struct adopted *a, const char *station) {
        for (size_t i = 0; i < a->n; i++)
                if (strcmp(a->items[i].station, station) == 0)
                        return &a->items[i];
        return NULL;
}

const struct adoption *adopted_find(const struct adopted *a, const char *station) {
        for (size_t i = 0; i < a->n; i++)
                if (strcmp(a->items[i].station, station) == 0)
                        return &a->items[i];
        return NULL;
}

const struct adoption *adopted_find_sensor(const struct adopted *a, const char *sensor) {
        for (size_t i = 0; i < a->n; i++)
                if (strcmp(a->items[i].sensor, sensor) == 0)
                        return &a->items[i];
        return NULL;
}

/* The station's entry, made where there is none; NULL: no room. */
static struct adoption *entry(struct adopted *a, const char *station) {
        struct adoption *item = find(a, station);

        if (!item && a->n < ADOPTED_MAX) {
                item = &a->items[a->n++];
                *item = (struct adoption){0};
                snprintf(item->station, sizeof(item->station), "%s", station);
        }
        return item;
}

int adopted_set(struct adopted *a, const char *station, const char *sensor, const char *profile) {
        struct adoption *item = entry(a, station);

        if (!item)
                return -ENOSPC;
        snprintf(item->sensor, sizeof(item->sensor), "%s", sensor);
        snprintf(item->profile, sizeof(item->profile), "%s", profile);
        number_lines(a);
        return 0;
}

bool adopted_remove(struct adopted *a, const char *station) {
        struct adoption *item = find(a, station);

        if (!item)
                return false;
        a->n--;
        memmove(item, item + 1, (size_t) (&a->items[a->n] - item) * sizeof(*item));
        number_lines(a);
        return true;
}

/* NULL, or what is wrong with the entry. */
static const char *take_key(struct adopted *a, const struct ini_entry *e) {
        char level[MESSAGE_NAME_MAX], sensor[ADDRESS_MAX];
        struct adoption *item;

        topic_level(e->argument, level, sizeof(level));
        if (strcmp(e->section, "station") != 0 || strcmp(level, e->argument) != 0)
                return "sections are [station NAME] here";
        item = find(a, level);
        if (strcmp(e->key, "Profile") == 0) {
                if (!item || strlen(e->value) >= sizeof(item->profile))
                        return "Profile=: follows a Sensor=, with a name of at most 47 bytes";
                strcpy(item->profile, e->value);
                return NULL;
        }
        if (strcmp(e->key, "Sensor") != 0 || !address_parse(e->value, sensor))
                return "Sensor=ADDRESS and Profile=NAME are allowed here";
        if (item || adopted_find_sensor(a, sensor))
                return "Sensor=: the station or the sensor stands here a second time";
        item = entry(a, level);
        if (!item)
                return "[station NAME]: there are too many";
        strcpy(item->sensor, sensor);
        item->line = e->line;
        return NULL;
}

void adopted_load(struct adopted *a, const char *path, struct faults *notes) {
        _cleanup_(fclosep) FILE *file = NULL;
        struct ini ini;
        struct ini_entry e;
        const char *why;
        int r;

        a->n = 0;
        if (access(path, F_OK) < 0 && errno == ENOENT)
                return;
        file = textfile_open(path, &why);
        if (!file) {
                faults_add(notes, path, 0, "cannot be read: %s; no sensor counts as adopted", why);
                return;
        }
        ini_init(&ini, file);
        while ((r = ini_next(&ini, &e)) > 0) {
                why = e.kind == INI_FAULT ? e.fault : e.kind == INI_KEY ? take_key(a, &e) : NULL;
                if (why)
                        faults_add(notes, path, e.line, "%s", why);
        }
        if (r < 0)
                faults_add(notes, path, 0, "cannot be read: %s", strerror(-r));
}

int adopted_write(const struct adopted *a, FILE *stream) {
        fputs("# Written by repcastd. Change it with \"repcastctl adopt\" and \"repcastctl forget\": what is\n"
              "# written here by hand is lost.\n",
                stream);
        for (size_t i = 0; i < a->n; i++) {
                fprintf(stream, "[station %s]\nSensor=%s\n", a->items[i].station, a->items[i].sensor);
                if (*a->items[i].profile)
                        fprintf(stream, "Profile=%s\n", a->items[i].profile);
        }
        return ferror(stream) ? -EIO : 0;
}

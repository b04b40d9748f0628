/* SPDX-License-Identifier: Apache-2.0 */
/* What must not be shown: looked for in the configuration, in its files, at the stations and in the journal. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/broker-files.h"
#include "ctl/bugreport.h"
#include "ctl/changes.h"
#include "hub/assigned.h"
#include "hub/passkeys.h"
#include "hub/state-file.h"

DEFINE_CLEANUP(char *, free);

static void ignore(_unused_ const char *text, _unused_ void *userdata) {
}

/* ---- passwords ---- */

static int learn_file(struct bugreport *b, const char *root, const char *path) {
        char *text = NULL;
        int r = changes_read(root, path, &text);

        if (r < 0)
                return 0; /* who cannot read it cannot show it */
        r = blank_add_secret(&b->blank, text);
        explicit_bzero(text, strlen(text));
        free(text);
        return r;
}

static int learn_passkeys(struct bugreport *b, const char *path) {
        struct faults faults = {.sink = ignore};
        struct passkeys keys = {.n = 0};
        char text[16];
        int r = 0;

        if (*path == '\0' || passkeys_load(&keys, path, &faults) < 0)
                return 0;
        for (size_t i = 0; i < keys.n && r >= 0; i++) {
                snprintf(text, sizeof(text), "%06u", keys.items[i].passkey);
                r = blank_add_secret(&b->blank, text);
        }
        explicit_bzero(&keys, sizeof(keys));
        return r;
}

static int learn_secrets(struct bugreport *b) {
        static const char *const files[] = {HUB_PASSWORD, WALL_PASSWORD, COACH_PASSWORD,
                REPCASTCONFDIR "/mqtt-password", "/run/credentials/repcast.service/mqtt-password"};
        const struct config *c = b->doctor.config;
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(files) && r >= 0; i++)
                r = learn_file(b, b->doctor.root, files[i]);
        if (r >= 0 && c)
                r = blank_add_secret(&b->blank, c->mqtt.password);
        if (r >= 0 && c && *c->mqtt.password_file != '\0') /* one that repcastd refuses, too */
                r = learn_file(b, "", c->mqtt.password_file);
        if (r >= 0 && c)
                r = learn_passkeys(b, c->bluetooth.passkey_file);
        return r;
}

/* ---- people ---- */

/* One a line. */
static int learn_names(struct bugreport *b, const char *list) {
        int r = 0;

        while (*list != '\0' && r >= 0) {
                r = blank_add_name(&b->blank, list);
                list += strcspn(list, "\n");
                list += *list == '\n';
        }
        return r;
}

static int learn_assigned(struct bugreport *b) {
        struct faults faults = {.sink = ignore};
        struct assigned *a = calloc(1, sizeof(*a));
        _cleanup_(freep) char *path = NULL;
        char folder[PATH_MAX];
        int r;

        if (!a)
                return -ENOMEM;
        r = hub_find_state(&b->doctor.config->storage, doctor_path(&b->doctor, DOCTOR_STATE_FOLDER, folder),
                "assigned.conf", &path);
        if (r >= 0 && access(path, R_OK) == 0)
                assigned_load(a, path, &faults);
        for (size_t i = 0; r >= 0 && i < a->n; i++) {
                const struct roster *roster = &a->items[i].roster;

                r = blank_add_name(&b->blank, roster->now.athlete);
                if (r >= 0 && roster->has_next)
                        r = blank_add_name(&b->blank, roster->next.athlete);
                for (size_t k = 0; r >= 0 && k < roster->n_queue; k++)
                        r = blank_add_name(&b->blank, roster->queue[k].values.athlete);
        }
        free(a);
        return r;
}

static int learn_stations(struct bugreport *b) {
        const struct config *c = b->doctor.config;
        const struct view *v = &b->doctor.view;
        int r = 0;

        for (size_t i = 0; c && i < c->n_stations && r >= 0; i++)
                r = blank_add_name(&b->blank, c->stations[i].athlete);
        for (size_t i = 0; i < v->n_stations && r >= 0; i++) {
                r = learn_names(b, v->stations[i].athlete);
                if (r >= 0)
                        r = learn_names(b, v->stations[i].next);
                if (r >= 0)
                        r = learn_names(b, v->stations[i].queue);
        }
        return r;
}

/* ---- people in the journal, where repcastd names them ---- */

static int learn_part(struct bugreport *b, const char *from, size_t n) {
        char name[MESSAGE_NAME_MAX];

        if (n >= sizeof(name))
                return 0;
        snprintf(name, sizeof(name), "%.*s", (int) n, from);
        return strcmp(name, "nobody") == 0 ? 0 : blank_add_name(&b->blank, name);
}

static bool is_exercise(const char *word, const struct exercises *exercises) {
        for (size_t i = 0; i < exercises->n; i++) {
                const size_t n = strlen(exercises->items[i].name);

                if (strncmp(word, exercises->items[i].name, n) == 0 && (word[n] == '\0' || word[n] == ','))
                        return true;
        }
        return false;
}

/* "rack-1: ana, back-squat": told when somebody is assigned (hub/command-station.c). */
static int learn_lifter(struct bugreport *b, const char *line, const struct exercises *exercises) {
        const char *comma = line, *name = line;

        while ((comma = strstr(comma, ", ")) && !is_exercise(comma + 2, exercises))
                comma++;
        if (!comma)
                return 0;
        for (const char *colon = strstr(line, ": "); colon && colon < comma; colon = strstr(colon + 1, ": "))
                name = colon + 2;
        return name > line && name <= comma ? learn_part(b, name, (size_t) (comma - name)) : 0;
}

static int learn_line(struct bugreport *b, const char *line, const struct exercises *exercises) {
        static const char *const before[] = {
                " corrected by ", " over MQTT, by "}; /* hub/station-people.c, remote.c */
        int r = learn_lifter(b, line, exercises);

        for (size_t i = 0; i < ARRAY_SIZE(before) && r >= 0; i++) {
                const char *found = strstr(line, before[i]);

                if (found)
                        r = learn_part(b, found + strlen(before[i]), strlen(found + strlen(before[i])));
        }
        return r;
}

static int learn_journal(struct bugreport *b) {
        _cleanup_(exercises_done) struct exercises own = {NULL, 0};
        struct faults faults = {.sink = ignore};
        const struct config *c = b->doctor.config;
        _cleanup_(freep) char *copy = b->journal ? strdup(b->journal) : NULL;
        char *rest = NULL;
        int r = 0;

        if (!copy)
                return b->journal ? -ENOMEM : 0;
        if (!c && exercises_load(NULL, &faults, &own) < 0)
                return -ENOMEM;
        for (char *line = strtok_r(copy, "\n", &rest); line && r >= 0; line = strtok_r(NULL, "\n", &rest))
                r = learn_line(b, line, c ? &c->exercises : &own);
        return r;
}

int bugreport_learn(struct bugreport *b) {
        int r = learn_secrets(b);

        if (r >= 0)
                r = learn_stations(b);
        if (r >= 0 && b->doctor.config)
                r = learn_assigned(b);
        return r < 0 ? r : learn_journal(b);
}

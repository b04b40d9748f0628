/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: configuration, secrets, profiles. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/broker-files.h"
#include "ctl/doctor.h"
#include "hub/state-file.h"
#include "sensor/profile.h"

DEFINE_CLEANUP(char *, free);

/* ---- configuration ---- */

static void tell_fault(const char *text, void *userdata) {
        doctor_find(userdata, FINDING_CONFIG_FAULT, "%s", text);
}

static void tell_adopted(const char *text, void *userdata) {
        doctor_find(userdata, FINDING_CONFIG_ADOPTED, "%s", text);
}

static void check_adopted(struct doctor *d) {
        struct faults notes = {.sink = tell_adopted, .userdata = d};
        char folder[PATH_MAX];
        _cleanup_(freep) char *path = NULL;
        struct adopted adopted;

        if (hub_find_state(&d->config->storage, doctor_path(d, DOCTOR_STATE_FOLDER, folder), "adopted.conf",
                    &path) < 0)
                return;
        if (access(path, R_OK) < 0)
                return; /* none was, or check_disk() tells of the folder */
        adopted_load(&adopted, path, &notes);
        (void) config_adopt(d->config, &adopted, path, &notes);
}

static int64_t seconds_of(clockid_t clock) {
        struct timespec t;

        clock_gettime(clock, &t);
        return t.tv_sec;
}

/* Written later than the running hub has read it? */
static void check_age(struct doctor *d) {
        int64_t read_s = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_MONOTONIC) +
                (int64_t) (d->unit.changed_us / 1000000);
        struct stat st;

        if (strcmp(d->unit.active, "active") != 0 || d->unit.changed_us == 0)
                return;
        for (size_t i = 0; i < d->config->n_paths; i++)
                if (stat(d->config->paths[i], &st) == 0 && st.st_mtime > read_s + 1)
                        doctor_find(d, FINDING_CONFIG_CHANGED, "%s was changed after repcastd has read it",
                                d->config->paths[i]);
}

void check_configuration(struct doctor *d) {
        struct faults faults = {.sink = tell_fault, .userdata = d};

        if (access(d->config_path, F_OK) < 0 && errno == ENOENT) {
                doctor_find(d, FINDING_CONFIG_MISSING, "there is no %s", d->config_path);
                return;
        }
        if (config_inspect(d->config_path, &faults, &d->config) < 0)
                return;
        if (d->config->unseen > 0)
                doctor_find(
                        d, FINDING_CONFIG_UNSEEN, "files that this user may not read: %u", d->config->unseen);
        if (d->config->n_stations == 0)
                doctor_find(d, FINDING_NO_STATION, "%s names no station: nothing is counted anywhere",
                        d->config_path);
        check_age(d); /* of what people write: adopted.conf is the hub's own */
        check_adopted(d);
        if (d->worst == WEIGHT_OK)
                doctor_ok(d, "files: %zu, stations: %zu", d->config->n_paths, d->config->n_stations);
}

/* ---- secrets ---- */

struct needed {
        const char *key, *path;
};

static void check_needed(struct doctor *d, const struct needed *n) {
        const char *where;
        struct stat st;
        int r;

        if (*n->path == '\0' || stat(n->path, &st) < 0)
                return; /* the configuration's own check tells of it */
        if (doctor_is_hidden(d, n->path))
                doctor_find(d, FINDING_FILE_HIDDEN, "%s= names %s", n->key, n->path);
        r = d->user.known ? doctor_user_may(d, n->path, R_OK, &where) : 0;
        if (r == -EACCES)
                doctor_find(d, FINDING_FILE_DENIED, "%s=: the service's user may not read %s%s%s", n->key,
                        n->path, where == n->path ? "" : ": not let into ", where == n->path ? "" : where);
}

static void check_mode(struct doctor *d, const char *path) {
        struct stat st;

        if (stat(path, &st) == 0 && (st.st_mode & 077) != 0)
                doctor_find(d, FINDING_SECRET_OPEN, "%s can be read or changed by others (mode %03o)", path,
                        st.st_mode & 0777U);
}

/* Of which the configuration knows nothing. */
static void check_modes(struct doctor *d) {
        static const char *const paths[] = {
                WALL_PASSWORD, COACH_PASSWORD, REPCASTCONFDIR "/mqtt-password", REPCASTCONFDIR "/mqtt-key"};
        char path[PATH_MAX];

        for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
                check_mode(d, doctor_path(d, paths[i], path));
}

void check_secrets(struct doctor *d) {
        const struct config *c = d->config;

        if (!d->user.known)
                doctor_find(d, FINDING_USER_MISSING, "there is no user %s, under which the service runs",
                        *d->unit.user ? d->unit.user : "repcast");
        check_modes(d);
        if (!c)
                return;
        const struct needed needed[] = {
                {"PasswordFile", c->mqtt.password_file},
                {"KeyFile", c->mqtt.key_file},
                {"PasskeyFile", c->bluetooth.passkey_file},
                {"CertificateFile", c->mqtt.certificate_file},
                {"CAFile", c->mqtt.ca_file},
                {"Exercises", c->hub.exercises},
                {"Prescriptions", c->hub.prescriptions},
        };

        for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
                check_needed(d, &needed[i]);
        if (*c->mqtt.key == '\0' && *c->mqtt.certificate_file != '\0')
                check_mode(d, c->mqtt.certificate_file); /* the key is in there */
        for (size_t i = 0; i < c->n_paths; i++)
                check_needed(d, &(struct needed){"repcast.conf", c->paths[i]});
        for (size_t i = 0; i < c->n_stations; i++)
                check_needed(d, &(struct needed){"Recording", c->stations[i].recording});
        if (d->worst == WEIGHT_OK)
                doctor_ok(d, "for those only who need them");
}

/* ---- profiles ---- */

static void tell_profile(const char *text, void *userdata) {
        doctor_find(userdata, FINDING_PROFILE_FAULT, "%s", text);
}

void check_profiles(struct doctor *d) {
        static const struct bluetooth_config none = {.profiles = ""};
        struct faults faults = {.sink = tell_profile, .userdata = d};
        _cleanup_(profiles_done) struct profiles profiles = {NULL, 0};

        (void) config_load_profiles(d->config ? &d->config->bluetooth : &none, &profiles, &faults);
        if (d->worst == WEIGHT_OK)
                doctor_ok(d, "sensor profiles, each with its test vectors: %zu", profiles.n);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the configuration: every file, then what only the whole can show. All faults are told in one go. */

#include "hub/config.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/exercises.h"
#include "hub/passkeys.h"
#include "hub/password.h"
#include "hub/prescriptions.h"
#include "message/topic.h"
#include "sensor/profile.h"
#include "util/ini.h"
#include "util/macros.h"
#include "util/suggest.h"
#include "util/textfile.h"

DEFINE_CLEANUP(FILE *, fclose);
DEFINE_CLEANUP(DIR *, closedir);

/* The file in work and the section that its keys go into. */
struct loader {
        struct config *config;
        struct faults *faults;
        const char *path;
        const struct key_table *table; /* NULL: the section is faulty, its keys are passed over */
        void *object;
        struct config_section *section;
        bool inspect;
};

/* A file that only others may read, the daemon's user among them. */
static bool is_unseen(struct loader *l, int error) {
        if (!l->inspect || error != EACCES)
                return false;
        l->config->unseen++;
        return true;
}

struct station_config *config_find_station(struct config *c, const char *name) {
        for (size_t i = 0; i < c->n_stations; i++)
                if (strcmp(c->stations[i].name, name) == 0)
                        return &c->stations[i];
        return NULL;
}

static struct station_config *add_station(struct loader *l, const struct ini_entry *e) {
        struct station_config *s;
        char level[MESSAGE_NAME_MAX];

        topic_level(e->argument, level, sizeof(level));
        if (strcmp(level, e->argument) != 0) {
                faults_add(l->faults, l->path, e->line,
                        "[station NAME]: the name is faulty; allowed is one without / + # and not starting "
                        "with $, "
                        "at most %d bytes; given was '%s'",
                        MESSAGE_NAME_MAX - 1, e->argument);
                return NULL;
        }
        if (l->config->n_stations == CONFIG_STATIONS_MAX) {
                faults_add(l->faults, l->path, e->line,
                        "[station %s]: too many stations; at most %d are allowed", e->argument,
                        CONFIG_STATIONS_MAX);
                return NULL;
        }
        s = &l->config->stations[l->config->n_stations++];
        keys_preset(&config_station_keys, s);
        strcpy(s->name, level);
        return s;
}

/* The sections that stand once. */
static bool select_single(struct loader *l, const char *name) {
        struct config *c = l->config;
        const struct {
                const struct key_table *table;
                void *object;
                struct config_section *section;
        } singles[] = {
                {&config_hub_keys, &c->hub, &c->hub.section},
                {&config_mqtt_keys, &c->mqtt, &c->mqtt.section},
                {&config_storage_keys, &c->storage, &c->storage.section},
                {&config_bluetooth_keys, &c->bluetooth, &c->bluetooth.section},
                {&config_coach_keys, &c->coach, &c->coach.section},
        };

        for (size_t i = 0; i < ARRAY_SIZE(singles); i++)
                if (strcmp(singles[i].table->section, name) == 0) {
                        l->table = singles[i].table;
                        l->object = singles[i].object;
                        l->section = singles[i].section;
                        return true;
                }
        return false;
}

/* Point the loader at what the section's keys fill. */
static void select_section(struct loader *l, const struct ini_entry *e) {
        static const char *const known[] = {"hub", "mqtt", "store", "bluetooth", "coach", "station"};
        struct station_config *s;
        const char *nearest;

        l->table = NULL;
        if (strcmp(e->section, "station") == 0) {
                s = config_find_station(l->config, e->argument);
                if (!s)
                        s = add_station(l, e);
                if (!s)
                        return;
                l->table = &config_station_keys;
                l->object = s;
                l->section = &s->section;
        } else if (!select_single(l, e->section)) {
                nearest = suggest_word(e->section, known, ARRAY_SIZE(known));
                faults_add(l->faults, l->path, e->line,
                        "[%s]: no such section; allowed are [hub], [mqtt], [store], [bluetooth], [coach] and "
                        "[station NAME]%s%s%s",
                        e->section, nearest ? "; did you mean [" : "", nearest ? nearest : "",
                        nearest ? "]?" : "");
        } else if (*e->argument != '\0') {
                l->table = NULL;
                faults_add(l->faults, l->path, e->line, "[%s %s]: this section takes no name; allowed is [%s]",
                        e->section, e->argument, e->section);
        }
}

static void begin_section(struct loader *l, const struct ini_entry *e) {
        select_section(l, e);
        if (!l->table)
                return;
        if (l->section->place.path == l->path)
                faults_add(l->faults, l->path, e->line,
                        "[%s%s%s] stands here a second time; the first is in line %u; one a file is allowed",
                        e->section, *e->argument ? " " : "", e->argument, l->section->place.line);
        l->section->place = (struct key_origin){l->path, e->line};
}

static int read_entries(struct loader *l, FILE *file) {
        struct ini ini;
        struct ini_entry e;
        int r;

        l->table = NULL;
        ini_init(&ini, file);
        while ((r = ini_next(&ini, &e)) > 0) {
                switch (e.kind) {
                case INI_FAULT:
                        faults_add(l->faults, l->path, e.line, "%s", e.fault);
                        break;
                case INI_SECTION:
                        begin_section(l, &e);
                        break;
                case INI_KEY:
                        if (l->table &&
                                !keys_take(l->table, l->object, l->section->origins, &e, l->path, l->faults))
                                l->section->faulty = true;
                        break;
                }
        }
        return r;
}

/* Takes the path. */
static int read_file(struct loader *l, char *path) {
        _cleanup_(fclosep) FILE *file = NULL;
        const char *why = NULL;
        char **paths = reallocarray(l->config->paths, l->config->n_paths + 1, sizeof(*paths));
        int r;

        if (!paths) {
                free(path);
                return -ENOMEM;
        }
        l->config->paths = paths;
        paths[l->config->n_paths++] = path;
        l->path = path;
        errno = 0;
        file = textfile_open(path, &why);
        if (!file && is_unseen(l, errno))
                return 0;
        r = file ? read_entries(l, file) : -EINVAL;
        if (r < 0)
                faults_add(l->faults, path, 0, "cannot be read: %s", why ? why : strerror(-r));
        return 0;
}

static int is_drop_in(const struct dirent *entry) {
        size_t n = strlen(entry->d_name);

        return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".conf") == 0;
}

/* By bytes, whatever the locale says: the order decides which value wins. */
static int by_name(const struct dirent **a, const struct dirent **b) {
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_drop_ins(struct loader *l, const char *main_path) {
        struct dirent **entries = NULL;
        char *folder;
        int n, r = 0;

        if (asprintf(&folder, "%s.d", main_path) < 0)
                return -ENOMEM;
        n = scandir(folder, &entries, is_drop_in, by_name);
        if (n < 0 && errno != ENOENT && !is_unseen(l, errno))
                faults_add(l->faults, folder, 0, "cannot be read: %s", strerror(errno));
        for (int i = 0; i < n; i++) {
                char *path;

                if (r >= 0)
                        r = asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0 ? -ENOMEM
                                                                                     : read_file(l, path);
                free(entries[i]);
        }
        free(entries);
        free(folder);
        return r;
}

/* ---- what only the whole can show ---- */

static void check_hub(struct loader *l) {
        struct hub_config *h = &l->config->hub;
        char host[256] = "";

        if (*h->name != '\0')
                return;
        if (gethostname(host, sizeof(host) - 1) < 0)
                strcpy(host, "hub");
        topic_level(host, h->name, sizeof(h->name));
}

static void mqtt_fault(struct loader *l, size_t offset, const char *format, ...) _printf_(3, 4);

static void mqtt_fault(struct loader *l, size_t offset, const char *format, ...) {
        const size_t i = keys_index(&config_mqtt_keys, offset);
        struct key_origin place = l->config->mqtt.section.origins[i];
        char text[KEY_TEXT_MAX + 128];
        va_list ap;

        if (!place.path)
                place.path = l->config->paths[0]; /* a credential is nobody's line */
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        key_fault(&config_mqtt_keys.keys[i], &place, l->faults, "%s", text);
}

static void check_password(struct loader *l) {
        struct mqtt_config *m = &l->config->mqtt;
        const size_t offset = offsetof(struct mqtt_config, password_file);
        const struct key_origin *place = &m->section.origins[keys_index(&config_mqtt_keys, offset)];
        char why[CONFIG_PATH_MAX + 128];
        int r = password_read(m->password_file, m->password, sizeof(m->password), why, sizeof(why));

        if (r < 0 && !is_unseen(l, -r))
                mqtt_fault(l, offset, "%s", why);
        else if (*m->password != '\0' && *m->username == '\0' && !m->section.faulty)
                faults_add(l->faults, place->path ? place->path : l->config->paths[0], place->line,
                        "Username=: is missing in [mqtt]; a password needs one");
}

/* A file of TLS: there, and of use. Its contents are looked at with each connection. */
static void check_tls_file(struct loader *l, const char *path, size_t offset) {
        const struct mqtt_config *m = &l->config->mqtt;
        bool used = false;

        if (*path == '\0')
                return;
        for (unsigned i = 0; i < m->n_brokers; i++)
                used |= m->brokers[i].tls;
        if (!used && !m->section.faulty)
                mqtt_fault(
                        l, offset, "no broker in Broker= has mqtts:// before its name: nothing goes over TLS");
        else if (access(path, R_OK) < 0 && !is_unseen(l, errno))
                mqtt_fault(l, offset, "%s cannot be read: %s", path, strerror(errno));
}

static void check_tls(struct loader *l) {
        struct mqtt_config *m = &l->config->mqtt;
        const size_t key = offsetof(struct mqtt_config, key_file);
        struct stat st;

        check_tls_file(l, m->ca_file, offsetof(struct mqtt_config, ca_file));
        check_tls_file(l, m->certificate_file, offsetof(struct mqtt_config, certificate_file));
        check_tls_file(l, m->key_file, key);
        if (*m->key_file != '\0' && *m->certificate_file == '\0' && !m->section.faulty)
                mqtt_fault(l, key, "there is no CertificateFile= that it belongs to");
        if (*m->key_file != '\0' && stat(m->key_file, &st) == 0 && (st.st_mode & 077) != 0)
                mqtt_fault(l, key, "%s can be read or changed by others; allow its owner alone (chmod 600)",
                        m->key_file);
        if (*m->key_file != '\0')
                strcpy(m->key, m->key_file);
        else if (*m->certificate_file != '\0')
                password_find_credential("mqtt-key", m->key, sizeof(m->key));
}

static void check_mqtt(struct loader *l) {
        struct mqtt_config *m = &l->config->mqtt;

        m->n_brokers = (unsigned) brokers_parse(m->broker, m->brokers); /* the key's own check has passed it */
        check_password(l);
        check_tls(l);
}

const struct key_origin *config_sensor_origin(const struct station_config *s) {
        return &s->section.origins[CONFIG_SENSOR_KEY];
}

static void sensor_fault(struct loader *l, const struct station_config *s, const char *format, ...)
        _printf_(3, 4);

static void sensor_fault(struct loader *l, const struct station_config *s, const char *format, ...) {
        const struct key_origin *origin = config_sensor_origin(s);
        char text[KEY_TEXT_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        faults_add(l->faults, origin->path, origin->line, "Sensor=: %s", text);
}

const struct station_config *config_find_sensor(
        const struct config *c, const char *sensor, const struct station_config *but) {
        for (size_t i = 0; i < c->n_stations; i++)
                if (&c->stations[i] != but && strcmp(c->stations[i].sensor, sensor) == 0)
                        return &c->stations[i];
        return NULL;
}

static void name_beside(char *ret, size_t size, const char *path, const char *name) {
        const char *slash = strrchr(path, '/');

        snprintf(ret, size, "%.*s%s", slash ? (int) (slash - path) + 1 : 0, path, name);
}

/* One bar, one sensor: neither can be in two places. */
static void check_sensors(struct loader *l) {
        struct config *c = l->config;

        for (size_t i = 0; i < c->n_stations; i++) {
                struct station_config *s = &c->stations[i];
                const struct station_config *other;

                (void) address_parse(s->adapter, s->adapter); /* the keys' own checks have passed them */
                (void) address_parse(s->sensor, s->sensor);
                if (*s->sensor == '\0')
                        continue;
                other = config_find_sensor(c, s->sensor, s);
                if (other && other < s)
                        sensor_fault(l, s,
                                "%s is the sensor of [station %s] already (%s:%u); a sensor belongs to one "
                                "station",
                                s->sensor, other->name, config_sensor_origin(other)->path,
                                config_sensor_origin(other)->line);
                if (*s->recording != '\0')
                        sensor_fault(l, s, "[station %s] plays a Recording=; one of both is allowed", s->name);
        }
}

int config_load_profiles(const struct bluetooth_config *c, struct profiles *ret, struct faults *faults) {
        int r = profiles_load_builtin(ret, faults), k;

        if (r < 0 && r != -EINVAL)
                return r;
        k = *c->profiles ? profiles_load_folder(ret, c->profiles, faults) : 0;
        return k < 0 ? k : r;
}

static void ignore(_unused_ const char *text, _unused_ void *userdata) {
}

/* The folder next to the main file, and what stations say of profiles. */
static void check_profiles(struct loader *l) {
        _cleanup_(profiles_done) struct profiles profiles = {0};
        struct bluetooth_config *b = &l->config->bluetooth;
        struct faults ignored = {.sink = ignore};
        struct passkeys passkeys;

        if (*b->profiles == '\0')
                name_beside(b->profiles, sizeof(b->profiles), l->config->paths[0], "profiles");
        if (*b->passkey_file != '\0' && (access(b->passkey_file, R_OK) == 0 || !is_unseen(l, errno)))
                (void) passkeys_load(&passkeys, b->passkey_file, l->faults);
        explicit_bzero(&passkeys, sizeof(passkeys));
        (void) config_load_profiles(b, &profiles, l->inspect ? &ignored : l->faults);
        for (size_t i = 0; i < l->config->n_stations; i++) {
                const struct station_config *s = &l->config->stations[i];
                const char *nearest = NULL;

                if (*s->profile == '\0' || profiles_find(&profiles, s->profile, &nearest))
                        continue;
                key_fault(&config_station_keys.keys[CONFIG_PROFILE_KEY],
                        &s->section.origins[CONFIG_PROFILE_KEY], l->faults,
                        "no such profile%s%s%s; given was '%s'", nearest ? "; did you mean " : "",
                        nearest ? nearest : "", nearest ? "?" : "", s->profile);
        }
}

/* The fault of a name that its table does not hold. */
static void no_such(struct loader *l, const struct station_config *s, size_t offset, const char *what,
        const char *nearest, const char *given) {
        size_t i = keys_index(&config_station_keys, offset);

        key_fault(&config_station_keys.keys[i], &s->section.origins[i], l->faults,
                "no such %s%s%s%s; given was '%s'", what, nearest ? "; did you mean " : "",
                nearest ? nearest : "", nearest ? "?" : "", given);
}

static void check_exercises(struct loader *l) {
        struct exercises *exercises = &l->config->exercises;
        const char *path = *l->config->hub.exercises ? l->config->hub.exercises : NULL, *nearest;
        char what[CONFIG_PATH_MAX + 32];

        if (exercises_load(path, l->faults, exercises) < 0)
                return;
        snprintf(what, sizeof(what), "exercise in %s", path ? path : EXERCISES_BUILTIN_NAME);
        for (size_t i = 0; i < l->config->n_stations; i++) {
                struct station_config *s = &l->config->stations[i];
                const struct exercise *exercise;

                if (*s->exercise_name == '\0')
                        continue;
                exercise = exercises_find(exercises, s->exercise_name, &nearest);
                if (exercise)
                        s->exercise = *exercise;
                else
                        no_such(l, s, offsetof(struct station_config, exercise_name), what, nearest,
                                s->exercise_name);
        }
}

static void check_prescriptions(struct loader *l) {
        struct prescriptions *prescriptions = &l->config->prescriptions;
        const char *path = *l->config->hub.prescriptions ? l->config->hub.prescriptions : NULL, *nearest;

        if (prescriptions_load(path, l->faults, prescriptions) < 0)
                return;
        for (size_t i = 0; i < l->config->n_stations; i++) {
                struct station_config *s = &l->config->stations[i];
                const struct prescription *prescription;

                if (*s->prescription_name == '\0')
                        continue;
                prescription = prescriptions_find(prescriptions, s->prescription_name, &nearest);
                if (prescription)
                        s->prescription = *prescription;
                else
                        no_such(l, s, offsetof(struct station_config, prescription_name), "prescription",
                                nearest, s->prescription_name);
        }
}

static void check_stations(struct loader *l) {
        for (size_t i = 0; i < l->config->n_stations; i++) {
                const struct station_config *s = &l->config->stations[i];
                char text[MESSAGE_NAME_MAX + 16];

                snprintf(text, sizeof(text), "[station %s]", s->name);
                (void) keys_complete(
                        &config_station_keys, s->section.origins, text, &s->section.place, l->faults);
        }
        check_exercises(l);
        check_prescriptions(l);
}

/* Fills the configuration of the loader. Returns 0 or -ENOMEM. */
static int load(struct loader *l, const char *path) {
        struct config *c = l->config;
        char *main_path;
        int r;

        keys_preset(&config_hub_keys, &c->hub);
        keys_preset(&config_mqtt_keys, &c->mqtt);
        keys_preset(&config_storage_keys, &c->storage);
        keys_preset(&config_bluetooth_keys, &c->bluetooth);
        keys_preset(&config_coach_keys, &c->coach);
        main_path = strdup(path);
        r = main_path ? read_file(l, main_path) : -ENOMEM;
        if (r >= 0)
                r = read_drop_ins(l, path);
        if (r < 0)
                return r;
        check_hub(l);
        check_mqtt(l);
        check_stations(l);
        check_sensors(l);
        check_profiles(l);
        return 0;
}

int config_load(const char *path, struct faults *faults, struct config **ret) {
        _cleanup_(config_freep) struct config *c = calloc(1, sizeof(*c));
        struct loader l = {.config = c, .faults = faults};
        const unsigned faults_before = faults->n;
        int r = c ? load(&l, path) : -ENOMEM;

        if (r >= 0 && faults->n > faults_before)
                r = -EINVAL;
        if (r >= 0)
                *ret = TAKE_PTR(c);
        return r;
}

int config_inspect(const char *path, struct faults *faults, struct config **ret) {
        _cleanup_(config_freep) struct config *c = calloc(1, sizeof(*c));
        struct loader l = {.config = c, .faults = faults, .inspect = true};
        int r = c ? load(&l, path) : -ENOMEM;

        if (r >= 0)
                *ret = TAKE_PTR(c);
        return r;
}

struct config *config_free(struct config *c) {
        if (!c)
                return NULL;
        exercises_done(&c->exercises);
        prescriptions_done(&c->prescriptions);
        for (size_t i = 0; i < c->n_paths; i++)
                free(c->paths[i]);
        free(c->paths);
        explicit_bzero(c->mqtt.password, sizeof(c->mqtt.password));
        free(c);
        return NULL;
}

static void dump_section(const struct key_table *t, const char *name, const void *object,
        const struct config_section *s, FILE *stream) {
        fprintf(stream, "[%s%s%s]\n", t->section, *name ? " " : "", name);
        for (size_t i = 0; i < t->n; i++) {
                char value[KEY_TEXT_MAX];

                key_format(&t->keys[i], object, value);
                if (s->origins[i].path)
                        fprintf(stream, "# %s:%u\n", s->origins[i].path, s->origins[i].line);
                else
                        fprintf(stream, "# default\n");
                fprintf(stream, "%s=%s\n", t->keys[i].name, value);
        }
        fputc('\n', stream);
}

void config_dump(const struct config *c, FILE *stream) {
        dump_section(&config_hub_keys, "", &c->hub, &c->hub.section, stream);
        dump_section(&config_mqtt_keys, "", &c->mqtt, &c->mqtt.section, stream);
        dump_section(&config_storage_keys, "", &c->storage, &c->storage.section, stream);
        dump_section(&config_bluetooth_keys, "", &c->bluetooth, &c->bluetooth.section, stream);
        dump_section(&config_coach_keys, "", &c->coach, &c->coach.section, stream);
        for (size_t i = 0; i < c->n_stations; i++)
                dump_section(&config_station_keys, c->stations[i].name, &c->stations[i],
                        &c->stations[i].section, stream);
}

static bool equal(const struct key_table *t, const void *a, const void *b) {
        for (size_t i = 0; i < t->n; i++)
                if (!key_equal(&t->keys[i], a, b))
                        return false;
        return true;
}

bool config_station_equal(const struct station_config *a, const struct station_config *b) {
        return strcmp(a->name, b->name) == 0 && equal(&config_station_keys, a, b) &&
                equal(&exercise_keys, &a->exercise, &b->exercise) &&
                equal(&prescription_keys, &a->prescription, &b->prescription);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Bringing the stations in line with the configuration: at the start, on a reload, when sensors are adopted. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/api.h"
#include "hub/hub-private.h"
#include "util/log.h"

/* What is told but is no fault: an adopted sensor that no longer fits. */
static void log_note(const char *text, void *userdata) {
        static const struct log_fields fields = {.kind = LOG_KIND_CONFIG};

        (void) userdata;
        log_write(LOG_WARNING, NULL, &fields, "%s", text);
}

struct station *hub_find_station(const struct hub *h, const char *name) {
        for (unsigned i = 0; i < h->n_stations; i++)
                if (strcmp(station_name(h->stations[i]), name) == 0)
                        return h->stations[i];
        return NULL;
}

static int get_station(struct hub *h, const char *name, struct station **ret) {
        struct station *s = hub_find_station(h, name);
        int r;

        if (!s) {
                if (h->n_stations == STATIONS_MAX)
                        return -ENOSPC;
                r = station_new(h->loop, &h->outlet, h->sensors, h->n_stations, name, &s);
                if (r < 0)
                        return r;
                h->stations[h->n_stations++] = s;
        }
        *ret = s;
        return 0;
}

/* Configured as it is running? A sensor that failed is worth another try. */
static bool runs_as(const struct station *s, const struct station_config *config) {
        const struct station_config *old = station_get_config(s);

        return old && config_station_equal(old, config) && station_source_state(s) != SOURCE_FAILED;
}

static void apply_station(struct hub *h, const struct station_config *config) {
        struct station *s = NULL;
        int r = get_station(h, config->name, &s);

        if (r == -ENOSPC)
                log_error("%s: more than %d different stations since the start; restart repcastd to have it",
                        config->name, STATIONS_MAX);
        else if (r < 0)
                log_error("%s: cannot be set up: %s", config->name, strerror(-r));
        else if (!runs_as(s, config))
                station_configure(s, config, assigned_find(&h->assigned, config->name));
}

/* Bring the stations in line with the configuration; one that did not change goes on undisturbed. All that end do so
 * before any begins: a sensor may go from one to another. */
void hub_apply(struct hub *h) {
        h->outlet.exercises = &h->config->exercises;
        h->outlet.prescriptions = &h->config->prescriptions;
        h->outlet.coach_params = &h->config->coach.params;
        h->outlet.workouts = &h->workouts;
        h->workouts.gap_us = (uint64_t) (h->config->coach.params.workout_gap_min * 60e6);
        for (unsigned i = 0; i < h->n_stations; i++) {
                const struct station_config *config =
                        config_find_station(h->config, station_name(h->stations[i]));

                if (!config)
                        station_retire(h->stations[i]);
                else if (!runs_as(h->stations[i], config))
                        station_release(h->stations[i]);
        }
        for (size_t k = 0; k < h->config->n_stations; k++)
                apply_station(h, &h->config->stations[k]);
        api_touch(h->api);
}

/* ---- reload ---- */

static void tell_fixed(const struct key_table *t, const void *old, const void *new) {
        for (size_t i = 0; i < t->n; i++)
                if (t->keys[i].fixed && !key_equal(&t->keys[i], old, new))
                        log_warning("[%s] %s=: the new value takes effect with the next start", t->section,
                                t->keys[i].name);
}

void hub_reload(struct hub *h) {
        static const struct log_fields fields = {.kind = LOG_KIND_RELOADED};
        struct faults faults = {.sink = hub_log_fault}, notes = {.sink = log_note};
        struct config *config = NULL;
        int r = config_load(h->config_path, &faults, &config);

        if (r >= 0)
                r = config_adopt(config, &h->adopted, h->adopted_path, &notes);
        if (r < 0) {
                config_free(config);
                log_error("the new configuration is refused (%s); the old one stays in force",
                        r == -EINVAL ? "its faults are above" : strerror(-r));
                return;
        }
        tell_fixed(&config_hub_keys, &h->started_hub, &config->hub);
        tell_fixed(&config_mqtt_keys, &h->started_mqtt, &config->mqtt);
        tell_fixed(&config_storage_keys, &h->started_storage, &config->storage);
        tell_fixed(&config_bluetooth_keys, &h->started_bluetooth, &config->bluetooth);
        if (strcmp(h->started_mqtt.password, config->mqtt.password) != 0)
                log_warning("the broker's new password takes effect with the next start");
        config_free(h->config);
        h->config = config;
        log_open(LOG_ERR + (int) config->hub.log_level);
        sensors_configure(h->sensors, &config->bluetooth);
        hub_apply(h);
        log_event(LOG_INFO, fields, "configuration reloaded; stations: %zu", config->n_stations);
}

/* ---- adopted sensors ---- */

int hub_load_adopted(struct config *config, struct adopted *ret, char **ret_path) {
        struct faults notes = {.sink = log_note};
        /* By hand, --dump-config shall see what the service sees. */
        int r = hub_find_state(&config->storage, "/var/lib/repcast", "adopted.conf", ret_path);

        if (r < 0)
                return r;
        adopted_load(ret, *ret_path, &notes);
        return config_adopt(config, ret, *ret_path, &notes);
}

int hub_load_assigned(struct hub *h) {
        struct faults notes = {.sink = log_note};
        int r = hub_find_state(&h->config->storage, NULL, "assigned.conf", &h->assigned.path);

        if (r >= 0)
                assigned_load(&h->assigned, h->assigned.path, &notes);
        h->outlet.assigned = &h->assigned;
        return r;
}

int hub_adopted_changed(struct hub *h) {
        struct faults notes = {.sink = log_note};
        int r = config_adopt(h->config, &h->adopted, h->adopted_path, &notes);

        if (r >= 0)
                hub_apply(h);
        return r;
}

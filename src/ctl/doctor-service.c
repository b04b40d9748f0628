/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: the service as its manager sees it, and the hub by its own words. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/doctor.h"

#define LOSS_MAX_PCT 1 /* of samples; beyond it rep borders begin to suffer */

/* ---- service ---- */

static void check_policy(struct doctor *d) {
        static const char *const places[] = {"/usr/share/dbus-1/system.d/org.repcast.Hub1.conf",
                "/etc/dbus-1/system.d/org.repcast.Hub1.conf",
                "/usr/local/share/dbus-1/system.d/org.repcast.Hub1.conf"};
        char path[PATH_MAX];

        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                if (access(doctor_path(d, places[i], path), F_OK) == 0)
                        return;
        doctor_find(d, FINDING_SERVICE_POLICY, "the bus has no rule that gives repcastd its name");
}

static void check_overrides(struct doctor *d) {
        const struct unit *u = &d->unit;

        if (*u->user != '\0' && strcmp(u->user, "repcast") != 0)
                doctor_find(d, FINDING_SERVICE_USER, "the service runs as user %s", u->user);
        if (!u->watchdog)
                doctor_find(d, FINDING_SERVICE_WATCHDOG,
                        "nobody watches whether the service still works (WatchdogSec=)");
        if (u->stale)
                doctor_find(
                        d, FINDING_SERVICE_STALE, "the unit's files have changed since systemd has read them");
        if (*u->drop_ins != '\0')
                doctor_find(d, FINDING_SERVICE_OVERRIDE, "the unit was changed by %s", u->drop_ins);
}

static void check_state(struct doctor *d) {
        const struct unit *u = &d->unit;

        if (strcmp(u->active, "active") != 0 && strcmp(u->active, "reloading") != 0)
                doctor_find(d, FINDING_SERVICE_STOPPED, "repcast.service is %s (%s)", u->active,
                        strcmp(u->result, "success") != 0 ? u->result : u->sub);
        else if (d->view_error == EACCES)
                doctor_find(d, FINDING_SERVICE_DENIED, "the hub speaks to root and the group repcast only");
        else if (d->view_error != 0 && d->bus)
                doctor_find(d, FINDING_SERVICE_UNHEARD,
                        "repcast.service runs, but is not to be found on the bus (%s)",
                        strerror(d->view_error));
        if (strcmp(u->enabled, "disabled") == 0)
                doctor_find(d, FINDING_SERVICE_DISABLED, "repcast.service does not start with the machine");
        if (u->restarts > 0)
                doctor_find(d, FINDING_SERVICE_RESTARTS,
                        "repcast.service has ended unasked and was started again: %u times", u->restarts);
}

void check_service(struct doctor *d) {
        check_policy(d);
        if (!d->unit.known) {
                doctor_find(d, FINDING_SERVICE_UNSEEN, "systemctl gives no answer");
                return;
        }
        if (strcmp(d->unit.load, "loaded") != 0) {
                doctor_find(d, FINDING_SERVICE_MISSING, "systemd knows no repcast.service (%s)", d->unit.load);
                return;
        }
        check_state(d);
        check_overrides(d);
        if (d->worst <= WEIGHT_NOTE)
                doctor_ok(d, "active and watched");
}

/* ---- hub ---- */

static void check_station(struct doctor *d, const struct view_station *s) {
        if (*s->error == '\0')
                return;
        if (*s->sensor == '\0')
                doctor_find(d, FINDING_STATION_BARE, "%s has no sensor", s->name);
        else
                doctor_find(d, FINDING_SENSOR_SILENT, "%s: %s", s->name, s->error);
}

static void check_sensor(struct doctor *d, const struct view_sensor *s) {
        if (*s->station == '\0')
                return;
        if (!isnan(s->loss_pct) && s->loss_pct >= LOSS_MAX_PCT)
                doctor_find(d, FINDING_SENSOR_LOSS, "%s: sensor %s loses %.1f %% of its samples", s->station,
                        s->address, s->loss_pct);
        if (s->battery_pct >= 0 && d->config &&
                (unsigned) s->battery_pct < d->config->bluetooth.low_battery_pct)
                doctor_find(d, FINDING_SENSOR_BATTERY, "%s: the battery of sensor %s is at %d %%", s->station,
                        s->address, s->battery_pct);
}

static void check_words(struct doctor *d, const struct view_hub *h) {
        if (strcmp(h->version, VERSION) != 0)
                doctor_find(d, FINDING_HUB_VERSION, "repcastd that runs is version %s, this is %s", h->version,
                        VERSION);
        if (*h->disk_error != '\0')
                doctor_find(d, FINDING_HUB_MEMORY, "events are kept in memory: %s", h->disk_error);
        if (h->lost > 0)
                doctor_find(d, FINDING_HUB_LOST,
                        "events lost since the start, before the broker had them: %llu",
                        (unsigned long long) h->lost);
        if (!h->broker_connected)
                doctor_find(d, FINDING_HUB_BROKER, "no broker: %s",
                        *h->broker_error ? h->broker_error : "not connected yet");
        if (*h->bluetooth_error != '\0')
                doctor_find(d, FINDING_HUB_BLUETOOTH, "Bluetooth: %s", h->bluetooth_error);
}

void check_hub(struct doctor *d) {
        const struct view *v = &d->view;

        if (d->view_error != 0 || v->n_hubs == 0)
                return; /* check_service() tells why */
        check_words(d, &v->hub);
        for (size_t i = 0; i < v->n_stations; i++)
                check_station(d, &v->stations[i]);
        for (size_t i = 0; i < v->n_sensors; i++)
                check_sensor(d, &v->sensors[i]);
        if (d->worst == WEIGHT_OK)
                doctor_ok(d, "version %s, stations: %zu, events sent: %llu, waiting: %llu", v->hub.version,
                        v->n_stations, (unsigned long long) v->hub.sent, (unsigned long long) v->hub.unsent);
}

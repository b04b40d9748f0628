/* SPDX-License-Identifier: Apache-2.0 */
/* The objects on the bus, filled from what the hub knows. */

#include "hub/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hub/api-private.h"
#include "hub/hub-private.h"
#include "message/health.h"
#include "util/log.h"
#include "util/macros.h"
#include "util/utf8.h"

#define ROOT         "/org/repcast"
#define MOMENT_US    UINT64_C(50000) /* changes of one moment go out together */
#define ACCURACY_US  UINT64_C(10000)
#define ADAPTERS_MAX 16

/* ---- what each object tells ---- */

struct hub_object {
        struct object_item item;
        char name[MESSAGE_NAME_MAX], prefix[128], version[32], session[MESSAGE_RUN_MAX];
        char broker[UPLINK_BROKER_MAX], broker_error[512], bluetooth[16], bluetooth_error[SENSORS_WORDS_MAX];
        char disk_error[256];
        bool broker_connected, on_disk, scanning;
        char clock[16];
        uint64_t sent, unsent, lost, disk_bytes, reconnects, memory_bytes, started_us;
        double cpu_pct;
};

static const struct object_field hub_fields[] = {
        OBJECT_FIELD("Name", "s", hub_object, name),
        OBJECT_FIELD("Version", "s", hub_object, version),
        OBJECT_FIELD("Session", "s", hub_object, session),
        OBJECT_FIELD("Prefix", "s", hub_object, prefix),
        OBJECT_FIELD("Broker", "s", hub_object, broker),
        OBJECT_FIELD("BrokerConnected", "b", hub_object, broker_connected),
        OBJECT_FIELD("BrokerError", "s", hub_object, broker_error),
        OBJECT_FIELD("EventsOnDisk", "b", hub_object, on_disk),
        OBJECT_FIELD("DiskError", "s", hub_object, disk_error),
        OBJECT_FIELD("EventsSent", "t", hub_object, sent),
        OBJECT_FIELD("EventsUnsent", "t", hub_object, unsent),
        OBJECT_FIELD("EventsLost", "t", hub_object, lost),
        OBJECT_FIELD("DiskBytes", "t", hub_object, disk_bytes),
        OBJECT_FIELD("Reconnects", "t", hub_object, reconnects),
        OBJECT_FIELD("Clock", "s", hub_object, clock),
        OBJECT_FIELD("StartedMonotonic", "t", hub_object, started_us),
        OBJECT_FIELD("Cpu", "d", hub_object, cpu_pct),
        OBJECT_FIELD("Memory", "t", hub_object, memory_bytes),
        OBJECT_FIELD("Bluetooth", "s", hub_object, bluetooth),
        OBJECT_FIELD("BluetoothError", "s", hub_object, bluetooth_error),
        OBJECT_FIELD("Scanning", "b", hub_object, scanning),
};

struct station_object {
        struct object_item item;
        char name[MESSAGE_NAME_MAX], athlete[MESSAGE_NAME_MAX], exercise[MESSAGE_NAME_MAX],
                prescription[MESSAGE_NAME_MAX], next[MESSAGE_NAME_MAX];
        char queue[256]; /* athletes, one a line, as many as fit */
        bool rotate;
        double load_kg, one_rm_kg;
        char sensor[MESSAGE_NAME_MAX]; /* address, or the recording's own name */
        char origin[CONFIG_PATH_MAX + 16];
        bool adopted;
        char state[16], error[2 * MESSAGE_NAME_MAX];
        unsigned set, reps, last_set, last_reps;
};

static const struct object_field station_fields[] = {
        OBJECT_FIELD("Name", "s", station_object, name),
        OBJECT_FIELD("Athlete", "s", station_object, athlete),
        OBJECT_FIELD("Exercise", "s", station_object, exercise),
        OBJECT_FIELD("Prescription", "s", station_object, prescription),
        OBJECT_FIELD("LoadKg", "d", station_object, load_kg),
        OBJECT_FIELD("OneRmKg", "d", station_object, one_rm_kg),
        OBJECT_FIELD("Next", "s", station_object, next),
        OBJECT_FIELD("Queue", "s", station_object, queue),
        OBJECT_FIELD("Rotate", "b", station_object, rotate),
        OBJECT_FIELD("Sensor", "s", station_object, sensor),
        OBJECT_FIELD("SensorOrigin", "s", station_object, origin),
        OBJECT_FIELD("SensorAdopted", "b", station_object, adopted),
        OBJECT_FIELD("SensorState", "s", station_object, state),
        OBJECT_FIELD("SensorError", "s", station_object, error),
        OBJECT_FIELD("Set", "u", station_object, set),
        OBJECT_FIELD("Reps", "u", station_object, reps),
        OBJECT_FIELD("LastSet", "u", station_object, last_set),
        OBJECT_FIELD("LastSetReps", "u", station_object, last_reps),
};

struct sensor_object {
        struct object_item item;
        struct sensor_info s;
        char state[16];
        double loss_pct;
};

static const struct object_field sensor_fields[] = {
        OBJECT_FIELD("Address", "s", sensor_object, s.address),
        OBJECT_FIELD("Name", "s", sensor_object, s.name),
        OBJECT_FIELD("Profile", "s", sensor_object, s.profile),
        OBJECT_FIELD("Label", "s", sensor_object, s.label),
        OBJECT_FIELD("Refusal", "s", sensor_object, s.refusal),
        OBJECT_FIELD("Station", "s", sensor_object, s.station),
        OBJECT_FIELD("Near", "b", sensor_object, s.near),
        OBJECT_FIELD("State", "s", sensor_object, state),
        OBJECT_FIELD("Why", "s", sensor_object, s.why),
        OBJECT_FIELD("Adapter", "s", sensor_object, s.adapter),
        OBJECT_FIELD("Rssi", "i", sensor_object, s.rssi_dbm),
        OBJECT_FIELD("Battery", "i", sensor_object, s.battery_pct),
        OBJECT_FIELD("NominalRate", "d", sensor_object, s.nominal_hz),
        OBJECT_RUNNING("Rate", "d", sensor_object, s.rate_hz),
        OBJECT_RUNNING("Loss", "d", sensor_object, loss_pct),
        OBJECT_RUNNING("Samples", "t", sensor_object, s.samples),
        OBJECT_FIELD("Lost", "t", sensor_object, s.lost),
        OBJECT_FIELD("Gaps", "t", sensor_object, s.gaps),
        OBJECT_FIELD("Clipped", "t", sensor_object, s.clipped),
        OBJECT_FIELD("BadPackets", "t", sensor_object, s.bad),
        OBJECT_FIELD("Connects", "t", sensor_object, s.connects),
        OBJECT_FIELD("Failures", "t", sensor_object, s.failures),
        OBJECT_FIELD("Maker", "s", sensor_object, s.maker),
        OBJECT_FIELD("Model", "s", sensor_object, s.model),
        OBJECT_FIELD("Firmware", "s", sensor_object, s.firmware),
};

struct adapter_object {
        struct object_item item;
        char address[BLUEZ_ADDRESS_MAX], id[16], state[16], why[SENSORS_WORDS_MAX];
        bool blocked, excluded;
        unsigned links, max_links;
};

static const struct object_field adapter_fields[] = {
        OBJECT_FIELD("Address", "s", adapter_object, address),
        OBJECT_FIELD("Id", "s", adapter_object, id),
        OBJECT_FIELD("State", "s", adapter_object, state),
        OBJECT_FIELD("Why", "s", adapter_object, why),
        OBJECT_FIELD("Blocked", "b", adapter_object, blocked),
        OBJECT_FIELD("Excluded", "b", adapter_object, excluded),
        OBJECT_FIELD("Links", "u", adapter_object, links),
        OBJECT_FIELD("MaxLinks", "u", adapter_object, max_links),
};

enum class { CLASS_HUB, CLASS_STATION, CLASS_SENSOR, CLASS_ADAPTER, _CLASS_MAX };

struct api {
        struct hub *hub;
        sd_bus_slot *manager;
        sd_event_source *timer;
        struct objects *objects[_CLASS_MAX];
        /* Snapshots under construction; too large for a stack. */
        struct hub_object hub_object;
        struct station_object stations[CONFIG_STATIONS_MAX];
        struct sensor_info found[SENSORS_MAX];
        struct sensor_object sensors[SENSORS_MAX];
        struct adapter_object adapters[ADAPTERS_MAX];
};

/* ---- filling them ---- */

/* The bus takes UTF-8 only; paths and names of recordings may be anything. */
#define COPY(to, from) (void) utf8_repair((from), strlen(from), (to), sizeof(to))

/* As BlueZ does it in its own paths. */
static void label_address(struct object_item *item, const char *address) {
        COPY(item->label, address);
        for (char *c = item->label; *c; c++)
                if (*c == ':')
                        *c = '_';
}

static void label_name(struct object_item *item, const char *name) {
        char *path = NULL;

        if (sd_bus_path_encode("/x", name, &path) >= 0)
                COPY(item->label, path + strlen("/x/"));
        free(path);
}

static void sync_hub(struct api *a) {
        struct hub *h = a->hub;
        struct hub_object *o = &a->hub_object;
        struct health health;
        struct uplink_stats uplink;
        uint64_t now_us;

        uplink_get_stats(h->outlet.uplink, &uplink);
        memset(o, 0, sizeof(*o));
        sd_event_now(h->loop, CLOCK_MONOTONIC, &now_us);
        hub_look(h, now_us, &health);
        COPY(o->item.label, "hub");
        COPY(o->name, h->started_hub.name);
        COPY(o->prefix, h->started_hub.prefix);
        COPY(o->version, VERSION);
        COPY(o->session, h->outlet.run);
        COPY(o->broker, uplink.broker);
        o->broker_connected = health.connected;
        COPY(o->broker_error, health.broker_error);
        o->on_disk = health.on_disk;
        COPY(o->disk_error, health.disk_error);
        o->sent = health.sent;
        o->unsent = health.unsent;
        o->lost = health.dropped;
        o->disk_bytes = health.disk_bytes;
        o->reconnects = health.reconnects;
        COPY(o->clock, health.synced ? "synced" : "unsynced");
        o->started_us = h->started_us;
        o->cpu_pct = health.cpu_pct;
        o->memory_bytes = health.memory_bytes;
        COPY(o->bluetooth, health.bluetooth);
        COPY(o->bluetooth_error, health.bluetooth_error);
        o->scanning = sensors_is_scanning(h->sensors);
        objects_sync(a->objects[CLASS_HUB], o, 1);
}

static void fill_roster(struct station_object *o, const struct roster *r) {
        COPY(o->athlete, r->now.athlete);
        COPY(o->exercise, r->now.exercise);
        COPY(o->prescription, r->now.prescription);
        o->load_kg = r->now.load_kg;
        o->one_rm_kg = r->now.one_rm_kg;
        COPY(o->next, r->has_next ? r->next.athlete : "");
        for (unsigned i = 0; i < r->n_queue; i++) {
                const char *name = r->queue[i].values.athlete;
                size_t n = strlen(o->queue);

                if (n + strlen(name) + 2 <= sizeof(o->queue))
                        snprintf(o->queue + n, sizeof(o->queue) - n, "%s%s", n > 0 ? "\n" : "", name);
        }
        o->rotate = r->rotate;
}

/* By the hub's configuration and not the station's copy, whose origins may be those of one that has been replaced. */
static void fill_station(
        struct station_object *o, struct hub *h, const struct station *s, const struct station_config *config) {
        const struct station_state *state = station_get_state(s);
        const struct key_origin *origin = config_sensor_origin(config);
        const struct adoption *adoption = adopted_find(&h->adopted, config->name);

        memset(o, 0, sizeof(*o));
        label_name(&o->item, config->name);
        COPY(o->name, config->name);
        fill_roster(o, station_get_roster(s));
        COPY(o->sensor, *config->recording ? config->recording : config->sensor);
        if (*config->sensor && origin->path)
                snprintf(o->origin, sizeof(o->origin), "%s:%u", origin->path, origin->line);
        o->adopted = adoption && strcmp(adoption->sensor, config->sensor) == 0;
        COPY(o->state, state->sensor_state);
        COPY(o->error, state->sensor_error);
        o->set = state->set;
        o->reps = state->reps;
        o->last_set = state->last_set;
        o->last_reps = state->last_set_reps;
}

static void sync_stations(struct api *a) {
        size_t n = 0;

        for (size_t i = 0; i < a->hub->config->n_stations; i++) {
                const struct station_config *config = &a->hub->config->stations[i];
                const struct station *s = hub_find_station(a->hub, config->name);

                if (s && station_is_active(s))
                        fill_station(&a->stations[n++], a->hub, s, config);
        }
        objects_sync(a->objects[CLASS_STATION], a->stations, n);
}

static void sync_sensors(struct api *a) {
        size_t n = sensors_list(a->hub->sensors, a->found);

        for (size_t i = 0; i < n; i++) {
                struct sensor_object *o = &a->sensors[i];
                double all;

                memset(o, 0, sizeof(*o));
                o->s = a->found[i];
                label_address(&o->item, o->s.address);
                COPY(o->state, o->s.state);
                all = (double) o->s.samples + (double) o->s.lost;
                o->loss_pct = all > 0 ? 100 * (double) o->s.lost / all : 0;
        }
        objects_sync(a->objects[CLASS_SENSOR], a->sensors, n);
}

static void sync_adapters(struct api *a) {
        struct bluez_adapter_info infos[ADAPTERS_MAX];
        size_t n = sensors_adapters(a->hub->sensors, infos, ARRAY_SIZE(infos));

        for (size_t i = 0; i < n; i++) {
                struct adapter_object *o = &a->adapters[i];

                memset(o, 0, sizeof(*o));
                label_address(&o->item, infos[i].address);
                COPY(o->address, infos[i].address);
                COPY(o->id, infos[i].id);
                COPY(o->state, bluez_adapter_state_to_string(infos[i].state));
                COPY(o->why, infos[i].why ? infos[i].why : "");
                o->blocked = infos[i].blocked;
                o->excluded = infos[i].excluded;
                o->links = infos[i].links;
                o->max_links = infos[i].max_links;
        }
        objects_sync(a->objects[CLASS_ADAPTER], a->adapters, n);
}

void api_flush(struct api *a) {
        sync_hub(a);
        sync_stations(a);
        sync_sensors(a);
        sync_adapters(a);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        (void) source;
        (void) usec;
        api_flush(userdata);
        return 0;
}

void api_touch(struct api *a) {
        int enabled = SD_EVENT_OFF;

        if (sd_event_source_get_enabled(a->timer, &enabled) > 0)
                return;
        sd_event_source_set_time_relative(a->timer, MOMENT_US);
        sd_event_source_set_enabled(a->timer, SD_EVENT_ONESHOT);
}

/* ---- life ---- */

void api_attach(struct api *a, sd_bus *bus) {
        int r = 0;

        a->manager = sd_bus_slot_unref(a->manager);
        if (bus)
                r = sd_bus_add_object_manager(bus, &a->manager, ROOT);
        for (unsigned i = 0; i < _CLASS_MAX && r >= 0; i++)
                r = objects_attach(a->objects[i], bus);
        if (r < 0)
                log_error("nothing can be shown on the bus: %s", strerror(-r));
}

int api_new(struct hub *h, struct api **ret) {
        static const struct object_class classes[_CLASS_MAX] = {
                [CLASS_HUB] = {"org.repcast.Hub1", ROOT, hub_fields, ARRAY_SIZE(hub_fields), api_methods,
                        API_METHODS, sizeof(struct hub_object)},
                [CLASS_STATION] = {"org.repcast.Station1", ROOT "/station", station_fields,
                        ARRAY_SIZE(station_fields), NULL, 0, sizeof(struct station_object)},
                [CLASS_SENSOR] = {"org.repcast.Sensor1", ROOT "/sensor", sensor_fields,
                        ARRAY_SIZE(sensor_fields), NULL, 0, sizeof(struct sensor_object)},
                [CLASS_ADAPTER] = {"org.repcast.Adapter1", ROOT "/adapter", adapter_fields,
                        ARRAY_SIZE(adapter_fields), NULL, 0, sizeof(struct adapter_object)},
        };
        static const size_t room[_CLASS_MAX] = {1, CONFIG_STATIONS_MAX, SENSORS_MAX, ADAPTERS_MAX};
        struct api *a = calloc(1, sizeof(*a));
        int r = 0;

        if (!a)
                return -ENOMEM;
        a->hub = h;
        for (unsigned i = 0; i < _CLASS_MAX && r >= 0; i++)
                r = objects_new(&classes[i], room[i], h, &a->objects[i]);
        if (r >= 0)
                r = sd_event_add_time_relative(
                        h->loop, &a->timer, CLOCK_MONOTONIC, 0, ACCURACY_US, on_timer, a);
        if (r < 0) {
                api_free(a);
                return r;
        }
        *ret = a;
        return 0;
}

struct api *api_free(struct api *a) {
        if (!a)
                return NULL;
        sd_event_source_disable_unref(a->timer);
        sd_bus_slot_unref(a->manager);
        for (unsigned i = 0; i < _CLASS_MAX; i++)
                objects_free(a->objects[i]);
        free(a);
        return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the daemon's objects, and calling it. */

#include "ctl/view.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "util/macros.h"

#define SERVICE "org.repcast.Hub1"

/* ---- the tables ---- */

struct column {
        const char *property, *json, *type;
        size_t offset;
};

#define COLUMN(property, json, type, row, member)                                                              \
        { property, json, type, offsetof(struct row, member) }

static const struct column hub_columns[] = {
        COLUMN("Name", "name", "s", view_hub, name),
        COLUMN("Version", "version", "s", view_hub, version),
        COLUMN("Broker", "broker", "s", view_hub, broker),
        COLUMN("BrokerConnected", "broker_connected", "b", view_hub, broker_connected),
        COLUMN("BrokerError", "broker_error", "s", view_hub, broker_error),
        COLUMN("EventsOnDisk", "events_on_disk", "b", view_hub, on_disk),
        COLUMN("DiskError", "disk_error", "s", view_hub, disk_error),
        COLUMN("EventsSent", "events_sent", "t", view_hub, sent),
        COLUMN("EventsUnsent", "events_unsent", "t", view_hub, unsent),
        COLUMN("EventsLost", "events_lost", "t", view_hub, lost),
        COLUMN("DiskBytes", "disk_bytes", "t", view_hub, disk_bytes),
        COLUMN("Reconnects", "reconnects", "t", view_hub, reconnects),
        COLUMN("Clock", "clock", "s", view_hub, clock),
        COLUMN("StartedMonotonic", "started_monotonic_us", "t", view_hub, started_us),
        COLUMN("Cpu", "cpu_pct", "d", view_hub, cpu_pct),
        COLUMN("Memory", "memory_bytes", "t", view_hub, memory_bytes),
        COLUMN("Bluetooth", "bluetooth", "s", view_hub, bluetooth),
        COLUMN("BluetoothError", "bluetooth_error", "s", view_hub, bluetooth_error),
        COLUMN("Scanning", "scanning", "b", view_hub, scanning),
};

static const struct column station_columns[] = {
        COLUMN("Name", "station", "s", view_station, name),
        COLUMN("Athlete", "athlete", "s", view_station, athlete),
        COLUMN("Exercise", "exercise", "s", view_station, exercise),
        COLUMN("Prescription", "prescription", "s", view_station, prescription),
        COLUMN("LoadKg", "load_kg", "d", view_station, load_kg),
        COLUMN("OneRmKg", "one_rm_kg", "d", view_station, one_rm_kg),
        COLUMN("Next", "next", "s", view_station, next),
        COLUMN("Queue", "queue", "s", view_station, queue),
        COLUMN("Rotate", "rotate", "b", view_station, rotate),
        COLUMN("Sensor", "sensor", "s", view_station, sensor),
        COLUMN("SensorOrigin", "sensor_origin", "s", view_station, origin),
        COLUMN("SensorAdopted", "sensor_adopted", "b", view_station, adopted),
        COLUMN("SensorState", "sensor_state", "s", view_station, state),
        COLUMN("SensorError", "sensor_error", "s", view_station, error),
        COLUMN("Set", "set", "u", view_station, set),
        COLUMN("Reps", "reps", "u", view_station, reps),
        COLUMN("LastSet", "last_set", "u", view_station, last_set),
        COLUMN("LastSetReps", "last_set_reps", "u", view_station, last_reps),
};

static const struct column sensor_columns[] = {
        COLUMN("Address", "sensor", "s", view_sensor, address),
        COLUMN("Name", "name", "s", view_sensor, name),
        COLUMN("Profile", "profile", "s", view_sensor, profile),
        COLUMN("Label", "label", "s", view_sensor, label),
        COLUMN("Refusal", "refusal", "s", view_sensor, refusal),
        COLUMN("Station", "station", "s", view_sensor, station),
        COLUMN("Near", "near", "b", view_sensor, near),
        COLUMN("State", "state", "s", view_sensor, state),
        COLUMN("Why", "why", "s", view_sensor, why),
        COLUMN("Adapter", "adapter", "s", view_sensor, adapter),
        COLUMN("Rssi", "rssi_dbm", "i", view_sensor, rssi_dbm),
        COLUMN("Battery", "battery_pct", "i", view_sensor, battery_pct),
        COLUMN("NominalRate", "nominal_hz", "d", view_sensor, nominal_hz),
        COLUMN("Rate", "rate_hz", "d", view_sensor, rate_hz),
        COLUMN("Loss", "loss_pct", "d", view_sensor, loss_pct),
        COLUMN("Samples", "samples", "t", view_sensor, samples),
        COLUMN("Lost", "lost", "t", view_sensor, lost),
        COLUMN("Gaps", "gaps", "t", view_sensor, gaps),
        COLUMN("Clipped", "clipped", "t", view_sensor, clipped),
        COLUMN("BadPackets", "bad_packets", "t", view_sensor, bad),
        COLUMN("Connects", "connects", "t", view_sensor, connects),
        COLUMN("Failures", "failures", "t", view_sensor, failures),
        COLUMN("Maker", "maker", "s", view_sensor, maker),
        COLUMN("Model", "model", "s", view_sensor, model),
        COLUMN("Firmware", "firmware", "s", view_sensor, firmware),
};

static const struct column adapter_columns[] = {
        COLUMN("Address", "adapter", "s", view_adapter, address),
        COLUMN("Id", "id", "s", view_adapter, id),
        COLUMN("State", "state", "s", view_adapter, state),
        COLUMN("Why", "why", "s", view_adapter, why),
        COLUMN("Blocked", "blocked", "b", view_adapter, blocked),
        COLUMN("Excluded", "excluded", "b", view_adapter, excluded),
        COLUMN("Links", "links", "u", view_adapter, links),
        COLUMN("MaxLinks", "max_links", "u", view_adapter, max_links),
};

static const struct class {
        const char *interface;
        const struct column *columns;
        size_t n_columns, row_size, rows, n_rows, max; /* offsets of rows and their number in the view */
} classes[_VIEW_CLASS_MAX] = {
        [VIEW_HUB] = {SERVICE, hub_columns, ARRAY_SIZE(hub_columns), sizeof(struct view_hub),
                offsetof(struct view, hub), offsetof(struct view, n_hubs), 1},
        [VIEW_STATION] = {"org.repcast.Station1", station_columns, ARRAY_SIZE(station_columns),
                sizeof(struct view_station), offsetof(struct view, stations), offsetof(struct view, n_stations),
                VIEW_ROWS_MAX},
        [VIEW_SENSOR] = {"org.repcast.Sensor1", sensor_columns, ARRAY_SIZE(sensor_columns),
                sizeof(struct view_sensor), offsetof(struct view, sensors), offsetof(struct view, n_sensors),
                VIEW_ROWS_MAX},
        [VIEW_ADAPTER] = {"org.repcast.Adapter1", adapter_columns, ARRAY_SIZE(adapter_columns),
                sizeof(struct view_adapter), offsetof(struct view, adapters), offsetof(struct view, n_adapters),
                VIEW_ROWS_MAX},
};

/* ---- refusals ---- */

int view_refused(const sd_bus_error *error, int r) {
        static const struct {
                const char *name;
                int status;
        } known[] = {
                {"org.repcast.Error.InvalidArgument", EX_USAGE},
                {"org.repcast.Error.NoSuchStation", EX_NOINPUT},
                {"org.repcast.Error.NoSuchSensor", EX_NOINPUT},
                {"org.repcast.Error.NoSuchProfile", EX_NOINPUT},
                {"org.repcast.Error.NoSuchExercise", EX_NOINPUT},
                {"org.repcast.Error.NoSuchPrescription", EX_NOINPUT},
                {"org.repcast.Error.NoSuchSet", EX_NOINPUT},
                {"org.repcast.Error.TooLate", EX_NOINPUT},
                {"org.repcast.Error.InUse", EX_CONFIG},
                {"org.repcast.Error.UnfitSensor", EX_CONFIG},
                {"org.repcast.Error.Configured", EX_CONFIG},
                {"org.repcast.Error.LimitExceeded", EX_CONFIG},
                {"org.repcast.Error.NotKept", EX_CANTCREAT},
                {"org.repcast.Error.NoBluetooth", EX_TEMPFAIL},
        };

        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
                fputs("repcastctl: repcastd is not running, or has no leave to be found on the bus; "
                      "\"systemctl "
                      "start repcast\" starts it, \"journalctl -u repcast\" says what is wrong\n",
                        stderr);
                return EX_UNAVAILABLE;
        }
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED)) {
                fputs("repcastctl: you may not speak to repcastd; root may, and so may the group repcast: "
                      "\"sudo "
                      "usermod -aG repcast $USER\", then log in again\n",
                        stderr);
                return EX_NOPERM;
        }
        fprintf(stderr, "repcastctl: %s\n", error->message ? error->message : strerror(-r));
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (sd_bus_error_has_name(error, known[i].name))
                        return known[i].status;
        return EX_UNAVAILABLE;
}

int view_open(sd_bus **ret) {
        int r = sd_bus_open_system(ret);

        if (r >= 0)
                return 0;
        fprintf(stderr,
                "repcastctl: there is no system bus (%s), and without it repcastd cannot be asked; is "
                "dbus.service "
                "running?\n",
                strerror(-r));
        return EX_UNAVAILABLE;
}

static int try_va(sd_bus *bus, const char *method, sd_bus_message **reply, sd_bus_error *error,
        const char *types, va_list ap) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r = view_new_call(bus, method, &call);

        if (r >= 0)
                r = sd_bus_message_appendv(call, types, ap);
        return r < 0 ? r : sd_bus_call(bus, call, 0, error, reply);
}

int view_try(
        sd_bus *bus, const char *method, sd_bus_message **reply, sd_bus_error *error, const char *types, ...) {
        va_list ap;
        int r;

        va_start(ap, types);
        r = try_va(bus, method, reply, error, types, ap);
        va_end(ap);
        return r;
}

int view_call(sd_bus *bus, const char *method, sd_bus_message **reply, const char *types, ...) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        va_list ap;
        int r, status = 0;

        va_start(ap, types);
        r = try_va(bus, method, reply, &error, types, ap);
        va_end(ap);
        if (r < 0)
                status = view_refused(&error, r);
        sd_bus_error_free(&error);
        return status;
}

int view_new_call(sd_bus *bus, const char *method, sd_bus_message **ret) {
        return sd_bus_message_new_method_call(bus, ret, SERVICE, "/org/repcast/hub", SERVICE, method);
}

int view_send(sd_bus *bus, int r, sd_bus_message *call, sd_bus_message **reply) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int status = 0;

        if (r >= 0)
                r = sd_bus_call(bus, call, 0, &error, reply);
        if (r < 0)
                status = view_refused(&error, r);
        sd_bus_error_free(&error);
        return status;
}

/* ---- reading ---- */

static int read_value(sd_bus_message *m, const struct column *c, void *row) {
        void *at = (char *) row + c->offset;
        const char *text;
        int r, flag;

        switch (*c->type) {
        case 's':
                r = sd_bus_message_read(m, "v", "s", &text);
                if (r >= 0)
                        snprintf(at, VIEW_TEXT_MAX, "%s", text);
                return r;
        case 'b':
                r = sd_bus_message_read(m, "v", "b", &flag);
                if (r >= 0)
                        *(bool *) at = flag;
                return r;
        default:
                return sd_bus_message_read(m, "v", c->type, at);
        }
}

static const struct column *find_column(const struct class *class, const char *property) {
        for (size_t i = 0; i < class->n_columns; i++)
                if (strcmp(class->columns[i].property, property) == 0)
                        return &class->columns[i];
        return NULL;
}

/* a{sv} of one interface; a daemon that is newer may tell more than is known here. */
static int read_row(sd_bus_message *m, const struct class *class, void *row) {
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const struct column *column;
                const char *property;

                r = sd_bus_message_read(m, "s", &property);
                if (r < 0)
                        return r;
                column = find_column(class, property);
                r = column ? read_value(m, column, row) : sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static const struct class *find_class(const char *interface) {
        for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
                if (strcmp(classes[i].interface, interface) == 0)
                        return &classes[i];
        return NULL;
}

/* a{sa{sv}} of one object. */
static int read_object(sd_bus_message *m, struct view *v) {
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                const struct class *class;
                const char *interface;
                size_t *n;

                r = sd_bus_message_read(m, "s", &interface);
                if (r < 0)
                        return r;
                class = find_class(interface);
                n = class ? (size_t *) (void *) ((char *) v + class->n_rows) : NULL;
                if (n && *n < class->max)
                        r = read_row(m, class, (char *) v + class->rows + (*n)++ * class->row_size);
                else
                        r = sd_bus_message_skip(m, "a{sv}");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_objects(sd_bus_message *m, struct view *v) {
        int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                r = sd_bus_message_skip(m, "o");
                if (r >= 0)
                        r = read_object(m, v);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}

/* Every row begins with the text that it is known by. */
static int compare_rows(const void *a, const void *b) {
        return strcmp(a, b);
}

static int load(sd_bus *bus, struct view *ret, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = sd_bus_call_method(bus, SERVICE, "/org/repcast", "org.freedesktop.DBus.ObjectManager",
                "GetManagedObjects", error, &reply, NULL);

        memset(ret, 0, sizeof(*ret));
        if (r >= 0)
                r = read_objects(reply, ret);
        for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
                qsort((char *) ret + classes[i].rows, *(size_t *) (void *) ((char *) ret + classes[i].n_rows),
                        classes[i].row_size, compare_rows);
        return r;
}

int view_try_load(sd_bus *bus, struct view *ret) {
        return load(bus, ret, NULL);
}

int view_load(sd_bus *bus, struct view *ret) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = load(bus, ret, &error), status = r < 0 ? view_refused(&error, r) : 0;

        sd_bus_error_free(&error);
        return status;
}

const struct view_sensor *view_find_sensor(const struct view *v, const char *address) {
        for (size_t i = 0; i < v->n_sensors; i++)
                if (strcmp(v->sensors[i].address, address) == 0)
                        return &v->sensors[i];
        return NULL;
}

const struct view_station *view_find_station(const struct view *v, const char *name) {
        for (size_t i = 0; i < v->n_stations; i++)
                if (strcmp(v->stations[i].name, name) == 0)
                        return &v->stations[i];
        return NULL;
}

/* ---- as JSON ---- */

static json_t *to_json(const struct column *c, const void *row) {
        const void *at = (const char *) row + c->offset;
        int32_t number;

        switch (*c->type) {
        case 's':
                return *(const char *) at ? json_string(at) : json_null();
        case 'b':
                return json_boolean(*(const bool *) at);
        case 'd':
                return isfinite(*(const double *) at) ? json_real(*(const double *) at) : json_null();
        case 't':
                return json_integer((json_int_t) * (const uint64_t *) at);
        case 'u':
                return json_integer(*(const uint32_t *) at);
        default:
                number = *(
                        const int32_t *) at; /* of the two that there are, neither has such a value if known */
                return number == INT16_MIN || number == -1 ? json_null() : json_integer(number);
        }
}

int view_print_json(FILE *out, enum view_class class, const void *row) {
        json_t *object = json_object();
        int r = 0;

        for (size_t i = 0; i < classes[class].n_columns && r == 0; i++)
                r = json_object_set_new(
                        object, classes[class].columns[i].json, to_json(&classes[class].columns[i], row));
        if (r == 0)
                r = json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(6));
        json_decref(object);
        return r < 0 || fputc('\n', out) == EOF ? -EIO : 0;
}

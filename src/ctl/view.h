/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a running repcastd shows on the bus (doc/dbus.md), as plain structs; and calls to it, whose refusals become words
 * on standard error and an exit status (sysexits.h):
 *
 *     66  no such sensor, station, set or name      75  Bluetooth is not ready
 *     69  repcastd cannot be reached              77  the bus does not let this user speak to it
 *     73  done, but it could not be kept          78  what the configuration says is in the way
 *
 * Calls block: this is a tool with nothing else to do. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#define VIEW_TEXT_MAX 256
#define VIEW_ROWS_MAX 192

struct view_hub {
        char name[VIEW_TEXT_MAX], version[VIEW_TEXT_MAX], broker[VIEW_TEXT_MAX], broker_error[VIEW_TEXT_MAX],
                bluetooth[VIEW_TEXT_MAX], bluetooth_error[VIEW_TEXT_MAX], disk_error[VIEW_TEXT_MAX];
        char clock[VIEW_TEXT_MAX];
        bool broker_connected, on_disk, scanning;
        uint64_t sent, unsent, lost, disk_bytes, reconnects;
        uint64_t started_us, memory_bytes; /* CLOCK_MONOTONIC; resident, 0 = not known */
        double cpu_pct;                    /* NAN = not known */
};

struct view_station {
        char name[VIEW_TEXT_MAX], athlete[VIEW_TEXT_MAX], exercise[VIEW_TEXT_MAX], sensor[VIEW_TEXT_MAX],
                origin[VIEW_TEXT_MAX], state[VIEW_TEXT_MAX], error[VIEW_TEXT_MAX], prescription[VIEW_TEXT_MAX],
                next[VIEW_TEXT_MAX], queue[VIEW_TEXT_MAX]; /* one a line */
        bool adopted, rotate;
        double load_kg, one_rm_kg;
        uint32_t set, reps, last_set, last_reps;
};

struct view_sensor {
        char address[VIEW_TEXT_MAX], name[VIEW_TEXT_MAX], profile[VIEW_TEXT_MAX], label[VIEW_TEXT_MAX],
                refusal[VIEW_TEXT_MAX], station[VIEW_TEXT_MAX], state[VIEW_TEXT_MAX], why[VIEW_TEXT_MAX],
                adapter[VIEW_TEXT_MAX], maker[VIEW_TEXT_MAX], model[VIEW_TEXT_MAX], firmware[VIEW_TEXT_MAX];
        bool near;
        int32_t rssi_dbm, battery_pct;        /* INT16_MIN and -1 = not known */
        double nominal_hz, rate_hz, loss_pct; /* NAN = not known */
        uint64_t samples, lost, gaps, clipped, bad, connects, failures;
};

struct view_adapter {
        char address[VIEW_TEXT_MAX], id[VIEW_TEXT_MAX], state[VIEW_TEXT_MAX], why[VIEW_TEXT_MAX];
        bool blocked, excluded;
        uint32_t links, max_links;
};

struct view {
        struct view_hub hub;
        struct view_station stations[VIEW_ROWS_MAX];
        struct view_sensor sensors[VIEW_ROWS_MAX];
        struct view_adapter adapters[VIEW_ROWS_MAX];
        size_t n_hubs, n_stations, n_sensors, n_adapters;
};

enum view_class { VIEW_HUB, VIEW_STATION, VIEW_SENSOR, VIEW_ADAPTER, _VIEW_CLASS_MAX };

/* Returns 0 or an exit status; what went wrong has been said. */
int view_open(sd_bus **ret);

/* Rows are sorted by name or address. Returns 0 or an exit status; the second says nothing, and returns negative errno. */
int view_load(sd_bus *bus, struct view *ret);
int view_try_load(sd_bus *bus, struct view *ret);

/* NULL = not there. */
const struct view_sensor *view_find_sensor(const struct view *v, const char *address);
const struct view_station *view_find_station(const struct view *v, const char *name);

/* One row as a line of JSON: units in the names, null for what is not known. */
int view_print_json(FILE *out, enum view_class class, const void *row);

/* A method of the hub. Fills reply (may be NULL) or says why not and returns the exit status. error may be given to
 * look into the refusal instead of having it said. */
int view_call(sd_bus *bus, const char *method, sd_bus_message **reply, const char *types, ...);
int view_try(
        sd_bus *bus, const char *method, sd_bus_message **reply, sd_bus_error *error, const char *types, ...);
int view_refused(const sd_bus_error *error, int r);

/* The same in steps, where the arguments are no fixed number. r: what became of filling them in. */
int view_new_call(sd_bus *bus, const char *method, sd_bus_message **ret);
int view_send(sd_bus *bus, int r, sd_bus_message *call, sd_bus_message **reply);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The hub's parts know each other: its stations (hub.c), what people ask of it (command.c) and what the bus shows of it
 * (api.c). Nobody else includes this. */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "hub/adopted.h"
#include "hub/assigned.h"
#include "hub/bus.h"
#include "hub/config.h"
#include "hub/exhibit.h"
#include "hub/hub.h"
#include "hub/notify.h"
#include "hub/outlet.h"
#include "hub/persist.h"
#include "hub/sensors.h"
#include "hub/state-file.h"
#include "hub/station.h"
#include "hub/timedate.h"
#include "hub/vitals.h"
#include "message/health.h"
#include "message/outbox.h"

/* Retired stations keep their slot and numbers for the run, in case that they come back. */
#define STATIONS_MAX (2 * CONFIG_STATIONS_MAX)

struct api;
struct api_queries;
struct remote;

struct hub {
        char *config_path;
        struct config *config;
        struct hub_config started_hub; /* as at the start: its fixed keys are those in force */
        struct mqtt_config started_mqtt;
        struct storage_config started_storage;
        struct bluetooth_config started_bluetooth;
        bool until_end;
        bool abandoned; /* a thread did not end */
        bool stopping;
        sd_event *loop;
        struct outbox *outbox; /* between store and uplink */
        struct calibrations calibrations;
        struct workouts workouts;
        struct strengths strengths;
        struct outlet outlet;
        struct timedate timedate; /* what the outlet's clock may have to be told */
        struct vitals vitals;
        double cpu_pct; /* as last told */
        uint64_t memory_bytes;
        struct exhibit exhibit;
        struct health told; /* the last word about the health */
        uint64_t started_us;
        uint64_t live_tick; /* of CLOCK_MONOTONIC, in which the stations were last shown live */
        unsigned looks;
        struct station *stations[STATIONS_MAX];
        unsigned n_stations;
        struct notify notify;
        sd_event_source *look;

        char *adopted_path;
        struct adopted adopted;
        struct assigned assigned;
        struct persist *persist;
        struct bus *bus;
        struct sensors *sensors;
        struct api *api;
        struct api_queries *queries;
        struct remote *remote;
};

/* ---- apply.c ---- */

/* Bring the stations in line with the configuration and the adopted sensors. */
void hub_apply(struct hub *h);

/* Read the configuration again. */
void hub_reload(struct hub *h);

/* Read what was assigned before. */
int hub_load_assigned(struct hub *h);

/* The list of adopted sensors has changed. */
int hub_adopted_changed(struct hub *h);

/* NULL = there has been none of that name. */
struct station *hub_find_station(const struct hub *h, const char *name);

/* ---- hub.c ---- */

/* How is everything? CPU and memory as last told. */
void hub_look(struct hub *h, uint64_t now_us, struct health *ret);

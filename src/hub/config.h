/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The configuration: repcast.conf and the drop-ins in repcast.conf.d/ next to it; repcast.conf(5). */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <repcast/exercise.h>

#include "coach/coach.h"
#include "hub/adopted.h"
#include "hub/brokers.h"
#include "hub/exercises.h"
#include "hub/keys.h"
#include "hub/prescriptions.h"
#include "message/message.h"
#include "util/fault.h"

#define CONFIG_STATIONS_MAX 512
#define CONFIG_PATH_MAX     1024
#define CONFIG_PASSWORD_MAX 1024
#define CONFIG_KEYS_MAX     20 /* of a section */
#define CONFIG_ADAPTERS_MAX 8

/* Where a section and its keys were given. */
struct config_section {
        struct key_origin place; /* of the section; path NULL = nowhere */
        struct key_origin origins[CONFIG_KEYS_MAX];
        bool faulty; /* a value was refused: what it leaves behind is no fault of its own */
};

struct hub_config {
        struct config_section section;
        char name[MESSAGE_NAME_MAX]; /* of the hub in topics and payloads */
        char prefix[128];            /* of the topics; may have levels */
        char exercises[CONFIG_PATH_MAX];
        char prescriptions[CONFIG_PATH_MAX];
        unsigned log_level; /* LOG_ERR and up, less LOG_ERR */
};

/* Which commands are taken over MQTT. */
enum commands {
        COMMANDS_OFF,
        COMMANDS_STATION, /* who lifts what, and what of it counts */
        COMMANDS_ALL,     /* and which sensors there are */
};

struct mqtt_config {
        struct config_section section;
        char broker[KEY_TEXT_MAX]; /* list as given */
        unsigned keepalive_s;
        char username[128];
        char password_file[CONFIG_PATH_MAX];
        char ca_file[CONFIG_PATH_MAX], certificate_file[CONFIG_PATH_MAX], key_file[CONFIG_PATH_MAX];
        bool queries;
        enum commands commands;
        bool discovery;
        char discovery_prefix[128];
        /* Taken out of the above. */
        struct broker brokers[BROKERS_MAX];
        unsigned n_brokers;
        char password[CONFIG_PASSWORD_MAX];
        char key[CONFIG_PATH_MAX]; /* file of the certificate's key, the credential's included */
};

struct storage_config {
        struct config_section section;
        char folder[CONFIG_PATH_MAX]; /* empty = $STATE_DIRECTORY */
        unsigned max_size_mib, history_days, unsent_days;
};

struct bluetooth_config {
        struct config_section section;
        char adapters[CONFIG_ADAPTERS_MAX * ADDRESS_MAX]; /* addresses with blanks between; empty = all */
        unsigned max_links;                               /* of one adapter */
        char profiles[CONFIG_PATH_MAX];
        char passkey_file[CONFIG_PATH_MAX];
        unsigned idle_after_s; /* 0 = never */
        unsigned low_battery_pct;
};

/* Thresholds of the coach; doc/coaching.md has their reasons. */
struct coach_config {
        struct config_section section;
        struct coach_params params;
};

struct station_config {
        struct config_section section;
        char name[MESSAGE_NAME_MAX];
        char sensor[ADDRESS_MAX];          /* empty = none, or a recording */
        char profile[ADOPTED_PROFILE_MAX]; /* of the sensor; empty = as its advertisement says */
        char adapter[ADDRESS_MAX];         /* the only one for that sensor; empty = whichever is best */
        bool bond;                         /* that sensor over a bonded link only */
        double sensor_rate_hz;             /* wanted; NAN = the profile's default */
        char exercise_name[EXERCISE_NAME_MAX];
        char athlete[MESSAGE_NAME_MAX];
        double load_kg;   /* NAN = not known */
        double one_rm_kg; /* the same */
        char prescription_name[PRESCRIPTION_NAME_MAX];
        char recording[CONFIG_PATH_MAX];
        double recording_speed;
        bool recording_loop;
        double recording_pause_s;
        struct exercise exercise;         /* the one named above */
        struct prescription prescription; /* as well; its name is empty where there is none */
        struct {
                bool kept;
                char sensor[ADDRESS_MAX], profile[ADOPTED_PROFILE_MAX];
                struct key_origin sensor_origin, profile_origin;
        } configured; /* what the files say of the sensor, once an adopted one has been put over it */
};

struct config {
        struct hub_config hub;
        struct mqtt_config mqtt;
        struct storage_config storage;
        struct bluetooth_config bluetooth;
        struct coach_config coach;
        struct station_config stations[CONFIG_STATIONS_MAX];
        size_t n_stations;
        struct exercises exercises;
        struct prescriptions prescriptions;
        char **paths; /* of the files read; origins point at them */
        size_t n_paths;
        unsigned unseen; /* config_inspect(): files that this user may not read */
};

/* [hub], [mqtt], [store], [bluetooth], [coach], [station NAME]. */
extern const struct key_table config_coach_keys, config_hub_keys, config_mqtt_keys, config_storage_keys,
        config_bluetooth_keys, config_station_keys;

/* Every fault is told. Returns 0, -EINVAL where there was a fault, or -ENOMEM. */
int config_load(const char *path, struct faults *faults, struct config **ret);

/* To look at, not to run with: with faults, too, there is a configuration. A file that this user may not read is counted and
 * no fault, and of own profiles nothing is told. Returns 0 or -ENOMEM. */
int config_inspect(const char *path, struct faults *faults, struct config **ret);
struct config *config_free(struct config *c);
DEFINE_CLEANUP(struct config *, config_free);

/* The profiles that come with repcast and those of Profiles=; with its path unset, of the folder profiles next to the
 * configuration. Faults are told, faulty files left out. Returns 0, -EINVAL where there was one, or -ENOMEM. */
struct profiles;
int config_load_profiles(const struct bluetooth_config *c, struct profiles *ret, struct faults *faults);

/* Put the adopted sensors over those of the configuration. One that does not fit is noted and left out: its station is
 * not configured or plays a recording, or the configuration gives the sensor to another station. May be called again when
 * they have changed. path: of their file, for --dump-config. */
int config_adopt(struct config *c, const struct adopted *adopted, const char *path, struct faults *notes);

/* NULL = there is none. but: not this one; may be NULL. */
struct station_config *config_find_station(struct config *c, const char *name);
const struct station_config *config_find_sensor(
        const struct config *c, const char *sensor, const struct station_config *but);

/* Their places in a station's origins. */
#define CONFIG_SENSOR_KEY  keys_index(&config_station_keys, offsetof(struct station_config, sensor))
#define CONFIG_PROFILE_KEY keys_index(&config_station_keys, offsetof(struct station_config, profile))

/* Where it says that a sensor stands: NULL path = nowhere, the station has none. */
const struct key_origin *config_sensor_origin(const struct station_config *s);

/* Every key with its value and origin, in the form of a configuration. */
void config_dump(const struct config *c, FILE *stream);

/* Do both say the same about a station, its exercise's figures included? */
bool config_station_equal(const struct station_config *a, const struct station_config *b);

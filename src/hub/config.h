/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The configuration: repcast.conf and the drop-ins in repcast.conf.d/ next to it; repcast.conf(5). */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <repcast/exercise.h>

#include "hub/keys.h"
#include "message/message.h"
#include "util/fault.h"

#define CONFIG_STATIONS_MAX 32
#define CONFIG_PATH_MAX     1024
#define CONFIG_HOST_MAX     256 /* a DNS name has at most 253 characters (RFC 1035) */
#define CONFIG_PASSWORD_MAX 1024
#define CONFIG_KEYS_MAX     12 /* of a section */

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
        unsigned log_level; /* LOG_ERR and up, less LOG_ERR */
};

struct mqtt_config {
        struct config_section section;
        char broker[CONFIG_HOST_MAX + 16]; /* host:port as given */
        unsigned keepalive_s;
        char username[128];
        char password_file[CONFIG_PATH_MAX];
        /* Taken out of the above. */
        char host[CONFIG_HOST_MAX];
        uint16_t port;
        char password[CONFIG_PASSWORD_MAX];
};

struct storage_config {
        struct config_section section;
        char folder[CONFIG_PATH_MAX]; /* empty = $STATE_DIRECTORY */
        unsigned max_size_mib, history_days, unsent_days;
};

struct station_config {
        struct config_section section;
        char name[MESSAGE_NAME_MAX];
        char exercise_name[EXERCISE_NAME_MAX];
        char athlete[MESSAGE_NAME_MAX];
        double load_kg; /* NAN = not known */
        char recording[CONFIG_PATH_MAX];
        double recording_speed;
        bool recording_loop;
        double recording_pause_s;
        struct exercise exercise; /* the one named above */
};

struct config {
        struct hub_config hub;
        struct mqtt_config mqtt;
        struct storage_config storage;
        struct station_config stations[CONFIG_STATIONS_MAX];
        size_t n_stations;
        char **paths; /* of the files read; origins point at them */
        size_t n_paths;
};

/* [hub], [mqtt], [store], [station NAME]. */
extern const struct key_table config_hub_keys, config_mqtt_keys, config_storage_keys, config_station_keys;

/* Every fault is told. Returns 0, -EINVAL where there was a fault, or -ENOMEM. */
int config_load(const char *path, struct faults *faults, struct config **ret);
struct config *config_free(struct config *c);
DEFINE_CLEANUP(struct config *, config_free);

/* Every key with its value and origin, in the form of a configuration. */
void config_dump(const struct config *c, FILE *stream);

/* Do both say the same about a station, its exercise's figures included? */
bool config_station_equal(const struct station_config *a, const struct station_config *b);

/* "host", "host:port" or "[address]:port". Returns 0 or -EINVAL. */
int config_parse_broker(const char *s, char host[static CONFIG_HOST_MAX], uint16_t *ret_port);

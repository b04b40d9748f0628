/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* repcastctl doctor: does the hub have what it needs, and if not, what is to be done?
 *
 *     checks (doctor.c)  ──look──▶  files below a root, programs, the bus, the broker
 *         │
 *         ├─ doctor_ok(d, "what is in order")
 *         └─ doctor_find(d, FINDING, "what is wrong here")  + weight and advice of that finding (doctor-findings.c)
 *                 │
 *                 ▼
 *             lines for a person, or JSON; exit status
 *
 * Nothing is changed, and nothing is needed: no daemon, no bus, no root. What could not be seen is a finding as well. */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "ctl/unit.h"
#include "ctl/view.h"
#include "hub/config.h"
#include "util/macros.h"

#define DOCTOR_STATE_FOLDER "/var/lib/repcast" /* that the unit makes */

enum weight {
        WEIGHT_OK,
        WEIGHT_NOTE,    /* works; could be better */
        WEIGHT_UNSEEN,  /* this user, or this machine, does not let it be seen */
        WEIGHT_WARNING, /* works now; something is to be done */
        WEIGHT_FAULT,   /* repetitions are not counted, not sent, or not kept */
        _WEIGHT_MAX,
};

enum finding {
        FINDING_NONE,
        /* configuration */
        FINDING_CONFIG_MISSING,
        FINDING_CONFIG_FAULT,
        FINDING_CONFIG_UNSEEN,
        FINDING_CONFIG_CHANGED,
        FINDING_CONFIG_ADOPTED,
        FINDING_NO_STATION,
        /* secrets and other files of the configuration */
        FINDING_SECRET_OPEN,
        FINDING_FILE_DENIED,
        FINDING_FILE_HIDDEN,
        FINDING_USER_MISSING,
        /* profiles */
        FINDING_PROFILE_FAULT,
        /* disk */
        FINDING_DISK_READONLY,
        FINDING_DISK_FULL,
        FINDING_DISK_SMALL,
        FINDING_DISK_VOLATILE,
        FINDING_STORE_MISSING,
        FINDING_STORE_DENIED,
        FINDING_STORE_OUTSIDE,
        FINDING_STORE_FAULT,
        FINDING_STORE_ASIDE,
        FINDING_STORE_UNSEEN,
        /* clock */
        FINDING_CLOCK_UNSYNCED,
        FINDING_CLOCK_BEHIND,
        FINDING_CLOCK_NO_RTC,
        /* radio */
        FINDING_RADIO_BLOCKED,
        FINDING_RADIO_SWITCH,
        FINDING_ADAPTER_NONE,
        FINDING_ADAPTER_OFF,
        FINDING_ADAPTER_MISSING,
        FINDING_ADAPTER_SLOTS,
        FINDING_WIFI_SHARED,
        /* BlueZ */
        FINDING_BLUEZ_MISSING,
        FINDING_BLUEZ_OLD,
        FINDING_BLUEZ_FLAWED,
        FINDING_BLUEZ_AWAY,
        FINDING_BLUEZ_SILENT,
        FINDING_BLUEZ_UNSEEN,
        FINDING_BLUEZ_DUAL,
        FINDING_BLUEZ_REPAIRING,
        FINDING_BLUEZ_CHANNELS,
        FINDING_BLUEZ_INTERVALS,
        FINDING_BLUEZ_PARTLY,
        FINDING_BLUEZ_TIMEOUT,
        FINDING_BLUEZ_POWER,
        FINDING_BLUEZ_RESTART,
        FINDING_BUS_UNSEEN,
        /* broker */
        FINDING_BROKER_NAME,
        FINDING_BROKER_AWAY,
        FINDING_BROKER_SPARE,
        FINDING_BROKER_REFUSED,
        FINDING_BROKER_TLS,
        FINDING_BROKER_WRITE,
        FINDING_BROKER_READ,
        FINDING_BROKER_CLEAR,
        FINDING_BROKER_WEB,
        FINDING_BROKER_UNSEEN,
        /* certificates */
        FINDING_CERTIFICATE_FAULT,
        FINDING_CERTIFICATE_OVER,
        FINDING_CERTIFICATE_EARLY,
        FINDING_CERTIFICATE_SOON,
        FINDING_CERTIFICATE_UNSEEN,
        /* service */
        FINDING_SERVICE_MISSING,
        FINDING_SERVICE_STOPPED,
        FINDING_SERVICE_DISABLED,
        FINDING_SERVICE_RESTARTS,
        FINDING_SERVICE_WATCHDOG,
        FINDING_SERVICE_USER,
        FINDING_SERVICE_OVERRIDE,
        FINDING_SERVICE_STALE,
        FINDING_SERVICE_POLICY,
        FINDING_SERVICE_UNHEARD,
        FINDING_SERVICE_DENIED,
        FINDING_SERVICE_UNSEEN,
        /* the hub itself */
        FINDING_HUB_VERSION,
        FINDING_HUB_LOST,
        FINDING_HUB_MEMORY,
        FINDING_HUB_BROKER,
        FINDING_HUB_BLUETOOTH,
        FINDING_STATION_BARE,
        FINDING_SENSOR_SILENT,
        FINDING_SENSOR_LOSS,
        FINDING_SENSOR_BATTERY,
        _FINDING_MAX,
};

struct finding_info {
        const char *name;
        enum weight weight;
        const char *advice; /* one sentence */
};

const struct finding_info *finding_info(enum finding f);

/* What BlueZ says of its adapters. */
struct air {
        enum { AIR_UNASKED, AIR_AWAY, AIR_SILENT, AIR_DENIED, AIR_THERE } state;
        struct {
                char address[ADDRESS_MAX];
                bool powered, blocked;
        } adapters[16];
        size_t n_adapters;
};

struct doctor {
        char root[PATH_MAX]; /* "", or a folder that stands for / */
        char config_path[PATH_MAX];
        struct config *config; /* as far as it can be read; NULL = there is none */
        struct {
                bool known;
                uid_t uid;
                gid_t groups[32];
                size_t n_groups;
        } user;           /* under which the service runs */
        struct unit unit; /* of the service */
        sd_bus *bus;      /* the system's; NULL = none that can be reached */
        int view_error;   /* why the hub could not be asked; 0 = it told */
        struct view view;
        struct air air;

        const char *check; /* that runs */
        enum weight worst; /* of it */
        unsigned n[_WEIGHT_MAX];
        void (*tell)(struct doctor *d, enum finding f, const char *what); /* FINDING_NONE: in order */
        FILE *out;                                                        /* of lines */
        bool colours;
};

/* What is looked at: the name of a check, what it is about, and who does it. */
struct check {
        const char *name, *what;
        void (*run)(struct doctor *d);
};

void doctor_ok(struct doctor *d, const char *format, ...) _printf_(2, 3);
void doctor_find(struct doctor *d, enum finding f, const char *format, ...) _printf_(3, 4);

/* Findings as lines; for tell. */
void doctor_tell_line(struct doctor *d, enum finding f, const char *what);
const char *doctor_word(enum weight w);

/* What the checks share, before they run; and its end. */
void doctor_open(struct doctor *d);
void doctor_close(struct doctor *d);
/* Run them all. Returns the worst weight. */
enum weight doctor_run(struct doctor *d);

/* ---- files (doctor-files.c) ---- */

/* A path of the system below the root. */
const char *doctor_path(const struct doctor *d, const char *path, char ret[static PATH_MAX]);
/* The same in the words of that system: without the root. */
const char *doctor_inner(const struct doctor *d, const char *path);

void doctor_find_user(struct doctor *d);

/* May the service's user do that (R_OK, W_OK, X_OK of access(2)) by the modes of the file and of the folders above it? Returns
 * 0, -EACCES, or another negative errno value; *ret_where: the file or folder that says so, valid until the next call. */
int doctor_user_may(const struct doctor *d, const char *path, int what, const char **ret_where);

/* Does the unit's sandbox hide it (ProtectHome=, PrivateTmp=)? */
bool doctor_is_hidden(const struct doctor *d, const char *path);

/* ---- BlueZ (doctor-air.c) ---- */

void doctor_ask_bluez(sd_bus *bus, struct air *ret);

/* ---- checks ---- */

void check_configuration(struct doctor *d);
void check_secrets(struct doctor *d);
void check_profiles(struct doctor *d);
void check_disk(struct doctor *d);
void check_clock(struct doctor *d);
void check_radio(struct doctor *d);
void check_bluez(struct doctor *d);
void check_certificates(struct doctor *d);
void check_broker(struct doctor *d);
void check_dashboard(struct doctor *d);
void check_service(struct doctor *d);
void check_hub(struct doctor *d);

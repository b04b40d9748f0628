/* SPDX-License-Identifier: Apache-2.0 */
/* Check: bluetoothd, its version, its settings. Why each of them matters is told in doc/bluetooth.md. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "ctl/program.h"
#include "util/ini.h"
#include "util/number.h"
#include "util/textfile.h"

DEFINE_CLEANUP(char *, free);
DEFINE_CLEANUP(FILE *, fclose);

#define MAIN_CONF "/etc/bluetooth/main.conf"
#define TESTED    66 /* BlueZ 5.66: Debian 12 */
#define UNKNOWN   0

/* ---- version ---- */

/* The 66 of 5.66, or UNKNOWN. */
static unsigned parse_version(const char *text) {
        unsigned major = 0, minor = 0;

        if (sscanf(text, "%4u.%4u", &major, &minor) != 2 || major < 5)
                return UNKNOWN;
        return major > 5 ? 1000 : minor;
}

static unsigned read_version(struct doctor *d, bool *ret_there) {
        static const char *const places[] = {
                "/usr/libexec/bluetooth/bluetoothd", "/usr/lib/bluetooth/bluetoothd", "/usr/sbin/bluetoothd"};
        _cleanup_(freep) char *out = NULL;
        char path[PATH_MAX];

        *ret_there = false;
        for (size_t i = 0; i < ARRAY_SIZE(places) && !*ret_there; i++)
                *ret_there = access(doctor_path(d, places[i], path), F_OK) == 0;
        if (!*ret_there || program_capture((const char *[]){path, "--version", NULL}, 64, &out) != 0)
                return UNKNOWN;
        return parse_version(out);
}

static void check_version(struct doctor *d, unsigned version) {
        static const struct {
                unsigned mended;
                const char *what;
        } flaws[] = {
                {71, "discovery may corrupt its memory"},
                {84, "notifications that cannot be had crash it on the same link"},
                {86, "a client that leaves in a hurry crashes it"},
        };
        char list[256] = "";
        size_t n = 0;

        if (version < TESTED) {
                doctor_find(d, FINDING_BLUEZ_OLD, "BlueZ is of version 5.%u", version);
                return;
        }
        for (size_t i = 0; i < ARRAY_SIZE(flaws); i++)
                if (version < flaws[i].mended)
                        n += (size_t) snprintf(
                                list + n, sizeof(list) - n, "%s%s", n > 0 ? "; " : "", flaws[i].what);
        if (n > 0)
                doctor_find(d, FINDING_BLUEZ_FLAWED, "BlueZ 5.%u has known faults: %s", version, list);
}

/* ---- settings ---- */

enum setting { MODE, REPAIRING, CHANNELS, POWER, SHORTEST, LONGEST, LATENCY, TIMEOUT, _SETTING_MAX };

#define SETTING_MAX 32

static const struct {
        const char *section, *key;
} settings[_SETTING_MAX] = {
        [MODE] = {"General", "ControllerMode"},
        [REPAIRING] = {"General", "JustWorksRepairing"},
        [CHANNELS] = {"GATT", "Channels"},
        [POWER] = {"Policy", "AutoEnable"},
        [SHORTEST] = {"LE", "MinConnectionInterval"},
        [LONGEST] = {"LE", "MaxConnectionInterval"},
        [LATENCY] = {"LE", "ConnectionLatency"},
        [TIMEOUT] = {"LE", "ConnectionSupervisionTimeout"},
};

/* BlueZ's format is wider than ours: lines that ours does not know say nothing that is asked for here. */
static bool read_settings(struct doctor *d, char ret[_SETTING_MAX][SETTING_MAX]) {
        char path[PATH_MAX];
        const char *why;
        _cleanup_(fclosep) FILE *file = textfile_open(doctor_path(d, MAIN_CONF, path), &why);
        struct ini_entry e;
        struct ini ini;

        if (!file)
                return access(path, F_OK) < 0; /* without it the defaults are in force */
        ini_init(&ini, file);
        while (ini_next(&ini, &e) > 0)
                for (size_t i = 0; e.kind == INI_KEY && i < _SETTING_MAX; i++)
                        if (strcmp(e.section, settings[i].section) == 0 && strcmp(e.key, settings[i].key) == 0)
                                snprintf(ret[i], SETTING_MAX, "%s", e.value);
        return true;
}

static void check_intervals(struct doctor *d, char set[_SETTING_MAX][SETTING_MAX]) {
        uint64_t timeout = 0;
        unsigned n = 0;

        for (enum setting i = SHORTEST; i <= TIMEOUT; i++)
                n += *set[i] != '\0';
        if (n == 0)
                doctor_find(d, FINDING_BLUEZ_INTERVALS,
                        "links begin with Linux' own figures: 30 to 50 ms between packets, lost after 0.42 s "
                        "of silence");
        else if (n < 4)
                doctor_find(d, FINDING_BLUEZ_PARTLY, "of the four keys of [LE] for connections, %u are set", n);
        else if (number_parse_u64(set[TIMEOUT], 0, UINT64_MAX, &timeout) < 0 || timeout < 100)
                doctor_find(d, FINDING_BLUEZ_TIMEOUT, "links count as lost after %s x 10 ms of silence",
                        set[TIMEOUT]);
}

static void check_settings(struct doctor *d, unsigned version) {
        char set[_SETTING_MAX][SETTING_MAX] = {{0}};
        char path[PATH_MAX];

        if (!read_settings(d, set)) {
                doctor_find(d, FINDING_BLUEZ_UNSEEN, "%s cannot be read", doctor_path(d, MAIN_CONF, path));
                return;
        }
        if (strcmp(set[MODE], "le") != 0)
                doctor_find(d, FINDING_BLUEZ_DUAL, "BlueZ speaks classic Bluetooth too, which no sensor needs");
        if (*set[REPAIRING] != '\0' && strcmp(set[REPAIRING], "never") != 0)
                doctor_find(d, FINDING_BLUEZ_REPAIRING,
                        "paired devices may pair anew (JustWorksRepairing = %s)", set[REPAIRING]);
        if (version != UNKNOWN && version <= 66 && strcmp(set[CHANNELS], "1") != 0)
                doctor_find(
                        d, FINDING_BLUEZ_CHANNELS, "BlueZ 5.%u opens several channels to a sensor", version);
        if (strcasecmp(set[POWER], "false") == 0)
                doctor_find(d, FINDING_BLUEZ_POWER,
                        "adapters are not switched on by themselves (AutoEnable = false)");
        check_intervals(d, set);
}

/* ---- is it there? ---- */

static void check_presence(struct doctor *d, bool installed) {
        switch (d->air.state) {
        case AIR_THERE:
                return;
        case AIR_AWAY:
                if (installed)
                        doctor_find(d, FINDING_BLUEZ_AWAY, "bluetoothd is not on the bus: it does not run");
                return;
        case AIR_SILENT:
                doctor_find(d, FINDING_BLUEZ_SILENT, "bluetoothd gives no answer");
                return;
        case AIR_DENIED:
                doctor_find(d, FINDING_BLUEZ_UNSEEN, "the bus does not let this user speak to BlueZ");
                return;
        case AIR_UNASKED:
                doctor_find(d, FINDING_BUS_UNSEEN, "there is no system bus that can be reached");
                return;
        }
}

void check_bluez(struct doctor *d) {
        struct unit unit;
        bool installed;
        unsigned version = read_version(d, &installed);

        if (!installed && d->air.state != AIR_THERE) {
                doctor_find(d, FINDING_BLUEZ_MISSING, "there is no bluetoothd on this system");
                return;
        }
        check_presence(d, installed);
        if (version == UNKNOWN)
                doctor_find(d, FINDING_BLUEZ_UNSEEN, "bluetoothd does not tell its version");
        else
                check_version(d, version);
        check_settings(d, version);
        unit_read("bluetooth.service", &unit);
        if (unit.known && strcmp(unit.restart, "no") == 0)
                doctor_find(d, FINDING_BLUEZ_RESTART,
                        "after a crash bluetooth.service stays away until it is called");
        if (d->worst <= WEIGHT_NOTE)
                doctor_ok(d, version == UNKNOWN ? "it answers" : "version 5.%u answers", version);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Check: radio switches, adapters, and whether there are enough of them. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "util/address.h"
#include "util/textfile.h"

DEFINE_CLEANUP(DIR *, closedir);
DEFINE_CLEANUP(FILE *, fclose);

/* ---- sysfs ---- */

/* The one line of an attribute; empty: not there. */
static void read_attribute(const char *folder, const char *entry, const char *name, char ret[static 64]) {
        char path[PATH_MAX];
        const char *why;

        *ret = '\0';
        if ((size_t) snprintf(path, sizeof(path), "%s/%s/%s", folder, entry, name) >= sizeof(path))
                return;
        _cleanup_(fclosep) FILE *file = textfile_open(path, &why);
        if (file && fgets(ret, 64, file))
                ret[strcspn(ret, "\n")] = '\0';
}

/* Where a link leads, or empty. */
static void read_link(const char *folder, const char *entry, const char *name, char ret[static PATH_MAX]) {
        char path[PATH_MAX];
        ssize_t n = -1;

        if ((size_t) snprintf(path, sizeof(path), "%s/%s%s", folder, entry, name) < sizeof(path))
                n = readlink(path, ret, PATH_MAX - 1);
        ret[n > 0 ? n : 0] = '\0';
}

/* ---- radio switches (rfkill) ---- */

static void check_switch(struct doctor *d, const char *folder, const char *entry) {
        char type[64], name[64], soft[64], hard[64];

        read_attribute(folder, entry, "type", type);
        if (strcmp(type, "bluetooth") != 0)
                return;
        read_attribute(folder, entry, "name", name);
        read_attribute(folder, entry, "soft", soft);
        read_attribute(folder, entry, "hard", hard);
        if (strcmp(hard, "1") == 0)
                doctor_find(d, FINDING_RADIO_SWITCH,
                        "%s is switched off by a switch or the firmware (rfkill, hard)", name);
        else if (strcmp(soft, "1") == 0)
                doctor_find(d, FINDING_RADIO_BLOCKED, "%s is blocked by software (rfkill, soft)", name);
}

static void check_switches(struct doctor *d) {
        char folder[PATH_MAX];
        _cleanup_(closedirp) DIR *entries = opendir(doctor_path(d, "/sys/class/rfkill", folder));
        const struct dirent *e;

        while (entries && (e = readdir(entries)))
                if (*e->d_name != '.')
                        check_switch(d, folder, e->d_name);
}

/* ---- adapters ---- */

/* Of the kernel, and how many of them hang on a serial line, as those of a Raspberry Pi's own chip do. */
static unsigned count_adapters(struct doctor *d, unsigned *ret_serial) {
        char folder[PATH_MAX], target[PATH_MAX];
        _cleanup_(closedirp) DIR *entries = opendir(doctor_path(d, "/sys/class/bluetooth", folder));
        const struct dirent *e;
        unsigned n = 0;

        *ret_serial = 0;
        while (entries && (e = readdir(entries))) {
                if (strncmp(e->d_name, "hci", 3) != 0 || strchr(e->d_name, ':')) /* hci0:64 is a link */
                        continue;
                n++;
                read_link(folder, e->d_name, "", target);
                *ret_serial += strstr(target, "/serial") || strstr(target, "/tty");
        }
        return n;
}

static bool wifi_is_on_the_chip(struct doctor *d) {
        char folder[PATH_MAX], driver[PATH_MAX], state[64];
        _cleanup_(closedirp) DIR *entries = opendir(doctor_path(d, "/sys/class/net", folder));
        const struct dirent *e;
        bool found = false;

        while (entries && !found && (e = readdir(entries))) {
                read_link(folder, e->d_name, "/device/driver", driver);
                read_attribute(folder, e->d_name, "operstate", state);
                found = strstr(driver, "brcmfmac") && strcmp(state, "up") == 0;
        }
        return found;
}

static bool is_there(const struct doctor *d, const char *address) {
        for (size_t i = 0; i < d->air.n_adapters; i++)
                if (strcmp(d->air.adapters[i].address, address) == 0)
                        return true;
        return false;
}

/* Those that the configuration asks for by address. */
static void check_named(struct doctor *d) {
        const char *list = d->config->bluetooth.adapters;
        char address[ADDRESS_MAX];

        for (; *list != '\0'; list += strcspn(list, " "), list += *list == ' ') {
                snprintf(address, sizeof(address), "%.*s", (int) strcspn(list, " "), list);
                (void) address_parse(address, address);
                if (!is_there(d, address))
                        doctor_find(
                                d, FINDING_ADAPTER_MISSING, "Adapters= names %s, which is not there", address);
        }
        for (size_t i = 0; i < d->config->n_stations; i++)
                if (*d->config->stations[i].adapter != '\0' && !is_there(d, d->config->stations[i].adapter))
                        doctor_find(d, FINDING_ADAPTER_MISSING,
                                "Adapter= of station %s names %s, which is not there",
                                d->config->stations[i].name, d->config->stations[i].adapter);
}

static bool is_used(const struct doctor *d, size_t i) {
        const char *list = d->config->bluetooth.adapters;

        return d->air.adapters[i].powered && (*list == '\0' || strcasestr(list, d->air.adapters[i].address));
}

static void check_slots(struct doctor *d) {
        unsigned sensors = 0, slots = 0;

        for (size_t i = 0; i < d->config->n_stations; i++)
                sensors += *d->config->stations[i].sensor != '\0';
        for (size_t i = 0; i < d->air.n_adapters; i++)
                slots += is_used(d, i) ? d->config->bluetooth.max_links : 0;
        if (slots > 0 && sensors > slots)
                doctor_find(d, FINDING_ADAPTER_SLOTS,
                        "sensors: %u, but the adapters take %u links (MaxLinks=%u each)", sensors, slots,
                        d->config->bluetooth.max_links);
}

/* Returns how many are switched on. */
static unsigned check_power(struct doctor *d) {
        unsigned powered = 0;

        for (size_t i = 0; i < d->air.n_adapters; i++)
                powered += d->air.adapters[i].powered;
        if (d->air.n_adapters > 0 && powered == 0)
                doctor_find(
                        d, FINDING_ADAPTER_OFF, "no adapter is switched on; there are %zu", d->air.n_adapters);
        return powered;
}

void check_radio(struct doctor *d) {
        unsigned serial, n = count_adapters(d, &serial), powered = check_power(d);

        check_switches(d);
        if (d->air.state == AIR_THERE)
                n = (unsigned) d->air.n_adapters;
        if (n == 0)
                doctor_find(d, FINDING_ADAPTER_NONE, "there is no Bluetooth adapter");
        if (d->air.state == AIR_THERE && n > 0 && d->config) {
                check_named(d);
                check_slots(d);
        }
        if (n > 0 && serial == n && wifi_is_on_the_chip(d))
                doctor_find(d, FINDING_WIFI_SHARED,
                        "the only adapter shares chip and antenna with the Wi-Fi that is on");
        if (d->worst <= WEIGHT_NOTE && d->air.state == AIR_THERE)
                doctor_ok(d, "adapters: %u, switched on: %u", n, powered);
        else if (d->worst <= WEIGHT_NOTE)
                doctor_ok(d, "adapters: %u", n);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a report. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ctl/bugreport.h"
#include "ctl/changes.h"
#include "ctl/program.h"
#include "hub/state-file.h"
#include "store/database.h"

DEFINE_CLEANUP(char *, free);

#define OUTPUT_MAX 65536

static void heading(FILE *out, const char *what) {
        fprintf(out, "==== %s\n", what);
}

/* A file of the system, or that it cannot be read. */
static void put_file(const char *root, const char *path, FILE *out) {
        _cleanup_(freep) char *text = NULL;
        int r = changes_read(root, path, &text);

        heading(out, path);
        if (r < 0)
                fprintf(out, "(%s)", strerror(-r));
        else
                fputs(text, out);
        fputs("\n\n", out);
}

static void put_program(const char *const argv[], FILE *out) {
        _cleanup_(freep) char *text = NULL;
        int r = program_capture(argv, OUTPUT_MAX, &text);

        fputs("====", out);
        for (size_t i = 0; argv[i]; i++)
                fprintf(out, " %s", argv[i]);
        if (r < 0)
                fprintf(out, "\n(%s)\n\n", strerror(-r));
        else
                fprintf(out, "\n%s(exit status %d)\n\n", text, r);
}

/* ---- system ---- */

void bugreport_system(struct bugreport *b, FILE *out) {
        struct utsname u;

        fprintf(out, "repcastctl %s\n", VERSION);
        if (uname(&u) == 0) /* the host's own name is of no use to others */
                fprintf(out, "%s %s %s %s\n", u.sysname, u.release, u.version, u.machine);
        fprintf(out, "processors: %ld, memory: %ld MiB\n\n", sysconf(_SC_NPROCESSORS_ONLN),
                sysconf(_SC_PHYS_PAGES) / 1024 * (sysconf(_SC_PAGESIZE) / 1024));
        put_file(b->doctor.root, "/etc/os-release", out);
        put_file(b->doctor.root, "/proc/device-tree/model", out);
        put_file(b->doctor.root, "/proc/uptime", out);
        put_file(b->doctor.root, "/proc/self/mounts", out);
        put_program((const char *[]){"dpkg-query", "--show", "repcast", "bluez", "mosquitto", "libmosquitto1",
                            "libsqlite3-0", "libssl3*", "systemd", "dbus", "*bluez-firmware", "raspi-firmware",
                            NULL},
                out);
}

/* ---- configuration ---- */

void bugreport_configuration(struct bugreport *b, FILE *out) {
        const struct config *c = b->doctor.config;

        if (!c) {
                put_file("", b->doctor.config_path, out);
                return;
        }
        for (size_t i = 0; i < c->n_paths; i++)
                put_file("", c->paths[i], out);
        heading(out, "every key with its value and origin");
        config_dump(c, out);
}

/* ---- hub ---- */

static void put_rows(FILE *out, enum view_class class, const void *rows, size_t n, size_t size) {
        for (size_t i = 0; i < n; i++)
                (void) view_print_json(out, class, (const char *) rows + i * size);
}

void bugreport_hub(struct bugreport *b, FILE *out) {
        const struct view *v = &b->doctor.view;

        if (b->doctor.view_error != 0) {
                fprintf(out, "The hub could not be asked: %s\n", strerror(b->doctor.view_error));
                return;
        }
        put_rows(out, VIEW_HUB, &v->hub, v->n_hubs, sizeof(v->hub));
        put_rows(out, VIEW_ADAPTER, v->adapters, v->n_adapters, sizeof(v->adapters[0]));
        put_rows(out, VIEW_STATION, v->stations, v->n_stations, sizeof(v->stations[0]));
        put_rows(out, VIEW_SENSOR, v->sensors, v->n_sensors, sizeof(v->sensors[0]));
}

/* ---- service ---- */

void bugreport_service(struct bugreport *b, FILE *out) {
        static const char *const units[] = {"repcast.service", "bluetooth.service", "mosquitto.service"};

        (void) b;
        for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
                put_program((const char *[]){"systemctl", "show", units[i], NULL}, out);
                put_program((const char *[]){"systemctl", "cat", units[i], NULL}, out);
        }
}

/* ---- Bluetooth ---- */

void bugreport_bluetooth(struct bugreport *b, FILE *out) {
        static const char *const states[] = {[AIR_UNASKED] = "no bus",
                [AIR_AWAY] = "not there",
                [AIR_SILENT] = "no answer",
                [AIR_DENIED] = "denied",
                [AIR_THERE] = "there"};
        const struct air *air = &b->doctor.air;

        fprintf(out, "BlueZ: %s\n", states[air->state]);
        for (size_t i = 0; i < air->n_adapters; i++)
                fprintf(out, "adapter %s%s%s\n", air->adapters[i].address,
                        air->adapters[i].powered ? ", on" : ", off",
                        air->adapters[i].blocked ? ", blocked" : "");
        fputc('\n', out);
        put_file(b->doctor.root, "/etc/bluetooth/main.conf", out);
        put_program((const char *[]){"bluetoothctl", "--version", NULL}, out);
        put_program((const char *[]){"rfkill", "list", NULL}, out);
        put_program((const char *[]){"lsusb", NULL}, out);
        put_program((const char *[]){"ls", "-l", "/sys/class/bluetooth", NULL}, out);
}

/* ---- store ---- */

static void put_database(const char *path, FILE *out) {
        struct database *d = NULL;
        uint64_t last = 0, bytes = 0;
        char why[128];
        int r = database_open_reader(path, &d, why, sizeof(why));

        if (r < 0)
                fprintf(out, "events.db: %s\n", r == -EBUSY ? "in use by the hub" : why);
        else if (database_last(d, &last) >= 0 && database_bytes(d, &bytes) >= 0)
                fprintf(out, "events.db: last position %llu, %llu bytes in use\n", (unsigned long long) last,
                        (unsigned long long) bytes);
        database_close(d);
}

void bugreport_store(struct bugreport *b, FILE *out) {
        static const struct storage_config preset = {.folder = ""};
        const struct storage_config *c = b->doctor.config ? &b->doctor.config->storage : &preset;
        char fallback[PATH_MAX];
        _cleanup_(freep) char *store = NULL, *folder = NULL;
        struct statvfs s;

        doctor_path(&b->doctor, DOCTOR_STATE_FOLDER, fallback);
        if (hub_find_state(c, fallback, "events.db", &store) < 0 || !(folder = strdup(store)))
                return;
        *strrchr(folder, '/') = '\0';
        if (statvfs(folder, &s) == 0)
                fprintf(out, "free: %llu bytes, %llu files\n", (unsigned long long) s.f_bavail * s.f_frsize,
                        (unsigned long long) s.f_favail);
        if (access(store, R_OK | W_OK) == 0)
                put_database(store, out);
        put_program((const char *[]){"ls", "-la", folder, NULL}, out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Check: the disk and the event store on it. */

#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "hub/state-file.h"
#include "store/database.h"

DEFINE_CLEANUP(char *, free);

#define MIB      (UINT64_C(1) << 20)
#define FULL_MIB 16 /* a commit, its log, and what SQLite needs beside them */

/* ---- what is mounted there ---- */

struct mounted {
        char type[32];
        bool read_only;
        size_t depth; /* length of the mount point: the longest that fits is the one */
};

static bool is_at_or_below(const char *path, const char *folder, size_t n) {
        return strncmp(path, folder, n) == 0 && (n == 1 || path[n] == '/' || path[n] == '\0');
}

static struct mounted find_mount(const struct doctor *d, const char *folder) {
        struct mounted m = {.type = ""};
        char table[PATH_MAX];
        FILE *file = setmntent(doctor_path(d, "/proc/self/mounts", table), "re");
        const char *inner = doctor_inner(d, folder);
        const struct mntent *e;

        while (file && (e = getmntent(file))) {
                const size_t n = strlen(e->mnt_dir);

                if (n < m.depth || !is_at_or_below(inner, e->mnt_dir, n))
                        continue;
                snprintf(m.type, sizeof(m.type), "%s", e->mnt_type);
                m.read_only = hasmntopt(e, MNTOPT_RO) != NULL;
                m.depth = n;
        }
        if (file)
                endmntent(file);
        return m;
}

static void check_mount(struct doctor *d, const char *folder) {
        const struct mounted m = find_mount(d, folder);

        if (m.read_only)
                doctor_find(d, FINDING_DISK_READONLY, "%s cannot be written to: its %s is mounted read-only",
                        folder, m.type);
        if (strcmp(m.type, "tmpfs") == 0 || strcmp(m.type, "ramfs") == 0)
                doctor_find(d, FINDING_DISK_VOLATILE,
                        "%s is in memory (%s): events that were not sent are lost with the power", folder,
                        m.type);
}

/* ---- room ---- */

static uint64_t size_of(const char *path, const char *suffix) {
        char whole[PATH_MAX];
        struct stat st;

        (void) snprintf(whole, sizeof(whole), "%s%s", path, suffix);
        return stat(whole, &st) == 0 ? (uint64_t) st.st_size : 0;
}

static void check_room(struct doctor *d, const char *folder, const char *store) {
        const uint64_t now = size_of(store, "") + size_of(store, "-wal"),
                       most = (d->config ? d->config->storage.max_size_mib : 64) * MIB;
        struct statvfs s;
        uint64_t room;

        if (statvfs(folder, &s) < 0)
                return;
        room = (uint64_t) s.f_bavail * s.f_frsize;
        if (room < FULL_MIB * MIB || (s.f_files > 0 && s.f_favail == 0))
                doctor_find(d, FINDING_DISK_FULL, "free at %s: %.1f MiB and %llu files", folder,
                        (double) room / (double) MIB, (unsigned long long) s.f_favail);
        else if (now < most && room - FULL_MIB * MIB < most - now)
                doctor_find(d, FINDING_DISK_SMALL,
                        "free at %s: %.0f MiB, but the store may still grow by %.0f MiB", folder,
                        (double) room / (double) MIB, (double) (most - now) / (double) MIB);
        else
                doctor_ok(d, "the store takes %.1f of at most %.0f MiB, free are %.0f MiB",
                        (double) now / (double) MIB, (double) most / (double) MIB,
                        (double) room / (double) MIB);
}

/* ---- the store ---- */

static void check_aside(struct doctor *d, const char *folder) {
        DIR *entries = opendir(folder);
        const struct dirent *e;
        unsigned n = 0;

        while (entries && (e = readdir(entries)))
                n += strncmp(e->d_name, "events.db.aside-", 16) == 0 && !strstr(e->d_name, "-wal");
        if (entries)
                closedir(entries);
        if (n > 0)
                doctor_find(d, FINDING_STORE_ASIDE, "damaged stores that were set aside in %s: %u", folder, n);
}

/* A running hub has it open, and says itself what is wrong (check_hub()). */
static void check_store(struct doctor *d, const char *store) {
        struct database *database = NULL;
        char why[128];
        int r;

        if (access(store, F_OK) < 0 && errno == ENOENT)
                return; /* the first start makes it */
        if (access(store, R_OK | W_OK) < 0) {
                doctor_find(d, FINDING_STORE_UNSEEN, "%s: %s", store, strerror(errno));
                return;
        }
        r = database_open_reader(store, &database, why, sizeof(why));
        if (r < 0 && r != -EBUSY && r != -ENODATA)
                doctor_find(d, FINDING_STORE_FAULT, "%s: %s", store, why);
        database_close(database);
}

static bool names(const char *list, const char *folder) {
        const char *at = strstr(list, folder);
        const size_t n = strlen(folder);

        return at && (at == list || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' ' || at[n] == '/');
}

static void check_rights(struct doctor *d, const char *folder) {
        const char *where, *inner = doctor_inner(d, folder);
        int r = d->user.known ? doctor_user_may(d, folder, R_OK | W_OK | X_OK, &where) : 0;

        if (r == -EACCES)
                doctor_find(d, FINDING_STORE_DENIED, "the service's user may not write in %s: the modes of %s",
                        folder, where);
        if (d->unit.known && strcmp(inner, DOCTOR_STATE_FOLDER) != 0 && !names(d->unit.writable, inner))
                doctor_find(d, FINDING_STORE_OUTSIDE,
                        "Folder= names %s, where the unit lets the service only read", folder);
}

void check_disk(struct doctor *d) {
        static const struct storage_config preset = {.folder = ""};
        const struct storage_config *c = d->config ? &d->config->storage : &preset;
        char fallback[PATH_MAX];
        _cleanup_(freep) char *store = NULL, *folder = NULL;
        struct stat st;

        doctor_path(d, DOCTOR_STATE_FOLDER, fallback);
        if (hub_find_state(c, fallback, "events.db", &store) < 0 || !(folder = strdup(store)))
                return;
        *strrchr(folder, '/') = '\0';
        if (stat(folder, &st) < 0) {
                if (*c->folder != '\0' && errno == ENOENT)
                        doctor_find(d, FINDING_STORE_MISSING, "there is no folder %s", folder);
                else if (errno == ENOENT)
                        doctor_ok(d, "the first start of the service makes %s", folder);
                else
                        doctor_find(d, FINDING_STORE_UNSEEN, "%s: %s", folder, strerror(errno));
                return;
        }
        check_mount(d, folder);
        check_rights(d, folder);
        check_room(d, folder, store);
        check_aside(d, folder);
        check_store(d, store);
}

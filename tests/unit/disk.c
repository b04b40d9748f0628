/* SPDX-License-Identifier: Apache-2.0 */
/* A file system layer (https://sqlite.org/vfs.html) that passes everything on to the real one, or does not. */

#include "disk.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/macros.h"

enum change_kind {
        WRITE,
        TRUNCATE,
        SYNC,
        DELETE,
};

struct change {
        enum change_kind kind;
        char *name;
        sqlite3_int64 offset; /* or size */
        size_t n;
        unsigned char *bytes;
};

static struct {
        sqlite3_vfs vfs;
        sqlite3_vfs *real;
        sqlite3_io_methods methods;
        enum disk_fault fault;
        unsigned writes_left;
        unsigned syncs;
        bool recording;
        struct change *changes;
        size_t n_changes, max_changes;
} disk;

struct file {
        sqlite3_file base;
        const char *name;
        bool main_or_wal;
        sqlite3_file *real;
};

static struct file *of(sqlite3_file *f) {
        return (struct file *) (void *) f;
}

static void record(enum change_kind kind, const char *name, sqlite3_int64 offset, const void *bytes, size_t n) {
        struct change *c;

        if (!disk.recording || !name)
                return;
        if (disk.n_changes == disk.max_changes) {
                disk.max_changes = 2 * disk.max_changes + 64;
                disk.changes = realloc(disk.changes, disk.max_changes * sizeof(*disk.changes));
                if (!disk.changes)
                        abort();
        }
        c = &disk.changes[disk.n_changes++];
        *c = (struct change){.kind = kind, .name = strdup(name), .offset = offset, .n = n};
        if (n > 0) {
                c->bytes = malloc(n);
                if (!c->bytes)
                        abort();
                memcpy(c->bytes, bytes, n);
        }
}

/* ---- files ---- */

static int file_close(sqlite3_file *f) {
        return of(f)->real->pMethods->xClose(of(f)->real);
}

static int file_read(sqlite3_file *f, void *to, int n, sqlite3_int64 offset) {
        return of(f)->real->pMethods->xRead(of(f)->real, to, n, offset);
}

static bool is_out_of_order(enum disk_fault fault) {
        if (disk.fault != fault)
                return false;
        if (disk.writes_left == 0)
                return true;
        disk.writes_left--;
        return false;
}

static int file_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 offset) {
        if (is_out_of_order(DISK_FULL))
                return SQLITE_FULL;
        if (is_out_of_order(DISK_BROKEN))
                return SQLITE_IOERR_WRITE;
        record(WRITE, of(f)->name, offset, bytes, (size_t) n);
        return of(f)->real->pMethods->xWrite(of(f)->real, bytes, n, offset);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size) {
        record(TRUNCATE, of(f)->name, size, NULL, 0);
        return of(f)->real->pMethods->xTruncate(of(f)->real, size);
}

static int file_sync(sqlite3_file *f, int flags) {
        (void) flags; /* the real disk may rest */
        if (disk.fault == DISK_NO_SYNC || (disk.fault == DISK_BROKEN && disk.writes_left == 0))
                return SQLITE_IOERR_FSYNC;
        disk.syncs++;
        record(SYNC, of(f)->name, 0, NULL, 0);
        return SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *ret) {
        return of(f)->real->pMethods->xFileSize(of(f)->real, ret);
}

static int file_lock(sqlite3_file *f, int lock) {
        return of(f)->real->pMethods->xLock(of(f)->real, lock);
}

static int file_unlock(sqlite3_file *f, int lock) {
        return of(f)->real->pMethods->xUnlock(of(f)->real, lock);
}

static int file_is_reserved(sqlite3_file *f, int *ret) {
        return of(f)->real->pMethods->xCheckReservedLock(of(f)->real, ret);
}

static int file_control(sqlite3_file *f, int operation, void *argument) {
        return of(f)->real->pMethods->xFileControl(of(f)->real, operation, argument);
}

static int file_sector(sqlite3_file *f) {
        return of(f)->real->pMethods->xSectorSize(of(f)->real);
}

static int file_device(sqlite3_file *f) {
        (void) f;
        return 0; /* promises nothing: writes may be torn */
}

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags, int *ret_flags) {
        struct file *file = of(f);

        (void) vfs;
        if (disk.fault == DISK_READ_ONLY && (flags & SQLITE_OPEN_READWRITE))
                flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
        *file = (struct file){.name = name, .real = (sqlite3_file *) (void *) (file + 1)};
        int code = disk.real->xOpen(disk.real, name, file->real, flags, ret_flags);
        if (code == SQLITE_OK)
                file->base.pMethods = &disk.methods;
        return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync) {
        (void) vfs;
        record(DELETE, name, 0, NULL, 0);
        if (sync)
                record(SYNC, name, 0, NULL, 0);
        return disk.real->xDelete(disk.real, name, sync);
}

void disk_insert(void) {
        disk.real = sqlite3_vfs_find(NULL);
        disk.vfs = *disk.real;
        disk.vfs.zName = "disk";
        disk.vfs.szOsFile = disk.real->szOsFile + (int) sizeof(struct file);
        disk.vfs.xOpen = vfs_open;
        disk.vfs.xDelete = vfs_delete;
        disk.methods = (sqlite3_io_methods){
                .iVersion = 1,
                .xClose = file_close,
                .xRead = file_read,
                .xWrite = file_write,
                .xTruncate = file_truncate,
                .xSync = file_sync,
                .xFileSize = file_size,
                .xLock = file_lock,
                .xUnlock = file_unlock,
                .xCheckReservedLock = file_is_reserved,
                .xFileControl = file_control,
                .xSectorSize = file_sector,
                .xDeviceCharacteristics = file_device,
        };
        sqlite3_vfs_register(&disk.vfs, 1);
}

void disk_set_fault_after(enum disk_fault fault, unsigned writes) {
        disk.fault = fault;
        disk.writes_left = writes;
}

void disk_set_fault(enum disk_fault fault) {
        disk_set_fault_after(fault, 0);
}

unsigned disk_count_syncs(void) {
        return disk.syncs;
}

/* ---- power cuts ---- */

static void forget_changes(void) {
        for (size_t i = 0; i < disk.n_changes; i++) {
                free(disk.changes[i].name);
                free(disk.changes[i].bytes);
        }
        free(disk.changes);
        disk.changes = NULL;
        disk.n_changes = disk.max_changes = 0;
}

void disk_record(void) {
        forget_changes();
        disk.recording = true;
}

size_t disk_recorded(void) {
        return disk.n_changes;
}

static uint32_t next_random(uint32_t *state) {
        *state = *state * 1664525 + 1013904223;
        return *state >> 8;
}

/* Up to here everything of this file is safe. */
static size_t last_sync(const char *name, size_t n) {
        while (n > 0 && !(disk.changes[n - 1].kind == SYNC && strcmp(disk.changes[n - 1].name, name) == 0))
                n--;
        return n;
}

static void cut_file(const char *name, const char *copy, size_t n, uint32_t *random) {
        const size_t safe = last_sync(name, n);
        FILE *f = NULL;

        (void) unlink(copy);
        for (size_t i = 0; i < n; i++) {
                const struct change *c = &disk.changes[i];
                size_t bytes = c->n;

                if (strcmp(c->name, name) != 0 || c->kind == SYNC)
                        continue;
                if (i >= safe) { /* whole, a number of sectors, or nothing */
                        unsigned fate = next_random(random) % 3;
                        if (fate == 0)
                                continue;
                        if (fate == 1)
                                bytes = MIN(bytes, next_random(random) % 9 * 512);
                }
                if (c->kind == DELETE) {
                        if (f)
                                fclose(f);
                        f = NULL;
                        (void) unlink(copy);
                        continue;
                }
                if (!f)
                        f = fopen(copy, "w+");
                if (!f)
                        abort();
                if (c->kind == TRUNCATE) {
                        fflush(f);
                        if (ftruncate(fileno(f), c->offset) < 0)
                                abort();
                } else {
                        fseek(f, c->offset, SEEK_SET);
                        fwrite(c->bytes, 1, bytes, f);
                }
        }
        if (f)
                fclose(f);
}

void disk_cut(size_t n, uint32_t seed, const char *path, const char *copy) {
        static const char *const suffixes[] = {"", "-wal", "-journal"};
        uint32_t random = seed;

        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                char from[300], to[300];
                snprintf(from, sizeof(from), "%s%s", path, suffixes[i]);
                snprintf(to, sizeof(to), "%s%s", copy, suffixes[i]);
                cut_file(from, to, n, &random);
        }
}

void disk_remove(void) {
        forget_changes();
        sqlite3_vfs_unregister(&disk.vfs);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An event store in a folder of its own, on a disk that may have faults (disk.h). */

#include <dirent.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <unistd.h>

#include "disk.h"
#include "store/archive.h"
#include "unit.h"
#include "util/macros.h"

#define TODAY_MS INT64_C(1795288142130)
#define DAY_MS   INT64_C(86400000)

static char folder[64];

static char path[96];

_unused_ static const struct archive_config config = {
        .path = path,
        .disk_max = 16 << 20,
        .memory_max = 4 << 20,
        .history_days = 90,
        .unsent_days = 30,
};

_unused_ static void empty_folder(void) {
        DIR *d = opendir(folder);
        assert_non_null(d);
        for (struct dirent *e; (e = readdir(d));) {
                char name[400];
                snprintf(name, sizeof(name), "%s/%s", folder, e->d_name);
                if (e->d_name[0] != '.')
                        (void) remove(name);
        }
        closedir(d);
}

_unused_ static int set_up(void **state) {
        (void) state;
        strcpy(folder, "/tmp/repcast-archive-XXXXXX");
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/events.db", folder);
        disk_insert();
        return 0;
}

_unused_ static int tear_down(void **state) {
        (void) state;
        disk_set_fault(DISK_WELL);
        disk_remove();
        empty_folder();
        rmdir(folder);
        return 0;
}

_unused_ static struct archive *reopen(const struct archive_config *c) {
        struct archive *a;
        assert_int_equal(archive_open(c, &a), 0);
        return a;
}

_unused_ static struct archive *begin(const struct archive_config *c) {
        disk_set_fault(DISK_WELL);
        empty_folder();
        return reopen(c);
}

_unused_ static struct archive_stats stats_of(struct archive *a) {
        struct archive_stats stats;
        archive_get_stats(a, &stats);
        return stats;
}

/* n events with this number first, all made at the same instant. */
_unused_ static void add(struct archive *a, uint64_t number, unsigned n, int64_t made_ms) {
        enum { AT_ONCE = 64 };
        struct row rows[AT_ONCE];
        char json[AT_ONCE][32];

        for (unsigned i = 0; i < n;) {
                unsigned k = 0;
                for (; k < AT_ONCE && i < n; k++, i++) {
                        snprintf(json[k], sizeof(json[k]), "{\"i\":%u}", (unsigned) (number + i));
                        rows[k] = (struct row){
                                .run = "0123",
                                .number = number + i,
                                .seq = number + i,
                                .station = "rack-1",
                                .type = i % 2 ? MESSAGE_SET : MESSAGE_REP,
                                .made_ms = made_ms,
                                .json = json[k],
                        };
                }
                archive_add(a, rows, k);
        }
}

/* Take all that waits, in order; returns how many, the first number in *ret_first. Checks that numbers have no gap. */
_unused_ static unsigned read_all(struct archive *a, uint64_t *ret_first) {
        struct spans seen = {0};
        struct row row;
        uint64_t first = 0;
        unsigned n = 0;
        int r;

        while ((r = archive_next(a, &seen, &row)) > 0) {
                char json[64];
                first = n == 0 ? row.number : first;
                assert_int_equal(row.number, first + n++);
                snprintf(json, sizeof(json), "{\"i\":%u}", (unsigned) row.number);
                assert_string_equal(row.json, json);
                assert_string_equal(row.run, "0123");
                assert_string_equal(row.station, "rack-1");
                assert_int_equal(spans_add(&seen, row.position, row.position), 0);
                free(row.json);
        }
        assert_int_equal(r, 0);
        if (ret_first)
                *ret_first = first;
        return n;
}

/* For what the test itself does with a database. */
_unused_ static sqlite3 *open_it(void) {
        sqlite3 *db;
        assert_int_equal(
                sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix"), SQLITE_OK);
        return db;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Events on a disk that is killed, full, read-only, broken, damaged, or somebody else's: what was committed is there,
 * what is gone is counted. */

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "store/archive.h"
#include "store/calibration-text.h"
#include "unit.h"
#include "util/macros.h"

#define TODAY_MS INT64_C(1795288142130)
#define DAY_MS   INT64_C(86400000)

static char folder[64];
static char path[96];

static const struct archive_config config = {
        .path = path,
        .disk_max = 16 << 20,
        .memory_max = 4 << 20,
        .history_days = 90,
        .unsent_days = 30,
};

static void empty_folder(void) {
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

static bool is_there(const char *suffix) {
        char name[128];
        snprintf(name, sizeof(name), "%s%s", path, suffix);
        return access(name, F_OK) == 0;
}

static int set_up(void **state) {
        (void) state;
        strcpy(folder, "/tmp/repcast-archive-XXXXXX");
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/events.db", folder);
        disk_insert();
        return 0;
}

static int tear_down(void **state) {
        (void) state;
        disk_set_fault(DISK_WELL);
        disk_remove();
        empty_folder();
        rmdir(folder);
        return 0;
}

static struct archive *reopen(const struct archive_config *c) {
        struct archive *a;
        assert_int_equal(archive_open(c, &a), 0);
        return a;
}

static struct archive *begin(const struct archive_config *c) {
        disk_set_fault(DISK_WELL);
        empty_folder();
        return reopen(c);
}

static struct archive_stats stats_of(struct archive *a) {
        struct archive_stats stats;
        archive_get_stats(a, &stats);
        return stats;
}

/* n events with this number first, all made at the same instant. */
static void add(struct archive *a, uint64_t number, unsigned n, int64_t made_ms) {
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
static unsigned read_all(struct archive *a, uint64_t *ret_first) {
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

static void test_what_waits_is_there_after_a_restart(void **state) {
        (void) state;
        struct archive *a = begin(&config);
        uint64_t first;

        add(a, 1, 10, TODAY_MS);
        for (uint64_t position = 1; position <= 4; position++)
                assert_true(archive_acked(a, position));
        assert_false(archive_acked(a, 4)); /* a second time */
        assert_false(archive_acked(a, 99));
        assert_true(archive_acked(a, 9)); /* beyond a gap */
        assert_int_equal(stats_of(a).waiting, 5);
        archive_close(a);

        a = reopen(&config);
        struct archive_stats stats = stats_of(a);
        assert_true(stats.on_disk);
        assert_int_equal(stats.waiting, 5);
        assert_int_equal(stats.last, 10);
        assert_int_equal(stats.dropped_ever, 0);
        assert_true(archive_acked(a, 10));
        assert_int_equal(read_all(a, &first), 4);
        assert_int_equal(first, 5);
        add(a, 11, 1, TODAY_MS);
        assert_int_equal(stats_of(a).last, 11);
        archive_close(a);
}

/* A child that commits and dies at once: nothing is closed, nothing is synced. */
static void test_a_killed_process_loses_nothing(void **state) {
        (void) state;
        archive_close(begin(&config));
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
                struct archive *a = reopen(&config);
                add(a, 1, 500, TODAY_MS);
                _exit(0);
        }
        assert_true(child > 0 && waitpid(child, &status, 0) == child);
        struct archive *a = reopen(&config);
        uint64_t first;
        assert_int_equal(read_all(a, &first), 500);
        assert_int_equal(first, 1);
        archive_close(a);
}

static void test_no_folder_is_memory(void **state) {
        (void) state;
        struct archive_config c = config;
        c.path = NULL;
        struct archive *a = begin(&c);
        add(a, 1, 20, TODAY_MS);
        struct archive_stats stats = stats_of(a);
        assert_false(stats.on_disk);
        assert_int_equal(stats.in_memory, 20);
        assert_string_equal(stats.error, "no folder is given for it");
        assert_true(archive_acked(a, 1));
        assert_int_equal(read_all(a, NULL), 19);
        archive_close(a);

        c.path = "/nonexistent/events.db";
        a = reopen(&c);
        add(a, 1, 3, TODAY_MS);
        assert_string_equal(stats_of(a).error, "No such file or directory");
        assert_int_equal(read_all(a, NULL), 3);
        archive_close(a);
}

/* For what the test itself does with a database. */
static sqlite3 *open_it(void) {
        sqlite3 *db;
        assert_int_equal(
                sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix"), SQLITE_OK);
        return db;
}

static void execute(const char *sql) {
        sqlite3 *db = open_it();
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

static void test_history_goes_before_what_waits(void **state) {
        (void) state;
        struct archive_config c = config;
        c.disk_max = 256 << 10;
        struct archive *a = begin(&c);
        uint64_t first;

        /* A long outage, then the broker takes the newer half: the older half must stay, the newer half gives way. */
        add(a, 1, 3000, TODAY_MS);
        for (uint64_t position = 1001; position <= 3000; position++)
                (void) archive_acked(a, position);
        archive_keep(a, 0, 0);
        struct archive_stats stats = stats_of(a);
        assert_true(stats.bytes <= c.disk_max);
        assert_int_equal(stats.dropped, 0);
        assert_int_equal(stats.waiting, 1000);
        assert_int_equal(read_all(a, &first), 1000);

        /* More that waits than there is room for: the oldest are dropped, and counted. */
        add(a, 3001, 6000, TODAY_MS);
        archive_keep(a, 0, 0);
        stats = stats_of(a);
        assert_true(stats.bytes <= c.disk_max);
        assert_true(stats.dropped > 1000);
        assert_int_equal(stats.dropped + stats.waiting, 7000);
        assert_int_equal(read_all(a, &first), stats.waiting);
        assert_int_equal(first + stats.waiting, 9001);
        archive_close(a);

        a = reopen(&c);
        assert_int_equal(stats_of(a).dropped_ever, stats.dropped);
        assert_int_equal(stats_of(a).waiting, stats.waiting);
        assert_int_equal(stats_of(a).dropped, 0);
        archive_close(a);
}

/* Four racks, sixteen hours a day, and not once a broker. */
static void test_a_week_without_a_broker(void **state) {
        (void) state;
        enum { STATIONS = 4, HOURS = 7 * 16, AN_HOUR = 130, AT_ONCE = 26, N = STATIONS * HOURS * AN_HOUR };
        struct archive_config c = config;
        struct archive *a = begin(&c);
        struct row rows[AT_ONCE];
        static char json[1300]; /* a rep */
        struct archive_stats stats;
        struct stat database, log;
        uint64_t number = 0, now_us = 0;

        memset(json, 'x', sizeof(json) - 1);
        (void) sqlite3_memory_highwater(1);
        while (number < N) {
                for (unsigned i = 0; i < AT_ONCE; i++) {
                        number++;
                        rows[i] = (struct row){
                                .run = "0123",
                                .number = number,
                                .seq = number,
                                .station = "rack-1",
                                .type = MESSAGE_REP,
                                .made_ms = TODAY_MS,
                                .json = json,
                        };
                }
                archive_add(a, rows, AT_ONCE);
                archive_keep(a, now_us += 1000000, TODAY_MS);
        }
        archive_get_stats(a, &stats);
        assert_true(sqlite3_memory_highwater(0) < 4 << 20);
        assert_true(stats.bytes <= c.disk_max);
        assert_int_equal(stat(path, &database), 0);
        assert_true(database.st_size <= (off_t) c.disk_max + (1 << 20));
        char wal[128];
        snprintf(wal, sizeof(wal), "%s-wal", path);
        assert_int_equal(stat(wal, &log), 0);
        assert_true(log.st_size <= 6 << 20);
        assert_int_equal(stats.waiting + stats.dropped, N);
        assert_true(stats.waiting > 9000); /* what 16 MiB hold */

        /* It comes out in the order in which it went in. */
        struct spans seen = {0};
        struct row row;
        number = stats.dropped;
        while (archive_next(a, &seen, &row) > 0) {
                assert_int_equal(row.number, ++number);
                assert_int_equal(spans_add(&seen, row.position, row.position), 0);
                free(row.json);
        }
        assert_int_equal(number, N);
        archive_close(a);
        print_message(
                "# %d events of %zu bytes: %llu wait in %lld KiB, %llu dropped; memory at most %lld KiB\n", N,
                sizeof(json), (unsigned long long) stats.waiting, (long long) database.st_size / 1024,
                (unsigned long long) stats.dropped, (long long) sqlite3_memory_highwater(0) / 1024);
}

static void test_memory_is_bounded_too(void **state) {
        (void) state;
        struct archive_config c = config;
        c.path = NULL;
        c.memory_max = 64 << 10;
        struct archive *a = begin(&c);
        for (unsigned i = 0; i < 50; i++) {
                add(a, 1 + 100 * i, 100, TODAY_MS);
                archive_keep(a, i, 0);
        }
        struct archive_stats stats = stats_of(a);
        assert_true(stats.waiting < 1500);
        assert_int_equal(stats.dropped + stats.waiting, 5000);
        assert_int_equal(read_all(a, NULL), stats.waiting);
        archive_close(a);
}

static void test_age(void **state) {
        (void) state;
        struct archive *a = begin(&config);
        uint64_t first;

        add(a, 1, 10, TODAY_MS - 100 * DAY_MS);
        add(a, 11, 10, 0); /* made before the clock was known: as old as the next */
        add(a, 21, 10, TODAY_MS - 40 * DAY_MS);
        add(a, 31, 5, 0);
        add(a, 36, 5, TODAY_MS - 10 * DAY_MS);
        for (uint64_t position = 1; position <= 20; position++)
                assert_true(archive_acked(a, position));
        archive_keep(a, 0, 0); /* the clock is not known: nobody is old */
        assert_int_equal(stats_of(a).waiting, 20);
        archive_keep(a, 0, TODAY_MS);
        struct archive_stats stats = stats_of(a);
        assert_int_equal(stats.dropped, 10); /* 40 days old and never sent */
        assert_int_equal(stats.waiting, 10);
        assert_int_equal(read_all(a, &first), 10);
        assert_int_equal(first, 31);
        archive_close(a);

        /* Of the acknowledged, those of 100 days ago are gone. */
        sqlite3 *db = open_it();
        sqlite3_stmt *s;
        assert_int_equal(
                sqlite3_prepare_v2(db, "SELECT min(position), count(*) FROM event", -1, &s, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(s, 0), 11);
        assert_int_equal(sqlite3_column_int(s, 1), 20);
        sqlite3_finalize(s);
        sqlite3_close(db);
}

static void test_no_history(void **state) {
        (void) state;
        struct archive_config c = config;
        c.history_days = 0;
        struct archive *a = begin(&c);
        uint64_t first;
        add(a, 1, 100, 0);
        for (uint64_t position = 1; position <= 60; position++)
                assert_true(archive_acked(a, position));
        archive_keep(a, 0, 0);
        assert_int_equal(stats_of(a).dropped, 0);
        assert_int_equal(read_all(a, &first), 40);
        assert_int_equal(first, 61);
        for (uint64_t position = 61; position <= 100; position++)
                assert_true(archive_acked(a, position));
        archive_close(a);
        a = reopen(&c); /* empty: and yet positions go on */
        add(a, 101, 1, 0);
        assert_int_equal(stats_of(a).last, 101);
        archive_close(a);
}

static void write_file(const char *text) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        for (unsigned i = 0; i < 2000; i++)
                fputs(text, f);
        fclose(f);
}

static void expect_set_aside(unsigned number) {
        char aside[32];
        struct archive *a = reopen(&config);
        assert_true(stats_of(a).on_disk);
        assert_int_equal(stats_of(a).waiting, 0);
        add(a, 1, 3, TODAY_MS);
        assert_int_equal(read_all(a, NULL), 3);
        archive_close(a);
        snprintf(aside, sizeof(aside), ".aside-%u", number);
        assert_true(is_there(aside));
}

static void test_what_is_no_store_is_set_aside(void **state) {
        (void) state;
        empty_folder();
        write_file("this is no database\n");
        expect_set_aside(1);

        /* Somebody else's database, which must stay as it is. */
        assert_int_equal(remove(path), 0);
        execute("CREATE TABLE cats (name TEXT)");
        expect_set_aside(2);

        /* Ours, of a later version. */
        execute("PRAGMA user_version=99");
        expect_set_aside(3);

        /* An empty file is not somebody's. */
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fclose(f);
        struct archive *a = reopen(&config);
        assert_true(stats_of(a).on_disk);
        archive_close(a);
        assert_false(is_there(".aside-4"));
}

static void test_a_damaged_store_is_set_aside(void **state) {
        (void) state;
        struct archive *a = begin(&config);
        add(a, 1, 2000, TODAY_MS);
        archive_close(a);
        FILE *f = fopen(path, "r+");
        assert_non_null(f);
        for (long page = 3; page < 40; page++) {
                fseek(f, page * 4096, SEEK_SET);
                fputs("garbage garbage garbage garbage", f);
        }
        fclose(f);
        expect_set_aside(1);
}

/* Found out only when it is read. */
static void test_damage_at_run_time(void **state) {
        (void) state;
        struct archive *a = begin(&config);
        struct archive_stats stats;
        add(a, 1, 20000, TODAY_MS);
        archive_close(a);
        a = reopen(&config);
        FILE *f = fopen(path, "r+");
        assert_non_null(f);
        for (long page = 1; page < 400; page++) {
                fseek(f, page * 4096, SEEK_SET);
                for (unsigned i = 0; i < 4096 / 8; i++)
                        fputs("garbage ", f);
        }
        fclose(f);
        struct spans seen = {0};
        struct row row;
        int r;
        while ((r = archive_next(a, &seen, &row)) > 0) {
                (void) spans_add(&seen, row.position, row.position);
                free(row.json);
        }
        add(a, 20001, 3, TODAY_MS);
        archive_keep(a, 10000000, 0);
        stats = stats_of(a);
        assert_true(stats.on_disk);
        assert_int_equal(stats.dropped, 20000);
        assert_int_equal(stats.waiting, 3);
        assert_int_equal(read_all(a, NULL), 3);
        assert_true(is_there(".aside-1"));
        archive_close(a);
}

static void test_a_second_hub_does_not_get_in(void **state) {
        (void) state;
        struct archive *a = begin(&config);
        int status = 0;
        add(a, 1, 3, TODAY_MS);
        pid_t child = fork();
        if (child == 0) {
                struct archive *second;
                struct archive_stats stats = {.on_disk = true};
                if (archive_open(&config, &second) == 0)
                        archive_get_stats(second, &stats);
                _exit(!stats.on_disk && strstr(stats.error, "second repcastd") ? 42 : 1);
        }
        assert_true(child > 0 && waitpid(child, &status, 0) == child);
        assert_int_equal(WEXITSTATUS(status), 42);
        add(a, 4, 3, TODAY_MS);
        assert_int_equal(read_all(a, NULL), 6);
        assert_false(is_there(".aside-1"));
        archive_close(a);
}

static void test_a_read_only_disk(void **state) {
        (void) state;
        struct archive *a = begin(&config);
        add(a, 1, 5, TODAY_MS);
        archive_close(a);
        disk_set_fault(DISK_READ_ONLY);
        a = reopen(&config);
        add(a, 6, 5, TODAY_MS);
        archive_keep(a, 0, 0);
        struct archive_stats stats = stats_of(a);
        assert_false(stats.on_disk);
        assert_true(strstr(stats.error, "it can only be read") != NULL);
        assert_int_equal(stats.in_memory, 5);
        assert_int_equal(read_all(a, NULL), 5);
        archive_close(a);
        disk_set_fault(DISK_WELL);
        a = reopen(&config); /* those of before are still there */
        assert_int_equal(read_all(a, NULL), 5);
        archive_close(a);
}

/* Every place in the life of an archive where a fault may set in. */
static void run_with_fault(enum disk_fault fault, unsigned writes) {
        struct archive *a = begin(&config);
        uint64_t now_us = 0, first;

        add(a, 1, 20, TODAY_MS);
        archive_keep(a, now_us, TODAY_MS);
        disk_set_fault_after(fault, writes);
        for (unsigned i = 0; i < 20; i++) {
                add(a, 21 + 2 * i, 2, TODAY_MS);
                if (i == 5)
                        for (uint64_t position = 1; position <= 10; position++)
                                assert_true(archive_acked(a, position));
                archive_keep(a, now_us += 1000000, TODAY_MS);
        }
        struct archive_stats stats = stats_of(a);
        assert_int_equal(stats.waiting, 50);
        assert_int_equal(stats.dropped, 0);
        if (writes == 0) {
                assert_false(stats.on_disk);
                assert_true(stats.error[0] != '\0');
        }
        assert_int_equal(read_all(a, &first), 50);
        assert_int_equal(first, 11);
        if (fault == DISK_FULL && writes == 0)
                assert_int_equal(stats.in_memory, 40);

        disk_set_fault(DISK_WELL);
        archive_keep(a, now_us += 10000000, TODAY_MS);
        stats = stats_of(a);
        assert_true(stats.on_disk);
        assert_int_equal(stats.in_memory, 0);
        assert_string_equal(stats.error, "");
        assert_int_equal(read_all(a, &first), 50);
        add(a, 61, 1, TODAY_MS);
        archive_close(a);

        a = reopen(&config);
        assert_int_equal(read_all(a, &first), 51);
        assert_int_equal(first, 11);
        archive_close(a);
        assert_false(is_there(".aside-1"));
}

static void test_a_disk_that_refuses_and_recovers(void **state) {
        (void) state;
        for (unsigned writes = 0; writes < 60; writes += 3) {
                run_with_fault(DISK_FULL, writes);
                run_with_fault(DISK_BROKEN, writes);
        }
        run_with_fault(DISK_NO_SYNC, 0);
}

static void test_one_sync_a_turn(void **state) {
        (void) state;
        struct archive *a = begin(&config);
        archive_keep(a, 0, 0);
        unsigned before = disk_count_syncs();
        for (unsigned second = 1; second <= 20; second++) {
                add(a, 1, 30, TODAY_MS);
                archive_keep(a, second * 1000000, 0);
        }
        assert_true(disk_count_syncs() - before <= 21); /* the log's first header is one */
        before = disk_count_syncs();
        disk_record();
        archive_keep(a, 21000000, 0); /* nothing is new */
        archive_keep(a, 22000000, TODAY_MS);
        const size_t looked_at_ages = disk_recorded();
        archive_keep(a, 23000000, TODAY_MS);
        archive_keep(a, 24000000, 0);
        assert_int_equal(disk_count_syncs(), before);
        assert_int_equal(disk_recorded(), looked_at_ages); /* an idle hub leaves its disk alone */
        archive_close(a);
}

/* The tail may be lost, as far as it was not synced; nothing else, and no position twice. */
static void test_power_cuts(void **state) {
        (void) state;
        enum { ROUNDS = 60, EACH = 7 };
        size_t synced_at[ROUNDS];
        char copy[128];
        struct archive_config c = config;
        uint32_t random = 7;

        c.path = copy;
        snprintf(copy, sizeof(copy), "%s/copy.db", folder);
        empty_folder();
        disk_set_fault(DISK_WELL);
        disk_record();
        struct archive *a = reopen(&config);
        const size_t opened_at = disk_recorded();
        for (unsigned i = 0; i < ROUNDS; i++) {
                add(a, 1 + EACH * i, EACH, TODAY_MS);
                for (unsigned k = 0; k < EACH; k++)
                        if (i > 0)
                                assert_true(archive_acked(a, 1 + EACH * (i - 1) + k));
                archive_keep(a, i * 1000000, TODAY_MS);
                synced_at[i] = disk_recorded();
        }
        archive_close(a);
        const size_t end = disk_recorded();

        for (unsigned cut = 0; cut < 300; cut++) {
                random = random * 1664525 + 1013904223;
                size_t n = (random >> 8) % (end + 1);
                disk_cut(n, random, path, copy);
                unsigned rounds = 0; /* that were synced before the cut */
                while (rounds < ROUNDS && synced_at[rounds] <= n)
                        rounds++;

                a = reopen(&c);
                struct archive_stats stats = stats_of(a);
                if (n >= opened_at) {
                        assert_true(stats.on_disk);
                        assert_true(stats.last >= (uint64_t) EACH * rounds);
                        assert_int_equal(stats.dropped_ever, 0);
                        uint64_t first;
                        unsigned waiting = read_all(a, &first);
                        assert_int_equal(waiting, stats.waiting);
                        /* What was saved as acknowledged is a head of the events. */
                        if (waiting > 0)
                                assert_int_equal(first + waiting - 1, stats.last);
                        assert_false(access(copy, F_OK) != 0);
                }
                add(a, stats.last + 1, 1, TODAY_MS);
                assert_int_equal(stats_of(a).last, stats.last + 1);
                archive_close(a);
        }
        DIR *d = opendir(folder);
        for (struct dirent *e; (e = readdir(d));)
                assert_null(strstr(e->d_name, "aside"));
        closedir(d);
}

/* ---- questions ---- */

static void add_one(struct archive *a, const char *run, const char *station, uint64_t seq, int64_t made_ms,
        const char *athlete) {
        char json[96];
        struct row row = {.number = seq, .seq = seq, .type = MESSAGE_REP, .made_ms = made_ms, .json = json};
        snprintf(row.run, sizeof(row.run), "%s", run);
        snprintf(row.station, sizeof(row.station), "%s", station);
        snprintf(json, sizeof(json), "{\"station\":\"%s\",\"seq\":%u,\"athlete\":\"%s\",\"exercise\":\"curl\"}",
                station, (unsigned) seq, athlete);
        archive_add(a, &row, 1);
}

/* ---- what is known of strength ---- */

static char lifts[512];

static void note_lift(
        void *userdata, const char *athlete, const char *exercise, double load_kg, double best_mps) {
        unsigned *n = userdata;
        size_t at = strlen(lifts);

        (*n)++;
        snprintf(lifts + at, sizeof(lifts) - at, "%s %s %g %g; ", athlete, exercise, load_kg, best_mps);
}

static void add_set(struct archive *a, uint64_t seq, enum message_type type, const char *json) {
        char text[256];
        struct row row = {
                .run = "0123", .station = "rack-1", .number = seq, .seq = seq, .type = type, .json = text};

        snprintf(text, sizeof(text), "%s", json);
        archive_add(a, &row, 1);
}

static void test_lifts_of_the_history(void **state) {
        static const char *const sets[] = {
                "{\"set\":1,\"athlete\":\"ana\",\"exercise\":\"squat\",\"load_kg\":80.0,\"best_mps\":0.6,"
                "\"velocity_loss_pct\":5.0}",
                /* paced; without a load; nobody's, and claimed by the next event */
                "{\"set\":2,\"athlete\":\"ana\",\"exercise\":\"squat\",\"load_kg\":90.0,\"best_mps\":0.5,"
                "\"velocity_loss_pct\":null}",
                "{\"set\":3,\"athlete\":\"ana\",\"exercise\":\"squat\",\"load_kg\":null,\"best_mps\":0.5,"
                "\"velocity_loss_pct\":0.0}",
                "{\"set\":4,\"athlete\":null,\"exercise\":\"squat\",\"load_kg\":60.0,\"best_mps\":0.8,"
                "\"velocity_loss_pct\":0.0}",
        };
        struct archive *a = begin(&config);
        unsigned n = 0;

        (void) state;
        for (unsigned i = 0; i < 4; i++)
                add_set(a, i + 1, MESSAGE_SET, sets[i]);
        add_set(a, 5, MESSAGE_AMEND, "{\"set\":4,\"athlete\":\"ben\",\"change\":\"claimed\"}");
        lifts[0] = '\0';
        archive_load_lifts(a, 100, note_lift, &n);
        assert_int_equal(n, 2);
        assert_string_equal(lifts, "ana squat 80 0.6; ben squat 60 0.8; ");
        n = 0;
        archive_load_lifts(a, 1, note_lift, &n); /* the newest one */
        assert_int_equal(n, 1);
        archive_close(a);
}

/* Every page of an answer; returns the sum of all seq, and how many events there were. */
static unsigned ask_all(struct archive *a, struct query q, unsigned *ret_pages, uint64_t *ret_sum) {
        unsigned n = 0;
        struct page p;

        *ret_pages = 0;
        *ret_sum = 0;
        do {
                assert_int_equal(archive_answer(a, &q, &p), 0);
                assert_true(p.n <= q.limit);
                for (unsigned i = 0; i < p.n; i++)
                        *ret_sum += strtoul(strstr(p.events[i], "\"seq\":") + 6, NULL, 10);
                n += p.n;
                if (q.kind == QUERY_HISTORY)
                        q.after = p.next;
                else
                        q.from_seq = p.next;
                page_done(&p);
                assert_true(++*ret_pages < 1000);
        } while (p.next > 0);
        return n;
}

static void check_answers(struct archive *a) {
        struct query history = {.kind = QUERY_HISTORY, .limit = 20};
        struct query resync = {.kind = QUERY_RESYNC,
                .limit = 20,
                .session = "b",
                .station = "rack-1",
                .from_seq = 11,
                .to_seq = 60};
        unsigned pages;
        uint64_t sum;

        assert_int_equal(ask_all(a, history, &pages, &sum), 4000);
        assert_true(pages >= 200);
        strcpy(history.station, "rack-2");
        history.limit = 100;
        assert_int_equal(ask_all(a, history, &pages, &sum), 2000);
        strcpy(history.athlete, "ben");
        assert_int_equal(ask_all(a, history, &pages, &sum), 1000);
        strcpy(history.exercise, "squat");
        assert_int_equal(ask_all(a, history, &pages, &sum), 0);
        assert_true(pages >= 2); /* so many events are not looked at in one go */
        history.exercise[0] = '\0';
        history.since_ms = TODAY_MS + 1001;
        history.until_ms = TODAY_MS + 1011;
        assert_int_equal(ask_all(a, history, &pages, &sum), 10);
        assert_int_equal(sum, 10 * 1 + 45);

        assert_int_equal(ask_all(a, resync, &pages, &sum), 50);
        assert_int_equal(pages, 3);
        assert_int_equal(sum, (11 + 60) * 25);
        resync.to_seq = 100000;
        resync.from_seq = 991;
        assert_int_equal(ask_all(a, resync, &pages, &sum), 10);
        strcpy(resync.session, "c");
        assert_int_equal(ask_all(a, resync, &pages, &sum), 0);
}

static void fill(struct archive *a) {
        for (unsigned run = 0; run < 2; run++)
                for (unsigned seq = 1; seq <= 1000; seq++)
                        for (unsigned rack = 1; rack <= 2; rack++)
                                add_one(a, run ? "b" : "a", rack == 1 ? "rack-1" : "rack-2", seq,
                                        TODAY_MS + 1000 * run + seq, run ? "ben" : "ana");
}

static void test_questions(void **state) {
        (void) state;
        struct archive_config memory = config;
        struct archive *a = begin(&config);
        fill(a);
        check_answers(a);
        archive_close(a);
        memory.path = NULL;
        a = begin(&memory);
        fill(a);
        check_answers(a);
        archive_close(a);

        /* Half on disk, half in memory. */
        a = begin(&config);
        for (unsigned seq = 1; seq <= 30; seq++)
                add_one(a, "b", "rack-1", seq, TODAY_MS, "ana");
        disk_set_fault(DISK_FULL);
        for (unsigned seq = 31; seq <= 60; seq++)
                add_one(a, "b", "rack-1", seq, TODAY_MS, "ana");
        struct query history = {.kind = QUERY_HISTORY, .limit = 7};
        struct query resync = {.kind = QUERY_RESYNC,
                .limit = 20,
                .session = "b",
                .station = "rack-1",
                .from_seq = 11,
                .to_seq = 60};
        unsigned pages;
        uint64_t sum;
        assert_int_equal(ask_all(a, history, &pages, &sum), 60);
        assert_int_equal(ask_all(a, resync, &pages, &sum), 50);
        disk_set_fault(DISK_WELL);
        archive_close(a);
}

static void test_a_page_is_bounded(void **state) {
        (void) state;
        static char json[10000];
        struct query history = {.kind = QUERY_HISTORY, .limit = 100};
        struct archive *a = begin(&config);
        struct page p;
        memset(json, 'x', sizeof(json) - 1);
        for (unsigned seq = 1; seq <= 20; seq++) {
                struct row row = {.run = "b",
                        .station = "rack-1",
                        .number = seq,
                        .seq = seq,
                        .type = MESSAGE_SET,
                        .json = json};
                archive_add(a, &row, 1);
        }
        assert_int_equal(archive_answer(a, &history, &p), 0);
        assert_int_equal(p.n, 6);
        assert_int_equal(p.next, 6);
        page_done(&p);
        archive_close(a);
}

/* ---- calibration ---- */

static struct calibration known(double bias) {
        struct calibration_params params = {0.25, 0.03, 0.008, 0.02, 0.02, 0.02};
        struct calibration c;
        calibration_init(&c, &params);
        for (unsigned i = 0; i < 20; i++) {
                double m[3] = {
                        i % 3 == 0 ? 9.8 + bias : 0.1, i % 3 == 1 ? 9.8 : 0.2, i % 3 == 2 ? 9.8 : 1.0 / 3};
                calibration_rest(&c, &params, m);
        }
        c.flipped = 3;
        return c;
}

static struct {
        unsigned n;
        char sensor[MESSAGE_NAME_MAX];
        struct calibration c;
        int64_t saved_ms;
} loaded;

static void take(void *userdata, const char *sensor, const struct calibration *c, int64_t saved_ms) {
        (void) userdata;
        loaded.n++;
        snprintf(loaded.sensor, sizeof(loaded.sensor), "%s", sensor);
        loaded.c = *c;
        loaded.saved_ms = saved_ms;
}

static void test_calibration_is_kept(void **state) {
        (void) state;
        struct archive *a = begin(&config);
        struct calibration c = known(0.1), newer = known(0.2);
        assert_int_equal(archive_save_calibration(a, "D4:22:CD:00:11:22", &c, TODAY_MS - 1), 0);
        assert_int_equal(archive_save_calibration(a, "D4:22:CD:00:11:22", &newer, TODAY_MS), 0);
        archive_close(a);
        a = reopen(&config);
        loaded.n = 0;
        archive_load_calibrations(a, take, NULL);
        assert_int_equal(loaded.n, 1);
        assert_string_equal(loaded.sensor, "D4:22:CD:00:11:22");
        assert_int_equal(loaded.saved_ms, TODAY_MS);
        assert_memory_equal(loaded.c.x, newer.x, sizeof(newer.x)); /* to the last bit */
        assert_int_equal(loaded.c.flipped, 3);
        assert_int_equal(loaded.c.rests, newer.rests);
        for (unsigned i = 0; i < CALIBRATION_N; i++)
                for (unsigned j = 0; j <= i; j++)
                        assert_memory_equal(&loaded.c.P[i][j], &newer.P[i][j], sizeof(double));
        archive_close(a);
}

static void test_text_of_no_sensor_is_refused(void **state) {
        (void) state;
        char text[CALIBRATION_TEXT_MAX], bad[CALIBRATION_TEXT_MAX + 8];
        struct calibration c = known(0.1), ret;
        calibration_to_text(&c, text);
        assert_int_equal(calibration_from_text(text, &ret), 0);
        assert_int_equal(calibration_from_text("", &ret), -EINVAL);
        assert_int_equal(calibration_from_text("1 2 3", &ret), -EINVAL);
        snprintf(bad, sizeof(bad), "%s 7", text);
        assert_int_equal(calibration_from_text(bad, &ret), -EINVAL);
        snprintf(bad, sizeof(bad), "-%s", text);
        assert_int_equal(calibration_from_text(bad, &ret), -EINVAL);
        snprintf(bad, sizeof(bad), "%s", text);
        *strrchr(bad, ' ') = '\0';
        assert_int_equal(calibration_from_text(bad, &ret), -EINVAL);
        c.P[0][0] = -1;
        calibration_to_text(&c, text);
        assert_int_equal(calibration_from_text(text, &ret), -EINVAL);
        c.P[0][0] = (double) NAN;
        calibration_to_text(&c, text);
        assert_int_equal(calibration_from_text(text, &ret), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_waits_is_there_after_a_restart),
                cmocka_unit_test(test_lifts_of_the_history),
                cmocka_unit_test(test_a_killed_process_loses_nothing),
                cmocka_unit_test(test_no_folder_is_memory),
                cmocka_unit_test(test_history_goes_before_what_waits),
                cmocka_unit_test(test_a_week_without_a_broker),
                cmocka_unit_test(test_memory_is_bounded_too),
                cmocka_unit_test(test_age),
                cmocka_unit_test(test_no_history),
                cmocka_unit_test(test_what_is_no_store_is_set_aside),
                cmocka_unit_test(test_a_damaged_store_is_set_aside),
                cmocka_unit_test(test_damage_at_run_time),
                cmocka_unit_test(test_a_second_hub_does_not_get_in),
                cmocka_unit_test(test_a_read_only_disk),
                cmocka_unit_test(test_a_disk_that_refuses_and_recovers),
                cmocka_unit_test(test_one_sync_a_turn),
                cmocka_unit_test(test_power_cuts),
                cmocka_unit_test(test_questions),
                cmocka_unit_test(test_a_page_is_bounded),
                cmocka_unit_test(test_calibration_is_kept),
                cmocka_unit_test(test_text_of_no_sensor_is_refused),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}

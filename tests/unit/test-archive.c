/* SPDX-License-Identifier: Apache-2.0 */
/* Events on a disk: what was committed is there after a restart and a kill, and bounds of size and age hold. */

#include <sys/stat.h>
#include <sys/wait.h>

#include "store-folder.h"

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

/* A clock that jumps by a year makes all of it old at once. */
static void test_a_year_at_once(void **state) {
        (void) state;
        enum { N = 60000, MOST = 512 << 10 /* the cache; lists of all that goes would take 800 KiB more */ };
        struct archive *a = begin(&config);

        add(a, 1, N, TODAY_MS);
        for (uint64_t position = 1; position <= N / 2; position++)
                assert_true(archive_acked(a, position));
        archive_keep(a, 0, TODAY_MS);
        const int64_t before = sqlite3_memory_used();
        (void) sqlite3_memory_highwater(1);
        archive_keep(a, UINT64_C(7200000000), TODAY_MS + 365 * DAY_MS);
        const int64_t more = sqlite3_memory_highwater(0) - before;
        print_message("# %d events go, with %lld KiB of memory\n", N, (long long) more / 1024);
        assert_true(more < MOST);
        assert_int_equal(stats_of(a).dropped, N / 2);
        assert_int_equal(stats_of(a).waiting, 0);
        archive_close(a);
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_waits_is_there_after_a_restart),
                cmocka_unit_test(test_a_killed_process_loses_nothing),
                cmocka_unit_test(test_no_folder_is_memory),
                cmocka_unit_test(test_history_goes_before_what_waits),
                cmocka_unit_test(test_a_week_without_a_broker),
                cmocka_unit_test(test_memory_is_bounded_too),
                cmocka_unit_test(test_age),
                cmocka_unit_test(test_a_year_at_once),
                cmocka_unit_test(test_no_history),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}

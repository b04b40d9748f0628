/* SPDX-License-Identifier: Apache-2.0 */
/* Events on a disk that is full, read-only, broken, damaged, cut off from power, or somebody else's: what was committed is
 * there, what is gone is counted. */

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store-folder.h"

static bool is_there(const char *suffix) {
        char name[128];
        snprintf(name, sizeof(name), "%s%s", path, suffix);
        return access(name, F_OK) == 0;
}

static void execute(const char *sql) {
        sqlite3 *db = open_it();
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_no_store_is_set_aside),
                cmocka_unit_test(test_a_damaged_store_is_set_aside),
                cmocka_unit_test(test_damage_at_run_time),
                cmocka_unit_test(test_a_second_hub_does_not_get_in),
                cmocka_unit_test(test_a_read_only_disk),
                cmocka_unit_test(test_a_disk_that_refuses_and_recovers),
                cmocka_unit_test(test_one_sync_a_turn),
                cmocka_unit_test(test_power_cuts),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}

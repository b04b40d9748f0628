/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines on plain standard error, the bound on them, and the ids of the kinds. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "unit.h"
#include "util/log.h"

static char said[8192];

/* Run speak() with standard error in a file, and keep what it wrote. */
static void listen_to(void (*speak)(void)) {
        char path[] = "/tmp/test-log-XXXXXX";
        int fd = mkstemp(path), old = dup(STDERR_FILENO);
        ssize_t n;

        assert_true(fd >= 0 && old >= 0);
        unlink(path);
        dup2(fd, STDERR_FILENO);
        speak();
        dup2(old, STDERR_FILENO);
        n = pread(fd, said, sizeof(said) - 1, 0);
        assert_true(n >= 0);
        said[n] = '\0';
        close(fd);
        close(old);
}

static void speak_levels(void) {
        log_open(LOG_INFO);
        log_error("no %s", "broker");
        log_warning("slow");
        log_notice("ready");
        log_info("set of %d", 5);
        log_debug("not shown");
        log_event(
                LOG_INFO, ((struct log_fields){.kind = LOG_KIND_SET, .station = "rack-1", .set = 3}), "a set");
}

static void test_plain_lines(void **state) {
        (void) state;
        listen_to(speak_levels);
        assert_string_equal(said, "error: no broker\nwarning: slow\nready\nset of 5\na set\n");
}

static void speak_hostile(void) {
        errno = ENOENT;
        log_info("%s",
                "a\nb\033[2Jc\x7f"
                "d\xc2\x9b"
                "e\xc2\xa0");
        assert_int_equal(errno, ENOENT);
}

static void test_control_characters_are_defused(void **state) {
        (void) state;
        listen_to(speak_hostile);
        assert_string_equal(said, "a?b?[2Jc?d??e\xc2\xa0\n");
}

static void speak_long(void) {
        static char text[6000];

        memset(text, 'x', sizeof(text) - 1);
        log_info("%s", text);
}

static void test_long_line_is_one_line(void **state) {
        (void) state;
        listen_to(speak_long);
        assert_true(strlen(said) > 2000 && strlen(said) < 2100);
        assert_int_equal(said[strlen(said) - 1], '\n');
}

static void test_limit(void **state) {
        struct log_limit limit = {0};
        uint64_t now_us = 1000;
        unsigned held_back, passed = 0;

        (void) state;
        for (unsigned i = 0; i < 50; i++) {
                passed += log_limit_pass(&limit, now_us + i, &held_back);
                assert_int_equal(held_back, 0);
        }
        assert_int_equal(passed, 20);
        assert_false(log_limit_pass(&limit, now_us + 29999999, &held_back));
        assert_true(log_limit_pass(&limit, now_us + 30000000, &held_back));
        assert_int_equal(held_back, 31);
        assert_true(log_limit_pass(&limit, now_us + 30000001, &held_back));
        assert_int_equal(held_back, 0);
}

static void test_kinds_have_ids(void **state) {
        (void) state;
        for (unsigned i = 0; i < _LOG_KIND_MAX; i++) {
                assert_int_equal(strspn(log_kind_id(i), "0123456789abcdef"), 32);
                for (unsigned k = 0; k < i; k++)
                        assert_string_not_equal(log_kind_id(i), log_kind_id(k));
        }
        assert_null(log_kind_id(LOG_KIND_NONE));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain_lines),
                cmocka_unit_test(test_control_characters_are_defused),
                cmocka_unit_test(test_long_line_is_one_line),
                cmocka_unit_test(test_limit),
                cmocka_unit_test(test_kinds_have_ids),
        };
        return run_unit_tests(tests);
}

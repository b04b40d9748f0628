/* SPDX-License-Identifier: Apache-2.0 */
/* The strict INI reader: what it takes, what it refuses and in which words. */

#include "unit.h"
#include "util/ini.h"

/* Everything the reader says about a text, one line an entry. */
static char said[65536];

static void read_bytes(const char *bytes, size_t n) {
        FILE *file = fmemopen((void *) (uintptr_t) bytes, n, "r");
        static struct ini ini;
        struct ini_entry e;
        size_t length = 0;
        int r;

        assert_non_null(file);
        said[0] = '\0';
        ini_init(&ini, file);
        while ((r = ini_next(&ini, &e)) > 0) {
                char *at = said + length;
                size_t room = sizeof(said) - length;

                switch (e.kind) {
                case INI_SECTION:
                        snprintf(at, room, "%u [%s|%s]\n", e.line, e.section, e.argument);
                        break;
                case INI_KEY:
                        snprintf(at, room, "%u %s|%s: %s=%s.\n", e.line, e.section, e.argument, e.key, e.value);
                        break;
                case INI_FAULT:
                        snprintf(at, room, "%u ! %s\n", e.line, e.fault);
                        break;
                }
                length += strlen(at);
        }
        assert_int_equal(r, 0);
        fclose(file);
}

static void assert_reads(const char *text, const char *wanted) {
        read_bytes(text, strlen(text));
        assert_string_equal(said, wanted);
}

static void test_sections_and_keys(void **state) {
        (void) state;
        assert_reads("# comment\n; comment\n\n \t\n[hub]\nName = gym 1 # east ; wing\n  Empty=\n"
                     "[ station  rack 1 ]\nA=b=c\nNo-line-end=\xc3\xa9t\xc3\xa9",
                "5 [hub|]\n"
                "6 hub|: Name=gym 1 # east ; wing.\n"
                "7 hub|: Empty=.\n"
                "8 [station|rack 1]\n"
                "9 station|rack 1: A=b=c.\n"
                "10 station|rack 1: No-line-end=\xc3\xa9t\xc3\xa9.\n");
}

static void test_faulty_lines(void **state) {
        (void) state;
        assert_reads("A=1\nwhat is this\n[hub\nB=2\n[hub] x\nC=3\n[]\n[a/b]\nD=4\n[hub]\n=5\nE F=6\nG=7\n",
                "1 ! A=: stands before the first [section]\n"
                "2 ! neither [section] nor Key=value nor a comment (# or ; in front)\n"
                "3 ! the section has no closing ]\n"
                "5 ! there is text after the section's ]\n"
                "7 ! a section's name is made of letters, digits, - and _, at most 127 of them\n"
                "8 ! a section's name is made of letters, digits, - and _, at most 127 of them\n"
                "10 [hub|]\n"
                "11 ! a key is made of letters, digits, - and _, at most 127 of them\n"
                "12 ! a key is made of letters, digits, - and _, at most 127 of them\n"
                "13 hub|: G=7.\n");
}

static void test_bytes_that_are_no_text(void **state) {
        static const char nul[] = "[a]\nB=1\0C=2\nD=3\n";

        (void) state;
        assert_reads("[a]\nB=\xff\nC=a\x01z\nD=\xc0\x80\nE=\x7f\nF=ok\n",
                "1 [a|]\n"
                "2 ! no valid UTF-8 at byte 3 of the line\n"
                "3 ! control character 0x01 at byte 4 of the line\n"
                "4 ! no valid UTF-8 at byte 3 of the line\n"
                "5 ! control character 0x7f at byte 3 of the line\n"
                "6 a|: F=ok.\n");
        read_bytes(nul, sizeof(nul) - 1);
        assert_string_equal(said, "1 [a|]\n2 ! the line holds a NUL byte; is this a text file?\n3 a|: D=3.\n");
}

/* Both are told once, and the lines count all the same. */
static void test_windows_files(void **state) {
        (void) state;
        assert_reads("\xef\xbb\xbf[a]\r\nB=1\r\n\r\nC=2\r\n",
                "1 ! the file starts with a byte order mark; save it as UTF-8 without one\n"
                "1 [a|]\n"
                "2 ! the line ends in CR LF; save the file with LF line ends\n"
                "2 a|: B=1.\n"
                "4 a|: C=2.\n");
        assert_reads("[a]\r\nB=1\rC=2\n",
                "1 ! the line ends in CR LF; save the file with LF line ends\n"
                "1 [a|]\n"
                "2 ! control character 0x0d at byte 4 of the line\n");
        assert_reads("[a]\r",
                "1 ! the line ends in CR LF; save the file with LF line ends\n"
                "1 [a|]\n");
}

static void test_line_length(void **state) {
        static char text[INI_LINE_MAX + 64];
        size_t n;

        (void) state;
        strcpy(text, "[a]\nB=");
        n = strlen(text);
        memset(text + n, 'x', INI_LINE_MAX - 2);
        read_bytes(text, n + INI_LINE_MAX - 2);
        assert_int_equal(strlen(said), strlen("1 [a|]\n2 a|: B=.\n") + INI_LINE_MAX - 2);

        memset(text + n, 'x', INI_LINE_MAX - 1);
        strcpy(text + n + INI_LINE_MAX - 1, "\nC=1\n");
        assert_reads(text, "1 [a|]\n2 ! the line is longer than 4096 bytes\n3 a|: C=1.\n");
}

static void test_long_names(void **state) {
        char text[600], name[INI_NAME_MAX + 1];

        (void) state;
        memset(name, 'n', INI_NAME_MAX);
        name[INI_NAME_MAX] = '\0';
        snprintf(text, sizeof(text), "[a %s]\n[b %s]\n%s=1\n%s=2\n", name, name + 1, name, name + 1);
        read_bytes(text, strlen(text));
        assert_non_null(strstr(said, "1 ! the name in [a ...] is longer than 127 bytes\n2 [b|nnn"));
        assert_non_null(strstr(said, "3 ! a key is made of"));
        assert_non_null(strstr(said, "=2.\n"));
}

static void test_unreadable_file(void **state) {
        FILE *directory = fopen("/", "r");
        static struct ini ini;
        struct ini_entry e;

        (void) state;
        assert_non_null(directory);
        ini_init(&ini, directory);
        assert_true(ini_next(&ini, &e) < 0);
        fclose(directory);
        assert_reads("\n", "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sections_and_keys),
                cmocka_unit_test(test_faulty_lines),
                cmocka_unit_test(test_bytes_that_are_no_text),
                cmocka_unit_test(test_windows_files),
                cmocka_unit_test(test_line_length),
                cmocka_unit_test(test_long_names),
                cmocka_unit_test(test_unreadable_file),
        };
        return run_unit_tests(tests);
}

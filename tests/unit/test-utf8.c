/* SPDX-License-Identifier: Apache-2.0 */
/* What is a character and what is not, and what repair makes of the rest. */

#include "unit.h"
#include "util/utf8.h"

#define REPLACED "\xef\xbf\xbd"

static void test_decode(void **state) {
        (void) state;
        static const struct {
                const char *bytes;
                size_t length;
                uint32_t c;
        } good[] = {
                {"a", 1, 'a'},
                {"\x7f", 1, 0x7f},
                {"\xc2\x80", 2, 0x80},
                {"\xdf\xbf", 2, 0x7ff},
                {"\xe0\xa0\x80", 3, 0x800},
                {"\xed\x9f\xbf", 3, 0xd7ff},
                {"\xee\x80\x80", 3, 0xe000},
                {"\xf0\x90\x80\x80", 4, 0x10000},
                {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
        };
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
                uint32_t c = 0;
                assert_int_equal(utf8_decode(good[i].bytes, strlen(good[i].bytes), &c), good[i].length);
                assert_int_equal(c, good[i].c);
        }
}

static void test_decode_refuses(void **state) {
        (void) state;
        static const char *const bad[] = {
                "\x80", "\xbf", "\xfe", "\xff",              /* no first byte */
                "\xc0\x80", "\xc1\xbf",                      /* overlong */
                "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",          /* overlong */
                "\xed\xa0\x80", "\xed\xbf\xbf",              /* surrogates */
                "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",      /* beyond Unicode */
                "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3(", /* cut short */
                "\xe2\x28\xa1", "\xf0\x28\x8c\xbc",          /* wrong second byte */
        };
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                uint32_t c = 42;
                assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &c), 0);
                assert_int_equal(c, 42);
        }
}

static void test_repair(void **state) {
        (void) state;
        char out[16];

        assert_int_equal(utf8_repair("Zo\xc3\xab", 100, out, sizeof(out)), 4);
        assert_string_equal(out, "Zo\xc3\xab");
        utf8_repair("a\xff"
                    "b\xc3",
                4, out, sizeof(out));
        assert_string_equal(out, "a" REPLACED "b" REPLACED);
        utf8_repair("abcdef", 3, out, sizeof(out)); /* not terminated: n bounds it */
        assert_string_equal(out, "abc");
        utf8_repair("ab\xe2\x82\xac", 5, out, 5); /* the euro sign would need byte 5 for itself */
        assert_string_equal(out, "ab");
        assert_int_equal(utf8_repair("x", 1, out, 1), 0);
        assert_string_equal(out, "");
}

static void test_printable(void **state) {
        (void) state;
        assert_int_equal(utf8_printable("a", 1), 1);
        assert_int_equal(utf8_printable("\xc3\xab", 2), 2);
        assert_int_equal(utf8_printable("\xc2\xa0", 2), 2);
        assert_int_equal(utf8_printable("\x1f", 1), 0);
        assert_int_equal(utf8_printable("\x7f", 1), 0);
        assert_int_equal(utf8_printable("\xc2\x80", 2), 0);
        assert_int_equal(utf8_printable("\xc2\x9b", 2), 0); /* what ESC [ is, to a terminal */
        assert_int_equal(utf8_printable("\xc2", 1), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_decode),
                cmocka_unit_test(test_decode_refuses),
                cmocka_unit_test(test_printable),
                cmocka_unit_test(test_repair),
        };
        return run_unit_tests(tests);
}

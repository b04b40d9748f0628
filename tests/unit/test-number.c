/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are read whole, in range and in the C locale, or not at all. */

#include <errno.h>
#include <float.h>
#include <locale.h>

#include "unit.h"
#include "util/number.h"

static int parse(const char *s, double *ret) {
        return number_parse_double(s, -DBL_MAX, DBL_MAX, ret);
}

static void test_double(void **state) {
        (void) state;
        static const struct {
                const char *text;
                double value;
        } good[] = {
                {"0", 0},
                {"-0.5", -0.5},
                {"+3", 3},
                {".25", 0.25},
                {"5.", 5},
                {"1e3", 1000},
                {"-1.5E-2", -0.015},
                {"9.80665", 9.80665},
                {"1e-400", 0},
                {"0.1", 0.1},
        };
        static const char *const bad[] = {"", " 1", "1 ", "1,5", "0x10", "nan", "inf", "-", ".", "e5", "1e",
                "1e+", "1.2.3", "1_000", "NaN", "infinity", "--1", "1f", "\t1", "1\n"};
        double value;

        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
                value = 1e9;
                assert_int_equal(parse(good[i].text, &value), 0);
                assert_true(value <= good[i].value && value >= good[i].value);
        }
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                value = 42;
                if (parse(bad[i], &value) != -EINVAL)
                        fail_msg("\"%s\" was taken", bad[i]);
                assert_near(value, 42, 0);
        }
        value = 42;
        assert_int_equal(parse("1e999", &value), -ERANGE);
        assert_int_equal(number_parse_double("1.01", 0, 1, &value), -ERANGE);
        assert_int_equal(number_parse_double("-0.01", 0, 1, &value), -ERANGE);
        assert_near(value, 42, 0);
        assert_int_equal(number_parse_double("1", 0, 1, &value), 0);
}

/* Only where such a locale is installed can this fail; C.UTF-8 systems still run the call. */
static void test_double_in_any_locale(void **state) {
        (void) state;
        double value = 0;

        if (!setlocale(LC_ALL, "de_DE.UTF-8"))
                setlocale(LC_ALL, "");
        assert_int_equal(parse("2.5", &value), 0);
        assert_near(value, 2.5, 0);
        assert_int_equal(parse("2,5", &value), -EINVAL);
        setlocale(LC_ALL, "C");
}

static void test_u64(void **state) {
        (void) state;
        static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "1e3"};
        uint64_t value = 42;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(number_parse_u64(bad[i], 0, UINT64_MAX, &value), -EINVAL);
        assert_int_equal(number_parse_u64("18446744073709551616", 0, UINT64_MAX, &value), -ERANGE);
        assert_int_equal(number_parse_u64("6", 0, 5, &value), -ERANGE);
        assert_int_equal(number_parse_u64("0", 1, 5, &value), -ERANGE);
        assert_int_equal(value, 42);
        assert_int_equal(number_parse_u64("18446744073709551615", 0, UINT64_MAX, &value), 0);
        assert_true(value == UINT64_MAX);
        assert_int_equal(number_parse_u64("007", 0, 7, &value), 0);
        assert_int_equal(value, 7);
}

static void test_i64(void **state) {
        (void) state;
        int64_t value = 42;

        assert_int_equal(number_parse_i64("--1", INT64_MIN, INT64_MAX, &value), -EINVAL);
        assert_int_equal(number_parse_i64("-", INT64_MIN, INT64_MAX, &value), -EINVAL);
        assert_int_equal(number_parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &value), -ERANGE);
        assert_int_equal(number_parse_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &value), -ERANGE);
        assert_int_equal(number_parse_i64("-5", -4, 4, &value), -ERANGE);
        assert_int_equal(value, 42);
        assert_int_equal(number_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &value), 0);
        assert_true(value == INT64_MIN);
        assert_int_equal(number_parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &value), 0);
        assert_true(value == INT64_MAX);
        assert_int_equal(number_parse_i64("-0", 0, 0, &value), 0);
        assert_int_equal(value, 0);
}

static void test_hex(void **state) {
        (void) state;
        static const char *const bad[] = {"", "0", "0g", "00 ", "0x00", "00-11", "123"};
        uint8_t bytes[2] = {9, 9};
        size_t n = 42;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(number_parse_hex(bad[i], bytes, 2, &n), -EINVAL);
        assert_int_equal(number_parse_hex("000000", bytes, 2, &n), -ERANGE);
        assert_int_equal(n, 42);
        assert_int_equal(number_parse_hex("Ff0a", bytes, 2, &n), 0);
        assert_int_equal(n, 2);
        assert_int_equal(bytes[0], 0xff);
        assert_int_equal(bytes[1], 0x0a);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_double),
                cmocka_unit_test(test_double_in_any_locale),
                cmocka_unit_test(test_u64),
                cmocka_unit_test(test_i64),
                cmocka_unit_test(test_hex),
        };
        return run_unit_tests(tests);
}

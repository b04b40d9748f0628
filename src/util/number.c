/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers from text. strtod() alone would take "0x1p3", "nan", leading blanks and, in a German locale,
 * only a decimal comma; so the grammar is checked here and only the conversion is left to the C library. */

#include "util/number.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static locale_t c_locale;

static void open_c_locale(void) {
        c_locale = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static size_t count_digits(const char *s) {
        size_t n = 0;

        while (is_digit(s[n]))
                n++;
        return n;
}

/* [+-] digits [. digits] [e [+-] digits], with at least one digit before the exponent. */
static bool is_decimal(const char *s) {
        size_t n, fraction;

        if (*s == '+' || *s == '-')
                s++;
        n = count_digits(s);
        s += n;
        if (*s == '.') {
                fraction = count_digits(++s);
                s += fraction;
                n += fraction;
        }
        if (n == 0)
                return false;
        if (*s == 'e' || *s == 'E') {
                s++;
                if (*s == '+' || *s == '-')
                        s++;
                n = count_digits(s);
                if (n == 0)
                        return false;
                s += n;
        }
        return *s == '\0';
}

static int use_c_locale(void) {
        static pthread_once_t once = PTHREAD_ONCE_INIT;

        pthread_once(&once, open_c_locale);
        return c_locale == (locale_t) 0 ? -ENOMEM : 0;
}

int number_parse_double(const char *s, double min, double max, double *ret) {
        double value;
        int r;

        if (!is_decimal(s))
                return -EINVAL;
        r = use_c_locale();
        if (r < 0)
                return r;
        value = strtod_l(s, NULL, c_locale);
        if (!isfinite(value) || value < min || value > max)
                return -ERANGE;
        *ret = value;
        return 0;
}

int number_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret) {
        size_t n = count_digits(s);
        uint64_t value = 0;

        if (n == 0 || s[n] != '\0')
                return -EINVAL;
        for (; *s; s++)
                if (__builtin_mul_overflow(value, 10, &value) ||
                        __builtin_add_overflow(value, (uint64_t) (*s - '0'), &value))
                        return -ERANGE;
        if (value < min || value > max)
                return -ERANGE;
        *ret = value;
        return 0;
}

int number_parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret) {
        bool negative = *s == '-';
        uint64_t magnitude;
        int64_t value;
        int r;

        r = number_parse_u64(s + negative, 0, (uint64_t) INT64_MAX + negative, &magnitude);
        if (r < 0)
                return r;
        /* -1 - (m - 1) reaches INT64_MIN without ever leaving the type. */
        value = negative && magnitude > 0 ? -1 - (int64_t) (magnitude - 1) : (int64_t) magnitude;
        if (value < min || value > max)
                return -ERANGE;
        *ret = value;
        return 0;
}

static int hex_digit(char c) {
        if (is_digit(c))
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -EINVAL;
}

int number_parse_hex(const char *s, uint8_t *bytes, size_t max, size_t *ret_n) {
        size_t n = 0;

        for (; hex_digit(s[n]) >= 0; n++)
                ;
        if (n == 0 || n % 2 != 0 || s[n] != '\0')
                return -EINVAL;
        if (n / 2 > max)
                return -ERANGE;
        for (size_t i = 0; i < n / 2; i++)
                bytes[i] = (uint8_t) (hex_digit(s[2 * i]) << 4 | hex_digit(s[2 * i + 1]));
        *ret_n = n / 2;
        return 0;
}

int number_format_double(double value, char ret[static NUMBER_FORMAT_MAX]) {
        locale_t before;
        int r;

        if (!isfinite(value))
                return -EINVAL;
        r = use_c_locale();
        if (r < 0)
                return r;
        before = uselocale(c_locale);
        /* 15 digits always survive a double, 17 always identify one (DBL_DIG, DBL_DECIMAL_DIG). */
        for (int digits = DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
                snprintf(ret, NUMBER_FORMAT_MAX, "%.*g", digits, value);
                /* The very same bits: 0.0 and -0.0 are not. */
                if (memcmp(&(double){strtod_l(ret, NULL, c_locale)}, &value, sizeof(value)) == 0) // NOLINT
                        break;
        }
        uselocale(before);
        return 0;
}

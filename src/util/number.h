/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Strict numbers from text: the whole string or nothing, in the C locale whatever setlocale() said.
 *
 * All return 0, -EINVAL for text that is not such a number (empty, blanks, trailing characters, hexadecimal,
 * "inf", "nan"), or -ERANGE for a number outside [min, max]. The result is untouched on failure. */

#include <stddef.h>
#include <stdint.h>

/* Decimal, with an optional sign, point and exponent. The result is always finite. */
int number_parse_double(const char *s, double min, double max, double *ret);

/* Decimal digits; the signed form takes a leading '-'. */
int number_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);
int number_parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret);

/* Pairs of hexadecimal digits without separators: "01ff" is two bytes. -EINVAL for an odd number of digits or
 * none, -ERANGE for more than max bytes. */
int number_parse_hex(const char *s, uint8_t *bytes, size_t max, size_t *ret_n);

#define NUMBER_FORMAT_MAX 32

/* The shortest decimal text that number_parse_double() reads back as the very same value. -EINVAL for a value that is
 * not finite. */
int number_format_double(double value, char ret[static NUMBER_FORMAT_MAX]);

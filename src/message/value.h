/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Values and fields of payloads. What is not known becomes null, and what is no UTF-8 becomes it.
 *
 * Each value_*() returns a new reference, or NULL when memory ran out; value_put() and value_append() then leave no object
 * at all and let the values of later calls go, so that only the end result must be checked. */

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define VALUE_TEXT_MAX 512 /* of a text, with its NUL; what is longer is cut */

/* Rounded to so many decimals, 0 to 3. NAN, infinity and what no figure of a gym can be become null. */
json_t *value_figure(double x, int decimals);

json_t *value_count(uint64_t n);

/* Of what counts from 1, as sets and repetitions: 0 becomes null. */
json_t *value_some(uint64_t n);

/* A word of the contract, as it is; NULL becomes null. */
json_t *value_string(const char *s);

/* Empty or NULL becomes null. */
json_t *value_text(const char *s, size_t size);
#define VALUE_TEXT(field) value_text((field), sizeof(field))

void value_put(json_t **object, const char *key, json_t *value);
void value_append(json_t **list, json_t *value);

/* One line. Lets the object go; NULL = memory ran out. Returns 0 and a string to free(), or -ENOMEM. */
int value_print(json_t *object, char **ret);

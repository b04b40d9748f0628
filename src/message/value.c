/* SPDX-License-Identifier: Apache-2.0 */
/* Values of payloads, made with jansson. */

#include "message/value.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "util/macros.h"
#include "util/utf8.h"

/* Text is printed with 15 significant digits, which any double carries: a figure rounded to its decimals then prints
 * with just these. Beyond 1e9 the digits would no longer do. */
#define PRINTED_DIGITS 15
#define FIGURE_MAX     1e9

#define SHORT_MAX 1024 /* bytes; a state of a station has 600 */

json_t *value_figure(double x, int decimals) {
        static const double scales[] = {1, 10, 100, 1000};

        assert(decimals >= 0 && (size_t) decimals < ARRAY_SIZE(scales));
        if (!isfinite(x) || fabs(x) > FIGURE_MAX)
                return json_null();
        return json_real(round(x * scales[decimals]) / scales[decimals] + 0.0); /* + 0.0: no -0.0 */
}

json_t *value_count(uint64_t n) {
        return json_integer((json_int_t) n);
}

json_t *value_some(uint64_t n) {
        return n > 0 ? value_count(n) : json_null();
}

json_t *value_string(const char *s) {
        return s ? json_string(s) : json_null();
}

json_t *value_text(const char *s, size_t size) {
        char repaired[3 * VALUE_TEXT_MAX]; /* a bad byte becomes three */

        if (!s || s[0] == '\0')
                return json_null();
        utf8_repair(s, MIN(size, (size_t) VALUE_TEXT_MAX), repaired, sizeof(repaired));
        return json_string_nocheck(repaired);
}

void value_put(json_t **object, const char *key, json_t *value) {
        if (json_object_set_new_nocheck(*object, key, value) < 0) {
                json_decref(*object);
                *object = NULL;
        }
}

void value_append(json_t **list, json_t *value) {
        if (json_array_append_new(*list, value) < 0) {
                json_decref(*list);
                *list = NULL;
        }
}

int value_print(json_t *object, char **ret) {
        const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(PRINTED_DIGITS);
        char here[SHORT_MAX], *text = NULL;
        size_t n = object ? json_dumpb(object, here, sizeof(here), flags) : 0;

        /* Into a buffer that need not grow first: most payloads are short, and ten a second for each sensor. */
        if (n > 0 && n <= sizeof(here))
                text = strndup(here, n);
        else if (n > 0)
                text = json_dumps(object, flags);
        json_decref(object);
        if (!text)
                return -ENOMEM;
        *ret = text;
        return 0;
}

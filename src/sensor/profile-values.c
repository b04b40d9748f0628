/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a profile's keys from text: words, numbers, units, fields. */

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include <repcast/sample.h>

#include "sensor/profile-private.h"
#include "util/number.h"

unsigned value_words(char *s, const char *separators, char *ret[static LOAD_WORDS_MAX]) {
        unsigned n = 0;

        for (;;) {
                s += strspn(s, separators);
                if (*s == '\0')
                        return n;
                if (n < LOAD_WORDS_MAX)
                        ret[n] = s;
                n++;
                s += strcspn(s, separators);
                if (*s != '\0')
                        *s++ = '\0';
        }
}

int value_uuid(const char *s, char ret[static GATT_UUID_MAX]) {
        static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

        if (strlen(s) != sizeof(form) - 1)
                return -EINVAL;
        for (size_t i = 0; form[i]; i++)
                if (form[i] == '-' ? s[i] != '-' : !isxdigit((unsigned char) s[i]))
                        return -EINVAL;
        for (size_t i = 0; i < sizeof(form); i++)
                ret[i] = (char) tolower((unsigned char) s[i]);
        return 0;
}

int value_unsigned(const char *s, unsigned min, unsigned max, unsigned *ret) {
        uint64_t value;
        int r = number_parse_u64(s, min, max, &value);

        if (r >= 0)
                *ret = (unsigned) value;
        return r;
}

int value_scale(const char *s, double *ret) {
        const char *slash = strchr(s, '/');
        char above[32];
        double a, b = 1;

        if (slash) {
                if ((size_t) (slash - s) >= sizeof(above) || number_parse_double(slash + 1, 1e-9, 1e9, &b) < 0)
                        return -EINVAL;
                memcpy(above, s, (size_t) (slash - s));
                above[slash - s] = '\0';
                s = above;
        }
        if (number_parse_double(s, 1e-9, 1e9, &a) < 0)
                return -EINVAL;
        *ret = a / b;
        return 0;
}

int value_type(const char *s, enum profile_type *ret, bool *ret_big_endian) {
        static const char *const words[_TYPE_MAX] = {
                [TYPE_I8] = "i8",
                [TYPE_U8] = "u8",
                [TYPE_I16] = "i16",
                [TYPE_U16] = "u16",
                [TYPE_I24] = "i24",
                [TYPE_U24] = "u24",
                [TYPE_I32] = "i32",
                [TYPE_U32] = "u32",
                [TYPE_U64] = "u64",
                [TYPE_F32] = "f32",
        };

        for (unsigned i = 0; i < _TYPE_MAX; i++) {
                size_t n = strlen(words[i]);

                if (strncmp(s, words[i], n) != 0 || (s[n] != '\0' && strcmp(s + n, "be") != 0))
                        continue;
                *ret = i;
                *ret_big_endian = s[n] != '\0';
                return 0;
        }
        return -EINVAL;
}

int value_unit(const char *s, bool gyro, double *ret_si) {
        static const struct {
                const char *word;
                bool gyro;
                double si;
        } units[] = {
                {"g", false, STANDARD_GRAVITY_MPS2},
                {"mg", false, STANDARD_GRAVITY_MPS2 / 1000},
                {"m/s2", false, 1},
                {"dps", true, M_PI / 180},
                {"rad/s", true, 1},
        };

        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
                if (units[i].gyro == gyro && strcmp(units[i].word, s) == 0) {
                        *ret_si = units[i].si;
                        return 0;
                }
        return -EINVAL;
}

int value_when(const char *s, struct profile_when *ret) {
        const char *colon = strchr(s, ':'), *slash;
        struct profile_when when = {0};
        char part[2 * PROFILE_WHEN_MAX + 1];
        size_t n, n_mask;

        if (!colon || (size_t) (colon - s) >= sizeof(part))
                return -EINVAL;
        memcpy(part, s, (size_t) (colon - s));
        part[colon - s] = '\0';
        if (value_unsigned(part, 0, GATT_VALUE_MAX - 1, &when.offset) < 0)
                return -EINVAL;
        s = colon + 1;
        slash = strchr(s, '/');
        n = slash ? (size_t) (slash - s) : strlen(s);
        if (n >= sizeof(part))
                return -EINVAL;
        memcpy(part, s, n);
        part[n] = '\0';
        if (number_parse_hex(part, when.bytes, sizeof(when.bytes), &n) < 0)
                return -EINVAL;
        memset(when.mask, 0xff, sizeof(when.mask));
        if (slash && (number_parse_hex(slash + 1, when.mask, sizeof(when.mask), &n_mask) < 0 || n_mask != n))
                return -EINVAL;
        when.n = (unsigned) n;
        for (size_t i = 0; i < n; i++)
                if ((when.bytes[i] & ~when.mask[i]) != 0)
                        return -EINVAL; /* would never hold */
        *ret = when;
        return 0;
}

int value_axes(const char *s, unsigned ret_from[static 3], double ret_sign[static 3]) {
        unsigned from[3], seen = 0;
        double sign[3];

        for (unsigned i = 0; i < 3; i++, s += 2) {
                if ((s[0] != '+' && s[0] != '-') || s[1] < 'x' || s[1] > 'z')
                        return -EINVAL;
                sign[i] = s[0] == '+' ? 1 : -1;
                from[i] = (unsigned) (s[1] - 'x');
                seen |= 1U << from[i];
        }
        if (*s != '\0' || seen != 7)
                return -EINVAL;
        memcpy(ret_from, from, sizeof(from));
        memcpy(ret_sign, sign, sizeof(sign));
        return 0;
}

int value_word(const char *s, const char *const *words, unsigned n, unsigned *ret) {
        for (unsigned i = 0; i < n; i++)
                if (strcmp(words[i], s) == 0) {
                        *ret = i;
                        return 0;
                }
        return -EINVAL;
}

bool value_is_name(const char *s, size_t size) {
        return *s != '\0' && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' && strlen(s) < size;
}

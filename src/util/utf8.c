/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 by the table of RFC 3629, section 4. */

#include "util/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "util/macros.h"

/* First byte low to high, then the range of the second; all further bytes are 80 to BF. */
static const struct form {
        uint8_t first_low, first_high, second_low, second_high;
        uint8_t length;
} forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_character(const char *s, size_t n) {
        const uint8_t *b = (const uint8_t *) s;

        if (b[0] < 0x80)
                return 1;
        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                const struct form *f = &forms[i];

                if (b[0] < f->first_low || b[0] > f->first_high)
                        continue;
                if (n < f->length || b[1] < f->second_low || b[1] > f->second_high)
                        return 0;
                for (size_t k = 2; k < f->length; k++)
                        if (b[k] < 0x80 || b[k] > 0xbf)
                                return 0;
                return f->length;
        }
        return 0;
}

size_t utf8_decode(const char *s, size_t n, uint32_t *ret) {
        const uint8_t *b = (const uint8_t *) s;
        size_t length = utf8_character(s, n);

        if (length == 0)
                return 0;
        uint32_t c =
                length == 1 ? b[0] : b[0] & (0x7fU >> length); /* the first byte: 0x, 110x, 1110x, 11110x */
        for (size_t i = 1; i < length; i++)
                c = c << 6 | (b[i] & 0x3fU);
        *ret = c;
        return length;
}

size_t utf8_printable(const char *s, size_t n) {
        uint32_t c;
        size_t length = utf8_decode(s, n, &c);

        return length > 0 && (c < 0x20 || (c >= 0x7f && c <= 0x9f)) ? 0 : length;
}

size_t utf8_repair(const char *s, size_t n, char *ret, size_t ret_size) {
        static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
        size_t out = 0;

        assert(ret_size > 0);
        for (size_t in = 0; in < n && s[in] != '\0';) {
                size_t length = utf8_character(s + in, n - in);
                const char *from = length > 0 ? s + in : replacement;
                size_t size = length > 0 ? length : sizeof(replacement) - 1;

                if (out + size >= ret_size)
                        break;
                memcpy(ret + out, from, size);
                out += size;
                in += length > 0 ? length : 1;
        }
        ret[out] = '\0';
        return out;
}

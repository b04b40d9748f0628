/* SPDX-License-Identifier: Apache-2.0 */
/* Device addresses: strict, and in capitals. */

#include "util/address.h"

#include <stddef.h>
#include <string.h>

bool address_parse(const char *s, char ret[static ADDRESS_MAX]) {
        char text[ADDRESS_MAX];

        for (size_t i = 0; i < ADDRESS_MAX - 1; i++) {
                char c = s[i]; /* a text that ends early has its NUL refused here */

                if (c >= 'a' && c <= 'f')
                        c = (char) (c - 'a' + 'A');
                if (i % 3 == 2 ? c != ':' : !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')))
                        return false;
                text[i] = c;
        }
        if (s[ADDRESS_MAX - 1] != '\0')
                return false;
        text[ADDRESS_MAX - 1] = '\0';
        memcpy(ret, text, sizeof(text));
        return true;
}

bool address_is_valid(const char *s) {
        char ignored[ADDRESS_MAX];

        return address_parse(s, ignored);
}

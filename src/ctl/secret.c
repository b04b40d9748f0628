/* SPDX-License-Identifier: Apache-2.0 */
/* Random passwords. */

#include "ctl/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define GROUP 5 /* four letters and the hyphen behind them */

static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* no l, o, 0, 1 */
_Static_assert(sizeof(letters) - 1 == 32, "five bits a letter");

int secret_make(char ret[static SECRET_MAX]) {
        unsigned char bytes[SECRET_MAX];

        if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
                return errno > 0 ? -errno : -EIO;
        for (size_t i = 0; i < SECRET_MAX - 1; i++)
                ret[i] = i % GROUP == GROUP - 1 ? '-' : letters[bytes[i] % 32];
        ret[SECRET_MAX - 1] = '\0';
        explicit_bzero(bytes, sizeof(bytes));
        return 0;
}

bool secret_is(const char *text) {
        for (size_t i = 0; i < SECRET_MAX - 1; i++)
                if (text[i] == '\0' || (i % GROUP == GROUP - 1 ? text[i] != '-' : !strchr(letters, text[i])))
                        return false;
        text += SECRET_MAX - 1;
        return *text == '\0' || strcmp(text, "\n") == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What others are shown: the first line is a secret, the second a name, the rest a text. Neither may be in what comes out,
 * nor an address, nor a byte that a terminal would obey. */

#include <ctype.h>
#include <string.h>

#include "ctl/blank.h"
#include "fuzz.h"

/* Has it no character in common with the marks? Otherwise a mark and what stands beside it can spell it by chance:
 * device-1 C0:FF spells the secret "1 C0:FF". */
static int is_apart(const char *secret) {
        return !strpbrk(secret, "[secret][key][user][person][device]0123456789-=:/@?");
}

static void take_line(const uint8_t **data, size_t *size, char ret[static 64]) {
        const uint8_t *end = memchr(*data, '\n', *size);
        size_t n = end ? (size_t) (end - *data) : *size, kept = n < 63 ? n : 63;

        memcpy(ret, *data, kept);
        ret[kept] = '\0';
        *data += end ? n + 1 : n;
        *size -= end ? n + 1 : n;
}

static int holds_address(const char *text, size_t n) {
        for (size_t i = 0; i + 17 <= n; i++) {
                size_t k = 0;

                while (k < 17 && (k % 3 == 2 ? text[i + k] == ':' : isxdigit((unsigned char) text[i + k])))
                        k++;
                if (k == 17)
                        return 1;
        }
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct blank b = {.n_secrets = 0};
        char secret[64], name[64], *text = NULL;
        size_t n = 0;
        FILE *out = open_memstream(&text, &n);

        must(out);
        take_line(&data, &size, secret);
        take_line(&data, &size, name);
        must(blank_add_secret(&b, secret) >= 0 && blank_add_name(&b, name) >= 0);
        blank_write(&b, (const char *) data, size, out);
        must(fclose(out) == 0);
        if (b.n_secrets == 1 && is_apart(b.secrets[0]))
                must(!memmem(text, n, b.secrets[0], strlen(b.secrets[0])));
        must(!holds_address(text, n));
        for (size_t i = 0; i < n; i++)
                must((unsigned char) text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
        free(text);
        blank_done(&b);
        return 0;
}

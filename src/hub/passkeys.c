/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the file of passkeys. */

#include "hub/passkeys.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/macros.h"
#include "util/number.h"
#include "util/textfile.h"

DEFINE_CLEANUP(FILE *, fclose);

#define LINE_MAX_BYTES 256

/* NULL, or what is wrong. Nothing of the line is repeated: it holds a secret. */
static const char *take_line(struct passkeys *p, char *line) {
        char *rest = line + strcspn(line, " \t");
        char address[ADDRESS_MAX];
        uint64_t passkey;

        if (*rest != '\0')
                *rest++ = '\0';
        rest += strspn(rest, " \t");
        if (!address_parse(line, address))
                return "the line starts with no address; allowed is ADDRESS PASSKEY, as D4:22:CD:00:11:22 "
                       "004711";
        if (strlen(rest) != 6 || number_parse_u64(rest, 0, 999999, &passkey) < 0)
                return "the passkey is not understood; allowed are six digits";
        if (passkeys_find(p, address) >= 0)
                return "the address stands here a second time";
        _Static_assert(PASSKEYS_MAX == 512, "as the message says");
        if (p->n == PASSKEYS_MAX)
                return "too many; 512 are allowed";
        strcpy(p->items[p->n].address, address);
        p->items[p->n++].passkey = (uint32_t) passkey;
        return NULL;
}

int passkeys_load(struct passkeys *p, const char *path, struct faults *faults) {
        _cleanup_(fclosep) FILE *file = NULL;
        char line[LINE_MAX_BYTES];
        const char *why = NULL;
        unsigned before = faults->n;
        struct stat st;

        p->n = 0;
        file = textfile_open(path, &why);
        if (file && fstat(fileno(file), &st) >= 0 && (st.st_mode & 077) != 0)
                why = "others can read or change it; allow its owner alone (chmod 600)";
        if (!file || why) {
                faults_add(faults, path, 0, "cannot be used: %s", why);
                return -EINVAL;
        }
        for (unsigned n = 1; fgets(line, sizeof(line), file); n++) {
                size_t end = strcspn(line, "\n");

                line[end] = '\0';
                if (*line == '\0' || *line == '#')
                        continue;
                why = end == sizeof(line) - 1 ? "the line is too long" : take_line(p, line);
                if (why)
                        faults_add(faults, path, n, "%s", why);
        }
        explicit_bzero(line, sizeof(line));
        return faults->n > before ? -EINVAL : 0;
}

int64_t passkeys_find(const struct passkeys *p, const char *address) {
        for (size_t i = 0; i < p->n; i++)
                if (strcmp(p->items[i].address, address) == 0)
                        return p->items[i].passkey;
        return -1;
}

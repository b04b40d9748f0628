/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds a fuzz target every file of its corpus and prints TAP. A target that finds a fault aborts, and the test driver
 * misses the rest of the plan. */

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "util/macros.h"

DEFINE_CLEANUP(FILE *, fclose);

#define INPUT_MAX (1 << 20)

static int is_input(const struct dirent *entry) {
        return entry->d_name[0] != '.';
}

static int replay(const char *folder, const char *name) {
        static uint8_t data[INPUT_MAX];
        _cleanup_(fclosep) FILE *f = NULL;
        char path[4096];
        size_t n;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        f = fopen(path, "re");
        if (!f)
                return -errno;
        n = fread(data, 1, sizeof(data), f);
        if (ferror(f))
                return -EIO;
        LLVMFuzzerTestOneInput(data, n);
        return 0;
}

int main(int argc, char *argv[]) {
        const char *srcdir = getenv("srcdir"), *name = strstr(argv[0], "fuzz-");
        struct dirent **entries = NULL;
        char folder[2048];
        int n, failed = 0;

        for (const char *next = name; next; next = strstr(next + 1, "fuzz-"))
                name = next; /* of a path, the last */
        if (argc > 1)
                snprintf(folder, sizeof(folder), "%s", argv[1]);
        else
                snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
                        name ? name + strlen("fuzz-") : "");
        n = scandir(folder, &entries, is_input, alphasort);
        if (n <= 0) {
                printf("Bail out! no corpus in %s\n", folder);
                return EXIT_FAILURE;
        }
        printf("1..%d\n", n);
        for (int i = 0; i < n; i++) {
                int k;

                fflush(stdout);
                k = replay(folder, entries[i]->d_name);
                printf("%sok %d - %s%s%s\n", k < 0 ? "not " : "", i + 1, entries[i]->d_name, k < 0 ? ": " : "",
                        k < 0 ? strerror(-k) : "");
                failed += k < 0;
                free(entries[i]);
        }
        free(entries);
        return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

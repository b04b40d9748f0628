/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as configuration, as table of lifts, as prescriptions, as list of adopted sensors and as passkeys. What is refused has told its faults; what is taken can be dumped,
 * and the dump says the same again. */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "hub/adopted.h"
#include "hub/config.h"
#include "hub/exercises.h"
#include "hub/passkeys.h"
#include "hub/prescriptions.h"

static void count(const char *text, void *userdata) {
        size_t *n = userdata;

        must(!strchr(text, '\n')); /* one line each, whatever was in the file */
        (*n)++;
}

/* A file in memory, with a name that can be opened. */
static int make_file(const void *data, size_t size, char path[static 32]) {
        int fd = memfd_create("fuzz", MFD_CLOEXEC);

        must(fd >= 0 && write(fd, data, size) == (ssize_t) size);
        snprintf(path, 32, "/proc/self/fd/%d", fd);
        return fd;
}

static struct config *load(const void *data, size_t size) {
        struct config *config = NULL;
        size_t told = 0;
        struct faults faults = {.sink = count, .userdata = &told};
        char path[32];
        int fd = make_file(data, size, path), r = config_load(path, &faults, &config);

        must((r < 0) == (faults.n > 0) && (r < 0) == !config && (faults.n > 0) == (told > 0));
        close(fd);
        return config;
}

static char *dump(const struct config *config, size_t *ret_n) {
        char *text = NULL;
        FILE *stream = open_memstream(&text, ret_n);

        must(stream);
        config_dump(config, stream);
        fclose(stream);
        return text;
}

/* Origins differ between a configuration and its dump: compare without the comments. */
static void drop_comments(char *text) {
        char *out = text;

        for (char *line = text, *end; *line; line = end) {
                end = strchr(line, '\n') + 1;
                if (*line != '#') {
                        memmove(out, line, (size_t) (end - line));
                        out += end - line;
                }
        }
        *out = '\0';
}

static void check_round_trip(const struct config *config) {
        size_t n, n_again;
        char *text = dump(config, &n), *text_again;
        struct config *again = load(text, n);

        must(again);
        text_again = dump(again, &n_again);
        drop_comments(text);
        drop_comments(text_again);
        must(strcmp(text, text_again) == 0);
        config_free(again);
        free(text);
        free(text_again);
}

/* What is taken of it is written and read again as the same. */
static void check_adopted(const char *path) {
        struct adopted adopted, again;
        size_t told = 0, n;
        struct faults notes = {.sink = count, .userdata = &told};
        char *text = NULL, copy[32];
        FILE *stream = open_memstream(&text, &n);
        int fd;

        must(stream);
        adopted_load(&adopted, path, &notes);
        must(adopted_write(&adopted, stream) == 0);
        fclose(stream);
        fd = make_file(text, n, copy);
        told = 0;
        adopted_load(&again, copy, &notes);
        must(told == 0 && again.n == adopted.n);
        for (size_t i = 0; i < again.n; i++)
                must(strcmp(again.items[i].station, adopted.items[i].station) == 0 &&
                        strcmp(again.items[i].sensor, adopted.items[i].sensor) == 0 &&
                        strcmp(again.items[i].profile, adopted.items[i].profile) == 0);
        close(fd);
        free(text);
}

static void check_passkeys(const char *path) {
        struct passkeys passkeys;
        size_t told = 0;
        struct faults faults = {.sink = count, .userdata = &told};

        must((passkeys_load(&passkeys, path, &faults) < 0) == (told > 0));
        for (size_t i = 0; i < passkeys.n; i++)
                must(passkeys.items[i].passkey <= 999999);
}

/* What is taken is within the bounds that the judging relies on. */
static void check_prescriptions(const char *path) {
        struct prescriptions table = {NULL, 0};
        size_t told = 0;
        struct faults faults = {.sink = count, .userdata = &told};

        must((prescriptions_load(path, &faults, &table) < 0) == (told > 0));
        for (size_t i = 0; i < table.n; i++) {
                const struct prescription *p = &table.items[i];

                for (unsigned k = 0; k < _PHASE_TEMPO_MAX; k++)
                        must(p->tempo[k].s >= 0 && p->tempo[k].s <= 20 &&
                                (p->tempo[k].rule != TEMPO_FAST || k == PHASE_CONCENTRIC));
                must(p->reps_min <= p->reps_max && p->sets_min <= p->sets_max &&
                        !(p->load_min_pct > p->load_max_pct));
                must(prescriptions_find(&table, p->name, NULL) == p);
        }
        prescriptions_done(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct exercises exercises = {NULL, 0};
        size_t told = 0;
        struct faults faults = {.sink = count, .userdata = &told};
        struct config *config = load(data, size);
        char path[32];
        int fd;

        if (config)
                check_round_trip(config);
        config_free(config);

        fd = make_file(data, size, path);
        must((exercises_load(path, &faults, &exercises) < 0) == (faults.n > 0));
        exercises_done(&exercises);
        check_prescriptions(path);
        check_adopted(path);
        must(fchmod(fd, 0600) == 0);
        check_passkeys(path);
        close(fd);
        return 0;
}

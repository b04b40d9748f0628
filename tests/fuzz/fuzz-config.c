/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as configuration and as table of lifts. What is refused has told its faults; what is taken can be dumped,
 * and the dump says the same again. */

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "hub/config.h"
#include "hub/exercises.h"

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
        close(fd);
        return 0;
}

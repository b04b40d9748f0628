/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as assigned.conf: what does not fit is told and left out, and what is taken is written and read again as the
 * same. */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "hub/assigned.h"

static void count(const char *text, void *userdata) {
        size_t *n = userdata;

        must(!strchr(text, '\n'));
        (*n)++;
}

static struct assigned *load(const void *data, size_t size, size_t *ret_told) {
        struct assigned *a = calloc(1, sizeof(*a));
        struct faults notes = {.sink = count, .userdata = ret_told};
        int fd = memfd_create("fuzz", MFD_CLOEXEC);
        char path[32];

        must(a && fd >= 0 && write(fd, data, size) == (ssize_t) size);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        assigned_load(a, path, &notes);
        close(fd);
        return a;
}

static void done(struct assigned *a) {
        free(a->path);
        free(a);
}

static char *text_of(const struct assigned *a, size_t *ret_n) {
        char *text = NULL;
        FILE *stream = open_memstream(&text, ret_n);

        must(stream && assigned_write(a, stream) == 0);
        fclose(stream);
        return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        size_t told = 0, n, n_again;
        struct assigned *a = load(data, size, &told), *again;
        char *text, *text_again;

        must(a->n <= ASSIGNED_MAX);
        for (size_t i = 0; i < a->n; i++)
                must(assigned_find(a, a->items[i].station) == &a->items[i].roster &&
                        a->items[i].roster.n_queue <= ASSIGNMENT_QUEUE_MAX);
        text = text_of(a, &n);
        told = 0;
        again = load(text, n, &told);
        must(told == 0 && again->n == a->n);
        text_again = text_of(again, &n_again);
        must(n == n_again && memcmp(text, text_again, n) == 0);
        free(text);
        free(text_again);
        done(a);
        done(again);
        return 0;
}

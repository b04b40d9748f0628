/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a loader tells of a text: its faults, a line each, without the name of the file that is made of it. */

#include <unistd.h>

#include "unit.h"
#include "util/fault.h"
#include "util/macros.h"

static char said[65536];

static void listen_to(const char *text, void *userdata) {
        (void) userdata;
        strncat(said, text, sizeof(said) - strlen(said) - 2);
        strcat(said, "\n");
}

/* load(path, faults, ret) of the text as a file; its name, made up anew each time, becomes F. */
_unused_ static int told_load(
        const char *text, int (*load)(const char *path, struct faults *faults, void *ret), void *ret) {
        char path[] = "/tmp/test-told-XXXXXX";
        int fd = mkstemp(path), r;
        struct faults faults = {.sink = listen_to};
        char *at;

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
        said[0] = '\0';
        r = load(path, &faults, ret);
        assert_true((r < 0) == (faults.n > 0));
        unlink(path);
        while ((at = strstr(said, path)))
                memmove(at + 1, at + strlen(path), strlen(at + strlen(path)) + 1), *at = 'F';
        return r;
}

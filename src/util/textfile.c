/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a file without ever waiting for it. */

#include "util/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FILE *textfile_open(const char *path, const char **ret_why) {
        /* O_NONBLOCK: open() would wait for a pipe's other end; it means nothing for the files that are let through. */
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        FILE *file;

        if (fd < 0 || fstat(fd, &st) < 0) {
                *ret_why = strerror(errno);
        } else if (!S_ISREG(st.st_mode)) {
                *ret_why = S_ISDIR(st.st_mode) ? strerror(EISDIR) : "it is no regular file";
        } else {
                file = fdopen(fd, "r");
                if (file)
                        return file;
                *ret_why = strerror(errno);
        }
        if (fd >= 0)
                close(fd);
        return NULL;
}

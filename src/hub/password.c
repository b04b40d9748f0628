/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's password from its file or from systemd. */

#include "hub/password.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/utf8.h"

/* The first line, checked. Returns NULL or what is wrong with it. */
static const char *take_line(char *text, size_t n) {
        size_t end = 0;

        while (end < n && text[end] != '\n')
                end++;
        if (end + 1 < n)
                return "holds more than one line";
        if (end == 0)
                return "is empty";
        for (size_t i = 0, length; i < end; i += length) {
                length = utf8_character(text + i, end - i);
                if (length == 0 || (unsigned char) text[i] < 0x20)
                        return "holds characters that are no text";
        }
        text[end] = '\0';
        return NULL;
}

/* private: refuse a file that others can read. */
static int read_private(int fd, bool private, char *ret, size_t size, const char **ret_why) {
        struct stat st;
        ssize_t n;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode)) {
                *ret_why = "is no regular file";
                return -EINVAL;
        }
        if (private && (st.st_mode & 077) != 0) {
                *ret_why = "can be read or changed by others; allow its owner alone (chmod 600)";
                return -EPERM;
        }
        n = read(fd, ret, size);
        if (n < 0)
                return -errno;
        if ((size_t) n == size) {
                *ret_why = "is too long";
                return -EINVAL;
        }
        *ret_why = take_line(ret, (size_t) n);
        return *ret_why ? -EINVAL : 0;
}

int password_read(const char *path, char *ret, size_t size, char *ret_why, size_t why_size) {
        const char *folder = getenv("CREDENTIALS_DIRECTORY"), *why = NULL;
        bool credential = *path == '\0';
        char given[PATH_MAX];
        int fd, r;

        *ret = '\0';
        if (credential && !folder)
                return 0;
        if (credential && (size_t) snprintf(given, sizeof(given), "%s/mqtt-password", folder) < sizeof(given))
                path = given;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 && credential && errno == ENOENT)
                return 0;
        r = fd >= 0 ? read_private(fd, !credential, ret, size, &why) : -errno;
        if (r < 0) {
                explicit_bzero(ret, size);
                snprintf(ret_why, why_size, "%s %s%s", path,
                        why ? why : "cannot be read: ", why ? "" : strerror(-r));
        }
        if (fd >= 0)
                close(fd);
        return r;
}

void password_find_credential(const char *name, char *ret, size_t size) {
        const char *folder = getenv("CREDENTIALS_DIRECTORY");

        if (!folder || (size_t) snprintf(ret, size, "%s/%s", folder, name) >= size || access(ret, R_OK) < 0)
                *ret = '\0';
}

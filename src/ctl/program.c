/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of others. */

#include "ctl/program.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 8

static int spawn(pid_t *ret, char *const argv[]) {
        static const char *const folders[] = {"/usr/sbin", "/sbin", NULL};
        char path[PATH_MAX];
        int r;

        if (!argv[0])
                return -EINVAL;
        r = posix_spawnp(ret, argv[0], NULL, NULL, argv, environ);
        for (size_t i = 0; r == ENOENT && folders[i]; i++) {
                snprintf(path, sizeof(path), "%s/%s", folders[i], argv[0]);
                r = posix_spawn(ret, path, NULL, NULL, argv, environ);
        }
        return -r;
}

int program_run(const char *const argv[]) {
        char *words[WORDS_MAX] = {NULL}; /* posix_spawn() promises not to change them, but not by its type */
        pid_t pid;
        int status, r;

        for (size_t i = 0; i < WORDS_MAX - 1 && argv[i]; i++)
                memcpy(&words[i], &argv[i], sizeof(words[i]));
        fflush(NULL); /* what it prints stands behind what has been printed */
        r = spawn(&pid, words);
        if (r < 0)
                return r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

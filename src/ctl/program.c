/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of others. */

#include "ctl/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 30000

static int spawn(pid_t *ret, const posix_spawn_file_actions_t *files, const char *const argv[]) {
        static const char *const folders[] = {"/usr/sbin", "/sbin", NULL};
        char *words[PROGRAM_WORDS_MAX] = {
                NULL}; /* posix_spawn() promises not to change them, but not by its type */
        char path[PATH_MAX];
        int r;

        if (!argv[0])
                return -EINVAL;
        for (size_t i = 0; i < PROGRAM_WORDS_MAX - 1 && argv[i]; i++)
                memcpy(&words[i], &argv[i], sizeof(words[i]));
        r = posix_spawnp(ret, words[0], files, NULL, words, environ);
        for (size_t i = 0; r == ENOENT && folders[i]; i++) {
                snprintf(path, sizeof(path), "%s/%s", folders[i], words[0]);
                r = posix_spawn(ret, path, files, NULL, words, environ);
        }
        return -r;
}

static int wait_for(pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

int program_run(const char *const argv[]) {
        pid_t pid;
        int r;

        fflush(NULL); /* what it prints stands behind what has been printed */
        r = spawn(&pid, NULL, argv);
        return r < 0 ? r : wait_for(pid);
}

/* ---- what it prints ---- */

static int spawn_into(pid_t *ret, int fd, const char *const argv[]) {
        posix_spawn_file_actions_t files;
        int r = posix_spawn_file_actions_init(&files);

        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&files, fd, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        r = r == 0 ? spawn(ret, &files, argv) : -r;
        posix_spawn_file_actions_destroy(&files);
        return r;
}

static int64_t now_ms(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Up to its end, or max bytes: what comes behind them is read and dropped. */
static int read_all(int fd, char *text, size_t max) {
        const int64_t until_ms = now_ms() + PATIENCE_MS;
        char beyond[4096];
        size_t n = 0;

        for (;;) {
                struct pollfd p = {.fd = fd, .events = POLLIN};
                int64_t left_ms = until_ms - now_ms();
                ssize_t k;

                text[n] = '\0';
                if (left_ms <= 0 || poll(&p, 1, (int) left_ms) == 0)
                        return -ETIMEDOUT;
                k = n < max ? read(fd, text + n, max - n) : read(fd, beyond, sizeof(beyond));
                if (k == 0)
                        return 0;
                if (k < 0 && errno != EINTR)
                        return -errno;
                if (k > 0 && n < max)
                        n += (size_t) k;
        }
}

int program_capture(const char *const argv[], size_t max, char **ret) {
        char *text = malloc(max + 1);
        int ends[2], r, status;
        pid_t pid = 0;

        *ret = NULL;
        if (!text)
                return -ENOMEM;
        if (pipe2(ends, O_CLOEXEC) < 0) {
                free(text);
                return -errno;
        }
        r = spawn_into(&pid, ends[1], argv);
        close(ends[1]);
        if (r >= 0) {
                r = read_all(ends[0], text, max);
                if (r < 0)
                        kill(pid, SIGKILL);
                status = wait_for(pid);
                r = r < 0 ? r : status;
                *ret = text;
        } else
                free(text);
        close(ends[0]);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A thread with a list of files to write, and an eventfd back to the loop. */

#include "hub/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/macros.h"

struct job {
        struct job *next;
        char *path, *text;
        size_t n;
        persist_done done;
        void *userdata;
        int result;
};

struct list {
        struct job *first, **end; /* end: where the next one is hung */
};

struct persist {
        pthread_t thread;
        bool running;
        pthread_mutex_t lock; /* over what follows */
        pthread_cond_t wake;
        struct list todo, written;
        bool ending;
        int fd; /* eventfd: something was written */
        sd_event_source *source;
};

static void list_init(struct list *l) {
        l->first = NULL;
        l->end = &l->first;
}

static void list_push(struct list *l, struct job *job) {
        job->next = NULL;
        *l->end = job;
        l->end = &job->next;
}

static struct job *list_pop(struct list *l) {
        struct job *job = l->first;

        if (!job)
                return NULL;
        l->first = job->next;
        if (!l->first)
                l->end = &l->first;
        return job;
}

static void job_free(struct job *job) {
        free(job->path);
        free(job->text);
        free(job);
}

static int write_all(int fd, const char *text, size_t n) {
        while (n > 0) {
                ssize_t k = write(fd, text, n);

                if (k < 0 && errno != EINTR)
                        return -errno;
                if (k > 0) {
                        text += k;
                        n -= (size_t) k;
                }
        }
        return 0;
}

/* The name itself is durable only when its folder is. */
static int sync_folder(const char *path) {
        char copy[PATH_MAX];
        int fd, r = 0;

        if ((size_t) snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
                return -ENAMETOOLONG;
        fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fsync(fd) < 0)
                r = -errno;
        close(fd);
        return r;
}

static int replace(const char *path, const char *text, size_t n) {
        char beside[PATH_MAX];
        int fd, r;

        if ((size_t) snprintf(beside, sizeof(beside), "%s.new", path) >= sizeof(beside))
                return -ENAMETOOLONG;
        fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
        if (fd < 0)
                return -errno;
        r = write_all(fd, text, n);
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (close(fd) < 0 && r >= 0)
                r = -errno;
        if (r >= 0 && rename(beside, path) < 0)
                r = -errno;
        if (r < 0) {
                unlink(beside);
                return r;
        }
        return sync_folder(path);
}

static void *run(void *userdata) {
        struct persist *p = userdata;
        struct job *job;

        pthread_mutex_lock(&p->lock);
        for (;;) {
                while (!(job = list_pop(&p->todo)) && !p->ending)
                        pthread_cond_wait(&p->wake, &p->lock);
                if (!job)
                        break;
                pthread_mutex_unlock(&p->lock);
                job->result = replace(job->path, job->text, job->n);
                pthread_mutex_lock(&p->lock);
                list_push(&p->written, job);
                (void) eventfd_write(p->fd, 1);
        }
        pthread_mutex_unlock(&p->lock);
        return NULL;
}

static int on_written(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        struct persist *p = userdata;
        struct job *job;
        eventfd_t n;

        (void) source;
        (void) events;
        (void) eventfd_read(fd, &n);
        for (;;) {
                pthread_mutex_lock(&p->lock);
                job = list_pop(&p->written);
                pthread_mutex_unlock(&p->lock);
                if (!job)
                        return 0;
                if (job->done)
                        job->done(job->result, job->userdata);
                job_free(job);
        }
}

int persist_new(sd_event *loop, struct persist **ret) {
        struct persist *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        pthread_mutex_init(&p->lock, NULL);
        pthread_cond_init(&p->wake, NULL);
        list_init(&p->todo);
        list_init(&p->written);
        p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        r = p->fd >= 0 ? sd_event_add_io(loop, &p->source, p->fd, EPOLLIN, on_written, p) : -errno;
        if (r < 0) {
                persist_free(p);
                return r;
        }
        *ret = p;
        return 0;
}

/* Most runs write nothing: the thread starts with the first file. */
static int start(struct persist *p) {
        int r;

        if (p->running)
                return 0;
        r = pthread_create(&p->thread, NULL, run, p);
        p->running = r == 0;
        return -r;
}

int persist_write(
        struct persist *p, const char *path, char *text, size_t n, persist_done done, void *userdata) {
        struct job *job = calloc(1, sizeof(*job));
        int r = start(p);

        if (r >= 0 && job)
                job->path = strdup(path);
        if (r < 0 || !job || !job->path) {
                free(job);
                free(text);
                return r < 0 ? r : -ENOMEM;
        }
        job->text = text;
        job->n = n;
        job->done = done;
        job->userdata = userdata;
        pthread_mutex_lock(&p->lock);
        list_push(&p->todo, job);
        pthread_cond_signal(&p->wake);
        pthread_mutex_unlock(&p->lock);
        return 0;
}

struct persist *persist_free(struct persist *p) {
        struct job *job;

        if (!p)
                return NULL;
        if (p->running) {
                pthread_mutex_lock(&p->lock);
                p->ending = true;
                pthread_cond_signal(&p->wake);
                pthread_mutex_unlock(&p->lock);
                pthread_join(p->thread, NULL);
        }
        while ((job = list_pop(&p->written)))
                job_free(job);
        sd_event_source_disable_unref(p->source);
        if (p->fd >= 0)
                close(p->fd);
        pthread_cond_destroy(&p->wake);
        pthread_mutex_destroy(&p->lock);
        free(p);
        return NULL;
}

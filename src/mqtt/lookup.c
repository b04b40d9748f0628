/* SPDX-License-Identifier: Apache-2.0 */
/* A look-up of a name in a thread of its own. Asker and thread hold one reference each; the last one frees. */

#include "mqtt/lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static _Atomic unsigned n_running;

struct lookup {
        _Atomic unsigned references;
        _Atomic bool done; /* what follows is the thread's until then */
        int done_fd;       /* eventfd: written after that */
        int result;
        const char *why;
        struct addresses addresses;
        char host[]; /* of the caller's length */
};

static void unreference(struct lookup *l) {
        if (atomic_fetch_sub(&l->references, 1) > 1)
                return;
        if (l->done_fd >= 0)
                close(l->done_fd);
        free(l);
}

static void *resolve(void *userdata) {
        struct lookup *l = userdata;

        l->result = addresses_resolve(&l->addresses, l->host, &l->why);
        l->done = true;
        (void) eventfd_write(l->done_fd, 1);
        unreference(l);
        atomic_fetch_sub(&n_running, 1);
        return NULL;
}

static int start_thread(struct lookup *l) {
        pthread_attr_t attributes;
        pthread_t thread;

        pthread_attr_init(&attributes);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        int r = pthread_create(&thread, &attributes, resolve, l);
        pthread_attr_destroy(&attributes);
        return -r;
}

int lookup_start(const char *host, struct lookup **ret) {
        const size_t size = strlen(host) + 1;
        int r;

        if (atomic_fetch_add(&n_running, 1) >= LOOKUPS_MAX) {
                atomic_fetch_sub(&n_running, 1);
                return -EAGAIN;
        }
        struct lookup *l = calloc(1, sizeof(*l) + size);
        if (!l) {
                atomic_fetch_sub(&n_running, 1);
                return -ENOMEM;
        }
        memcpy(l->host, host, size);
        l->references = 2;
        l->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        r = l->done_fd < 0 ? -errno : start_thread(l);
        if (r < 0) {
                atomic_fetch_sub(&n_running, 1);
                l->references = 1;
                unreference(l);
                return r;
        }
        *ret = l;
        return 0;
}

int lookup_fd(const struct lookup *l) {
        return l->done_fd;
}

int lookup_result(struct lookup *l, struct addresses *ret, const char **ret_why) {
        if (!l->done)
                return -EINPROGRESS;
        if (l->result < 0)
                *ret_why = l->why;
        else
                *ret = l->addresses;
        return l->result;
}

struct lookup *lookup_free(struct lookup *l) {
        if (l)
                unreference(l);
        return NULL;
}

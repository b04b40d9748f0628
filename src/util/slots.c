/* SPDX-License-Identifier: Apache-2.0 */
/* Latest values between two threads: an array under a mutex, with an eventfd that says "something is new".
 *
 * It is rung behind the mutex: who is woken by it would else run into it, and sleep again. So it may ring for what was taken
 * already, and is hushed by who finds nothing; but not before it was heard, or it might ring on unexpected. */

#include "util/slots.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FRESH 1 /* a bool that is true, as a byte */

struct slots {
        pthread_mutex_t mutex;
        int fd;
        size_t item_size, n_keys;
        size_t next;    /* where the search for a fresh slot starts: behind the one last taken */
        size_t n_fresh; /* slots put and not yet taken */
        bool rung;      /* or about to be */
        bool *fresh;
        size_t *sizes;
        unsigned char *items;
};

int slots_new(size_t item_size, size_t n_keys, struct slots **ret) {
        assert(item_size > 0 && n_keys > 0);
        struct slots *s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;

        pthread_mutex_init(&s->mutex, NULL);
        s->item_size = item_size;
        s->n_keys = n_keys;
        s->fresh = calloc(n_keys, sizeof(*s->fresh));
        s->sizes = calloc(n_keys, sizeof(*s->sizes));
        s->items = calloc(n_keys, item_size);
        s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (s->fd < 0 || !s->fresh || !s->sizes || !s->items) {
                int r = s->fd < 0 ? -errno : -ENOMEM;
                slots_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

struct slots *slots_free(struct slots *s) {
        if (!s)
                return NULL;
        pthread_mutex_destroy(&s->mutex);
        if (s->fd >= 0)
                close(s->fd);
        free(s->fresh);
        free(s->sizes);
        free(s->items);
        free(s);
        return NULL;
}

void slots_lay(struct slots *s, size_t key, const void *item, size_t size) {
        assert(key < s->n_keys && size <= s->item_size);
        pthread_mutex_lock(&s->mutex);
        memcpy(s->items + key * s->item_size, item, size);
        s->sizes[key] = size;
        s->n_fresh += !s->fresh[key];
        s->fresh[key] = true;
        pthread_mutex_unlock(&s->mutex);
}

void slots_ring(struct slots *s) {
        pthread_mutex_lock(&s->mutex);
        bool ring = s->n_fresh > 0 && !s->rung;
        s->rung |= ring;
        pthread_mutex_unlock(&s->mutex);
        if (ring)
                eventfd_write(s->fd, 1); /* cannot fail: nobody rings 2^64 times unheard */
}

void slots_put(struct slots *s, size_t key, const void *item, size_t size) {
        slots_lay(s, key, item, size);
        slots_ring(s);
}

/* There is one. Keys are many, and of them few are fresh. */
static size_t next_fresh(const struct slots *s) {
        const bool *fresh = memchr(s->fresh + s->next, FRESH, s->n_keys - s->next);

        if (!fresh)
                fresh = memchr(s->fresh, FRESH, s->next);
        return (size_t) (fresh - s->fresh);
}

static void hush(struct slots *s) {
        eventfd_t ignored;

        if (s->rung && eventfd_read(s->fd, &ignored) == 0) /* nonblocking: fails where it is yet to ring */
                s->rung = false;
}

bool slots_take(struct slots *s, size_t *ret_key, void *ret) {
        pthread_mutex_lock(&s->mutex);
        bool any = s->n_fresh > 0;
        if (any) {
                size_t key = next_fresh(s);

                memcpy(ret, s->items + key * s->item_size, s->sizes[key]);
                *ret_key = key;
                s->fresh[key] = false;
                s->next = (key + 1) % s->n_keys;
                s->n_fresh--;
        } else
                hush(s);
        pthread_mutex_unlock(&s->mutex);
        return any;
}

int slots_fd(const struct slots *s) {
        return s->fd;
}

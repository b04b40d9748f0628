/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue between two threads: a ring under a mutex, with an eventfd that mirrors "not empty". */

#include "util/queue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
        pthread_mutex_t mutex;
        int fd; /* counter 1 while items wait, else 0; written under the mutex only */
        size_t item_size, capacity;
        size_t first, n; /* the ring: index of the oldest item, number of items */
        uint64_t dropped;
        unsigned char items[];
};

int queue_new(size_t item_size, size_t capacity, struct queue **ret) {
        size_t bytes;

        assert(item_size > 0 && capacity > 0);
        if (__builtin_mul_overflow(item_size, capacity, &bytes) ||
                __builtin_add_overflow(bytes, sizeof(struct queue), &bytes))
                return -ENOMEM;

        struct queue *q = calloc(1, bytes);
        if (!q)
                return -ENOMEM;
        q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (q->fd < 0) {
                int r = -errno;
                free(q);
                return r;
        }
        pthread_mutex_init(&q->mutex, NULL);
        q->item_size = item_size;
        q->capacity = capacity;
        *ret = q;
        return 0;
}

struct queue *queue_free(struct queue *q) {
        if (!q)
                return NULL;
        pthread_mutex_destroy(&q->mutex);
        close(q->fd);
        free(q);
        return NULL;
}

static unsigned char *item_at(struct queue *q, size_t k) {
        return q->items + (q->first + k) % q->capacity * q->item_size;
}

int queue_push(struct queue *q, const void *item) {
        int r = 0;

        pthread_mutex_lock(&q->mutex);
        if (q->n == q->capacity) {
                q->dropped++;
                r = -ENOBUFS;
        } else {
                if (q->n == 0)
                        q->first = 0; /* so that a queue which never fills never touches most of its memory */
                memcpy(item_at(q, q->n), item, q->item_size);
                if (q->n++ == 0)
                        eventfd_write(q->fd, 1); /* cannot fail: the counter was 0 */
        }
        pthread_mutex_unlock(&q->mutex);
        return r;
}

bool queue_pop(struct queue *q, void *ret) {
        pthread_mutex_lock(&q->mutex);
        bool any = q->n > 0;
        if (any) {
                memcpy(ret, item_at(q, 0), q->item_size);
                q->first = (q->first + 1) % q->capacity;
                if (--q->n == 0) {
                        eventfd_t ignored;
                        eventfd_read(q->fd, &ignored); /* cannot fail: the counter was 1 */
                }
        }
        pthread_mutex_unlock(&q->mutex);
        return any;
}

int queue_fd(const struct queue *q) {
        return q->fd;
}

size_t queue_length(struct queue *q) {
        pthread_mutex_lock(&q->mutex);
        size_t n = q->n;
        pthread_mutex_unlock(&q->mutex);
        return n;
}

uint64_t queue_dropped(struct queue *q) {
        pthread_mutex_lock(&q->mutex);
        uint64_t dropped = q->dropped;
        pthread_mutex_unlock(&q->mutex);
        return dropped;
}

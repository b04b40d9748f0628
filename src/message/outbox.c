/* SPDX-License-Identifier: Apache-2.0 */
/* Two lanes out and one back, under one mutex. */

#include "message/outbox.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* All that may be out fits into the live lane; of late ones a few are enough to keep a connection busy. */
#define LIVE_MAX OUTBOX_MAX
#define LATE_MAX 32

#define QUERIES_MAX 8

struct lane {
        size_t max, first, n;
        struct parcel ring[LIVE_MAX];
};

struct outbox {
        pthread_mutex_t mutex;
        int uplink_fd, store_fd;
        uint64_t connections; /* so far */
        bool connected;
        struct lane lanes[_OUTBOX_LANE_MAX];
        size_t n_out; /* put, and not yet collected as acknowledged: bounds acked[] */
        size_t n_acked;
        uint64_t acked[OUTBOX_MAX];
        size_t n_queries;
        struct query queries[QUERIES_MAX];
        uint64_t waiting;
        bool last;
};

static void wake(int fd) {
        (void) eventfd_write(fd, 1); /* cannot fail: nobody wakes 2^64 times without being heard */
}

static void hush(int fd) {
        eventfd_t ignored;

        (void) eventfd_read(fd, &ignored); /* nonblocking: fails where it is quiet already */
}

int outbox_new(struct outbox **ret) {
        struct outbox *o = calloc(1, sizeof(*o));

        if (!o)
                return -ENOMEM;
        pthread_mutex_init(&o->mutex, NULL);
        o->lanes[OUTBOX_LIVE].max = LIVE_MAX;
        o->lanes[OUTBOX_LATE].max = LATE_MAX;
        o->uplink_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        o->store_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (o->uplink_fd < 0 || o->store_fd < 0) {
                int r = -errno;
                outbox_free(o);
                return r;
        }
        *ret = o;
        return 0;
}

static bool pop(struct lane *l, struct parcel *ret) {
        if (l->n == 0)
                return false;
        *ret = l->ring[l->first];
        l->first = (l->first + 1) % l->max;
        l->n--;
        return true;
}

static void empty_lanes(struct outbox *o) {
        struct parcel p;

        for (unsigned i = 0; i < _OUTBOX_LANE_MAX; i++)
                while (pop(&o->lanes[i], &p))
                        free(p.json);
}

struct outbox *outbox_free(struct outbox *o) {
        if (!o)
                return NULL;
        empty_lanes(o);
        if (o->uplink_fd >= 0)
                close(o->uplink_fd);
        if (o->store_fd >= 0)
                close(o->store_fd);
        pthread_mutex_destroy(&o->mutex);
        free(o);
        return NULL;
}

/* ---- the uplink's side ---- */

int outbox_uplink_fd(const struct outbox *o) {
        return o->uplink_fd;
}

static void set_connected(struct outbox *o, bool connected) {
        pthread_mutex_lock(&o->mutex);
        o->connections += connected;
        o->connected = connected;
        empty_lanes(o);
        o->n_out = o->n_acked;
        wake(o->store_fd);
        pthread_mutex_unlock(&o->mutex);
}

void outbox_connected(struct outbox *o) {
        set_connected(o, true);
}

void outbox_disconnected(struct outbox *o) {
        set_connected(o, false);
}

bool outbox_take(struct outbox *o, enum outbox_lane lane, struct parcel *ret) {
        pthread_mutex_lock(&o->mutex);
        bool any = pop(&o->lanes[lane], ret);
        if (any) {
                if (ret->position == 0)
                        o->n_out--;
                if (lane == OUTBOX_LATE && o->lanes[lane].n == LATE_MAX / 2)
                        wake(o->store_fd); /* there is room for more */
        }
        pthread_mutex_unlock(&o->mutex);
        return any;
}

void outbox_acked(struct outbox *o, uint64_t position) {
        pthread_mutex_lock(&o->mutex);
        assert(o->n_acked < o->n_out && position > 0);
        o->acked[o->n_acked++] = position;
        wake(o->store_fd);
        pthread_mutex_unlock(&o->mutex);
}

int outbox_ask(struct outbox *o, const struct query *q) {
        int r = -ENOBUFS;

        pthread_mutex_lock(&o->mutex);
        if (o->n_queries < QUERIES_MAX) {
                o->queries[o->n_queries++] = *q;
                wake(o->store_fd);
                r = 0;
        }
        pthread_mutex_unlock(&o->mutex);
        return r;
}

uint64_t outbox_hear(struct outbox *o, bool *ret_last) {
        pthread_mutex_lock(&o->mutex);
        hush(o->uplink_fd);
        uint64_t waiting = o->waiting;
        *ret_last = o->last;
        pthread_mutex_unlock(&o->mutex);
        return waiting;
}

/* ---- the store's side ---- */

int outbox_store_fd(const struct outbox *o) {
        return o->store_fd;
}

void outbox_look(struct outbox *o, struct outbox_news *ret) {
        pthread_mutex_lock(&o->mutex);
        hush(o->store_fd);
        ret->connection = o->connected ? o->connections : 0;
        ret->n_acked = o->n_acked;
        memcpy(ret->acked, o->acked, o->n_acked * sizeof(o->acked[0]));
        o->n_out -= o->n_acked;
        o->n_acked = 0;
        pthread_mutex_unlock(&o->mutex);
}

bool outbox_asked(struct outbox *o, struct query *ret) {
        pthread_mutex_lock(&o->mutex);
        bool any = o->n_queries > 0;
        if (any) {
                *ret = o->queries[0];
                memmove(&o->queries[0], &o->queries[1], --o->n_queries * sizeof(o->queries[0]));
        }
        pthread_mutex_unlock(&o->mutex);
        return any;
}

int outbox_put(struct outbox *o, uint64_t connection, enum outbox_lane lane, const struct parcel *p) {
        struct lane *l = &o->lanes[lane];
        int r = 0;

        pthread_mutex_lock(&o->mutex);
        if (!o->connected || o->connections != connection)
                r = -ESTALE;
        else if (l->n == l->max || o->n_out == OUTBOX_MAX)
                r = -ENOBUFS;
        else {
                l->ring[(l->first + l->n++) % l->max] = *p;
                o->n_out++;
                wake(o->uplink_fd);
        }
        pthread_mutex_unlock(&o->mutex);
        return r;
}

void outbox_report(struct outbox *o, uint64_t waiting, bool last) {
        pthread_mutex_lock(&o->mutex);
        /* So far as it decides what the uplink does next: whether it may stop, and whether a timer is to run for the lane. */
        bool drained = waiting == 0, was_drained = o->waiting == 0;
        bool news = last != o->last || (last && drained != was_drained) ||
                (was_drained && !drained && o->lanes[OUTBOX_LATE].n > 0);
        o->waiting = waiting;
        o->last = last;
        if (news)
                wake(o->uplink_fd);
        pthread_mutex_unlock(&o->mutex);
}

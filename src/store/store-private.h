/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the two files of the store share: store.c is called by other threads, store-thread.c is the thread. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "store/store.h"
#include "util/queue.h"
#include "util/slots.h"

#define SECOND_US UINT64_C(1000000)

static inline uint64_t store_now_us(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * SECOND_US + (uint64_t) t.tv_nsec / 1000;
}

struct saved_calibration {
        char sensor[MESSAGE_NAME_MAX];
        struct calibration calibration;
        int64_t saved_ms;
};

struct store {
        /* fixed after store_new() */
        struct outbox *outbox;

        /* shared */
        struct queue *queue; /* from the sense thread */
        struct queue *asks, *answers;
        struct slots *calibrations; /* the same; one slot a station */
        int wake_fd;                /* eventfd: look at finishing and stopping */
        int ended_fd;               /* eventfd: the thread has ended */
        _Atomic bool finishing, stopping;
        _Atomic uint64_t alive_until_us;
        pthread_mutex_t stats_mutex;
        struct store_stats stats;
        pthread_t thread;
        bool started;

        /* the thread's own; before its start and after its end, the caller's */
        struct archive *archive;
        uint64_t connection; /* of the uplink; 0 = the broker is away */
        struct spans handed; /* on this connection */
        bool finished;       /* finishing, and the queue is empty */
        uint64_t keep_us;    /* when archive_keep() is due */
        uint64_t lost;       /* events lost for lack of memory */
        uint64_t acknowledged;
        uint64_t told_lost, told_lost_us; /* losses that were logged, and when */
        bool synced;                      /* the time of day is known, as the newest message says */
        int64_t epoch_us;                 /* added to CLOCK_MONOTONIC */
        struct message message;           /* what is being formatted: too large for comfort on a stack */
        struct outbox_news news;
};

/* The thread's start routine; userdata is the store. */
void *store_thread(void *userdata);

/* SPDX-License-Identifier: Apache-2.0 */
/* The poll() loop. Callbacks may add and remove what they like: after each one that did, the loop looks anew. */

#include "peripheral/loop.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "util/macros.h"

#define IO_MAX 32

uint64_t loop_now_us(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

void loop_add_io(struct loop *loop, struct loop_io *io) {
        io->next = loop->ios;
        loop->ios = io;
        loop->changed = true;
}

void loop_remove_io(struct loop *loop, struct loop_io *io) {
        for (struct loop_io **i = &loop->ios; *i; i = &(*i)->next)
                if (*i == io) {
                        *i = io->next;
                        loop->changed = true;
                        return;
                }
}

void loop_add_timer(struct loop *loop, struct loop_timer *timer) {
        timer->next = loop->timers;
        loop->timers = timer;
}

void loop_remove_timer(struct loop *loop, struct loop_timer *timer) {
        for (struct loop_timer **t = &loop->timers; *t; t = &(*t)->next)
                if (*t == timer) {
                        *t = timer->next;
                        return;
                }
}

static struct loop_timer *earliest(const struct loop *loop) {
        struct loop_timer *first = NULL;

        for (struct loop_timer *t = loop->timers; t; t = t->next)
                if (t->due_us != LOOP_NEVER && (!first || t->due_us < first->due_us))
                        first = t;
        return first;
}

/* The timers that are due now, each once: one that sets itself into the past does not keep the others waiting. */
static void run_timers(struct loop *loop) {
        uint64_t now_us = loop_now_us();
        struct loop_timer *t;

        for (unsigned i = 0; i < IO_MAX && !loop->stop; i++) {
                t = earliest(loop);
                if (!t || t->due_us > now_us)
                        return;
                t->due_us = LOOP_NEVER;
                t->fired(t->userdata);
        }
}

static int wait_ms(const struct loop *loop) {
        const struct loop_timer *t = earliest(loop);
        uint64_t now_us = loop_now_us();

        if (!t)
                return -1;
        if (t->due_us <= now_us)
                return 0;
        return (int) MIN((t->due_us - now_us + 999) / 1000, UINT64_C(60000));
}

static int turn(struct loop *loop) {
        struct pollfd polled[IO_MAX];
        struct loop_io *ios[IO_MAX];
        nfds_t n = 0;

        for (struct loop_io *io = loop->ios; io && n < IO_MAX; io = io->next)
                if (io->events != 0) {
                        ios[n] = io;
                        polled[n++] = (struct pollfd){.fd = io->fd, .events = io->events};
                }
        loop->changed = false;
        if (poll(polled, n, wait_ms(loop)) < 0)
                return errno == EINTR ? 0 : -errno;
        run_timers(loop);
        for (nfds_t i = 0; i < n && !loop->changed && !loop->stop; i++)
                if (polled[i].revents != 0)
                        ios[i]->ready(polled[i].revents, ios[i]->userdata);
        return 0;
}

int loop_run(struct loop *loop) {
        int r = 0;

        while (!loop->stop && r >= 0)
                r = turn(loop);
        return r < 0 ? r : loop->status;
}

void loop_stop(struct loop *loop, int status) {
        loop->stop = true;
        loop->status = status;
}

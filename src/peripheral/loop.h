/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A poll() loop with timers: all that a program with one connection and a few sockets needs. Everything that is
 * watched belongs to its owner, who takes it out again; both may be done from inside a callback. */

#include <stdbool.h>
#include <stdint.h>

#define LOOP_NEVER UINT64_MAX

struct loop_io {
        int fd;
        short events; /* of poll(); 0 = paused */
        void (*ready)(short revents, void *userdata);
        void *userdata;
        struct loop_io *next;
};

struct loop_timer {
        uint64_t due_us; /* CLOCK_MONOTONIC, LOOP_NEVER = off; it is off when fired is called */
        void (*fired)(void *userdata);
        void *userdata;
        struct loop_timer *next;
};

struct loop {
        struct loop_io *ios;
        struct loop_timer *timers;
        bool stop, changed;
        int status;
};

uint64_t loop_now_us(void);

void loop_add_io(struct loop *loop, struct loop_io *io);
void loop_remove_io(struct loop *loop, struct loop_io *io);
void loop_add_timer(struct loop *loop, struct loop_timer *timer);
void loop_remove_timer(struct loop *loop, struct loop_timer *timer);

/* Until loop_stop(), whose status it returns, or -errno of poll(). */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int status);

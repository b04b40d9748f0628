/* SPDX-License-Identifier: Apache-2.0 */
/* When the sockets of the streams are read.
 *
 *                 less than a turn after the last reading
 *     WAITING ------------------------------------------> TAKING TURNS     every 2.5 ms all are read
 *        ^                                                     |
 *        '-----------------------------------------------------'
 *                        nothing was there
 *
 * For a thread to be woken costs more than all that is done with a notification. So where they come thick and fast they
 * are fetched in turns, as network drivers fetch packets: five at once with 20 sensors at 100 Hz. A lone sensor wakes the
 * loop for each. An arrival may so be told 2.5 ms late; the timebase goes by the least late one of each second.
 *
 * All sockets are behind one source of the loop: sd-event asks the kernel about every readable descriptor anew after each
 * one that it has served, which with hundreds of sensors costs more than all the rest. */

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bluez/bluez-private.h"
#include "util/macros.h"

#define TURN_US   UINT64_C(2500) /* of the 3 ms that a message may take from here to the broker */
#define ACCURACY  UINT64_C(1)    /* of the timer, us; 0 would mean a quarter of a second */
#define AT_ONCE   32
#define AT_ONE_GO 64 /* datagrams before the loop asks the clock again */

/* Returns how many there were. What is done with one may close other streams, but frees none: that is a turn of work's. */
static unsigned read_all(struct bluez *b) {
        struct epoll_event events[AT_ONCE] _uninitialized_;
        unsigned done = 0;
        int n;

        b->streams_read_us = bluez_now_us(b);
        /* Until nothing is there: a socket is told of once each time, however much waits in it after a stall. */
        while (done < AT_ONE_GO && (n = epoll_wait(b->streams_fd, events, ARRAY_SIZE(events), 0)) > 0) {
                for (int i = 0; i < n; i++)
                        stream_read(events[i].data.ptr, events[i].events);
                done += (unsigned) n;
        }
        return done;
}

static int take_turns(struct bluez *b, bool yes) {
        int r = sd_event_source_set_enabled(b->streams, yes ? SD_EVENT_OFF : SD_EVENT_ON);

        return r < 0 ? r : sd_event_source_set_enabled(b->streams_turn, yes ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct bluez *b = userdata;
        bool soon = bluez_now_us(b) - b->streams_read_us < TURN_US;

        (void) source;
        (void) fd;
        (void) revents;
        (void) read_all(b);
        if (!soon)
                return 0;
        sd_event_source_set_time(b->streams_turn, b->streams_read_us + TURN_US);
        return take_turns(b, true);
}

static int on_turn(sd_event_source *source, uint64_t usec, void *userdata) {
        struct bluez *b = userdata;
        unsigned n = read_all(b);

        (void) usec;
        if (n == 0)
                return take_turns(b, false);
        return sd_event_source_set_time(source, b->streams_read_us + (n < AT_ONE_GO ? TURN_US : 0));
}

int streams_open(struct bluez *b) {
        int r;

        b->streams_fd = epoll_create1(EPOLL_CLOEXEC);
        if (b->streams_fd < 0)
                return -errno;
        r = sd_event_add_io(b->event, &b->streams, b->streams_fd, EPOLLIN, on_readable, b);
        if (r >= 0)
                r = sd_event_source_set_priority(b->streams, SD_EVENT_PRIORITY_IMPORTANT);
        if (r >= 0)
                r = sd_event_add_time(b->event, &b->streams_turn, CLOCK_MONOTONIC, 0, ACCURACY, on_turn, b);
        if (r >= 0)
                r = sd_event_source_set_priority(b->streams_turn, SD_EVENT_PRIORITY_IMPORTANT);
        return r < 0 ? r : take_turns(b, false);
}

void streams_close(struct bluez *b) {
        b->streams = sd_event_source_disable_unref(b->streams);
        b->streams_turn = sd_event_source_disable_unref(b->streams_turn);
        if (b->streams_fd >= 0)
                close(b->streams_fd);
        b->streams_fd = -1;
}

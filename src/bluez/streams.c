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
 * loop for each. An arrival may so be told 2.5 ms late; the timebase goes by the least late one of each second. The turns
 * are bluez_run()'s, which goes on with the loop between them.
 *
 * All sockets are behind one source of the loop: sd-event asks the kernel about every readable descriptor anew after each
 * one that it has served, which with hundreds of sensors costs more than all the rest. */

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bluez/bluez-private.h"
#include "util/macros.h"

#define TURN_US   UINT64_C(2500) /* of the 3 ms that a message may take from here to the broker */
#define AT_ONCE   32
#define AT_ONE_GO 64 /* datagrams before the loop asks the clock again */

/* For which the loop stays as it was prepared: 10 ms. To prepare and to look costs as much as to read two notifications. */
#define ARMED_TURNS 4

/* Returns how many there were. What is done with one may close other streams, but frees none: that is a turn of work's. */
static unsigned read_all(struct bluez *b) {
        struct epoll_event events[AT_ONCE] _uninitialized_;
        unsigned done = 0;
        int n;

        b->streams_read_us = bluez_now_us(b);
        /* Until nothing is there: a socket is told of once each time, however much waits in it after a stall. */
        while (done < AT_ONE_GO && (n = epoll_wait(b->streams_fd, events, ARRAY_SIZE(events), 0)) > 0) {
                const uint64_t arrival_us = bluez_now_us(b); /* of all that are told of: late, never early */

                for (int i = 0; i < n; i++)
                        stream_read(events[i].data.ptr, events[i].events, arrival_us);
                done += (unsigned) n;
        }
        return done;
}

static int take_turns(struct bluez *b, bool yes) {
        b->streams_turn_us = yes ? b->streams_read_us + TURN_US : UINT64_MAX;
        return sd_event_source_set_enabled(b->streams, yes ? SD_EVENT_OFF : SD_EVENT_ON);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct bluez *b = userdata;
        bool soon = bluez_now_us(b) - b->streams_read_us < TURN_US;

        (void) source;
        (void) fd;
        (void) revents;
        (void) read_all(b);
        return soon ? take_turns(b, true) : 0;
}

static int take_turn(struct bluez *b) {
        unsigned n = read_all(b);

        if (n == 0)
                return take_turns(b, false);
        b->streams_turn_us = b->streams_read_us + (n < AT_ONE_GO ? TURN_US : 0);
        return 0;
}

static int dispatch(struct bluez *b) {
        int r = sd_event_wait(b->event, 0);

        return r > 0 ? sd_event_dispatch(b->event) : r;
}

/* As sd_event_run(3), whose timeout is one of whole milliseconds in Debian 12 (libsystemd 252). A timer of the loop would
 * have its descriptor read and set for each turn: a twentieth of all that the hub does. At most a turn.
 *
 * Once prepared, the loop ends this sleep for whatever comes from outside, a timer's end included. Only what a turn itself
 * puts on the loop waits for it to be prepared again. */
static int run_for(struct bluez *b, uint64_t timeout_us) {
        const struct timespec timeout = {.tv_nsec = (long) timeout_us * 1000};
        struct pollfd loop = {.fd = sd_event_get_fd(b->event), .events = POLLIN};
        int r = 0;

        if (sd_event_get_state(b->event) != SD_EVENT_ARMED) {
                b->streams_armed = 0;
                r = sd_event_prepare(b->event);
        }
        if (r != 0)
                return r > 0 ? sd_event_dispatch(b->event) : r;
        if (ppoll(&loop, 1, &timeout, NULL) == 0 && ++b->streams_armed < ARMED_TURNS)
                return 0;
        return dispatch(b);
}

int bluez_run(struct bluez *b, uint64_t timeout_us) {
        uint64_t now_us = bluez_now_us(b), left_us;

        if (now_us >= b->streams_turn_us) {
                int r = take_turn(b);

                if (r < 0)
                        return r;
                now_us = bluez_now_us(b);
        }
        if (b->streams_turn_us == UINT64_MAX && sd_event_get_state(b->event) == SD_EVENT_ARMED)
                return dispatch(b);
        if (b->streams_turn_us == UINT64_MAX)
                return sd_event_run(b->event, timeout_us);
        left_us = b->streams_turn_us > now_us ? b->streams_turn_us - now_us : 0;
        return run_for(b, MIN(timeout_us, left_us));
}

int streams_open(struct bluez *b) {
        int r;

        b->streams_fd = epoll_create1(EPOLL_CLOEXEC);
        if (b->streams_fd < 0)
                return -errno;
        r = sd_event_add_io(b->event, &b->streams, b->streams_fd, EPOLLIN, on_readable, b);
        if (r >= 0)
                r = sd_event_source_set_priority(b->streams, SD_EVENT_PRIORITY_IMPORTANT);
        return r < 0 ? r : take_turns(b, false);
}

void streams_close(struct bluez *b) {
        b->streams = sd_event_source_disable_unref(b->streams);
        if (b->streams_fd >= 0)
                close(b->streams_fd);
        b->streams_fd = -1;
}

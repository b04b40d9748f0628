/* SPDX-License-Identifier: Apache-2.0 */
/* The recording's writer in front of a ring of bytes, and the ring in front of a pipe. */

#include "hub/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/macros.h"

#define HELD_MAX                                                                                               \
        (UINT32_C(1) << 18) /* 256 KiB: at 100 packets of 20 bytes a second, 40 s of a reader that sleeps */

struct recorder {
        int fd;
        sd_event_source *source; /* on while something is held */
        FILE *stream;            /* writes into the ring */
        struct recording_writer writer;
        uint32_t first, n; /* of the ring */
        bool ended;
        char ring[HELD_MAX];
};

/* ---- into the ring ---- */

static ssize_t put(void *cookie, const char *bytes, size_t n) {
        struct recorder *r = cookie;

        if (n > HELD_MAX - r->n) {
                r->ended = true; /* half a row would be a faulty recording: what was written so far stands */
                return 0;
        }
        for (size_t i = 0; i < n; i++)
                r->ring[(r->first + r->n++) % HELD_MAX] = bytes[i];
        return (ssize_t) n;
}

/* ---- out of it ---- */

static void drain(struct recorder *r) {
        while (r->n > 0 && !r->ended) {
                ssize_t k = write(r->fd, r->ring + r->first, MIN(r->n, HELD_MAX - r->first));

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0 && errno == EAGAIN)
                        break;
                if (k < 0) {
                        r->ended = true; /* the reader has what it wanted */
                        break;
                }
                r->first = (r->first + (uint32_t) k) % HELD_MAX;
                r->n -= (uint32_t) k;
        }
        sd_event_source_set_io_events(r->source, r->n > 0 && !r->ended ? EPOLLOUT : 0);
        if (r->ended)
                sd_event_source_set_enabled(r->source, SD_EVENT_OFF);
}

/* Also when the reader goes away while nothing is held: EPOLLERR is always told. */
static int on_writable(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        struct recorder *r = userdata;

        (void) source;
        (void) fd;
        if ((events & (EPOLLERR | EPOLLHUP)) != 0)
                r->ended = true;
        drain(r);
        return 0;
}

void recorder_push(struct recorder *r, unsigned stream, const uint8_t *bytes, size_t n, uint64_t arrival_us) {
        if (r->ended)
                return;
        if (recording_write_packet(&r->writer, arrival_us, stream, bytes, n) < 0 || fflush(r->stream) != 0)
                r->ended = true;
        drain(r);
}

bool recorder_has_ended(const struct recorder *r) {
        return r->ended;
}

/* ---- life ---- */

static int check(int fd) {
        struct stat st;
        int flags;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
                return -EINVAL; /* a file cannot be waited for, and a slow disk would hold up every sensor */
        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        return 0;
}

static int open_stream(struct recorder *r, const struct recording_header *header) {
        int k;

        r->stream = fopencookie(r, "w", (cookie_io_functions_t){.write = put});
        if (!r->stream)
                return -ENOMEM;
        k = recording_writer_init(&r->writer, r->stream, header);
        if (k >= 0 && fflush(r->stream) != 0)
                k = -EIO;
        return k;
}

int recorder_new(sd_event *loop, int fd, const struct recording_header *header, struct recorder **ret) {
        struct recorder *r = calloc(1, sizeof(*r));
        int k = r ? check(fd) : -ENOMEM;

        if (!r) {
                close(fd);
                return k;
        }
        r->fd = fd;
        if (k >= 0)
                k = open_stream(r, header);
        if (k >= 0)
                k = sd_event_add_io(loop, &r->source, fd, 0, on_writable, r);
        if (k < 0) {
                recorder_free(r);
                return k;
        }
        drain(r);
        *ret = r;
        return 0;
}

struct recorder *recorder_free(struct recorder *r) {
        if (!r)
                return NULL;
        if (r->source)
                drain(r);
        sd_event_source_disable_unref(r->source);
        if (r->stream)
                fclose(r->stream);
        close(r->fd);
        free(r);
        return NULL;
}

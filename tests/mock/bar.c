/* SPDX-License-Identifier: Apache-2.0 */
/* The fake BlueZ: bars that are lifted, many and fast, for measuring.
 *
 * A bar plays the samples of a file over and over in packets of the profile repcast-bar, whichever rate and batch it is
 * told. Its clock goes on while nobody listens, as that of a sensor does. One timer serves all bars: packet k of a bar is
 * due at began + (k + 1) * batch / rate, when its last sample has been taken, however late the one before was.
 *
 * Where a journal is asked for, it is a file that whoever measures maps too: for each bar a struct bar_journal, with the
 * instants at which the last packets were due and were sent. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "mock.h"

#define SAMPLE_SIZE 12   /* six numbers of 16 bits: accelerations, rates */
#define HEADER_SIZE 6    /* layout, number, time */
#define LAYOUT_16G  0x22 /* 16 g, 2000 degrees/s */
#define RING        4096 /* packets: 20 s at 200 a second */
#define JOURNAL_MAX 1024 /* bars */

/* Little-endian, as the machine has it; tests/bench/rig.py reads it. */
struct bar_journal {
        uint64_t began_us, batch, rate_hz; /* CLOCK_MONOTONIC */
        uint64_t sent, dropped;            /* packets */
        uint64_t unused[3];
        struct {
                uint64_t due_us, sent_us;
        } packets[RING]; /* packet k is in k % RING */
};

struct tape {
        struct tape *next;
        char path[TEXT_SIZE];
        uint8_t *samples;
        size_t n;
};

struct bar {
        const struct tape *tape;
        uint64_t rate_hz, batch, began_us, next; /* next packet's number */
        uint64_t skip;                           /* samples of the tape */
        uint64_t due_us;
        struct listener *listener; /* NULL = nobody */
        struct bar_journal *journal;
};

static uint64_t clock_us(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

/* ---- packets ------------------------------------------------------------------------------------------------- */

static uint64_t due_us(const struct bar *b) {
        return b->began_us + (b->next + 1) * b->batch * 1000000 / b->rate_hz;
}

static void send_packet(struct bar *b) {
        uint8_t packet[VALUE_MAX] = {LAYOUT_16G, (uint8_t) b->next};
        uint64_t at = b->next * b->batch, now_us = clock_us();
        uint32_t time_us = (uint32_t) (at * 1000000 / b->rate_hz);
        bool sent;

        memcpy(packet + 2, &time_us, sizeof(time_us));
        for (size_t i = 0; i < b->batch; i++)
                memcpy(packet + HEADER_SIZE + i * SAMPLE_SIZE,
                        b->tape->samples + (at + b->skip + i) % b->tape->n * SAMPLE_SIZE, SAMPLE_SIZE);
        sent = notify_listener(b->listener, packet, HEADER_SIZE + b->batch * SAMPLE_SIZE);
        if (b->journal) {
                b->journal->packets[b->next % RING].due_us = b->due_us;
                b->journal->packets[b->next % RING].sent_us = now_us;
                b->journal->sent++;
                b->journal->dropped += !sent;
        }
        b->next++;
        b->due_us = due_us(b);
}

/* ---- the timer ----------------------------------------------------------------------------------------------- */

static int on_pump(sd_event_source *source, uint64_t usec, void *userdata) {
        struct mock *m = userdata;
        uint64_t now_us = clock_us(), next_us = UINT64_MAX;

        (void) usec;
        for (size_t i = 0; i < m->n_bars; i++) {
                struct bar *b = m->bars[i];

                if (b->listener && b->due_us <= now_us)
                        send_packet(b);
                if (b->listener && b->due_us < next_us)
                        next_us = b->due_us;
        }
        if (next_us == UINT64_MAX)
                return 0;
        if (sd_event_source_set_time(source, next_us) < 0)
                return -EIO;
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void pump_again(struct mock *m) {
        int r = m->pump ? 0 : sd_event_add_time(m->event, &m->pump, CLOCK_MONOTONIC, 0, 1, on_pump, m);

        if (r >= 0)
                r = sd_event_source_set_time(m->pump, 0);
        if (r >= 0)
                r = sd_event_source_set_enabled(m->pump, SD_EVENT_ONESHOT);
        if (r < 0)
                abort();
}

void bar_listen(struct bar *b, struct listener *l) {
        struct mock *m = l->attribute->sensor->mock;
        uint64_t now_us = clock_us(), packet_us = b->batch * 1000000 / b->rate_hz;

        if (b->began_us == 0)
                b->began_us = now_us;
        b->listener = l;
        b->next = (now_us - b->began_us) / packet_us;
        b->due_us = due_us(b);
        if (b->journal)
                b->journal->began_us = b->began_us;
        pump_again(m);
}

void bar_silence(struct bar *b) {
        b->listener = NULL;
}

/* ---- commands ------------------------------------------------------------------------------------------------ */

static const struct tape *load_tape(struct mock *m, const char *path) {
        struct tape *t;
        FILE *f;
        long size = 0;

        for (t = m->tapes; t; t = t->next)
                if (strcmp(t->path, path) == 0)
                        return t;
        f = fopen(path, "re");
        if (!f)
                return NULL;
        t = calloc(1, sizeof(*t));
        if (t && fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= SAMPLE_SIZE)
                t->samples = malloc((size_t) size);
        if (!t || !t->samples)
                abort();
        rewind(f);
        t->n = fread(t->samples, SAMPLE_SIZE, (size_t) size / SAMPLE_SIZE, f);
        fclose(f);
        snprintf(t->path, sizeof(t->path), "%s", path);
        t->next = m->tapes;
        m->tapes = t;
        return t;
}

const char *bar_new(struct attribute *a, const char *path, unsigned rate_hz, unsigned batch, unsigned skip) {
        struct mock *m = a->sensor->mock;
        const struct tape *tape = load_tape(m, path);
        struct bar *b = calloc(1, sizeof(*b));
        struct bar **all = reallocarray(m->bars, m->n_bars + 1, sizeof(struct bar *));

        if (!b || !all)
                abort();
        m->bars = all;
        if (!tape || rate_hz == 0 || batch == 0 || HEADER_SIZE + batch * SAMPLE_SIZE > VALUE_MAX)
                return "no samples in that file, or packets that cannot be";
        *b = (struct bar){.tape = tape, .rate_hz = rate_hz, .batch = batch, .skip = skip};
        if (m->journal && m->n_bars < JOURNAL_MAX) {
                b->journal = &m->journal[m->n_bars];
                b->journal->rate_hz = rate_hz;
                b->journal->batch = batch;
        }
        m->bars[m->n_bars++] = b;
        a->bar = b;
        return NULL;
}

/* A file with holes: pages that no bar writes to are not there. */
const char *bar_open_journal(struct mock *m, const char *path) {
        size_t size = JOURNAL_MAX * sizeof(struct bar_journal);
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        void *map = MAP_FAILED;

        if (fd >= 0 && ftruncate(fd, (off_t) size) == 0)
                map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (fd >= 0)
                close(fd);
        if (map == MAP_FAILED)
                return strerror(errno);
        m->journal = map;
        return NULL;
}

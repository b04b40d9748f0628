/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Recordings of a sensor: text files of samples or of raw packets (doc/recording-format.md).
 *
 *     struct recording *r = NULL;
 *     recording_open("set.rec", &r);
 *     while ((k = recording_next(r, &row)) > 0)
 *             use(&row);
 *     if (k < 0)
 *             fprintf(stderr, "%s\n", recording_error(r));
 *     recording_free(r);
 *
 * Reading is strict and streaming: memory is taken for the header only, and a fault names file, line and column. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <repcast/event.h>

#include "sensor/packet.h"
#include "sensor/profile.h"
#include "util/macros.h"

#define RECORDING_NAME_MAX  64 /* sensor and exercise, with the final NUL */
#define RECORDING_NOTE_MAX  512
#define RECORDING_LINE_MAX  2048 /* bytes of a line without its newline */
#define RECORDING_ERROR_MAX 1024
#define RECORDING_TRUTH_MAX 10000 /* phases, reps and moves, each */

/* Figures beyond these are no sensor's: 200 g, 11500 degrees a second. */
#define RECORDING_FORCE_MAX_MPS2 2000.0
#define RECORDING_RATE_MAX_RADPS 200.0
#define RECORDING_TIME_MAX_S     4e9 /* seconds since any epoch, the Unix one included, until 2096 */

enum recording_layout {
        RECORDING_CSV,     /* samples, nothing known of them */
        RECORDING_SAMPLES, /* samples behind a header */
        RECORDING_PACKETS, /* packets as they arrived, behind a header */
        _RECORDING_LAYOUT_MAX,
};

/* What really happened, as far as it is known. Instants are on the clock of the rows. */
struct truth_phase {
        uint32_t set, rep; /* from 1 */
        enum phase phase;  /* not PHASE_REST */
        uint64_t start_us, end_us;
};

struct truth_rep {
        uint32_t set, rep;
        double rom_m; /* travel of the concentric along the path */
        struct stroke eccentric, concentric;
};

/* A movement that is no rep. */
struct truth_move {
        enum rejection kind;
        uint64_t start_us, end_us;
};

struct truth {
        struct truth_phase *phases; /* in the order of time, as are the others */
        struct truth_rep *reps;
        struct truth_move *moves;
        size_t n_phases, n_reps, n_moves;
        int64_t count; /* reps in all where only they were counted; -1 = not said */
};

struct recording_header {
        enum recording_layout layout;
        char sensor[RECORDING_NAME_MAX]; /* empty = not known, as are the next two */
        char exercise[RECORDING_NAME_MAX];
        char note[RECORDING_NOTE_MAX];
        double rate_hz; /* nominal, 5 to 1000; NAN = not known (plain CSV only) */
        /* Packets only: the profile that reads them, or, where that is empty, the format of imu16 packets. */
        char profile[PROFILE_NAME_MAX];
        struct packet_format format;
        struct truth truth;
};

struct recording_row {
        uint64_t t_us; /* instant of the sample, or arrival of the packet */
        double f_mps2[3], w_radps[3];
        unsigned stream;      /* of the profile, on which the packet came; 0 without a profile */
        const uint8_t *bytes; /* the packet, valid until the next call; NULL for a sample */
        size_t n_bytes;
};

struct recording_position {
        uint64_t bytes; /* read so far */
        uint64_t total; /* 0 = not known (a pipe) */
};

struct recording;

/* "-" is standard input. Always sets *ret to an object that holds the error text, except for -ENOMEM; free it in
 * any case. Returns 0 or a negative errno value, -EBADMSG for a fault in the header. */
int recording_open(const char *path, struct recording **ret);

/* The same with a stream of the caller's, who closes it; name is what faults say. */
int recording_open_stream(FILE *stream, const char *name, struct recording **ret);

void recording_free(struct recording *r);

/* 1 = a row, 0 = the end, negative = a fault: -EBADMSG or that of the read. A fault is final. */
int recording_next(struct recording *r, struct recording_row *ret);

const struct recording_header *recording_get_header(const struct recording *r);
struct recording_position recording_get_position(const struct recording *r);
const char *recording_error(const struct recording *r);

/* Record a fault of the last row that only a later stage can see (a packet that does not decode). Column 0: that of
 * the row's last field. Returns -EBADMSG. */
int recording_fail(struct recording *r, unsigned column, const char *format, ...) _printf_(3, 4);

/* Could it be the name of a profile? */
bool recording_is_profile(const char *name);

void truth_done(struct truth *t);

/* The writer: what it writes, the reader takes, and nothing else. -EINVAL for a row or header that the format has no
 * place for, -EIO and others of the stream (also look at fclose()). */
struct recording_writer {
        FILE *stream;
        enum recording_layout layout;
        bool streams; /* packets say on which stream they came */
        uint64_t last_us;
        bool any;
};

#define RECORDING_COLUMNS_SAMPLES "t,ax,ay,az,gx,gy,gz"
#define RECORDING_COLUMNS_PACKETS "arrival_us,packet"
#define RECORDING_COLUMNS_STREAMS "arrival_us,stream,packet" /* with a profile */
#define RECORDING_FIRST_LINE      "repcast-recording 1"

int recording_writer_init(struct recording_writer *w, FILE *stream, const struct recording_header *header);
int recording_write_sample(struct recording_writer *w, uint64_t t_us, const double f_mps2[static 3],
        const double w_radps[static 3]);
int recording_write_packet(
        struct recording_writer *w, uint64_t arrival_us, unsigned stream, const uint8_t *bytes, size_t n_bytes);

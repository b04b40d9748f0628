/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside of the reader: lines and fields, shared by the header and the rows. */

#include "recording/recording.h"

#define FIELDS_MAX 8

struct recording {
        FILE *stream;
        bool own_stream;
        char *name;
        uint64_t size, read; /* bytes; size 0 = not known */
        unsigned line;       /* number of the line in text, from 1 */
        bool unterminated;   /* it ended with the file, without a newline */
        bool failed;
        int status; /* of the fault */
        uint64_t last_us;
        bool any;             /* a row was read */
        unsigned last_column; /* of the last field of the row */
        struct recording_header header;
        char text[RECORDING_LINE_MAX + 1];
        uint8_t packet[PACKET_SIZE_MAX];
        char error[RECORDING_ERROR_MAX];
};

struct field {
        char *text;
        unsigned column; /* from 1 */
};

/* The next line in r->text, without its newline. 1, 0 at the end of the file, or a fault. */
int reader_line(struct recording *r);

/* Header lines up to and with the line of columns. 0 or a fault. */
int reader_header(struct recording *r);

/* Cut s in place at each separator. Returns the number of fields, of which up to FIELDS_MAX are stored. */
unsigned reader_split(char *s, unsigned column, char separator, struct field ret[static FIELDS_MAX]);

/* "file:line:column: what, allowed, given": the fault of a field. format says what is wrong and what is allowed.
 * Returns -EBADMSG. */
int reader_fault(struct recording *r, const struct field *f, const char *format, ...) _printf_(3, 4);

/* Figures of a field, with the fault told. */
int reader_double(
        struct recording *r, const struct field *f, const char *name, double min, double max, double *ret);
int reader_u64(struct recording *r, const struct field *f, const char *name, uint64_t min, uint64_t max,
        uint64_t *ret);
int reader_seconds(struct recording *r, const struct field *f, const char *name, uint64_t *ret_us);

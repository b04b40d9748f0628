/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of recordings: opening, lines and rows. The header is header.c's. */

#include "recording/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "recording/recording.h"
#include "util/macros.h"
#include "util/number.h"
#include "util/utf8.h"

#define GIVEN_MAX 48 /* bytes of the faulty text that a fault quotes */

static _printf_(4, 0) int set_error(
        struct recording *r, int status, unsigned column, const char *format, va_list ap) {
        int n;

        r->failed = true;
        r->status = status;
        n = snprintf(r->error, sizeof(r->error), "%s:%u:%u: ", r->name, r->line, column);
        if (n >= 0 && (size_t) n < sizeof(r->error))
                vsnprintf(r->error + n, sizeof(r->error) - (size_t) n, format, ap);
        return status;
}

int recording_fail(struct recording *r, unsigned column, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        set_error(r, -EBADMSG, column > 0 ? column : r->last_column, format, ap);
        va_end(ap);
        return -EBADMSG;
}

/* How much of s fits into a quotation, in whole characters. */
static int quoted_length(const char *s) {
        size_t n = strlen(s), used = 0;

        while (used < n) {
                size_t length = utf8_character(s + used, n - used);

                if (length == 0 || used + length > GIVEN_MAX)
                        break;
                used += length;
        }
        return (int) used;
}

int reader_fault(struct recording *r, const struct field *f, const char *format, ...) {
        char what[RECORDING_ERROR_MAX / 2];
        int n = quoted_length(f->text);
        va_list ap;

        va_start(ap, format);
        vsnprintf(what, sizeof(what), format, ap);
        va_end(ap);
        return recording_fail(r, f->column, "%s, \"%.*s\"%s was given%s", what, n, f->text,
                f->text[n] != '\0' ? "..." : "", r->unterminated ? " (the file ends in this line)" : "");
}

static int system_fault(struct recording *r, int error) {
        r->failed = true;
        r->status = -error;
        snprintf(r->error, sizeof(r->error), "%s: %s", r->name, strerrordesc_np(error));
        return -error;
}

/* Text only: control characters and broken UTF-8 mean that this is some other kind of file. */
static int check_text(struct recording *r, size_t n) {
        for (size_t i = 0, length; i < n; i += length) {
                length = utf8_printable(r->text + i, n - i);
                if (length == 0)
                        return recording_fail(r, (unsigned) i + 1,
                                "not a text file: UTF-8 text is allowed, byte 0x%02x was given",
                                (unsigned) (unsigned char) r->text[i]);
        }
        return 0;
}

int reader_line(struct recording *r) {
        size_t n = 0;
        int c;

        r->unterminated = false;
        r->line++;
        while ((c = getc_unlocked(r->stream)) != EOF && c != '\n') {
                r->read++;
                if (n == RECORDING_LINE_MAX)
                        return recording_fail(
                                r, (unsigned) n + 1, "line too long: %d bytes are allowed", RECORDING_LINE_MAX);
                r->text[n++] = (char) c;
        }
        if (c == EOF) {
                if (ferror_unlocked(r->stream))
                        return system_fault(r, errno > 0 ? errno : EIO);
                if (n == 0)
                        return 0;
                r->unterminated = true;
        } else
                r->read++;
        if (n > 0 && r->text[n - 1] == '\r') /* written on another system */
                n--;
        r->text[n] = '\0';
        return check_text(r, n) < 0 ? r->status : 1;
}

unsigned reader_split(char *s, unsigned column, char separator, struct field ret[static FIELDS_MAX]) {
        unsigned n = 0;

        for (char *start = s, *end;; start = end + 1) {
                end = strchr(start, separator);
                if (n < FIELDS_MAX)
                        ret[n] = (struct field){start, column + (unsigned) (start - s)};
                n++;
                if (!end)
                        return n;
                *end = '\0';
        }
}

int reader_double(
        struct recording *r, const struct field *f, const char *name, double min, double max, double *ret) {
        int k = number_parse_double(f->text, min, max, ret);

        if (k == -ERANGE)
                return reader_fault(r, f, "%s is out of range: %g to %g is allowed", name, min, max);
        if (k < 0)
                return reader_fault(r, f, "%s is no number: a finite decimal number is allowed", name);
        return 0;
}

int reader_u64(struct recording *r, const struct field *f, const char *name, uint64_t min, uint64_t max,
        uint64_t *ret) {
        int k = number_parse_u64(f->text, min, max, ret);

        if (k == -ERANGE)
                return reader_fault(
                        r, f, "%s is out of range: %" PRIu64 " to %" PRIu64 " is allowed", name, min, max);
        if (k < 0)
                return reader_fault(r, f, "%s is no whole number: decimal digits are allowed", name);
        return 0;
}

int reader_seconds(struct recording *r, const struct field *f, const char *name, uint64_t *ret_us) {
        double s;
        int k;

        k = reader_double(r, f, name, 0, RECORDING_TIME_MAX_S, &s);
        if (k < 0)
                return k;
        *ret_us = (uint64_t) llrint(s * 1e6);
        return 0;
}

/* A row is counted before it is cut, so that a fault can quote it whole. */
static int check_columns(struct recording *r, unsigned wanted, const char *names) {
        struct field whole = {r->text, 1};
        unsigned n = 1;

        for (const char *s = r->text; *s; s++)
                n += *s == ',';
        if (n == wanted)
                return 0;
        return reader_fault(r, &whole, "%s columns: %u (%s) are allowed, not %u",
                n < wanted ? "missing" : "too many", wanted, names, n);
}

static int read_sample(struct recording *r, struct recording_row *ret) {
        static const char *const names[] = {"t", "ax", "ay", "az", "gx", "gy", "gz"};
        struct field fields[FIELDS_MAX] = {{NULL, 0}};
        struct recording_row row = {0};
        int k;

        k = check_columns(r, ARRAY_SIZE(names), RECORDING_COLUMNS_SAMPLES);
        if (k < 0)
                return k;
        reader_split(r->text, 1, ',', fields);
        k = reader_seconds(r, &fields[0], names[0], &row.t_us);
        if (k < 0)
                return k;
        if (r->any && row.t_us <= r->last_us)
                return reader_fault(r, &fields[0], "t %s: more than %" PRIu64 ".%06" PRIu64 " is allowed",
                        row.t_us < r->last_us ? "runs backwards" : "stands still", r->last_us / 1000000,
                        r->last_us % 1000000);
        for (unsigned i = 0; i < 3 && k >= 0; i++)
                k = reader_double(r, &fields[1 + i], names[1 + i], -RECORDING_FORCE_MAX_MPS2,
                        RECORDING_FORCE_MAX_MPS2, &row.f_mps2[i]);
        for (unsigned i = 0; i < 3 && k >= 0; i++)
                k = reader_double(r, &fields[4 + i], names[4 + i], -RECORDING_RATE_MAX_RADPS,
                        RECORDING_RATE_MAX_RADPS, &row.w_radps[i]);
        if (k < 0)
                return k;
        *ret = row;
        return 1;
}

static int read_packet(struct recording *r, struct recording_row *ret) {
        bool streams = *r->header.profile != '\0';
        struct field fields[FIELDS_MAX] = {{NULL, 0}}, *packet = &fields[streams ? 2 : 1];
        struct recording_row row = {.bytes = r->packet};
        uint64_t stream = 0;
        int k;

        k = check_columns(r, streams ? 3 : 2, streams ? RECORDING_COLUMNS_STREAMS : RECORDING_COLUMNS_PACKETS);
        if (k < 0)
                return k;
        reader_split(r->text, 1, ',', fields);
        r->last_column = packet->column;
        k = reader_u64(r, &fields[0], "arrival_us", 0, (uint64_t) (RECORDING_TIME_MAX_S * 1e6), &row.t_us);
        if (k < 0)
                return k;
        if (r->any && row.t_us < r->last_us)
                return reader_fault(
                        r, &fields[0], "arrival_us runs backwards: %" PRIu64 " or more is allowed", r->last_us);
        if (streams)
                k = reader_u64(r, &fields[1], "stream", 0, GATT_STREAMS_MAX - 1, &stream);
        if (k < 0)
                return k;
        row.stream = (unsigned) stream;
        k = number_parse_hex(packet->text, r->packet, sizeof(r->packet), &row.n_bytes);
        if (k < 0)
                return reader_fault(r, packet,
                        "packet is %s: 1 to %d bytes as pairs of hexadecimal digits are allowed",
                        k == -ERANGE ? "too long" : "not hexadecimal", PACKET_SIZE_MAX);
        *ret = row;
        return 1;
}

int recording_next(struct recording *r, struct recording_row *ret) {
        int k;

        if (r->failed)
                return r->status;
        k = reader_line(r);
        if (k < 0)
                return k;
        if (k == 0)
                return r->any
                        ? 0
                        : recording_fail(r, 1, "no rows: at least one is needed after the line of columns");
        k = r->header.layout == RECORDING_PACKETS ? read_packet(r, ret) : read_sample(r, ret);
        if (k > 0) {
                r->last_us = ret->t_us;
                r->any = true;
        }
        return k;
}

int recording_open_stream(FILE *stream, const char *name, struct recording **ret) {
        struct recording *r = calloc(1, sizeof(*r));
        struct stat st;

        if (!r)
                return -ENOMEM;
        r->name = strdup(name);
        if (!r->name) {
                free(r);
                return -ENOMEM;
        }
        r->stream = stream;
        r->header.rate_hz = NAN;
        r->header.truth.count = -1;
        *ret = r;
        if (!stream)
                return system_fault(r, errno);
        if (fileno(stream) >= 0 && fstat(fileno(stream), &st) >= 0) {
                if (S_ISDIR(st.st_mode))
                        return system_fault(r, EISDIR);
                if (S_ISREG(st.st_mode))
                        r->size = (uint64_t) st.st_size;
        }
        return reader_header(r);
}

int recording_open(const char *path, struct recording **ret) {
        bool standard_input = strcmp(path, "-") == 0;
        FILE *stream = standard_input ? stdin : fopen(path, "re");
        int k;

        k = recording_open_stream(stream, standard_input ? "<stdin>" : path, ret);
        if (k == -ENOMEM) {
                if (stream && !standard_input)
                        fclose(stream);
                return k;
        }
        (*ret)->own_stream = !standard_input;
        return k;
}

void truth_done(struct truth *t) {
        free(t->phases);
        free(t->reps);
        free(t->moves);
        *t = (struct truth){.count = -1};
}

void recording_free(struct recording *r) {
        if (!r)
                return;
        if (r->own_stream && r->stream)
                fclose(r->stream);
        truth_done(&r->header.truth);
        free(r->name);
        free(r);
}

const struct recording_header *recording_get_header(const struct recording *r) {
        return &r->header;
}

struct recording_position recording_get_position(const struct recording *r) {
        return (struct recording_position){.bytes = r->read, .total = r->size};
}

const char *recording_error(const struct recording *r) {
        return r->error;
}

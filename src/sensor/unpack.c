/* SPDX-License-Identifier: Apache-2.0 */
/* Packets to raw samples. What a profile promises was proven when it was loaded (profile-check.c): every field lies
 * within the packet's least length, so that here the length is looked at once and then bytes are simply read. */

#include "sensor/unpack.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <repcast/sample.h>

#include "util/bytes.h"
#include "util/macros.h"
#include "util/number.h"

/* Figures beyond these are no sensor's: 200 g, 11500 degrees a second. */
#define FORCE_MAX_MPS2 2000.0
#define RATE_MAX_RADPS 200.0

#define NUMBER_MAX 40 /* bytes of a number in a line, with the NUL */

static const struct {
        unsigned size;
        bool is_signed;
} types[_TYPE_MAX] = {
        [TYPE_I8] = {1, true},
        [TYPE_U8] = {1, false},
        [TYPE_I16] = {2, true},
        [TYPE_U16] = {2, false},
        [TYPE_I24] = {3, true},
        [TYPE_U24] = {3, false},
        [TYPE_I32] = {4, true},
        [TYPE_U32] = {4, false},
        [TYPE_U64] = {8, false},
        [TYPE_F32] = {4, true},
};

unsigned type_size(enum profile_type type) {
        return types[type].size;
}

double type_max(enum profile_type type) {
        if (type == TYPE_F32)
                return 0;
        return ldexp(1, (int) (8 * types[type].size - types[type].is_signed)) - 1;
}

double type_min(enum profile_type type) {
        return type == TYPE_F32 || !types[type].is_signed ? 0 : -type_max(type) - 1;
}

uint64_t unpack_unsigned(const struct profile_field *f, const uint8_t *at) {
        struct bytes b = bytes_of(at, types[f->type].size);

        return f->big_endian ? bytes_be(&b, types[f->type].size) : bytes_le(&b, types[f->type].size);
}

double unpack_number(const struct profile_field *f, const uint8_t *at) {
        uint64_t u = unpack_unsigned(f, at);
        unsigned bits = 8 * types[f->type].size;

        if (f->type == TYPE_F32)
                return (double) bytes_float((uint32_t) u);
        if (types[f->type].is_signed && u >> (bits - 1) != 0)
                return (double) u - ldexp(1, (int) bits);
        return (double) u;
}

bool unpack_is(const struct profile_when *when, const uint8_t *bytes, size_t n) {
        if (when->offset + when->n > n)
                return false;
        for (unsigned i = 0; i < when->n; i++)
                if ((bytes[when->offset + i] & when->mask[i]) != when->bytes[i])
                        return false;
        return true;
}

int unpack_find(const struct profile *p, unsigned stream, const uint8_t *bytes, size_t n) {
        int found = -ENOENT;

        for (unsigned i = 0; i < p->n_packets; i++) {
                const struct profile_packet *packet = &p->packets[i];

                if (packet->stream != stream || !unpack_is(&packet->when, bytes, n))
                        continue;
                if (n >= packet->length_min && n <= packet->length_max)
                        return (int) i;
                found = -EBADMSG;
        }
        return found;
}

/* Three numbers of the packet into the three axes of the sample. Returns whether they are a sensor's. */
static bool take_axes(const struct profile_axes *axes, const double v[static 3], bool at_end, double limit,
        double ret[static 3], uint16_t *flags) {
        double scale = axes->scale * axes->si, clip = axes->clip * axes->si;

        for (unsigned i = 0; i < 3; i++) {
                ret[i] = axes->sign[i] * (v[axes->from[i]] * scale);
                if (at_end || fabs(ret[i]) >= clip)
                        *flags |= SAMPLE_CLIPPED;
                if (!(fabs(ret[i]) <= limit)) /* NaN as well */
                        return false;
        }
        return true;
}

static bool read_axes(const struct profile_axes *axes, const uint8_t *at, double limit, double ret[static 3],
        uint16_t *flags) {
        const struct profile_field *f = &axes->field;
        double v[3], min = type_min(f->type), max = type_max(f->type);
        bool at_end = false;

        for (size_t i = 0; i < 3; i++) {
                v[i] = unpack_number(f, at + i * types[f->type].size);
                at_end |= max > 0 && (v[i] >= max || (min < 0 && v[i] <= min));
        }
        return take_axes(axes, v, at_end, limit, ret, flags);
}

unsigned unpack_place(
        const struct profile_packet *packet, const struct profile_axes *axes, unsigned n, unsigned k) {
        unsigned offset = axes->field.offset;

        if (packet->planar)
                return packet->base + n * offset + k * 3 * types[axes->field.type].size;
        return packet->base + k * packet->stride + offset;
}

/* Samples in a packet of this length; 0 = it contradicts itself. */
static unsigned samples_in(const struct profile_packet *packet, const uint8_t *bytes, size_t n) {
        size_t room = n - packet->base, samples;

        if (packet->samples > 0)
                return packet->samples;
        samples = room / packet->stride;
        if (samples * packet->stride != room)
                return 0;
        if (packet->count.present && unpack_unsigned(&packet->count, bytes + packet->count.offset) != samples)
                return 0;
        return (unsigned) samples;
}

static int unpack_binary(
        const struct profile_packet *packet, const uint8_t *bytes, size_t n, struct unpacked *ret) {
        ret->n = samples_in(packet, bytes, n);
        if (ret->n == 0)
                return -EBADMSG;
        if (packet->time.present)
                ret->time = unpack_unsigned(&packet->time, bytes + packet->time.offset);
        if (packet->seq.present)
                ret->seq = unpack_unsigned(&packet->seq, bytes + packet->seq.offset);
        for (unsigned k = 0; k < ret->n; k++) {
                struct unpacked_sample *s = &ret->samples[k];

                *s = (struct unpacked_sample){.flags = 0};
                if (packet->acc.field.present &&
                        !read_axes(&packet->acc, bytes + unpack_place(packet, &packet->acc, ret->n, k),
                                FORCE_MAX_MPS2, s->f_mps2, &s->flags))
                        return -EBADMSG;
                if (packet->gyro.field.present &&
                        !read_axes(&packet->gyro, bytes + unpack_place(packet, &packet->gyro, ret->n, k),
                                RATE_MAX_RADPS, s->w_radps, &s->flags))
                        return -EBADMSG;
        }
        return 0;
}

/* ---- lines ---- */

struct word {
        const uint8_t *at;
        size_t n;
};

/* The next column; its end is the separator or the line's. Blanks around it do not count. */
static bool next_word(const struct profile_packet *packet, struct bytes *line, struct word *ret) {
        const uint8_t *end;

        if (!line->at)
                return false;
        end = memchr(line->at, packet->separator, bytes_left(line));
        *ret = (struct word){line->at, (size_t) ((end ? end : line->end) - line->at)};
        line->at = end ? end + 1 : NULL;
        while (ret->n > 0 && (*ret->at == ' ' || *ret->at == '\t'))
                ret->at++, ret->n--;
        while (ret->n > 0 && (ret->at[ret->n - 1] == ' ' || ret->at[ret->n - 1] == '\t'))
                ret->n--;
        return true;
}

static bool number_of(const struct word *w, double *ret) {
        char text[NUMBER_MAX];

        if (w->n >= sizeof(text) || memchr(w->at, '\0', w->n))
                return false;
        memcpy(text, w->at, w->n);
        text[w->n] = '\0';
        return number_parse_double(text, -1e15, 1e15, ret) >= 0;
}

static bool is_tag(const struct profile_packet *packet, const struct word *w) {
        return w->n == strlen(packet->tag) && memcmp(w->at, packet->tag, w->n) == 0;
}

/* A clock of 32 bits wraps where these 32 bits do, and so do the low bits of a wider one. */
static uint64_t low_ticks(double ticks) {
        const double wrap = 4294967296.0;
        double low = fmod(rint(ticks), wrap);

        return (uint64_t) (low < 0 ? low + wrap : low);
}

/* The figures of a line by column, up to its end. */
static int read_columns(
        const struct profile_packet *packet, const uint8_t *bytes, size_t n, double ret[static _COLUMN_MAX]) {
        struct bytes line = bytes_of(bytes, n);
        struct word w;
        bool good = true;

        for (unsigned i = 0; i < packet->n_columns; i++) {
                enum profile_column column = packet->columns[i];

                if (!next_word(packet, &line, &w))
                        return -EBADMSG;
                if (column == COLUMN_TAG && !is_tag(packet, &w))
                        return -ENOENT;
                if (column != COLUMN_TAG && column != COLUMN_SKIP)
                        good &= number_of(&w, &ret[column]);
        }
        return good && !line.at ? 0 : -EBADMSG; /* with more columns it is another kind of line */
}

static int unpack_line(
        const struct profile_packet *packet, const uint8_t *bytes, size_t n, struct unpacked *ret) {
        struct unpacked_sample *s = &ret->samples[0];
        double v[_COLUMN_MAX] = {0};
        int r = read_columns(packet, bytes, n, v);

        if (r < 0)
                return r;
        ret->n = 1;
        *s = (struct unpacked_sample){.flags = 0};
        if (packet->time.present)
                ret->time = low_ticks(v[COLUMN_TIME] * packet->time_ticks);
        if (packet->acc.field.present &&
                !take_axes(&packet->acc, &v[COLUMN_AX], false, FORCE_MAX_MPS2, s->f_mps2, &s->flags))
                return -EBADMSG;
        if (packet->gyro.field.present &&
                !take_axes(&packet->gyro, &v[COLUMN_GX], false, RATE_MAX_RADPS, s->w_radps, &s->flags))
                return -EBADMSG;
        return 0;
}

int unpack(const struct profile_packet *packet, const uint8_t *bytes, size_t n, struct unpacked *ret) {
        ret->n = 0;
        ret->time = ret->seq = 0;
        if (packet->n_columns > 0)
                return unpack_line(packet, bytes, n, ret);
        return unpack_binary(packet, bytes, n, ret);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder: each step of unpack.c backwards. */

#include "sensor/encoder.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sensor/unpack.h"
#include "util/bytes.h"
#include "util/macros.h"

#define LINE_FIGURE_MAX 1e12 /* beyond any figure of a line */

/* ---- numbers ---- */

static void put_unsigned(const struct profile_field *f, uint8_t *at, uint64_t value) {
        unsigned size = type_size(f->type);

        for (unsigned i = 0; i < size; i++)
                at[f->big_endian ? size - 1 - i : i] = (uint8_t) (value >> (8 * i));
}

static void put_number(const struct profile_field *f, uint8_t *at, double value) {
        float single;
        uint32_t bits;

        if (f->type == TYPE_F32) {
                single = (float) value;
                memcpy(&bits, &single, sizeof(bits));
                put_unsigned(f, at, bits);
                return;
        }
        value = CLAMP(rint(value), type_min(f->type), type_max(f->type));
        /* The ends of 64 bits are not doubles; nothing that is measured comes near. */
        put_unsigned(f, at, value < 0 ? (uint64_t) (int64_t) value : (uint64_t) value);
}

static void raw_axes(const struct profile_axes *axes, const double v[static 3], double ret[static 3]) {
        for (unsigned i = 0; i < 3; i++)
                ret[axes->from[i]] = axes->sign[i] * v[i] / (axes->si * axes->scale);
}

/* Ticks of a clock of whole hertz. */
static uint64_t ticks_at(double hz, uint64_t t_us) {
        uint64_t whole = (uint64_t) hz;

        return t_us / 1000000 * whole + t_us % 1000000 * whole / 1000000;
}

/* ---- packets ---- */

static void put_axes(const struct profile_packet *packet, const struct profile_axes *axes, unsigned n,
        unsigned k, const double v[static 3], uint8_t *bytes) {
        unsigned size = type_size(axes->field.type);
        double raw[3] = {0}; /* axes->from[] is a permutation, which an analyser cannot know */

        if (!axes->field.present)
                return;
        raw_axes(axes, v, raw);
        for (size_t i = 0; i < 3; i++)
                put_number(&axes->field, bytes + unpack_place(packet, axes, n, k) + i * size, raw[i]);
}

static unsigned pack_binary(const struct encoder_part *part, uint8_t bytes[static GATT_VALUE_MAX]) {
        const struct profile_packet *packet = part->packet;
        unsigned n = part->n,
                 length = packet->samples > 0 ? packet->length_min : packet->base + n * packet->stride;
        const struct sample *at = &part->samples[packet->time_last ? n - 1 : 0];

        memset(bytes, 0, length);
        for (unsigned k = 0; k < n; k++) {
                put_axes(packet, &packet->acc, n, k, part->samples[k].f_mps2, bytes);
                put_axes(packet, &packet->gyro, n, k, part->samples[k].w_radps, bytes);
        }
        if (packet->count.present)
                put_unsigned(&packet->count, bytes + packet->count.offset, n);
        if (packet->seq.present)
                put_unsigned(&packet->seq, bytes + packet->seq.offset, part->seq);
        if (packet->time.present)
                put_unsigned(&packet->time, bytes + packet->time.offset,
                        packet->time_hz > 0 ? ticks_at(packet->time_hz, at->t_us)
                                            : part->count + (packet->time_last ? n - 1 : 0));
        for (unsigned i = 0; i < packet->when.n; i++) {
                uint8_t *byte = &bytes[packet->when.offset + i];

                *byte = (uint8_t) ((*byte & ~packet->when.mask[i]) | packet->when.bytes[i]);
        }
        return length;
}

/* A number with the decimals that its scale leaves worth telling; whatever the locale, with a point. */
static int print_number(double value, double scale, char *ret, size_t size) {
        unsigned long long parts = scale < 0.1 ? 10 : 10000, fixed;

        value = CLAMP(value, -LINE_FIGURE_MAX, LINE_FIGURE_MAX);
        fixed = (unsigned long long) rint(fabs(value) * (double) parts);
        return snprintf(ret, size, "%s%llu.%0*llu", value < 0 && fixed > 0 ? "-" : "", fixed / parts,
                parts == 10 ? 1 : 4, fixed % parts);
}

static int print_column(const struct profile_packet *packet, const struct sample *s, enum profile_column column,
        char *ret, size_t size) {
        double acc[3] = {0}, gyro[3] = {0};
        uint64_t t_us = s->t_us;

        switch (column) {
        case COLUMN_SKIP:
        case _COLUMN_MAX:
                break;
        case COLUMN_TAG:
                return snprintf(ret, size, "%s", packet->tag);
        case COLUMN_TIME:
                if (packet->time_ticks > 1) /* seconds */
                        return snprintf(ret, size, "%llu.%06llu", (unsigned long long) (t_us / 1000000),
                                (unsigned long long) (t_us % 1000000));
                return snprintf(ret, size, "%llu", (unsigned long long) ticks_at(packet->time_hz, t_us));
        case COLUMN_AX:
        case COLUMN_AY:
        case COLUMN_AZ:
                raw_axes(&packet->acc, s->f_mps2, acc);
                return print_number(acc[column - COLUMN_AX], packet->acc.scale, ret, size);
        case COLUMN_GX:
        case COLUMN_GY:
        case COLUMN_GZ:
                raw_axes(&packet->gyro, s->w_radps, gyro);
                return print_number(gyro[column - COLUMN_GX], packet->gyro.scale, ret, size);
        }
        return snprintf(ret, size, "0");
}

/* Returns 0 for a line that is longer than the profile allows: it would be passed over anyhow. */
static unsigned pack_line(
        const struct encoder_part *part, unsigned longest, uint8_t bytes[static GATT_VALUE_MAX]) {
        const struct profile_packet *packet = part->packet;
        char column[64];
        unsigned length = 0;

        for (unsigned i = 0; i < packet->n_columns; i++) {
                int n = print_column(packet, &part->samples[0], packet->columns[i], column, sizeof(column));

                if (n < 0 || (size_t) n >= sizeof(column) ||
                        length + (unsigned) n + 2 > MIN(longest, (unsigned) GATT_VALUE_MAX))
                        return 0;
                memcpy(bytes + length, column, (size_t) n);
                length += (unsigned) n;
                bytes[length++] = i + 1 < packet->n_columns ? (uint8_t) packet->separator : '\n';
        }
        return length;
}

/* ---- notifications ---- */

static void notify(struct encoder *e, struct encoder_part *part) {
        if (part->n_bytes > 0)
                e->sink(e->userdata, part->packet->stream, part->bytes, part->n_bytes);
        part->n_bytes = part->n_packets = 0;
}

/* A stream of bytes is cut wherever a notification is full. */
static void stream_bytes(struct encoder *e, struct encoder_part *part, const uint8_t *bytes, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                if (part->n_bytes == e->value_max)
                        notify(e, part);
                part->bytes[part->n_bytes++] = bytes[i];
        }
        if (++part->n_packets >= e->batch)
                notify(e, part);
}

static void packet_is_full(struct encoder *e, struct encoder_part *part) {
        const struct profile_stream *stream = &e->profile->streams[part->packet->stream];
        uint8_t bytes[GATT_VALUE_MAX];
        unsigned n;

        if (stream->framing == FRAMING_LINES)
                n = pack_line(part, stream->size, bytes);
        else
                n = pack_binary(part, bytes);
        part->seq++;
        part->count += part->n;
        part->n = 0;
        if (stream->framing == FRAMING_MESSAGE)
                e->sink(e->userdata, part->packet->stream, bytes, n);
        else
                stream_bytes(e, part, bytes, n);
}

void encoder_push(struct encoder *e, const struct sample *s) {
        for (unsigned i = 0; i < ARRAY_SIZE(e->parts); i++) {
                struct encoder_part *part = &e->parts[i];

                if (!part->packet)
                        continue;
                part->samples[part->n++] = *s;
                if (part->n == part->wanted)
                        packet_is_full(e, part);
        }
}

void encoder_flush(struct encoder *e) {
        for (unsigned i = 0; i < ARRAY_SIZE(e->parts); i++) {
                struct encoder_part *part = &e->parts[i];

                if (!part->packet)
                        continue;
                if (part->n > 0 && part->packet->samples == 0)
                        packet_is_full(e, part);
                notify(e, part);
        }
}

/* Samples in a packet; 0 = not even one fits. */
static unsigned samples_wanted(const struct encoder *e, const struct profile_packet *packet) {
        size_t most;

        if (e->profile->streams[packet->stream].framing != FRAMING_MESSAGE)
                return packet->samples; /* cut anywhere */
        most = MIN(e->value_max, (size_t) packet->length_max);
        if (packet->samples > 0)
                return packet->length_min <= most ? packet->samples : 0;
        if (most < packet->base + packet->stride)
                return 0;
        return (unsigned) MIN((most - packet->base) / packet->stride, (size_t) e->batch);
}

int encoder_init(struct encoder *e, const struct profile *profile, unsigned batch, size_t value_max,
        encoder_sink sink, void *userdata) {
        if (batch < 1 || batch > PROFILE_SAMPLES_MAX || value_max < 20 || value_max > GATT_VALUE_MAX)
                return -EINVAL;
        memset(e, 0, sizeof(*e));
        e->profile = profile;
        e->batch = batch;
        e->value_max = value_max;
        e->sink = sink;
        e->userdata = userdata;
        for (unsigned i = 0; i < profile->n_packets; i++) {
                const struct profile_packet *packet = &profile->packets[i];
                struct encoder_part *part = &e->parts[packet->joined ? 1 : 0];

                if (part->packet)
                        continue;
                part->packet = packet;
                part->wanted = samples_wanted(e, packet);
                if (part->wanted == 0)
                        return -EMSGSIZE;
        }
        return 0;
}

/* ---- battery ---- */

/* What stands in the profile's table at so many per cent. */
static double out_of_table(const struct profile_battery *b, double percent) {
        if (percent >= b->table[0].percent)
                return b->table[0].at;
        for (unsigned i = 1; i < b->n_table; i++) {
                double above = b->table[i - 1].percent, below = b->table[i].percent;

                if (percent >= below && above > below)
                        return b->table[i].at +
                                (percent - below) / (above - below) * (b->table[i - 1].at - b->table[i].at);
        }
        return b->table[b->n_table - 1].at;
}

int encoder_battery(
        const struct profile *profile, double percent, uint8_t ret[static GATT_VALUE_MAX], int *ret_stream) {
        const struct profile_battery *b = &profile->battery;
        unsigned length = b->value.offset + type_size(b->value.type);
        double value;

        if (!b->value.present)
                return -ENOTSUP;
        percent = CLAMP(percent, 0.0, 100.0);
        value = (b->n_table > 0 ? out_of_table(b, percent) : percent) / b->scale;
        *ret_stream = -1;
        if (b->kind == GATT_BATTERY_STREAM) {
                length = MAX(length, b->when.offset + b->when.n);
                if (profile->streams[b->stream].framing == FRAMING_FIXED)
                        length = profile->streams[b->stream].size;
                *ret_stream = (int) b->stream;
        }
        memset(ret, 0, length);
        put_number(&b->value, ret + b->value.offset, value);
        for (unsigned i = 0; i < b->when.n && b->kind == GATT_BATTERY_STREAM; i++)
                ret[b->when.offset + i] = b->when.bytes[i];
        return (int) length;
}

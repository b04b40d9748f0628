/* SPDX-License-Identifier: Apache-2.0 */
/* The proof that a profile holds together: whatever a packet of an allowed length contains, nothing beyond it is read,
 * no more samples come of it than there is room for, and each step makes a write that a plan can hold. */

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sensor/profile-private.h"
#include "sensor/unpack.h"

_printf_(3, 4) static void fault(struct load *l, const struct profile_packet *packet, const char *format, ...) {
        char text[512];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        faults_add(l->faults, l->path, packet->line, "[packet %s]: %s", packet->name, text);
}

static unsigned end_of(const struct profile_field *f, unsigned n) {
        return f->present && !f->text ? f->offset + n * type_size(f->type) : 0;
}

/* Bytes of one sample from its base. */
static unsigned extent(const struct profile_packet *packet) {
        return MAX(end_of(&packet->acc.field, 3), end_of(&packet->gyro.field, 3));
}

static unsigned most_samples(const struct profile_packet *packet) {
        if (packet->samples > 0 || packet->stride == 0)
                return packet->samples;
        return (packet->length_max - packet->base) / packet->stride;
}

/* ---- binary packets ---- */

static void prove_length(struct load *l, struct profile_packet *packet, const struct profile_stream *stream) {
        if (stream->framing == FRAMING_FIXED && packet->length_min > 0)
                fault(l, packet, "Length= is that of the stream, %u; leave it out", stream->size);
        else if (stream->framing == FRAMING_FIXED)
                packet->length_min = packet->length_max = stream->size;
        else if (packet->length_min == 0)
                fault(l, packet, "Length= is missing; allowed is BYTES or LEAST..MOST");
}

static void prove_samples(struct load *l, struct profile_packet *packet, bool fixed) {
        unsigned bytes = extent(packet), least = packet->length_min;

        if (packet->base >= least) {
                fault(l, packet, "Base=%u is not within the packet's %u bytes", packet->base, least);
                return;
        }
        if (packet->samples == 1 && packet->stride == 0)
                packet->stride = least - packet->base;
        if (packet->stride == 0)
                fault(l, packet, "Stride= is missing; it is needed where there is more than one sample");
        else if (bytes > packet->stride)
                fault(l, packet, "a sample of %u bytes does not fit into Stride=%u", bytes, packet->stride);
        else if (packet->base + MAX(packet->samples, 1U) * packet->stride > least)
                fault(l, packet, "%u samples need %u bytes, but the packet may have only %u",
                        MAX(packet->samples, 1U), packet->base + MAX(packet->samples, 1U) * packet->stride,
                        least);
        else if (most_samples(packet) > PROFILE_SAMPLES_MAX)
                fault(l, packet, "up to %u samples; %d are allowed", most_samples(packet), PROFILE_SAMPLES_MAX);
        if (packet->samples == 0 && fixed)
                fault(l, packet, "Samples=rest is not for Framing=fixed, where it is always the same number");
        if (packet->count.present && packet->samples > 0)
                fault(l, packet, "Count= is for Samples=rest only");
}

static void prove_fields(struct load *l, const struct profile_packet *packet) {
        const struct {
                const char *key;
                unsigned end;
        } fields[] = {
                {"When", packet->when.offset + packet->when.n},
                {"Time", end_of(&packet->time, 1)},
                {"Seq", end_of(&packet->seq, 1)},
                {"Count", end_of(&packet->count, 1)},
        };

        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
                if (fields[i].end > packet->length_min)
                        fault(l, packet, "%s= ends at byte %u, but the packet may have only %u", fields[i].key,
                                fields[i].end, packet->length_min);
}

static void prove_binary(struct load *l, struct profile_packet *packet, const struct profile_stream *stream) {
        if (packet->n_columns > 0 || *packet->tag || packet->acc.field.text || packet->gyro.field.text ||
                packet->time.text) {
                fault(l, packet, "Columns=, Tag= and figures without offset are for Framing=lines only");
                return;
        }
        prove_length(l, packet, stream);
        if (packet->length_min == 0)
                return;
        prove_samples(l, packet, stream->framing == FRAMING_FIXED);
        prove_fields(l, packet);
}

/* ---- lines ---- */

static void prove_line(struct load *l, struct profile_packet *packet, const struct profile_stream *stream) {
        const unsigned acc = 1U << COLUMN_AX | 1U << COLUMN_AY | 1U << COLUMN_AZ,
                       gyro = 1U << COLUMN_GX | 1U << COLUMN_GY | 1U << COLUMN_GZ;
        const struct {
                const char *key, *columns;
                unsigned wanted;
                bool given;
        } pairs[] = {
                {"Acc", "ax, ay and az", acc, packet->acc.field.text},
                {"Gyro", "gx, gy and gz", gyro, packet->gyro.field.text},
                {"Time", "time", 1U << COLUMN_TIME, packet->time.text},
                {"Tag", "tag", 1U << COLUMN_TAG, *packet->tag != '\0'},
        };

        if (packet->length_min > 0 || packet->base > 0 || packet->stride > 0 || packet->samples != 1 ||
                packet->planar || packet->when.n > 0 || packet->count.present || packet->seq.present ||
                (packet->acc.field.present && !packet->acc.field.text) ||
                (packet->gyro.field.present && !packet->gyro.field.text) ||
                (packet->time.present && !packet->time.text)) {
                fault(l, packet,
                        "offsets, When=, Length=, Samples=, Base=, Stride=, Order=, Count= and Seq= are not "
                        "for "
                        "Framing=lines");
                return;
        }
        if (packet->n_columns == 0)
                fault(l, packet, "Columns= is missing; a line is read by it");
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
                if ((packet->columns_seen & pairs[i].wanted) != (pairs[i].given ? pairs[i].wanted : 0))
                        fault(l, packet, "%s= and %s in Columns= need each other", pairs[i].key,
                                pairs[i].columns);
        packet->length_min = 1;
        packet->length_max = stream->size;
}

/* ---- packets together ---- */

static void prove_packet(struct load *l, struct profile_packet *packet) {
        const struct profile_stream *stream = &l->profile->streams[packet->stream];

        if (!packet->acc.field.present && !packet->gyro.field.present)
                fault(l, packet, "holds neither Acc= nor Gyro=");
        if ((!packet->acc.field.present && packet->acc.clip < (double) INFINITY) ||
                (!packet->gyro.field.present && packet->gyro.clip < (double) INFINITY))
                fault(l, packet, "AccClip= needs Acc=, GyroClip= needs Gyro=");
        switch (stream->framing) {
        case FRAMING_MESSAGE:
        case FRAMING_FIXED:
                prove_binary(l, packet, stream);
                break;
        case FRAMING_LINES:
                prove_line(l, packet, stream);
                break;
        case _FRAMING_MAX:
                break;
        }
}

static void prove_join(struct load *l, struct profile_packet *packet) {
        struct profile *p = l->profile;

        if (!*packet->join)
                return;
        if (!packet->acc.field.present || packet->gyro.field.present)
                fault(l, packet, "Join= is for a packet with Acc= and without Gyro=");
        if (most_samples(packet) > PROFILE_JOIN_MAX)
                fault(l, packet, "up to %u samples; %d are allowed where packets are joined",
                        most_samples(packet), PROFILE_JOIN_MAX);
        for (unsigned i = 0; i < p->n_packets; i++) {
                struct profile_packet *other = &p->packets[i];

                if (strcmp(other->name, packet->join) != 0)
                        continue;
                if (!other->gyro.field.present || other->acc.field.present)
                        fault(l, packet, "Join=%s: that packet must have Gyro= and no Acc=", packet->join);
                if (most_samples(other) > PROFILE_JOIN_MAX)
                        fault(l, other, "up to %u samples; %d are allowed where packets are joined",
                                most_samples(other), PROFILE_JOIN_MAX);
                other->joined = true;
                return;
        }
        fault(l, packet, "Join=%s: there is no such packet", packet->join);
}

static bool same_field(const struct profile_field *a, const struct profile_field *b) {
        return a->present == b->present && a->type == b->type;
}

/* Packets of one part follow each other on one timeline: their clocks must be of one kind. */
static void prove_timeline(struct load *l, const struct profile_packet *packet) {
        const struct profile *p = l->profile;

        for (const struct profile_packet *first = p->packets; first < packet; first++) {
                if (first->joined != packet->joined)
                        continue;
                if (!same_field(&first->time, &packet->time) || !same_field(&first->seq, &packet->seq) ||
                        first->time_hz < packet->time_hz || first->time_hz > packet->time_hz)
                        fault(l, packet, "Time= and Seq= must be of the same type and unit as in [packet %s]",
                                first->name);
                if (!*first->join != !*packet->join)
                        fault(l, packet, "either all packets with Acc= have Join= or none, as [packet %s]",
                                first->name);
                break;
        }
}

static bool same_when(const struct profile_when *a, const struct profile_when *b) {
        return a->n == b->n && a->offset == b->offset && memcmp(a->bytes, b->bytes, a->n) == 0 &&
                memcmp(a->mask, b->mask, a->n) == 0;
}

static void prove_distinct(struct load *l, const struct profile_packet *packet) {
        const struct profile *p = l->profile;

        for (const struct profile_packet *first = p->packets; first < packet; first++)
                if (first->stream == packet->stream && first->n_columns == 0 &&
                        (first->when.n == 0 || same_when(&first->when, &packet->when)) &&
                        first->length_min <= packet->length_max && packet->length_min <= first->length_max)
                        fault(l, packet, "would never be: [packet %s] takes what it takes", first->name);
}

static void prove_streams(struct load *l) {
        const struct profile *p = l->profile;

        for (unsigned i = 0; i < p->n_streams; i++) {
                bool used = p->battery.kind == GATT_BATTERY_STREAM && p->battery.stream == i;

                for (unsigned k = 0; k < p->n_packets; k++)
                        used |= p->packets[k].stream == i;
                if (!used)
                        faults_add(
                                l->faults, l->path, 0, "[stream %s]: no packet reads it", p->streams[i].name);
        }
}

/* ---- battery and steps ---- */

static void prove_battery(struct load *l) {
        const struct profile_battery *b = &l->profile->battery;
        const struct profile_stream *stream;

        if (MAX(b->when.offset + b->when.n, end_of(&b->value, 1)) > GATT_VALUE_MAX)
                faults_add(l->faults, l->path, 0, "[battery]: When= and Value= end beyond %d bytes",
                        GATT_VALUE_MAX);
        if (b->kind != GATT_BATTERY_STREAM)
                return;
        stream = &l->profile->streams[b->stream];
        if (stream->framing == FRAMING_LINES)
                faults_add(l->faults, l->path, 0,
                        "[battery]: lines hold no battery; Kind=standard or none is allowed");
        else if (stream->framing == FRAMING_FIXED &&
                MAX(b->when.offset + b->when.n, end_of(&b->value, 1)) > stream->size)
                faults_add(l->faults, l->path, 0,
                        "[battery]: When= and Value= must be within the stream's %u bytes", stream->size);
}

static void prove_sequence(struct load *l, const struct profile_steps *steps, bool subscribes) {
        const struct profile *p = l->profile;
        struct gatt_sequence sequence = {.n_steps = 0};
        unsigned line = 0;
        char why[160];

        for (unsigned i = 0; i < p->n_rates; i++) {
                if (steps_make(p, steps, p->rates[i].code, p->rates[i].hz, &sequence, &line, why) < 0) {
                        faults_add(l->faults, l->path, line, "Step=: %s (at %g Hz)", why, p->rates[i].hz);
                        return;
                }
        }
        for (unsigned i = 0; i < sequence.n_steps && !subscribes; i++)
                if (sequence.steps[i].action == GATT_SUBSCRIBE)
                        faults_add(l->faults, l->path, steps->steps[i].line,
                                "Step=: subscriptions are made in [init] only");
}

/* The subscriptions that are not told come in addition. */
static void prove_subscriptions(struct load *l) {
        const struct profile *p = l->profile;
        struct gatt_plan plan;

        if (profile_plan(p, p->rates[0].hz, &plan) < 0)
                faults_add(l->faults, l->path, 0,
                        "[init]: more than %d steps, subscriptions included; or a stream is "
                        "subscribed twice",
                        GATT_STEPS_MAX);
}

/* The idle rate is no rate of the profile, unless its code is needed. */
static void prove_idle(struct load *l) {
        const struct profile *p = l->profile;
        bool known = p->idle_kind != GATT_IDLE_SLOW;

        for (unsigned i = 0; i < p->n_rates; i++)
                known |= !(p->rates[i].hz < p->idle_hz) && !(p->rates[i].hz > p->idle_hz);
        for (unsigned i = 0; i < p->idle.n && !known; i++)
                if (strstr(p->idle.steps[i].text, "{rate}"))
                        faults_add(l->faults, l->path, p->idle.steps[i].line,
                                "Step=: {rate} needs Hz=%g among the rates", p->idle_hz);
}

void profile_prove(struct load *l) {
        struct profile *p = l->profile;
        unsigned faults_before = l->faults->n;

        for (unsigned i = 0; i < p->n_packets; i++)
                prove_packet(l, &p->packets[i]);
        for (unsigned i = 0; i < p->n_packets; i++)
                prove_join(l, &p->packets[i]);
        for (unsigned i = 0; i < p->n_packets; i++) {
                if (p->packets[i].acc.field.present || p->packets[i].joined)
                        prove_timeline(l, &p->packets[i]);
                else
                        fault(l, &p->packets[i], "has only Gyro=, and no packet joins it");
                prove_distinct(l, &p->packets[i]);
        }
        prove_streams(l);
        prove_battery(l);
        prove_sequence(l, &p->init, true);
        prove_sequence(l, &p->stop, false);
        prove_sequence(l, &p->idle, false);
        prove_sequence(l, &p->wake, false);
        prove_sequence(l, &p->poll, false);
        if (p->wake.n > 0 && p->idle_kind == GATT_IDLE_NONE)
                faults_add(l->faults, l->path, 0, "[wake] needs [idle]");
        prove_idle(l);
        if (l->faults->n == faults_before)
                prove_subscriptions(l);
}

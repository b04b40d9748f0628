/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of [packet NAME], the layout of the samples, and of [test NAME]. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sensor/profile-private.h"
#include "util/number.h"

/* ---- [packet NAME] ---- */

void *load_open_packet(struct load *l, const struct load_entry *e) {
        static const unsigned straight[3] = {0, 1, 2};
        struct profile *p = l->profile;
        struct profile_packet *packet = &p->packets[p->n_packets];

        if (!load_good_name(l, e, PROFILE_WORD_MAX))
                return NULL;
        for (unsigned i = 0; i < p->n_packets; i++)
                if (strcmp(p->packets[i].name, e->argument) == 0) {
                        load_fault(l, e, "a second time; one is allowed");
                        return NULL;
                }
        if (p->n_packets == PROFILE_PACKETS_MAX) {
                load_too_many(l, e, PROFILE_PACKETS_MAX);
                return NULL;
        }
        strcpy(packet->name, e->argument);
        packet->line = e->line;
        packet->samples = 1;
        packet->separator = ',';
        struct profile_axes *const both[] = {&packet->acc, &packet->gyro};
        for (unsigned i = 0; i < 2; i++) {
                both[i]->clip = INFINITY;
                memcpy(both[i]->from, straight, sizeof(straight));
                for (unsigned k = 0; k < 3; k++)
                        both[i]->sign[k] = 1;
        }
        p->n_packets++;
        return packet;
}

static void take_stream(struct load *l, void *object, const struct load_entry *e) {
        int i = load_name(l, e, e->value, "stream", l->profile->streams[0].name, sizeof(l->profile->streams[0]),
                l->profile->n_streams);

        if (i >= 0)
                ((struct profile_packet *) object)->stream = (unsigned) i;
}

static void take_when(struct load *l, void *object, const struct load_entry *e) {
        if (value_when(e->value, &((struct profile_packet *) object)->when) < 0)
                load_wrong(l, e);
}

static void take_length(struct load *l, void *object, const struct load_entry *e) {
        struct profile_packet *packet = object;
        char text[16], *dots;

        snprintf(text, sizeof(text), "%s", e->value);
        dots = strstr(text, "..");
        if (dots)
                *dots = '\0';
        if (value_unsigned(text, 1, GATT_VALUE_MAX, &packet->length_min) < 0 ||
                value_unsigned(
                        dots ? dots + 2 : text, packet->length_min, GATT_VALUE_MAX, &packet->length_max) < 0 ||
                strlen(e->value) >= sizeof(text))
                load_wrong(l, e);
}

static void take_samples(struct load *l, void *object, const struct load_entry *e) {
        struct profile_packet *packet = object;

        if (strcmp(e->value, "rest") == 0)
                packet->samples = 0;
        else if (value_unsigned(e->value, 1, PROFILE_SAMPLES_MAX, &packet->samples) < 0)
                load_wrong(l, e);
}

static void take_base(struct load *l, void *object, const struct load_entry *e) {
        if (value_unsigned(e->value, 0, GATT_VALUE_MAX - 1, &((struct profile_packet *) object)->base) < 0)
                load_wrong(l, e);
}

static void take_stride(struct load *l, void *object, const struct load_entry *e) {
        if (value_unsigned(e->value, 1, GATT_VALUE_MAX, &((struct profile_packet *) object)->stride) < 0)
                load_wrong(l, e);
}

static void take_order(struct load *l, void *object, const struct load_entry *e) {
        static const char *const words[] = {"interleaved", "planar"};
        unsigned order = 0;

        if (value_word(e->value, words, ARRAY_SIZE(words), &order) < 0)
                load_wrong(l, e);
        ((struct profile_packet *) object)->planar = order == 1;
}

/* OFFSET TYPE, unsigned. */
static bool field_of(char *const *words, enum profile_type widest, struct profile_field *ret) {
        struct profile_field f = {.present = true};

        if (value_unsigned(words[0], 0, GATT_VALUE_MAX - 1, &f.offset) < 0 ||
                value_type(words[1], &f.type, &f.big_endian) < 0)
                return false;
        switch (f.type) {
        case TYPE_U8:
        case TYPE_U16:
        case TYPE_U24:
        case TYPE_U32:
        case TYPE_U64:
                if (f.type > widest)
                        return false;
                *ret = f;
                return true;
        case TYPE_I8:
        case TYPE_I16:
        case TYPE_I24:
        case TYPE_I32:
        case TYPE_F32:
        case _TYPE_MAX:
                break;
        }
        return false;
}

static void take_count(struct load *l, void *object, const struct load_entry *e) {
        struct scratch s;

        load_cut(&s, e, " \t");
        if (s.n != 2 || !field_of(s.words, TYPE_U16, &((struct profile_packet *) object)->count))
                load_wrong(l, e);
}

static void take_seq(struct load *l, void *object, const struct load_entry *e) {
        struct scratch s;

        load_cut(&s, e, " \t");
        if (s.n != 2 || !field_of(s.words, TYPE_U32, &((struct profile_packet *) object)->seq))
                load_wrong(l, e);
}

/* OFFSET TYPE SCALE UNIT of a binary packet, SCALE UNIT of a line. */
static void take_triple(struct load *l, const struct load_entry *e, bool gyro, struct profile_axes *ret) {
        struct profile_axes axes = *ret;
        struct scratch s;
        unsigned scale;

        load_cut(&s, e, " \t");
        scale = s.n == 4 ? 2 : 0;
        axes.field = (struct profile_field){.present = true, .text = s.n == 2, .type = TYPE_F32};
        if ((s.n != 2 && s.n != 4) || value_scale(s.words[scale], &axes.scale) < 0 ||
                value_unit(s.words[scale + 1], gyro, &axes.si) < 0 ||
                (s.n == 4 &&
                        (value_unsigned(s.words[0], 0, GATT_VALUE_MAX - 1, &axes.field.offset) < 0 ||
                                value_type(s.words[1], &axes.field.type, &axes.field.big_endian) < 0)))
                load_wrong(l, e);
        else
                *ret = axes;
}

static void take_acc(struct load *l, void *object, const struct load_entry *e) {
        take_triple(l, e, false, &((struct profile_packet *) object)->acc);
}

static void take_gyro(struct load *l, void *object, const struct load_entry *e) {
        take_triple(l, e, true, &((struct profile_packet *) object)->gyro);
}

static void take_axes(struct load *l, void *object, const struct load_entry *e) {
        struct profile_packet *packet = object;

        if (value_axes(e->value, packet->acc.from, packet->acc.sign) < 0)
                load_wrong(l, e);
        else if (!packet->gyro_axes)
                value_axes(e->value, packet->gyro.from, packet->gyro.sign);
}

static void take_gyro_axes(struct load *l, void *object, const struct load_entry *e) {
        struct profile_packet *packet = object;

        packet->gyro_axes = true;
        if (value_axes(e->value, packet->gyro.from, packet->gyro.sign) < 0)
                load_wrong(l, e);
}

static void take_clip(struct load *l, const struct load_entry *e, struct profile_axes *axes) {
        if (number_parse_double(e->value, 1e-3, 1e6, &axes->clip) < 0)
                load_wrong(l, e);
}

static void take_acc_clip(struct load *l, void *object, const struct load_entry *e) {
        take_clip(l, e, &((struct profile_packet *) object)->acc);
}

static void take_gyro_clip(struct load *l, void *object, const struct load_entry *e) {
        take_clip(l, e, &((struct profile_packet *) object)->gyro);
}

static void take_join(struct load *l, void *object, const struct load_entry *e) {
        if (!value_is_name(e->value, PROFILE_WORD_MAX))
                load_wrong(l, e);
        else
                strcpy(((struct profile_packet *) object)->join, e->value);
}

static bool time_unit(const char *s, bool text, double *ret_hz, double *ret_ticks) {
        static const struct {
                const char *word;
                double hz;
        } units[] = {{"s", 1}, {"ms", 1e3}, {"us", 1e6}, {"ns", 1e9}, {"1/32768", 32768}, {"sample", 0}};

        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
                if (strcmp(units[i].word, s) == 0) {
                        *ret_hz = units[i].hz;
                        *ret_ticks = 1;
                        if (text && i == 0) { /* written with decimals: in ticks of a microsecond */
                                *ret_hz = 1e6;
                                *ret_ticks = 1e6;
                        }
                        return !text || i < 3;
                }
        return false;
}

/* OFFSET TYPE UNIT [first|last] of a binary packet, UNIT of a line. */
static void take_time(struct load *l, void *object, const struct load_entry *e) {
        static const char *const words[] = {"first", "last"};
        struct profile_packet *packet = object;
        struct scratch s;
        unsigned last = 0;

        load_cut(&s, e, " \t");
        if (s.n == 1 && time_unit(s.words[0], true, &packet->time_hz, &packet->time_ticks)) {
                packet->time = (struct profile_field){.present = true, .text = true, .type = TYPE_U32};
        } else if ((s.n == 3 || s.n == 4) && field_of(s.words, TYPE_U64, &packet->time) &&
                time_unit(s.words[2], false, &packet->time_hz, &packet->time_ticks) &&
                (s.n == 3 || value_word(s.words[3], words, ARRAY_SIZE(words), &last) >= 0)) {
                packet->time_last = last == 1;
        } else {
                load_wrong(l, e);
        }
}

static void take_columns(struct load *l, void *object, const struct load_entry *e) {
        static const char *const words[_COLUMN_MAX] = {
                [COLUMN_SKIP] = "skip",
                [COLUMN_TAG] = "tag",
                [COLUMN_TIME] = "time",
                [COLUMN_AX] = "ax",
                [COLUMN_AY] = "ay",
                [COLUMN_AZ] = "az",
                [COLUMN_GX] = "gx",
                [COLUMN_GY] = "gy",
                [COLUMN_GZ] = "gz",
        };
        struct profile_packet *packet = object;
        struct scratch s;
        unsigned column, seen = 0;

        load_cut(&s, e, ", \t");
        if (s.n > PROFILE_COLUMNS_MAX) {
                load_too_many(l, e, PROFILE_COLUMNS_MAX);
                return;
        }
        for (unsigned i = 0; i < s.n; i++) {
                if (value_word(s.words[i], words, _COLUMN_MAX, &column) < 0 ||
                        (column != COLUMN_SKIP && (seen & (1U << column)) != 0)) {
                        load_wrong(l, e);
                        return;
                }
                seen |= 1U << column;
                packet->columns[i] = column;
        }
        packet->n_columns = s.n;
        packet->columns_seen = seen;
}

static void take_tag(struct load *l, void *object, const struct load_entry *e) {
        struct profile_packet *packet = object;

        if (strlen(e->value) >= sizeof(packet->tag))
                load_wrong(l, e);
        else
                strcpy(packet->tag, e->value);
}

static void take_separator(struct load *l, void *object, const struct load_entry *e) {
        static const char *const words[] = {"comma", "semicolon", "tab", "blank"};
        unsigned i;

        if (value_word(e->value, words, ARRAY_SIZE(words), &i) < 0)
                load_wrong(l, e);
        else
                ((struct profile_packet *) object)->separator = ",;\t "[i];
}

#define KEY(key, function, words) .name = key, .take = function, .allowed = words
#define TRIPLE_WORDS(units, example)                                                                           \
        "OFFSET TYPE SCALE UNIT (lines: SCALE UNIT) with a unit of " units ", as " example
#define AXES_WORDS "three of x, y and z with + or -, as +x+y+z or -y+x+z"

const struct load_key load_packet_keys[LOAD_PACKET_KEYS] = {
        {KEY("Stream", take_stream, "the name of a stream"), .required = true},
        {KEY("When", take_when, "OFFSET:BYTES or OFFSET:BYTES/MASK, in hexadecimal, as 0:5561")},
        {KEY("Length", take_length, "BYTES or LEAST..MOST, from 1 to 512")},
        {KEY("Samples", take_samples, "a whole number from 1 to 128, or rest")},
        {KEY("Base", take_base, "a whole number from 0 to 511 (bytes)")},
        {KEY("Stride", take_stride, "a whole number from 1 to 512 (bytes)")},
        {KEY("Order", take_order, "interleaved or planar")},
        {KEY("Count", take_count, "OFFSET TYPE, as 1 u8; types u8 and u16")},
        {KEY("Acc", take_acc, TRIPLE_WORDS("g, mg, m/s2", "2 i16 16/32768 g"))},
        {KEY("Gyro", take_gyro, TRIPLE_WORDS("dps, rad/s", "8 i16 2000/32768 dps"))},
        {KEY("Axes", take_axes, AXES_WORDS)},
        {KEY("GyroAxes", take_gyro_axes, AXES_WORDS)},
        {KEY("AccClip", take_acc_clip, "a number from 0.001 to 1000000 (in the unit of Acc=)")},
        {KEY("GyroClip", take_gyro_clip, "a number from 0.001 to 1000000 (in the unit of Gyro=)")},
        {KEY("Join", take_join, "the name of the packet that holds the rates")},
        {KEY("Time", take_time,
                "OFFSET TYPE UNIT [first or last], as 2 u32 us, with a unit of s, ms, us, ns, 1/32768, sample; "
                "in "
                "lines s, ms or us")},
        {KEY("Seq", take_seq, "OFFSET TYPE, as 1 u8; types u8, u16, u24 and u32")},
        {KEY("Columns", take_columns, "tag, skip, time, ax, ay, az, gx, gy, gz, each but skip once")},
        {KEY("Tag", take_tag, "at most 23 bytes")},
        {KEY("Separator", take_separator, "comma, semicolon, tab or blank")},
};

/* ---- [test NAME] ---- */

void *load_open_test(struct load *l, const struct load_entry *e) {
        struct profile *p = l->profile;
        struct profile_test *t = &p->tests[p->n_tests];

        if (!load_good_name(l, e, PROFILE_WORD_MAX))
                return NULL;
        if (p->n_tests == PROFILE_TESTS_MAX) {
                load_too_many(l, e, PROFILE_TESTS_MAX);
                return NULL;
        }
        strcpy(t->name, e->argument);
        t->line = e->line;
        t->packet = -1;
        t->time_s = t->seq = t->battery = NAN;
        t->tolerance = 0.001;
        p->n_tests++;
        return t;
}

static void take_test_packet(struct load *l, void *object, const struct load_entry *e) {
        ((struct profile_test *) object)->packet = load_name(l, e, e->value, "packet",
                l->profile->packets[0].name, sizeof(l->profile->packets[0]), l->profile->n_packets);
}

static void take_hex(struct load *l, void *object, const struct load_entry *e) {
        struct profile_test *t = object;
        char text[2 * GATT_VALUE_MAX + 1];
        size_t n = 0, n_bytes;

        for (const char *s = e->value; *s; s++)
                if (*s != ' ' && *s != '\t' && n < sizeof(text))
                        text[n++] = *s;
        if (n == sizeof(text)) {
                load_fault(l, e, "too long; at most %d bytes are allowed", GATT_VALUE_MAX);
                return;
        }
        text[n] = '\0';
        if (number_parse_hex(text, t->bytes, sizeof(t->bytes), &n_bytes) < 0)
                load_wrong(l, e);
        else
                t->n_bytes = (unsigned) n_bytes;
}

static void take_test_text(struct load *l, void *object, const struct load_entry *e) {
        struct profile_test *t = object;

        if (strlen(e->value) > sizeof(t->bytes)) {
                load_fault(l, e, "too long; at most %d bytes are allowed", GATT_VALUE_MAX);
                return;
        }
        memcpy(t->bytes, e->value, strlen(e->value));
        t->n_bytes = (unsigned) strlen(e->value);
}

static void take_figures(struct load *l, const struct load_entry *e, double *ret, unsigned *ret_n) {
        struct scratch s;

        load_cut(&s, e, " \t");
        if (s.n % 3 != 0 || s.n > PROFILE_FIGURES_MAX) {
                load_wrong(l, e);
                return;
        }
        for (unsigned i = 0; i < s.n; i++)
                if (number_parse_double(s.words[i], -1e6, 1e6, &ret[i]) < 0) {
                        load_wrong(l, e);
                        return;
                }
        *ret_n = s.n;
}

static void take_test_acc(struct load *l, void *object, const struct load_entry *e) {
        struct profile_test *t = object;

        take_figures(l, e, t->acc, &t->n_acc);
}

static void take_test_gyro(struct load *l, void *object, const struct load_entry *e) {
        struct profile_test *t = object;

        take_figures(l, e, t->gyro, &t->n_gyro);
}

static void take_number(struct load *l, const struct load_entry *e, double max, double *ret) {
        if (number_parse_double(e->value, 0, max, ret) < 0)
                load_wrong(l, e);
}

static void take_test_time(struct load *l, void *object, const struct load_entry *e) {
        take_number(l, e, 1e12, &((struct profile_test *) object)->time_s);
}

static void take_test_seq(struct load *l, void *object, const struct load_entry *e) {
        take_number(l, e, 4294967295.0, &((struct profile_test *) object)->seq);
}

static void take_test_battery(struct load *l, void *object, const struct load_entry *e) {
        take_number(l, e, 100, &((struct profile_test *) object)->battery);
}

static void take_tolerance(struct load *l, void *object, const struct load_entry *e) {
        take_number(l, e, 1, &((struct profile_test *) object)->tolerance);
}

#define FIGURES_WORDS "x y z of each sample in turn, at most 96 numbers, in the packet's unit"

const struct load_key load_test_keys[LOAD_TEST_KEYS] = {
        {KEY("Packet", take_test_packet, "the name of a packet; none in a test of the battery")},
        {KEY("Hex", take_hex, "bytes in hexadecimal, at most 512")},
        {KEY("Text", take_test_text, "a line without its end, at most 512 bytes")},
        {KEY("Acc", take_test_acc, FIGURES_WORDS)},
        {KEY("Gyro", take_test_gyro, FIGURES_WORDS)},
        {KEY("Time", take_test_time, "a number from 0 to 1e12 (s)")},
        {KEY("Seq", take_test_seq, "a number from 0 to 4294967295")},
        {KEY("Battery", take_test_battery, "a number from 0 to 100 (per cent)")},
        {KEY("Tolerance", take_tolerance, "a number from 0 to 1")},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Header of a recording: "key: value" lines up to the line of columns. */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <repcast/event.h>

#include "recording/reader.h"
#include "recording/recording.h"
#include "util/macros.h"
#include "util/number.h"
#include "util/suggest.h"

enum key {
        KEY_SENSOR,
        KEY_EXERCISE,
        KEY_NOTE,
        KEY_RATE,
        KEY_PROFILE,
        KEY_PACKET,
        KEY_COUNTER,
        KEY_ACCEL_RANGE,
        KEY_GYRO_RANGE,
        KEY_TRUTH_COUNT,
        KEY_TRUTH_PHASE,
        KEY_TRUTH_REP,
        KEY_TRUTH_MOVE,
        _KEY_MAX,
};

static const char *const keys[_KEY_MAX] = {
        [KEY_SENSOR] = "sensor",
        [KEY_EXERCISE] = "exercise",
        [KEY_NOTE] = "note",
        [KEY_RATE] = "rate_hz",
        [KEY_PROFILE] = "profile",
        [KEY_PACKET] = "packet",
        [KEY_COUNTER] = "counter",
        [KEY_ACCEL_RANGE] = "accel_range_g",
        [KEY_GYRO_RANGE] = "gyro_range_dps",
        [KEY_TRUTH_COUNT] = "truth_count",
        [KEY_TRUTH_PHASE] = "truth_phase",
        [KEY_TRUTH_REP] = "truth_rep",
        [KEY_TRUTH_MOVE] = "truth_move",
};

static bool key_repeats(enum key key) {
        return key == KEY_TRUTH_PHASE || key == KEY_TRUTH_REP || key == KEY_TRUTH_MOVE;
}

/* Without a profile, the keys that tell how to read imu16 packets. */
static bool key_is_for_imu16(enum key key) {
        return key == KEY_PACKET || key == KEY_COUNTER || key == KEY_ACCEL_RANGE || key == KEY_GYRO_RANGE;
}

/* Room for one more element; doubles, so a header of n lines costs log2(n) allocations. */
static int grow(struct recording *r, const struct field *f, void **array, size_t n, size_t size) {
        void *grown;

        if (n >= RECORDING_TRUTH_MAX)
                return reader_fault(r, f, "too many lines of this key: %d are allowed", RECORDING_TRUTH_MAX);
        if (n > 0 && (n & (n - 1)) != 0)
                return 0;
        grown = reallocarray(*array, n > 0 ? 2 * n : 1, size);
        if (!grown) {
                r->failed = true;
                r->status = -ENOMEM;
                snprintf(r->error, sizeof(r->error), "%s: out of memory", r->name);
                return -ENOMEM;
        }
        *array = grown;
        return 0;
}

static int word(struct recording *r, const struct field *f, const char *name,
        const char *(*to_string)(unsigned), unsigned n_words, unsigned *ret) {
        char allowed[256] = "";

        for (unsigned i = 0; i < n_words; i++) {
                if (strcmp(to_string(i), f->text) == 0) {
                        *ret = i;
                        return 0;
                }
                snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), "%s%s", i > 0 ? " " : "",
                        to_string(i));
        }
        return reader_fault(r, f, "%s is no known word: one of %s is allowed", name, allowed);
}

static const char *phase_word(unsigned i) {
        return phase_to_string(i);
}

static const char *move_word(unsigned i) {
        return rejection_to_string(i);
}

static const char *counter_word(unsigned i) {
        return packet_counter_to_string(i);
}

/* Words of a truth line, separated by single blanks. */
static int words(struct recording *r, const struct field *f, const char *form, unsigned n_wanted,
        struct field ret[static FIELDS_MAX]) {
        char copy[RECORDING_LINE_MAX + 1];
        struct field whole = {copy, f->column};
        unsigned n;

        strcpy(copy, f->text); /* for the fault: the split cuts the text */
        n = reader_split(f->text, f->column, ' ', ret);
        if (n != n_wanted)
                return reader_fault(r, &whole, "wrong number of words: \"%s\" is allowed", form);
        return 0;
}

static int set_and_rep(
        struct recording *r, const struct field f[static 2], uint32_t *ret_set, uint32_t *ret_rep) {
        uint64_t set, rep;
        int k;

        k = reader_u64(r, &f[0], "set", 1, 10000, &set);
        if (k >= 0)
                k = reader_u64(r, &f[1], "rep", 1, 10000, &rep);
        if (k < 0)
                return k;
        *ret_set = (uint32_t) set;
        *ret_rep = (uint32_t) rep;
        return 0;
}

/* A span after the one before it: a truth out of order is a truth mixed up. */
static int span(struct recording *r, const struct field f[static 2], uint64_t after_us, uint64_t *ret_start_us,
        uint64_t *ret_end_us) {
        uint64_t start, end;
        int k;

        k = reader_seconds(r, &f[0], "start", &start);
        if (k >= 0)
                k = reader_seconds(r, &f[1], "end", &end);
        if (k < 0)
                return k;
        if (start < after_us)
                return reader_fault(r, &f[0],
                        "start is before the end of the line before: %" PRIu64 ".%06" PRIu64
                        " or later is allowed",
                        after_us / 1000000, after_us % 1000000);
        if (end <= start)
                return reader_fault(
                        r, &f[1], "end is not after start: later than \"%s\" is allowed", f[0].text);
        *ret_start_us = start;
        *ret_end_us = end;
        return 0;
}

static int truth_phase(struct recording *r, const struct field *f) {
        struct truth *t = &r->header.truth;
        struct truth_phase *phase;
        struct field w[FIELDS_MAX];
        unsigned value = 0;
        int k;

        k = grow(r, f, (void **) &t->phases, t->n_phases, sizeof(*t->phases));
        if (k < 0)
                return k;
        phase = &t->phases[t->n_phases];
        k = words(r, f, "SET REP PHASE START END", 5, w);
        if (k >= 0)
                k = set_and_rep(r, w, &phase->set, &phase->rep);
        if (k >= 0)
                k = word(r, &w[2], "phase", phase_word, _PHASE_TEMPO_MAX, &value);
        if (k >= 0)
                k = span(r, &w[3], t->n_phases > 0 ? phase[-1].end_us : 0, &phase->start_us, &phase->end_us);
        if (k < 0)
                return k;
        phase->phase = value;
        t->n_phases++;
        return 0;
}

static int truth_rep(struct recording *r, const struct field *f) {
        static const char *const names[] = {"rom_m", "eccentric mean_mps", "eccentric peak_mps",
                "concentric mean_mps", "concentric peak_mps"};
        struct truth *t = &r->header.truth;
        struct truth_rep *rep;
        struct field w[FIELDS_MAX];
        int k;

        k = grow(r, f, (void **) &t->reps, t->n_reps, sizeof(*t->reps));
        if (k < 0)
                return k;
        rep = &t->reps[t->n_reps];
        k = words(r, f, "SET REP ROM ECC_MEAN ECC_PEAK CON_MEAN CON_PEAK", 7, w);
        if (k >= 0)
                k = set_and_rep(r, w, &rep->set, &rep->rep);
        double *const figures[] = {&rep->rom_m, &rep->eccentric.mean_mps, &rep->eccentric.peak_mps,
                &rep->concentric.mean_mps, &rep->concentric.peak_mps};
        for (unsigned i = 0; i < ARRAY_SIZE(figures) && k >= 0; i++)
                k = reader_double(r, &w[2 + i], names[i], 0, 20, figures[i]);
        if (k < 0)
                return k;
        t->n_reps++;
        return 0;
}

static int truth_move(struct recording *r, const struct field *f) {
        struct truth *t = &r->header.truth;
        struct truth_move *move;
        struct field w[FIELDS_MAX];
        unsigned value = 0;
        int k;

        k = grow(r, f, (void **) &t->moves, t->n_moves, sizeof(*t->moves));
        if (k < 0)
                return k;
        move = &t->moves[t->n_moves];
        k = words(r, f, "KIND START END", 3, w);
        if (k >= 0)
                k = word(r, &w[0], "kind", move_word, _REJECTED_MAX, &value);
        if (k >= 0)
                k = span(r, &w[1], t->n_moves > 0 ? move[-1].end_us : 0, &move->start_us, &move->end_us);
        if (k < 0)
                return k;
        move->kind = value;
        t->n_moves++;
        return 0;
}

static int text_value(struct recording *r, const struct field *f, const char *name, char *ret, size_t max) {
        if (strlen(f->text) >= max)
                return reader_fault(r, f, "%s is too long: %zu bytes are allowed", name, max - 1);
        strcpy(ret, f->text);
        return 0;
}

bool recording_is_profile(const char *name) {
        return *name != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' &&
                strlen(name) < PROFILE_NAME_MAX;
}

static int set_value(struct recording *r, enum key key, const struct field *f) {
        struct recording_header *h = &r->header;
        unsigned value = 0;
        uint64_t count;
        int k;

        switch (key) {
        case KEY_SENSOR:
                return text_value(r, f, keys[key], h->sensor, sizeof(h->sensor));
        case KEY_EXERCISE:
                return text_value(r, f, keys[key], h->exercise, sizeof(h->exercise));
        case KEY_NOTE:
                return text_value(r, f, keys[key], h->note, sizeof(h->note));
        case KEY_RATE:
                return reader_double(r, f, keys[key], 5, 1000, &h->rate_hz);
        case KEY_PROFILE:
                if (!recording_is_profile(f->text))
                        return reader_fault(r, f,
                                "profile is no name of one: small letters, digits and -, at most %d, are "
                                "allowed",
                                PROFILE_NAME_MAX - 1);
                strcpy(h->profile, f->text);
                return 0;
        case KEY_PACKET:
                if (strcmp(f->text, "imu16") != 0)
                        return reader_fault(r, f, "packet is of an unknown kind: imu16 is allowed");
                return 0;
        case KEY_COUNTER:
                k = word(r, f, keys[key], counter_word, _PACKET_COUNTER_MAX, &value);
                if (k >= 0)
                        h->format.counter = value;
                return k;
        case KEY_ACCEL_RANGE:
                return reader_double(r, f, keys[key], 1, 200, &h->format.accel_range_g);
        case KEY_GYRO_RANGE:
                return reader_double(r, f, keys[key], 100, 10000, &h->format.gyro_range_dps);
        case KEY_TRUTH_COUNT:
                k = reader_u64(r, f, keys[key], 0, RECORDING_TRUTH_MAX, &count);
                if (k >= 0)
                        h->truth.count = (int64_t) count;
                return k;
        case KEY_TRUTH_PHASE:
                return truth_phase(r, f);
        case KEY_TRUTH_REP:
                return truth_rep(r, f);
        case KEY_TRUTH_MOVE:
                return truth_move(r, f);
        case _KEY_MAX:
                break;
        }
        return -EINVAL;
}

static int header_line(struct recording *r, bool given[static _KEY_MAX]) {
        struct field name = {r->text, 1}, value;
        const char *nearest;
        char *colon;

        colon = strstr(r->text, ": ");
        if (!colon || colon[2] == '\0')
                return reader_fault(r, &name,
                        "neither header nor columns: \"key: value\", \"" RECORDING_COLUMNS_SAMPLES
                        "\", \"" RECORDING_COLUMNS_STREAMS "\" or \"" RECORDING_COLUMNS_PACKETS
                        "\" is allowed");
        *colon = '\0';
        value = (struct field){colon + 2, (unsigned) (colon + 2 - r->text) + 1};
        for (enum key key = 0; key < _KEY_MAX; key++) {
                if (strcmp(keys[key], name.text) != 0)
                        continue;
                if (given[key] && !key_repeats(key))
                        return reader_fault(r, &name, "key stands twice: once is allowed");
                given[key] = true;
                return set_value(r, key, &value);
        }
        nearest = suggest_word(name.text, keys, _KEY_MAX);
        if (nearest)
                return reader_fault(r, &name, "unknown key: \"%s\" is the nearest that is allowed", nearest);
        return reader_fault(r, &name, "unknown key: those of doc/recording-format.md are allowed");
}

enum need {
        NEED_NOT, /* it is a fault to have it */
        NEED_MAY,
        NEED_MUST,
};

static enum need need_of(enum key key, enum recording_layout layout, bool streams) {
        if (key == KEY_RATE)
                return NEED_MUST;
        if (key == KEY_PROFILE)
                return streams ? NEED_MUST : NEED_NOT;
        if (key_is_for_imu16(key))
                return layout == RECORDING_PACKETS && !streams ? NEED_MUST : NEED_NOT;
        return NEED_MAY;
}

/* At the line of columns: is all there that the layout needs, and nothing that it does not know? */
static int check_complete(struct recording *r, const bool given[static _KEY_MAX], bool streams) {
        const char *packets = streams ? "packets with a stream" : "packets";

        for (enum key key = 0; key < _KEY_MAX; key++) {
                enum need need = need_of(key, r->header.layout, streams);

                if (need == NEED_MUST && !given[key])
                        return recording_fail(r, 1, "the header has no \"%s\", which %s need", keys[key],
                                r->header.layout == RECORDING_PACKETS ? packets : "samples");
                if (need == NEED_NOT && given[key])
                        return recording_fail(r, 1, "the header has \"%s\", which is for packets %sonly",
                                keys[key],
                                key == KEY_PROFILE ? "with a stream "
                                        : streams  ? "without a profile "
                                                   : "");
        }
        return 0;
}

int reader_header(struct recording *r) {
        struct field line = {r->text, 1};
        bool given[_KEY_MAX] = {false};
        int k;

        k = reader_line(r);
        if (k < 0)
                return k;
        if (k == 0)
                return recording_fail(r, 1,
                        "the file is empty: \"" RECORDING_COLUMNS_SAMPLES "\" or \"" RECORDING_FIRST_LINE
                        "\" is allowed as first line");
        if (strcmp(r->text, RECORDING_COLUMNS_SAMPLES) == 0) {
                r->header.layout = RECORDING_CSV;
                return 0;
        }
        if (strcmp(r->text, RECORDING_FIRST_LINE) != 0)
                return reader_fault(r, &line,
                        "wrong first line: \"" RECORDING_COLUMNS_SAMPLES "\" or \"" RECORDING_FIRST_LINE
                        "\" is allowed");
        while ((k = reader_line(r)) > 0) {
                if (strcmp(r->text, RECORDING_COLUMNS_SAMPLES) == 0) {
                        r->header.layout = RECORDING_SAMPLES;
                        return check_complete(r, given, false);
                }
                if (strcmp(r->text, RECORDING_COLUMNS_PACKETS) == 0 ||
                        strcmp(r->text, RECORDING_COLUMNS_STREAMS) == 0) {
                        r->header.layout = RECORDING_PACKETS;
                        return check_complete(r, given, strcmp(r->text, RECORDING_COLUMNS_STREAMS) == 0);
                }
                k = header_line(r, given);
                if (k < 0)
                        return k;
        }
        if (k < 0)
                return k;
        return recording_fail(r, 1, "the file ends in the header: a line of columns is needed");
}

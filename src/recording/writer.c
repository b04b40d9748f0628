/* SPDX-License-Identifier: Apache-2.0 */
/* Writer of recordings: the inverse of the reader, to the last bit. */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <repcast/event.h>

#include "recording/recording.h"
#include "util/macros.h"
#include "util/number.h"
#include "util/utf8.h"

static bool in_range(double value, double min, double max) {
        return value >= min && value <= max; /* false for NaN */
}

static int put(struct recording_writer *w, const char *format, ...) _printf_(2, 3);

static int put(struct recording_writer *w, const char *format, ...) {
        va_list ap;
        int n;

        va_start(ap, format);
        errno = 0;
        n = vfprintf(w->stream, format, ap);
        va_end(ap);
        return n < 0 ? -(errno > 0 ? errno : EIO) : 0;
}

static int put_double(struct recording_writer *w, const char *before, double value) {
        char text[NUMBER_FORMAT_MAX];
        int k;

        k = number_format_double(value, text);
        return k < 0 ? k : put(w, "%s%s", before, text);
}

static int put_text(struct recording_writer *w, const char *key, const char *text, size_t max) {
        size_t n = strlen(text);

        if (n == 0)
                return 0;
        if (n >= max)
                return -EINVAL;
        for (size_t i = 0, length; i < n; i += length) {
                length = utf8_printable(text + i, n - i);
                if (length == 0)
                        return -EINVAL;
        }
        return put(w, "%s: %s\n", key, text);
}

static int put_format(struct recording_writer *w, const struct packet_format *f) {
        int k;

        if (f->counter >= _PACKET_COUNTER_MAX || !in_range(f->accel_range_g, 1, 200) ||
                !in_range(f->gyro_range_dps, 100, 10000))
                return -EINVAL;
        k = put(w, "packet: imu16\ncounter: %s\n", packet_counter_to_string(f->counter));
        if (k >= 0)
                k = put_double(w, "accel_range_g: ", f->accel_range_g);
        if (k >= 0)
                k = put_double(w, "\ngyro_range_dps: ", f->gyro_range_dps);
        return k < 0 ? k : put(w, "\n");
}

static int put_seconds(struct recording_writer *w, const char *before, uint64_t us) {
        if (us > (uint64_t) (RECORDING_TIME_MAX_S * 1e6))
                return -EINVAL;
        return put(w, "%s%" PRIu64 ".%06" PRIu64, before, us / 1000000, us % 1000000);
}

static int put_span(struct recording_writer *w, uint64_t start_us, uint64_t end_us) {
        int k;

        if (start_us >= end_us)
                return -EINVAL;
        k = put_seconds(w, " ", start_us);
        if (k >= 0)
                k = put_seconds(w, " ", end_us);
        return k < 0 ? k : put(w, "\n");
}

static int put_truth_rep(struct recording_writer *w, const struct truth_rep *rep) {
        const double figures[] = {rep->rom_m, rep->eccentric.mean_mps, rep->eccentric.peak_mps,
                rep->concentric.mean_mps, rep->concentric.peak_mps};
        int k;

        k = put(w, "truth_rep: %" PRIu32 " %" PRIu32, rep->set, rep->rep);
        for (size_t i = 0; i < ARRAY_SIZE(figures) && k >= 0; i++)
                k = in_range(figures[i], 0, 20) ? put_double(w, " ", figures[i]) : -EINVAL;
        return k < 0 ? k : put(w, "\n");
}

static int put_truth(struct recording_writer *w, const struct truth *t) {
        int k = 0;

        if (t->count > RECORDING_TRUTH_MAX || t->n_phases > RECORDING_TRUTH_MAX ||
                t->n_reps > RECORDING_TRUTH_MAX || t->n_moves > RECORDING_TRUTH_MAX)
                return -EINVAL;
        if (t->count >= 0)
                k = put(w, "truth_count: %" PRId64 "\n", t->count);
        for (size_t i = 0; i < t->n_reps && k >= 0; i++)
                k = put_truth_rep(w, &t->reps[i]);
        for (size_t i = 0; i < t->n_phases && k >= 0; i++) {
                const struct truth_phase *p = &t->phases[i];

                if (p->phase >= _PHASE_TEMPO_MAX)
                        return -EINVAL;
                k = put(w, "truth_phase: %" PRIu32 " %" PRIu32 " %s", p->set, p->rep,
                        phase_to_string(p->phase));
                if (k >= 0)
                        k = put_span(w, p->start_us, p->end_us);
        }
        for (size_t i = 0; i < t->n_moves && k >= 0; i++) {
                const struct truth_move *m = &t->moves[i];

                if (m->kind >= _REJECTED_MAX)
                        return -EINVAL;
                k = put(w, "truth_move: %s", rejection_to_string(m->kind));
                if (k >= 0)
                        k = put_span(w, m->start_us, m->end_us);
        }
        return k;
}

int recording_writer_init(struct recording_writer *w, FILE *stream, const struct recording_header *h) {
        int k;

        *w = (struct recording_writer){
                .stream = stream,
                .layout = h->layout,
                .streams = *h->profile != '\0',
        };
        if (h->layout == RECORDING_CSV)
                return put(w, RECORDING_COLUMNS_SAMPLES "\n");
        if (h->layout >= _RECORDING_LAYOUT_MAX || !in_range(h->rate_hz, 5, 1000) ||
                (w->streams && !recording_is_profile(h->profile)))
                return -EINVAL;

        k = put(w, RECORDING_FIRST_LINE "\n");
        if (k >= 0)
                k = put_text(w, "sensor", h->sensor, sizeof(h->sensor));
        if (k >= 0)
                k = put_text(w, "exercise", h->exercise, sizeof(h->exercise));
        if (k >= 0)
                k = put_text(w, "note", h->note, sizeof(h->note));
        if (k >= 0)
                k = put_double(w, "rate_hz: ", h->rate_hz);
        if (k >= 0)
                k = put(w, "\n");
        if (k >= 0 && h->layout == RECORDING_PACKETS && w->streams)
                k = put(w, "profile: %s\n", h->profile);
        else if (k >= 0 && h->layout == RECORDING_PACKETS)
                k = put_format(w, &h->format);
        if (k >= 0)
                k = put_truth(w, &h->truth);
        if (k < 0)
                return k;
        if (h->layout != RECORDING_PACKETS)
                return put(w, RECORDING_COLUMNS_SAMPLES "\n");
        return put(w, "%s\n", w->streams ? RECORDING_COLUMNS_STREAMS : RECORDING_COLUMNS_PACKETS);
}

int recording_write_sample(struct recording_writer *w, uint64_t t_us, const double f_mps2[static 3],
        const double w_radps[static 3]) {
        int k;

        if (w->layout == RECORDING_PACKETS || (w->any && t_us <= w->last_us))
                return -EINVAL;
        for (unsigned i = 0; i < 3; i++)
                if (!in_range(f_mps2[i], -RECORDING_FORCE_MAX_MPS2, RECORDING_FORCE_MAX_MPS2) ||
                        !in_range(w_radps[i], -RECORDING_RATE_MAX_RADPS, RECORDING_RATE_MAX_RADPS))
                        return -EINVAL;
        k = put_seconds(w, "", t_us);
        for (unsigned i = 0; i < 3 && k >= 0; i++)
                k = put_double(w, ",", f_mps2[i]);
        for (unsigned i = 0; i < 3 && k >= 0; i++)
                k = put_double(w, ",", w_radps[i]);
        if (k >= 0)
                k = put(w, "\n");
        if (k < 0)
                return k;
        w->last_us = t_us;
        w->any = true;
        return 0;
}

int recording_write_packet(struct recording_writer *w, uint64_t arrival_us, unsigned stream,
        const uint8_t *bytes, size_t n_bytes) {
        int k;

        if (w->layout != RECORDING_PACKETS || n_bytes == 0 || n_bytes > PACKET_SIZE_MAX ||
                stream >= (w->streams ? GATT_STREAMS_MAX : 1) ||
                arrival_us > (uint64_t) (RECORDING_TIME_MAX_S * 1e6) || (w->any && arrival_us < w->last_us))
                return -EINVAL;
        k = put(w, "%" PRIu64 ",", arrival_us);
        if (k >= 0 && w->streams)
                k = put(w, "%u,", stream);
        for (size_t i = 0; i < n_bytes && k >= 0; i++)
                k = put(w, "%02x", bytes[i]);
        if (k >= 0)
                k = put(w, "\n");
        if (k < 0)
                return k;
        w->last_us = arrival_us;
        w->any = true;
        return 0;
}

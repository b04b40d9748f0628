/* SPDX-License-Identifier: Apache-2.0 */
/* Recording -> decoder -> samples. */

#include "hub/playback.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sensor/decoder.h"
#include "sensor/packet.h"
#include "util/macros.h"
#include "util/number.h"
#include "util/textfile.h"

#define AHEAD_MAX 32 /* rows of samples read ahead to measure the rate */

/* Samples that one notification can bring: each takes two of its 512 bytes at least, one more packet may have begun in
 * the notification before, and as many as can may have waited for those behind them, or for the join. */
#define BURST_MAX (GATT_VALUE_MAX / 2 + PROFILE_SAMPLES_MAX + TIMEBASE_WAIT_MAX + DECODER_JOIN_MAX)

struct playback {
        struct recording *recording;
        double period_us; /* nominal or measured; NAN = not known */
        uint64_t first_us, last_us, rows_end_us;
        bool any;       /* a sample was given out */
        bool end_known; /* rows_end_us is */
        uint64_t samples, lost;

        /* samples */
        struct recording_row ahead[AHEAD_MAX];
        unsigned n_ahead, next_ahead;
        int ahead_status; /* of the read that ended the reading ahead: 1 = there is more */

        /* packets */
        struct profiles shipped; /* where nobody gave any */
        struct profile imu16;    /* of a recording without a profile */
        const struct profile *profile;
        struct decoder decoder;
        struct sample burst[BURST_MAX];
        unsigned n_burst, next_in_burst;
};

static int compare_doubles(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* Median of the first intervals: gaps and bursts among them do not matter. */
static double median_interval_us(const struct playback *p) {
        double intervals[AHEAD_MAX];
        unsigned n = p->n_ahead - 1;

        if (p->n_ahead < 2)
                return NAN;
        for (unsigned i = 0; i < n; i++)
                intervals[i] = (double) (p->ahead[i + 1].t_us - p->ahead[i].t_us);
        qsort(intervals, n, sizeof(intervals[0]), compare_doubles);
        return intervals[n / 2];
}

static void read_ahead(struct playback *p) {
        while (p->n_ahead < AHEAD_MAX) {
                p->ahead_status = recording_next(p->recording, &p->ahead[p->n_ahead]);
                if (p->ahead_status <= 0)
                        break;
                p->n_ahead++;
        }
        if (p->n_ahead > 0)
                p->first_us = p->ahead[0].t_us;
}

/* Time of the last whole row of a regular file, read beside the stream. Figures only serve progress and forecasts, so
 * whatever is odd leaves them unknown; the reader proper will tell. */
static void find_end(struct playback *p, const char *path) {
        char tail[2 * RECORDING_LINE_MAX + 1], *line, *comma, *end;
        const char *why;
        FILE *f = textfile_open(path, &why);
        struct stat st;
        double value;
        size_t n;

        if (!f)
                return;
        if (fstat(fileno(f), &st) >= 0 &&
                fseeko(f, MAX((off_t) 0, st.st_size - (off_t) (sizeof(tail) - 1)), SEEK_SET) >= 0) {
                n = fread(tail, 1, sizeof(tail) - 1, f);
                tail[n] = '\0';
                end = n > 0 ? memrchr(tail, '\n', n) : NULL;
                line = end && end > tail ? memrchr(tail, '\n', (size_t) (end - tail)) : NULL;
                comma = line ? strchr(line, ',') : NULL;
                if (comma) {
                        double scale =
                                recording_get_header(p->recording)->layout == RECORDING_PACKETS ? 1 : 1e6;

                        *comma = '\0';
                        if (number_parse_double(line + 1, 0, RECORDING_TIME_MAX_S * 1e6 / scale, &value) >= 0) {
                                p->rows_end_us = (uint64_t) llrint(value * scale);
                                p->end_known = true;
                        }
                }
        }
        fclose(f);
}

static void keep_samples(void *userdata, const struct sample *samples, size_t n) {
        struct playback *p = userdata;

        for (size_t i = 0; i < n && p->n_burst < BURST_MAX; i++)
                p->burst[p->n_burst++] = samples[i];
}

static void ignore_fault(_unused_ const char *text, _unused_ void *userdata) {
}

/* The profile that the header names. */
static int find_profile(struct playback *p, const char *name, const struct profiles *profiles) {
        struct faults faults = {.sink = ignore_fault}; /* the shipped ones have none: that is tested */
        const char *nearest;

        if (!profiles) {
                profiles_load_builtin(&p->shipped, &faults);
                profiles = &p->shipped;
        }
        p->profile = profiles_find(profiles, name, &nearest);
        if (p->profile)
                return 0;
        return recording_fail(p->recording, 1, "no profile is called \"%s\"%s%s%s", name,
                nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static int start_packets(
        struct playback *p, const struct recording_header *h, const struct profiles *profiles) {
        static const struct decoder_handler handler = {.on_samples = keep_samples};
        int k = 0;

        if (*h->profile)
                k = find_profile(p, h->profile, profiles);
        else
                packet_profile(&h->format, &p->imu16);
        if (k < 0)
                return k;
        if (!p->profile)
                p->profile = &p->imu16;
        return decoder_init(&p->decoder, p->profile, h->rate_hz, &handler, p);
}

static int start(struct playback *p, int status, const struct profiles *profiles) {
        const struct recording_header *h;

        p->ahead_status = status; /* a fault of the header is final, too */
        if (status < 0)
                return status;
        h = recording_get_header(p->recording);
        p->period_us = 1e6 / h->rate_hz;
        p->ahead_status = 1;
        if (h->layout == RECORDING_PACKETS)
                return start_packets(p, h, profiles);
        read_ahead(p);
        if (isnan(p->period_us))
                p->period_us = median_interval_us(p);
        return 0;
}

static struct playback *playback_new(void) {
        struct playback *p = calloc(1, sizeof(*p));

        if (p)
                p->period_us = NAN;
        return p;
}

int playback_open(const char *path, const struct profiles *profiles, struct playback **ret) {
        struct playback *p = playback_new();
        int k;

        if (!p)
                return -ENOMEM;
        k = recording_open(path, &p->recording);
        if (k == -ENOMEM && !p->recording) {
                free(p);
                return k;
        }
        *ret = p;
        k = start(p, k, profiles);
        if (k >= 0 && strcmp(path, "-") != 0)
                find_end(p, path);
        return k;
}

int playback_open_stream(
        FILE *stream, const char *name, const struct profiles *profiles, struct playback **ret) {
        struct playback *p = playback_new();
        int k;

        if (!p)
                return -ENOMEM;
        k = recording_open_stream(stream, name, &p->recording);
        if (k == -ENOMEM && !p->recording) {
                free(p);
                return k;
        }
        *ret = p;
        return start(p, k, profiles);
}

void playback_free(struct playback *p) {
        if (!p)
                return;
        recording_free(p->recording);
        profiles_done(&p->shipped);
        free(p);
}

static int give_out(struct playback *p, const struct sample *s, struct sample *ret) {
        p->samples++;
        p->lost += s->lost;
        p->last_us = s->t_us;
        p->any = true;
        *ret = *s;
        return 1;
}

static int next_sample(struct playback *p, struct sample *ret) {
        struct recording_row row;
        struct sample s = {0};
        double missing;
        int k;

        if (p->next_ahead < p->n_ahead)
                row = p->ahead[p->next_ahead++];
        else if (p->ahead_status <= 0)
                return p->ahead_status;
        else {
                k = recording_next(p->recording, &row);
                if (k <= 0)
                        return k;
        }
        s.t_us = row.t_us;
        memcpy(s.f_mps2, row.f_mps2, sizeof(s.f_mps2));
        memcpy(s.w_radps, row.w_radps, sizeof(s.w_radps));
        if (p->any) { /* no counter tells: an interval of two periods has lost one sample */
                missing = rint((double) (row.t_us - p->last_us) / p->period_us) - 1;
                s.lost = (uint16_t) CLAMP(missing, 0.0, (double) UINT16_MAX);
        }
        return give_out(p, &s, ret);
}

/* A recording of imu16 packets holds nothing else; what a real sensor sent may be anything. */
static int refuse_packet(struct playback *p, const struct recording_row *row) {
        const struct profile_packet *packet = &p->imu16.packets[0];

        if (row->bytes[0] != packet->when.bytes[0])
                return recording_fail(p->recording, 0,
                        "packet is of another version: imu16 version 1 is allowed, version %u was given",
                        row->bytes[0]);
        return recording_fail(p->recording, 0,
                "packet does not decode: 1 to %d samples of 12 bytes behind a header of %u are allowed, "
                "%zu bytes were given",
                PACKET_SAMPLES_MAX, packet->base, row->n_bytes);
}

/* Packets until one has brought samples. */
static int next_burst(struct playback *p) {
        const struct decoder_stats *stats = &p->decoder.stats;
        struct recording_row row;
        int k;

        p->n_burst = p->next_in_burst = 0;
        while (p->n_burst == 0) {
                k = recording_next(p->recording, &row);
                if (k <= 0)
                        return k;
                if (row.stream >= p->profile->n_streams)
                        return recording_fail(p->recording, 0, "profile %s has no stream %u: it has %u",
                                p->profile->name, row.stream, p->profile->n_streams);
                decoder_push(&p->decoder, row.stream, row.bytes, row.n_bytes, row.t_us);
                if (p->profile == &p->imu16 && stats->bad + stats->other > 0)
                        return refuse_packet(p, &row);
        }
        return 1;
}

static int next_of_burst(struct playback *p, struct sample *ret) {
        int k;

        if (p->next_in_burst >= p->n_burst) {
                k = next_burst(p);
                if (k <= 0) {
                        p->n_burst = 0; /* a fault is final */
                        return k;
                }
        }
        if (!p->any)
                p->first_us = p->burst[0].t_us;
        return give_out(p, &p->burst[p->next_in_burst++], ret);
}

int playback_next(struct playback *p, struct sample *ret) {
        if (recording_get_header(p->recording)->layout == RECORDING_PACKETS)
                return next_of_burst(p, ret);
        return next_sample(p, ret);
}

struct playback_info playback_get_info(const struct playback *p) {
        bool known = p->end_known && (p->any || p->n_ahead > 0) && p->rows_end_us >= p->first_us;

        return (struct playback_info){
                .header = recording_get_header(p->recording),
                .rate_hz = 1e6 / p->period_us,
                .duration_s = known ? (double) (p->rows_end_us - p->first_us) * 1e-6 : (double) NAN,
                .samples = p->samples,
                .lost = p->lost,
                .stale = p->decoder.stats.stale,
                .bad = p->decoder.stats.bad,
        };
}

struct recording_position playback_get_position(const struct playback *p) {
        return recording_get_position(p->recording);
}

const char *playback_error(const struct playback *p) {
        return recording_error(p->recording);
}

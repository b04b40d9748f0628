/* SPDX-License-Identifier: Apache-2.0 */
/* Any sequence of packets in the timebase: instants rise strictly and stay finite, whatever the counter does, and few
 * packets wait.
 *
 * Header: rate (2 bytes), counter rate (4), width (1). Each packet: delay after the one before in units of 100 us (3),
 * counter (8), samples (1). All little-endian. */

#include <errno.h>
#include <math.h>

#include <repcast/timebase.h>

#include "fuzz.h"
#include "util/bytes.h"

struct waiting {
        struct timebase_packet packets[TIMEBASE_WAIT_MAX];
        unsigned n, samples;
};

static void push(struct timebase *tb, const struct timebase_packet *packet, double *last_us) {
        double rate_hz = tb->params.rate_hz;
        struct timebase_stamp stamp;
        int k = timebase_push(tb, packet, &stamp);

        must(k == 0 || k == -ESTALE);
        if (k < 0)
                return;
        must((double) stamp.first_us > *last_us);
        must(isfinite(stamp.period_us) && stamp.period_us > 0.8e6 / rate_hz &&
                stamp.period_us < 1.2e6 / rate_hz);
        *last_us = (double) stamp.first_us + (packet->n_samples - 1) * stamp.period_us;
}

static void take(
        struct timebase *tb, struct waiting *w, const struct timebase_packet *packet, double *last_us) {
        enum timebase_wait wait = timebase_wait(tb, packet);

        for (unsigned i = 0; i < w->n && wait != TIMEBASE_WAIT; i++)
                push(tb, &w->packets[i], last_us);
        if (wait != TIMEBASE_WAIT)
                w->n = w->samples = 0;
        if (wait == TIMEBASE_GO) {
                push(tb, packet, last_us);
                return;
        }
        w->samples += packet->n_samples;
        must(w->samples <= TIMEBASE_WAIT_MAX);
        w->packets[w->n++] = *packet;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct bytes b = bytes_of(data, size);
        struct timebase_params params = {.rate_hz = bytes_le16(&b)};
        struct waiting waiting = {.n = 0};
        struct timebase tb;
        uint64_t arrival_us = 0;
        double last_us = -1;
        int k;

        params.counter_hz = bytes_le32(&b);
        params.counter_bits = bytes_u8(&b);
        k = timebase_init(&tb, &params);
        must(k == 0 || k == -EINVAL);
        if (k < 0)
                return 0;
        for (;;) {
                struct timebase_packet packet = {.arrival_us = arrival_us += 100 * bytes_le(&b, 3)};

                packet.counter = bytes_le64(&b);
                if (params.counter_bits < 64)
                        packet.counter &= (1ULL << params.counter_bits) - 1;
                packet.n_samples = 1 + bytes_u8(&b);
                if (b.failed)
                        return 0;
                take(&tb, &waiting, &packet, &last_us);
        }
}

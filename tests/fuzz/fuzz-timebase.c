/* SPDX-License-Identifier: Apache-2.0 */
/* Any sequence of packets in the timebase: instants rise strictly and stay finite, whatever the counter does.
 *
 * Header: rate (2 bytes), counter rate (4), width (1). Each packet: delay after the one before in units of 100 us (3),
 * counter (8), samples (1). All little-endian. */

#include <errno.h>
#include <math.h>

#include <repcast/timebase.h>

#include "fuzz.h"
#include "util/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct bytes b = bytes_of(data, size);
        struct timebase_params params = {.rate_hz = bytes_le16(&b)};
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
                struct timebase_stamp stamp;

                packet.counter = bytes_le64(&b);
                if (params.counter_bits < 64)
                        packet.counter &= (1ULL << params.counter_bits) - 1;
                packet.n_samples = 1 + bytes_u8(&b);
                if (b.failed)
                        return 0;
                k = timebase_push(&tb, &packet, &stamp);
                must(k == 0 || k == -ESTALE);
                if (k < 0)
                        continue;
                must((double) stamp.first_us > last_us);
                must(isfinite(stamp.period_us) && stamp.period_us > 0.8e6 / params.rate_hz &&
                        stamp.period_us < 1.2e6 / params.rate_hz);
                last_us = (double) stamp.first_us + (packet.n_samples - 1) * stamp.period_us;
        }
}

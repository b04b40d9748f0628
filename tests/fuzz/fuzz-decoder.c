/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as notifications of a shipped sensor. The first byte chooses the profile; then come notifications: stream,
 * milliseconds since the last one, length, bytes. */

#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "sensor/decoder.h"
#include "util/bytes.h"

struct heard {
        uint64_t last_us, samples, clipped;
        bool any;
};

static void fault(const char *text, void *userdata) {
        (void) userdata;
        fprintf(stderr, "%s\n", text);
        abort();
}

static void check(void *userdata, const struct sample *samples, size_t n) {
        struct heard *h = userdata;

        must(n > 0 && n <= PROFILE_SAMPLES_MAX);
        for (size_t i = 0; i < n; i++) {
                must(!h->any || samples[i].t_us > h->last_us);
                h->last_us = samples[i].t_us;
                h->any = true;
                h->samples++;
                h->clipped += (samples[i].flags & SAMPLE_CLIPPED) != 0;
                for (unsigned k = 0; k < 3; k++) {
                        must(fabs(samples[i].f_mps2[k]) <= 2000);
                        must(fabs(samples[i].w_radps[k]) <= 200);
                }
        }
}

static void battery(void *userdata, double percent) {
        (void) userdata;
        must(percent >= 0 && percent <= 100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const struct decoder_handler handler = {.on_samples = check, .on_battery = battery};
        static struct profiles set;
        static struct decoder d;
        struct faults faults = {.sink = fault};
        struct bytes b = bytes_of(data, size);
        struct heard h = {.any = false};
        const struct profile *p;
        uint64_t now_us = 1000000;

        if (set.n == 0)
                must(profiles_load_builtin(&set, &faults) == 0);
        p = set.items[bytes_u8(&b) % set.n];
        must(decoder_init(&d, p, profile_rate(p, 0), &handler, &h) == 0);
        while (bytes_left(&b) > 2) {
                unsigned stream = bytes_u8(&b) % GATT_STREAMS_MAX;
                size_t n;

                now_us += 1000 * bytes_u8(&b);
                n = bytes_u8(&b);
                n = n < bytes_left(&b) ? n : bytes_left(&b);
                decoder_push(&d, stream, bytes_take(&b, n), n, now_us);
        }
        must(d.stats.samples == h.samples && d.stats.clipped == h.clipped);
        must(d.acc.n <= DECODER_JOIN_MAX && d.gyro.n <= DECODER_JOIN_MAX);
        return 0;
}

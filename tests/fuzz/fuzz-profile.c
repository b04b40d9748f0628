/* SPDX-License-Identifier: Apache-2.0 */
/* Any file as a profile. One that loads keeps its promises: a plan for each of its rates, nothing read beyond a packet
 * whatever it holds, samples that are a sensor's, encoder and decoder that agree on what a packet is. */

#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "sensor/decoder.h"
#include "sensor/encoder.h"

static struct decoder d;
static uint64_t last_us;
static bool any;

static void tell(const char *text, void *userdata) {
        (void) userdata;
        must(strncmp(text, "x:", 2) == 0 || strncmp(text, "more faults", 11) == 0);
}

static void check(void *userdata, const struct sample *samples, size_t n) {
        (void) userdata;
        must(n > 0);
        for (size_t i = 0; i < n; i++) {
                must(!any || samples[i].t_us > last_us);
                last_us = samples[i].t_us;
                any = true;
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

static const struct decoder_handler handler = {.on_samples = check, .on_battery = battery};

static void check_plan(const struct profile *p, double hz) {
        static struct gatt_plan plan;
        const struct gatt_sequence *const all[] = {&plan.init, &plan.stop, &plan.idle, &plan.wake, &plan.poll};

        must(profile_plan(p, hz, &plan) == 0);
        must(plan.n_streams >= 1 && plan.n_streams <= GATT_STREAMS_MAX);
        must(plan.least_mtu >= 23 && plan.least_mtu <= GATT_VALUE_MAX + 3);
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
                must(all[i]->n_steps <= GATT_STEPS_MAX);
                for (unsigned k = 0; k < all[i]->n_steps; k++) {
                        must(all[i]->steps[k].n_bytes <= GATT_BYTES_MAX);
                        must(all[i]->steps[k].characteristic < plan.n_characteristics);
                }
        }
}

static void to_decoder(void *userdata, unsigned stream, const uint8_t *bytes, size_t n) {
        uint64_t *now_us = userdata;

        must(n >= 1 && n <= GATT_VALUE_MAX);
        decoder_push(&d, stream, bytes, n, *now_us);
}

/* Each packet of the encoder is one that the decoder knows. */
static void there_and_back(const struct profile *p, double hz) {
        static struct encoder e;
        uint64_t now_us = 1000000;

        any = false;
        if (encoder_init(&e, p, 7, GATT_VALUE_MAX, to_decoder, &now_us) < 0)
                return; /* lines that are too long for a sample */
        must(decoder_init(&d, p, hz, &handler, NULL) == 0);
        for (unsigned i = 0; i < 80; i++) {
                struct sample s = {.t_us = now_us, .f_mps2 = {0.5, -1, 9.8}, .w_radps = {0.1, -0.2, 0.3}};

                encoder_push(&e, &s);
                now_us += (uint64_t) (1e6 / hz);
        }
}

/* Packets that hold anything, of every length, behind the bytes that make them the profile's. */
static void anything(const struct profile *p, double hz, const uint8_t *noise, size_t n_noise) {
        uint8_t bytes[GATT_VALUE_MAX];

        any = false;
        must(decoder_init(&d, p, hz, &handler, NULL) == 0);
        for (unsigned round = 0; round < 64; round++) {
                const struct profile_packet *packet = &p->packets[round % p->n_packets];
                size_t n = packet->length_min + round % (packet->length_max - packet->length_min + 1);

                for (size_t i = 0; i < sizeof(bytes); i++)
                        bytes[i] = noise[(i * 7 + round) % n_noise];
                for (unsigned i = 0; i < packet->when.n; i++)
                        bytes[packet->when.offset + i] = packet->when.bytes[i];
                decoder_push(&d, packet->stream, bytes, n, 1000 * round);
                (void) profile_battery(p, bytes, n, &(double){0});
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct faults faults = {.sink = tell};
        FILE *f = size > 0 ? fmemopen((void *) (uintptr_t) data, size, "r") : NULL;
        struct profile *p = NULL;
        int r;

        if (!f)
                return 0;
        r = profile_load_stream(f, "x", &faults, &p);
        fclose(f);
        must((r < 0) == (faults.n > 0) && (r < 0) == !p);
        if (!p)
                return 0;
        for (unsigned i = 0; i < p->n_rates; i++)
                check_plan(p, p->rates[i].hz);
        there_and_back(p, profile_rate(p, 0));
        anything(p, profile_rate(p, 0), data, size);
        profile_free(p);
        return 0;
}

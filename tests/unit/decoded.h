/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A decoder, what has come out of it, and profiles with a packet or two. */

#include "profile-text.h"
#include "sensor/decoder.h"
#include "unit.h"
#include "util/macros.h"

#define GOT_MAX 4096

static struct sample got[GOT_MAX];
static size_t n_got;
static double percent;
static unsigned n_percent;

static void take_samples(void *userdata, const struct sample *samples, size_t n) {
        (void) userdata;
        assert_true(n > 0 && n_got + n <= GOT_MAX);
        for (size_t i = 0; i < n; i++) {
                if (n_got > 0)
                        assert_true(samples[i].t_us > got[n_got - 1].t_us);
                got[n_got++] = samples[i];
        }
}

static void take_battery(void *userdata, double value) {
        (void) userdata;
        percent = value;
        n_percent++;
}

_unused_ static const struct decoder_handler handler = {.on_samples = take_samples, .on_battery = take_battery};
static struct decoder d;

_unused_ static void begin(const struct profile *p, double hz) {
        n_got = 0;
        n_percent = 0;
        assert_int_equal(decoder_init(&d, p, hz, &handler, NULL), 0);
}

#define HEAD(rates)                                                                                            \
        "[profile t]\nLabel=t\n[characteristics]\na=00000001-0000-0000-0000-000000000000\n"                    \
        "b=00000002-0000-0000-0000-000000000000\n[match]\nName=T\n[rates]\n" rates "\n"
#define STREAM(name)           "[stream " name "]\nCharacteristic=" name "\nFraming=message\n"
#define TEST(packet, hex, key) TEST_OF(packet, hex, key, "0 0 0")
#define TEST_OF(packet, hex, key, values)                                                                      \
        "[test " packet "]\nPacket=" packet "\nHex=" hex "\n" key "=" values "\nTolerance=1\n"

/* SPDX-License-Identifier: Apache-2.0 */
/* Decoder and encoder of imu16 packets. */

#include "sensor/packet.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <repcast/sample.h>

#include "util/bytes.h"
#include "util/macros.h"

#define PACKET_VERSION 1
#define COUNTS         32768.0 /* of the full range */

static const struct {
        const char *word;
        unsigned bits;
        double hz;
} counters[_PACKET_COUNTER_MAX] = {
        [PACKET_COUNTER_NONE] = {"none", 0, 0},
        [PACKET_COUNTER_U16_32768] = {"u16-32768hz", 16, 32768},
        [PACKET_COUNTER_U32_32768] = {"u32-32768hz", 32, 32768},
        [PACKET_COUNTER_U32_US] = {"u32-us", 32, 1e6},
};

unsigned packet_counter_bits(enum packet_counter counter) {
        return counters[counter].bits;
}

double packet_counter_hz(enum packet_counter counter) {
        return counters[counter].hz;
}

const char *packet_counter_to_string(enum packet_counter counter) {
        return counter < _PACKET_COUNTER_MAX ? counters[counter].word : NULL;
}

int packet_counter_from_string(const char *s) {
        for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
                if (strcmp(counters[i].word, s) == 0)
                        return (int) i;
        return -EINVAL;
}

static double accel_scale(const struct packet_format *format) {
        return format->accel_range_g * STANDARD_GRAVITY_MPS2 / COUNTS;
}

static double gyro_scale(const struct packet_format *format) {
        return format->gyro_range_dps * (M_PI / 180) / COUNTS;
}

static void decode_axes(struct bytes *b, double scale, double ret[3], uint16_t *flags) {
        for (unsigned i = 0; i < 3; i++) {
                int16_t raw = bytes_lei16(b);

                if (raw == INT16_MAX || raw == INT16_MIN)
                        *flags |= SAMPLE_CLIPPED;
                ret[i] = raw * scale;
        }
}

int packet_decode(const struct packet_format *format, const void *data, size_t size, struct packet *ret) {
        struct bytes b = bytes_of(data, size);
        unsigned version, n, width = packet_counter_bits(format->counter) / 8;
        uint64_t counter;

        version = bytes_u8(&b);
        n = bytes_u8(&b);
        counter = bytes_le(&b, width);
        if (b.failed)
                return -EBADMSG;
        if (version != PACKET_VERSION)
                return -EPROTONOSUPPORT;
        if (n == 0 || n > PACKET_SAMPLES_MAX || bytes_left(&b) != 12U * n)
                return -EBADMSG;

        ret->counter = counter;
        ret->n_samples = n;
        for (unsigned i = 0; i < n; i++) {
                struct packet_sample *s = &ret->samples[i];

                s->flags = 0;
                decode_axes(&b, accel_scale(format), s->f_mps2, &s->flags);
                decode_axes(&b, gyro_scale(format), s->w_radps, &s->flags);
        }
        return 0;
}

static void encode_axes(struct bytes_sink *s, double scale, const double axes[3]) {
        for (unsigned i = 0; i < 3; i++) {
                double counts = CLAMP(rint(axes[i] / scale), -COUNTS, COUNTS - 1);

                bytes_put_le(s, 2, (uint16_t) (int16_t) counts);
        }
}

int packet_encode(const struct packet_format *format, const struct packet *packet, uint8_t *data, size_t size) {
        struct bytes_sink s = bytes_sink_of(data, size);

        if (packet->n_samples == 0 || packet->n_samples > PACKET_SAMPLES_MAX)
                return -EINVAL;
        bytes_put_le(&s, 1, PACKET_VERSION);
        bytes_put_le(&s, 1, packet->n_samples);
        bytes_put_le(&s, packet_counter_bits(format->counter) / 8, packet->counter);
        for (unsigned i = 0; i < packet->n_samples; i++) {
                encode_axes(&s, accel_scale(format), packet->samples[i].f_mps2);
                encode_axes(&s, gyro_scale(format), packet->samples[i].w_radps);
        }
        return s.failed ? -ENOBUFS : (int) (s.at - data);
}

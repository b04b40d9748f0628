/* SPDX-License-Identifier: Apache-2.0 */
/* imu16 packets: the profile that reads them, and their encoder. */

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

/* Three signed counts in a row. */
static struct profile_axes axes_at(unsigned offset, double range, double si) {
        return (struct profile_axes){
                .field = {.present = true, .offset = offset, .type = TYPE_I16},
                .scale = range / COUNTS,
                .si = si,
                .clip = INFINITY,
                .from = {0, 1, 2},
                .sign = {1, 1, 1},
        };
}

void packet_profile(const struct packet_format *format, struct profile *ret) {
        unsigned width = packet_counter_bits(format->counter) / 8, header = 2 + width;

        *ret = (struct profile){
                .name = "imu16",
                .label = "imu16 packets",
                .n_characteristics = 1,
                .rates = {{.hz = 100}},
                .n_rates = 1,
                .streams = {{.name = "motion", .framing = FRAMING_MESSAGE}},
                .n_streams = 1,
                .n_packets = 1,
        };
        ret->packets[0] = (struct profile_packet){
                .name = "imu16",
                .when = {.n = 1, .bytes = {PACKET_VERSION}, .mask = {0xff}},
                .length_min = header + 12,
                .length_max = header + 12 * PACKET_SAMPLES_MAX,
                .base = header,
                .stride = 12,
                .count = {.present = true, .offset = 1, .type = TYPE_U8},
                .acc = axes_at(0, format->accel_range_g, STANDARD_GRAVITY_MPS2),
                .gyro = axes_at(6, format->gyro_range_dps, M_PI / 180),
                .time = {.present = width > 0, .offset = 2, .type = width == 2 ? TYPE_U16 : TYPE_U32},
                .time_hz = packet_counter_hz(format->counter),
        };
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

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* "imu16": the packet of recordings that name no profile. All fields are little-endian.
 *
 *     offset  size  field
 *     0       1     version, 1
 *     1       1     n, samples in the packet, 1 to 42
 *     2       c     counter at the first sample; c = 0, 2 or 4 as the format says
 *     2+c     12 n  n times ax ay az gx gy gz, signed 16 bit; 32768 counts are the full range
 *
 * Counter and ranges stand in the recording's header; a profile is made of them, and so these packets are read by the
 * same decoder as those of any sensor. On the air their place is taken by doc/bar-sensor-profile.md, whose packets say
 * themselves what they hold. */

#include <stddef.h>
#include <stdint.h>

#include "sensor/profile.h"

#define PACKET_SIZE_MAX    512 /* longest GATT attribute value */
#define PACKET_SAMPLES_MAX 42  /* as many as fit behind the header */

enum packet_counter {
        PACKET_COUNTER_NONE,      /* the arrival is all there is */
        PACKET_COUNTER_U16_32768, /* 16 bit, 1/32768 s, wraps every 2 s */
        PACKET_COUNTER_U32_32768, /* 32 bit, 1/32768 s, wraps every 36.4 h */
        PACKET_COUNTER_U32_US,    /* 32 bit, microseconds, wraps every 71.6 min */
        _PACKET_COUNTER_MAX,
};

struct packet_format {
        enum packet_counter counter;
        double accel_range_g;  /* +-, standard gravity, 1 to 200 */
        double gyro_range_dps; /* +-, degrees a second, 100 to 10000 */
};

struct packet_sample {
        double f_mps2[3];  /* specific force */
        double w_radps[3]; /* angular rate */
        uint16_t flags;    /* enum sample_flags */
};

struct packet {
        uint64_t counter; /* 0 without one */
        unsigned n_samples;
        struct packet_sample samples[PACKET_SAMPLES_MAX];
};

/* The profile that reads packets of this format; its path is NULL. */
void packet_profile(const struct packet_format *format, struct profile *ret);

/* Samples are rounded to counts and stop at the range's ends. Returns the size, or -EINVAL for a sample count out of
 * range, -ENOBUFS for a buffer too small. */
int packet_encode(const struct packet_format *format, const struct packet *packet, uint8_t *data, size_t size);

/* Of the counter: width in bits and ticks a second, both 0 without one. */
unsigned packet_counter_bits(enum packet_counter counter);
double packet_counter_hz(enum packet_counter counter);

const char *packet_counter_to_string(enum packet_counter counter);
int packet_counter_from_string(const char *s); /* -EINVAL for an unknown word */

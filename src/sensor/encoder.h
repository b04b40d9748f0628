/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The decoder's opposite: from samples to the notifications that a sensor of this profile would send. For the virtual
 * sensor, and for tests: what is encoded and decoded again is the same within half a count.
 *
 * Packets are filled with what the profile says of them (constants of When=, counts, clock, sequence number, samples in
 * the profile's scale); bytes that it does not explain are 0. Allocates nothing. */

#include <stddef.h>
#include <stdint.h>

#include <repcast/sample.h>

#include "sensor/profile.h"

/* A whole notification of stream k, to be sent now. */
typedef void (*encoder_sink)(void *userdata, unsigned stream, const uint8_t *bytes, size_t n);

/* Samples that gather for a packet. */
struct encoder_part {
        const struct profile_packet *packet; /* NULL = none of this part */
        struct sample samples[PROFILE_SAMPLES_MAX];
        unsigned n, wanted;
        uint32_t seq;                  /* of the next packet */
        uint64_t count;                /* samples in the packets before */
        uint8_t bytes[GATT_VALUE_MAX]; /* of a notification that is not full yet */
        unsigned n_bytes, n_packets;
};

/* The fields are the module's. */
struct encoder {
        const struct profile *profile;
        unsigned batch;
        size_t value_max;
        encoder_sink sink;
        void *userdata;
        struct encoder_part parts[2]; /* whole samples or accelerations; rates that go apart */
};

/* batch: samples in a packet where the profile leaves it open; packets in a notification where packets are a stream of
 * bytes. 1 to 128, and cut to what fits. value_max: ATT_MTU - 3, the longest notification. Of several packets of one
 * part (ranges) the first is used. Returns 0, -EINVAL for a parameter out of its range, -EMSGSIZE where not even one
 * sample fits. */
int encoder_init(struct encoder *e, const struct profile *profile, unsigned batch, size_t value_max,
        encoder_sink sink, void *userdata);

/* One more sample; its instant is the sensor's clock. Full notifications go to the sink. Figures beyond the range of
 * the profile's type stop at its ends. */
void encoder_push(struct encoder *e, const struct sample *s);

/* What has gathered so far goes out, as before a pause. A packet with a fixed number of samples stays until it is
 * full. */
void encoder_flush(struct encoder *e);

/* The value of the battery's characteristic, or the packet that answers a poll. Returns its length; *ret_stream is the
 * stream, or -1 for the characteristic. -ENOTSUP where the profile has neither. */
int encoder_battery(
        const struct profile *profile, double percent, uint8_t ret[static GATT_VALUE_MAX], int *ret_stream);

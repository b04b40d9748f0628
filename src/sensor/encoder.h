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

/* The fields are the module's. */
struct encoder {
        const struct profile *profile;
        double rate_hz;
        unsigned batch;
        encoder_sink sink;
        void *userdata;
        struct encoder_kind {
                const struct profile_packet *packet; /* NULL = none of this kind */
                struct sample samples[PROFILE_SAMPLES_MAX];
                unsigned n, wanted; /* samples gathered, samples in a packet */
                uint32_t seq;
        } kinds[2];     /* whole samples or accelerations; rates that go apart */
        uint64_t count; /* samples so far */
};

/* batch: samples in a packet where the profile leaves it open (1 to 128, cut to what the profile and value_max allow);
 * value_max: ATT_MTU - 3, the longest notification. Of several packets of one kind (ranges) the first is used.
 * Returns 0, -EINVAL for a parameter out of its range, -EMSGSIZE where not even one packet fits. */
int encoder_init(struct encoder *e, const struct profile *profile, double rate_hz, unsigned batch,
        size_t value_max, encoder_sink sink, void *userdata);

/* One more sample; its instant is the sensor's clock. Full packets go to the sink. Figures beyond the range of the
 * profile's type stop at its ends. */
void encoder_push(struct encoder *e, const struct sample *s);

/* The value of the battery's characteristic or the packet that answers a poll. Returns its length; *ret_stream is the
 * stream, or -1 for the battery's own characteristic. -ENOTSUP where the profile has neither. */
int encoder_battery(
        const struct profile *profile, double percent, uint8_t ret[static GATT_VALUE_MAX], int *ret_stream);

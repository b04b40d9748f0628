/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From notifications to samples, as a profile says: framing, packets, scales, axes, the join of accelerations and rates
 * that come apart, and instants through the timebase. Allocates nothing; the state is the caller's.
 *
 *     bytes -> frames -> packets -> raw samples -> timebase -> join -> samples with instants
 *
 * Bytes are never trusted: what does not fit the profile is counted and left out, and decoding goes on behind it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <repcast/sample.h>
#include <repcast/timebase.h>

#include "sensor/profile.h"
#include "sensor/unpack.h"

#define DECODER_JOIN_MAX (4 * PROFILE_JOIN_MAX) /* samples waiting for their other half */

struct decoder_stats {
        uint64_t notifications, packets;
        uint64_t samples;      /* given out */
        uint64_t lost;         /* samples missing, as counter or clock show */
        uint64_t lost_packets; /* by the sequence number, where there is one */
        uint64_t clipped;      /* samples with an axis at its end */
        uint64_t other;        /* packets that no When= knows: replies, other kinds of data */
        uint64_t bad;          /* packets of a wrong length, or with figures that no sensor measures */
        uint64_t skipped;      /* bytes between packets */
        uint64_t stale;        /* packets that repeat or precede others */
        uint64_t unpaired;     /* accelerations whose rates never came */
        uint64_t resyncs;      /* times that the timeline started anew, the first excluded */
};

/* Samples of one packet that came together, at least one, instants strictly rising. Both handlers are called from
 * within decoder_push(); on_battery may be NULL. */
struct decoder_handler {
        void (*on_samples)(void *userdata, const struct sample *samples, size_t n);
        void (*on_battery)(void *userdata, double percent);
};

/* The fields are the module's. */
struct decoder_half {
        uint64_t t_us;
        double v[3];
        uint16_t lost, flags;
};

struct decoder_ring {
        unsigned first, n;
        struct decoder_half items[DECODER_JOIN_MAX];
};

/* Packets that wait until those behind them have told whether others are missing before them. */
struct decoder_waiting {
        unsigned n_packets, n;
        struct timebase_packet packets[TIMEBASE_WAIT_MAX];
        struct unpacked_sample samples[TIMEBASE_WAIT_MAX];
};

struct decoder_carry {
        uint8_t bytes[GATT_VALUE_MAX];
        unsigned n;
        bool overlong; /* a line, passed over until its end */
};

struct decoder {
        const struct profile *profile;
        double rate_hz;
        const struct decoder_handler *handler;
        void *userdata;
        struct decoder_stats stats;
        struct decoder_carry carry[GATT_STREAMS_MAX]; /* begun packet of each stream */
        struct timebase timebase[2]; /* of whole samples or accelerations, and of rates that come apart */
        bool started[2];
        uint64_t last_us; /* instant of the last sample given out */
        bool any;
        uint32_t seq[2];
        bool seq_known[2];
        uint64_t counted[2]; /* samples by the sequence number */
        uint32_t lost;       /* samples to tell with the next one */
        uint64_t arrival_us;
        /* From here on nothing is read that was not written. What most sensors need stands first, so that the rest costs no
         * memory: the rings are touched by those only whose accelerations and rates come apart. */
        struct sample samples[PROFILE_SAMPLES_MAX];
        struct decoder_waiting waiting;
        struct decoder_ring acc, gyro;
};

/* rate_hz: the rate at which the sensor streams, 5 to 1000; start anew after each connection and each change of rate.
 * The profile must live as long. Returns 0 or -EINVAL. */
int decoder_init(struct decoder *d, const struct profile *profile, double rate_hz,
        const struct decoder_handler *handler, void *userdata);

/* One notification of stream k. arrival_us: steady clock when it was read; must not run backwards. */
void decoder_push(struct decoder *d, unsigned stream, const uint8_t *bytes, size_t n, uint64_t arrival_us);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From a packet's counter or arrival to the instants of its samples.
 *
 * Bluetooth delivers packets late and in bursts, never early, so an arrival is an upper bound of the instant of
 * the packet's last sample. A sensor counter has no such jitter but runs on a crystal of its own, wraps, and
 * starts anywhere; most sensors send none, and then the nominal rate takes its place. Either way the instants
 * follow a slow regression of arrivals on the sensor's own count, so that no arrival is ever differenced. */

#include <stdbool.h>
#include <stdint.h>

struct timebase_params {
        double rate_hz;        /* nominal sample rate, 5 to 1000 */
        double counter_hz;     /* ticks a second of the packets' counter; 0 = the packets carry none */
        unsigned counter_bits; /* its width, 8 to 64; it wraps at 2^bits */
};

struct timebase_packet {
        uint64_t arrival_us; /* steady clock of the hub when the packet was read */
        uint64_t counter;    /* counter of the packet's first sample; ignored without a counter */
        unsigned n_samples;  /* 1 to 256 */
};

/* Sample k of the packet was taken at first_us + k * period_us. */
struct timebase_stamp {
        uint64_t first_us;
        double period_us;
        unsigned lost; /* samples missing before this packet, as far as the counter or the clock shows */
        bool resync;   /* the timeline starts anew here: counter restarted or the link was away */
};

/* Returns 0 or -EINVAL for a parameter out of its range. */
struct timebase;
int timebase_init(struct timebase *tb, const struct timebase_params *params);

/* Returns 0; -EINVAL for a packet out of range, -ESTALE for one that repeats or precedes what came before. Instants
 * never run backwards from one packet to the next. */
int timebase_push(struct timebase *tb, const struct timebase_packet *packet, struct timebase_stamp *ret);

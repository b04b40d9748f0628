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

#define TIMEBASE_BUCKETS  64
#define TIMEBASE_WAIT_MAX 128 /* samples */

/* The least late arrival of one second: x on the sensor's clock, y on the hub's, s since the timeline's start. */
struct timebase_bucket {
        double x_s, y_s;
};

/* Owned by the caller; the fields are the module's. */
struct timebase {
        struct timebase_params params;
        bool started;
        uint64_t origin_us; /* arrival of the first packet of all: zero of y and of out */
        uint64_t last_arrival_us;

        /* the sensor's count, made continuous, in nominal seconds */
        uint64_t last_counter;
        double last_x_s; /* first sample of the last packet */
        double sample_s; /* sample period, measured with a counter, nominal without */
        unsigned last_n; /* samples of the last packet */
        unsigned stale;  /* packets refused in a row */

        /* hub = offset + (1 + skew) x: the line that no arrival is below */
        double offset_s, skew;
        double skew_before; /* what the timeline before the last resync had learned */
        struct timebase_bucket buckets[TIMEBASE_BUCKETS]; /* ring of whole seconds, oldest first from `first` */
        unsigned first, n_buckets;
        struct timebase_bucket open; /* the running second */
        double open_until_s;         /* y at which it ends; 0 = none is open */
        unsigned open_n;             /* arrivals in it */
        double start_s;              /* y at which the timeline started */

        /* without a counter: are packets missing before those that wait? */
        double late_s, on_time; /* mean lateness, each counted up to what may be a loss; share that is later */
        unsigned judged;        /* arrivals that both were measured by, up to a limit */
        unsigned n_late;        /* in a row, one packet's time late at least */
        double least_late_s;    /* the least of them */
        double nats;            /* how much likelier they are late since others are missing */
        uint64_t late_us;       /* arrival of the last of them */
        unsigned waiting;       /* samples */
        double missing_s;       /* verdict, for the next packet pushed */
        uint64_t verdict_us;    /* arrival of the packet that decided it */
        double guessed_s, guessed_at_s; /* the last one, and y when it came true */

        double out_s; /* where the next sample is due in the instants given out */
};

/* Returns 0 or -EINVAL for a parameter out of its range. */
int timebase_init(struct timebase *tb, const struct timebase_params *params);

enum timebase_wait {
        TIMEBASE_GO,        /* push those that wait, then this one */
        TIMEBASE_WAIT,      /* it waits with them, if there are any */
        TIMEBASE_WAIT_ANEW, /* push those that wait; this one does so now */
};

/* Without a counter a late packet may be the first behind one that got lost, or only late: those behind it tell which. So
 * it may wait for them, and the instants are right from the first one on. Who does not ask pushes at once, and a loss
 * shows within a second or two. No more than TIMEBASE_WAIT_MAX samples wait at a time, and no longer than 0.3 s or one
 * packet. Ask once for each packet, in the order of arrival. */
enum timebase_wait timebase_wait(struct timebase *tb, const struct timebase_packet *packet);

/* Returns 0; -EINVAL for a packet out of range, -ESTALE for one that repeats or precedes what came before. Instants
 * never run backwards from one packet to the next. */
int timebase_push(struct timebase *tb, const struct timebase_packet *packet, struct timebase_stamp *ret);

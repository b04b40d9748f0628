/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder: framing, clocks and the join. Packets themselves are unpack.c's.
 *
 * Accelerations and rates that come in packets of their own have a timebase each, so that both know their instants;
 * the rate at the instant of an acceleration lies on the straight line between the two rates around it. A half that
 * stays away is not waited for longer than the link's usual disorder; where it has neither clock nor number, its
 * timeline starts anew when it comes back: until arrivals have shown the gap, its instants would be too early. */

#include "sensor/decoder.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "sensor/unpack.h"
#include "util/macros.h"

#define JOIN_GAP_PERIODS 3.0 /* rates farther apart than this are not joined by a line, */
#define JOIN_NEAR        2.0 /* but one as near as this stands for its neighbourhood */
#define JOIN_PATIENCE_S  0.15
#define JOIN_PATIENCE    3 /* packets, if that is longer */

enum part {
        PART_WHOLE, /* whole samples, or accelerations */
        PART_RATES, /* rates that come apart */
};

static enum part part_of(const struct profile_packet *packet) {
        return packet->joined ? PART_RATES : PART_WHOLE;
}

int decoder_init(struct decoder *d, const struct profile *profile, double rate_hz,
        const struct decoder_handler *handler, void *userdata) {
        memset(d, 0, offsetof(struct decoder, samples));
        d->waiting.n_packets = d->waiting.n = 0;
        d->profile = profile;
        d->rate_hz = rate_hz;
        d->handler = handler;
        d->userdata = userdata;
        for (unsigned i = 0; i < profile->n_packets; i++) {
                const struct profile_packet *packet = &profile->packets[i];
                struct timebase_params params = {.rate_hz = rate_hz};
                int r;

                if (packet->joined)
                        d->acc.first = d->acc.n = d->gyro.first = d->gyro.n = 0;
                if (packet->time.present) {
                        params.counter_hz = packet->time_hz > 0 ? packet->time_hz : rate_hz;
                        params.counter_bits = 8 * type_size(packet->time.type);
                } else if (packet->seq.present) {
                        params.counter_hz = rate_hz; /* samples, counted here */
                        params.counter_bits = 64;
                }
                r = timebase_init(&d->timebase[part_of(packet)], &params);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- clocks ---- */

/* Packets since the last one of this part, by the sequence number: 1 = none is missing, 0 or less = it was before. */
static int64_t advance(
        const struct decoder *d, enum part part, const struct profile_packet *packet, uint64_t seq) {
        uint64_t span = 1ULL << (8 * type_size(packet->seq.type)), delta = (seq - d->seq[part]) & (span - 1);

        if (!d->seq_known[part])
                return 1;
        return delta > span / 2 ? (int64_t) delta - (int64_t) span : (int64_t) delta;
}

/* The packet's counter at its first sample, as its timebase wants it. */
static uint64_t counter_of(const struct decoder *d, enum part part, const struct profile_packet *packet,
        const struct unpacked *u, int64_t step) {
        unsigned bits = 8 * type_size(packet->time.type);
        uint64_t counter = u->time;
        double hz = packet->time_hz > 0 ? packet->time_hz : d->rate_hz;

        if (!packet->time.present)
                return packet->seq.present ? d->counted[part] + (uint64_t) ((step - 1) * (int64_t) u->n) : 0;
        if (packet->time_last)
                counter -= (uint64_t) llrint((u->n - 1) * hz / d->rate_hz);
        return bits < 64 ? counter & ((1ULL << bits) - 1) : counter;
}

static int stamp(struct decoder *d, const struct profile_packet *packet, const struct unpacked *u,
        struct timebase_stamp *ret) {
        enum part part = part_of(packet);
        int64_t step = packet->seq.present ? advance(d, part, packet, u->seq) : 1;
        struct timebase_packet p = {
                .arrival_us = d->arrival_us,
                .counter = counter_of(d, part, packet, u, step),
                .n_samples = u->n,
        };
        int r = timebase_push(&d->timebase[part], &p, ret);

        if (r < 0) {
                d->stats.stale++;
                return r;
        }
        if (packet->seq.present) {
                if (step > 1)
                        d->stats.lost_packets += (uint64_t) step - 1;
                d->seq[part] = (uint32_t) u->seq;
                d->seq_known[part] = true;
        }
        d->counted[part] = p.counter + u->n;
        if (ret->resync && d->started[part])
                d->stats.resyncs++;
        d->started[part] = true;
        return 0;
}

/* The other half has waited in vain for this part. */
static void restart(struct decoder *d, enum part part) {
        struct timebase_params params = d->timebase[part].params;

        if (params.counter_hz > 0)
                return; /* its own clock will tell */
        /* The parameters were taken before: they are in their ranges. */
        (void) timebase_init(&d->timebase[part], &params);
}

/* Samples between the last one given out and a timeline that has started anew. */
static unsigned missing_before(const struct decoder *d, uint64_t t_us) {
        double periods = ((double) t_us - (double) d->last_us) * 1e-6 * d->rate_hz;

        return d->any && periods > 1 ? (unsigned) fmin(rint(periods) - 1, 1e9) : 0;
}

static uint64_t instant(const struct timebase_stamp *s, unsigned k) {
        return s->first_us + (uint64_t) llrint(k * s->period_us);
}

/* ---- samples out ---- */

static void put(struct decoder *d, unsigned n, struct sample s) {
        if (d->any)
                s.t_us = MAX(s.t_us, d->last_us + 1); /* rounding must not make two of them one */
        d->any = true;
        d->last_us = s.t_us;
        d->stats.samples++;
        d->stats.clipped += (s.flags & SAMPLE_CLIPPED) != 0;
        d->samples[n] = s;
}

static void hand_over(struct decoder *d, unsigned n) {
        if (n > 0)
                d->handler->on_samples(d->userdata, d->samples, n);
}

static uint16_t lost_of(struct decoder *d, unsigned lost) {
        d->stats.lost += lost;
        return (uint16_t) MIN(lost, (unsigned) UINT16_MAX);
}

static void whole_samples(struct decoder *d, const struct unpacked_sample *samples, unsigned n,
        const struct timebase_stamp *stamp) {
        for (unsigned k = 0; k < n; k++) {
                struct sample s = {
                        .t_us = instant(stamp, k),
                        .lost = k == 0 ? lost_of(d, stamp->lost) : 0,
                        .flags = samples[k].flags,
                };

                memcpy(s.f_mps2, samples[k].f_mps2, sizeof(s.f_mps2));
                memcpy(s.w_radps, samples[k].w_radps, sizeof(s.w_radps));
                put(d, k, s);
        }
        hand_over(d, n);
}

/* ---- waiting for those behind ---- */

static void end_waiting(struct decoder *d) {
        struct decoder_waiting *w = &d->waiting;
        const struct unpacked_sample *samples = w->samples;
        struct timebase_stamp at;

        for (unsigned i = 0; i < w->n_packets; i++) {
                const struct timebase_packet *p = &w->packets[i];

                if (timebase_push(&d->timebase[PART_WHOLE], p, &at) >= 0)
                        whole_samples(d, samples, p->n_samples, &at);
                samples += p->n_samples;
        }
        w->n_packets = w->n = 0;
}

/* Halves do not: the join would take them for late. */
static bool waits(struct decoder *d, const struct profile_packet *packet, const struct unpacked *u) {
        struct timebase_packet p = {.arrival_us = d->arrival_us, .n_samples = u->n};
        struct decoder_waiting *w = &d->waiting;
        bool half = packet->joined || *packet->join;
        enum timebase_wait wait = half ? TIMEBASE_GO : timebase_wait(&d->timebase[PART_WHOLE], &p);

        if (wait != TIMEBASE_WAIT)
                end_waiting(d);
        if (wait == TIMEBASE_GO)
                return false;
        w->packets[w->n_packets++] = p;
        memcpy(w->samples + w->n, u->samples, u->n * sizeof(u->samples[0]));
        w->n += u->n;
        return true;
}

/* ---- the join ---- */

static struct decoder_half *half(struct decoder_ring *ring, unsigned i) {
        return &ring->items[(ring->first + i) % DECODER_JOIN_MAX];
}

static void drop_first(struct decoder_ring *ring) {
        ring->first = (ring->first + 1) % DECODER_JOIN_MAX;
        ring->n--;
}

/* The oldest acceleration goes without its rates: it is missing for whoever listens. */
static void give_up(struct decoder *d) {
        d->lost += 1U + half(&d->acc, 0)->lost;
        d->stats.unpaired++;
        d->stats.lost++;
        drop_first(&d->acc);
}

enum pairing {
        PAIR_WAIT, /* its rates may yet come */
        PAIR_NONE, /* they will not */
        PAIR_DONE,
};

/* The rates at the instant of the oldest acceleration. */
static enum pairing rates_at(struct decoder *d, struct decoder_half *ret) {
        uint64_t t_us = half(&d->acc, 0)->t_us;
        double period_us = 1e6 / d->rate_hz;
        const struct decoder_half *before, *after;
        double weight;

        while (d->gyro.n >= 2 && half(&d->gyro, 1)->t_us <= t_us)
                drop_first(&d->gyro);
        if (d->gyro.n == 0)
                return PAIR_WAIT;
        before = half(&d->gyro, 0);
        if (before->t_us >= t_us) {
                *ret = *before;
                return (double) (before->t_us - t_us) <= JOIN_NEAR * period_us ? PAIR_DONE : PAIR_NONE;
        }
        if (d->gyro.n == 1)
                return PAIR_WAIT;
        after = half(&d->gyro, 1);
        *ret = *before;
        ret->flags |= after->flags;
        if ((double) (after->t_us - before->t_us) > JOIN_GAP_PERIODS * period_us) {
                if ((double) (t_us - before->t_us) <= JOIN_NEAR * period_us)
                        return PAIR_DONE;
                *ret = *after;
                return (double) (after->t_us - t_us) <= JOIN_NEAR * period_us ? PAIR_DONE : PAIR_NONE;
        }
        weight = (double) (t_us - before->t_us) / (double) (after->t_us - before->t_us);
        for (unsigned i = 0; i < 3; i++)
                ret->v[i] += weight * (after->v[i] - before->v[i]);
        return PAIR_DONE;
}

_Static_assert(DECODER_JOIN_MAX <= PROFILE_SAMPLES_MAX, "all that wait may be joined at once");

/* As many accelerations as have their rates by now. */
static void join(struct decoder *d) {
        struct decoder_half rates;
        enum pairing pairing;
        unsigned n = 0;

        while (d->acc.n > 0 && (pairing = rates_at(d, &rates)) != PAIR_WAIT) {
                const struct decoder_half *acc = half(&d->acc, 0);
                struct sample s = {.t_us = acc->t_us, .flags = acc->flags | rates.flags};

                if (pairing == PAIR_NONE) {
                        give_up(d);
                        continue;
                }
                s.lost = (uint16_t) MIN(d->lost + acc->lost, (uint32_t) UINT16_MAX);
                d->lost = 0;
                memcpy(s.f_mps2, acc->v, sizeof(s.f_mps2));
                memcpy(s.w_radps, rates.v, sizeof(s.w_radps));
                put(d, n++, s);
                drop_first(&d->acc);
        }
        hand_over(d, n);
}

/* How many samples of one half may wait. */
static unsigned patience(const struct decoder *d, const struct unpacked *u) {
        unsigned samples = MAX((unsigned) (JOIN_PATIENCE_S * d->rate_hz), JOIN_PATIENCE * u->n);

        return MIN(samples, (unsigned) (DECODER_JOIN_MAX - PROFILE_JOIN_MAX));
}

static void push_half(struct decoder_ring *ring, const struct decoder_half *h) {
        if (ring->n == DECODER_JOIN_MAX)
                drop_first(ring);
        *half(ring, ring->n) = *h;
        ring->n++;
}

static void take_rates(struct decoder *d, const struct unpacked *u, const struct timebase_stamp *stamp) {
        for (unsigned k = 0; k < u->n; k++) {
                struct decoder_half h = {.t_us = instant(stamp, k), .flags = u->samples[k].flags};

                memcpy(h.v, u->samples[k].w_radps, sizeof(h.v));
                push_half(&d->gyro, &h);
        }
        join(d);
        if (d->acc.n == 0 && d->gyro.n > patience(d, u)) {
                while (d->gyro.n > 1)
                        drop_first(&d->gyro);
                restart(d, PART_WHOLE);
        }
}

static void take_accelerations(
        struct decoder *d, const struct unpacked *u, const struct timebase_stamp *stamp) {
        unsigned lost = stamp->resync ? missing_before(d, stamp->first_us) : stamp->lost;

        for (unsigned k = 0; k < u->n; k++) {
                struct decoder_half h = {
                        .t_us = instant(stamp, k),
                        .lost = k == 0 ? lost_of(d, lost) : 0,
                        .flags = u->samples[k].flags,
                };

                memcpy(h.v, u->samples[k].f_mps2, sizeof(h.v));
                push_half(&d->acc, &h);
        }
        join(d);
        if (d->acc.n > patience(d, u)) {
                while (d->acc.n > 0)
                        give_up(d);
                d->gyro.n = 0;
                restart(d, PART_RATES);
        }
}

/* ---- packets ---- */

static bool battery_packet(struct decoder *d, unsigned stream, const uint8_t *bytes, size_t n) {
        const struct profile_battery *b = &d->profile->battery;
        double percent;

        if (b->kind != GATT_BATTERY_STREAM || b->stream != stream || !unpack_is(&b->when, bytes, n))
                return false;
        if (profile_battery(d->profile, bytes, n, &percent) >= 0 && d->handler->on_battery)
                d->handler->on_battery(d->userdata, percent);
        return true;
}

/* -ENOENT where the packet is of no kind that the profile knows. */
static int motion_packet(struct decoder *d, unsigned stream, const uint8_t *bytes, size_t n) {
        const struct profile *p = d->profile;
        int found = unpack_find(p, stream, bytes, n), r;
        struct timebase_stamp at;
        struct unpacked u _uninitialized_; /* not in the state, of which a hub keeps hundreds */

        if (found < 0)
                return found;
        r = unpack(&p->packets[found], bytes, n, &u);
        /* Lines are told apart by their tags, which only reading shows. */
        for (unsigned i = (unsigned) found + 1; r == -ENOENT && i < p->n_packets; i++)
                if (p->packets[i].stream == stream) {
                        found = (int) i;
                        r = unpack(&p->packets[i], bytes, n, &u);
                }
        if (r < 0)
                return r;
        d->stats.packets++;
        if (waits(d, &p->packets[found], &u) || stamp(d, &p->packets[found], &u, &at) < 0)
                return 0;
        if (p->packets[found].joined)
                take_rates(d, &u, &at);
        else if (*p->packets[found].join)
                take_accelerations(d, &u, &at);
        else
                whole_samples(d, u.samples, u.n, &at);
        return 0;
}

static void take_packet(struct decoder *d, unsigned stream, const uint8_t *bytes, size_t n) {
        int r;

        if (battery_packet(d, stream, bytes, n))
                return;
        r = motion_packet(d, stream, bytes, n);
        if (r == -ENOENT)
                d->stats.other++;
        else if (r < 0)
                d->stats.bad++;
}

/* ---- framing ---- */

static bool could_start(const struct profile_stream *s, const uint8_t *bytes, unsigned n) {
        for (unsigned i = 0; i < s->n_syncs; i++)
                if (memcmp(bytes, s->syncs[i].bytes, MIN(n, s->syncs[i].n)) == 0)
                        return true;
        return false;
}

/* A byte that no packet can start with is passed over, and then the ones behind it are looked at. */
static void push_fixed(struct decoder *d, unsigned stream, const uint8_t *bytes, size_t n) {
        const struct profile_stream *s = &d->profile->streams[stream];
        struct decoder_carry *carry = &d->carry[stream];

        for (size_t i = 0; i < n; i++) {
                carry->bytes[carry->n++] = bytes[i];
                while (carry->n > 0 && !could_start(s, carry->bytes, carry->n)) {
                        d->stats.skipped++;
                        memmove(carry->bytes, carry->bytes + 1, --carry->n);
                }
                if (carry->n == s->size) {
                        carry->n = 0;
                        take_packet(d, stream, carry->bytes, s->size);
                }
        }
}

static void push_lines(struct decoder *d, unsigned stream, const uint8_t *bytes, size_t n) {
        const struct profile_stream *s = &d->profile->streams[stream];
        struct decoder_carry *carry = &d->carry[stream];

        for (size_t i = 0; i < n; i++) {
                if (bytes[i] == '\r' || bytes[i] == '\n') {
                        if (!carry->overlong && carry->n > 0)
                                take_packet(d, stream, carry->bytes, carry->n);
                        carry->n = 0;
                        carry->overlong = false;
                } else if (carry->overlong) {
                        d->stats.skipped++;
                } else if (carry->n == s->size) {
                        carry->overlong = true;
                        d->stats.skipped += carry->n + 1;
                } else {
                        carry->bytes[carry->n++] = bytes[i];
                }
        }
}

void decoder_push(struct decoder *d, unsigned stream, const uint8_t *bytes, size_t n, uint64_t arrival_us) {
        if (stream >= d->profile->n_streams)
                return;
        d->stats.notifications++;
        d->arrival_us = MAX(arrival_us, d->arrival_us);
        switch (d->profile->streams[stream].framing) {
        case FRAMING_MESSAGE:
                take_packet(d, stream, bytes, n);
                break;
        case FRAMING_FIXED:
                push_fixed(d, stream, bytes, n);
                break;
        case FRAMING_LINES:
                push_lines(d, stream, bytes, n);
                break;
        case _FRAMING_MAX:
                break;
        }
}

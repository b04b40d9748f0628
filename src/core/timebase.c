/* SPDX-License-Identifier: Apache-2.0 */
/* Timebase: from a packet's counter or arrival to the instants of its samples.
 *
 *   1. The sensor's count is made continuous: x, in seconds of the sensor's crystal (counter), or in samples at the
 *      nominal rate (no counter). Wraps are resolved by continuity, and across a gap by the arrival.
 *   2. An arrival is late, never early. Of each second the least late one is kept, and over the last minute the line
 *      hub = offset + (1 + skew) x is laid below all of them, as close as can be. The line that minimises the summed
 *      distance is the edge of the lower convex hull over the mean of x (Moon, Skelly, Towsley: Estimation and removal
 *      of clock skew from network delay measurements, INFOCOM 1999).
 *   3. Without a counter a lost packet shows as lateness that stays. Those that may be behind one wait until the arrivals
 *      after them have told.
 *   4. The instants given out run on without a jump; the sample period is stretched or squeezed by at most 1 % until
 *      they stand on the line. So a late arrival never shows as a change of speed. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <repcast/timebase.h>

#include "util/macros.h"

#define BUCKET_S       1.0
#define BUCKET_PACKETS 8    /* and at least so many arrivals */
#define SKEW_MAX       0.02 /* beyond any crystal, and beyond MEMS oscillators after calibration (1 to 1.5 %) */
#define SKEW_SURE_S    16.0 /* from this span on the fitted skew is taken as it is */
#define EARLY_MAX_S    0.25 /* more than this before the line: another count, not a better arrival */
#define STALE_MAX_S    2.0  /* a repeated or overtaken packet is no older; what is, is another count */
#define STALE_MAX      8    /* refused packets in a row: another count after all */
#define AWAY_S         2.0  /* without a counter: silence after which nothing is known, */
#define AWAY_PACKETS   4    /* or so many packets */
#define LATE_STEP_S    0.25 /* with a counter: lateness that comes and stays, in one second: another count */
#define LOST_STEP_S    0.03 /* without one: least step of lateness that is taken for lost samples */
#define LOST_NATS      11.0 /* one packet in 250 gets lost, and one verdict in 250 may be wrong: 2 ln 250 */
#define LATE_NATS_MOST 5.5  /* no single late packet tells more: one in 250 waits for reasons of its own */
#define JITTER_N       64u  /* arrivals in the memory of the jitter, */
#define JITTER_USUAL_N 8u   /* arrivals that what is usual counts for at the start */
#define JITTER_USUAL_S 0.015 /* half a connection interval of 30 ms */
#define JITTER_LEAST_S 0.002
#define REPENT_S       2.0   /* so soon a verdict shows to be wrong, by an arrival */
#define OFF_LEAST_S    0.005 /* by so much, */
#define OFF_SHARE      0.1   /* or so much of a packet, the line is off, */
#define OFF_UNSURE     2.5   /* and by so many times more until the skew is known */
#define WAIT_S         0.3
#define SLEW           0.01 /* of the period: largest correction */
#define SLEW_TIME_S    1.0  /* a smaller error fades with this time constant */
#define HURRY          0.1  /* the same in the first seconds of a timeline, and for errors that are far off */
#define HURRY_S        2.0
#define HURRY_ERROR_S  0.25
#define ARRIVAL_MAX_US (1ULL << 53) /* 285 years; in seconds still known to 2 us */

int timebase_init(struct timebase *tb, const struct timebase_params *params) {
        if (!(params->rate_hz >= 5 && params->rate_hz <= 1000))
                return -EINVAL;
        if (params->counter_hz < 0 || params->counter_hz > 0) /* there is one */
                if (!(params->counter_hz >= 1 && params->counter_hz <= 1e9) || params->counter_bits < 8 ||
                        params->counter_bits > 64)
                        return -EINVAL;
        if (isnan(params->counter_hz))
                return -EINVAL;

        memset(tb, 0, sizeof(*tb));
        tb->params = *params;
        tb->sample_s = 1 / params->rate_hz;
        return 0;
}

static bool has_counter(const struct timebase *tb) {
        return tb->params.counter_hz > 0;
}

static double line_at(const struct timebase *tb, double x) {
        return tb->offset_s + (1 + tb->skew) * x;
}

/* ---- the line below the arrivals ---- */

static struct timebase_bucket *bucket(struct timebase *tb, unsigned i) {
        return &tb->buckets[(tb->first + i) % TIMEBASE_BUCKETS];
}

/* Lower convex hull from left to right (Andrew's monotone chain), then the slope of its edge over the mean of x. */
static double fit_skew(struct timebase *tb) {
        unsigned hull[TIMEBASE_BUCKETS], n = 0;
        double mean = 0, origin = bucket(tb, 0)->x_s;

        for (unsigned i = 0; i < tb->n_buckets; i++) {
                const struct timebase_bucket *c = bucket(tb, i);

                mean += (c->x_s - origin) / tb->n_buckets;
                while (n >= 2) {
                        const struct timebase_bucket *a = bucket(tb, hull[n - 2]), *b = bucket(tb, hull[n - 1]);

                        if ((b->x_s - a->x_s) * (c->y_s - a->y_s) > (b->y_s - a->y_s) * (c->x_s - a->x_s))
                                break; /* a-b-c turns upwards: b stays */
                        n--;
                }
                hull[n++] = i;
        }
        for (unsigned i = 1; i < n; i++) {
                const struct timebase_bucket *a = bucket(tb, hull[i - 1]), *b = bucket(tb, hull[i]);

                if (b->x_s - origin >= mean && b->x_s > a->x_s)
                        return (b->y_s - a->y_s) / (b->x_s - a->x_s) - 1;
        }
        return tb->skew_before;
}

/* The fit of a short span is mostly jitter: it gains weight with the square of the span. */
static void fit_line(struct timebase *tb) {
        double span = bucket(tb, tb->n_buckets - 1)->x_s - bucket(tb, 0)->x_s;
        double weight = fmin(1, span * span / (SKEW_SURE_S * SKEW_SURE_S));
        double skew = CLAMP(fit_skew(tb), -SKEW_MAX, SKEW_MAX);

        tb->skew = weight * skew + (1 - weight) * tb->skew_before;
        for (unsigned i = 0; i < tb->n_buckets; i++) {
                double offset = bucket(tb, i)->y_s - (1 + tb->skew) * bucket(tb, i)->x_s;

                tb->offset_s = i == 0 ? offset : fmin(tb->offset_s, offset);
        }
}

static void close_bucket(struct timebase *tb) {
        if (tb->n_buckets == TIMEBASE_BUCKETS) {
                tb->first = (tb->first + 1) % TIMEBASE_BUCKETS;
                tb->n_buckets--;
        }
        *bucket(tb, tb->n_buckets++) = tb->open;
        tb->open_until_s = 0;
        fit_line(tb);
}

/* By how much later the running second's best arrival is than that of the second before. */
static double late_step(struct timebase *tb) {
        const struct timebase_bucket *before;

        if (tb->n_buckets == 0)
                return 0;
        before = bucket(tb, tb->n_buckets - 1);
        return (tb->open.y_s - before->y_s) - (1 + tb->skew) * (tb->open.x_s - before->x_s);
}

static void add_arrival(struct timebase *tb, double x, double y) {
        double late = y - line_at(tb, x);

        if (tb->open_until_s <= 0) {
                tb->open = (struct timebase_bucket){x, y};
                tb->open_until_s = y + BUCKET_S;
                tb->open_n = 0;
        } else if (late < tb->open.y_s - line_at(tb, tb->open.x_s))
                tb->open = (struct timebase_bucket){x, y};
        tb->open_n++;
        if (late < 0) /* at once: nothing may be below the line */
                tb->offset_s += late;
}

/* ---- a new timeline ---- */

static void end_run(struct timebase *tb) {
        tb->n_late = 0;
        tb->nats = tb->missing_s = 0;
}

static void start(struct timebase *tb, double x, double y, unsigned n) {
        tb->skew_before = tb->skew;
        tb->first = tb->n_buckets = 0;
        tb->open_until_s = 0;
        tb->start_s = y;
        tb->stale = 0;
        tb->judged = JITTER_USUAL_N;
        tb->late_s = JITTER_USUAL_S;
        tb->on_time = 1;
        tb->guessed_s = 0;
        end_run(tb);
        tb->offset_s = y - (1 + tb->skew) * (x + (n - 1) * tb->sample_s);
}

/* ---- the sensor's count ---- */

/* Ticks from the last packet's counter to this one's, between -half and +half of the width. */
static double signed_ticks(const struct timebase *tb, uint64_t counter) {
        unsigned unused = 64 - tb->params.counter_bits;
        uint64_t d = (counter - tb->last_counter) << unused; /* top bit is now the sign */

        if (d >> 63)
                return -(double) ((~d + 1) >> unused);
        return (double) (d >> unused);
}

/* Seconds of the sensor's count since the last packet. A count that goes on where the last packet ended is taken as it
 * stands. Otherwise packets are missing, and the arrival tells how often the counter wrapped meanwhile: the packet
 * cannot lie in the future, and is rarely very late. */
static double advance(const struct timebase *tb, uint64_t counter, double y) {
        double hz = tb->params.counter_hz, ticks = signed_ticks(tb, counter), due, next;
        double wrap = ldexp(1, (int) tb->params.counter_bits);
        double expected = tb->last_n * tb->sample_s, tolerance = (0.4 + 0.02 * tb->last_n) * tb->sample_s;

        next = (ticks + wrap * rint((expected * hz - ticks) / wrap)) / hz;
        if (fabs(next - expected) <= tolerance)
                return next;
        due = ((y - tb->offset_s) / (1 + tb->skew) - tb->last_x_s) * hz; /* ticks if it arrived without delay */
        /* Into (due - 3/4 wrap, due + 1/4 wrap]. */
        return (ticks + wrap * floor((due + wrap / 4 - ticks) / wrap)) / hz;
}

/* Sample period on the sensor's own clock; rates differ from their nominal value by per cents. */
static void learn_period(struct timebase *tb, double advanced) {
        double observed = advanced / tb->last_n, nominal = 1 / tb->params.rate_hz;

        if (fabs(observed - tb->sample_s) < (0.4 / tb->last_n + 0.02) * tb->sample_s)
                tb->sample_s =
                        CLAMP(tb->sample_s + 0.02 * (observed - tb->sample_s), 0.95 * nominal, 1.05 * nominal);
}

/* ---- instants ---- */

/* Stretch the period so that the instants approach the line. */
static double period_of(const struct timebase *tb, double x, double y, unsigned n) {
        double error = line_at(tb, x) - tb->out_s;
        bool hurry = y - tb->start_s < HURRY_S || fabs(error) > HURRY_ERROR_S;
        double limit = hurry ? HURRY : SLEW, time = hurry ? HURRY_S / 10 : SLEW_TIME_S;

        time = fmax(time, 2 * n * tb->sample_s); /* no faster than it is looked at */
        return tb->sample_s * (1 + tb->skew) * (1 + CLAMP(error / time, -limit, limit));
}

static unsigned samples_in(const struct timebase *tb, double seconds) {
        return (unsigned) CLAMP(rint(seconds / tb->sample_s), 0.0, 1e9);
}

/* Give out the packet: gap seconds (of the sensor) are missing before it. */
static void give_out(
        struct timebase *tb, double x, double y, unsigned n, double gap, struct timebase_stamp *ret) {
        double period;

        if (gap > 0) { /* a gap shows no speed: it may take a tenth of itself to come nearer to the line */
                double due = tb->out_s + gap * (1 + tb->skew);

                tb->out_s = due + CLAMP(line_at(tb, x) - due, -gap / 10, gap / 10);
        }
        period = period_of(tb, x, y, n);
        *ret = (struct timebase_stamp){
                .first_us = tb->origin_us + (uint64_t) llrint(tb->out_s * 1e6),
                .period_us = period * 1e6,
                .lost = samples_in(tb, gap),
        };
        tb->out_s += n * period;
        tb->last_x_s = x;
        tb->last_n = n;
}

static void restart(struct timebase *tb, double y, unsigned n, struct timebase_stamp *ret) {
        double x = tb->last_x_s + tb->last_n * tb->sample_s; /* any will do; it goes on */
        double due = tb->out_s, first;

        start(tb, x, y, n);
        first = fmax(due, line_at(tb, x));
        tb->out_s = first;
        give_out(tb, x, y, n, 0, ret);
        ret->lost = samples_in(tb, first - due);
        ret->resync = true;
        add_arrival(tb, x + (n - 1) * tb->sample_s, y);
}

static void begin(struct timebase *tb, const struct timebase_packet *p, struct timebase_stamp *ret) {
        double span = (p->n_samples - 1) * tb->sample_s;

        tb->started = true;
        /* Zero is the first sample, as far as it can be told; not before the hub's own zero. */
        tb->origin_us = p->arrival_us - MIN(p->arrival_us, (uint64_t) llrint(span * 1e6));
        start(tb, 0, (double) (p->arrival_us - tb->origin_us) * 1e-6, p->n_samples);
        tb->out_s = fmax(0, tb->offset_s);
        give_out(tb, 0, span, p->n_samples, 0, ret);
        ret->resync = true;
        add_arrival(tb, span, span);
}

/* So much may arrivals contradict the line, which a new timeline knows less well. */
static double tolerance(const struct timebase *tb, double packet_s) {
        bool sure = tb->n_buckets > 0 && tb->open.x_s - tb->buckets[tb->first].x_s > SKEW_SURE_S;

        return fmax(OFF_LEAST_S, OFF_SHARE * packet_s) * (sure ? 1 : OFF_UNSURE);
}

/* So late at least is who comes behind a lost packet. */
static double lost_least(const struct timebase *tb, double packet_s) {
        return fmax(packet_s - tolerance(tb, packet_s), LOST_STEP_S);
}

/* The second is over: has the count stepped behind the clock for good? Returns seconds, 0 if not. */
static double step_at_end_of_second(struct timebase *tb, double y) {
        double step, packet_s = tb->last_n * tb->sample_s, least;

        if (tb->open_until_s <= 0 || y < tb->open_until_s || tb->open_n < BUCKET_PACKETS)
                return 0;
        step = late_step(tb);
        least = has_counter(tb) ? LATE_STEP_S : fmax(0.75 * packet_s, LOST_STEP_S);
        if (step < least) {
                close_bucket(tb);
                return 0;
        }
        return step;
}

static int push_counted(
        struct timebase *tb, const struct timebase_packet *p, double y, struct timebase_stamp *ret) {
        double expected = tb->last_n * tb->sample_s, advanced = advance(tb, p->counter, y), x, last, gap;
        bool other_count, stale;

        x = tb->last_x_s + advanced;
        last = x + (p->n_samples - 1) * tb->sample_s;
        gap = advanced - expected;
        stale = advanced < 0.5 * expected;
        other_count = line_at(tb, last) - y > EARLY_MAX_S ||
                (stale && (-advanced > STALE_MAX_S || tb->stale >= STALE_MAX));
        if (stale && !other_count) {
                tb->stale++;
                return -ESTALE;
        }
        tb->last_counter = p->counter;
        if (other_count || step_at_end_of_second(tb, y) > 0) {
                restart(tb, y, p->n_samples, ret);
                return 0;
        }
        tb->stale = 0;
        if (gap < 0.5 * tb->sample_s) {
                learn_period(tb, advanced);
                gap = 0;
        }
        add_arrival(tb, last, y);
        give_out(tb, x, y, p->n_samples, gap, ret);
        return 0;
}

/* Nothing is known any more of what was sent meanwhile. */
static bool away(const struct timebase *tb, uint64_t arrival_us) {
        double packet_s = tb->last_n * tb->sample_s;

        return (double) (arrival_us - tb->last_arrival_us) * 1e-6 > fmax(AWAY_S, AWAY_PACKETS * packet_s);
}

static double packets_in(double seconds, double packet_s) {
        return fmax(1, rint(seconds / packet_s));
}

/* Seconds that are missing before this packet, by what is late about it and those behind it. */
static double lost_before(struct timebase *tb, double y, double packet_s) {
        double step = step_at_end_of_second(tb, y), gap = tb->missing_s;

        if (step > 0) { /* whole packets got lost; the second's best arrival was after them */
                gap = packets_in(step, packet_s) * packet_s;
                tb->open.x_s += gap;
                close_bucket(tb);
                end_run(tb);
        } else if (gap > 0) {
                tb->missing_s = 0;
                tb->guessed_s = gap;
                tb->guessed_at_s = y;
                if (tb->open_until_s > 0 &&
                        tb->open.y_s - line_at(tb, tb->open.x_s) >= lost_least(tb, packet_s))
                        tb->open.x_s += gap; /* it began behind the loss */
        }
        return gap;
}

/* Nobody is early: if one seems to be, soon after others were taken for lost, so many seconds of them were not. */
static double repent(struct timebase *tb, double x, double y, double packet_s) {
        double early = line_at(tb, x) - y, back;

        if (!(tb->guessed_s > 0) || y - tb->guessed_at_s > REPENT_S || early < tolerance(tb, packet_s))
                return 0;
        back = fmin(packets_in(early, packet_s) * packet_s, tb->guessed_s);
        tb->guessed_s -= back;
        return back;
}

static void push_uncounted(
        struct timebase *tb, const struct timebase_packet *p, double y, struct timebase_stamp *ret) {
        double packet_s = tb->last_n * tb->sample_s, x = tb->last_x_s + packet_s, gap;
        double span = (p->n_samples - 1) * tb->sample_s;

        if (away(tb, p->arrival_us)) {
                restart(tb, y, p->n_samples, ret);
                return;
        }
        gap = lost_before(tb, y, packet_s);
        x += gap;
        x -= repent(tb, x + span, y, packet_s);
        /* Whether a packet that waited stands before the loss or behind it may be one packet wrong: it is no witness. */
        add_arrival(tb, x + span, p->arrival_us <= tb->verdict_us ? fmax(y, line_at(tb, x + span)) : y);
        give_out(tb, x, y, p->n_samples, gap, ret);
}

/* ---- who waits ---- */

static void learn_jitter(struct timebase *tb, double late, double least) {
        tb->judged = MIN(tb->judged + 1, JITTER_N);
        tb->late_s += (CLAMP(late, 0.0, least) - tb->late_s) / tb->judged;
        tb->on_time += ((late < least) - tb->on_time) / tb->judged;
}

/* Mean of an exponential lateness of which only as much is counted as may not be a loss. */
static double jitter_of(const struct timebase *tb) {
        return fmax(tb->late_s / fmax(tb->on_time, 0.1), JITTER_LEAST_S);
}

/* The run of late arrivals is over: nothing was missing before it. */
static void only_late(struct timebase *tb, double least) {
        for (unsigned i = 0; i < tb->n_late && i < JITTER_N; i++)
                learn_jitter(tb, least, least);
        end_run(tb);
}

/* Jitter waits exponentially: without a loss one arrival in exp(least / jitter) is so late. Whoever comes on the heels of
 * another only waited for it, and tells nothing of his own. */
static void weigh_late(struct timebase *tb, double late, double since_s, double packet_s) {
        tb->least_late_s = tb->n_late > 0 ? fmin(tb->least_late_s, late) : late;
        if (tb->n_late++ == 0 || since_s > packet_s / 2)
                tb->nats += fmin(LATE_NATS_MOST, lost_least(tb, packet_s) / jitter_of(tb));
}

static bool may_wait(const struct timebase *tb, unsigned n, double packet_s) {
        unsigned all = tb->waiting + n;

        return all <= TIMEBASE_WAIT_MAX && all * tb->sample_s <= fmax(WAIT_S, packet_s);
}

/* So much is missing before the first that waits; there may be a second loss behind it. */
static enum timebase_wait settle(struct timebase *tb, unsigned n, double late, double packet_s) {
        double missing_s = packets_in(tb->least_late_s, packet_s) * packet_s;
        bool another = late - missing_s >= lost_least(tb, packet_s);

        end_run(tb);
        tb->missing_s = missing_s;
        tb->verdict_us = tb->late_us;
        tb->waiting = 0;
        if (!another)
                return TIMEBASE_GO;
        weigh_late(tb, late - missing_s, packet_s, packet_s);
        return may_wait(tb, n, packet_s) ? TIMEBASE_WAIT_ANEW : TIMEBASE_GO;
}

static enum timebase_wait judge(struct timebase *tb, const struct timebase_packet *packet) {
        double packet_s = tb->last_n * tb->sample_s, least = lost_least(tb, packet_s), y, x, late;
        uint64_t before_us = tb->waiting > 0 ? tb->late_us : tb->last_arrival_us;
        unsigned n = packet->n_samples;
        bool in_vain = tb->n_late > 0 && tb->waiting == 0;

        if (!tb->started || has_counter(tb) || n < 1 || n > TIMEBASE_WAIT_MAX ||
                packet->arrival_us < before_us || away(tb, packet->arrival_us))
                return TIMEBASE_GO;
        y = (double) (packet->arrival_us - tb->origin_us) * 1e-6;
        x = tb->last_x_s + (tb->last_n + tb->waiting) * tb->sample_s;
        late = y - line_at(tb, x + (n - 1) * tb->sample_s);
        if (late < least) {
                only_late(tb, least);
                learn_jitter(tb, late, least);
                return TIMEBASE_GO;
        }
        weigh_late(tb, late, (double) (packet->arrival_us - before_us) * 1e-6, packet_s);
        tb->late_us = packet->arrival_us;
        if (tb->nats >= LOST_NATS)
                return settle(tb, n, late, packet_s);
        return in_vain || !may_wait(tb, n, packet_s) ? TIMEBASE_GO : TIMEBASE_WAIT;
}

enum timebase_wait timebase_wait(struct timebase *tb, const struct timebase_packet *packet) {
        enum timebase_wait wait = judge(tb, packet);

        tb->waiting = (wait == TIMEBASE_WAIT ? tb->waiting : 0) + (wait == TIMEBASE_GO ? 0 : packet->n_samples);
        return wait;
}

int timebase_push(struct timebase *tb, const struct timebase_packet *packet, struct timebase_stamp *ret) {
        double y;
        int k = 0;

        if (packet->n_samples < 1 || packet->n_samples > 256 || packet->arrival_us > ARRIVAL_MAX_US ||
                (tb->started && packet->arrival_us < tb->last_arrival_us))
                return -EINVAL;
        if (has_counter(tb) && tb->params.counter_bits < 64 && packet->counter >> tb->params.counter_bits != 0)
                return -EINVAL;

        if (!tb->started) {
                begin(tb, packet, ret);
                tb->last_counter = packet->counter;
        } else {
                y = (double) (packet->arrival_us - tb->origin_us) * 1e-6;
                if (has_counter(tb))
                        k = push_counted(tb, packet, y, ret);
                else
                        push_uncounted(tb, packet, y, ret);
        }
        if (k >= 0)
                tb->last_arrival_us = packet->arrival_us;
        return k;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The timebase against simulated sensors whose true instants are known. */

#include <errno.h>

#include <repcast/timebase.h>

#include "unit.h"

#define LATENCY_S 0.002 /* of the fastest packet; no receiver can know it */

/* A sensor and its link. */
struct sensor {
        double rate_hz, skew, counter_hz;
        unsigned counter_bits, n;
        double jitter_s; /* mean of an exponential delay */
        double grid_s;   /* arrivals only at multiples of it */
        double loss;     /* share of packets */
        uint64_t first_counter;
        uint64_t seed;

        double t0_s;      /* true instant of sample 0 */
        uint64_t sample;  /* number of the next sample */
        uint64_t dropped; /* samples lost so far */
        double arrived_s;
};

static double uniform(uint64_t *seed) {
        *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return (double) (*seed >> 11) * 0x1p-53;
}

static double true_s(const struct sensor *s, double sample) {
        return s->t0_s + sample / (s->rate_hz * (1 + s->skew));
}

static uint64_t mask(const struct sensor *s) {
        return s->counter_bits == 64 ? UINT64_MAX : (1ULL << s->counter_bits) - 1;
}

/* The next packet that arrives. */
static struct timebase_packet next_packet(struct sensor *s) {
        uint64_t first;
        double late, at;

        for (;;) {
                first = s->sample;
                s->sample += s->n;
                if (uniform(&s->seed) >= s->loss)
                        break;
                s->dropped += s->n;
        }
        late = s->jitter_s > 0 ? -log(1 - uniform(&s->seed)) * s->jitter_s : 0;
        at = true_s(s, (double) (s->sample - 1)) + LATENCY_S + late;
        if (s->grid_s > 0)
                at = ceil(at / s->grid_s) * s->grid_s;
        s->arrived_s = fmax(s->arrived_s, at);
        return (struct timebase_packet){
                .arrival_us = (uint64_t) llrint(s->arrived_s * 1e6),
                .counter = (s->first_counter + (uint64_t) llrint((double) first * s->counter_hz / s->rate_hz)) &
                        mask(s),
                .n_samples = s->n,
        };
}

static struct timebase_params params_of(const struct sensor *s) {
        return (struct timebase_params){
                .rate_hz = s->rate_hz,
                .counter_hz = s->counter_hz,
                .counter_bits = s->counter_bits,
        };
}

struct outcome {
        double worst_s;  /* greatest error of an instant after the settling time, less the fixed latency */
        double rms_s;    /* of their first ones */
        double speed;    /* greatest deviation of a period from the true one */
        double waited_s; /* the longest that a packet waited for those behind it */
        uint64_t packets, lost, dropped, resyncs, stale;
};

/* Packets that wait, and their true first instants. */
struct queue {
        unsigned n;
        struct {
                struct timebase_packet packet;
                double true_s;
        } at[TIMEBASE_WAIT_MAX + 1];
};

/* Push one; errors count from settle_s on. Instants must rise strictly whatever happens. */
static void push(struct timebase *tb, const struct sensor *s, const struct timebase_packet *p, double first,
        double settle_s, double *last_us, struct outcome *o) {
        double period = 1 / (s->rate_hz * (1 + s->skew)), off;
        struct timebase_stamp stamp;
        int k = timebase_push(tb, p, &stamp);

        if (k == -ESTALE) {
                o->stale++;
                return;
        }
        assert_int_equal(k, 0);
        assert_true((double) stamp.first_us > *last_us);
        *last_us = (double) stamp.first_us + (p->n_samples - 1) * stamp.period_us;
        o->lost += stamp.lost;
        o->resyncs += stamp.resync;
        if (first < settle_s)
                return;
        for (unsigned i = 0; i < p->n_samples; i++) {
                off = ((double) stamp.first_us + i * stamp.period_us) * 1e-6 - (first + i * period) - LATENCY_S;
                o->worst_s = fmax(o->worst_s, fabs(off));
                if (i == 0)
                        o->rms_s = sqrt((o->rms_s * o->rms_s * (double) o->packets + off * off) /
                                (double) (o->packets + 1));
        }
        o->packets++;
        o->speed = fmax(o->speed, fabs(stamp.period_us * 1e-6 / period - 1));
}

/* Run it for a while. */
static struct outcome run(struct timebase *tb, struct sensor *s, double seconds, double settle_s) {
        struct outcome o = {0};
        double begin = true_s(s, (double) s->sample), last_us = 0;
        struct queue q = {0};

        while (true_s(s, (double) s->sample) < begin + seconds) {
                struct timebase_packet p = next_packet(s);
                enum timebase_wait wait = timebase_wait(tb, &p);

                for (unsigned i = 0; i < q.n && wait != TIMEBASE_WAIT; i++) {
                        push(tb, s, &q.at[i].packet, q.at[i].true_s, begin + settle_s, &last_us, &o);
                        o.waited_s =
                                fmax(o.waited_s, (double) (p.arrival_us - q.at[i].packet.arrival_us) * 1e-6);
                }
                if (wait != TIMEBASE_WAIT)
                        q.n = 0;
                if (wait == TIMEBASE_GO)
                        push(tb, s, &p, true_s(s, (double) (s->sample - s->n)), begin + settle_s, &last_us, &o);
                else {
                        q.at[q.n].packet = p;
                        q.at[q.n++].true_s = true_s(s, (double) (s->sample - s->n));
                        assert_in_range(q.n * s->n, 1, TIMEBASE_WAIT_MAX);
                }
        }
        return o;
}

/* The figures achieved, for the log. */
static void tell(const char *name, struct outcome o) {
        printf("# %s: error %.3f ms, rms %.3f ms, speed %.3f %%, lost %llu of %llu, resyncs %llu, waited %.3f "
               "s\n",
                name, o.worst_s * 1e3, o.rms_s * 1e3, o.speed * 100, (unsigned long long) o.lost,
                (unsigned long long) o.dropped, (unsigned long long) o.resyncs, o.waited_s);
}

static const struct sensor ideal = {
        .rate_hz = 100,
        .counter_hz = 32768,
        .counter_bits = 16,
        .n = 5,
        .t0_s = 1000,
        .first_counter = 65000,
        .seed = 1,
};

static struct outcome fresh(struct sensor s, double seconds, double settle_s) {
        struct timebase tb;
        struct timebase_params p = params_of(&s);
        struct outcome o;

        assert_int_equal(timebase_init(&tb, &p), 0);
        o = run(&tb, &s, seconds, settle_s);
        o.dropped = s.dropped;
        return o;
}

static void test_ideal(void **state) {
        (void) state;
        struct outcome o = fresh(ideal, 300, 0);

        tell("ideal", o);
        assert_near(o.worst_s, 0, 20e-6); /* a tick of 30 us and an arrival of 1 us */
        assert_int_equal(o.lost, 0);
        assert_int_equal(o.resyncs, 1); /* the start */
}

/* A counter that wraps every few packets or never is all the same. */
static void test_wraps(void **state) {
        (void) state;
        for (unsigned bits = 8; bits <= 64; bits++) {
                struct sensor s = ideal;
                struct outcome o;

                s.counter_bits = bits;
                s.counter_hz = bits < 16 ? 1000 : 32768;
                s.first_counter = mask(&s) - 500;
                s.jitter_s = 0.005;
                o = fresh(s, 60, 10);
                assert_int_equal(o.lost, 0);
                assert_int_equal(o.resyncs, 1);
                assert_int_equal(o.stale, 0);
                assert_near(o.worst_s, 0, 0.002);
        }
}

/* Late by 15 ms in the mean: of 20 packets a second the least late is late by under a millisecond in the mean, and the
 * line below a minute of them by much less. */
static void test_jitter(void **state) {
        (void) state;
        struct sensor s = ideal;
        struct outcome o;

        s.jitter_s = 0.015;
        o = fresh(s, 600, 20);
        tell("jitter", o);
        assert_near(o.worst_s, 0, 0.001);
        assert_near(o.speed, 0, 0.003);
        s.counter_hz = 0;
        o = fresh(s, 600, 20);
        tell("jitter", o);
        assert_near(o.worst_s, 0, 0.001);
        assert_int_equal(o.lost, 0);
        assert_int_equal(o.resyncs, 1);
}

/* Connection events every 30 ms: arrivals lie up to 30 ms late, on a grid that 50 ms packets meet in three places. The
 * least late of the three is late by 0 to 10 ms, which no receiver can tell from latency; more must not show. */
static void test_grid(void **state) {
        (void) state;
        struct sensor s = ideal;
        struct outcome o;

        s.grid_s = 0.03;
        for (s.counter_hz = 0; s.counter_hz < 40000; s.counter_hz += 32768) {
                o = fresh(s, 300, 20);
                tell("grid", o);
                assert_near(o.worst_s, 0, 0.0101);
                assert_int_equal(o.lost, 0);
        }
}

/* Half a per cent is 5 ms a second. After 40 s it is known to what the jitter allows: a millisecond over half a
 * minute, 30 ppm. */
static void test_skew(void **state) {
        (void) state;
        for (int sign = -1; sign <= 1; sign += 2)
                for (int counter = 0; counter <= 1; counter++) {
                        struct sensor s = ideal;
                        struct timebase tb;
                        struct timebase_params p;
                        struct outcome o;

                        s.skew = sign * 0.005;
                        s.jitter_s = 0.01;
                        s.counter_hz *= counter;
                        p = params_of(&s);
                        assert_int_equal(timebase_init(&tb, &p), 0);
                        o = run(&tb, &s, 300, 40);
                        tell("skew", o);
                        assert_near(o.worst_s, 0, 0.001);
                        assert_near((1 + tb.skew) * (1 + s.skew), 1, 100e-6);
                        assert_int_equal(o.lost, 0);
                        assert_int_equal(o.resyncs, 1);
                }
}

/* One packet of ten is gone: with a counter that is known at once and exactly. */
static void test_loss(void **state) {
        (void) state;
        struct sensor s = ideal;
        struct outcome o;

        s.loss = 0.1;
        s.jitter_s = 0.005;
        o = fresh(s, 600, 20);
        tell("loss", o);
        assert_int_equal(o.lost, o.dropped);
        assert_near(o.worst_s, 0, 0.001);
        assert_near(o.waited_s, 0, 0);
}

/* Without a counter it shows in the arrivals behind it, and is put where it happened. */
static void test_loss_uncounted(void **state) {
        (void) state;
        static const struct {
                double rate_hz;
                unsigned n;
                double jitter_s, loss, skew, rms_s;
        } links[] = {
                {100, 5, 0.005, 0.002, 0, 0.001},
                {100, 5, 0.008, 0.05, 0.0005, 0.005},
                {50, 10, 0.015, 0.05, -0.005, 0.005},
                {12.5, 1, 0.010, 0.05, 0.005, 0.010},
        };

        for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
                struct sensor s = ideal;
                struct outcome o;

                s.counter_hz = 0;
                s.rate_hz = links[i].rate_hz;
                s.n = links[i].n;
                s.jitter_s = links[i].jitter_s;
                s.loss = links[i].loss;
                s.skew = links[i].skew;
                o = fresh(s, 600, 20);
                tell("loss, uncounted", o);
                assert_near((double) o.lost, (double) o.dropped, 0.02 * (double) o.dropped + 5);
                assert_near(o.rms_s, 0, links[i].rms_s);
                assert_near(o.waited_s, 0, 0.6); /* 0.3 s, and the gap behind it */
        }
}

/* The link stands still for a second and a half, then all packets come at once. */
static void test_bursts(void **state) {
        (void) state;
        for (int counter = 0; counter <= 1; counter++) {
                struct sensor s = ideal;
                struct timebase tb;
                struct timebase_params p;
                struct outcome o;

                s.counter_hz *= counter;
                s.jitter_s = 0.005;
                p = params_of(&s);
                assert_int_equal(timebase_init(&tb, &p), 0);
                run(&tb, &s, 30, 0);
                for (unsigned i = 0; i < 10; i++) {
                        s.arrived_s = true_s(&s, (double) s.sample) + 1.5;
                        o = run(&tb, &s, 10, 0);
                        tell("bursts", o);
                        assert_near(o.worst_s, 0, 0.001);
                        assert_int_equal(o.lost, 0);
                        assert_int_equal(o.resyncs, 0);
                }
        }
}

/* Ten seconds of silence. The counter has wrapped five times meanwhile. */
static void test_gap(void **state) {
        (void) state;
        for (int counter = 0; counter <= 1; counter++) {
                struct sensor s = ideal;
                struct timebase tb;
                struct timebase_params p;
                struct outcome o;

                s.counter_hz *= counter;
                s.jitter_s = 0.002;
                p = params_of(&s);
                assert_int_equal(timebase_init(&tb, &p), 0);
                run(&tb, &s, 60, 0);
                s.sample += 1005;
                o = run(&tb, &s, 60, counter ? 0 : 5);
                tell("gap", o);
                assert_near(o.worst_s, 0, 0.001);
                assert_near((double) o.lost, 1005, counter ? 0 : 1);
                assert_int_equal(o.resyncs, !counter);
        }
}

/* The sensor restarts: its counter begins anew, and so does the timeline, forwards. */
static void test_reset(void **state) {
        (void) state;
        static const unsigned widths[] = {16, 32, 64};

        for (unsigned i = 0; i < 3; i++) {
                struct sensor s = ideal;
                struct timebase tb;
                struct timebase_params p;
                struct outcome o;

                s.counter_bits = widths[i];
                s.jitter_s = 0.002;
                p = params_of(&s);
                assert_int_equal(timebase_init(&tb, &p), 0);
                run(&tb, &s, 60, 0);
                /* 3 s away, and the counter stands 0.8 s before where it would be (modulo two seconds, or truly). */
                s.t0_s += 3;
                s.first_counter = s.first_counter + 3 * 32768 - 26214 - (i > 0 ? 60 * 32768 : 0);
                o = run(&tb, &s, 60, 20);
                tell("reset", o);
                assert_in_range(o.resyncs, 1, 3);
                assert_near(o.worst_s, 0, 0.001);
        }
}

static void test_repeated_and_overtaken(void **state) {
        (void) state;
        struct sensor s = ideal;
        struct timebase tb;
        struct timebase_params p = params_of(&s);
        struct timebase_packet a, b;
        struct timebase_stamp stamp = {.lost = 77};

        assert_int_equal(timebase_init(&tb, &p), 0);
        run(&tb, &s, 5, 0);
        a = next_packet(&s);
        b = next_packet(&s);
        assert_int_equal(timebase_push(&tb, &b, &stamp), 0);
        assert_int_equal(stamp.lost, 5);
        stamp.lost = 77;
        assert_int_equal(timebase_push(&tb, &b, &stamp), -ESTALE);
        a.arrival_us = b.arrival_us;
        assert_int_equal(timebase_push(&tb, &a, &stamp), -ESTALE);
        assert_int_equal(stamp.lost, 77);
        b = next_packet(&s);
        assert_int_equal(timebase_push(&tb, &b, &stamp), 0);
        assert_int_equal(stamp.lost, 0);
}

/* A quarter of a year at ten packets a minute: nothing grows, nothing drifts. */
static void test_months(void **state) {
        (void) state;
        struct sensor s = ideal;
        struct outcome o;

        s.rate_hz = 5;
        s.n = 30;
        s.counter_bits = 32;
        s.skew = 50e-6;
        s.jitter_s = 0.01;
        o = fresh(s, 90 * 86400.0, 3600);
        tell("months", o);
        assert_near(o.worst_s, 0, 0.02); /* few packets an hour: a line below 64 of them */
        assert_int_equal(o.lost, 0);
        assert_int_equal(o.resyncs, 1);
}

/* Whatever comes, instants rise and nothing breaks. */
static void test_garbage(void **state) {
        (void) state;
        uint64_t seed = 7;

        for (unsigned round = 0; round < 200; round++) {
                struct timebase_params p = {
                        .rate_hz = 5 + 995 * uniform(&seed), .counter_bits = 8 + round % 57};
                struct timebase tb;
                double last = -1;
                uint64_t arrival = (uint64_t) (1e12 * uniform(&seed));

                p.counter_hz = round % 5 == 0 ? 0 : 1 + 1e6 * uniform(&seed);
                assert_int_equal(timebase_init(&tb, &p), 0);
                for (unsigned i = 0; i < 500; i++) {
                        struct timebase_packet packet = {.n_samples = 1 + (unsigned) (255 * uniform(&seed))};
                        struct timebase_stamp stamp;
                        int k;

                        arrival += (uint64_t) (pow(10, 9 * uniform(&seed)));
                        packet.arrival_us = arrival;
                        packet.counter = (uint64_t) (uniform(&seed) * ldexp(1, (int) p.counter_bits));
                        k = timebase_push(&tb, &packet, &stamp);
                        assert_true(k == 0 || k == -ESTALE);
                        if (k < 0)
                                continue;
                        assert_true((double) stamp.first_us > last);
                        assert_true(stamp.period_us > 0 && stamp.period_us < 250000);
                        last = (double) stamp.first_us + (packet.n_samples - 1) * stamp.period_us;
                }
        }
}

static void test_refused(void **state) {
        (void) state;
        struct timebase_params p = {.rate_hz = 100, .counter_hz = 32768, .counter_bits = 16};
        struct timebase_packet packet = {.arrival_us = 1000000, .counter = 5, .n_samples = 5};
        struct timebase_stamp stamp;
        struct timebase tb;

        p.rate_hz = NAN;
        assert_int_equal(timebase_init(&tb, &p), -EINVAL);
        p.rate_hz = 1001;
        assert_int_equal(timebase_init(&tb, &p), -EINVAL);
        p.rate_hz = 100;
        p.counter_bits = 7;
        assert_int_equal(timebase_init(&tb, &p), -EINVAL);
        p.counter_bits = 65;
        assert_int_equal(timebase_init(&tb, &p), -EINVAL);
        p.counter_bits = 16;
        p.counter_hz = NAN;
        assert_int_equal(timebase_init(&tb, &p), -EINVAL);
        p.counter_hz = -1;
        assert_int_equal(timebase_init(&tb, &p), -EINVAL);
        p.counter_hz = 32768;
        assert_int_equal(timebase_init(&tb, &p), 0);

        packet.counter = 65536;
        assert_int_equal(timebase_push(&tb, &packet, &stamp), -EINVAL);
        packet.counter = 5;
        packet.n_samples = 0;
        assert_int_equal(timebase_push(&tb, &packet, &stamp), -EINVAL);
        packet.n_samples = 257;
        assert_int_equal(timebase_push(&tb, &packet, &stamp), -EINVAL);
        packet.n_samples = 5;
        assert_int_equal(timebase_push(&tb, &packet, &stamp), 0);
        packet.arrival_us--; /* a steady clock does not */
        assert_int_equal(timebase_push(&tb, &packet, &stamp), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ideal),
                cmocka_unit_test(test_wraps),
                cmocka_unit_test(test_jitter),
                cmocka_unit_test(test_grid),
                cmocka_unit_test(test_skew),
                cmocka_unit_test(test_loss),
                cmocka_unit_test(test_loss_uncounted),
                cmocka_unit_test(test_bursts),
                cmocka_unit_test(test_gap),
                cmocka_unit_test(test_reset),
                cmocka_unit_test(test_repeated_and_overtaken),
                cmocka_unit_test(test_months),
                cmocka_unit_test(test_garbage),
                cmocka_unit_test(test_refused),
        };
        return run_unit_tests(tests);
}

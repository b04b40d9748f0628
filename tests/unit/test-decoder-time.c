/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder: when samples were taken. Clocks and sequence numbers that wrap or are none, losses, the join. */

#include <errno.h>

#include "decoded.h"

/* ---- clocks ---- */

/* 5 samples every 50 ms, as the project's own sensor sends them; the clock and the number wrap. */
static void own_packet(uint8_t bytes[static 66], unsigned number, uint64_t t_us) {
        memset(bytes, 0, 66);
        bytes[0] = 0x22;
        bytes[1] = (uint8_t) number;
        for (unsigned i = 0; i < 4; i++)
                bytes[2 + i] = (uint8_t) (t_us >> (8 * i));
}

static void test_clock_and_number_wrap(void **state) {
        struct profiles set = shipped();
        const uint64_t start = (1ULL << 32) - 5000000; /* the clock wraps after 5 s */
        uint8_t bytes[66];
        uint64_t lost = 0;

        (void) state;
        begin(profiles_find(&set, "repcast-bar", NULL), 100);
        for (unsigned k = 0; k < 600; k++) {
                if (k % 100 >= 97) { /* three in a row go missing, 18 in all */
                        lost += 5;
                        continue;
                }
                own_packet(bytes, k, start + 50000ULL * k);
                decoder_push(&d, 0, bytes, sizeof(bytes), 1000000 + 50000ULL * k);
        }
        assert_int_equal(d.stats.lost_packets, 15); /* the last three are not known to be missing yet */
        assert_int_equal(d.stats.lost, lost - 15);
        assert_int_equal(d.stats.stale, 0);
        assert_int_equal(d.stats.resyncs, 0);
        assert_int_equal(n_got, 2910);
        for (size_t i = 1; i < n_got; i++)
                assert_near((double) (got[i].t_us - got[i - 1].t_us), 10000.0 * (1 + got[i].lost), 30);
        profiles_done(&set);
}

static void test_repeated_packets(void **state) {
        struct profiles set = shipped();
        uint8_t bytes[66];

        (void) state;
        begin(profiles_find(&set, "repcast-bar", NULL), 100);
        for (unsigned k = 0; k < 10; k++) {
                own_packet(bytes, k, 50000ULL * k);
                decoder_push(&d, 0, bytes, sizeof(bytes), 50000ULL * (k + 1));
                decoder_push(&d, 0, bytes, sizeof(bytes), 50000ULL * (k + 1));
        }
        assert_int_equal(n_got, 50);
        assert_int_equal(d.stats.stale, 10);
        assert_int_equal(d.stats.lost_packets, 0);
        profiles_done(&set);
}

/* Ranges change from packet to packet, and the timeline goes on. */
static void test_ranges(void **state) {
        static const struct {
                uint8_t format;
                double g;
        } formats[] = {{0x20, 4}, {0x21, 8}, {0x22, 16}, {0x23, 32}};
        struct profiles set = shipped();
        uint8_t bytes[18];

        (void) state;
        begin(profiles_find(&set, "repcast-bar", NULL), 100);
        for (unsigned k = 0; k < 400; k++) {
                memset(bytes, 0, sizeof(bytes));
                bytes[0] = formats[k % 4].format;
                bytes[1] = (uint8_t) k;
                for (unsigned i = 0; i < 3; i++)
                        bytes[2 + i] = (uint8_t) (10000U * k >> (8 * i));
                bytes[11] = 0x10; /* az */
                decoder_push(&d, 0, bytes, sizeof(bytes), 10000ULL * k);
                assert_near(got[k].f_mps2[2], formats[k % 4].g / 8 * 9.80665, 1e-9);
                assert_int_equal(got[k].lost, 0);
        }
        assert_int_equal(d.stats.lost + d.stats.lost_packets + d.stats.stale, 0);
        bytes[0] = 0x24;
        decoder_push(&d, 0, bytes, sizeof(bytes), 5000000);
        assert_int_equal(d.stats.other, 1);
        profiles_done(&set);
}

/* A number without a clock counts samples. */
static void test_number_alone(void **state) {
        struct profile *p = good_text(
                HEAD("100=\nDefault=100") STREAM("a") TEST_OF("imu", "00 000000000000000000000000", "Acc",
                        "0 0 0 0 0 0") "[packet imu]\nStream=a\nLength=13\nBase=1\nSamples=2\nStride=6\nAcc=0 "
                                       "i16 1 mg\nSeq=0 u8\n");
        uint8_t bytes[13] = {0};
        uint64_t lost = 0;

        (void) state;
        begin(p, 100);
        for (unsigned k = 0; k < 1000; k++) {
                if (k % 50 == 49) {
                        lost += 2;
                        continue;
                }
                bytes[0] = (uint8_t) k;
                decoder_push(&d, 0, bytes, sizeof(bytes), 1000000 + 20000ULL * k);
        }
        assert_int_equal(d.stats.lost, lost - 2);
        assert_int_equal(d.stats.lost_packets, 19);
        assert_int_equal(d.stats.resyncs, 0);
        for (size_t i = 1; i < n_got; i++)
                assert_near((double) (got[i].t_us - got[i - 1].t_us), 10000.0 * (1 + got[i].lost), 30);
        profile_free(p);
}

/* Neither clock nor number: the packet behind a lost one waits for the next, and then stands where it belongs. */
static void test_neither_clock_nor_number(void **state) {
        struct profile *p =
                good_text(HEAD("100=\nDefault=100") STREAM("a") TEST_OF("imu", "000000000000000000000000",
                        "Acc", "0 0 0 0 0 0") "[packet imu]\nStream=a\nLength=12\nSamples=2\nStride=6\nAcc=0 "
                                              "i16 1 mg\n");
        uint8_t bytes[12] = {0};
        unsigned lost = 0;

        (void) state;
        begin(p, 50);
        for (unsigned k = 0; k < 1000; k++) {
                bytes[0] = (uint8_t) k; /* mg, which tell the packet */
                if (k % 50 == 49)
                        lost += 2;
                else
                        decoder_push(&d, 0, bytes, sizeof(bytes), 1000000 + 40000ULL * k);
        }
        assert_int_equal(d.stats.lost, lost - 2); /* nobody came behind the last one */
        assert_int_equal(n_got, 2000 - lost);
        assert_int_equal(d.stats.resyncs, 0);
        for (size_t i = 2; i < n_got; i += 2) {
                double mg = got[i].f_mps2[0] / 9.80665e-3, before = got[i - 2].f_mps2[0] / 9.80665e-3;
                bool behind = fabs(remainder(mg - before, 256)) > 1.5;

                assert_int_equal(got[i].lost, behind ? 2 : 0);
                assert_near((double) (got[i].t_us - got[i - 1].t_us), behind ? 60000 : 20000, 500);
        }
        profile_free(p);
}

/* Whatever the unit, and whether it is of the first sample or of the last: instants are those of the samples. */
static void test_time_units(void **state) {
        static const struct {
                const char *time;
                unsigned size;
                double ticks; /* of a sample */
                bool last;
        } units[] = {
                {"u16 ms", 2, 10, false},
                {"u16 1/32768 first", 2, 327.68, false},
                {"u24 1/32768 last", 3, 327.68, true},
                {"u32 us last", 4, 10000, true},
                {"u64 ns last", 8, 1e7, true},
                {"u8 sample", 1, 1, false},
                {"u16be sample last", 2, 1, true},
        };
        char text[2048];

        (void) state;
        for (size_t u = 0; u < ARRAY_SIZE(units); u++) {
                uint8_t bytes[8 + 30] = {0};
                struct profile *p;

                snprintf(text, sizeof(text),
                        HEAD("100=\nDefault=100") STREAM("a") TEST_OF("imu", "%0*d", "Acc",
                                "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0") "[packet "
                                                                 "imu]\nStream=a\nLength=%u\nBase=%u\nSamples="
                                                                 "5\n"
                                                                 "Stride=6\nAcc=0 i16 1 mg\nTime=0 %s\n",
                        2 * ((int) units[u].size + 30), 0, units[u].size + 30, units[u].size, units[u].time);
                p = good_text(text);
                begin(p, 100);
                for (unsigned k = 0; k < 400; k++) {
                        double sample = 5.0 * k + (units[u].last ? 4 : 0);
                        uint64_t ticks = 250 + (uint64_t) llrint(sample * units[u].ticks);
                        bool big = strstr(units[u].time, "be ") != NULL;

                        for (unsigned i = 0; i < units[u].size; i++)
                                bytes[big ? units[u].size - 1 - i : i] = (uint8_t) (ticks >> (8 * i));
                        if (k % 40 == 39)
                                continue; /* lost */
                        decoder_push(&d, 0, bytes, units[u].size + 30, 1000000 + 50000ULL * k);
                }
                if (n_got != 1950 || d.stats.lost != 45 || d.stats.stale != 0)
                        fail_msg("%s: %zu samples, %lu lost, %lu stale", units[u].time, n_got,
                                (unsigned long) d.stats.lost, (unsigned long) d.stats.stale);
                for (size_t i = 1; i < n_got; i++)
                        assert_near((double) (got[i].t_us - got[i - 1].t_us), 10000.0 * (1 + got[i].lost), 500);
                profile_free(p);
        }
}

/* ---- the join ---- */

#define JOINED                                                                                                 \
        HEAD("100=\nDefault=100")                                                                              \
        STREAM("a")                                                                                            \
        STREAM("b")                                                                                            \
        "[packet acc]\nStream=a\nLength=6\nAcc=0 i16 1 mg\nJoin=gyro\n"                                        \
        "[packet gyro]\nStream=b\nLength=6\nGyro=0 i16 1 dps\n" TEST("acc", "000000000000", "Acc")

static void push_half(unsigned stream, int value, uint64_t t_us) {
        uint8_t bytes[6] = {(uint8_t) value, (uint8_t) (value >> 8)};

        decoder_push(&d, stream, bytes, sizeof(bytes), t_us);
}

/* Both halves grow by 1 a sample; rates are taken 4 ms after the accelerations. */
static void test_join_interpolates(void **state) {
        struct profile *p = good_text(JOINED);

        (void) state;
        begin(p, 100);
        for (unsigned k = 0; k < 1000; k++) {
                push_half(0, (int) k, 1000000 + 10000ULL * k);
                push_half(1, (int) k, 1004000 + 10000ULL * k);
        }
        assert_int_equal(n_got, 1000);
        assert_int_equal(d.stats.unpaired + d.stats.lost, 0);
        for (size_t i = 200; i < n_got; i++) {
                double k = got[i].f_mps2[0] / (0.001 * 9.80665), rate = got[i].w_radps[0] * 180 / M_PI;

                assert_near(k, (double) i, 1e-6);
                assert_near(rate, k - 0.4, 0.1); /* at the acceleration's instant the rate was that much less */
        }
        profile_free(p);
}

/* One half stays away for half a second: the samples meanwhile are lost, and none is joined with another time's. */
static void join_with_a_gap(unsigned missing_stream) {
        struct profile *p = good_text(JOINED);
        unsigned lost = 0;

        begin(p, 100);
        for (unsigned k = 0; k < 1000; k++)
                for (unsigned stream = 0; stream < 2; stream++)
                        if (stream != missing_stream || k < 500 || k >= 550)
                                push_half(stream, (int) k, 1000000 + 10000ULL * k + 4000 * stream);
        for (size_t i = 0; i < n_got; i++) {
                double k = got[i].f_mps2[0] / (0.001 * 9.80665), rate = got[i].w_radps[0] * 180 / M_PI;

                lost += got[i].lost;
                assert_near(rate, k, 2);
        }
        assert_in_range(n_got + lost, 998, 1001);
        assert_in_range(lost, 48, 70); /* the samples that wait when the other half comes back are lost too */
        assert_int_equal(d.stats.lost, lost);
        profile_free(p);
}

static void test_join_with_a_gap(void **state) {
        (void) state;
        join_with_a_gap(0);
        join_with_a_gap(1);
}

/* Rates that never come: nothing is made up, nothing overflows. */
static void test_join_without_rates(void **state) {
        struct profile *p = good_text(JOINED);

        (void) state;
        begin(p, 100);
        for (unsigned k = 0; k < 1000; k++)
                push_half(0, (int) k, 1000000 + 10000ULL * k);
        assert_int_equal(n_got, 0);
        assert_in_range(d.stats.unpaired, 1000 - DECODER_JOIN_MAX, 1000);
        begin(p, 100);
        for (unsigned k = 0; k < 1000; k++)
                push_half(1, (int) k, 1000000 + 10000ULL * k);
        assert_int_equal(n_got, 0);
        profile_free(p);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_clock_and_number_wrap),
                cmocka_unit_test(test_repeated_packets),
                cmocka_unit_test(test_ranges),
                cmocka_unit_test(test_number_alone),
                cmocka_unit_test(test_neither_clock_nor_number),
                cmocka_unit_test(test_time_units),
                cmocka_unit_test(test_join_interpolates),
                cmocka_unit_test(test_join_with_a_gap),
                cmocka_unit_test(test_join_without_rates),
        };

        return run_unit_tests(tests);
}

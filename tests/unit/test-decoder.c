/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder: framing wherever notifications cut, clocks and sequence numbers that wrap, losses, the join, figures that
 * are none; and what the encoder makes of samples comes back, for every shipped profile. */

#include <errno.h>

#include "profile-text.h"
#include "sensor/decoder.h"
#include "sensor/encoder.h"
#include "unit.h"
#include "util/macros.h"

#define GOT_MAX 4096

static struct sample got[GOT_MAX];
static size_t n_got;
static double percent;
static unsigned n_percent;

static void take_samples(void *userdata, const struct sample *samples, size_t n) {
        (void) userdata;
        assert_true(n > 0 && n_got + n <= GOT_MAX);
        for (size_t i = 0; i < n; i++) {
                if (n_got > 0)
                        assert_true(samples[i].t_us > got[n_got - 1].t_us);
                got[n_got++] = samples[i];
        }
}

static void take_battery(void *userdata, double value) {
        (void) userdata;
        percent = value;
        n_percent++;
}

static const struct decoder_handler handler = {.on_samples = take_samples, .on_battery = take_battery};
static struct decoder d;

static void begin(const struct profile *p, double hz) {
        n_got = 0;
        n_percent = 0;
        assert_int_equal(decoder_init(&d, p, hz, &handler, NULL), 0);
}

/* ---- a stream of frames ---- */

#define FRAME   "\x55\x61\xf5\xff\x2e\x00\x00\x08\xfe\xff\xff\xff\xff\xff\xd9\xff\xb5\x00\x00\x00"
#define BATTERY "\x55\x71\x64\x00\x7e\x01\x00\x00\x33\x9b\x76\xfc\xa3\xc4\x00\x00\x00\x00\xe8\x03"
#define JUNK    "\x00\x55\x00"

/* Notifications may cut it anywhere. */
static void test_frames_cut_anywhere(void **state) {
        static const uint8_t bytes[] = JUNK FRAME BATTERY FRAME;
        const size_t n = sizeof(bytes) - 1;
        struct profiles set = shipped();
        const struct profile *p = profiles_find(&set, "witmotion-ble5", NULL);

        (void) state;
        for (size_t a = 0; a <= n; a++)
                for (size_t b = a; b <= n; b += 7) {
                        begin(p, 100);
                        decoder_push(&d, 0, bytes, a, 1000);
                        decoder_push(&d, 0, bytes + a, b - a, 2000);
                        decoder_push(&d, 0, bytes + b, n - b, 3000);
                        assert_int_equal(n_got, 2);
                        assert_near(got[1].f_mps2[2], 9.80665, 1e-9);
                        assert_near(got[1].w_radps[0], -2 * 2000.0 / 32768 * M_PI / 180, 1e-12);
                        assert_int_equal(n_percent, 1);
                        assert_near(percent, 60, 1e-9);
                        assert_int_equal(d.stats.skipped, 3);
                        assert_int_equal(d.stats.packets, 2);
                        assert_int_equal(d.stats.bad + d.stats.other, 0);
                }
        profiles_done(&set);
}

/* What is not a frame is passed over byte by byte, and costs no frame behind it. */
static void test_resync(void **state) {
        struct profiles set = shipped();
        const struct profile *p = profiles_find(&set, "witmotion-ble5", NULL);
        uint8_t noise[100];

        (void) state;
        begin(p, 100);
        for (size_t i = 0; i < sizeof(noise); i++)
                noise[i] = (uint8_t) (i * 37 % 0x55); /* never a first byte */
        decoder_push(&d, 0, noise, sizeof(noise), 1000);
        assert_int_equal(d.stats.skipped, sizeof(noise));
        decoder_push(&d, 0, (const uint8_t *) FRAME, 11, 2000); /* its rest was lost on the way */
        for (unsigned i = 0; i < 5; i++)
                decoder_push(&d, 0, (const uint8_t *) FRAME, 20, 20000 + 10000 * i);
        assert_in_range(n_got, 4, 5); /* the half frame may have swallowed the start of one */
        assert_near(got[n_got - 1].f_mps2[2], 9.80665, 1e-9);
        decoder_push(&d, 0, (const uint8_t *) "\x55\x71\x03\x00\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, 80000);
        assert_int_equal(d.stats.other, 1);                      /* the reply to a command */
        decoder_push(&d, 1, (const uint8_t *) FRAME, 20, 90000); /* a stream that the profile has not */
        profiles_done(&set);
}

/* ---- lines ---- */

static void push_text(const char *text, uint64_t t_us) {
        decoder_push(&d, 0, (const uint8_t *) text, strlen(text), t_us);
}

static void test_lines(void **state) {
        static const char text[] = "hello\r\nA,1000,12,-3,101,10,-20,5\r\n\n A , 1010 ,12,-3,101,10,-20,5\n";
        struct profiles set = shipped();
        const struct profile *p = profiles_find(&set, "nus-csv", NULL);

        (void) state;
        for (size_t cut = 0; cut < sizeof(text); cut++) {
                begin(p, 100);
                decoder_push(&d, 0, (const uint8_t *) text, cut, 1000);
                decoder_push(&d, 0, (const uint8_t *) text + cut, strlen(text) - cut, 11000);
                assert_int_equal(n_got, 2);
                assert_near(got[0].f_mps2[1], -0.03 * 9.80665, 1e-9);
                assert_near(got[0].w_radps[1], -2 * M_PI / 180, 1e-9);
                assert_int_equal(got[1].t_us - got[0].t_us, 10000);
                assert_int_equal(d.stats.bad, 0);
                assert_int_equal(d.stats.other, 1);
        }
        profiles_done(&set);
}

static void test_bad_lines(void **state) {
        static const char *const lines[] = {
                "A\n",
                "A,1000\n",
                "A,1000,12,-3,101,10,-20\n",
                "A,1000,12,-3,101,10,-20,5,6\n",
                "A,1000,12,-3,101,10,-20,\n",
                "A,1000,12,-3,101,10,-20,nan\n",
                "A,1000,0x12,-3,101,10,-20,5\n",
                "A,1000,12,-3,1e99,10,-20,5\n",
                "A,1000,12,-3,30000,10,-20,5\n",
                "A,1000,12,-3,101,10,-20,200000\n",
                "A,1000,12.000000000000000000000000000000000000000001,-3,101,10,-20,5\n",
        };
        struct profiles set = shipped();
        const struct profile *p = profiles_find(&set, "nus-csv", NULL);
        char overlong[300];

        (void) state;
        begin(p, 100);
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                push_text(lines[i], 1000 * (i + 1));
                if (n_got > 0 || d.stats.bad != i + 1)
                        fail_msg("%s was taken", lines[i]);
        }
        decoder_push(&d, 0, (const uint8_t *) "A,1\0,12,-3,101,10,-20,5\n", 24, 100000);
        assert_int_equal(d.stats.bad, ARRAY_SIZE(lines) + 1);
        push_text("B,1000,12,-3,101,10,-20,5\n", 110000);
        assert_int_equal(d.stats.other, 1);
        memset(overlong, '7', sizeof(overlong));
        decoder_push(&d, 0, (const uint8_t *) overlong, sizeof(overlong), 120000);
        push_text("\nA,1000,12,-3,101,10,-20,5\n", 130000);
        assert_int_equal(d.stats.skipped, sizeof(overlong));
        assert_int_equal(n_got, 1);
        profiles_done(&set);
}

/* ---- packets ---- */

#define HEAD(rates)                                                                                            \
        "[profile t]\nLabel=t\n[characteristics]\na=00000001-0000-0000-0000-000000000000\n"                    \
        "b=00000002-0000-0000-0000-000000000000\n[match]\nName=T\n[rates]\n" rates "\n"
#define STREAM(name)           "[stream " name "]\nCharacteristic=" name "\nFraming=message\n"
#define TEST(packet, hex, key) TEST_OF(packet, hex, key, "0 0 0")
#define TEST_OF(packet, hex, key, values)                                                                      \
        "[test " packet "]\nPacket=" packet "\nHex=" hex "\n" key "=" values "\nTolerance=1\n"

static void test_types(void **state) {
        static const struct {
                const char *type;
                uint8_t bytes[12];
                unsigned n;
                double x, y, z;
        } types[] = {
                {"i8", {0x01, 0x80, 0x7f}, 3, 1, -128, 127},
                {"u8", {0x01, 0x80, 0xff}, 3, 1, 128, 255},
                {"i16", {0x01, 0x00, 0x00, 0x80, 0xfe, 0xff}, 6, 1, -32768, -2},
                {"i16be", {0x00, 0x01, 0x80, 0x00, 0xff, 0xfe}, 6, 1, -32768, -2},
                {"u16", {0x01, 0x00, 0x00, 0x80, 0xfe, 0xff}, 6, 1, 32768, 65534},
                {"i24", {0x01, 0x00, 0x00, 0x00, 0x00, 0x80, 0xfe, 0xff, 0xff}, 9, 1, -8388608, -2},
                {"u24be", {0x00, 0x00, 0x01, 0x80, 0x00, 0x00, 0xff, 0xff, 0xfe}, 9, 1, 8388608, 16777214},
                {"i32", {1, 0, 0, 0, 0, 0, 0, 0x80, 0xfe, 0xff, 0xff, 0xff}, 12, 1, -2147483648.0, -2},
                {"u32be", {0, 0, 0, 1, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe}, 12, 1, 2147483648.0,
                        4294967294.0},
                {"f32", {0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3e}, 12, 1.5, -2, 0.125},
                {"f32be", {0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0, 0x3e, 0, 0, 0}, 12, 1.5, -2, 0.125},
        };
        char text[2048];

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                struct profile *p;
                /* Scaled so that the largest stays a figure of a sensor. */
                const double scale = 1e-7;

                snprintf(text, sizeof(text),
                        HEAD("100=\nDefault=100") STREAM("a") TEST("imu", "000000000000000000000000",
                                "Acc") "[packet imu]\nStream=a\nLength=%u..12\n"
                                       "Acc=0 %s 1e-7 m/s2\n",
                        types[i].n, types[i].type);
                p = good_text(text);
                begin(p, 100);
                decoder_push(&d, 0, types[i].bytes, types[i].n, 1000);
                assert_int_equal(n_got, 1);
                assert_near(got[0].f_mps2[0] / scale, types[i].x, 1e-6);
                assert_near(got[0].f_mps2[1] / scale, types[i].y, 1e-6);
                assert_near(got[0].f_mps2[2] / scale, types[i].z, 1e-6);
                assert_near(got[0].w_radps[0], 0, 0);
                assert_non_null(profile_refusal(p, 100)); /* no gyroscope */
                profile_free(p);
        }
}

static void test_axes_and_clip(void **state) {
        struct profile *p = good_text(HEAD("100=\nDefault=100") STREAM("a") TEST(
                "imu", "000000000000000000000000", "Acc") "[packet imu]\nStream=a\nLength=12\nAcc=0 i16 1/1000 "
                                                          "g\nGyro=6 i16 1/10 dps\nAxes=-y+x+z\n"
                                                          "GyroAxes=+z-x-y\nAccClip=8\nGyroClip=2000\n");
        static const uint8_t bytes[][12] = {
                {1, 0, 2, 0, 3, 0, 10, 0, 20, 0, 30, 0},
                {0x40, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},       /* ax is 8 g */
                {0, 0, 0, 0, 0, 0, 0, 0, 0xe0, 0xb1, 0, 0},       /* gy is -2000 */
                {0, 0, 0, 0, 0, 0, 0xff, 0x7f, 0, 0, 0, 0},       /* gx stands at the end of its type */
                {0x3f, 0x1f, 0, 0, 0, 0, 0, 0, 0xe1, 0xb1, 0, 0}, /* one short of both */
        };

        (void) state;
        begin(p, 100);
        for (size_t i = 0; i < ARRAY_SIZE(bytes); i++)
                decoder_push(&d, 0, bytes[i], 12, 10000 * (i + 1));
        assert_int_equal(n_got, ARRAY_SIZE(bytes));
        assert_near(got[0].f_mps2[0], -0.002 * 9.80665, 1e-12);
        assert_near(got[0].f_mps2[1], 0.001 * 9.80665, 1e-12);
        assert_near(got[0].f_mps2[2], 0.003 * 9.80665, 1e-12);
        assert_near(got[0].w_radps[0], 3 * M_PI / 180, 1e-12);
        assert_near(got[0].w_radps[1], -1 * M_PI / 180, 1e-12);
        assert_near(got[0].w_radps[2], -2 * M_PI / 180, 1e-12);
        assert_int_equal(got[0].flags, 0);
        assert_int_equal(got[1].flags, SAMPLE_CLIPPED);
        assert_int_equal(got[2].flags, SAMPLE_CLIPPED);
        assert_int_equal(got[3].flags, SAMPLE_CLIPPED);
        assert_int_equal(got[4].flags, 0);
        assert_int_equal(d.stats.clipped, 3);
        profile_free(p);
}

/* Figures that no sensor measures. */
static void test_bad_floats(void **state) {
        static const char *const bad[] = {
                "\x00\x00\xc0\x7f",                     /* NaN */
                "\x00\x00\x80\x7f",                     /* infinite */
                "\x00\x00\x80\xff", "\x00\x00\x7a\x45", /* 4000 g */
        };
        struct profiles set = shipped();
        uint8_t bytes[28];

        (void) state;
        begin(profiles_find(&set, "movella-dot", NULL), 60);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                for (size_t at = 4; at < sizeof(bytes); at += 4) {
                        memset(bytes, 0, sizeof(bytes));
                        memcpy(bytes + at, bad[i], 4);
                        if (at >= 16 && i == 3)
                                memcpy(bytes + at, "\x00\x00\x7a\x47", 4); /* 64000 degrees a second */
                        decoder_push(&d, 0, bytes, sizeof(bytes), 1000);
                }
        assert_int_equal(n_got, 0);
        assert_int_equal(d.stats.bad, ARRAY_SIZE(bad) * 6);
        for (size_t n = 0; n < sizeof(bytes); n++) /* short ones */
                decoder_push(&d, 0, bytes, n, 2000);
        assert_int_equal(d.stats.bad, ARRAY_SIZE(bad) * 6 + 28);
        profiles_done(&set);
}

static void test_counted_samples(void **state) {
        struct profile *p = good_text(HEAD("100=\nDefault=100") STREAM("a") TEST("imu", "01 000000000000",
                "Acc") "[packet imu]\nStream=a\nLength=7..255\nBase=1\nSamples=rest\nStride=6\nCount=0 "
                       "u8\nAcc=0 i16 1 mg\n");
        uint8_t bytes[256] = {0};

        (void) state;
        begin(p, 100);
        for (unsigned n = 0; n <= 42; n++)
                for (unsigned size = 0; size < 255; size++) {
                        uint64_t before = d.stats.samples;

                        bytes[0] = (uint8_t) n;
                        decoder_push(&d, 0, bytes, size, 1000);
                        assert_int_equal(d.stats.samples - before, n > 0 && size == 1 + 6 * n ? n : 0);
                        n_got = 0;
                }
        profile_free(p);
}

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

/* ---- there and back ---- */

static uint64_t now_us;

static void to_decoder(void *userdata, unsigned stream, const uint8_t *bytes, size_t n) {
        const size_t *value_max = userdata;

        assert_true(n > 0 && n <= *value_max);
        decoder_push(&d, stream, bytes, n, now_us);
}

static struct sample swing(unsigned k, double hz) {
        double t = k / hz;
        struct sample s = {.t_us = 5000000 + (uint64_t) llrint(t * 1e6)};

        for (unsigned i = 0; i < 3; i++) {
                s.f_mps2[i] = 6 * sin(t * (1 + i)) + 3;
                s.w_radps[i] = 4 * cos(t * (1.3 + i));
        }
        return s;
}

/* Fails where the sample is not that of its instant. hz_error: what the join may have shifted. */
static void compare(const struct profile *p, const struct sample *s, double hz, unsigned k) {
        struct sample wanted = swing(k, hz);

        for (unsigned i = 0; i < 3; i++) {
                assert_near(s->f_mps2[i], wanted.f_mps2[i], 0.055); /* half of a hundredth of g */
                assert_near(
                        s->w_radps[i], wanted.w_radps[i], strcmp(p->packets[0].join, "") != 0 ? 0.02 : 0.002);
        }
}

static void there_and_back(const struct profile *p, double hz, unsigned batch, size_t value_max) {
        static struct encoder e;
        const unsigned n = 1000;
        int r = encoder_init(&e, p, batch, value_max, to_decoder, &value_max);

        if (r == -EMSGSIZE) { /* a message that does not fit into this notification */
                assert_true(value_max < 30);
                return;
        }
        assert_int_equal(r, 0);
        begin(p, hz);
        for (unsigned k = 0; k < n; k++) {
                struct sample s = swing(k, hz);

                now_us = s.t_us;
                encoder_push(&e, &s);
        }
        encoder_flush(&e);
        if (d.stats.bad + d.stats.other + d.stats.stale + d.stats.skipped + d.stats.unpaired > 0)
                fail_msg("%s batch %u: %lu bad, %lu other, %lu stale, %lu skipped, %lu unpaired", p->name,
                        batch, (unsigned long) d.stats.bad, (unsigned long) d.stats.other,
                        (unsigned long) d.stats.stale, (unsigned long) d.stats.skipped,
                        (unsigned long) d.stats.unpaired);
        assert_in_range(n_got, n - 6, n); /* the join waits for the last ones */
        for (unsigned k = 0; k < n_got; k++)
                compare(p, &got[k], hz, k);
}

static void test_there_and_back(void **state) {
        static const size_t values[] = {20, 33, 100, 244, 512};
        static const unsigned batches[] = {1, 2, 5, 10, 19, 128};
        struct profiles set = shipped();

        (void) state;
        for (size_t i = 0; i < set.n; i++)
                for (size_t b = 0; b < ARRAY_SIZE(batches); b++)
                        for (size_t v = 0; v < ARRAY_SIZE(values); v++)
                                there_and_back(
                                        set.items[i], profile_rate(set.items[i], 0), batches[b], values[v]);
        profiles_done(&set);
}

static void test_encoder_bounds(void **state) {
        struct profiles set = shipped();
        const struct profile *p = profiles_find(&set, "witmotion-ble5", NULL);
        static struct encoder e;
        size_t value_max = 512;
        struct sample huge = {.t_us = 1, .f_mps2 = {1e6, -1e6, 0}, .w_radps = {1e6, -1e6, 0}};

        (void) state;
        assert_int_equal(encoder_init(&e, p, 0, 244, to_decoder, &value_max), -EINVAL);
        assert_int_equal(encoder_init(&e, p, 129, 244, to_decoder, &value_max), -EINVAL);
        assert_int_equal(encoder_init(&e, p, 1, 19, to_decoder, &value_max), -EINVAL);
        assert_int_equal(encoder_init(&e, p, 1, 513, to_decoder, &value_max), -EINVAL);
        assert_int_equal(encoder_init(&e, p, 1, 244, to_decoder, &value_max), 0);
        begin(p, 100);
        encoder_push(&e, &huge);
        assert_int_equal(n_got, 1);
        assert_near(got[0].f_mps2[0], 32767.0 / 32768 * 16 * 9.80665, 1e-9);
        assert_near(got[0].f_mps2[1], -16 * 9.80665, 1e-9);
        assert_int_equal(got[0].flags, SAMPLE_CLIPPED);
        profiles_done(&set);
}

static void test_encoded_battery(void **state) {
        struct profiles set = shipped();
        uint8_t bytes[GATT_VALUE_MAX];

        (void) state;
        for (size_t i = 0; i < set.n; i++) {
                const struct profile *p = set.items[i];

                for (double wanted = 0; wanted <= 100; wanted += 5) {
                        int stream = -2, n = encoder_battery(p, wanted, bytes, &stream);

                        begin(p, profile_rate(p, 0));
                        if (!p->battery.value.present) {
                                assert_int_equal(n, -ENOTSUP);
                                continue;
                        }
                        assert_true(n > 0);
                        if (stream >= 0) {
                                decoder_push(&d, (unsigned) stream, bytes, (size_t) n, 1000);
                                assert_int_equal(n_percent, 1);
                        } else {
                                assert_int_equal(profile_battery(p, bytes, (size_t) n, &percent), 0);
                        }
                        /* The table's lowest voltage is 5 per cent, and counts are 10 mV. */
                        assert_near(percent, p->battery.n_table > 0 ? fmax(wanted, 5) : wanted, 2.5);
                }
        }
        profiles_done(&set);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_frames_cut_anywhere),
                cmocka_unit_test(test_resync),
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_bad_lines),
                cmocka_unit_test(test_types),
                cmocka_unit_test(test_axes_and_clip),
                cmocka_unit_test(test_bad_floats),
                cmocka_unit_test(test_counted_samples),
                cmocka_unit_test(test_clock_and_number_wrap),
                cmocka_unit_test(test_repeated_packets),
                cmocka_unit_test(test_ranges),
                cmocka_unit_test(test_number_alone),
                cmocka_unit_test(test_neither_clock_nor_number),
                cmocka_unit_test(test_time_units),
                cmocka_unit_test(test_join_interpolates),
                cmocka_unit_test(test_join_with_a_gap),
                cmocka_unit_test(test_join_without_rates),
                cmocka_unit_test(test_there_and_back),
                cmocka_unit_test(test_encoder_bounds),
                cmocka_unit_test(test_encoded_battery),
        };

        return run_unit_tests(tests);
}

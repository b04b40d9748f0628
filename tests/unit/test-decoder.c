/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder: framing wherever notifications cut, figures and such as are none. */

#include <errno.h>

#include "decoded.h"

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
        };

        return run_unit_tests(tests);
}

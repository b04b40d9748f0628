/* SPDX-License-Identifier: Apache-2.0 */
/* imu16 packets: what is encoded is decoded within half a count, and broken ones are refused. */

#include <errno.h>

#include <repcast/sample.h>

#include "sensor/packet.h"
#include "sensor/unpack.h"
#include "unit.h"

static const struct packet_format format = {
        .counter = PACKET_COUNTER_U16_32768,
        .accel_range_g = 8,
        .gyro_range_dps = 1000,
};

/* One sample at counter 0x1234, z at 4096 counts of 32768 = 1 g. */
static const uint8_t one[] = {1, 1, 0x34, 0x12, 0xff, 0xff, 2, 0, 0, 0x10, 0, 0x80, 0xff, 0x7f, 0xfe, 0xff};

/* As the decoder does it: which packet is it, and what is in it? */
static int decode(const struct packet_format *f, const void *bytes, size_t n, struct unpacked *ret) {
        struct profile p;
        int found;

        packet_profile(f, &p);
        found = unpack_find(&p, 0, bytes, n);
        return found < 0 ? found : unpack(&p.packets[found], bytes, n, ret);
}

static void test_decode(void **state) {
        (void) state;
        struct unpacked u;

        assert_int_equal(decode(&format, one, sizeof(one), &u), 0);
        assert_int_equal(u.time, 0x1234);
        assert_int_equal(u.n, 1);
        assert_near(u.samples[0].f_mps2[2], STANDARD_GRAVITY_MPS2, 1e-12);
        assert_near(u.samples[0].f_mps2[0], -8 * STANDARD_GRAVITY_MPS2 / 32768, 1e-12);
        assert_near(u.samples[0].w_radps[0], -1000 * M_PI / 180, 1e-12);
        assert_int_equal(u.samples[0].flags, SAMPLE_CLIPPED); /* gx and gy stand at the ends */
}

static void test_broken(void **state) {
        (void) state;
        struct unpacked u;
        uint8_t bytes[sizeof(one) + 1];

        assert_int_equal(decode(&format, one, 0, &u), -ENOENT); /* not even a version */
        for (size_t n = 1; n < sizeof(one); n++)
                assert_int_equal(decode(&format, one, n, &u), -EBADMSG);
        memcpy(bytes, one, sizeof(one));
        bytes[sizeof(one)] = 0;
        assert_int_equal(decode(&format, bytes, sizeof(bytes), &u), -EBADMSG);
        bytes[0] = 2;
        assert_int_equal(decode(&format, bytes, sizeof(one), &u), -ENOENT);
        bytes[0] = 1;
        bytes[1] = 0;
        assert_int_equal(decode(&format, bytes, 4, &u), -EBADMSG);
        bytes[1] = 43;
        assert_int_equal(decode(&format, bytes, sizeof(one), &u), -EBADMSG);
}

static void test_round_trip(void **state) {
        (void) state;
        struct packet in = {.counter = 0x89abcdef, .n_samples = PACKET_SAMPLES_MAX};
        struct unpacked out;
        struct packet_format f = format;
        uint8_t bytes[PACKET_SIZE_MAX];
        int n;

        for (unsigned i = 0; i < PACKET_SAMPLES_MAX; i++)
                for (unsigned k = 0; k < 3; k++) {
                        in.samples[i].f_mps2[k] = 3.7 * i - 77 + k;
                        in.samples[i].w_radps[k] = 17 - 0.8 * i + k;
                }
        for (enum packet_counter c = 0; c < _PACKET_COUNTER_MAX; c++) {
                unsigned bits = packet_counter_bits(c);

                f.counter = c;
                n = packet_encode(&f, &in, bytes, sizeof(bytes));
                assert_int_equal(n, 2 + bits / 8 + 12 * PACKET_SAMPLES_MAX);
                assert_int_equal(packet_encode(&f, &in, bytes, (size_t) n - 1), -ENOBUFS);
                assert_int_equal(decode(&f, bytes, (size_t) n, &out), 0);
                assert_true(out.time == (in.counter & ((1ULL << bits) - 1)));
                for (unsigned i = 0; i < PACKET_SAMPLES_MAX; i++)
                        for (unsigned k = 0; k < 3; k++) {
                                double wanted = fmin(in.samples[i].f_mps2[k], 8 * STANDARD_GRAVITY_MPS2);
                                assert_near(
                                        out.samples[i].f_mps2[k], wanted, 8 * STANDARD_GRAVITY_MPS2 / 32768);
                                wanted = fmax(
                                        fmin(in.samples[i].w_radps[k], 1000 * M_PI / 180), -1000 * M_PI / 180);
                                assert_near(out.samples[i].w_radps[k], wanted, 17.46 / 32768);
                        }
        }
        in.n_samples = 0;
        assert_int_equal(packet_encode(&f, &in, bytes, sizeof(bytes)), -EINVAL);
        in.n_samples = PACKET_SAMPLES_MAX + 1;
        assert_int_equal(packet_encode(&f, &in, bytes, sizeof(bytes)), -EINVAL);
}

static void test_words(void **state) {
        (void) state;
        for (enum packet_counter c = 0; c < _PACKET_COUNTER_MAX; c++)
                assert_int_equal(packet_counter_from_string(packet_counter_to_string(c)), c);
        assert_int_equal(packet_counter_from_string("u24"), -EINVAL);
        assert_null(packet_counter_to_string(_PACKET_COUNTER_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_decode),
                cmocka_unit_test(test_broken),
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_words),
        };
        return run_unit_tests(tests);
}

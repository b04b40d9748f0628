/* SPDX-License-Identifier: Apache-2.0 */
/* The byte cursor reads both orders and never beyond its end. */

#include "unit.h"
#include "util/bytes.h"

static const uint8_t data[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88};

static void test_orders(void **state) {
        (void) state;
        struct bytes b;

        b = bytes_of(data, sizeof(data));
        assert_int_equal(bytes_u8(&b), 0x01);
        assert_int_equal(bytes_le16(&b), 0x0302);
        assert_int_equal(bytes_le32(&b), 0x07060504);
        assert_int_equal(bytes_left(&b), 1);
        assert_false(b.failed);

        b = bytes_of(data, sizeof(data));
        assert_true(bytes_le64(&b) == 0x8807060504030201ULL);
        b = bytes_of(data, sizeof(data));
        assert_true(bytes_be64(&b) == 0x0102030405060788ULL);
        b = bytes_of(data, sizeof(data));
        assert_int_equal(bytes_be16(&b), 0x0102);
        assert_int_equal(bytes_be32(&b), 0x03040506);
        assert_int_equal(bytes_bei16(&b), 0x0788);
        assert_int_equal(bytes_left(&b), 0);
}

static void test_signs_and_floats(void **state) {
        (void) state;
        static const uint8_t signs[] = {0xff, 0xff, 0x00, 0x80, 0xff, 0x7f, 0x80, 0x00};
        static const uint8_t minus_two_and_half[] = {0x00, 0x00, 0x20, 0xc0, 0xc0, 0x20, 0x00, 0x00};
        struct bytes b = bytes_of(signs, sizeof(signs));

        assert_int_equal(bytes_lei16(&b), -1);
        assert_int_equal(bytes_lei16(&b), INT16_MIN);
        assert_int_equal(bytes_lei16(&b), INT16_MAX);
        assert_int_equal(bytes_bei16(&b), INT16_MIN);

        b = bytes_of(minus_two_and_half, sizeof(minus_two_and_half));
        assert_near((double) bytes_lef32(&b), -2.5, 0);
        assert_near((double) bytes_bef32(&b), -2.5, 0);
}

static void test_end(void **state) {
        (void) state;
        struct bytes b = bytes_of(data, 3);

        assert_int_equal(bytes_le16(&b), 0x0201);
        assert_int_equal(bytes_le16(&b), 0);
        assert_true(b.failed);
        /* Failed for good: the byte that is left is no longer given out. */
        assert_int_equal(bytes_u8(&b), 0);
        assert_null(bytes_take(&b, 0));

        b = bytes_of(NULL, 0);
        assert_int_equal(bytes_left(&b), 0);
        assert_int_equal(bytes_u8(&b), 0);
        assert_true(b.failed);
}

static void test_sink(void **state) {
        (void) state;
        uint8_t out[4] = {0};
        struct bytes_sink s = bytes_sink_of(out, sizeof(out));

        bytes_put_le(&s, 1, 0x01);
        bytes_put_le(&s, 2, 0x0302);
        assert_false(s.failed);
        bytes_put_le(&s, 2, 0xffff);
        assert_true(s.failed);
        assert_int_equal(out[2], 0x03);
        assert_int_equal(out[3], 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_orders),
                cmocka_unit_test(test_signs_and_floats),
                cmocka_unit_test(test_end),
                cmocka_unit_test(test_sink),
        };
        return run_unit_tests(tests);
}

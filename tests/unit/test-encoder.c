/* SPDX-License-Identifier: Apache-2.0 */
/* There and back: what the encoder makes of samples comes back out of the decoder, for every shipped profile. */

#include <errno.h>

#include "decoded.h"
#include "sensor/encoder.h"

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
                cmocka_unit_test(test_there_and_back),
                cmocka_unit_test(test_encoder_bounds),
                cmocka_unit_test(test_encoded_battery),
        };

        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The resampler keeps the integral at every rate, marks gaps, survives every clock. */

#include <errno.h>

#include <repcast/resample.h>

#include "unit.h"

static const struct resample_params params = {.gap_s = 0.2, .break_s = 2};

static struct sample at(double t_s, double f) {
        return (struct sample){
                .t_us = 5000000 + (uint64_t) llround(t_s * 1e6), .f_mps2 = {f, -f, 9.8}, .w_radps = {0, 0, f}};
}

/* A broken line of full swings: what the resampler takes as the truth between samples. */
static void integral_is_kept(double rate_hz) {
        struct resample r;
        struct tick tick;
        double in = 0, out = 0, before = 0;
        unsigned n = (unsigned) lround(4 * rate_hz), got = 0;
        uint64_t end_us = 0;

        resample_init(&r, &params);
        for (unsigned i = 0; i <= n; i++) {
                double f = sin(0.7 * i) * 5 + (i % 3);
                struct sample s = at(i / rate_hz, f);
                assert_int_equal(resample_push(&r, &s), i ? RESAMPLE_JOINED : RESAMPLE_BEGUN);
                if (i)
                        in += 0.5 * (f + before) / rate_hz;
                before = f;
                while (resample_next(&r, &tick)) {
                        out += tick.f_mps2[0] * TICK_S;
                        assert_near(tick.f_mps2[1], -tick.f_mps2[0], 1e-9);
                        assert_near(tick.f_mps2[2], 9.8, 1e-6);
                        assert_near(tick.w_radps[2], tick.f_mps2[0], 1e-9);
                        assert_int_equal(tick.flags, rate_hz < 5 ? TICK_GAP : 0);
                        if (end_us)
                                assert_int_equal(tick.t_us - end_us, TICK_US);
                        end_us = tick.t_us;
                        got += tick.got;
                }
        }
        assert_near(out, in, 2e-5 * n);
        assert_int_equal(got, n + 1);
}

static void test_integral(void **state) {
        (void) state;
        static const double rates[] = {4, 5, 8, 12.5, 25, 50, 100, 125, 200, 400, 1000};
        for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
                integral_is_kept(rates[i]);
}

static unsigned drain(struct resample *r, unsigned *ret_gaps, double *ret_q) {
        struct tick tick;
        unsigned n = 0;
        *ret_gaps = 0;
        *ret_q = 0;
        for (; resample_next(r, &tick); n++) {
                *ret_gaps += !!(tick.flags & TICK_GAP);
                *ret_q += tick.q_m2ps3 * TICK_S;
        }
        return n;
}

static void test_gap_and_break(void **state) {
        (void) state;
        struct resample r;
        unsigned gaps;
        double q;
        struct sample s = at(0, 1);

        resample_init(&r, &params);
        resample_push(&r, &s);
        s = at(0.15, 1);
        assert_int_equal(resample_push(&r, &s), RESAMPLE_JOINED);
        assert_int_equal(drain(&r, &gaps, &q), 15);
        assert_int_equal(gaps, 0);
        assert_near(q, 0, 1e-12);

        s = at(1.15, 1);
        s.lost = 9;
        assert_int_equal(resample_push(&r, &s), RESAMPLE_JOINED);
        assert_int_equal(drain(&r, &gaps, &q), 100);
        assert_int_equal(gaps, 100);
        assert_near(q, 0.27 * 0.27 / 2, 1e-9); /* (0.3 (1 - 0.1))2 / 2 over the whole gap */

        s = at(3.2, 1);
        assert_int_equal(resample_push(&r, &s), RESAMPLE_BEGUN);
        assert_int_equal(drain(&r, &gaps, &q), 0);
}

static void test_refuses_bad_samples(void **state) {
        (void) state;
        struct resample r;
        struct sample s = at(0, 1);

        resample_init(&r, &params);
        resample_push(&r, &s);
        s = at(0.01, NAN);
        assert_int_equal(resample_push(&r, &s), -EINVAL);
        s = at(0.01, INFINITY);
        assert_int_equal(resample_push(&r, &s), -EINVAL);
        s = at(0.01, 1000);
        assert_int_equal(resample_push(&r, &s), -EINVAL);
        s = at(0.01, 1);
        s.t_us = UINT64_MAX;
        assert_int_equal(resample_push(&r, &s), -EINVAL);
        s = at(0, 1);
        assert_int_equal(resample_push(&r, &s), -ESTALE);
        s = at(-1, 1);
        assert_int_equal(resample_push(&r, &s), -ESTALE);
        s = at(0.01, 1);
        assert_int_equal(resample_push(&r, &s), RESAMPLE_JOINED);
}

/* One sample from the far future makes all that follow stale; after a second of them their clock is believed. */
static void test_clock_set_back(void **state) {
        (void) state;
        struct resample r;
        struct sample s = at(0, 1);
        int result = 0;
        double t = 0;

        resample_init(&r, &params);
        resample_push(&r, &s);
        s = at(30 * 86400.0, 1);
        assert_int_equal(resample_push(&r, &s), RESAMPLE_BEGUN);
        for (t = 0.01; t < 5; t += 0.01) {
                s = at(t, 1);
                result = resample_push(&r, &s);
                if (result != -ESTALE)
                        break;
        }
        assert_int_equal(result, RESAMPLE_BEGUN);
        assert_near(t, 1.01, 0.02);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_integral),
                cmocka_unit_test(test_gap_and_break),
                cmocka_unit_test(test_refuses_bad_samples),
                cmocka_unit_test(test_clock_set_back),
        };
        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is felt of lifts, of a bar put down, of walking. */

#include <math.h>

#include <repcast/history.h>

#include "core/felt.h"
#include "unit.h"
#include "util/macros.h"

static struct history history;
static uint64_t now_us;

static void start(void) {
        history_reset(&history);
        now_us = 10000000;
}

static void tick(double a_mps2, double heading_rad) {
        struct moment m = {.a_mps2 = (float) a_mps2, .got = 1};
        moment_set_heading(&m, heading_rad);
        now_us += TICK_US;
        history_push(&history, now_us, &m);
}

static void lie(double duration_s) {
        for (double t = 0; t < duration_s - 1e-6; t += TICK_S)
                tick(0.1, 0); /* what the bias leaves */
}

/* From rest to rest by minimum jerk; on the way steps of so much. */
static struct phase_fit stroke(double way_m, double duration_s, double steps_mps2, double heading_rad) {
        struct phase_fit p = {
                .start_us = now_us, .travel_m = fabs(way_m), .peak_mps = 1.875 * fabs(way_m) / duration_s};
        for (double t = TICK_S / 2; t < duration_s; t += TICK_S) {
                double u = t / duration_s,
                       a = way_m / (duration_s * duration_s) * 60 * u * (1 - u) * (1 - 2 * u);
                tick(0.1 + a + steps_mps2 * sin(2 * M_PI * 1.8 * t), heading_rad * u);
        }
        p.end_us = now_us;
        return p;
}

static struct cycle_fit felt(struct phase_fit eccentric, struct phase_fit concentric) {
        struct cycle_fit f = {.eccentric_first = true, .eccentric = eccentric, .concentric = concentric};
        felt_cycle(&history, &f);
        return f;
}

static void test_a_lift(void **state) {
        (void) state;
        start();
        lie(2);
        struct phase_fit down = stroke(-0.5, 2, 0, 0);
        lie(0.5);
        struct cycle_fit f = felt(down, stroke(0.5, 1, 0, 0));
        assert_near(f.concentric.force, 1.18, 0.05); /* of minimum jerk */
        assert_near(f.eccentric.force, 1.18, 0.05);
        assert_near((double) f.balance, 0.95, 0.06);
        assert_near((double) f.unrest_mps2, 0, 0.05);
        assert_near((double) f.unrest_before_mps2, 0, 1e-3);
        assert_near((double) f.unrest_between_mps2, 0, 1e-3);
        assert_near((double) f.turned_rad, 0, 1e-3);
}

/* A knock, then nothing: fitted as half a metre upwards. There is force, but only at one end. */
static void test_put_down(void **state) {
        (void) state;
        start();
        lie(2);
        struct phase_fit down = stroke(-0.5, 1.5, 0, 0),
                         up = {.start_us = now_us, .travel_m = 0.5, .peak_mps = 0.3};
        for (unsigned i = 0; i < 5; i++)
                tick(6, 0);
        lie(2.95);
        up.end_us = now_us;
        struct cycle_fit f = felt(down, up);
        assert_true(f.concentric.force > 0.9);
        assert_true(f.balance < 0.05F);
}

static void test_walking(void **state) {
        (void) state;
        start();
        (void) stroke(0, 3, 2, 0);
        struct phase_fit down = stroke(-0.5, 3, 2, 1.5);
        (void) stroke(0, 1, 2, 0);
        struct cycle_fit f = felt(down, stroke(0.5, 3, 2, 0));
        assert_near((double) f.unrest_before_mps2, 1.4, 0.2);
        assert_near((double) f.unrest_between_mps2, 1.4, 0.2);
        assert_true(f.unrest_mps2 > 0.8F);
        assert_near((double) f.turned_rad, 0, 0.02); /* back again in the end */
        struct phase_fit again = stroke(-0.5, 2, 0, 0);
        assert_near((double) felt(again, stroke(0.5, 2, 0, -2)).turned_rad, -2, 0.02);
}

/* Without a hold in between, or before the history begins, nothing is felt there. */
static void test_nothing_between(void **state) {
        (void) state;
        start();
        struct phase_fit down = stroke(-0.5, 1, 3, 0);
        struct cycle_fit f = felt(down, stroke(0.5, 1, 3, 0));
        assert_near((double) f.unrest_between_mps2, 0, 0);
        assert_near((double) f.unrest_before_mps2, 0, 0);
}

static void test_what_a_moment_keeps(void **state) {
        (void) state;
        struct moment m;
        for (double q = 1e-12; q < 1e6; q *= 7.3) {
                moment_set_noise(&m, q);
                assert_near(moment_noise(&m) / q, 1, 0.004);
        }
        start();
        tick(0, 3);
        tick(0, -3); /* across the turn */
        assert_near(history_turned(&history, now_us - TICK_US, now_us), 2 * M_PI - 6, 1e-3);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_lift),
                cmocka_unit_test(test_put_down),
                cmocka_unit_test(test_walking),
                cmocka_unit_test(test_nothing_between),
                cmocka_unit_test(test_what_a_moment_keeps),
        };
        return run_unit_tests(tests);
}

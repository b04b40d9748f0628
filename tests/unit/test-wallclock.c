/* SPDX-License-Identifier: Apache-2.0 */
/* The distance of the clocks holds still until the time of day is set. */

#include <time.h>

#include "hub/wallclock.h"
#include "unit.h"

#define TODAY_US INT64_C(1795288142130000)

static void test_small_noise_is_ignored(void **state) {
        struct wallclock w = {.known = false};

        (void) state;
        assert_true(wallclock_take(&w, 5000000, TODAY_US, 5000000));
        assert_int_equal(w.epoch_us, TODAY_US - 5000000);
        assert_true(wallclock_take(&w, 6000000, TODAY_US + 1000000 + 900, 6000000));
        assert_int_equal(w.epoch_us, TODAY_US - 5000000);
        assert_true(wallclock_take(&w, 7000000, TODAY_US + 2000000 - 900, 7000000));
        assert_int_equal(w.epoch_us, TODAY_US - 5000000);
}

static void test_steps_are_followed(void **state) {
        struct wallclock w = {.known = false};

        (void) state;
        assert_true(wallclock_take(&w, 5000000, 0, 5000000)); /* no battery clock: 1970 */
        assert_int_equal(w.epoch_us, -5000000);
        assert_true(wallclock_take(&w, 6000000, TODAY_US, 6000000));
        assert_int_equal(w.epoch_us, TODAY_US - 6000000);
        assert_true(wallclock_take(&w, 6000000, TODAY_US - 2000, 6000000));
        assert_int_equal(w.epoch_us, TODAY_US - 2000 - 6000000);
}

static void test_torn_readings_are_no_step(void **state) {
        struct wallclock w = {.known = false};

        (void) state;
        assert_true(wallclock_take(&w, 5000000, TODAY_US, 5000000));
        assert_false(
                wallclock_take(&w, 6000000, TODAY_US + 1048000, 6048000)); /* put aside before the second */
        assert_false(wallclock_take(&w, 6000000, TODAY_US + 1000000, 6048000)); /* and before the third */
        assert_int_equal(w.epoch_us, TODAY_US - 5000000);
        assert_true(wallclock_take(&w, 7000000, TODAY_US + 2000001, 7000002));
        assert_int_equal(w.epoch_us, TODAY_US - 5000000);

        w.known = false; /* better than none */
        assert_true(wallclock_take(&w, 8000000, TODAY_US, 8048000));
        assert_int_equal(w.epoch_us, TODAY_US - 8024000);
}

static void test_real_clocks(void **state) {
        struct wallclock w = {.known = false};
        struct timespec t;

        (void) state;
        wallclock_update(&w);
        clock_gettime(CLOCK_MONOTONIC, &t);
        assert_true(w.known);
        assert_near((double) (t.tv_sec + w.epoch_us / 1000000), (double) time(NULL), 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_small_noise_is_ignored),
                cmocka_unit_test(test_steps_are_followed),
                cmocka_unit_test(test_torn_readings_are_no_step),
                cmocka_unit_test(test_real_clocks),
        };
        return run_unit_tests(tests);
}

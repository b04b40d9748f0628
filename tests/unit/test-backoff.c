/* SPDX-License-Identifier: Apache-2.0 */
/* Waits grow, stay in their bounds, differ between hubs, and start small again. */

#include "unit.h"
#include "util/backoff.h"

#define S UINT64_C(1000000)

static void test_bounds_and_growth(void **state) {
        (void) state;
        double sum_first = 0, sum_tenth = 0;

        for (uint64_t seed = 0; seed < 1000; seed++) {
                struct backoff b;
                uint64_t last = S;
                backoff_init(&b, S, 60 * S, seed);
                for (int i = 0; i < 20; i++) {
                        uint64_t wait = backoff_next_us(&b);
                        assert_in_range(wait, S, 60 * S);
                        assert_true(wait <= 3 * last);
                        last = wait;
                        sum_first += i == 0 ? (double) wait : 0;
                        sum_tenth += i == 9 ? (double) wait : 0;
                }
        }
        /* The first is uniform in 1 to 3 s: mean 2. From the tenth on it hovers where growth and bound meet. */
        assert_near(sum_first / 1000 / S, 2.0, 0.1);
        assert_true(sum_tenth / 1000 / S > 15);
}

static void test_seeds_differ_and_repeat(void **state) {
        (void) state;
        struct backoff a, b, c;
        unsigned same = 0;

        backoff_init(&a, S, 60 * S, 42);
        backoff_init(&b, S, 60 * S, 42);
        backoff_init(&c, S, 60 * S, 44);
        for (int i = 0; i < 50; i++) {
                uint64_t wait = backoff_next_us(&a);
                assert_true(wait == backoff_next_us(&b));
                same += wait == backoff_next_us(&c);
        }
        assert_in_range(same, 0, 30); /* at the upper bound they may meet */
}

static void test_reset(void **state) {
        (void) state;
        struct backoff b;
        backoff_init(&b, S, 60 * S, 7);
        for (int i = 0; i < 50; i++)
                (void) backoff_next_us(&b);
        backoff_reset(&b);
        assert_in_range(backoff_next_us(&b), S, 3 * S);
}

static void test_fixed_wait(void **state) {
        (void) state;
        struct backoff b;
        backoff_init(&b, S, S, 7);
        for (int i = 0; i < 10; i++)
                assert_int_equal(backoff_next_us(&b), S);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bounds_and_growth),
                cmocka_unit_test(test_seeds_differ_and_repeat),
                cmocka_unit_test(test_reset),
                cmocka_unit_test(test_fixed_wait),
        };
        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Every two neighbours of opposite directions make a cycle, whichever way the cycler paired them. */

#include <repcast/pairing.h>

#include "unit.h"

static struct pairing pairing;

static void start(void) {
        pairing_init(&pairing, &(struct cycle_params){.hold_s = 10});
}

static struct move move(bool up, double start_s) {
        uint64_t start_us = (uint64_t) (start_s * 1e6);
        return (struct move){.up = up, .start_us = start_us, .end_us = start_us + 1000000, .travel_m = 0.5};
}

static struct cycle cycle(bool up, double start_s) {
        struct cycle c = {.first = move(up, start_s), .second = move(!up, start_s + 1)};
        c.until_us = c.second.end_us;
        return c;
}

static void test_between_two_cycles(void **state) {
        (void) state;
        struct cycle first = cycle(true, 10), second = cycle(true, 13), other;
        start();
        second.first.bias.b[0] = 0.1;
        assert_false(pairing_take(&pairing, &first, false, &other));
        assert_true(pairing_take(&pairing, &second, false, &other));
        assert_false(other.first.up);
        assert_true(other.second.up);
        assert_int_equal(other.first.start_us, 11000000);
        assert_int_equal(other.second.end_us, 14000000);
        assert_int_equal(other.until_us, 14000000);
        assert_near(other.first.bias.b[0], 0.1, 1e-12);
}

static void test_with_a_stray(void **state) {
        (void) state;
        struct cycle stray = {.first = move(false, 10)}, after = cycle(true, 12), other;
        start();
        assert_false(pairing_take(&pairing, &stray, true, &other));
        assert_true(pairing_take(&pairing, &after, false, &other));
        assert_false(other.first.up);
        assert_int_equal(other.second.start_us, 12000000);
}

static void test_no_neighbours(void **state) {
        (void) state;
        struct cycle first = cycle(true, 10), late = cycle(true, 23), same = cycle(false, 26), other;
        start();
        assert_false(pairing_take(&pairing, &first, false, &other));
        assert_false(pairing_take(&pairing, &late, false, &other)); /* held for longer than any hold */
        late = cycle(false, 25);
        assert_false(pairing_take(&pairing, &late, false, &other)); /* down twice */
        pairing_reset(&pairing);
        assert_false(pairing_take(&pairing, &same, false, &other));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_between_two_cycles),
                cmocka_unit_test(test_with_a_stray),
                cmocka_unit_test(test_no_neighbours),
        };
        return run_unit_tests(tests);
}

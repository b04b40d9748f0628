/* SPDX-License-Identifier: Apache-2.0 */
/* The order of brokers, for every number of them and every one that may have been lost. */

#include "mqtt/route.h"
#include "unit.h"

static void test_rounds(void **state) {
        (void) state;
        for (unsigned n = 1; n <= ROUTE_BROKERS_MAX; n++)
                for (unsigned lost = 0; lost <= n; lost++) {
                        struct route r;
                        unsigned wanted = 0;

                        route_init(&r, n);
                        route_begin(&r, lost);
                        for (unsigned i = 0; i < n; i++) {
                                assert_true(route_has_next(&r));
                                wanted += wanted == lost; /* passed over */
                                assert_int_equal(route_next(&r), i + 1 == n && lost < n ? lost : wanted++);
                        }
                        assert_false(route_has_next(&r));
                }
}

static void test_first_round_is_in_order(void **state) {
        (void) state;
        struct route r;

        route_init(&r, 3);
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(route_next(&r), i);
        assert_false(route_has_next(&r));
        route_begin(&r, UINT32_MAX); /* nobody is lost */
        assert_int_equal(route_next(&r), 0);
}

static void test_old_brokers_are_remembered_one_by_one(void **state) {
        (void) state;
        struct route r;
        const uint64_t now = 1000;

        route_init(&r, 2);
        assert_true(route_speaks_5(&r, 0, 0));
        route_refused_5(&r, 1, now);
        route_begin(&r, 1);
        assert_true(route_speaks_5(&r, 0, now));
        assert_false(route_speaks_5(&r, 1, now));
        assert_false(route_speaks_5(&r, 1, now + ROUTE_ASK_AGAIN_US - 1));
        assert_true(route_speaks_5(&r, 1, now + ROUTE_ASK_AGAIN_US));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rounds),
                cmocka_unit_test(test_first_round_is_in_order),
                cmocka_unit_test(test_old_brokers_are_remembered_one_by_one),
        };
        return run_unit_tests(tests);
}

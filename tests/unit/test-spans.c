/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals merge, keep their order and their bound; checked against a plain array of booleans. */

#include <errno.h>
#include <stdbool.h>

#include "unit.h"
#include "util/macros.h"
#include "util/spans.h"

static void test_one_stream_is_one_interval(void **state) {
        (void) state;
        struct spans s = {0};
        assert_int_equal(spans_next_missing(&s, 1), 1);
        assert_false(spans_has(&s, 0));
        for (uint64_t x = 1; x <= 100; x++)
                assert_int_equal(spans_add(&s, x, x), 0);
        assert_int_equal(s.n, 1);
        assert_int_equal(spans_next_missing(&s, 1), 101);
        assert_int_equal(spans_next_missing(&s, 50), 101);
        assert_int_equal(spans_next_missing(&s, 200), 200);
        assert_int_equal(spans_count(&s, 40), 40);
        assert_int_equal(spans_count(&s, 1000), 100);
}

static void test_a_gap_is_closed(void **state) {
        (void) state;
        struct spans s = {0};
        assert_int_equal(spans_add(&s, 1, 10), 0);
        assert_int_equal(spans_add(&s, 20, 30), 0);
        assert_int_equal(spans_add(&s, 40, 40), 0);
        assert_int_equal(s.n, 3);
        assert_int_equal(spans_add(&s, 11, 18), 0);
        assert_int_equal(spans_next_missing(&s, 1), 19);
        assert_int_equal(spans_add(&s, 19, 19), 0);
        assert_int_equal(s.n, 2);
        assert_int_equal(spans_add(&s, 5, 60), 0);
        assert_int_equal(s.n, 1);
        assert_int_equal(s.list[0].first, 1);
        assert_int_equal(s.list[0].last, 60);
}

static void test_what_is_no_interval_is_refused(void **state) {
        (void) state;
        struct spans s = {0};
        assert_int_equal(spans_add(&s, 0, 3), -EINVAL);
        assert_int_equal(spans_add(&s, 4, 3), -EINVAL);
        assert_int_equal(spans_add(&s, 4, UINT64_MAX), -EINVAL);
        assert_int_equal(s.n, 0);
}

static void test_the_bound_holds(void **state) {
        (void) state;
        struct spans s = {0};
        for (uint64_t i = 0; i < SPANS_MAX; i++)
                assert_int_equal(spans_add(&s, 3 * i + 1, 3 * i + 1), 0);
        struct spans before = s;
        assert_int_equal(spans_add(&s, 1000, 1000), -ENOSPC);
        assert_memory_equal(&before, &s, sizeof(s));
        assert_int_equal(spans_add(&s, 5, 5), 0); /* what touches another needs no room */
        assert_int_equal(spans_add(&s, 2, 3), 0); /* closes a gap */
        assert_int_equal(s.n, SPANS_MAX - 1);
        assert_int_equal(spans_add(&s, 1000, 1000), 0);
}

#define WIDTH 200

static void test_against_an_array(void **state) {
        (void) state;
        uint32_t random = 1;
        for (unsigned round = 0; round < 200; round++) {
                struct spans s = {0};
                bool has[WIDTH + 2] = {false};
                for (unsigned step = 0; step < 60; step++) {
                        random = random * 1664525 + 1013904223;
                        uint64_t first = 1 + (random >> 16) % WIDTH;
                        random = random * 1664525 + 1013904223;
                        uint64_t last = MIN(first + (random >> 16) % 6, (uint64_t) WIDTH);
                        if (spans_add(&s, first, last) < 0)
                                continue;
                        for (uint64_t x = first; x <= last; x++)
                                has[x] = true;
                }
                uint64_t n = 0;
                for (uint64_t x = 1; x <= WIDTH; x++) {
                        uint64_t next = x;
                        while (has[next])
                                next++;
                        n += has[x];
                        assert_int_equal(spans_has(&s, x), has[x]);
                        assert_int_equal(spans_next_missing(&s, x), next);
                        assert_int_equal(spans_count(&s, x), n);
                }
                for (size_t i = 1; i < s.n; i++)
                        assert_true(s.list[i].first > s.list[i - 1].last + 1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_stream_is_one_interval),
                cmocka_unit_test(test_a_gap_is_closed),
                cmocka_unit_test(test_what_is_no_interval_is_refused),
                cmocka_unit_test(test_the_bound_holds),
                cmocka_unit_test(test_against_an_array),
        };
        return run_unit_tests(tests);
}

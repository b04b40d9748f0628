/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker shall keep, and what is left over of earlier runs. */

#include "mqtt/retained.h"
#include "unit.h"

static void set(struct retained_table *t, size_t i, const char *topic, const char *json) {
        const struct retained *r = retained_set(t, i, strdup(topic), strdup(json));

        assert_string_equal(r->topic, topic);
        assert_string_equal(r->json, json);
}

static void test_table(void **state) {
        (void) state;
        struct retained_table t;

        assert_int_equal(retained_init(&t, 2), 0);
        assert_false(retained_holds(&t, "a"));
        set(&t, 0, "a", "{}");
        set(&t, 1, "b", "");
        assert_true(retained_holds(&t, "a"));
        assert_false(retained_holds(&t, "b")); /* taken away */
        set(&t, 0, "c", "{}");
        assert_false(retained_holds(&t, "a"));
        set(&t, 1, "b", "{}");
        assert_true(retained_holds(&t, "b"));
        retained_done(&t);
}

static void test_leftovers(void **state) {
        (void) state;
        struct retained_table t;
        struct leftovers l = {.due_us = UINT64_MAX};
        char *topic;

        assert_int_equal(retained_init(&t, 2), 0);
        set(&t, 0, "held", "{}");
        set(&t, 1, "taken away", "");
        leftovers_note(&l, "before it begins");
        assert_int_equal(l.n, 0);
        leftovers_begin(&l, 7);
        assert_int_equal(l.due_us, 7);
        leftovers_note(&l, "taken away");
        leftovers_note(&l, "held");
        leftovers_note(&l, "old");
        for (const char *const *wanted = (const char *const[]){"old", "taken away", NULL}; *wanted; wanted++) {
                topic = leftovers_take(&l, &t);
                assert_non_null(topic);
                assert_string_equal(topic, *wanted);
                free(topic);
        }
        assert_null(leftovers_take(&l, &t));
        assert_true(l.due_us == UINT64_MAX);
        leftovers_note(&l, "after the end");
        assert_int_equal(l.n, 0);
        retained_done(&t);
}

static void test_a_flood_of_leftovers(void **state) {
        (void) state;
        struct retained_table t;
        struct leftovers l = {.due_us = UINT64_MAX};

        assert_int_equal(retained_init(&t, 1), 0);
        leftovers_begin(&l, 1);
        for (unsigned i = 0; i < 2 * LEFTOVERS_MAX; i++)
                leftovers_note(&l, "x");
        assert_int_equal(l.n, LEFTOVERS_MAX);
        leftovers_begin(&l, 2); /* a new connection begins anew */
        assert_int_equal(l.n, 0);
        leftovers_note(&l, "y");
        leftovers_done(&l);
        assert_int_equal(l.n, 0);
        retained_done(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_leftovers),
                cmocka_unit_test(test_a_flood_of_leftovers),
        };
        return run_unit_tests(tests);
}

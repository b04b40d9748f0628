/* SPDX-License-Identifier: Apache-2.0 */
/* Topics stay topics, whatever people call their racks. */

#include <errno.h>

#include "message/topic.h"
#include "unit.h"

static void check_level(const char *name, const char *wanted) {
        char out[64];
        topic_level(name, out, sizeof(out));
        assert_string_equal(out, wanted);
}

static void test_levels(void **state) {
        (void) state;
        check_level("rack-1", "rack-1");
        check_level("Rack 1", "Rack 1");
        check_level("Kraftraum S\xc3\xbc"
                    "d",
                "Kraftraum S\xc3\xbc"
                "d");
        check_level("", "_");
        check_level("+", "_");
        check_level("a/b", "a_b");
        check_level("a+b#c", "a_b_c");
        check_level("$SYS", "_SYS");
        check_level("cost$", "cost$");
        check_level("a\nb\x1f"
                    "c\x7f",
                "a_b_c_");
        check_level("a\xc2\x9f"
                    "b",
                "a_b"); /* C1 control */
        check_level("a\xef\xbf\xbf"
                    "b",
                "a_b"); /* U+FFFF */
        check_level("a\xef\xb7\x90"
                    "b",
                "a_b"); /* U+FDD0 */
        check_level("a\xf0\x9f\xbf\xbe"
                    "b",
                "a_b"); /* U+1FFFE */
        check_level("\xff\xfe", "__");
}

static void test_long_levels_are_cut_between_characters(void **state) {
        (void) state;
        char out[6];
        topic_level("abcdefgh", out, sizeof(out));
        assert_string_equal(out, "abcde");
        topic_level("abcd\xc3\xbc", out, sizeof(out));
        assert_string_equal(out, "abcd");
}

static void test_topics(void **state) {
        (void) state;
        char out[TOPIC_MAX];
        assert_int_equal(topic_hub("repcast", "hub-1", "status", out, sizeof(out)), 0);
        assert_string_equal(out, "repcast/hub-1/status");
        assert_int_equal(topic_station("repcast", "hub-1", "rack/#", "rep", out, sizeof(out)), 0);
        assert_string_equal(out, "repcast/hub-1/station/rack__/rep");
        assert_int_equal(topic_hub("/gym//ground+floor/", "h", "status", out, sizeof(out)), 0);
        assert_string_equal(out, "gym/ground_floor/h/status");
        assert_int_equal(topic_hub("", "", "status", out, sizeof(out)), 0);
        assert_string_equal(out, "_/_/status");
}

static void test_too_long_is_refused(void **state) {
        (void) state;
        char out[20] = "untouched", prefix[2 * TOPIC_MAX];
        for (size_t i = 0; i < sizeof(prefix); i++)
                prefix[i] = i % 8 == 7 ? '/' : 'x';
        prefix[sizeof(prefix) - 1] = '\0';
        assert_int_equal(topic_hub(prefix, "h", "status", out, sizeof(out)), -ENAMETOOLONG);
        assert_int_equal(topic_hub("repcast", "hub-1", "status", out, sizeof(out)), -ENAMETOOLONG);
        assert_int_equal(topic_station("r", "h", "station", "rep", out, sizeof(out)), -ENAMETOOLONG);
        assert_string_equal(out, "untouched");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_levels),
                cmocka_unit_test(test_long_levels_are_cut_between_characters),
                cmocka_unit_test(test_topics),
                cmocka_unit_test(test_too_long_is_refused),
        };
        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest known word. */

#include "unit.h"
#include "util/macros.h"
#include "util/suggest.h"

static const char *const words[] = {"Exercise", "Athlete", "LoadKg", "Recording", "RecordingSpeed", "Name"};

static void test_near_words(void **state) {
        static const struct {
                const char *given, *wanted;
        } cases[] = {
                {"Excercise", "Exercise"}, /* a letter too many */
                {"Exercse", "Exercise"},   /* one missing */
                {"exercise", "Exercise"},  /* only the case */
                {"Atlhete", "Athlete"},    /* neighbours swapped */
                {"RecordingSpede", "RecordingSpeed"},
                {"LoadKG", "LoadKg"},
                {"Nmae", "Name"},
                {"Nyme", "Name"},
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_string_equal(suggest_word(cases[i].given, words, ARRAY_SIZE(words)), cases[i].wanted);
}

static void test_far_words(void **state) {
        char huge[200];

        (void) state;
        memset(huge, 'x', sizeof(huge) - 1);
        huge[sizeof(huge) - 1] = '\0';
        assert_null(suggest_word("", words, ARRAY_SIZE(words)));
        assert_null(suggest_word("Broker", words, ARRAY_SIZE(words)));
        assert_null(suggest_word("N", words, ARRAY_SIZE(words)));
        assert_null(suggest_word(huge, words, ARRAY_SIZE(words)));
        assert_null(suggest_word("Name", NULL, 0));
}

static void test_nearest_wins(void **state) {
        static const char *const close[] = {"front-squat", "back-squats", "back-squat"};

        (void) state;
        assert_string_equal(suggest_word("bak-squat", close, ARRAY_SIZE(close)), "back-squat");
        assert_string_equal(suggest_word("back-squats", close, ARRAY_SIZE(close)), "back-squats");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_near_words),
                cmocka_unit_test(test_far_words),
                cmocka_unit_test(test_nearest_wins),
        };
        return run_unit_tests(tests);
}

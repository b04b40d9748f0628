/* SPDX-License-Identifier: Apache-2.0 */
/* Every enum value has a word, every word leads back, anything else is refused. */

#include <errno.h>

#include <repcast/event.h>
#include <repcast/exercise.h>

#include "unit.h"

static void test_every_value_has_a_word(void **state) {
        (void) state;
        for (unsigned i = 0; i < _PHASE_MAX; i++)
                assert_non_null(phase_to_string(i));
        for (unsigned i = 0; i < _REJECTED_MAX; i++)
                assert_non_null(rejection_to_string(i));
        for (unsigned i = 0; i < _SET_END_MAX; i++)
                assert_non_null(set_end_to_string(i));
        for (unsigned i = 0; i < _AMENDMENT_MAX; i++)
                assert_non_null(amendment_to_string(i));
        for (unsigned flag = 1; flag < _REP_FLAG_MAX; flag <<= 1)
                assert_non_null(rep_flag_to_string(flag));
        assert_null(rep_flag_to_string(_REP_FLAG_MAX));
        assert_null(phase_to_string(_PHASE_MAX));
        assert_null(amendment_to_string(_AMENDMENT_MAX));
        assert_null(rejection_to_string(_REJECTED_MAX));
        assert_null(set_end_to_string(_SET_END_MAX));
}

static void test_words_lead_back(void **state) {
        (void) state;
        for (unsigned i = 0; i < _EXERCISE_START_MAX; i++)
                assert_int_equal(exercise_start_from_string(exercise_start_to_string(i)), i);
        for (unsigned i = 0; i < _EXERCISE_DIRECTION_MAX; i++)
                assert_int_equal(exercise_direction_from_string(exercise_direction_to_string(i)), i);
        for (unsigned i = 0; i < _EXERCISE_MOUNT_MAX; i++)
                assert_int_equal(exercise_mount_from_string(exercise_mount_to_string(i)), i);
        assert_int_equal(exercise_start_from_string("Top"), -EINVAL);
        assert_int_equal(exercise_direction_from_string(""), -EINVAL);
        assert_int_equal(exercise_mount_from_string("barbell"), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_value_has_a_word),
                cmocka_unit_test(test_words_lead_back),
        };
        return run_unit_tests(tests);
}

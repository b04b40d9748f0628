/* SPDX-License-Identifier: Apache-2.0 */
/* What the coach says, to the letter. */

#include <jansson.h>

#include "payload.h"

static struct message example_fatigue(void) {
        struct message m = example_event(MESSAGE_FATIGUE, 21);
        m.fatigue = (struct fatigue_told){
                .sign = FATIGUE_ECCENTRIC_DRIFT,
                .set = 3,
                .rep = 6,
                .now =
                        {
                                .velocity_loss_pct = 12.44,
                                .limit_pct = NAN,
                                .eccentric_change_pct = -24.1,
                                .eccentric_sd_pct = 6.03,
                                .control_change = -0.081,
                                .control_sd = 0.04,
                                .probability = 0.9712,
                        },
        };
        return m;
}

static struct message example_advice(void) {
        struct message m = example_event(MESSAGE_ADVICE, 22);
        m.advice = (struct advice){
                .kind = ADVICE_REDUCE_LOAD,
                .reason = REASON_THREE_SECOND_RULE,
                .set = 3,
                .rep = 6,
                .value = 2.412,
                .limit = 3,
                .step_pct = -5,
                .load_kg = 76,
        };
        return m;
}

static struct message example_safety(void) {
        struct message m = example_event(MESSAGE_SAFETY, 23);
        m.alarm = (struct alarm){
                .kind = ALARM_FREE_FALL,
                .set = 3,
                .rep = 7,
                .start_us = 171200000,
                .fall_s = 0.085,
                .speed_mps = 0.8336,
                .latency_us = 5000,
        };
        return m;
}

static void test_coaching_events(void **state) {
        struct message m = example_fatigue();

        (void) state;
        check(&m,
                HEAD("fatigue",
                        ID "21\",\"seq\":21,") "\"set\":3,\"rep\":6,\"sign\":\"eccentric_drift\","
                                               "\"velocity_loss_pct\":12.4,\"limit_pct\":null,\"eccentric_"
                                               "change_pct\":-24.1,\"eccentric_sd_pct\":6.0,"
                                               "\"control_change\":-0.08,\"control_sd\":0.04,\"probability\":0."
                                               "971,\"late\":false}");
        m = example_advice();
        check(&m,
                HEAD("advice", ID "22\",\"seq\":22,") "\"set\":3,\"rep\":6,\"advice\":\"reduce_load\","
                                                      "\"reason\":\"three_second_rule\",\"text\":\"negatives "
                                                      "under 3.0 s, the newest 2.4 s\",\"value\":2.41,"
                                                      "\"limit\":3.0,\"step_pct\":-5.0,\"proposed_kg\":76.0,"
                                                      "\"other\":null,\"late\":false}");
        m = example_safety();
        check(&m,
                HEAD("safety", ID "23\",\"seq\":23,") "\"start_ms\":1795288171200,\"set\":3,\"rep\":7,"
                                                      "\"kind\":\"free_fall\",\"fall_s\":0.085,\"speed_mps\":0."
                                                      "834,\"latency_s\":0.005,\"late\":false}");
}

/* Every advice has its words, and none of them a figure that is not known. */
static void test_words_of_advice(void **state) {
        static const char *const wanted[_ADVICE_REASON_MAX] = {
                [REASON_VELOCITY_LOSS] = "velocity is down by 3 %, the limit is 4 %",
                [REASON_THREE_SECOND_RULE] = "negatives under 4.0 s, the newest 3.2 s",
                [REASON_BUDGET_80] = "3 of 4 negative sets of this workout are done",
                [REASON_BUDGET_100] = "all 4 negative sets of this workout are done",
                [REASON_SECOND_EXERCISE] = "this muscle group had its negatives with leg-press",
                [REASON_LONG_AND_STEADY] = "all negatives long and steady, scatter 3 %",
                [REASON_CLEAN_SET] = "every negative held, the shortest 3.2 s",
        };

        (void) state;
        for (enum advice_reason reason = REASON_NONE + 1; reason < _ADVICE_REASON_MAX; reason++) {
                struct message m = example_advice();
                char *text;
                json_t *j;

                m.advice = (struct advice){.kind = ADVICE_BUDGET,
                        .reason = reason,
                        .value = 3.2,
                        .limit = 4,
                        .step_pct = NAN,
                        .load_kg = NAN,
                        .other = "leg-press"};
                assert_int_equal(message_to_json(&m, &text), 0);
                j = json_loads(text, 0, NULL);
                assert_string_equal(json_string_value(json_object_get(j, "text")), wanted[reason]);
                assert_true(json_is_null(json_object_get(j, "set")) &&
                        json_is_null(json_object_get(j, "step_pct")));
                json_decref(j);
                free(text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_coaching_events),
                cmocka_unit_test(test_words_of_advice),
        };
        return run_unit_tests(tests);
}

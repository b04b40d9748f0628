/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads of what is lifted, to the letter; nothing unknown is invented, and nothing hostile breaks the text. What a real hub
 * makes of them is held against doc/ by tests/integration/test-contract.py. */

#include <jansson.h>

#include "payload.h"

static struct message example_state(void) {
        struct message m = example(MESSAGE_STATE);
        m.state = (struct station_state){
                .sensor_state = "streaming",
                .set = 3,
                .reps = 5,
                .last_set = 2,
                .last_set_reps = 6,
                .last_set_tut_s = 35.1,
                .last_set_best_mps = 0.448,
                .last_set_velocity_loss_pct = 18.25,
                .one_rm_kg = 110,
                .has_next = true,
                .next = {"ben", "back-squat", "", 60, NAN},
                .queue = {{ASSIGNMENT_ATHLETE | ASSIGNMENT_LOAD, {.athlete = "cara", .load_kg = 55}}},
                .n_queue = 1,
                .rotate = true,
                .unclaimed = {2},
                .n_unclaimed = 1,
                .last_set_compliance_pct = 83.3333,
                .last_set_control = 0.912,
                .target =
                        {
                                .name = "negative-squat",
                                .title = "Negative squat",
                                .kind = PRESCRIPTION_NEGATIVE,
                                .tempo_text = "4-0-<2-*",
                                .tempo = {{TEMPO_PACED, 4}, {TEMPO_PACED, 0}, {TEMPO_AT_MOST, 2},
                                        {TEMPO_FREE, 0}},
                                .tolerance_s = 0.3,
                                .tolerance_pct = 10,
                                .reps_min = 6,
                                .reps_max = 10,
                                .sets_min = 2,
                                .sets_max = 4,
                                .velocity_loss_pct = NAN,
                        },
                .workout = {true, 5, 2, 4, 87.5},
                .advice = {.kind = ADVICE_HOLD, .reason = REASON_CLEAN_SET, .value = 3.62, .limit = 3},
        };
        return m;
}

static struct message example_live(void) {
        struct message m = example(MESSAGE_LIVE);
        m.live = (struct live){
                .t_us = 143330400,
                .phase = PHASE_ECCENTRIC,
                .phase_s = 1.2004,
                .velocity_mps = -0.1514,
                .position_m = 0.4321,
                .rom_share = 0.706,
                .set = 3,
                .rep = 5,
                .moving = true,
        };
        m.pace = (struct pace){.known = true,
                .target_s = 4,
                .predicted_s = 3.4567,
                .travelled = 0.294,
                .due = 0.2491,
                .cue = CUE_AHEAD};
        return m;
}

static struct message example_phase(void) {
        struct message m = example(MESSAGE_PHASE);
        m.phase = (struct phase_event){PHASE_CONCENTRIC, 146420000, 180000, 3, 5};
        return m;
}

static struct message example_rep(void) {
        struct message m = example_event(MESSAGE_REP, 17);
        m.rep = (struct rep){
                .set = 3,
                .rep = 5,
                .start_us = 142130000,
                .end_us = 147960000,
                .n_phases = 3,
                .phases =
                        {
                                {PHASE_ECCENTRIC, 142130000, 146190000},
                                {PHASE_BOTTOM, 146190000, 146420000},
                                {PHASE_CONCENTRIC, 146420000, 147960000},
                        },
                .tempo_s = {4.06, 0.23, 1.54, NAN},
                .pause_before_s = 1.25,
                .rom_m = 0.6121,
                .eccentric = {0.1508, 0.2433},
                .concentric = {0.3974, 0.6612},
                .mpv_mps = 0.4121,
                .sticking = {0.31, 0.18, 0.42},
                .velocity_loss_pct = 12.44,
                .tut_s = 5.83,
                .loss_pct = 0,
                .confidence = 0.97,
        };
        m.rep_note = (struct rep_note){
                .known = true,
                .control = 0.931,
                .dive = 0,
                .judged = true,
                .verdicts =
                        {
                                .phase = {VERDICT_OK, VERDICT_OK, VERDICT_OK, VERDICT_NONE},
                                .before = VERDICT_OK,
                                .rep = COMPLIANCE_YES,
                        },
        };
        return m;
}

static struct message example_set(void) {
        struct message m = example_event(MESSAGE_SET, 18);
        m.set = (struct set){
                .set = 3,
                .end = SET_END_RERACK,
                .start_us = 142130000,
                .end_us = 154400000,
                .tut_s = 12.27,
                .best_mps = 0.4012,
                .velocity_loss_pct = 6.7,
                .n_reps = 2,
                .reps =
                        {
                                {1, 142130000, 147960000, {4.06F, 0.23F, 1.54F, 0.61F}, 0.612F, 0.151F, 0.397F,
                                        0.661F, 0, 5.83F, 0.97F, 0},
                                {2, 148570000, 154400000, {3.98F, 0.2F, 1.65F, NAN}, 0.611F, 0.154F, 0.37F,
                                        0.642F, 6.8F, 5.83F, 0.95F, REP_FLAG_GAP | REP_FLAG_COLD},
                        },
        };
        m.set_note = (struct set_note){
                .known = true,
                .judged = true,
                .n_reps = 2,
                .reps =
                        {
                                {1, 0.93F, 0, {VERDICT_OK, VERDICT_OK, VERDICT_OK, VERDICT_NONE},
                                        COMPLIANCE_YES},
                                {2, 0.71F, 0.42F, {VERDICT_SHORT, VERDICT_OK, VERDICT_OK, VERDICT_NONE},
                                        COMPLIANCE_NO},
                        },
                .control = 0.82,
                .eccentric_s = 8.04,
                .n_judged = 2,
                .n_compliant = 1,
                .tempo = "4-0-<2-*",
                .strength = {.known = true, .e1rm_kg = 112.34, .e1rm_se_kg = 4.56, .points = 6},
        };
        return m;
}

static struct message example_amend(void) {
        struct message m = example_event(MESSAGE_AMEND, 20);
        m.ref = 17;
        m.amend = (struct amend){.set = 3, .rep = 5, .change = AMENDED_REJECTED, .reason = REJECTED_RERACK};
        return m;
}

static struct message example_rejected(void) {
        struct message m = example_event(MESSAGE_REJECTED, 19);
        m.seq = 0;
        m.rejected = (struct rejected){REJECTED_RERACK, 156000000, 157250000, 0.0871, 0.3125};
        return m;
}

static void test_rep(void **state) {
        (void) state;
        struct message m = example_rep();
        check(&m,
                HEAD("rep", ID "17\",\"seq\":17,") "\"set\":3,\"rep\":5,\"start_ms\":1795288142130,\"end_ms\":"
                                                   "1795288147960,"
                                                   "\"phases\":[{\"phase\":\"eccentric\",\"start_ms\":"
                                                   "1795288142130,\"end_ms\":1795288146190},"
                                                   "{\"phase\":\"bottom\",\"start_ms\":1795288146190,\"end_"
                                                   "ms\":1795288146420},"
                                                   "{\"phase\":\"concentric\",\"start_ms\":1795288146420,\"end_"
                                                   "ms\":1795288147960}],"
                                                   "\"tempo_s\":{\"eccentric\":4.06,\"bottom\":0.23,"
                                                   "\"concentric\":1.54,\"top\":null},"
                                                   "\"pause_before_s\":1.25,\"rom_m\":0.612,"
                                                   "\"eccentric\":{\"mean_mps\":0.151,\"peak_mps\":0.243,"
                                                   "\"control\":0.93,\"divebomb\":0.0},"
                                                   "\"concentric\":{\"mean_mps\":0.397,\"peak_mps\":0.661,"
                                                   "\"mpv_mps\":0.412,\"power_w\":null,"
                                                   "\"sticking\":{\"at_m\":0.31,\"min_mps\":0.18,\"duration_"
                                                   "s\":0.42}},"
                                                   "\"velocity_loss_pct\":12.4,\"tut_s\":5.83,"
                                                   "\"verdict\":{\"eccentric\":\"ok\",\"bottom\":\"ok\","
                                                   "\"concentric\":\"ok\",\"top\":null,\"pause_before\":\"ok\","
                                                   "\"compliant\":true},"
                                                   "\"flags\":[],"
                                                   "\"quality\":{\"loss_pct\":0.0,\"clipped\":false,"
                                                   "\"confidence\":0.97},\"late\":false}");
}

/* Concentric first, nothing known but the two phases; a recording's own time instead of the epoch. */
static void test_rep_of_unknowns(void **state) {
        (void) state;
        struct message m = {.type = MESSAGE_REP, .origin.load_kg = NAN};
        m.rep = (struct rep){
                .set = 1,
                .rep = 1,
                .start_us = 1000499,
                .end_us = 3000500,
                .n_phases = 2,
                .phases = {{PHASE_CONCENTRIC, 1000499, 2000000}, {PHASE_ECCENTRIC, 2000000, 3000500}},
                .tempo_s = {1.0004, 0.1 + 0.2, 0.9995, NAN},
                .pause_before_s = NAN,
                .rom_m = NAN,
                .eccentric = {NAN, INFINITY},
                .concentric = {-INFINITY, 1e300},
                .mpv_mps = -0.0001,
                .sticking = {NAN, NAN, NAN},
                .velocity_loss_pct = NAN,
                .tut_s = 1e-9,
                .loss_pct = 2.25,
                .confidence = NAN,
                .flags = REP_FLAG_GAP | REP_FLAG_CLIPPED | REP_FLAG_COLD,
        };
        check(&m,
                "{\"v\":1,\"type\":\"rep\",\"hub\":null,\"station\":null,\"sensor\":null,\"clock\":"
                "\"unsynced\","
                "\"athlete\":null,\"exercise\":null,\"prescription\":null,\"load_kg\":null,"
                "\"set\":1,\"rep\":1,\"start_ms\":1000,\"end_ms\":3001,"
                "\"phases\":[{\"phase\":\"concentric\",\"start_ms\":1000,\"end_ms\":2000},"
                "{\"phase\":\"eccentric\",\"start_ms\":2000,\"end_ms\":3001}],"
                "\"tempo_s\":{\"eccentric\":1.0,\"bottom\":0.3,\"concentric\":1.0,\"top\":null},"
                "\"pause_before_s\":null,\"rom_m\":null,"
                "\"eccentric\":{\"mean_mps\":null,\"peak_mps\":null,\"control\":null,\"divebomb\":null},"
                "\"concentric\":{\"mean_mps\":null,\"peak_mps\":null,\"mpv_mps\":0.0,\"power_w\":null,"
                "\"sticking\":null},"
                "\"velocity_loss_pct\":null,\"tut_s\":0.0,\"verdict\":null,"
                "\"flags\":[\"gap\",\"clipped\",\"cold\"],"
                "\"quality\":{\"loss_pct\":2.3,\"clipped\":true,\"confidence\":null},\"late\":false}");
}

static void test_set(void **state) {
        (void) state;
        struct message m = example_set();
        check(&m,
                HEAD("set",
                        ID "18\",\"seq\":18,") "\"set\":3,\"end\":\"rerack\",\"start_ms\":1795288142130,\"end_"
                                               "ms\":1795288154400,\"n_reps\":2,"
                                               "\"tut_s\":12.27,\"best_mps\":0.401,\"velocity_loss_pct\":6.7,"
                                               "\"prescribed_tempo\":\"4-0-<2-*\",\"compliance\":{\"judged\":2,"
                                               "\"compliant\":1,\"pct\":50.0},\"control\":0.82,\"eccentric_s\":"
                                               "8.04,\"e1rm_kg\":112.3,\"e1rm_se_kg\":4.6,"
                                               "\"reps\":["
                                               "{\"rep\":1,\"start_ms\":1795288142130,\"end_ms\":1795288147960,"
                                               "\"tempo_s\":{\"eccentric\":4.06,\"bottom\":0.23,\"concentric\":"
                                               "1.54,\"top\":0.61},"
                                               "\"rom_m\":0.612,\"eccentric\":{\"mean_mps\":0.151,\"control\":"
                                               "0.93,\"divebomb\":0.0},"
                                               "\"concentric\":{\"mean_mps\":0.397,\"peak_mps\":0.661},"
                                               "\"velocity_loss_pct\":0.0,\"tut_s\":5.83,\"verdict\":{"
                                               "\"eccentric\":\"ok\",\"bottom\":\"ok\",\"concentric\":\"ok\","
                                               "\"top\":null,\"compliant\":true},\"flags\":[],"
                                               "\"confidence\":0.97},"
                                               "{\"rep\":2,\"start_ms\":1795288148570,\"end_ms\":1795288154400,"
                                               "\"tempo_s\":{\"eccentric\":3.98,\"bottom\":0.2,\"concentric\":"
                                               "1.65,\"top\":null},"
                                               "\"rom_m\":0.611,\"eccentric\":{\"mean_mps\":0.154,\"control\":"
                                               "0.71,\"divebomb\":0.42},"
                                               "\"concentric\":{\"mean_mps\":0.37,\"peak_mps\":0.642},"
                                               "\"velocity_loss_pct\":6.8,\"tut_s\":5.83,\"verdict\":{"
                                               "\"eccentric\":\"short\",\"bottom\":\"ok\",\"concentric\":"
                                               "\"ok\",\"top\":null,\"compliant\":false},\"flags\":[\"gap\","
                                               "\"cold\",\"divebomb\"],\"confidence\":0.95}],"
                                               "\"late\":false}");
}

/* The numbers are those of publication, whatever stands between. */
static void test_set_after_amendments(void **state) {
        (void) state;
        struct message m = example_set();
        m.set.reps[0].rep = 2;
        m.set.reps[1].rep = 7;
        m.set.reps[1].flags = REP_FLAG_HELD;
        m.set_note.known = false;
        char *text;
        assert_int_equal(message_to_json(&m, &text), 0);
        assert_non_null(strstr(text, "\"n_reps\":2,"));
        assert_non_null(strstr(text, "\"reps\":[{\"rep\":2,"));
        assert_non_null(strstr(text, "},{\"rep\":7,"));
        assert_non_null(strstr(text, "\"flags\":[\"held\"]"));
        free(text);
}

static void test_full_set(void **state) {
        (void) state;
        struct message m = example_set();
        m.set.n_reps = SET_REPS_MAX + 1; /* more than there can be */
        char *text;
        assert_int_equal(message_to_json(&m, &text), 0);
        json_t *j = json_loads(text, 0, NULL);
        assert_int_equal(json_array_size(json_object_get(j, "reps")), SET_REPS_MAX);
        assert_int_equal(json_integer_value(json_object_get(j, "n_reps")), SET_REPS_MAX);
        json_decref(j);
        free(text);
}

static void test_state(void **state) {
        (void) state;
        struct message m = example_state();
        check(&m,
                HEAD("state", "") "\"t_ms\":1795288142130,\"sensor_state\":\"streaming\",\"sensor_error\":null,"
                                  "\"set\":3,\"n_reps\":5,"
                                  "\"target\":{\"kind\":\"negative\",\"title\":\"Negative "
                                  "squat\",\"tempo\":\"4-0-<2-*\",\"eccentric_s\":4.0,\"bottom_s\":0.0,"
                                  "\"concentric_s\":2.0,\"top_s\":null,\"tolerance_s\":0.4,\"reps\":10,"
                                  "\"sets\":4,\"velocity_loss_pct\":null},"
                                  "\"workout\":{\"sets\":5,\"negative_sets\":2,\"budget_sets\":4,\"compliance_"
                                  "pct\":87.5},"
                                  "\"advice\":{\"advice\":\"hold\",\"reason\":\"clean_set\",\"text\":\"every "
                                  "negative held, the shortest 3.6 s\"},"
                                  "\"last_set\":{\"set\":2,\"n_reps\":6,\"tut_s\":35.1,"
                                  "\"best_mps\":0.448,"
                                  "\"velocity_loss_pct\":18.3,\"compliance_pct\":83.3,\"control\":0.91},\"one_"
                                  "rm_kg\":110.0,\"next\":{\"athlete\":\"ben\","
                                  "\"exercise\":\"back-squat\",\"prescription\":null,\"load_kg\":60.0,"
                                  "\"one_rm_kg\":null},\"queue\":[{\"athlete\":\"cara\",\"load_kg\":55.0}],"
                                  "\"rotate\":true,\"unclaimed\":[2]}");

        m.state = (struct station_state){
                .sensor_state = "failed", .sensor_error = "no such file", .one_rm_kg = NAN};
        check(&m,
                HEAD("state",
                        "") "\"t_ms\":1795288142130,\"sensor_state\":\"failed\","
                            "\"sensor_error\":\"no such "
                            "file\",\"set\":null,\"n_reps\":0,\"target\":null,\"workout\":null,\"advice\":null,"
                            "\"last_set\":null,"
                            "\"one_rm_kg\":null,\"next\":null,\"queue\":[],\"rotate\":false,\"unclaimed\":[]}");
}

static void test_live_phase_rejected(void **state) {
        (void) state;
        struct message m = example_live();
        check(&m,
                HEAD("live", "") "\"t_ms\":1795288143330,\"set\":3,\"rep\":5,\"phase\":\"eccentric\","
                                 "\"phase_s\":1.2,\"velocity_mps\":-0.151,\"position_m\":0.432,\"rom_share\":0."
                                 "71,\"moving\":true,"
                                 "\"pace\":{\"target_s\":4.0,\"predicted_s\":3.457,\"travelled\":0.29,\"due\":"
                                 "0.25,\"cue\":\"ahead\"}}");

        m.pace.known = false;
        m.live = (struct live){.phase = PHASE_REST, .position_m = NAN, .rom_share = NAN, .phase_s = NAN};
        check(&m,
                HEAD("live", "") "\"t_ms\":1795288000000,\"set\":null,\"rep\":null,\"phase\":\"rest\","
                                 "\"phase_s\":null,\"velocity_mps\":0.0,\"position_m\":null,\"rom_share\":null,"
                                 "\"moving\":false,\"pace\":null}");

        m = example_phase();
        check(&m,
                HEAD("phase", "") "\"set\":3,\"rep\":5,\"phase\":\"concentric\",\"start_ms\":1795288146420,"
                                  "\"latency_s\":0.18}");

        m = example_rejected();
        check(&m,
                HEAD("rejected", ID "19\",") "\"reason\":\"rerack\",\"start_ms\":1795288156000,"
                                             "\"end_ms\":1795288157250,\"rom_m\":0.087,\"peak_mps\":0.313}");
}

static void test_amend(void **state) {
        (void) state;
        struct message m = example_amend();
        check(&m,
                HEAD("amend",
                        ID "20\",\"seq\":20,") "\"ref\":\"6f1c09a84be7425db3c2de5508a1f4e7-17\",\"set\":3,"
                                               "\"rep\":5,\"by\":\"hub\",\"change\":\"rejected\",\"reason\":"
                                               "\"rerack\","
                                               "\"late\":false}");
        m.run[0] = '\0'; /* as replay prints it */
        m.seq = 0;
        check(&m,
                HEAD("amend",
                        "") "\"set\":3,\"rep\":5,\"by\":\"hub\",\"change\":\"rejected\",\"reason\":\"rerack\","
                            "\"late\":false}");
}

/* The fields that replace the old ones are those of the rep, all of them. */
static void test_amended_figures(void **state) {
        (void) state;
        struct message rep = example_rep(), m = example_amend();
        char *whole, *text;
        m.amend.change = AMENDED_FIGURES;
        m.amend.figures = rep.rep;
        m.amend_note = rep.rep_note;
        assert_int_equal(message_to_json(&rep, &whole), 0);
        assert_int_equal(message_to_json(&m, &text), 0);
        const char *wanted = strstr(whole, "\"start_ms\":"), *found = strstr(text, "\"start_ms\":");
        assert_non_null(wanted);
        assert_non_null(found);
        assert_string_equal(found, wanted);
        assert_non_null(
                strstr(text, "-17\",\"set\":3,\"rep\":5,\"by\":\"hub\",\"change\":\"figures\",\"start_ms\":"));
        free(whole);
        free(text);
}

static void test_hostile_names(void **state) {
        (void) state;
        static const struct {
                const char *name, *wanted;
        } cases[] = {
                {"a\"b\\c", "a\"b\\c"},
                {"}],\"v\":2,{", "}],\"v\":2,{"},
                {"tab\tline\nbell\a", "tab\tline\nbell\a"},
                {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
                {"Zo\xc3\xab \xc3", "Zo\xc3\xab \xef\xbf\xbd"},
                {"%s%n", "%s%n"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct message m = example_rep();
                char *text;
                name(m.origin.athlete, cases[i].name);
                assert_int_equal(message_to_json(&m, &text), 0);
                json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
                assert_non_null(j);
                assert_string_equal(json_string_value(json_object_get(j, "athlete")), cases[i].wanted);
                assert_int_equal(json_integer_value(json_object_get(j, "v")), 1);
                assert_null(strchr(text, '\n')); /* one line, for replay */
                json_decref(j);
                free(text);
        }

        struct message m = example_rep(); /* a field filled to the brim, without its NUL */
        memset(m.origin.athlete, 0xff, sizeof(m.origin.athlete));
        memset(m.run, 'a', sizeof(m.run));
        char *text;
        assert_int_equal(message_to_json(&m, &text), 0);
        json_t *j = json_loads(text, 0, NULL);
        assert_int_equal(json_string_length(json_object_get(j, "athlete")), 3 * MESSAGE_NAME_MAX);
        json_decref(j);
        free(text);
}

static void test_late(void **state) {
        (void) state;
        struct message m = example_rep();
        char *text, *wanted;
        assert_int_equal(message_to_json(&m, &text), 0);
        m.late = true;
        assert_int_equal(message_to_json(&m, &wanted), 0);
        message_json_set_late(text);
        assert_string_equal(text, wanted);
        message_json_set_late(text); /* again: nothing to change */
        assert_string_equal(text, wanted);
        free(text);
        free(wanted);

        char other[] = "{\"late\":false,\"v\":1}", tiny[] = "}";
        message_json_set_late(other);
        assert_string_equal(other, "{\"late\":false,\"v\":1}");
        message_json_set_late(tiny);
        assert_string_equal(tiny, "}");
}

static void test_instants_at_the_edges(void **state) {
        (void) state;
        struct message m = example_phase();
        char *text;
        m.epoch_us = -2000000; /* a board without a clock may be anywhere */
        m.phase.start_us = 499;
        assert_int_equal(message_to_json(&m, &text), 0);
        assert_non_null(strstr(text, "\"start_ms\":-2000,"));
        free(text);
        m.epoch_us = INT64_MAX;
        m.phase.start_us = UINT64_MAX;
        assert_int_equal(message_to_json(&m, &text), 0);
        free(text);
}

static void test_from_event(void **state) {
        (void) state;
        struct message m = {0};
        struct set set = example_set().set;

        message_from_event(&m, &(struct event){.type = EVENT_PHASE, .t_us = 5, .phase = {.set = 2}});
        assert_int_equal(m.type, MESSAGE_PHASE);
        assert_int_equal(m.t_us, 5);
        assert_int_equal(m.phase.set, 2);
        message_from_event(&m, &(struct event){.type = EVENT_REP, .rep = {.rep = 3}});
        assert_int_equal(m.type, MESSAGE_REP);
        assert_int_equal(m.rep.rep, 3);
        message_from_event(&m, &(struct event){.type = EVENT_SET, .set = &set});
        assert_int_equal(m.type, MESSAGE_SET);
        assert_int_equal(m.set.n_reps, 2);
        message_from_event(&m, &(struct event){.type = EVENT_REJECTED, .rejected = {.reason = REJECTED_DROP}});
        assert_int_equal(m.type, MESSAGE_REJECTED);
        assert_int_equal(m.rejected.reason, REJECTED_DROP);
        message_from_event(&m, &(struct event){.type = EVENT_AMEND, .amend = {.rep = 4}});
        assert_int_equal(m.type, MESSAGE_AMEND);
        assert_int_equal(m.amend.rep, 4);

        for (unsigned i = 0; i < _MESSAGE_MAX; i++)
                assert_non_null(message_type_to_string(i));
        assert_null(message_type_to_string(_MESSAGE_MAX));
        for (unsigned i = 0; i < _MESSAGE_MAX; i++)
                assert_int_equal(message_type_from_string(message_type_to_string(i)), i);
        assert_int_equal(message_type_from_string("no such"), _MESSAGE_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rep),
                cmocka_unit_test(test_rep_of_unknowns),
                cmocka_unit_test(test_set),
                cmocka_unit_test(test_set_after_amendments),
                cmocka_unit_test(test_full_set),
                cmocka_unit_test(test_state),
                cmocka_unit_test(test_live_phase_rejected),
                cmocka_unit_test(test_amend),
                cmocka_unit_test(test_amended_figures),
                cmocka_unit_test(test_hostile_names),
                cmocka_unit_test(test_late),
                cmocka_unit_test(test_instants_at_the_edges),
                cmocka_unit_test(test_from_event),
        };
        return run_unit_tests(tests);
}

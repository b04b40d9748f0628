/* SPDX-License-Identifier: Apache-2.0 */
/* What is no command is refused by name; answers say what came of it. */

#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "hub/remote.h"
#include "message/request.h"
#include "unit.h"

static struct request taken(const char *json, bool on_station) {
        struct request q = {.path.topic = "r"};

        request_from_json(json, strlen(json), on_station, &q);
        assert_string_equal(q.path.topic, "r");
        return q;
}

static void test_good_ones(void **state) {
        struct request q;

        (void) state;
        q = taken("{\"v\":1,\"type\":\"adopt\",\"id\":\"a\",\"sent_ms\":1795288142130,\"by\":\"office\","
                  "\"sensor\":\"D4:22:CD:00:11:22\",\"station\":\"rack-1\",\"profile\":\"p\",\"move\":true}",
                false);
        assert_null(q.code);
        assert_int_equal(q.kind, REQUEST_ADOPT);
        assert_string_equal(q.id, "a");
        assert_string_equal(q.by, "office");
        assert_int_equal(q.sent_ms, 1795288142130);
        assert_string_equal(q.sensor, "D4:22:CD:00:11:22");
        assert_string_equal(q.station, "rack-1");
        assert_string_equal(q.profile, "p");
        assert_true(q.move);
        q = taken("{\"type\":\"scan\",\"id\":\"b\",\"sent_ms\":1}", false);
        assert_null(q.code);
        assert_int_equal(q.seconds, 0);
        q = taken("{\"type\":\"end_set\",\"id\":\"b\",\"sent_ms\":1}", true);
        assert_null(q.code);
        assert_int_equal(q.kind, REQUEST_END_SET);
}

static void test_assignments(void **state) {
        struct request q =
                taken("{\"type\":\"assign\",\"id\":\"a\",\"sent_ms\":1,\"athlete\":\"ana\",\"load_kg\":80.5,"
                      "\"prescription\":null,\"one_rm_kg\":null}",
                        true);

        (void) state;
        assert_null(q.code);
        assert_int_equal(q.wish.given,
                ASSIGNMENT_ATHLETE | ASSIGNMENT_LOAD | ASSIGNMENT_PRESCRIPTION | ASSIGNMENT_ONE_RM);
        assert_string_equal(q.wish.values.athlete, "ana");
        assert_float_equal(q.wish.values.load_kg, 80.5, 0);
        assert_true(isnan(q.wish.values.one_rm_kg));
        q = taken("{\"type\":\"assign\",\"id\":\"a\",\"sent_ms\":1,\"defaults\":true}", true);
        assert_null(q.code);
        assert_true(q.defaults);
        q = taken("{\"type\":\"queue\",\"id\":\"a\",\"sent_ms\":1,\"rotate\":true,\"entries\":[{\"athlete\":"
                  "\"ben\","
                  "\"load_kg\":60},{\"athlete\":\"cara\",\"exercise\":\"curl\"}]}",
                true);
        assert_null(q.code);
        assert_int_equal(q.n_queue, 2);
        assert_true(q.rotate);
        assert_int_equal(q.queue[0].given, ASSIGNMENT_ATHLETE | ASSIGNMENT_LOAD);
        assert_string_equal(q.queue[1].values.exercise, "curl");
        q = taken("{\"type\":\"claim\",\"id\":\"a\",\"sent_ms\":1,\"athlete\":\"ana\",\"set\":3}", true);
        assert_null(q.code);
        assert_int_equal(q.set, 3);
        assert_string_equal(q.wish.values.athlete, "ana");
        q = taken("{\"type\":\"discard_rep\",\"id\":\"a\",\"sent_ms\":1,\"rep\":2}", true);
        assert_null(q.code);
        assert_int_equal(q.rep, 2);
}

static void test_bad_ones(void **state) {
        static const struct {
                const char *json, *why;
                bool on_station;
        } cases[] = {
                {"", "this is no JSON object", false},
                {"[]", "this is no JSON object", false},
                {"{\"id\":\"a\",\"id\":\"a\"}", "this is no JSON object", false},
                {"{\"type\":\"scan\",\"sent_ms\":1}", "id must be a text", false},
                {"{\"id\":\"\",\"type\":\"scan\",\"sent_ms\":1}", "id is empty", false},
                {"{\"id\":\"a\\u0007b\",\"type\":\"scan\",\"sent_ms\":1}",
                        "id has control characters, or blanks at its ends", false},
                {"{\"id\":\"a\",\"sent_ms\":1}", "no command is called so: type must be a text", false},
                {"{\"id\":\"a\",\"type\":\"reboot\",\"sent_ms\":1}", "no command is called reboot", false},
                {"{\"id\":\"a\",\"type\":\"scan\"}", "scan needs sent_ms", false},
                {"{\"id\":\"a\",\"type\":\"scan\",\"sent_ms\":\"now\"}",
                        "sent_ms must be milliseconds since 1970", false},
                {"{\"id\":\"a\",\"type\":\"scan\",\"sent_ms\":1,\"v\":2}",
                        "v is no whole number, or out of range", false},
                {"{\"id\":\"a\",\"type\":\"scan\",\"sent_ms\":1,\"seconds\":61}",
                        "seconds is no whole number, or out of range", false},
                {"{\"id\":\"a\",\"type\":\"scan\",\"sent_ms\":1,\"station\":\"x\"}",
                        "station is no field of scan", false},
                {"{\"id\":\"a\",\"type\":\"adopt\",\"sent_ms\":1,\"sensor\":\"x\"}", "adopt needs station",
                        false},
                {"{\"id\":\"a\",\"type\":\"adopt\",\"sent_ms\":1,\"move\":1}", "move must be true or false",
                        false},
                {"{\"id\":\"a\",\"type\":\"forget\",\"sent_ms\":1,\"sensor\":\" x\"}",
                        "sensor has control characters, or blanks at its ends", false},
                {"{\"id\":\"a\",\"type\":\"forget\",\"sent_ms\":1,\"by\":"
                 "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
                        "by is too long", false},
                {"{\"id\":\"a\",\"type\":\"scan\",\"sent_ms\":1}",
                        "scan is for the hub: publish to its topic cmd", true},
                {"{\"id\":\"a\",\"type\":\"end_set\",\"sent_ms\":1}",
                        "end_set is for a station: publish to its topic cmd", false},
                {"{\"id\":\"a\",\"type\":\"assign\",\"sent_ms\":1}",
                        "assign what? athlete, exercise, prescription, load_kg, one_rm_kg or defaults", true},
                {"{\"id\":\"a\",\"type\":\"assign\",\"sent_ms\":1,\"exercise\":7}", "exercise must be a text",
                        true},
                {"{\"id\":\"a\",\"type\":\"assign\",\"sent_ms\":1,\"load_kg\":-1}",
                        "load_kg is no number of kilograms, or out of range", true},
                {"{\"id\":\"a\",\"type\":\"assign\",\"sent_ms\":1,\"load_kg\":\"80\"}",
                        "load_kg is no number of kilograms, or out of range", true},
                {"{\"id\":\"a\",\"type\":\"queue\",\"sent_ms\":1}", "queue needs entries", true},
                {"{\"id\":\"a\",\"type\":\"queue\",\"sent_ms\":1,\"entries\":[{}]}",
                        "entries need an athlete each", true},
                {"{\"id\":\"a\",\"type\":\"queue\",\"sent_ms\":1,\"entries\":[{\"athlete\":\"a\",\"x\":1}]}",
                        "entries hold a field that is none of an assignment", true},
                {"{\"id\":\"a\",\"type\":\"queue\",\"sent_ms\":1,\"entries\":[1,2,3,4,5,6,7,8,9]}",
                        "entries are too many", true},
                {"{\"id\":\"a\",\"type\":\"claim\",\"sent_ms\":1}", "claim needs athlete", true},
                {"{\"id\":\"a\",\"type\":\"claim\",\"sent_ms\":1,\"athlete\":null}", "athlete must be a text",
                        true},
                {"{\"id\":\"a\",\"type\":\"discard_rep\",\"sent_ms\":1,\"rep\":0}",
                        "rep is no whole number, or out of range", true},
                {"{\"id\":\"a\",\"type\":\"record\",\"sent_ms\":1}",
                        "record: a recording is a stream of any length, for which MQTT has no brake: use "
                        "repcastctl record on the hub",
                        false},
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct request q = taken(cases[i].json, cases[i].on_station);

                assert_string_equal(q.why, cases[i].why);
                assert_string_equal(q.code, "InvalidArgument");
        }
}

static void test_size(void **state) {
        char big[REQUEST_BYTES_MAX + 2];

        (void) state;
        memset(big, ' ', sizeof(big) - 1);
        big[sizeof(big) - 1] = '\0';
        assert_string_equal(taken(big, false).why, "a command has at most 4096 bytes");
}

static json_t *answer(const struct answer *a, bool again) {
        char *text;
        json_t *j;

        assert_int_equal(answer_to_json(a, &text), 0);
        if (again)
                answer_json_set_repeated(text);
        j = json_loads(text, 0, NULL);
        assert_non_null(j);
        free(text);
        return j;
}

static void test_answers(void **state) {
        const struct answer_sensor sensors[] = {{"A", "bar", "", "", -60}, {"B", "", "p", "rack-1", 0}};
        struct answer a = {.id = "x",
                .kind = REQUEST_SCAN,
                .now_ms = 7,
                .synced = true,
                .words = {{"replaced", ""}, {"station", "rack-1"}},
                .has_sensors = true,
                .sensors = sensors,
                .n_sensors = 2};
        json_t *j = answer(&a, false), *wanted;

        (void) state;
        wanted =
                json_loads("{\"v\":1,\"type\":\"reply\",\"id\":\"x\",\"command\":\"scan\",\"error\":null,"
                           "\"code\":null,\"clock\":\"synced\",\"now_ms\":7,\"repeated\":false,\"result\":"
                           "{\"replaced\":null,\"station\":\"rack-1\",\"sensors\":[{\"address\":\"A\",\"name\":"
                           "\"bar\",\"profile\":null,\"station\":null,\"rssi_dbm\":-60},{\"address\":\"B\","
                           "\"name\":null,\"profile\":\"p\",\"station\":\"rack-1\",\"rssi_dbm\":null}]}}",
                        0, NULL);
        assert_true(json_equal(j, wanted));
        json_decref(j);
        json_decref(wanted);
        a = (struct answer){.id = "x", .kind = _REQUEST_MAX, .code = "Stale", .why = "old"};
        j = answer(&a, true);
        wanted = json_loads("{\"v\":1,\"type\":\"reply\",\"id\":\"x\",\"command\":null,\"error\":\"old\","
                            "\"code\":\"Stale\",\"clock\":\"unsynced\",\"now_ms\":0,\"repeated\":true,"
                            "\"result\":null}",
                0, NULL);
        assert_true(json_equal(j, wanted));
        json_decref(j);
        json_decref(wanted);
}

static void test_age(void **state) {
        char why[REQUEST_WHY_MAX];

        (void) state;
        assert_null(remote_check_age(1000000, 1030000, true, why));
        assert_null(remote_check_age(1030000, 1000000, true, why));
        assert_null(remote_check_age(1, 1795288142130, false, why));
        assert_non_null(remote_check_age(1000000, 1030001, true, why));
        assert_non_null(strstr(why, "sent 30 s ago by the hub's clock"));
        assert_non_null(remote_check_age(1095000, 1000000, true, why));
        assert_non_null(strstr(why, "sent 95 s in the future by the hub's clock"));
        assert_non_null(remote_check_age(INT64_MAX, 1000, true, why));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good_ones),
                cmocka_unit_test(test_assignments),
                cmocka_unit_test(test_bad_ones),
                cmocka_unit_test(test_size),
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_age),
        };
        return run_unit_tests(tests);
}

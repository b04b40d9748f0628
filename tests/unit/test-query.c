/* SPDX-License-Identifier: Apache-2.0 */
/* What is no question is refused by name; an answer holds its events as they are. */

#include <errno.h>
#include <jansson.h>

#include "message/query.h"
#include "unit.h"

static int take(const char *json, struct query *q, char *why) {
        why[0] = '\0';
        return query_from_json(json, strlen(json), q, why, 128);
}

static void test_good_ones(void **state) {
        (void) state;
        struct query q;
        char why[128];
        assert_int_equal(take("{\"v\":1,\"type\":\"history\",\"id\":\"a-1\"}", &q, why), 0);
        assert_int_equal(q.kind, QUERY_HISTORY);
        assert_string_equal(q.id, "a-1");
        assert_int_equal(q.limit, QUERY_EVENTS);
        assert_int_equal(take("{\"type\":\"history\",\"id\":\"x\",\"station\":\"rack-1\",\"athlete\":\"ana\","
                              "\"exercise\":\"curl\","
                              "\"since_ms\":5,\"until_ms\":9,\"after\":77,\"limit\":100}",
                                 &q, why),
                0);
        assert_string_equal(q.station, "rack-1");
        assert_string_equal(q.athlete, "ana");
        assert_string_equal(q.exercise, "curl");
        assert_int_equal(q.since_ms, 5);
        assert_int_equal(q.until_ms, 9);
        assert_int_equal(q.after, 77);
        assert_int_equal(q.limit, 100);
        assert_int_equal(take("{\"id\":\"x\",\"from_seq\":3,\"to_seq\":3,\"station\":\"s\",\"session\":"
                              "\"0123\",\"type\":\"resync\"}",
                                 &q, why),
                0);
        assert_int_equal(q.kind, QUERY_RESYNC);
        assert_int_equal(q.from_seq, 3);
        assert_int_equal(q.to_seq, 3);
        assert_string_equal(q.session, "0123");
}

static void test_bad_ones(void **state) {
        (void) state;
        static const struct {
                const char *json, *why, *id;
        } cases[] = {
                {"", "this is no JSON object", ""},
                {"[]", "this is no JSON object", ""},
                {"{\"id\":\"a\",\"id\":\"a\",\"type\":\"history\"}", "this is no JSON object", ""},
                {"{\"type\":\"history\"}", "id must be a text", ""},
                {"{\"type\":\"history\",\"id\":\"\"}", "id is empty", ""},
                {"{\"type\":\"history\",\"id\":7}", "id must be a text", ""},
                {"{\"id\":\"a\"}", "type must be history or resync", "a"},
                {"{\"id\":\"a\",\"type\":\"reboot\"}", "type must be history or resync", "a"},
                {"{\"id\":\"a\",\"type\":\"history\",\"v\":2}", "v must be 1", "a"},
                {"{\"id\":\"a\",\"type\":\"history\",\"colour\":1}", "colour is no field of a history", "a"},
                {"{\"id\":\"a\",\"type\":\"history\",\"from_seq\":1}", "from_seq is no field of a history",
                        "a"},
                {"{\"id\":\"a\",\"type\":\"resync\",\"athlete\":\"x\"}", "athlete is no field of a resync",
                        "a"},
                {"{\"id\":\"a\",\"type\":\"history\",\"limit\":101}",
                        "limit is no whole number, or out of range", "a"},
                {"{\"id\":\"a\",\"type\":\"history\",\"limit\":0}", "limit is no whole number, or out of range",
                        "a"},
                {"{\"id\":\"a\",\"type\":\"history\",\"after\":-1}",
                        "after is no whole number, or out of range", "a"},
                {"{\"id\":\"a\",\"type\":\"history\",\"since_ms\":1.5}",
                        "since_ms is no whole number, or out of range", "a"},
                {"{\"id\":\"a\",\"type\":\"history\",\"station\":"
                 "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
                        "station is too long", "a"},
                {"{\"id\":\"a\",\"type\":\"resync\"}",
                        "resync needs station, from_seq and to_seq, in this order", "a"},
                {"{\"id\":\"a\",\"type\":\"resync\",\"station\":\"s\",\"from_seq\":5,\"to_seq\":4}",
                        "resync needs station, from_seq and to_seq, in this order", "a"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct query q;
                char why[128];
                assert_int_equal(take(cases[i].json, &q, why), -EINVAL);
                assert_string_equal(why, cases[i].why);
                assert_string_equal(q.id, cases[i].id);
        }
}

static void test_answers(void **state) {
        (void) state;
        struct query q = {.id = "a \" b"};
        struct page p = {.n = 0};
        char *text;
        assert_int_equal(query_answer(&q, &p, &text), 0);
        assert_string_equal(text,
                "{\"v\":1,\"type\":\"reply\",\"id\":\"a \\\" b\",\"error\":null,\"next\":null,\"events\":[]}");
        free(text);
        p.events[p.n++] = strdup("{\"a\":1}");
        p.events[p.n++] = strdup("{\"b\":2}");
        p.next = UINT64_MAX;
        assert_int_equal(query_answer(&q, &p, &text), 0);
        assert_non_null(strstr(text, ",\"next\":18446744073709551615,\"events\":[{\"a\":1},{\"b\":2}]}"));
        free(text);
        page_done(&p);
        assert_int_equal(p.n, 0);
        assert_int_equal(query_refuse(&q, "no", &text), 0);
        json_t *j = json_loads(text, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(j, "error")), "no");
        json_decref(j);
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good_ones),
                cmocka_unit_test(test_bad_ones),
                cmocka_unit_test(test_answers),
        };
        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What goes around each payload, and around what is none. */

#include "mqtt/envelope.h"
#include "unit.h"

static void test_envelopes(void **state) {
        (void) state;
        static const struct {
                const char *payload, *schema;
                uint32_t expiry_s;
        } cases[] = {
                {"{\"v\":1,\"type\":\"rep\",\"id\":\"x-1\"}", "rep/1", 0},
                {"{\"v\":1,\"type\":\"set\"}", "set/1", 0},
                {"{\"v\":1,\"type\":\"status\",\"state\":\"online\"}", "status/1", 0},
                {"{\"v\":1,\"type\":\"live\"}", "live/1", 10},
                {"{\"v\":1,\"type\":\"phase\"}", "phase/1", 10},
                {"{\"v\":1,\"type\":\"safety\"}", "safety/1", 30},
                {"{\"v\":1,\"type\":\"advice\"}", "advice/1", 60},
                {"{\"v\":1,\"type\":\"reply\"}", "reply/1", 60},
                {"{\"v\":12,\"type\":\"rep\"}", "rep/12", 0},
                {"{\"v\":1,\"type\":\"safetyfirst\"}", "safetyfirst/1", 0},
                {"{\"v\":1,\"type\":\"a_type_with_a_name_that_is_too_long\"}", "", 0},
                {"{\"v\":1,\"type\":\"rep", "", 0},
                {"{\"v\":1}", "", 0},
                {"{\"v\":", "", 0},
                {"{\"v\":1,\"type\":\"", "", 0},
                {"{\"v\":1,\"type\":\"\"}", "", 0},
                {"{\"v\":,\"type\":\"rep\"}", "", 0},
                {"{\"v\":1234,\"type\":\"rep\"}", "", 0},
                {"{\"v\":1,\"type\":\"Rep\"}", "", 0},
                {"{\"dev\":{\"ids\":1}}", "", 0},
                {"", "", 0},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct envelope e;
                memset(&e, 0xff, sizeof(e));
                envelope_of(cases[i].payload, &e);
                assert_string_equal(e.schema, cases[i].schema);
                assert_int_equal(e.expiry_s, cases[i].expiry_s);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_envelopes)};
        return run_unit_tests(tests);
}

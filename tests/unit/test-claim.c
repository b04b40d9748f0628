/* SPDX-License-Identifier: Apache-2.0 */
/* Claims to a name: of two, exactly one goes before the other, whoever asks. */

#include <errno.h>

#include "message/claim.h"
#include "unit.h"

static void test_exactly_one_wins(void **state) {
        (void) state;
        static const struct claim claims[] = {{"aaaa", 0}, {"bbbb", 0}, {"cccc", 0.9}, {"dddd", 5},
                {"eeee", 3600}, {"ffff", 3600.5}, {"gggg", 1e9}};

        for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
                for (size_t k = 0; k < i; k++)
                        assert_int_equal(
                                claim_beats(&claims[i], &claims[k]), !claim_beats(&claims[k], &claims[i]));
        assert_true(claim_beats(&claims[0], &claims[2])); /* as good as equal: by the id */
        assert_true(claim_beats(&claims[3], &claims[0])); /* has had it longer */
        assert_true(claim_beats(&claims[4], &claims[5]));
}

static void test_there_and_back(void **state) {
        (void) state;
        const struct claim c = {"6f1c09a84be7425db3c2de5508a1f4e7", 12.34};
        struct claim back;
        char *json = NULL;

        assert_int_equal(claim_to_json(&c, &json), 0);
        assert_string_equal(json,
                "{\"v\":1,\"type\":\"owner\",\"session\":\"6f1c09a84be7425db3c2de5508a1f4e7\",\"held_s\":12."
                "3}");
        assert_int_equal(claim_from_json(json, strlen(json), &back), 0);
        assert_string_equal(back.session, c.session);
        assert_true(back.held_s > 12.29 && back.held_s < 12.31);
        free(json);
}

static void test_from_outside(void **state) {
        (void) state;
        static const char *const refused[] = {"", "{}", "[]", "null", "{\"session\":\"a\"}",
                "{\"session\":\"\",\"held_s\":1}", "{\"session\":1,\"held_s\":1}",
                "{\"session\":\"a\",\"held_s\":-1}", "{\"session\":\"a\",\"held_s\":\"1\"}",
                "{\"session\":\"a\",\"held_s\":1",
                "{\"session\":\"6f1c09a84be7425db3c2de5508a1f4e76\",\"held_s\":1}"};
        struct claim c;

        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
                assert_int_equal(claim_from_json(refused[i], strlen(refused[i]), &c), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_exactly_one_wins),
                cmocka_unit_test(test_there_and_back),
                cmocka_unit_test(test_from_outside),
        };
        return run_unit_tests(tests);
}

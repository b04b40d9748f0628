/* SPDX-License-Identifier: Apache-2.0 */
/* Every code that a broker may refuse with, in both versions: a text that says something, and whose fault it is where that
 * can be known. */

#include "mqtt/reason.h"
#include "unit.h"

static const struct reason_identity nobody = {NULL, false}, user = {"gym", false}, bearer = {NULL, true};

static void check(bool mqtt_5, int code, const struct reason_identity *who, const char *words) {
        char text[256];

        reason_of_connack(mqtt_5, code, who, NULL, text, sizeof(text));
        if (!strstr(text, words))
                fail_msg("code %d: '%s' lacks '%s'", code, text, words);
}

static void test_faults(void **state) {
        (void) state;
        check(false, 1, &nobody, "does not speak MQTT 3.1.1");
        check(true, 0x84, &nobody, "does not speak MQTT 5");
        check(false, 2, &nobody, "refused the client id");
        check(true, 0x85, &nobody, "refused the client id");
        check(false, 3, &nobody, "not available");
        check(true, 0x88, &nobody, "not available");
        check(true, 0x89, &nobody, "not available");
        for (int i = 0; i < 2; i++) {
                static const int old[] = {4, 5}, new[] = {0x86, 0x87};
                check(false, old[i], &nobody, "give Username= and PasswordFile=");
                check(false, old[i], &user, "refused the user \"gym\": the password in PasswordFile= is wrong");
                check(true, new[i], &user, "refused the user \"gym\"");
                check(true, new[i], &bearer, "must know the name in the hub's certificate");
        }
        check(true, 0x90, &user, "its access list must allow");
        check(false, 77, &nobody, "refused the connection with code 77");
        check(true, 0x8a, &nobody, "refused the connection: ");
}

static void test_every_code_says_something(void **state) {
        (void) state;
        for (int mqtt_5 = 0; mqtt_5 < 2; mqtt_5++)
                for (int code = 1; code < 256; code++) {
                        char text[256] = "";
                        reason_of_connack(mqtt_5, code, &user, NULL, text, sizeof(text));
                        assert_true(strlen(text) > 10);
                        reason_of_code(code, NULL, text, sizeof(text));
                        assert_true(strlen(text) > 3);
                }
}

/* What the broker says comes from outside. */
static void test_its_own_words(void **state) {
        (void) state;
        char text[400], tiny[20], longest[500];

        reason_of_code(0x87, "no\nway \x1b[31m \xff", text, sizeof(text));
        assert_string_equal(text, "Not authorized (it says: \"no way  [31m \xef\xbf\xbd\")");
        memset(longest, 'x', sizeof(longest));
        longest[sizeof(longest) - 1] = '\0';
        reason_of_code(0x87, longest, text, sizeof(text));
        assert_true(strlen(text) < 200);
        reason_of_code(0x87, longest, tiny, sizeof(tiny));
        assert_true(strlen(tiny) < sizeof(tiny));
        reason_of_code(0x87, "", text, sizeof(text));
        assert_string_equal(text, "Not authorized");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_faults),
                cmocka_unit_test(test_every_code_says_something),
                cmocka_unit_test(test_its_own_words),
        };
        return run_unit_tests(tests);
}

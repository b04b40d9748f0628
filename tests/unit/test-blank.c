/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown to others: each rule, and what it must leave alone. */

#include <errno.h>

#include "ctl/blank.h"
#include "unit.h"

static char *blanked(struct blank *b, const char *text) {
        char *out = NULL;
        size_t n;
        FILE *stream = open_memstream(&out, &n);

        assert_non_null(stream);
        blank_write(b, text, strlen(text), stream);
        assert_int_equal(fclose(stream), 0);
        return out;
}

static void test_rules(void **state) {
        static const struct {
                const char *text, *wanted;
        } cases[] = {
                {"nothing to hide: rack-1, 80 kg\n", NULL},
                {"login with hunter2 failed (hunter2)", "login with [secret] failed ([secret])"},
                {"xhunter2y", "x[secret]y"},
                {"Password=hunter3 is long\nnext", "Password=[secret]\nnext"},
                {"mqtt-password: \"x y\"", "mqtt-password:[secret]"},
                {"\"api_token\" : 1, \"b\": 2", "\"api_token\" :[secret]"},
                {"Environment=MQTT_PASSWORD=geheim", "Environment=MQTT_PASSWORD=[secret]"},
                {"SetCredential=mqtt-password:geheim", "SetCredential=[secret]"},
                {"PasswordFile=/etc/repcast/pw", NULL},
                {"LoadCredential=mqtt-key:/etc/repcast/key", NULL},
                {"the password in PasswordFile= is wrong", NULL},
                {"mqtts://hub:geheim@broker:8883 x", "mqtts://[user]@broker:8883 x"},
                {"http://hub/a@b", NULL},
                {"-----BEGIN CERTIFICATE-----\nabc\n", NULL},
                {"a\n-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\nb", "a\n[key]\nb"},
                {"-----BEGIN PRIVATE KEY-----\ncut off", "[key]"},
                {"rack-1: ana, back-squat", "rack-1: person-1, back-squat"},
                {"banana ana_ anas", NULL},
                {"ana maria and ana", "person-2 and person-1"},
                {"Athlete=ana\nathlete: zed", "Athlete=person-1\nathlete:[person]"},
                {"{\"athlete\":null,\"athlete\":\"ana\",\"set\":1}",
                        "{\"athlete\":null,\"athlete\":\"person-1\",\"set\":1}"},
                {"Athlete=\n", NULL},
                {"C0:FF:EE:00:00:01 dev_C0_FF_EE_00_00_01/x c0:ff:ee:00:00:02",
                        "device-1 dev_device-1/x device-2"},
                {"00:11:22:33:44:55:66 12:34:56", "device-1-:66 12:34:56"},
                {"C5:FF:EE:00:00:0C5:FF:EE:00:00:01", "device-1-5:FF:EE:00:00:01"},
                {"rack-1: ana:BB:CC", "rack-1: person-1-:BB:CC"},
                {"hunter2hunter2unter2", "[secret][secret]unter2"},
                {"C0:FF:EE:00:00:0F-key", "device-1[secret]"},
                {"mqtt://a:b@1key", "mqtt://[user]@1key"},
                {"\033[31mred\a", "?[31mred?"},
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct blank b = {.n_secrets = 0};
                char *text;

                assert_true(blank_add_secret(&b, "hunter2\n") > 0);
                assert_true(blank_add_secret(&b, "F-key") > 0);
                assert_true(blank_add_name(&b, "ana") > 0);
                assert_true(blank_add_name(&b, "ana maria") > 0);
                text = blanked(&b, cases[i].text);
                assert_string_equal(text, cases[i].wanted ? cases[i].wanted : cases[i].text);
                free(text);
                blank_done(&b);
        }
}

static void test_lists(void **state) {
        struct blank b = {.n_secrets = 0};
        char name[32];

        (void) state;
        assert_int_equal(blank_add_secret(&b, "abc"), 0); /* too short to be looked for */
        assert_int_equal(blank_add_name(&b, ""), 0);
        assert_int_equal(blank_add_name(&b, "a"), 1);
        assert_int_equal(blank_add_name(&b, "a\n"), 0); /* is there */
        for (unsigned i = 1; i < BLANK_NAMES_MAX; i++) {
                snprintf(name, sizeof(name), "n%u", i);
                assert_true(blank_add_name(&b, name) > 0);
        }
        assert_int_equal(blank_add_name(&b, "one more"), -ENOSPC);
        blank_done(&b);
}

/* More devices than numbers for them: still none is shown. */
static void test_devices(void **state) {
        struct blank b = {.n_secrets = 0};
        char address[18], *text;

        (void) state;
        for (unsigned i = 0; i < BLANK_DEVICES_MAX + 10; i++) {
                snprintf(address, sizeof(address), "C0:FF:EE:00:%02X:%02X", i / 256, i % 256);
                text = blanked(&b, address);
                assert_memory_equal(text, "device", 6);
                free(text);
        }
        blank_done(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rules),
                cmocka_unit_test(test_lists),
                cmocka_unit_test(test_devices),
        };
        return run_unit_tests(tests);
}

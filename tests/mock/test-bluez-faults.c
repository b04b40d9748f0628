/* SPDX-License-Identifier: Apache-2.0 */
/* The client against the fake BlueZ: what goes wrong with one link. Whatever it is, the sensor streams in the end, and
 * nothing is done on the way that the real bluetoothd does not survive. */

#include "rig.h"
#include "unit.h"
#include "util/macros.h"

#define SENSOR "C0:FF:EE:00:00:01"
#define DEVICE "/org/bluez/hci0/dev_C0_FF_EE_00_00_01"

/* One adapter, sensor 1 with these options, and this fault. */
static struct rig *set_up(const char *options, const char *fault) {
        struct rig *r = rig_new(true);

        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, options);
        if (*fault)
                rig_tell(r, "fault " SENSOR " %s", fault);
        return r;
}

static void begin(struct rig *r) {
        rig_client(r);
        rig_want(r, 1, NULL);
}

/* ---- Connect ------------------------------------------------------------------------------------------------- */

static void test_connect_fails_twice(void **state) {
        static const struct {
                const char *error, *why;
        } cases[] = {
                {"org.bluez.Error.Failed le-connection-abort-by-local", "the sensor did not answer"},
                {"org.bluez.Error.Failed le-connection-timeout", "the sensor did not answer"},
                {"org.bluez.Error.Failed br-connection-canceled", "cancelled"},
                {"org.bluez.Error.Failed Input/output error", "the adapter is switched off"},
                {"org.bluez.Error.Failed Software caused connection abort", "the sensor did not answer"},
                {"org.bluez.Error.NotReady Resource Not Ready", "the adapter is switched off"},
                {"org.bluez.Error.NotAvailable br-connection-profile-unavailable", "the sensor did not answer"},
                {"org.freedesktop.DBus.Error.UnknownObject Method \"Connect\" doesn't exist",
                        "BlueZ has forgotten"},
                {"org.freedesktop.DBus.Error.NoReply Message recipient disconnected", "BlueZ does not answer"},
                {"org.bluez.Error.NeverHeardOf \033[31mfancy", "BlueZ reports an error (?[31mfancy)"},
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct rig *r = set_up("", "");

                rig_tell(r, "fault " SENSOR " Connect x2 error %s", cases[i].error);
                begin(r);
                UNTIL(r, STREAMS(r, 1));
                if (!strstr(r->sensors[1].why, cases[i].why))
                        fail_msg("%s: \"%s\"", cases[i].error, r->sensors[1].why);
                assert_int_equal(rig_said(r, "call Connect"), 3);
                rig_stop(r);
        }
}

/* "Already in progress", and success without a link: only the property counts, and the own time-out ends it. */
static void test_connect_answers_and_nothing_happens(void **state) {
        static const char *const faults[] = {
                "Connect x1 lie",
                "Connect x1 hang",
                "Connect x1 error org.bluez.Error.Failed Operation already in progress",
                "Connect x1 error org.bluez.Error.InProgress In Progress",
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
                struct rig *r = set_up("", faults[i]);

                r->params.connect_us = 300000;
                begin(r);
                UNTIL(r,
                        r->sensors[1].state == BLUEZ_LINK_CLOSING || r->sensors[1].state == BLUEZ_LINK_BACKOFF);
                assert_string_equal(r->sensors[1].why, "no link within 0.3 s");
                UNTIL(r, STREAMS(r, 1));
                assert_in_range(rig_said(r, "call Disconnect"), 1, 2);
                rig_stop(r);
        }
}

/* BlueZ would try for 41 s. It is cut short by Disconnect, and the adapter is free for others. */
static void test_an_absent_sensor_is_given_up(void **state) {
        struct rig *r = set_up("", "");

        (void) state;
        r->params.connect_us = 300000;
        rig_tell(r, "set connect_ms 100");
        begin(r);
        UNTIL(r, r->sensors[1].state == BLUEZ_LINK_QUEUED || rig_said(r, "call Connect"));
        rig_tell(r, "sensor " SENSOR " away");
        UNTIL(r, rig_said(r, "call Disconnect " DEVICE) || r->sensors[1].why[0]);
        rig_tell(r, "sensor " SENSOR " here");
        UNTIL(r, STREAMS(r, 1));
        rig_stop(r);
}

/* BlueZ knows it from before, and it is not heard: no try, which would keep the adapter from the others. Unless its
 * profile says that its adverts are not to be counted on. */
static void test_a_silent_sensor_is_not_tried(void **state) {
        struct rig *r = set_up("", "");
        struct gatt_plan plan = rig_plan();
        struct bluez_want want = {.plan = &plan, .passkey = -1};

        (void) state;
        r->params.scan_us = 50000;
        r->params.connect_us = 300000;
        rig_client(r);
        rig_tell(r, "connect hci0 " SENSOR);
        UNTIL(r, r->n_adapters == 1 && r->adapters[0].links == 1);
        rig_tell(r, "sensor " SENSOR " away");
        rig_tell(r, "lose " SENSOR);
        UNTIL(r, r->adapters[0].links == 0);
        rig_want(r, 1, &want);
        UNTIL(r, rig_said(r, "call StartDiscovery") >= 3);
        assert_int_equal(rig_said(r, "call Connect"), 0);
        bluez_link_drop(r->sensors[1].link);
        plan.weak_adverts = true;
        rig_want(r, 1, &want);
        UNTIL(r, rig_said(r, "call Connect") == 1);
        rig_tell(r, "sensor " SENSOR " here");
        UNTIL(r, STREAMS(r, 1));
        rig_stop(r);
}

static void test_object_expires_before_connect(void **state) {
        struct rig *r = set_up("random", "Connect x1 delay 200");

        (void) state;
        begin(r);
        UNTIL(r, rig_said(r, "call Connect") == 1);
        rig_tell(r, "expire " SENSOR);
        UNTIL(r, STREAMS(r, 1));
        assert_string_equal(r->sensors[1].why, "BlueZ has forgotten the sensor");
        rig_stop(r);
}

/* The signal of Connected=true is missing; the answer to Connect, or resolved services, show that there is a link. */
static void test_connected_is_not_told(void **state) {
        static const char *const options[] = {"mute", "mute resolve_ms=300"};

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
                struct rig *r = set_up(options[i], "");

                begin(r);
                UNTIL(r, r->sensors[1].packets > 5);
                assert_int_equal(rig_said(r, "call Connect"), 1);
                rig_tell(r, "lose " SENSOR);
                UNTIL(r, r->sensors[1].streamed == 2);
                rig_stop(r);
        }
}

/* Connected already, by another client or by BlueZ itself. */
static void test_unasked_link_is_used(void **state) {
        struct rig *r = set_up("", "");

        (void) state;
        rig_client(r);
        rig_tell(r, "connect hci0 " SENSOR);
        UNTIL(r, r->n_adapters == 1 && r->adapters[0].links == 1);
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1));
        assert_int_equal(rig_said(r, "call Connect"), 0);
        assert_int_equal(rig_said(r, "call StartDiscovery"), 0);
        rig_stop(r);
}

/* After this daemon was killed: the link is up, and its socket is still taken. That says nothing against acquiring. */
static void test_left_over_from_a_former_life(void **state) {
        struct rig *r = set_up("", "AcquireNotify x1 error org.bluez.Error.NotPermitted Notify acquired");
        struct bluez_link_info info;

        (void) state;
        rig_client(r);
        rig_tell(r, "connect hci0 " SENSOR);
        UNTIL(r, r->n_adapters == 1 && r->adapters[0].links == 1);
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1));
        bluez_link_get_info(r->sensors[1].link, &info);
        assert_false(info.start_notify);
        assert_int_equal(rig_said(r, "call AcquireNotify"), 2);
        rig_stop(r);
}

/* ---- services ------------------------------------------------------------------------------------------------ */

static void test_late_services(void **state) {
        struct rig *r = set_up("resolve=late late_ms=60", "");

        (void) state;
        r->params.settle_us = 3000000;
        begin(r);
        UNTIL(r, STREAMS(r, 1));
        assert_non_null(strstr(r->sensors[1].seen, "settling"));
        assert_int_equal(rig_said(r, "call Connect"), 1);
        rig_stop(r);
}

static void test_empty_services(void **state) {
        struct rig *r = set_up("resolve=empty", "");

        (void) state;
        r->params.settle_us = 50000;
        r->params.quarantine_after = 3;
        r->params.quarantine_us = 600000000;
        begin(r);
        UNTIL(r, r->sensors[1].state == BLUEZ_LINK_QUARANTINE);
        assert_non_null(strstr(r->sensors[1].why, "it has no characteristic"));
        assert_int_equal(rig_said(r, "call Connect"), 3);
        assert_int_equal(rig_said(r, "call Disconnect"), 3);
        UNTIL(r, rig_said(r, "removed " SENSOR) == 3);
        /* BlueZ anew is a new chance. */
        rig_tell(r, "sensor " SENSOR " resolve=normal");
        rig_tell(r, "restart");
        UNTIL(r, STREAMS(r, 1));
        rig_stop(r);
}

static void test_services_never_come(void **state) {
        struct rig *r = set_up("resolve=never", "");

        (void) state;
        r->params.resolve_us = 100000;
        r->params.quarantine_after = 2;
        begin(r);
        UNTIL(r, r->sensors[1].state == BLUEZ_LINK_QUARANTINE);
        assert_string_equal(r->sensors[1].why, "its services were not read within 0.1 s");
        rig_tell(r, "sensor " SENSOR " resolve=normal");
        UNTIL(r, STREAMS(r, 1));
        rig_stop(r);
}

/* ---- notifications ------------------------------------------------------------------------------------------- */

static void test_acquire_fails(void **state) {
        static const char *const faults[] = {
                "AcquireNotify x1 hang",
                "AcquireNotify x1 error org.bluez.Error.NotSupported Operation is not supported",
                "AcquireNotify x1 error org.bluez.Error.NotPermitted Notify acquired",
                "AcquireNotify x1 error org.bluez.Error.InProgress In Progress",
                "AcquireNotify x1 error org.bluez.Error.Failed Unknown",
                "AcquireNotify x1 lie", /* a reply without a descriptor */
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
                struct rig *r = set_up("", faults[i]);
                struct bluez_link_info info;

                r->params.acquire_us = 500000;
                begin(r);
                UNTIL(r, r->sensors[1].packets >= 20);
                bluez_link_get_info(r->sensors[1].link, &info);
                assert_true(info.start_notify);
                assert_int_equal(info.mtu, 247);
                assert_int_equal(info.connects, 2);
                assert_int_equal(info.failures, 1);
                assert_non_null(strstr(info.why, "AcquireNotify"));
                assert_int_equal(r->sensors[1].gaps, 0);
                assert_int_equal(rig_said(r, "call AcquireNotify"), 1);
                assert_int_equal(rig_said(r, "call StartNotify"), 1);
                rig_stop(r);
        }
}

/* The link is lost while acquiring: that says nothing against acquiring. */
static void test_acquire_is_cut_off(void **state) {
        struct rig *r = set_up("", "AcquireNotify x1 error org.bluez.Error.Failed Not connected");

        (void) state;
        begin(r);
        UNTIL(r, STREAMS(r, 1));
        assert_int_equal(rig_said(r, "call AcquireNotify"), 2);
        assert_int_equal(rig_said(r, "call StartNotify"), 0);
        rig_stop(r);
}

static void test_start_notify_fails_too(void **state) {
        struct rig *r = set_up("", "AcquireNotify x1 error org.bluez.Error.Failed Unknown");

        (void) state;
        rig_tell(r, "fault " SENSOR " StartNotify x1 error org.bluez.Error.NotPermitted Notify acquired");
        begin(r);
        UNTIL(r, r->sensors[1].packets >= 5);
        assert_int_equal(rig_said(r, "call AcquireNotify"), 2);
        rig_stop(r);
}

static void test_indications_are_not_acquired(void **state) {
        struct rig *r = rig_new(true);

        (void) state;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_tell(r, "sensor " SENSOR);
        rig_tell(r, "characteristic " SENSOR " " RIG_STREAM " indicate");
        rig_tell(r, "characteristic " SENSOR " " RIG_WRITE " write");
        rig_tell(r, "pattern " SENSOR " " RIG_STREAM " 20 5");
        begin(r);
        UNTIL(r, r->sensors[1].packets >= 5);
        assert_int_equal(rig_said(r, "call AcquireNotify"), 0);
        rig_stop(r);
}

/* The socket ends while the link stays: at once, the next link does without it; later, it tries again. */
static void test_socket_ends(void **state) {
        struct rig *r = set_up("", "");

        (void) state;
        begin(r);
        UNTIL(r, r->sensors[1].packets >= 5);
        rig_tell(r, "hangup " SENSOR " " RIG_STREAM);
        UNTIL(r, r->sensors[1].streamed == 2 && r->sensors[1].packets >= 20);
        assert_string_equal(r->sensors[1].why, "BlueZ has ended the notifications");
        assert_int_equal(rig_said(r, "call StartNotify"), 1);
        rig_stop(r);
}

static void test_a_small_mtu_is_told(void **state) {
        struct rig *r = set_up("mtu=23", "");
        struct gatt_plan plan = rig_plan();
        struct bluez_want want = {.plan = &plan, .passkey = -1};

        (void) state;
        plan.least_mtu = 100;
        rig_client(r);
        rig_want(r, 1, &want);
        UNTIL(r, strstr(r->sensors[1].why, "the link has an MTU of 23, this sensor needs 100"));
        rig_tell(r, "sensor " SENSOR " mtu=247");
        UNTIL(r, STREAMS(r, 1));
        rig_stop(r);
}

static void test_a_step_fails(void **state) {
        struct rig *r = set_up("", "WriteValue x1 error org.bluez.Error.NotPermitted Write not permitted");

        (void) state;
        begin(r);
        UNTIL(r, STREAMS(r, 1));
        assert_string_equal(r->sensors[1].why,
                "setting up failed at step 1: not supported or not permitted (Write not permitted)");
        rig_stop(r);
}

/* ---- later --------------------------------------------------------------------------------------------------- */

static void test_link_is_lost_and_found(void **state) {
        struct rig *r = set_up("", "");

        (void) state;
        begin(r);
        for (unsigned i = 1; i <= 3; i++) {
                UNTIL(r, r->sensors[1].streamed == i && r->sensors[1].packets > 0);
                r->sensors[1].packets = 0;
                rig_tell(r, "sensor " SENSOR " away");
                rig_tell(r, "lose " SENSOR);
                UNTIL(r, r->sensors[1].state == BLUEZ_LINK_SEEKING);
                assert_string_equal(r->sensors[1].why, "the link was lost");
                rig_tell(r, "sensor " SENSOR " here");
        }
        UNTIL(r, r->sensors[1].streamed == 4);
        rig_stop(r);
}

static void test_stall(void **state) {
        struct rig *r = set_up("", "");
        struct bluez_want want = {.passkey = -1, .stall_us = 150000};

        (void) state;
        rig_tell(r, "pattern " SENSOR " " RIG_STREAM " 20 5 count=10");
        rig_client(r);
        rig_want(r, 1, &want);
        UNTIL(r, r->sensors[1].state == BLUEZ_LINK_CLOSING || r->sensors[1].streamed > 1);
        assert_string_equal(r->sensors[1].why, "no packet for 0.15 s");
        assert_in_range(r->sensors[1].packets, 10, 20);
        UNTIL(r, r->sensors[1].streamed == 2);
        rig_stop(r);
}

/* Disconnect is refused, or hangs: the time is bounded, and it goes on. */
static void test_disconnect_fails(void **state) {
        static const char *const faults[] = {"Disconnect x1 hang",
                "Disconnect x1 error org.bluez.Error.Failed Unknown", "Disconnect x1 lie"};

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
                struct rig *r = set_up("", faults[i]);

                r->params.close_us = 300000;
                begin(r);
                UNTIL(r, STREAMS(r, 1));
                bluez_link_restart(r->sensors[1].link, "what it sends makes no sense");
                UNTIL(r, r->sensors[1].streamed == 2);
                assert_string_equal(r->sensors[1].why, "what it sends makes no sense");
                rig_stop(r);
        }
}

static void test_stop_is_bounded(void **state) {
        struct rig *r = set_up("", "");

        (void) state;
        r->params.stop_us = 300000;
        begin(r);
        UNTIL(r, STREAMS(r, 1));
        rig_tell(r, "hang");
        bluez_stop(r->b);
        UNTIL(r, r->stopped);
        rig_free(r);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_connect_fails_twice),
                cmocka_unit_test(test_connect_answers_and_nothing_happens),
                cmocka_unit_test(test_an_absent_sensor_is_given_up),
                cmocka_unit_test(test_a_silent_sensor_is_not_tried),
                cmocka_unit_test(test_object_expires_before_connect),
                cmocka_unit_test(test_connected_is_not_told),
                cmocka_unit_test(test_unasked_link_is_used),
                cmocka_unit_test(test_left_over_from_a_former_life),
                cmocka_unit_test(test_late_services),
                cmocka_unit_test(test_empty_services),
                cmocka_unit_test(test_services_never_come),
                cmocka_unit_test(test_acquire_fails),
                cmocka_unit_test(test_acquire_is_cut_off),
                cmocka_unit_test(test_start_notify_fails_too),
                cmocka_unit_test(test_indications_are_not_acquired),
                cmocka_unit_test(test_socket_ends),
                cmocka_unit_test(test_a_small_mtu_is_told),
                cmocka_unit_test(test_a_step_fails),
                cmocka_unit_test(test_link_is_lost_and_found),
                cmocka_unit_test(test_stall),
                cmocka_unit_test(test_disconnect_fails),
                cmocka_unit_test(test_stop_is_bounded),
        };
        return run_rig_tests(tests);
}

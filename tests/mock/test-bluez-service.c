/* SPDX-License-Identifier: Apache-2.0 */
/* The client against the fake BlueZ: bluetoothd and adapters that come, go, hang and refuse; pairing. */

#include "rig.h"
#include "unit.h"
#include "util/macros.h"

#define SENSOR "C0:FF:EE:00:00:01"
#define DEVICE "/org/bluez/hci0/dev_C0_FF_EE_00_00_01"

static struct rig *set_up(const char *adapter, const char *sensor) {
        struct rig *r = rig_new(true);

        rig_tell(r, "adapter hci0 00:11:22:33:44:00 %s", adapter);
        rig_sensor(r, 1, sensor);
        return r;
}

/* ---- bluetoothd ---------------------------------------------------------------------------------------------- */

static void test_absent_then_there(void **state) {
        struct rig *r = rig_new(false);

        (void) state;
        r->params.activate_us = 50000;
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, r->service == BLUEZ_SERVICE_ABSENT && strstr(r->sensors[1].seen, "seeking"));
        rig_run_for_ms(r, 200);
        assert_int_equal(r->service, BLUEZ_SERVICE_ABSENT);
        rig_mock_start(r);
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, "");
        UNTIL(r, STREAMS(r, 1));
        for (unsigned i = 0; i < _BLUEZ_SERVICE_STATE_MAX; i++)
                assert_non_null(bluez_service_state_to_string(i));
        assert_null(bluez_service_state_to_string(_BLUEZ_SERVICE_STATE_MAX));
        rig_stop(r);
}

/* Killed: no signal but the bus's, and the end of the sockets. */
static void test_killed_and_started_again(void **state) {
        struct rig *r = set_up("", "");

        (void) state;
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, r->sensors[1].streamed == 1 && r->sensors[1].packets > 0);
        rig_mock_kill(r);
        UNTIL(r,
                r->service == BLUEZ_SERVICE_ABSENT && r->sensors[1].state == BLUEZ_LINK_SEEKING &&
                        r->adapters[0].state == BLUEZ_ADAPTER_GONE);
        rig_mock_start(r);
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, "");
        UNTIL(r, r->sensors[1].streamed == 2);
        assert_int_equal(r->times_ready, 2);
        rig_stop(r);
}

/* It owns the name and answers nothing. Streams have sockets of their own and go on. */
static void test_hangs_and_answers_again(void **state) {
        struct rig *r = set_up("", "");
        unsigned before;

        (void) state;
        r->params.probe_us = r->params.probe_wait_us = 60000;
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, r->sensors[1].streamed == 1 && r->sensors[1].packets > 0);
        rig_tell(r, "hang");
        UNTIL(r, r->service == BLUEZ_SERVICE_HANGS);
        before = r->sensors[1].packets;
        UNTIL(r, r->sensors[1].packets > before + 20);
        rig_tell(r, "answer");
        UNTIL(r, r->service == BLUEZ_SERVICE_READY);
        assert_int_equal(r->sensors[1].streamed, 1);
        assert_int_equal(r->sensors[1].gaps, 0);
        rig_stop(r);
}

static void test_hangs_from_the_start(void **state) {
        struct rig *r = rig_new(true);

        (void) state;
        r->params.call_us = r->params.probe_us = r->params.probe_wait_us = 60000;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_tell(r, "hang");
        assert_int_equal(r->mock > 0, 1);
        pid_t mock = r->mock;
        r->mock = 0; /* nothing to wait for */
        rig_client(r);
        r->mock = mock;
        UNTIL(r, r->service == BLUEZ_SERVICE_HANGS);
        rig_tell(r, "answer");
        UNTIL(r, r->service == BLUEZ_SERVICE_READY && r->n_adapters == 1);
        rig_stop(r);
}

static void test_the_first_answer_fails(void **state) {
        struct rig *r = set_up("", "");

        (void) state;
        rig_tell(r, "fault * GetManagedObjects x2 error org.freedesktop.DBus.Error.UnknownMethod too early");
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1));
        assert_int_equal(rig_said(r, "call GetManagedObjects"), 3);
        rig_stop(r);
}

/* ---- adapters ------------------------------------------------------------------------------------------------ */

static void test_power_off_and_on(void **state) {
        struct rig *r = set_up("", "");

        (void) state;
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1));
        rig_tell(r, "power hci0 off");
        UNTIL(r, r->adapters[0].state == BLUEZ_ADAPTER_OFF && r->sensors[1].state == BLUEZ_LINK_SEEKING);
        assert_string_equal(r->sensors[1].why, "no adapter is switched on");
        rig_tell(r, "power hci0 on");
        UNTIL(r, r->sensors[1].streamed == 2);
        /* rfkill is somebody's wish: nothing is switched on from here */
        rig_tell(r, "power hci0 blocked");
        UNTIL(r, r->adapters[0].state == BLUEZ_ADAPTER_OFF);
        rig_run_for_ms(r, 200);
        assert_int_equal(rig_said(r, "powered"), 0);
        rig_tell(r, "power hci0 on");
        UNTIL(r, r->sensors[1].streamed == 3);
        rig_stop(r);
}

static void test_starts_blocked(void **state) {
        struct rig *r = set_up("blocked", "");

        (void) state;
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, r->n_adapters == 1 && r->adapters[0].blocked && r->adapters[0].state == BLUEZ_ADAPTER_OFF);
        rig_tell(r, "power hci0 on");
        UNTIL(r, STREAMS(r, 1));
        rig_stop(r);
}

static void test_unplugged_and_back_with_another_name(void **state) {
        struct rig *r = set_up("", "");

        (void) state;
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1));
        rig_tell(r, "unplug hci0");
        UNTIL(r, r->adapters[0].state == BLUEZ_ADAPTER_GONE && r->sensors[1].state == BLUEZ_LINK_SEEKING);
        assert_string_equal(r->sensors[1].why, "there is no adapter");
        rig_tell(r, "plug hci0 hci7");
        UNTIL(r, r->sensors[1].streamed == 2);
        assert_string_equal(r->adapters[0].id, "hci7");
        assert_int_equal(r->n_adapters, 1);
        rig_stop(r);
}

/* The sensors of an adapter that goes move to the other one. */
static void test_the_other_adapter_takes_over(void **state) {
        struct rig *r = set_up("gain=30", "");
        struct bluez_link_info info;

        (void) state;
        rig_tell(r, "adapter hci1 00:11:22:33:44:01");
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1));
        rig_tell(r, "unplug hci0");
        UNTIL(r, r->sensors[1].streamed == 2);
        bluez_link_get_info(r->sensors[1].link, &info);
        assert_string_equal(info.adapter, "00:11:22:33:44:01");
        rig_stop(r);
}

static void test_pinned_and_excluded(void **state) {
        struct rig *r = set_up("gain=30", "");
        struct bluez_adapter_params listed[] = {
                {"00:11:22:33:44:00", 0}, {"00:11:22:33:44:01", 3}, {"00:11:22:33:44:02", 3}};
        struct bluez_want want = {.adapter = "00:11:22:33:44:02", .passkey = -1};
        struct bluez_link_info info;

        (void) state;
        rig_tell(r, "adapter hci1 00:11:22:33:44:01 gain=20");
        rig_sensor(r, 2, "");
        r->params.adapters = listed;
        r->params.n_adapters = 3;
        r->params.only_listed = true;
        rig_client(r);
        rig_want(r, 1, NULL);
        rig_want(r, 2, &want);
        UNTIL(r, STREAMS(r, 1));
        bluez_link_get_info(r->sensors[1].link, &info);
        assert_string_equal(info.adapter, "00:11:22:33:44:01");
        assert_string_equal(r->sensors[2].why, "its adapter is not there");
        rig_tell(r, "adapter hci2 00:11:22:33:44:02");
        UNTIL(r, STREAMS(r, 2));
        bluez_link_get_info(r->sensors[2].link, &info);
        assert_string_equal(info.adapter, "00:11:22:33:44:02");
        for (unsigned i = 0; i < r->n_adapters; i++)
                assert_int_equal(
                        r->adapters[i].excluded, strcmp(r->adapters[i].address, "00:11:22:33:44:00") == 0);
        rig_stop(r);
}

/* The controller has fewer slots than BlueZ tells: it is learned, the others stay, and a second adapter gets the rest. */
static void test_slots_are_learned(void **state) {
        struct rig *r = set_up("slots=4 gain=30", "");
        unsigned streaming = 0;

        (void) state;
        rig_tell(r, "set connect_ms 1");
        for (unsigned i = 2; i <= 5; i++)
                rig_sensor(r, i, "");
        rig_client(r);
        for (unsigned i = 1; i <= 5; i++)
                rig_want(r, i, NULL);
        UNTIL(r, r->adapters[0].max_links == 4);
        for (unsigned i = 1; i <= 5; i++)
                streaming += STREAMS(r, i);
        assert_int_equal(streaming, 4);
        for (unsigned i = 1; i <= 5; i++)
                if (!STREAMS(r, i))
                        UNTIL(r, strcmp(r->sensors[i].why, "the adapter has no free slot") == 0);
        rig_tell(r, "adapter hci1 00:11:22:33:44:01");
        for (unsigned i = 1; i <= 5; i++)
                UNTIL(r, STREAMS(r, i));
        rig_stop(r);
}

/* Whatever the sensor, one adapter fails: it rests, and the other one takes them. */
static void test_circuit_breaker(void **state) {
        struct rig *r = set_up("gain=30", "");

        (void) state;
        r->params.breaker_us = 600000000;
        for (unsigned i = 2; i <= 3; i++)
                rig_sensor(r, i, "");
        rig_tell(r, "fault * Connect x6 error org.bluez.Error.Failed le-connection-abort-by-local");
        rig_client(r);
        for (unsigned i = 1; i <= 3; i++)
                rig_want(r, i, NULL);
        UNTIL(r, r->adapters[0].state == BLUEZ_ADAPTER_RESTING);
        assert_int_equal(rig_said(r, "call Connect"), 6);
        rig_tell(r, "adapter hci1 00:11:22:33:44:01");
        UNTIL(r, STREAMS(r, 1) && STREAMS(r, 2) && STREAMS(r, 3));
        assert_int_equal(r->adapters[0].state, BLUEZ_ADAPTER_RESTING);
        rig_stop(r);
}

static void test_a_deaf_adapter_is_switched_off_and_on(void **state) {
        struct rig *r = set_up("deaf", "");

        (void) state;
        r->params.scan_us = 50000;
        r->params.scan_silent_us = 100000;
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1));
        assert_int_equal(rig_said(r, "powered hci0 0"), 1);
        assert_int_equal(rig_said(r, "powered hci0 1"), 1);
        rig_stop(r);
}

static void test_discovery_fails(void **state) {
        static const char *const faults[] = {
                "StartDiscovery x2 error org.bluez.Error.InProgress Operation already in progress",
                "StartDiscovery x2 error org.bluez.Error.NotReady Resource Not Ready",
                "StartDiscovery x1 hang",
                "StopDiscovery x1 hang",
                "StopDiscovery x1 error org.bluez.Error.Failed No discovery started",
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
                struct rig *r = set_up("", "");

                r->params.call_us = 200000;
                r->params.scan_us = 100000;
                rig_tell(r, "set slow_ms 20");
                rig_tell(r, "fault hci0 %s", faults[i]);
                rig_client(r);
                rig_want(r, 1, NULL);
                UNTIL(r, STREAMS(r, 1));
                rig_free(r); /* where StopDiscovery does nothing, Connect during discovery cannot be helped */
        }
}

/* ---- pairing ------------------------------------------------------------------------------------------------- */

static void test_just_works(void **state) {
        struct rig *r = set_up("", "pair=justworks");
        struct bluez_want want = {.bond = true, .may_pair = true, .passkey = -1};
        struct bluez_link_info info;

        (void) state;
        rig_client(r);
        rig_want(r, 1, &want);
        UNTIL(r, STREAMS(r, 1));
        bluez_link_get_info(r->sensors[1].link, &info);
        assert_true(info.bonded);
        assert_int_equal(rig_said(r, "agent NoInputNoOutput"), 1);
        assert_int_equal(rig_said(r, "bonded " SENSOR), 1);
        /* Nobody else gets in: not a stranger, and not even this one while it is not being paired. */
        rig_tell(r, "ask RequestAuthorization /org/bluez/hci0/dev_BA_D0_00_00_00_01");
        rig_tell(r, "ask RequestAuthorization " DEVICE);
        rig_tell(r, "ask RequestPasskey " DEVICE);
        rig_tell(r, "ask RequestPinCode " DEVICE);
        UNTIL(r, rig_said(r, "asked: org.bluez.Error.Rejected") == 4);
        assert_int_equal(rig_said(r, "asked: granted"), 0);
        rig_stop(r);
}

static void test_passkey(void **state) {
        struct rig *r = set_up("", "pair=passkey passkey=123456");
        struct bluez_want want = {.bond = true, .may_pair = true, .passkey = 123456};

        (void) state;
        rig_client(r);
        rig_want(r, 1, &want);
        UNTIL(r, STREAMS(r, 1));
        assert_int_equal(rig_said(r, "agent KeyboardOnly"), 1);
        rig_stop(r);
}

static void test_wrong_passkey(void **state) {
        struct rig *r = set_up("", "pair=passkey passkey=123456");
        struct bluez_want want = {.bond = true, .may_pair = true, .passkey = 1};

        (void) state;
        rig_client(r);
        rig_want(r, 1, &want);
        UNTIL(r, strstr(r->sensors[1].why, "pairing failed: refused"));
        assert_int_equal(r->sensors[1].streamed, 0);
        assert_int_equal(rig_said(r, "call AcquireNotify"), 0);
        rig_stop(r);
}

/* A bond is demanded, there is none, and no adopt window is open: no pairing, no stream; with the window, both. */
static void test_no_leave_to_pair(void **state) {
        struct rig *r = set_up("", "pair=justworks");
        struct bluez_want want = {.bond = true, .passkey = -1};

        (void) state;
        rig_client(r);
        rig_want(r, 1, &want);
        UNTIL(r, strcmp(r->sensors[1].why, "not bonded, and no leave to pair: adopt it again") == 0);
        assert_int_equal(rig_said(r, "call Pair"), 0);
        bluez_link_allow_pairing(r->sensors[1].link, true);
        UNTIL(r, STREAMS(r, 1));
        rig_stop(r);
}

static void test_a_bond_from_before(void **state) {
        struct rig *r = set_up("", "pair=refuse");
        struct bluez_want want = {.bond = true, .passkey = -1};

        (void) state;
        rig_tell(r, "bonded " SENSOR);
        rig_client(r);
        rig_want(r, 1, &want);
        UNTIL(r, STREAMS(r, 1));
        assert_int_equal(rig_said(r, "call Pair"), 0);
        bluez_link_drop(r->sensors[1].link);
        assert_int_equal(bluez_forget(r->b, SENSOR), 0);
        UNTIL(r, rig_said(r, "removed " SENSOR) == 1);
        rig_stop(r);
}

/* Pair hangs, and is refused: the sensor is tried again, with the time in between growing. */
static void test_pairing_fails(void **state) {
        static const char *const faults[] = {"Pair x1 hang",
                "Pair x1 error org.bluez.Error.AuthenticationFailed Authentication Failed",
                "Pair x1 error org.bluez.Error.AuthenticationTimeout Authentication Timeout",
                "Pair x1 error org.bluez.Error.ConnectionAttemptFailed Page Timeout"};

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
                struct rig *r = set_up("", "pair=justworks");
                struct bluez_want want = {.bond = true, .may_pair = true, .passkey = -1};

                r->params.pair_us = 300000;
                rig_tell(r, "fault " SENSOR " %s", faults[i]);
                rig_client(r);
                rig_want(r, 1, &want);
                UNTIL(r, STREAMS(r, 1));
                assert_non_null(strstr(r->sensors[1].why, "pairing"));
                rig_stop(r);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_absent_then_there),
                cmocka_unit_test(test_killed_and_started_again),
                cmocka_unit_test(test_hangs_and_answers_again),
                cmocka_unit_test(test_hangs_from_the_start),
                cmocka_unit_test(test_the_first_answer_fails),
                cmocka_unit_test(test_power_off_and_on),
                cmocka_unit_test(test_starts_blocked),
                cmocka_unit_test(test_unplugged_and_back_with_another_name),
                cmocka_unit_test(test_the_other_adapter_takes_over),
                cmocka_unit_test(test_pinned_and_excluded),
                cmocka_unit_test(test_slots_are_learned),
                cmocka_unit_test(test_circuit_breaker),
                cmocka_unit_test(test_a_deaf_adapter_is_switched_off_and_on),
                cmocka_unit_test(test_discovery_fails),
                cmocka_unit_test(test_just_works),
                cmocka_unit_test(test_passkey),
                cmocka_unit_test(test_wrong_passkey),
                cmocka_unit_test(test_no_leave_to_pair),
                cmocka_unit_test(test_a_bond_from_before),
                cmocka_unit_test(test_pairing_fails),
        };
        return run_rig_tests(tests);
}

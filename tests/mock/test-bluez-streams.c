/* SPDX-License-Identifier: Apache-2.0 */
/* The client against the fake BlueZ: what works when all is well, and when there is much of it. */

#include <errno.h>
#include <unistd.h>

#include "rig.h"
#include "unit.h"
#include "util/macros.h"

static void test_one_sensor(void **state) {
        struct rig *r = rig_new(true);
        struct rig_sensor *s = &r->sensors[1];

        (void) state;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, "random battery=77");
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, s->packets >= 100 && s->informed && s->battery == 77);
        assert_string_equal(s->seen, "seeking queued connecting resolving preparing streaming ");
        assert_int_equal(s->gaps, 0);
        assert_false(s->unsteady);
        assert_string_equal(s->info.model, "Bar 1?");
        assert_int_equal(rig_said(r, "call AcquireNotify"), 1);
        assert_int_equal(rig_said(r, "call StartNotify"), 0);
        assert_int_equal(rig_said(r, "write C0:FF:EE:00:00:01 " RIG_WRITE " ffaa request"), 1);
        assert_int_equal(rig_said(r, "write C0:FF:EE:00:00:01 " RIG_WRITE " 01 command"), 1);
        assert_int_equal(rig_said(r, "call GetManagedObjects"), 1);
        UNTIL(r, r->adapters[0].state == BLUEZ_ADAPTER_IDLE && r->adapters[0].links == 1);
        rig_tell(r, "battery C0:FF:EE:00:00:01 12");
        UNTIL(r, s->battery == 12);
        /* The stop sequence of the plan comes before the end of the link. */
        rig_stop(r);
}

static void test_stop_says_goodbye(void **state) {
        struct rig *r = rig_new(true);

        (void) state;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, "");
        rig_sensor(r, 2, "away");
        rig_client(r);
        rig_want(r, 1, NULL);
        rig_want(r, 2, NULL);
        UNTIL(r, STREAMS(r, 1) && r->adapters[0].state == BLUEZ_ADAPTER_SCANNING);
        bluez_stop(r->b);
        UNTIL(r, r->stopped);
        assert_int_equal(rig_said(r, "write C0:FF:EE:00:00:01 " RIG_WRITE " 5f request"), 1);
        assert_int_equal(rig_said(r, "call Disconnect /org/bluez/hci0/dev_C0_FF_EE_00_00_01"), 1);
        assert_int_equal(rig_said(r, "call StopDiscovery"), rig_said(r, "call StartDiscovery"));
        rig_stop(r);
}

/* A link that is given up and wanted again at once: the new one waits for the end of the old one. */
static void test_drop_and_want_again(void **state) {
        struct rig *r = rig_new(true);

        (void) state;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, "");
        rig_client(r);
        for (unsigned i = 0; i < 3; i++) {
                rig_want(r, 1, NULL);
                UNTIL(r, STREAMS(r, 1) && r->sensors[1].packets > 2);
                bluez_link_drop(r->sensors[1].link);
        }
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1));
        assert_int_equal(rig_said(r, "call AcquireNotify"), 4);
        rig_stop(r);
}

static void test_ten_sensors_on_two_adapters(void **state) {
        struct rig *r = rig_new(true);
        unsigned links = 0, scans;

        (void) state;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_tell(r, "adapter hci1 00:11:22:33:44:01 gain=2");
        for (unsigned i = 0; i < 10; i++)
                rig_sensor(r, i, "random");
        rig_client(r);
        for (unsigned i = 0; i < 10; i++)
                rig_want(r, i, NULL);
        for (unsigned i = 0; i < 10; i++)
                UNTIL(r, r->sensors[i].packets >= 50);
        for (unsigned i = 0; i < 2; i++) {
                assert_in_range(r->adapters[i].links, 3, 7);
                links += r->adapters[i].links;
        }
        assert_int_equal(links, 10);
        UNTIL(r, r->adapters[0].state == BLUEZ_ADAPTER_IDLE && r->adapters[1].state == BLUEZ_ADAPTER_IDLE);
        /* Everything that is wanted is connected: no scanning any more. */
        scans = rig_said(r, "call StartDiscovery");
        rig_run_for_ms(r, 200);
        assert_int_equal(rig_said(r, "call StartDiscovery"), scans);

        rig_tell(r, "restart");
        for (unsigned i = 0; i < 10; i++)
                UNTIL(r, r->sensors[i].streamed == 2 && STREAMS(r, i));
        for (unsigned i = 0; i < 10; i++)
                assert_in_range(r->sensors[i].gaps, 0, 1);
        rig_stop(r);
}

/* One sensor never answers: it costs the others their turn now and then, and nothing else. */
static void test_an_absent_sensor_leaves_the_others_alone(void **state) {
        struct rig *r = rig_new(true);

        (void) state;
        r->params.connect_us = 200000;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        for (unsigned i = 0; i < 4; i++)
                rig_sensor(r, i, "");
        rig_tell(r, "fault C0:FF:EE:00:00:00 Connect hang");
        rig_client(r);
        for (unsigned i = 0; i < 4; i++)
                rig_want(r, i, NULL);
        UNTIL(r, STREAMS(r, 1) && STREAMS(r, 2) && STREAMS(r, 3) && r->sensors[0].why[0]);
        assert_string_equal(r->sensors[0].why, "no link within 0.2 s");
        for (unsigned i = 1; i < 4; i++)
                assert_int_equal(r->sensors[i].streamed, 1);
        rig_stop(r);
}

/* The socket of the real one holds 280 datagrams: after a stall some are lost, and the stream goes on. */
static void test_a_burst(void **state) {
        struct rig *r = rig_new(true);
        struct rig_sensor *s = &r->sensors[1];

        (void) state;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, "");
        rig_tell(r, "pattern C0:FF:EE:00:00:01 " RIG_STREAM " 0 5");
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1));
        rig_tell(r, "notify C0:FF:EE:00:00:01 " RIG_STREAM " 5561 times=5000");
        rig_tell(r, "notify C0:FF:EE:00:00:01 " RIG_STREAM " times=3");
        UNTIL(r, s->packets + rig_said(r, "dropped") == 5003);
        assert_in_range(s->packets, 100, 5003);
        assert_int_equal(s->streamed, 1);
        rig_stop(r);
}

/* What waits in a socket after a stall is read at one go, not one notification each turn. */
static void test_a_stall(void **state) {
        struct rig *r = rig_new(true);
        struct rig_sensor *s = &r->sensors[1];
        unsigned before;

        (void) state;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, "");
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1) && s->packets >= 10);
        before = s->packets;
        rig_tell_while_stalled(
                r, "notify C0:FF:EE:00:00:01 " RIG_STREAM " 5561 times=150"); /* a socket holds 280 */
        for (unsigned i = 0; i < 8; i++)
                assert_true(rig_run_once(r));
        assert_in_range(s->packets - before, 100, 280);
        rig_stop(r);
}

static void test_idle_wake_poll(void **state) {
        struct rig *r = rig_new(true);
        struct gatt_plan plan = rig_plan();
        struct bluez_want want = {.plan = &plan, .passkey = -1, .stall_us = 400000};

        (void) state;
        plan.idle_kind = GATT_IDLE_OFF;
        plan.idle = (struct gatt_sequence){
                .steps = {{.action = GATT_WRITE, .characteristic = 1, .n_bytes = 1, .bytes = {0x1d}}},
                .n_steps = 1};
        plan.wake = (struct gatt_sequence){
                .steps = {{.action = GATT_WRITE, .characteristic = 1, .n_bytes = 1, .bytes = {0xa3}}},
                .n_steps = 1};
        plan.poll = (struct gatt_sequence){
                .steps = {{.action = GATT_SEND, .characteristic = 1, .n_bytes = 1, .bytes = {0x27}}},
                .n_steps = 1};
        plan.poll_period_s = 3600;
        plan.battery = GATT_BATTERY_CHARACTERISTIC;
        plan.battery_characteristic = 2;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, "");
        rig_tell(r, "pattern C0:FF:EE:00:00:01 " RIG_STREAM " 20 5 count=20");
        rig_client(r);
        rig_want(r, 1, &want);
        bluez_link_idle(r->sensors[1].link, true);
        UNTIL(r, rig_said(r, "write C0:FF:EE:00:00:01 " RIG_WRITE " 1d request") == 1);
        UNTIL(r, rig_said(r, "write C0:FF:EE:00:00:01 " RIG_WRITE " 27 command") == 1);
        UNTIL(r, r->sensors[1].battery_values == 1 && r->sensors[1].battery == 0x2a);
        rig_tell(r, "notify C0:FF:EE:00:00:01 " RIG_BATTERY " 11");
        UNTIL(r, r->sensors[1].battery_values == 2 && r->sensors[1].battery == 0x11);
        /* Silent, and idle: no stall. */
        rig_run_for_ms(r, 600);
        assert_int_equal(r->sensors[1].streamed, 1);
        assert_true(STREAMS(r, 1));
        bluez_link_idle(r->sensors[1].link, false);
        UNTIL(r, rig_said(r, "write C0:FF:EE:00:00:01 " RIG_WRITE " a3 request") == 1);
        /* Silent, and awake: a stall. */
        UNTIL(r, strcmp(r->sensors[1].why, "no packet for 0.4 s") == 0);
        rig_stop(r);
}

static void test_scan_for_a_person(void **state) {
        struct rig *r = rig_new(true);

        (void) state;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_tell(r,
                "sensor C0:FF:EE:00:00:01 name=%%1b[2J%%07Bar%%7f rssi=-48 "
                "services=0000FFE5-0000-1000-8000-00805F9A34FB,junk");
        r->params.scan_us = 50000;
        rig_client(r);
        bluez_scan(r->b, true);
        UNTIL(r, r->devices > 0);
        UNTIL(r, rig_said(r, "call StartDiscovery") >= 3); /* window after window */
        UNTIL(r, r->adapters[0].state == BLUEZ_ADAPTER_SCANNING);
        assert_string_equal(r->last_device.name, "[2JBar");
        assert_string_equal(r->last_device.adapter, "00:11:22:33:44:00");
        assert_string_equal(r->last_device.uuids[0], "0000ffe5-0000-1000-8000-00805f9a34fb");
        assert_int_equal(r->last_device.n_uuids, 1);
        assert_int_equal(r->last_device.rssi_dbm, -48);
        bluez_scan(r->b, false);
        UNTIL(r, r->adapters[0].state == BLUEZ_ADAPTER_IDLE);
        assert_int_equal(rig_said(r, "call Connect"), 0);
        rig_stop(r);
}

static void test_a_flood(void **state) {
        struct rig *r = rig_new(true);

        (void) state;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, "");
        rig_sensor(r, 2, "away");
        rig_client(r);
        rig_want(r, 1, NULL);
        UNTIL(r, STREAMS(r, 1));
        bluez_scan(r->b, true);
        rig_tell(r, "flood hci0 4000");
        /* Beyond its bound the mirror takes no stranger, but still a sensor that somebody wants. */
        rig_want(r, 2, NULL);
        rig_tell(r, "sensor C0:FF:EE:00:00:02 here");
        UNTIL(r, STREAMS(r, 2));
        UNTIL(r, r->devices >= 1024);
        assert_in_range(r->devices, 1024, 1024 + 200);
        assert_int_equal(r->sensors[1].streamed, 1);
        assert_int_equal(r->sensors[1].gaps, 0);
        rig_stop(r);
}

static void test_wants_that_cannot_be(void **state) {
        struct rig *r = rig_new(false);
        struct gatt_plan plan = rig_plan();
        struct bluez_want want = {.address = "c0:ff:ee:00:00:01", .plan = &plan};
        static const struct bluez_link_handler deaf;
        struct bluez_link *link = NULL, *other = NULL;

        (void) state;
        rig_client(r);
        assert_int_equal(bluez_want(r->b, &want, &deaf, NULL, &link), 0);
        want.address = "C0:FF:EE:00:00:01";
        assert_int_equal(bluez_want(r->b, &want, &deaf, NULL, &other), -EEXIST);
        assert_null(other);
        link = bluez_link_drop(link);
        assert_int_equal(bluez_want(r->b, &want, &deaf, NULL, &other), 0);
        static const char *const bad[] = {
                "", "C0:FF:EE:00:00", "C0:FF:EE:00:00:0G", "C0:FF:EE:00:00:01:02", "C0-FF-EE-00-00-01"};
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                want.address = bad[i];
                assert_int_equal(bluez_want(r->b, &want, &deaf, NULL, &link), -EINVAL);
        }
        assert_int_equal(bluez_forget(r->b, "nobody"), -EINVAL);
        assert_int_equal(bluez_forget(r->b, "C0:FF:EE:00:00:01"), 0);
        rig_stop(r);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_sensor),
                cmocka_unit_test(test_stop_says_goodbye),
                cmocka_unit_test(test_drop_and_want_again),
                cmocka_unit_test(test_ten_sensors_on_two_adapters),
                cmocka_unit_test(test_an_absent_sensor_leaves_the_others_alone),
                cmocka_unit_test(test_a_burst),
                cmocka_unit_test(test_a_stall),
                cmocka_unit_test(test_idle_wake_poll),
                cmocka_unit_test(test_scan_for_a_person),
                cmocka_unit_test(test_a_flood),
                cmocka_unit_test(test_wants_that_cannot_be),
        };
        return run_rig_tests(tests);
}

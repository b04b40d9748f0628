/* SPDX-License-Identifier: Apache-2.0 */
/* The client against the fake BlueZ: what works when all is well. */

#include "rig.h"
#include "unit.h"
#include "util/macros.h"

#define STREAMS(r, i) ((r)->sensors[i].state == BLUEZ_LINK_STREAMING)

static void stop(struct rig *r) {
        bluez_stop(r->b);
        UNTIL(r, r->stopped);
        r->b = bluez_free(r->b);
        sd_bus_flush(r->bus);
        assert_int_equal(rig_said(r, "violation"), 0);
        rig_free(r);
}

static void test_one_sensor(void **state) {
        struct rig *r = rig_new(true);
        struct rig_sensor *s = &r->sensors[1];

        (void) state;
        rig_tell(r, "adapter hci0 00:11:22:33:44:00");
        rig_sensor(r, 1, "random battery=77");
        rig_client(r);
        UNTIL(r, r->service == BLUEZ_SERVICE_READY);
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
        stop(r);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_sensor),
        };
        return run_unit_tests(tests);
}

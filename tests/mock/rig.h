/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A test's own bus, its own fake BlueZ, and the client under test, on one event loop. Nothing here waits for a time to
 * pass: UNTIL() runs the loop until something is so, and fails where it is not within RIG_PATIENCE_S. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "bluez/bluez.h"

#define RIG_PATIENCE_S  20
#define RIG_SENSORS_MAX 16
#define RIG_DEVICES_MAX 64

struct rig;

struct rig_sensor {
        struct rig *rig;
        struct bluez_link *link;
        enum bluez_link_state state;
        char why[256];
        char seen[512];          /* every state it was told, as "queued connecting " */
        unsigned streamed;       /* times it came to STREAMING */
        unsigned packets, gaps;  /* of the counter in the first four bytes */
        uint32_t last;           /* counter */
        uint64_t last_us;        /* arrival */
        bool unsteady;           /* arrivals that ran backwards */
        int battery;             /* -1 = not told */
        unsigned battery_values; /* on_battery_value() */
        struct bluez_sensor_info info;
        bool informed;
};

struct rig {
        sd_event *event;
        sd_bus *bus;
        struct bluez *b;
        struct bluez_params params;
        pid_t daemon, mock;
        int to_mock, from_mock;
        sd_event_source *mock_source;
        char address[256];
        char *log; /* all that the mock has printed */
        size_t n_log;
        unsigned answers;
        struct rig_sensor sensors[RIG_SENSORS_MAX];
        enum bluez_service_state service;
        unsigned times_ready;
        bool stopped;
        unsigned devices; /* on_device() */
        struct bluez_device_info last_device;
        struct bluez_adapter_info adapters[4]; /* last told, in the order of coming */
        unsigned n_adapters;
};

/* Short time-outs; with_mock: BlueZ is there. */
struct rig *rig_new(bool with_mock);
void rig_free(struct rig *r);

/* After changes of r->params; waits until BlueZ is read, where there is one. */
void rig_client(struct rig *r);
void rig_mock_start(struct rig *r);
void rig_mock_kill(struct rig *r);

/* A command to the mock, and its "ok". */
void rig_tell(struct rig *r, const char *format, ...) __attribute__((__format__(printf, 2, 3)));
/* A command that the mock carries out while nobody turns the loop here. */
void rig_tell_while_stalled(struct rig *r, const char *line);

/* How often the mock has printed a line that begins so. */
unsigned rig_said(const struct rig *r, const char *beginning);
void rig_forget_log(struct rig *r);

/* "C0:FF:EE:00:00:NN" */
const char *rig_address(unsigned i);

/* In the mock: a sensor i with the rig's characteristics, which sends a counter every 5 ms while it is listened to. */
void rig_sensor(struct rig *r, unsigned i, const char *options);

/* Wanted by the client. NULL = the plan of the rig. */
void rig_want(struct rig *r, unsigned i, const struct bluez_want *more);
struct gatt_plan rig_plan(void);

bool rig_run_once(struct rig *r); /* false = patience is over */
void rig_start_waiting(struct rig *r);
void rig_run_for_ms(struct rig *r, unsigned ms);

#define UNTIL(rig, condition)                                                                                  \
        do {                                                                                                   \
                rig_start_waiting(rig);                                                                        \
                while (!(condition))                                                                           \
                        if (!rig_run_once(rig))                                                                \
                                fail_msg("%s: it never came to: %s; the mock said:\n%s", __func__, #condition, \
                                        (rig)->n_log > 3000 ? (rig)->log + (rig)->n_log - 3000 : (rig)->log);  \
        } while (0)

#define STREAMS(rig, i) ((rig)->sensors[i].state == BLUEZ_LINK_STREAMING)

/* main() of a group: without a dbus-daemon nothing can be tested, and that is said. */
#define run_rig_tests(tests)                                                                                   \
        (rig_has_bus() ? run_unit_tests(tests) : (puts("1..0 # SKIP dbus-daemon is missing"), 0))
bool rig_has_bus(void);

/* A clean stop: sensors disconnected, then nothing was done that hurts BlueZ. */
void rig_stop(struct rig *r);

#define RIG_STREAM  "0000ffe4-0000-1000-8000-00805f9a34fb"
#define RIG_WRITE   "0000ffe9-0000-1000-8000-00805f9a34fb"
#define RIG_BATTERY "0000ba77-0000-1000-8000-00805f9a34fb"

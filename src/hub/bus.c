/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the bus, owning the name, noticing the end, opening it again. */

#include "hub/bus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/log.h"

#define RETRY_US UINT64_C(5000000)

struct bus {
        sd_event *loop;
        const struct bus_handler *handler;
        void *userdata;
        sd_bus *bus;            /* NULL = away */
        sd_event_source *timer; /* due: try; or, after a loss, let go */
        bool lost;              /* closed, and the handler does not know yet */
        bool told;              /* that there is no bus: once for each absence */
};

static int arm(struct bus *b, uint64_t in_us) {
        int r = sd_event_source_set_time_relative(b->timer, in_us);

        return r < 0 ? r : sd_event_source_set_enabled(b->timer, SD_EVENT_ONESHOT);
}

/* Not from here: others are still being told of the end, each in its turn. */
static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bus *b = userdata;

        (void) m;
        (void) error;
        b->lost = true;
        arm(b, 0);
        return 0;
}

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bus *b = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        uint32_t result = 0;

        (void) error;
        if (e && sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY))
                return 0; /* the connection has ended: that is told elsewhere */
        if (b->told)
                log_notice("the system bus is there");
        b->told = false;
        if (e)
                log_warning("the bus does not give repcastd the name %s (%s); repcastctl will not find it. Is "
                            "org.repcast.Hub1.conf installed in dbus-1/system.d, and does repcastd run as user "
                            "repcast?",
                        BUS_NAME, e->message ? e->message : e->name);
        else if (sd_bus_message_read(m, "u", &result) >= 0 && result != 1 && result != 4)
                log_warning("another program has the bus name %s; repcastctl speaks to that one. Does repcastd "
                            "run twice?",
                        BUS_NAME);
        return 0;
}

static int attach(struct bus *b) {
        int r = sd_bus_attach_event(b->bus, b->loop, SD_EVENT_PRIORITY_NORMAL);

        if (r >= 0) /* matched here only, without a call to the bus */
                r = sd_bus_add_match(b->bus, NULL,
                        "type='signal',sender='org.freedesktop.DBus.Local',"
                        "path='/org/freedesktop/DBus/Local',interface='org.freedesktop.DBus.Local',"
                        "member='Disconnected'",
                        on_disconnected, b);
        if (r >= 0)
                r = sd_bus_request_name_async(b->bus, NULL, BUS_NAME, 0, on_name, b);
        return r;
}

static void try(struct bus *b) {
        int r = sd_bus_open_system_with_description(&b->bus, "repcast");

        if (r >= 0) {
                r = attach(b);
                if (r < 0)
                        b->bus = sd_bus_close_unref(b->bus);
        }
        if (r >= 0) {
                b->handler->on_up(b->userdata, b->bus);
                return;
        }
        if (!b->told)
                log_notice(
                        "there is no system bus (%s): Bluetooth sensors and repcastctl wait for it, the rest "
                        "goes on",
                        strerror(-r));
        b->told = true;
        arm(b, RETRY_US);
}

static void let_go(struct bus *b) {
        b->lost = false;
        b->handler->on_down(b->userdata);
        b->bus = sd_bus_close_unref(b->bus);
        if (!b->told)
                log_warning(
                        "the system bus has closed the connection; Bluetooth sensors and repcastctl wait for "
                        "it, the rest goes on");
        b->told = true;
        arm(b, RETRY_US);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        struct bus *b = userdata;

        (void) source;
        (void) usec;
        if (b->lost)
                let_go(b);
        else if (!b->bus)
                try(b);
        return 0;
}

int bus_new(sd_event *loop, const struct bus_handler *handler, void *userdata, struct bus **ret) {
        struct bus *b = calloc(1, sizeof(*b));
        int r;

        if (!b)
                return -ENOMEM;
        b->loop = sd_event_ref(loop);
        b->handler = handler;
        b->userdata = userdata;
        r = sd_event_add_time_relative(loop, &b->timer, CLOCK_MONOTONIC, 0, 0, on_timer, b);
        if (r < 0) {
                bus_free(b);
                return r;
        }
        *ret = b;
        return 0;
}

struct bus *bus_free(struct bus *b) {
        if (!b)
                return NULL;
        sd_event_source_disable_unref(b->timer);
        sd_bus_close_unref(b->bus);
        sd_event_unref(b->loop);
        free(b);
        return NULL;
}

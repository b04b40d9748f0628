/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The connection to the system bus, for as long as there is one.
 *
 *     AWAY --try--> CONNECTED (on_up) --closed--> LOST --next turn of the loop--> AWAY (on_down) --after a while--> try
 *
 * A hub without a bus is no fault: recordings play and messages are sent all the same. It is said once, and tried again
 * for as long as the daemon runs. Nothing here blocks. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define BUS_NAME "org.repcast.Hub1"

struct bus;

struct bus_handler {
        /* Attached to the loop; what is sent now goes out as soon as the bus has let us in. */
        void (*on_up)(void *userdata, sd_bus *bus);
        /* Everything that hangs on it must be let go now. Not called by bus_free(). */
        void (*on_down)(void *userdata);
};

int bus_new(sd_event *loop, const struct bus_handler *handler, void *userdata, struct bus **ret);
struct bus *bus_free(struct bus *b);

/* SPDX-License-Identifier: Apache-2.0 */
/* Who owns org.bluez, and what it says: the watch of the name, the mirror's messages, activation, probe.
 *
 *     ABSENT --owner--> LOADING --GetManagedObjects--> READY <-- answers, and is read anew --> HANGS
 *        ^                 |                             |                   |
 *        '-- no owner -----'-----------------------------'-------------------'
 *
 * A killed bluetoothd sends no InterfacesRemoved: whoever loses the name loses everything at once. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bluez/bluez-private.h"
#include "util/log.h"

#define BUS_SERVICE      "org.freedesktop.DBus"
#define BUS_PATH         "/org/freedesktop/DBus"
#define OBJECT_MANAGER   "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES       "org.freedesktop.DBus.Properties"
#define LOAD_MIN_US      UINT64_C(500000)
#define LOAD_MAX_US      UINT64_C(30000000)
#define ACTIVATE_CALL_US UINT64_C(25000000)

bool service_is_sender(const struct bluez *b, sd_bus_message *m) {
        const char *sender = sd_bus_message_get_sender(m);

        return sender && b->owner[0] && strcmp(sender, b->owner) == 0;
}

static void enter(struct bluez *b, enum bluez_service_state state, const char *why) {
        if (b->service == state)
                return;
        b->service = state;
        if (b->handler->on_service)
                b->handler->on_service(b->userdata, state, why);
}

/* ---- messages into the mirror -------------------------------------------------------------------------------- */

static void noted(struct bluez *b) {
        if (b->mirror.dirty || (b->mirror.heard && b->scan) || b->service != BLUEZ_SERVICE_READY)
                bluez_kick(b);
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez *b = userdata;

        (void) error;
        if (!service_is_sender(b, m))
                return 0;
        bluez_message_fault("InterfacesAdded", m, mirror_added(&b->mirror, m, bluez_now_us(b)));
        noted(b);
        return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez *b = userdata;

        (void) error;
        if (!service_is_sender(b, m))
                return 0;
        bluez_message_fault("InterfacesRemoved", m, mirror_removed(&b->mirror, m));
        noted(b);
        return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez *b = userdata;

        (void) error;
        if (!service_is_sender(b, m))
                return 0;
        bluez_message_fault("PropertiesChanged", m, mirror_changed(&b->mirror, m, bluez_now_us(b)));
        noted(b);
        return 0;
}

static int on_loaded(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez *b = userdata;
        char why[WHY_MAX];
        enum bluez_error e = bluez_reply(m, why);

        (void) error;
        b->load_call = sd_bus_slot_unref(b->load_call);
        if (e == BLUEZ_ERROR_NONE &&
                !bluez_message_fault("GetManagedObjects", m, mirror_load(&b->mirror, m, bluez_now_us(b)))) {
                backoff_reset(&b->load_backoff);
                b->reload = false;
                b->probe_misses = 0;
                b->probe_at_us = bluez_now_us(b) + b->params.probe_us;
                if (b->service != BLUEZ_SERVICE_READY)
                        log_info("BlueZ is there; adapters: %zu", b->mirror.n_adapters);
                enter(b, BLUEZ_SERVICE_READY, NULL);
        } else {
                if (e == BLUEZ_ERROR_NO_REPLY && b->service == BLUEZ_SERVICE_LOADING) {
                        log_warning("BlueZ is there and does not answer");
                        enter(b, BLUEZ_SERVICE_HANGS, why);
                }
                b->load_at_us = bluez_now_us(b) + backoff_next_us(&b->load_backoff);
        }
        bluez_kick(b);
        return 0;
}

/* ---- the owner ----------------------------------------------------------------------------------------------- */

static void lose(struct bluez *b) {
        b->owner[0] = '\0';
        b->load_call = sd_bus_slot_unref(b->load_call);
        b->probe_call = sd_bus_slot_unref(b->probe_call);
        b->reload = false;
        mirror_clear(&b->mirror);
        agent_lost(b);
}

static void set_owner(struct bluez *b, const char *owner) {
        if (strcmp(b->owner, owner) == 0)
                return;
        if (b->owner[0]) {
                lose(b);
                log_warning("BlueZ has left the bus; every sensor is lost until it comes back");
        }
        snprintf(b->owner, sizeof(b->owner), "%s", owner);
        if (!b->owner[0]) {
                b->activate_at_us = bluez_now_us(b) + b->params.activate_us;
                enter(b, BLUEZ_SERVICE_ABSENT, "BlueZ (bluetooth.service) is not running");
        } else {
                backoff_reset(&b->load_backoff);
                b->load_at_us = 0;
                enter(b, BLUEZ_SERVICE_LOADING, NULL);
        }
        bluez_kick(b);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *before, *after;

        (void) error;
        if (sd_bus_message_read(m, "sss", &name, &before, &after) >= 0 && strcmp(name, BLUEZ_SERVICE) == 0)
                set_owner(userdata, after);
        return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez *b = userdata;
        const char *owner = "";

        (void) error;
        b->owner_call = sd_bus_slot_unref(b->owner_call);
        if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "s", &owner) >= 0) {
                set_owner(b, owner);
                return 0;
        }
        /* Nobody: have it started, once; where the unit is missing or disabled that is how it is. */
        b->activate_at_us = 0;
        b->service = _BLUEZ_SERVICE_STATE_MAX;
        enter(b, BLUEZ_SERVICE_ABSENT, "BlueZ (bluetooth.service) is not running");
        bluez_kick(b);
        return 0;
}

static int on_activated(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez *b = userdata;
        char why[WHY_MAX];

        (void) error;
        b->activate_call = sd_bus_slot_unref(b->activate_call);
        if (bluez_reply(m, why) != BLUEZ_ERROR_NONE && b->service == BLUEZ_SERVICE_ABSENT)
                log_notice("BlueZ could not be started: %s; waiting for it", why);
        return 0;
}

/* A second start would not help a first one that goes on: one try, then a long wait. */
static void activate(struct bluez *b, uint64_t now_us) {
        int r;

        if (now_us < b->activate_at_us || b->activate_call) {
                if (!b->activate_call)
                        bluez_wake_at(b, b->activate_at_us);
                return;
        }
        b->activate_at_us = now_us + b->params.activate_us;
        bluez_wake_at(b, b->activate_at_us);
        r = sd_bus_call_method_async(b->bus, &b->activate_call, BUS_SERVICE, BUS_PATH, BUS_SERVICE,
                "StartServiceByName", on_activated, b, "su", BLUEZ_SERVICE, UINT32_C(0));
        if (r < 0)
                log_error("cannot ask for BlueZ: %s", strerror(-r));
}

/* ---- is it alive? -------------------------------------------------------------------------------------------- */

static int on_probed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez *b = userdata;
        char why[WHY_MAX];

        (void) error;
        b->probe_call = sd_bus_slot_unref(b->probe_call);
        if (bluez_reply(m, why) != BLUEZ_ERROR_NO_REPLY) {
                /* Any answer is a sign of life. What was missed meanwhile has to be read anew. */
                b->probe_misses = 0;
                if (b->service == BLUEZ_SERVICE_HANGS) {
                        log_notice("BlueZ answers again");
                        b->load_at_us = 0;
                        b->reload = true;
                }
        } else if (++b->probe_misses >= b->params.probe_misses && b->service == BLUEZ_SERVICE_READY) {
                log_warning("BlueZ does not answer any more (probes: %u); bluetooth.service may need a restart",
                        b->probe_misses);
                enter(b, BLUEZ_SERVICE_HANGS, "BlueZ does not answer");
        }
        bluez_kick(b);
        return 0;
}

/* A property of an adapter; without one, the daemon's root object: who answers "unknown" is alive too. */
static void probe(struct bluez *b, uint64_t now_us) {
        const char *path = "/org/bluez";

        if (b->probe_call || now_us < b->probe_at_us) {
                if (!b->probe_call)
                        bluez_wake_at(b, b->probe_at_us);
                return;
        }
        for (const struct mirror_object *o = mirror_next(&b->mirror, NULL); o; o = mirror_next(&b->mirror, o))
                if (o->adapter)
                        path = o->path;
        b->probe_at_us = now_us + b->params.probe_us;
        bluez_call(b, &b->probe_call, path, PROPERTIES, "Get", b->params.probe_wait_us, on_probed, b, "ss",
                "org.bluez.Adapter1", "Powered");
}

static void load(struct bluez *b, uint64_t now_us) {
        if (b->load_call)
                return;
        if (now_us < b->load_at_us) {
                bluez_wake_at(b, b->load_at_us);
                return;
        }
        b->load_at_us = now_us + LOAD_MAX_US;
        bluez_call(b, &b->load_call, "/", OBJECT_MANAGER, "GetManagedObjects", b->params.call_us, on_loaded, b,
                "");
}

void service_work(struct bluez *b, uint64_t now_us) {
        switch (b->service) {
        case BLUEZ_SERVICE_ABSENT:
                if (!b->owner_call)
                        activate(b, now_us);
                break;
        case BLUEZ_SERVICE_LOADING:
                load(b, now_us);
                break;
        case BLUEZ_SERVICE_HANGS:
                if (b->reload)
                        load(b, now_us);
                probe(b, now_us);
                break;
        case BLUEZ_SERVICE_READY:
                probe(b, now_us);
                break;
        case _BLUEZ_SERVICE_STATE_MAX:
                break;
        }
}

/* ---- start --------------------------------------------------------------------------------------------------- */

#define FROM_BLUEZ "type='signal',sender='" BLUEZ_SERVICE "',"
#define CHANGED_OF(interface)                                                                                  \
        FROM_BLUEZ "interface='" PROPERTIES                                                                    \
                   "',member='PropertiesChanged',path_namespace='/org/bluez',arg0='" interface "'"

/* Exact rules: with a broad one, every notified value of every client on the bus would wake this one. */
int service_start(struct bluez *b) {
        static const struct {
                const char *rule;
                sd_bus_message_handler_t handler;
        } matches[] = {
                {FROM_BLUEZ "interface='" OBJECT_MANAGER "',member='InterfacesAdded'", on_added},
                {FROM_BLUEZ "interface='" OBJECT_MANAGER "',member='InterfacesRemoved'", on_removed},
                {CHANGED_OF("org.bluez.Adapter1"), on_changed},
                {CHANGED_OF("org.bluez.Device1"), on_changed},
                {CHANGED_OF("org.bluez.Battery1"), on_changed},
        };
        int r;

        _Static_assert(ARRAY_SIZE(matches) <= ARRAY_SIZE(((struct bluez *) NULL)->matches), "a slot for each");
        b->service = BLUEZ_SERVICE_ABSENT;
        backoff_init(&b->load_backoff, LOAD_MIN_US, LOAD_MAX_US, b->params.seed);
        r = sd_bus_add_match_async(b->bus, &b->watch,
                "type='signal',sender='" BUS_SERVICE "',path='" BUS_PATH "',interface='" BUS_SERVICE
                "',member='NameOwnerChanged',arg0='" BLUEZ_SERVICE "'",
                on_owner_changed, NULL, b);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(matches); i++)
                r = sd_bus_add_match_async(
                        b->bus, &b->matches[i], matches[i].rule, matches[i].handler, NULL, b);
        if (r >= 0)
                r = sd_bus_call_method_async(b->bus, &b->owner_call, BUS_SERVICE, BUS_PATH, BUS_SERVICE,
                        "GetNameOwner", on_owner, b, "s", BLUEZ_SERVICE);
        return r;
}

void service_stop(struct bluez *b) {
        sd_bus_slot_unref(b->watch);
        for (size_t i = 0; i < ARRAY_SIZE(b->matches); i++)
                sd_bus_slot_unref(b->matches[i]);
        sd_bus_slot_unref(b->owner_call);
        sd_bus_slot_unref(b->load_call);
        sd_bus_slot_unref(b->probe_call);
        sd_bus_slot_unref(b->activate_call);
}

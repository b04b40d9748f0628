/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter as BlueZ shows it, and the two registrations on it. */

#include "peripheral/presence.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util/macros.h"

#define ADAPTER        "org.bluez.Adapter1"
#define DEVICE         "org.bluez.Device1"
#define GATT_MANAGER   "org.bluez.GattManager1"
#define ADVERT_MANAGER "org.bluez.LEAdvertisingManager1"
#define RETRY_US       UINT64_C(1000000)

static void set_state(struct presence *p, enum presence_state state, const char *why) {
        if (p->state == state && !why)
                return;
        p->state = state;
        p->handler->on_state(p->userdata, state, why);
}

/* ---- links --------------------------------------------------------------------------------------------------- */

/* "/org/bluez/hci1/dev_00_AA_01_00_00_42" -> "00:AA:01:00:00:42" */
static const char *device_address(const char *path) {
        static char address[18];
        const char *device = strstr(path, "/dev_");

        snprintf(address, sizeof(address), "%s", device ? device + strlen("/dev_") : "");
        for (char *c = address; *c; c++)
                if (*c == '_')
                        *c = ':';
        return address;
}

static bool is_ours(const struct presence *p, const char *path) {
        size_t n = strlen(p->adapter);

        return n > 0 && strncmp(path, p->adapter, n) == 0 && strncmp(path + n, "/dev_", 5) == 0 &&
                !strchr(path + n + 1, '/');
}

static char *find_link(struct presence *p, const char *path) {
        for (unsigned i = 0; i < PRESENCE_LINKS_MAX; i++)
                if (strcmp(p->links[i], path) == 0)
                        return p->links[i];
        return NULL;
}

static void readvertise(struct presence *p);

static void see_link(struct presence *p, const char *path, bool connected) {
        char *link;

        if (!is_ours(p, path) || (find_link(p, path) != NULL) == connected)
                return;
        link = find_link(p, connected ? "" : path);
        if (!link)
                return;
        snprintf(link, BUS_PATH_MAX, "%s", connected ? path : "");
        p->handler->on_link(p->userdata, device_address(path), connected);
        if (!connected)
                readvertise(p);
}

static void drop_links(struct presence *p) {
        for (unsigned i = 0; i < PRESENCE_LINKS_MAX; i++) {
                char path[BUS_PATH_MAX];

                snprintf(path, sizeof(path), "%s", p->links[i]);
                p->links[i][0] = '\0';
                if (path[0])
                        p->handler->on_link(p->userdata, device_address(path), false);
        }
}

void presence_disconnect(struct presence *p) {
        for (unsigned i = 0; i < PRESENCE_LINKS_MAX; i++)
                if (p->links[i][0])
                        bus_send(p->bus, bus_method(p->links[i], DEVICE, "Disconnect"));
}

/* ---- registrations ------------------------------------------------------------------------------------------- */

static void advance(struct presence *p);

static void call_manager(
        struct presence *p, const char *manager, const char *method, const char *path, bus_reply_fn done) {
        DBusMessage *call = bus_method(p->adapter, manager, method);
        DBusMessageIter body;

        dbus_message_iter_init_append(call, &body);
        bus_put(&body, DBUS_TYPE_OBJECT_PATH, &path);
        bus_put_no_options(&body);
        p->calling = true;
        bus_call(p->bus, call, done, p);
}

static void unregister_advert(struct presence *p) {
        DBusMessage *call = bus_method(p->adapter, ADVERT_MANAGER, "UnregisterAdvertisement");
        const char *path = ADVERT_PATH;

        bus_must(dbus_message_append_args(call, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID));
        bus_send(p->bus, call);
        p->advertising = false;
}

/* What hubs read as the sensor's name once they have connected; BlueZ has one for each adapter. An empty alias is the
 * computer's name. */
static void set_alias(struct presence *p, const char *alias) {
        DBusMessage *call = bus_method(p->adapter, BUS_PROPERTIES, "Set");
        const char *interface = ADAPTER, *property = "Alias";
        DBusMessageIter body, variant;

        dbus_message_iter_init_append(call, &body);
        bus_put(&body, DBUS_TYPE_STRING, &interface);
        bus_put(&body, DBUS_TYPE_STRING, &property);
        bus_open_container(&body, DBUS_TYPE_VARIANT, "s", &variant);
        bus_put(&variant, DBUS_TYPE_STRING, &alias);
        bus_close_container(&body, &variant);
        bus_send(p->bus, call);
}

/* False where the reply belongs to an adapter or a BlueZ that has gone meanwhile. */
static bool settled(struct presence *p, DBusMessage *reply) {
        const char *error = bus_error(reply);

        p->calling = false;
        if (p->state < PRESENCE_REGISTERING)
                return false;
        /* What has been there before the last power cycle is just as good. */
        if (!error || strstr(error, "AlreadyExists"))
                return true;
        set_state(p, p->state, error);
        p->retry.due_us = loop_now_us() + RETRY_US;
        return false;
}

static void on_advert(DBusMessage *reply, void *userdata) {
        struct presence *p = userdata;

        if (!settled(p, reply))
                return;
        p->advertising = true;
        set_state(p, PRESENCE_READY, NULL);
        advance(p); /* it may have been called off meanwhile */
}

static void on_application(DBusMessage *reply, void *userdata) {
        struct presence *p = userdata;

        if (!settled(p, reply))
                return;
        set_state(p, PRESENCE_READY, NULL);
        advance(p);
}

/* Do what comes next. */
static void advance(struct presence *p) {
        if (p->state == PRESENCE_NO_BLUEZ || p->calling)
                return;
        if (!p->adapter[0] || !p->has_gatt || !p->has_adverts) {
                set_state(p, PRESENCE_NO_ADAPTER, NULL);
        } else if (!p->powered) {
                set_state(p, PRESENCE_OFF, NULL);
        } else if (p->state < PRESENCE_REGISTERING) {
                set_state(p, PRESENCE_REGISTERING, NULL);
                set_alias(p, p->advert->name);
                call_manager(p, GATT_MANAGER, "RegisterApplication", APPLICATION_ROOT, on_application);
        } else if (p->state == PRESENCE_READY && p->advertise && !p->advertising) {
                call_manager(p, ADVERT_MANAGER, "RegisterAdvertisement", ADVERT_PATH, on_advert);
        } else if (p->advertising && !p->advertise) {
                unregister_advert(p);
        }
}

static void on_retry(void *userdata) {
        struct presence *p = userdata;

        if (p->state == PRESENCE_NO_BLUEZ)
                presence_start(p);
        else if (p->state == PRESENCE_REGISTERING) {
                p->state = PRESENCE_OFF;
                advance(p);
        } else
                advance(p);
}

/* A link takes the advertisement off the air, and not every kernel puts it back. */
static void readvertise(struct presence *p) {
        if (p->advertising && !p->calling)
                unregister_advert(p);
        advance(p);
}

void presence_advertise(struct presence *p, bool advertise) {
        p->advertise = advertise;
        advance(p);
}

/* ---- what BlueZ tells ---------------------------------------------------------------------------------------- */

static bool is_wanted(const struct presence *p, const char *path, const char *address) {
        const char *name = strrchr(path, '/');

        return !p->wanted || strcmp(name + 1, p->wanted) == 0 || strcasecmp(address, p->wanted) == 0;
}

static void lose_adapter(struct presence *p) {
        p->powered = p->has_gatt = p->has_adverts = p->advertising = p->calling = false;
        p->adapter[0] = '\0';
        drop_links(p);
        application_reset(p->application);
}

static void see_powered(struct presence *p, bool powered) {
        if (p->powered && !powered) {
                drop_links(p);
                application_reset(p->application);
                unregister_advert(p);
        }
        p->powered = powered;
}

static void see_adapter(struct presence *p, const char *path, DBusMessageIter *properties) {
        const char *address = "", *alias = "", *key;
        DBusMessageIter dict, value;
        bool powered = false, has_powered = false;

        if (!bus_enter(properties, &dict))
                return;
        while ((key = bus_next_entry(&dict, &value))) {
                if (strcmp(key, "Address") == 0 && bus_get_text(&value))
                        address = bus_get_text(&value);
                if (strcmp(key, "Alias") == 0 && bus_get_text(&value))
                        alias = bus_get_text(&value);
                if (strcmp(key, "Powered") == 0) {
                        has_powered = true;
                        powered = bus_get_bool(&value);
                }
        }
        if (!p->adapter[0] && address[0] && is_wanted(p, path, address)) {
                snprintf(p->adapter, sizeof(p->adapter), "%s", path);
                snprintf(p->address, sizeof(p->address), "%s", address);
                if (strcmp(alias, p->advert->name) != 0)
                        snprintf(p->alias, sizeof(p->alias), "%s", alias);
        }
        if (has_powered && strcmp(path, p->adapter) == 0)
                see_powered(p, powered);
}

static void see_device(struct presence *p, const char *path, DBusMessageIter *properties) {
        DBusMessageIter dict, value;
        const char *key;

        if (!bus_enter(properties, &dict))
                return;
        while ((key = bus_next_entry(&dict, &value)))
                if (strcmp(key, "Connected") == 0)
                        see_link(p, path, bus_get_bool(&value));
}

/* a{sa{sv}}: all that an object has, or what was added to it. The adapter comes first, whatever the order. */
static void see_object(struct presence *p, const char *path, DBusMessageIter *interfaces) {
        DBusMessageIter dict, properties;
        const char *interface;

        if (!bus_enter(interfaces, &dict))
                return;
        for (DBusMessageIter d = dict; (interface = bus_next_entry(&d, &properties));)
                if (strcmp(interface, ADAPTER) == 0)
                        see_adapter(p, path, &properties);
        while ((interface = bus_next_entry(&dict, &properties))) {
                if (strcmp(interface, DEVICE) == 0)
                        see_device(p, path, &properties);
                if (strcmp(path, p->adapter) != 0)
                        continue;
                p->has_gatt |= strcmp(interface, GATT_MANAGER) == 0;
                p->has_adverts |= strcmp(interface, ADVERT_MANAGER) == 0;
        }
}

static void on_objects(DBusMessage *reply, void *userdata) {
        DBusMessageIter body, objects, interfaces;
        struct presence *p = userdata;
        const char *path;

        if (bus_error(reply) || !dbus_message_iter_init(reply, &body) || !bus_enter(&body, &objects)) {
                p->retry.due_us = loop_now_us() + RETRY_US;
                set_state(p, PRESENCE_NO_BLUEZ, NULL);
                return;
        }
        p->state = PRESENCE_NO_ADAPTER;
        if (p->agent)
                agent_register(p->agent);
        while ((path = bus_next_entry(&objects, &interfaces)))
                see_object(p, path, &interfaces);
        if (!p->adapter[0])
                p->handler->on_state(p->userdata, PRESENCE_NO_ADAPTER, NULL);
        advance(p);
}

static void on_owner(struct presence *p, DBusMessage *signal) {
        const char *name, *before, *after;

        if (!dbus_message_get_args(signal, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &before,
                    DBUS_TYPE_STRING, &after, DBUS_TYPE_INVALID) ||
                strcmp(name, BLUEZ) != 0)
                return;
        if (before[0]) {
                lose_adapter(p);
                set_state(p, PRESENCE_NO_BLUEZ, NULL);
        }
        if (after[0])
                presence_start(p);
}

static void on_removed(struct presence *p, const char *path, DBusMessageIter *body) {
        DBusMessageIter interfaces;
        const char *interface;

        if (!dbus_message_iter_next(body) || !bus_enter(body, &interfaces))
                return;
        while ((interface = bus_get_text(&interfaces))) {
                if (strcmp(path, p->adapter) == 0 && strcmp(interface, ADAPTER) == 0)
                        lose_adapter(p);
                if (strcmp(interface, DEVICE) == 0)
                        see_link(p, path, false);
                dbus_message_iter_next(&interfaces);
        }
        advance(p);
}

static void on_added(struct presence *p, const char *path, DBusMessageIter *body) {
        if (dbus_message_iter_next(body))
                see_object(p, path, body);
        advance(p);
}

static void on_changed(struct presence *p, const char *path, DBusMessageIter *body) {
        const char *interface = bus_get_text(body);

        if (!interface || !dbus_message_iter_next(body))
                return;
        if (strcmp(interface, ADAPTER) == 0)
                see_adapter(p, path, body);
        if (strcmp(interface, DEVICE) == 0)
                see_device(p, path, body);
        advance(p);
}

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *userdata) {
        const char *path = dbus_message_get_path(message);
        struct presence *p = userdata;
        DBusMessageIter body;

        (void) connection;
        if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_SIGNAL ||
                !dbus_message_iter_init(message, &body))
                return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
        if (dbus_message_is_signal(message, DBUS_INTERFACE_DBUS, "NameOwnerChanged"))
                on_owner(p, message);
        else if (p->state == PRESENCE_NO_BLUEZ)
                ; /* all of it comes with the objects */
        else if (dbus_message_is_signal(message, BUS_OBJECTS, "InterfacesAdded") && bus_get_text(&body))
                on_added(p, bus_get_text(&body), &body);
        else if (dbus_message_is_signal(message, BUS_OBJECTS, "InterfacesRemoved") && bus_get_text(&body))
                on_removed(p, bus_get_text(&body), &body);
        else if (dbus_message_is_signal(message, BUS_PROPERTIES, "PropertiesChanged"))
                on_changed(p, path, &body);
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static void listen(struct presence *p) {
        static const char *const rules[] = {
                "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.bluez'",
                "type='signal',sender='org.bluez',interface='org.freedesktop.DBus.ObjectManager'",
                "type='signal',sender='org.bluez',member='PropertiesChanged',arg0='org.bluez.Adapter1'",
                "type='signal',sender='org.bluez',member='PropertiesChanged',arg0='org.bluez.Device1'",
        };

        for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
                dbus_bus_add_match(p->bus->connection, rules[i], NULL);
        bus_must(dbus_connection_add_filter(p->bus->connection, on_message, p, NULL));
        p->retry = (struct loop_timer){.due_us = LOOP_NEVER, .fired = on_retry, .userdata = p};
        loop_add_timer(p->bus->loop, &p->retry);
}

void presence_start(struct presence *p) {
        if (!p->retry.fired)
                listen(p);
        bus_call(p->bus, bus_method("/", BUS_OBJECTS, "GetManagedObjects"), on_objects, p);
}

void presence_stop(struct presence *p) {
        if (p->advertising)
                unregister_advert(p);
        presence_disconnect(p);
        if (p->adapter[0])
                set_alias(p, p->alias);
        dbus_connection_remove_filter(p->bus->connection, on_message, p);
        loop_remove_timer(p->bus->loop, &p->retry);
}

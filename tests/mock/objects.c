/* SPDX-License-Identifier: Apache-2.0 */
/* The fake BlueZ: properties and signals. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"

#define ADAPTER        "org.bluez.Adapter1"
#define DEVICE         "org.bluez.Device1"
#define CHARACTERISTIC "org.bluez.GattCharacteristic1"
#define SERVICE        "org.bluez.GattService1"
#define BATTERY        "org.bluez.Battery1"
#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define OWN_SERVICE    "0000fff0-0000-1000-8000-00805f9b34fb"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

static void must(int r) {
        if (r < 0) {
                fprintf(stderr, "mock-bluez: %s\n", strerror(-r));
                abort();
        }
}

static void send(struct mock *m, sd_bus_message *signal) {
        must(sd_bus_send(m->bus, signal, NULL));
        sd_bus_message_unref(signal);
}

static sd_bus_message *new_signal(struct mock *m, const char *path, const char *interface, const char *member) {
        sd_bus_message *signal;

        must(sd_bus_message_new_signal(m->bus, &signal, path, interface, member));
        return signal;
}

/* "a,b,c" as {name: as} */
static void append_list(sd_bus_message *m, const char *name, const char *list) {
        char copy[TEXT_SIZE], *rest = copy;

        snprintf(copy, sizeof(copy), "%s", list);
        must(sd_bus_message_open_container(m, 'e', "sv"));
        must(sd_bus_message_append(m, "s", name));
        must(sd_bus_message_open_container(m, 'v', "as"));
        must(sd_bus_message_open_container(m, 'a', "s"));
        for (char *word = strsep(&rest, ","); word; word = strsep(&rest, ","))
                if (*word)
                        must(sd_bus_message_append(m, "s", word));
        for (int i = 0; i < 3; i++)
                must(sd_bus_message_close_container(m));
}

int append_adapter(sd_bus_message *m, const struct adapter *a) {
        must(sd_bus_message_open_container(m, 'e', "sa{sv}"));
        must(sd_bus_message_append(m, "sa{sv}", ADAPTER, 5, "Address", "s", a->address, "Name", "s", "mock",
                "Powered", "b", (int) a->powered, "Discovering", "b", (int) a->discovering, "PowerState", "s",
                a->blocked           ? "off-blocked"
                        : a->powered ? "on"
                                     : "off"));
        return sd_bus_message_close_container(m);
}

void append_device(sd_bus_message *m, const struct peer *p) {
        const struct sensor *s = p->sensor;

        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        must(sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "Address", "s", s->address,
                "AddressType", "s", s->random ? "random" : "public", "Name", "s", s->name, "Alias", "s",
                s->name, "Adapter", "o", p->adapter->path, "Paired", "b", (int) p->bonded, "Bonded", "b",
                (int) p->bonded, "Connected", "b", (int) p->connected, "ServicesResolved", "b",
                (int) p->resolved));
        if (p->heard)
                must(sd_bus_message_append(m, "{sv}", "RSSI", "n", (int16_t) p->rssi));
        append_list(m, "UUIDs", s->services);
        must(sd_bus_message_close_container(m));
}

static void append_peer(sd_bus_message *m, const struct peer *p) {
        must(sd_bus_message_open_container(m, 'e', "sa{sv}"));
        must(sd_bus_message_append(m, "s", DEVICE));
        append_device(m, p);
        must(sd_bus_message_close_container(m));
}

static void append_battery(sd_bus_message *m, const struct peer *p) {
        must(sd_bus_message_open_container(m, 'e', "sa{sv}"));
        must(sd_bus_message_append(m, "sa{sv}", BATTERY, 1, "Percentage", "y", (uint8_t) p->sensor->battery));
        must(sd_bus_message_close_container(m));
}

static void service_path(const struct peer *p, char ret[PATH_SIZE]) {
        snprintf(ret, PATH_SIZE, "%.80s/service0001", p->path);
}

static void append_attribute(sd_bus_message *m, const struct peer *p, const struct attribute *a) {
        char service[PATH_SIZE];

        service_path(p, service);
        must(sd_bus_message_open_container(m, 'e', "sa{sv}"));
        must(sd_bus_message_append(m, "s", CHARACTERISTIC));
        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        must(sd_bus_message_append(m, "{sv}{sv}{sv}", "UUID", "s", a->uuid, "Service", "o", service, "MTU", "q",
                (uint16_t) p->sensor->mtu));
        append_list(m, "Flags", a->flags);
        must(sd_bus_message_close_container(m));
        must(sd_bus_message_close_container(m));
}

/* All characteristics are in one service: the first that the sensor advertises, or one of this fake's own. */
static void append_service(sd_bus_message *m, const struct peer *p) {
        char uuid[UUID_SIZE];
        size_t n = strcspn(p->sensor->services, ",");

        snprintf(uuid, sizeof(uuid), "%.*s", n > 0 ? (int) n : UUID_SIZE,
                n > 0 ? p->sensor->services : OWN_SERVICE);
        must(sd_bus_message_open_container(m, 'e', "sa{sv}"));
        must(sd_bus_message_append(
                m, "sa{sv}", SERVICE, 3, "UUID", "s", uuid, "Primary", "b", 1, "Device", "o", p->path));
        must(sd_bus_message_close_container(m));
}

static bool has_battery(const struct peer *p) {
        return p->resolved && p->sensor->battery >= 0;
}

static void open_object(sd_bus_message *m, const char *path) {
        must(sd_bus_message_open_container(m, 'e', "oa{sa{sv}}"));
        must(sd_bus_message_append(m, "o", path));
        must(sd_bus_message_open_container(m, 'a', "{sa{sv}}"));
}

static void close_object(sd_bus_message *m) {
        must(sd_bus_message_close_container(m));
        must(sd_bus_message_close_container(m));
}

/* Characteristics first: a client must not count on any order. */
int append_objects(sd_bus_message *m, struct mock *mock) {
        must(sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}"));
        for (struct peer *p = mock->peers; p; p = p->next)
                for (struct attribute *a = p->exported ? p->sensor->attributes : NULL; a; a = a->next) {
                        char path[PATH_SIZE];

                        attribute_path(p, a, path);
                        open_object(m, path);
                        append_attribute(m, p, a);
                        close_object(m);
                }
        for (struct peer *p = mock->peers; p; p = p->next)
                if (p->exported) {
                        char path[PATH_SIZE];

                        service_path(p, path);
                        open_object(m, path);
                        append_service(m, p);
                        close_object(m);
                }
        for (struct peer *p = mock->peers; p; p = p->next)
                if (p->object) {
                        open_object(m, p->path);
                        append_peer(m, p);
                        if (has_battery(p))
                                append_battery(m, p);
                        close_object(m);
                }
        for (struct adapter *a = mock->adapters; a; a = a->next)
                if (a->plugged) {
                        open_object(m, a->path);
                        must(append_adapter(m, a));
                        close_object(m);
                }
        return sd_bus_message_close_container(m);
}

/* ---- signals ------------------------------------------------------------------------------------------------- */

static sd_bus_message *open_added(struct mock *m, const char *path) {
        sd_bus_message *signal = new_signal(m, "/", OBJECT_MANAGER, "InterfacesAdded");

        must(sd_bus_message_append(signal, "o", path));
        must(sd_bus_message_open_container(signal, 'a', "{sa{sv}}"));
        return signal;
}

static void removed(struct mock *m, const char *path, const char *interface) {
        sd_bus_message *signal = new_signal(m, "/", OBJECT_MANAGER, "InterfacesRemoved");

        must(sd_bus_message_append(signal, "oas", path, 2, PROPERTIES, interface));
        send(m, signal);
}

void tell_adapter(struct adapter *a, bool added) {
        sd_bus_message *signal;

        if (!added) {
                removed(a->mock, a->path, ADAPTER);
                return;
        }
        signal = open_added(a->mock, a->path);
        must(append_adapter(signal, a));
        must(sd_bus_message_close_container(signal));
        send(a->mock, signal);
}

void tell_peer(struct peer *p, bool added) {
        sd_bus_message *signal;

        if (!added) {
                removed(p->adapter->mock, p->path, DEVICE);
                return;
        }
        signal = open_added(p->adapter->mock, p->path);
        append_peer(signal, p);
        must(sd_bus_message_close_container(signal));
        send(p->adapter->mock, signal);
}

void tell_service(struct peer *p, bool added) {
        sd_bus_message *signal;
        char path[PATH_SIZE];

        service_path(p, path);
        if (!added) {
                removed(p->adapter->mock, path, SERVICE);
                return;
        }
        signal = open_added(p->adapter->mock, path);
        append_service(signal, p);
        must(sd_bus_message_close_container(signal));
        send(p->adapter->mock, signal);
}

void tell_attribute(struct peer *p, struct attribute *a, bool added) {
        sd_bus_message *signal;
        char path[PATH_SIZE];

        attribute_path(p, a, path);
        if (!added) {
                removed(p->adapter->mock, path, CHARACTERISTIC);
                return;
        }
        signal = open_added(p->adapter->mock, path);
        append_attribute(signal, p, a);
        must(sd_bus_message_close_container(signal));
        send(p->adapter->mock, signal);
}

void tell_battery(struct peer *p) {
        sd_bus_message *signal;

        if (!has_battery(p))
                return;
        signal = open_added(p->adapter->mock, p->path);
        append_battery(signal, p);
        must(sd_bus_message_close_container(signal));
        send(p->adapter->mock, signal);
}

void tell_bool(struct mock *m, const char *path, const char *interface, const char *name, bool value) {
        sd_bus_message *signal = new_signal(m, path, PROPERTIES, "PropertiesChanged");

        must(sd_bus_message_append(signal, "sa{sv}as", interface, 1, name, "b", (int) value, 0));
        send(m, signal);
}

void tell_rssi(struct peer *p, bool valid) {
        sd_bus_message *signal = new_signal(p->adapter->mock, p->path, PROPERTIES, "PropertiesChanged");

        p->heard = valid;
        p->rssi = p->sensor->rssi + p->adapter->gain;
        if (valid)
                must(sd_bus_message_append(signal, "sa{sv}as", DEVICE, 1, "RSSI", "n", (int16_t) p->rssi, 0));
        else
                must(sd_bus_message_append(signal, "sa{sv}as", DEVICE, 0, 1, "RSSI"));
        send(p->adapter->mock, signal);
}

void tell_value(struct peer *p, struct attribute *a, const void *bytes, size_t n) {
        char path[PATH_SIZE];
        sd_bus_message *signal;

        attribute_path(p, a, path);
        signal = new_signal(p->adapter->mock, path, PROPERTIES, "PropertiesChanged");
        must(sd_bus_message_append(signal, "s", CHARACTERISTIC));
        must(sd_bus_message_open_container(signal, 'a', "{sv}"));
        must(sd_bus_message_open_container(signal, 'e', "sv"));
        must(sd_bus_message_append(signal, "s", "Value"));
        must(sd_bus_message_open_container(signal, 'v', "ay"));
        must(sd_bus_message_append_array(signal, 'y', bytes, n));
        for (int i = 0; i < 3; i++)
                must(sd_bus_message_close_container(signal));
        must(sd_bus_message_append(signal, "as", 0));
        send(p->adapter->mock, signal);
}

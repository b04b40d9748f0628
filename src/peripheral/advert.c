/* SPDX-License-Identifier: Apache-2.0 */
/* The advertisement's object. */

#include "peripheral/advert.h"

static void put_manufacturer_data(DBusMessageIter *properties, uint16_t company) {
        static const uint8_t data[2] = {0};
        DBusMessageIter dict, entry, variant;
        struct bus_entry e;

        bus_begin_entry(properties, "ManufacturerData", "a{qv}", &e);
        bus_open_container(&e.variant, DBUS_TYPE_ARRAY, "{qv}", &dict);
        bus_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
        bus_put(&entry, DBUS_TYPE_UINT16, &company);
        bus_open_container(&entry, DBUS_TYPE_VARIANT, "ay", &variant);
        bus_put_bytes(&variant, data, sizeof(data));
        bus_close_container(&entry, &variant);
        bus_close_container(&dict, &entry);
        bus_close_container(&e.variant, &dict);
        bus_end_entry(properties, &e);
}

static DBusMessage *get_all(const struct advert *a, DBusMessage *call) {
        DBusMessage *reply = dbus_message_new_method_return(call);
        const char *type = "peripheral", *name = a->name;
        const dbus_bool_t yes = TRUE;
        DBusMessageIter body, properties;
        struct bus_entry e;

        bus_must(reply != NULL);
        dbus_message_iter_init_append(reply, &body);
        bus_open_container(&body, DBUS_TYPE_ARRAY, "{sv}", &properties);
        bus_put_entry(&properties, "Type", DBUS_TYPE_STRING, &type);
        bus_put_entry(&properties, "LocalName", DBUS_TYPE_STRING, &name);
        /* Without this flag BlueZ at the other end sees the advertisement and tells nobody. */
        bus_put_entry(&properties, "Discoverable", DBUS_TYPE_BOOLEAN, &yes);
        if (a->service) {
                bus_begin_entry(&properties, "ServiceUUIDs", "as", &e);
                bus_put_strings(&e.variant, &a->service, 1);
                bus_end_entry(&properties, &e);
        }
        if (a->company != 0)
                put_manufacturer_data(&properties, a->company);
        bus_close_container(&body, &properties);
        return reply;
}

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *userdata) {
        struct advert *a = userdata;

        (void) connection;
        if (dbus_message_is_method_call(message, BUS_PROPERTIES, "GetAll")) {
                bus_send(a->bus, get_all(a, message));
                return DBUS_HANDLER_RESULT_HANDLED;
        }
        if (dbus_message_is_method_call(message, "org.bluez.LEAdvertisement1", "Release"))
                return DBUS_HANDLER_RESULT_HANDLED; /* BlueZ wants no answer */
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

void advert_export(struct advert *a, struct bus *bus) {
        static const DBusObjectPathVTable table = {.message_function = on_message};

        a->bus = bus;
        bus_must(dbus_connection_register_object_path(bus->connection, ADVERT_PATH, &table, a));
}

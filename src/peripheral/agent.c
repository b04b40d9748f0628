/* SPDX-License-Identifier: Apache-2.0 */
/* The pairing agent. With a passkey both ends pose as keyboards on which the same figure is typed: that is the one way
 * of pairing in which BlueZ lets the sensor choose it. */

#include "peripheral/agent.h"

#include <stdio.h>

#define AGENT_PATH      "/org/repcast/agent"
#define AGENT_INTERFACE "org.bluez.Agent1"
#define MANAGER         "org.bluez.AgentManager1"

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *userdata) {
        struct agent *a = userdata;
        DBusMessage *reply;

        (void) connection;
        if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_METHOD_CALL ||
                !dbus_message_has_interface(message, AGENT_INTERFACE))
                return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
        reply = dbus_message_new_method_return(message);
        bus_must(reply != NULL);
        if (dbus_message_has_member(message, "RequestPasskey"))
                bus_must(dbus_message_append_args(reply, DBUS_TYPE_UINT32, &a->passkey, DBUS_TYPE_INVALID));
        bus_send(a->bus, reply);
        return DBUS_HANDLER_RESULT_HANDLED;
}

void agent_export(struct agent *a, struct bus *bus) {
        static const DBusObjectPathVTable table = {.message_function = on_message};

        a->bus = bus;
        bus_must(dbus_connection_register_object_path(bus->connection, AGENT_PATH, &table, a));
}

static void on_registered(DBusMessage *reply, void *userdata) {
        const char *error = bus_error(reply);

        (void) userdata;
        if (error)
                fprintf(stderr, "repcast-sensor: no pairing: %s\n", error);
}

void agent_register(struct agent *a) {
        const char *path = AGENT_PATH;
        const char *capability = a->passkey == AGENT_NO_PASSKEY ? "NoInputNoOutput" : "KeyboardOnly";
        DBusMessage *call = bus_method("/org/bluez", MANAGER, "RegisterAgent");

        bus_must(dbus_message_append_args(
                call, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_STRING, &capability, DBUS_TYPE_INVALID));
        bus_call(a->bus, call, on_registered, a);
        /* Pairing that the other end begins is a matter of the default agent. */
        call = bus_method("/org/bluez", MANAGER, "RequestDefaultAgent");
        bus_must(dbus_message_append_args(call, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID));
        bus_call(a->bus, call, on_registered, a);
}

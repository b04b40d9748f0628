/* SPDX-License-Identifier: Apache-2.0 */
/* The GATT server's objects. */

#include "peripheral/application.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/macros.h"

#define SERVICE_INTERFACE        "org.bluez.GattService1"
#define CHARACTERISTIC_INTERFACE "org.bluez.GattCharacteristic1"
#define MTU_LEAST                23 /* what every link has */

int application_add_service(struct application *a, const char *uuid) {
        if (a->n_services == APPLICATION_SERVICES_MAX)
                return -ENOSPC;
        snprintf(a->services[a->n_services], GATT_UUID_MAX, "%s", uuid);
        return (int) a->n_services++;
}

static void on_socket(short revents, void *userdata);

int application_add(struct application *a, unsigned service, const char *uuid, unsigned flags) {
        struct application_characteristic *c = &a->characteristics[a->n_characteristics];

        if (a->n_characteristics == APPLICATION_CHARACTERISTICS_MAX)
                return -ENOSPC;
        c->application = a;
        c->service = service;
        c->flags = flags;
        c->io = (struct loop_io){.fd = -1, .ready = on_socket, .userdata = c};
        snprintf(c->uuid, sizeof(c->uuid), "%s", uuid);
        snprintf(c->path, sizeof(c->path), APPLICATION_ROOT "/service%u/char%u", service, a->n_characteristics);
        return (int) a->n_characteristics++;
}

static unsigned index_of(const struct application_characteristic *c) {
        return (unsigned) (c - c->application->characteristics);
}

/* ---- subscriptions ------------------------------------------------------------------------------------------- */

static void unsubscribe(struct application_characteristic *c) {
        struct application *a = c->application;
        bool was = c->notifying || c->io.fd >= 0;

        if (c->io.fd >= 0) {
                loop_remove_io(a->bus->loop, &c->io);
                close(c->io.fd);
                c->io.fd = -1;
        }
        c->notifying = false;
        if (was)
                a->handler->on_subscribed(a->userdata, index_of(c), false);
}

/* Nothing ever comes in: it is readable when BlueZ has closed its end. */
static void on_socket(short revents, void *userdata) {
        (void) revents;
        unsubscribe(userdata);
}

/* The far end of a new socket, or -errno. */
static int subscribe_stream(struct application_characteristic *c) {
        struct application *a = c->application;
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        unsubscribe(c);
        c->io.fd = fds[0];
        c->io.events = POLLIN;
        loop_add_io(a->bus->loop, &c->io);
        a->handler->on_subscribed(a->userdata, index_of(c), true);
        return fds[1];
}

int application_stream(struct application *a, unsigned characteristic, const uint8_t *bytes, size_t n) {
        struct application_characteristic *c = &a->characteristics[characteristic];

        if (c->io.fd < 0)
                return 0;
        /* A broken socket is told by the loop, too. */
        return send(c->io.fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -EAGAIN : 1;
}

void application_reset(struct application *a) {
        for (unsigned i = 0; i < a->n_characteristics; i++)
                unsubscribe(&a->characteristics[i]);
}

/* ---- properties ---------------------------------------------------------------------------------------------- */

/* The first service is what has to be paired for. BlueZ at the other end reads battery and model by itself as soon as it
 * is connected: were they closed, it would begin to pair before the hub has a say. */
static void put_flags(const struct application_characteristic *c, DBusMessageIter *properties) {
        bool encrypted = c->application->encrypted && c->service == 0;
        const char *flags[5];
        struct bus_entry e;
        size_t n = 0;

        if (c->flags & APPLICATION_READ)
                flags[n++] = encrypted ? "encrypt-read" : "read";
        if (c->flags & APPLICATION_WRITE)
                flags[n++] = encrypted ? "encrypt-write" : "write";
        if (c->flags & APPLICATION_SEND)
                flags[n++] = "write-without-response";
        if (c->flags & (APPLICATION_NOTIFY | APPLICATION_STREAM)) {
                flags[n++] = "notify";
                if (encrypted)
                        flags[n++] = "encrypt-notify";
        }
        bus_begin_entry(properties, "Flags", "as", &e);
        bus_put_strings(&e.variant, flags, n);
        bus_end_entry(properties, &e);
}

static void put_characteristic(const struct application_characteristic *c, DBusMessageIter *properties) {
        char service[BUS_PATH_MAX];
        const char *text = c->uuid;
        dbus_bool_t no = FALSE;

        bus_put_entry(properties, "UUID", DBUS_TYPE_STRING, &text);
        snprintf(service, sizeof(service), APPLICATION_ROOT "/service%u", c->service);
        text = service;
        bus_put_entry(properties, "Service", DBUS_TYPE_OBJECT_PATH, &text);
        put_flags(c, properties);
        if (c->flags & APPLICATION_STREAM) /* its presence tells BlueZ to use AcquireNotify */
                bus_put_entry(properties, "NotifyAcquired", DBUS_TYPE_BOOLEAN, &no);
}

static void put_service(const struct application *a, unsigned service, DBusMessageIter *properties) {
        const char *uuid = a->services[service];
        dbus_bool_t yes = TRUE;

        bus_put_entry(properties, "UUID", DBUS_TYPE_STRING, &uuid);
        bus_put_entry(properties, "Primary", DBUS_TYPE_BOOLEAN, &yes);
}

void application_set_value(struct application *a, unsigned characteristic, const uint8_t *bytes, size_t n) {
        struct application_characteristic *c = &a->characteristics[characteristic];
        const char *interface = CHARACTERISTIC_INTERFACE;
        DBusMessageIter body, changed, invalidated;
        DBusMessage *signal;
        struct bus_entry e;

        c->n_value = MIN(n, sizeof(c->value));
        memcpy(c->value, bytes, c->n_value);
        if (!c->notifying)
                return;
        signal = dbus_message_new_signal(c->path, BUS_PROPERTIES, "PropertiesChanged");
        bus_must(signal != NULL);
        dbus_message_iter_init_append(signal, &body);
        bus_put(&body, DBUS_TYPE_STRING, &interface);
        bus_open_container(&body, DBUS_TYPE_ARRAY, "{sv}", &changed);
        bus_begin_entry(&changed, "Value", "ay", &e);
        bus_put_bytes(&e.variant, c->value, c->n_value);
        bus_end_entry(&changed, &e);
        bus_close_container(&body, &changed);
        bus_open_container(&body, DBUS_TYPE_ARRAY, "s", &invalidated);
        bus_close_container(&body, &invalidated);
        bus_send(a->bus, signal);
}

/* ---- the tree ------------------------------------------------------------------------------------------------ */

struct object {
        DBusMessageIter entry, interfaces, interface, properties;
};

static void begin_object(DBusMessageIter *objects, const char *path, const char *name, struct object *o) {
        bus_open_container(objects, DBUS_TYPE_DICT_ENTRY, NULL, &o->entry);
        bus_put(&o->entry, DBUS_TYPE_OBJECT_PATH, &path);
        bus_open_container(&o->entry, DBUS_TYPE_ARRAY, "{sa{sv}}", &o->interfaces);
        bus_open_container(&o->interfaces, DBUS_TYPE_DICT_ENTRY, NULL, &o->interface);
        bus_put(&o->interface, DBUS_TYPE_STRING, &name);
        bus_open_container(&o->interface, DBUS_TYPE_ARRAY, "{sv}", &o->properties);
}

static void end_object(DBusMessageIter *objects, struct object *o) {
        bus_close_container(&o->interface, &o->properties);
        bus_close_container(&o->interfaces, &o->interface);
        bus_close_container(&o->entry, &o->interfaces);
        bus_close_container(objects, &o->entry);
}

static DBusMessage *managed_objects(const struct application *a, DBusMessage *call) {
        DBusMessage *reply = dbus_message_new_method_return(call);
        DBusMessageIter body, objects;
        char path[BUS_PATH_MAX];
        struct object o;

        bus_must(reply != NULL);
        dbus_message_iter_init_append(reply, &body);
        bus_open_container(&body, DBUS_TYPE_ARRAY, "{oa{sa{sv}}}", &objects);
        for (unsigned i = 0; i < a->n_services; i++) {
                snprintf(path, sizeof(path), APPLICATION_ROOT "/service%u", i);
                begin_object(&objects, path, SERVICE_INTERFACE, &o);
                put_service(a, i, &o.properties);
                end_object(&objects, &o);
        }
        for (unsigned i = 0; i < a->n_characteristics; i++) {
                begin_object(&objects, a->characteristics[i].path, CHARACTERISTIC_INTERFACE, &o);
                put_characteristic(&a->characteristics[i], &o.properties);
                end_object(&objects, &o);
        }
        bus_close_container(&body, &objects);
        return reply;
}

/* ---- calls of BlueZ ------------------------------------------------------------------------------------------ */

static DBusMessage *refuse(DBusMessage *call, const char *error, const char *why) {
        DBusMessage *reply = dbus_message_new_error(call, error, why);

        bus_must(reply != NULL);
        return reply;
}

static DBusMessage *done(DBusMessage *call) {
        DBusMessage *reply = dbus_message_new_method_return(call);

        bus_must(reply != NULL);
        return reply;
}

/* A figure among the options of a call: offset, mtu. */
static unsigned option(DBusMessageIter *options, const char *name) {
        DBusMessageIter dict, value;
        uint16_t figure;
        const char *key;

        if (!bus_enter(options, &dict))
                return 0;
        while ((key = bus_next_entry(&dict, &value)))
                if (strcmp(key, name) == 0 && dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_UINT16) {
                        dbus_message_iter_get_basic(&value, &figure);
                        return figure;
                }
        return 0;
}

static DBusMessage *read_value(struct application_characteristic *c, DBusMessage *call) {
        DBusMessageIter body;
        DBusMessage *reply;
        size_t offset = 0;

        if (dbus_message_iter_init(call, &body))
                offset = option(&body, "offset");
        if (offset > c->n_value)
                return refuse(call, "org.bluez.Error.InvalidOffset", "beyond the value's end");
        reply = done(call);
        dbus_message_iter_init_append(reply, &body);
        bus_put_bytes(&body, c->value + offset, c->n_value - offset);
        return reply;
}

static DBusMessage *write_value(struct application_characteristic *c, DBusMessage *call) {
        struct application *a = c->application;
        const uint8_t *bytes = NULL;
        DBusMessageIter body;
        size_t n = 0;

        if (dbus_message_iter_init(call, &body))
                bytes = bus_get_bytes(&body, &n);
        if (!bytes || n > GATT_VALUE_MAX)
                return refuse(call, "org.bluez.Error.InvalidValueLength", "no bytes, or too many");
        a->handler->on_write(a->userdata, index_of(c), bytes, n);
        return done(call);
}

static DBusMessage *acquire_notify(struct application_characteristic *c, DBusMessage *call) {
        DBusMessageIter body;
        DBusMessage *reply;
        int fd;

        c->mtu = 0;
        if (dbus_message_iter_init(call, &body))
                c->mtu = (uint16_t) option(&body, "mtu");
        c->mtu = MAX(c->mtu, MTU_LEAST);
        fd = subscribe_stream(c);
        if (fd < 0)
                return refuse(call, "org.bluez.Error.Failed", strerror(-fd));
        reply = done(call);
        bus_must(dbus_message_append_args(
                reply, DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_UINT16, &c->mtu, DBUS_TYPE_INVALID));
        close(fd); /* the message has its own */
        return reply;
}

static DBusMessage *start_notify(struct application_characteristic *c, DBusMessage *call) {
        struct application *a = c->application;

        c->notifying = true;
        a->handler->on_subscribed(a->userdata, index_of(c), true);
        return done(call);
}

static DBusMessage *stop_notify(struct application_characteristic *c, DBusMessage *call) {
        unsubscribe(c);
        return done(call);
}

static const struct {
        const char *name;
        unsigned flags; /* any of them */
        DBusMessage *(*call)(struct application_characteristic *c, DBusMessage *call);
} methods[] = {
        {"ReadValue", APPLICATION_READ, read_value},
        {"WriteValue", APPLICATION_WRITE | APPLICATION_SEND, write_value},
        {"AcquireNotify", APPLICATION_STREAM, acquire_notify},
        {"StartNotify", APPLICATION_NOTIFY, start_notify},
        {"StopNotify", APPLICATION_NOTIFY | APPLICATION_STREAM, stop_notify},
};

static DBusMessage *answer(struct application *a, DBusMessage *call) {
        const char *path = dbus_message_get_path(call);

        if (dbus_message_is_method_call(call, BUS_OBJECTS, "GetManagedObjects"))
                return managed_objects(a, call);
        for (unsigned i = 0; i < a->n_characteristics; i++) {
                struct application_characteristic *c = &a->characteristics[i];

                if (strcmp(c->path, path) != 0)
                        continue;
                for (size_t m = 0; m < ARRAY_SIZE(methods); m++) {
                        if (!dbus_message_is_method_call(call, CHARACTERISTIC_INTERFACE, methods[m].name))
                                continue;
                        if (!(c->flags & methods[m].flags))
                                return refuse(call, "org.bluez.Error.NotSupported", "not with this one");
                        return methods[m].call(c, call);
                }
        }
        return NULL;
}

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *userdata) {
        struct application *a = userdata;
        DBusMessage *reply;

        (void) connection;
        if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_METHOD_CALL)
                return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
        reply = answer(a, message);
        if (!reply)
                return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
        if (dbus_message_get_no_reply(message))
                dbus_message_unref(reply);
        else
                bus_send(a->bus, reply);
        return DBUS_HANDLER_RESULT_HANDLED;
}

void application_export(struct application *a, struct bus *bus) {
        static const DBusObjectPathVTable table = {.message_function = on_message};

        a->bus = bus;
        bus_must(dbus_connection_register_fallback(bus->connection, APPLICATION_ROOT, &table, a));
}

void application_unexport(struct application *a) {
        application_reset(a);
        dbus_connection_unregister_object_path(a->bus->connection, APPLICATION_ROOT);
}

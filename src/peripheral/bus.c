/* SPDX-License-Identifier: Apache-2.0 */
/* libdbus on the loop. */

#include "peripheral/bus.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

void bus_must(dbus_bool_t done) {
        if (done)
                return;
        fputs("repcast-sensor: out of memory\n", stderr);
        exit(EX_OSERR);
}

/* ---- watches and time-outs of libdbus ------------------------------------------------------------------------ */

struct watched {
        struct loop_io io;
        DBusWatch *watch;
};

static void on_watch(short revents, void *userdata) {
        struct watched *w = userdata;
        unsigned flags = 0;

        if (revents & POLLIN)
                flags |= DBUS_WATCH_READABLE;
        if (revents & POLLOUT)
                flags |= DBUS_WATCH_WRITABLE;
        if (revents & POLLHUP)
                flags |= DBUS_WATCH_HANGUP;
        if (revents & (POLLERR | POLLNVAL))
                flags |= DBUS_WATCH_ERROR;
        dbus_watch_handle(w->watch, flags);
}

static void toggle_watch(DBusWatch *watch, void *userdata) {
        struct watched *w = dbus_watch_get_data(watch);
        unsigned flags = dbus_watch_get_flags(watch);

        (void) userdata;
        w->io.events = 0;
        if (!dbus_watch_get_enabled(watch))
                return;
        if (flags & DBUS_WATCH_READABLE)
                w->io.events |= POLLIN;
        if (flags & DBUS_WATCH_WRITABLE)
                w->io.events |= POLLOUT;
}

static dbus_bool_t add_watch(DBusWatch *watch, void *userdata) {
        struct bus *bus = userdata;
        struct watched *w = calloc(1, sizeof(*w));

        if (!w)
                return FALSE;
        w->watch = watch;
        w->io = (struct loop_io){.fd = dbus_watch_get_unix_fd(watch), .ready = on_watch, .userdata = w};
        dbus_watch_set_data(watch, w, NULL);
        toggle_watch(watch, bus);
        loop_add_io(bus->loop, &w->io);
        return TRUE;
}

static void remove_watch(DBusWatch *watch, void *userdata) {
        struct bus *bus = userdata;
        struct watched *w = dbus_watch_get_data(watch);

        loop_remove_io(bus->loop, &w->io);
        free(w);
}

struct timed {
        struct loop_timer timer;
        DBusTimeout *timeout;
};

static void arm(struct timed *t) {
        t->timer.due_us = LOOP_NEVER;
        if (dbus_timeout_get_enabled(t->timeout))
                t->timer.due_us = loop_now_us() + 1000 * (uint64_t) dbus_timeout_get_interval(t->timeout);
}

static void on_timeout(void *userdata) {
        struct timed *t = userdata;

        arm(t); /* first: handling it may free it */
        dbus_timeout_handle(t->timeout);
}

static dbus_bool_t add_timeout(DBusTimeout *timeout, void *userdata) {
        struct bus *bus = userdata;
        struct timed *t = calloc(1, sizeof(*t));

        if (!t)
                return FALSE;
        t->timeout = timeout;
        t->timer = (struct loop_timer){.fired = on_timeout, .userdata = t};
        arm(t);
        dbus_timeout_set_data(timeout, t, NULL);
        loop_add_timer(bus->loop, &t->timer);
        return TRUE;
}

static void remove_timeout(DBusTimeout *timeout, void *userdata) {
        struct bus *bus = userdata;
        struct timed *t = dbus_timeout_get_data(timeout);

        loop_remove_timer(bus->loop, &t->timer);
        free(t);
}

static void toggle_timeout(DBusTimeout *timeout, void *userdata) {
        (void) userdata;
        arm(dbus_timeout_get_data(timeout));
}

/* Messages are handed out from the loop, never from inside of a call to libdbus. */
static void on_dispatch_status(DBusConnection *connection, DBusDispatchStatus status, void *userdata) {
        struct bus *bus = userdata;

        (void) connection;
        if (status == DBUS_DISPATCH_DATA_REMAINS)
                bus->dispatch.due_us = 0;
}

static void on_dispatch(void *userdata) {
        struct bus *bus = userdata;

        if (dbus_connection_dispatch(bus->connection) != DBUS_DISPATCH_COMPLETE)
                bus->dispatch.due_us = 0;
}

/* ---- the connection ------------------------------------------------------------------------------------------ */

int bus_open(struct bus *bus, struct loop *loop, char *why, size_t why_size) {
        DBusError error = DBUS_ERROR_INIT;

        bus->loop = loop;
        bus->connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
        if (!bus->connection) {
                snprintf(why, why_size, "%s", error.message ? error.message : error.name);
                dbus_error_free(&error);
                return -ENOTCONN;
        }
        bus->dispatch = (struct loop_timer){.due_us = 0, .fired = on_dispatch, .userdata = bus};
        loop_add_timer(loop, &bus->dispatch);
        dbus_connection_set_exit_on_disconnect(bus->connection, FALSE);
        dbus_connection_set_dispatch_status_function(bus->connection, on_dispatch_status, bus, NULL);
        bus_must(dbus_connection_set_watch_functions(
                bus->connection, add_watch, remove_watch, toggle_watch, bus, NULL));
        bus_must(dbus_connection_set_timeout_functions(
                bus->connection, add_timeout, remove_timeout, toggle_timeout, bus, NULL));
        return 0;
}

void bus_close(struct bus *bus) {
        if (!bus->connection)
                return;
        dbus_connection_flush(bus->connection);
        dbus_connection_close(bus->connection);
        dbus_connection_set_watch_functions(bus->connection, NULL, NULL, NULL, NULL, NULL);
        dbus_connection_set_timeout_functions(bus->connection, NULL, NULL, NULL, NULL, NULL);
        dbus_connection_set_dispatch_status_function(bus->connection, NULL, NULL, NULL);
        loop_remove_timer(bus->loop, &bus->dispatch);
        dbus_connection_unref(bus->connection);
        bus->connection = NULL;
}

DBusMessage *bus_method(const char *path, const char *interface, const char *method) {
        DBusMessage *call = dbus_message_new_method_call(BLUEZ, path, interface, method);

        bus_must(call != NULL);
        /* A daemon that was stopped on purpose is not started again just because something wanted to talk to it. */
        dbus_message_set_auto_start(call, FALSE);
        return call;
}

struct waiting {
        bus_reply_fn done;
        void *userdata;
};

static void on_reply(DBusPendingCall *pending, void *userdata) {
        struct waiting *w = userdata;
        DBusMessage *reply = dbus_pending_call_steal_reply(pending);

        if (reply) {
                w->done(reply, w->userdata);
                dbus_message_unref(reply);
        }
}

void bus_call(struct bus *bus, DBusMessage *call, bus_reply_fn done, void *userdata) {
        DBusPendingCall *pending = NULL;
        struct waiting *w = calloc(1, sizeof(*w));

        bus_must(w != NULL);
        *w = (struct waiting){.done = done, .userdata = userdata};
        bus_must(dbus_connection_send_with_reply(bus->connection, call, &pending, BUS_CALL_MS));
        dbus_message_unref(call);
        if (!pending) { /* the connection is gone, which the loop will say */
                free(w);
                return;
        }
        bus_must(dbus_pending_call_set_notify(pending, on_reply, w, free));
        dbus_pending_call_unref(pending);
}

void bus_send(struct bus *bus, DBusMessage *message) {
        if (dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_METHOD_CALL)
                dbus_message_set_no_reply(message, TRUE);
        bus_must(dbus_connection_send(bus->connection, message, NULL));
        dbus_message_unref(message);
}

const char *bus_error(DBusMessage *reply) {
        static char text[256];
        const char *message = NULL;

        if (dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_ERROR)
                return NULL;
        dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &message, DBUS_TYPE_INVALID);
        snprintf(text, sizeof(text), "%s: %s", dbus_message_get_error_name(reply), message ? message : "");
        return text;
}

/* ---- values going out ---------------------------------------------------------------------------------------- */

void bus_put(DBusMessageIter *to, int type, const void *value) {
        bus_must(dbus_message_iter_append_basic(to, type, value));
}

void bus_open_container(DBusMessageIter *to, int type, const char *signature, DBusMessageIter *inner) {
        bus_must(dbus_message_iter_open_container(to, type, signature, inner));
}

void bus_close_container(DBusMessageIter *to, DBusMessageIter *inner) {
        bus_must(dbus_message_iter_close_container(to, inner));
}

void bus_put_bytes(DBusMessageIter *to, const uint8_t *data, size_t size) {
        DBusMessageIter array;

        bus_open_container(to, DBUS_TYPE_ARRAY, "y", &array);
        bus_must(dbus_message_iter_append_fixed_array(&array, DBUS_TYPE_BYTE, &data, (int) size));
        bus_close_container(to, &array);
}

void bus_put_strings(DBusMessageIter *to, const char *const *strings, size_t n) {
        DBusMessageIter array;

        bus_open_container(to, DBUS_TYPE_ARRAY, "s", &array);
        for (size_t i = 0; i < n; i++)
                bus_put(&array, DBUS_TYPE_STRING, &strings[i]);
        bus_close_container(to, &array);
}

void bus_put_no_options(DBusMessageIter *to) {
        DBusMessageIter dict;

        bus_open_container(to, DBUS_TYPE_ARRAY, "{sv}", &dict);
        bus_close_container(to, &dict);
}

void bus_begin_entry(DBusMessageIter *dict, const char *key, const char *signature, struct bus_entry *e) {
        bus_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &e->entry);
        bus_put(&e->entry, DBUS_TYPE_STRING, &key);
        bus_open_container(&e->entry, DBUS_TYPE_VARIANT, signature, &e->variant);
}

void bus_end_entry(DBusMessageIter *dict, struct bus_entry *e) {
        bus_close_container(&e->entry, &e->variant);
        bus_close_container(dict, &e->entry);
}

void bus_put_entry(DBusMessageIter *dict, const char *key, int type, const void *value) {
        const char signature[] = {(char) type, '\0'};
        struct bus_entry e;

        bus_begin_entry(dict, key, signature, &e);
        bus_put(&e.variant, type, value);
        bus_end_entry(dict, &e);
}

/* ---- values coming in ---------------------------------------------------------------------------------------- */

const char *bus_get_text(DBusMessageIter *from) {
        int type = dbus_message_iter_get_arg_type(from);
        const char *text;

        if (type != DBUS_TYPE_STRING && type != DBUS_TYPE_OBJECT_PATH)
                return NULL;
        dbus_message_iter_get_basic(from, &text);
        return text;
}

bool bus_get_bool(DBusMessageIter *from) {
        dbus_bool_t value;

        if (dbus_message_iter_get_arg_type(from) != DBUS_TYPE_BOOLEAN)
                return false;
        dbus_message_iter_get_basic(from, &value);
        return value;
}

const uint8_t *bus_get_bytes(DBusMessageIter *from, size_t *ret_size) {
        DBusMessageIter array;
        const uint8_t *data = NULL;
        int n = 0;

        if (dbus_message_iter_get_arg_type(from) != DBUS_TYPE_ARRAY ||
                dbus_message_iter_get_element_type(from) != DBUS_TYPE_BYTE)
                return NULL;
        dbus_message_iter_recurse(from, &array);
        dbus_message_iter_get_fixed_array(&array, &data, &n);
        *ret_size = (size_t) n;
        return data ? data : (const uint8_t *) "";
}

bool bus_enter(DBusMessageIter *from, DBusMessageIter *inner) {
        if (dbus_message_iter_get_arg_type(from) != DBUS_TYPE_ARRAY)
                return false;
        dbus_message_iter_recurse(from, inner);
        return true;
}

const char *bus_next_entry(DBusMessageIter *dict, DBusMessageIter *value) {
        DBusMessageIter entry, held;
        const char *key;

        if (dbus_message_iter_get_arg_type(dict) != DBUS_TYPE_DICT_ENTRY)
                return NULL;
        dbus_message_iter_recurse(dict, &entry);
        dbus_message_iter_next(dict);
        key = bus_get_text(&entry);
        if (!key || !dbus_message_iter_next(&entry))
                return NULL;
        held = entry;
        if (dbus_message_iter_get_arg_type(&held) == DBUS_TYPE_VARIANT)
                dbus_message_iter_recurse(&entry, value);
        else
                *value = held;
        return key;
}

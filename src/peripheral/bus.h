/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* libdbus on the loop: one connection to the system bus, calls with a reply to come, and words for the few shapes of
 * values that BlueZ speaks. A lack of memory ends the program, here and nowhere else. */

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peripheral/loop.h"

#define BLUEZ            "org.bluez"
#define BUS_OBJECTS      "org.freedesktop.DBus.ObjectManager"
#define BUS_PROPERTIES   "org.freedesktop.DBus.Properties"
#define BUS_CALL_MS      10000
#define BUS_PATH_MAX     128
#define BUS_STRING(text) ((const char *){text})

struct bus {
        DBusConnection *connection;
        struct loop *loop;
        struct loop_timer dispatch; /* there are messages to hand out */
};

/* The system bus, or the one that DBUS_SYSTEM_BUS_ADDRESS names. -ENOTCONN with the reason in why. */
int bus_open(struct bus *bus, struct loop *loop, char *why, size_t why_size);
void bus_close(struct bus *bus);

/* Send a call and forget it, or hear of its reply: a method return or an error, which also tells of a time-out. The
 * message is taken. */
typedef void (*bus_reply_fn)(DBusMessage *reply, void *userdata);
void bus_call(struct bus *bus, DBusMessage *call, bus_reply_fn done, void *userdata);
void bus_send(struct bus *bus, DBusMessage *message);

DBusMessage *bus_method(const char *path, const char *interface, const char *method);

/* NULL for a success; else "name: text" of the error, in a static buffer. */
const char *bus_error(DBusMessage *reply);

/* Ends the program where memory has run out. */
void bus_must(dbus_bool_t done);

/* Values going out. */
void bus_put(DBusMessageIter *to, int type, const void *value);
void bus_put_bytes(DBusMessageIter *to, const uint8_t *data, size_t size);
void bus_put_strings(DBusMessageIter *to, const char *const *strings, size_t n);
void bus_open_container(DBusMessageIter *to, int type, const char *signature, DBusMessageIter *inner);
void bus_close_container(DBusMessageIter *to, DBusMessageIter *inner);
/* An empty a{sv}. */
void bus_put_no_options(DBusMessageIter *to);
/* One entry of a{sv}: begin, put the value into *variant, end. */
struct bus_entry {
        DBusMessageIter entry, variant;
};
void bus_begin_entry(DBusMessageIter *dict, const char *key, const char *signature, struct bus_entry *e);
void bus_end_entry(DBusMessageIter *dict, struct bus_entry *e);
void bus_put_entry(DBusMessageIter *dict, const char *key, int type, const void *value);

/* Values coming in: NULL, false or 0 where the type is another. */
const char *bus_get_text(DBusMessageIter *from); /* string or object path */
bool bus_get_bool(DBusMessageIter *from);
const uint8_t *bus_get_bytes(DBusMessageIter *from, size_t *ret_size);
/* Next entry of a dictionary whose keys are text. The value stands in *value, inside of its variant if it has one. */
const char *bus_next_entry(DBusMessageIter *dict, DBusMessageIter *value);
/* Enter an array at *from. False where there is none. */
bool bus_enter(DBusMessageIter *from, DBusMessageIter *inner);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the daemon knows, as objects on the bus. The daemon hands over a snapshot of all objects of a class now and
 * then; it compares it with the one before and emits InterfacesAdded, InterfacesRemoved and PropertiesChanged
 * for just what differs, running figures excepted. Properties are answered from the snapshot, so that they agree with each other.
 *
 * Properties are described by a table over the snapshot's struct, whose first member is a struct object_item. */

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#define OBJECTS_LABEL_MAX  200
#define OBJECTS_FIELDS_MAX 32

struct object_item {
        char label[OBJECTS_LABEL_MAX]; /* last element of the path; unique in its class */
        void *owner;                   /* of the class; set by it */
};

struct object_field {
        const char *name,
                *type; /* "s" char[], UTF-8; "b" bool; "d" double; "i" int; "t" uint64_t; "u" unsigned */
        size_t offset, size;
        bool running; /* changes all the time: answered when asked, and never told */
};

#define OBJECT_FIELD(name, type, object, member)                                                               \
        { name, type, offsetof(struct object, member), sizeof(((struct object *) NULL)->member), false }
#define OBJECT_RUNNING(name, type, object, member)                                                             \
        { name, type, offsetof(struct object, member), sizeof(((struct object *) NULL)->member), true }

struct object_class {
        const char *interface, *folder; /* "/org/repcast/station" */
        const struct object_field *fields;
        size_t n_fields;
        const sd_bus_vtable *methods; /* their userdata is the item; NULL = none */
        size_t n_methods;
        size_t size; /* of the snapshot's struct */
};

struct objects;

int objects_new(const struct object_class *class, size_t max, void *owner, struct objects **ret);
struct objects *objects_free(struct objects *m);

/* Show what there is on this bus, or, with NULL, on none. */
int objects_attach(struct objects *m, sd_bus *bus);

/* items: an array of the class's structs, zero where nothing was filled in; at most max of them. */
void objects_sync(struct objects *m, const void *items, size_t n);

/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing snapshots, and telling the bus. */

#include "hub/objects.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

#define METHODS_MAX 16
#define PATH_LENGTH (OBJECTS_LABEL_MAX + 64)

struct objects {
        const struct object_class *class;
        void *owner;
        sd_bus *bus; /* NULL = none */
        sd_bus_slot *objects, *nodes;
        size_t max, n;
        char *items;
        sd_bus_vtable vtable[OBJECTS_FIELDS_MAX + METHODS_MAX + 2];
};

static struct object_item *item(const struct objects *m, size_t i) {
        return (struct object_item *) (void *) (m->items + i * m->class->size);
}

static struct object_item *find_label(const struct objects *m, const char *label) {
        for (size_t i = 0; i < m->n; i++)
                if (strcmp(item(m, i)->label, label) == 0)
                        return item(m, i);
        return NULL;
}

static void make_path(const struct objects *m, const char *label, char ret[static PATH_LENGTH]) {
        snprintf(ret, PATH_LENGTH, "%s/%s", m->class->folder, label);
}

/* ---- asked by sd-bus ---- */

static int find_object(
        sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *error) {
        struct objects *m = userdata;
        size_t n = strlen(m->class->folder);

        (void) bus;
        (void) interface;
        (void) error;
        if (strncmp(path, m->class->folder, n) != 0 || path[n] != '/')
                return 0;
        *ret = find_label(m, path + n + 1);
        return *ret ? 1 : 0;
}

static int list_nodes(sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        struct objects *m = userdata;
        char **list = calloc(m->n + 1, sizeof(*list));

        (void) bus;
        (void) prefix;
        (void) error;
        for (size_t i = 0; list && i < m->n; i++)
                if (asprintf(&list[i], "%s/%s", m->class->folder, item(m, i)->label) < 0) {
                        while (i > 0)
                                free(list[--i]);
                        free(list);
                        return -ENOMEM;
                }
        if (!list)
                return -ENOMEM;
        *ret = list;
        return 0;
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *value, sd_bus_error *error) {
        (void) bus;
        (void) path;
        (void) interface;
        (void) property;
        (void) error;
        return sd_bus_message_append_basic(reply, 's', value);
}

static int get_bool(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *value, sd_bus_error *error) {
        (void) bus;
        (void) path;
        (void) interface;
        (void) property;
        (void) error;
        return sd_bus_message_append(reply, "b", (int) *(const bool *) value);
}

/* ---- to the bus ---- */

static void check(const struct objects *m, int r, const char *what) {
        if (r < 0 && r != -ENOTCONN) /* a connection that has ended is told of elsewhere */
                log_warning("%s: %s cannot be told on the bus: %s", m->class->interface, what, strerror(-r));
}

static void add(struct objects *m, const struct object_item *new) {
        char path[PATH_LENGTH];

        if (m->n == m->max)
                return;
        memcpy(item(m, m->n), new, m->class->size);
        item(m, m->n++)->owner = m->owner;
        make_path(m, new->label, path);
        if (m->bus)
                check(m, sd_bus_emit_object_added(m->bus, path), "a new object");
}

/* While it is still there: sd-bus looks up which interfaces go with it. */
static void remove_at(struct objects *m, size_t i) {
        char path[PATH_LENGTH];

        make_path(m, item(m, i)->label, path);
        if (m->bus)
                check(m, sd_bus_emit_object_removed(m->bus, path), "an object that has gone");
        m->n--;
        memmove(item(m, i), item(m, i + 1), (m->n - i) * m->class->size);
}

static bool differs(const struct object_field *f, const void *a, const void *b) {
        const char *x = (const char *) a + f->offset, *y = (const char *) b + f->offset;

        return *f->type == 's' ? strcmp(x, y) != 0 : memcmp(x, y, f->size) != 0;
}

static void update(struct objects *m, struct object_item *old, const struct object_item *new) {
        const char *changed[OBJECTS_FIELDS_MAX + 1];
        char path[PATH_LENGTH];
        size_t n = 0;

        for (size_t i = 0; i < m->class->n_fields; i++)
                if (!m->class->fields[i].running && differs(&m->class->fields[i], old, new))
                        changed[n++] = m->class->fields[i].name;
        memcpy(old, new, m->class->size);
        old->owner = m->owner;
        if (n == 0)
                return;
        changed[n] = NULL;
        make_path(m, old->label, path);
        if (m->bus)
                check(m,
                        sd_bus_emit_properties_changed_strv(
                                m->bus, path, m->class->interface, (char **) (void *) changed),
                        "a change");
}

void objects_sync(struct objects *m, const void *items, size_t n) {
        const struct object_item *new;

        for (size_t i = m->n; i-- > 0;) {
                bool stays = false;

                for (size_t k = 0; k < n && !stays; k++) {
                        new = (const void *) ((const char *) items + k * m->class->size);
                        stays = strcmp(new->label, item(m, i)->label) == 0;
                }
                if (!stays)
                        remove_at(m, i);
        }
        for (size_t k = 0; k < n; k++) {
                struct object_item *old;

                new = (const void *) ((const char *) items + k * m->class->size);
                old = find_label(m, new->label);
                if (old)
                        update(m, old, new);
                else
                        add(m, new);
        }
}

/* ---- life ---- */

static void make_vtable(struct objects *m) {
        const struct object_class *c = m->class;
        sd_bus_vtable *v = m->vtable;

        *v++ = (sd_bus_vtable) SD_BUS_VTABLE_START(0);
        for (size_t i = 0; i < c->n_methods; i++)
                *v++ = c->methods[i];
        for (size_t i = 0; i < c->n_fields; i++) {
                const struct object_field *f = &c->fields[i];
                sd_bus_property_get_t get = *f->type == 's' ? get_text : *f->type == 'b' ? get_bool : NULL;

                *v++ = (sd_bus_vtable) SD_BUS_PROPERTY(
                        f->name, f->type, get, f->offset, f->running ? 0 : SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);
        }
        *v = (sd_bus_vtable) SD_BUS_VTABLE_END;
}

int objects_new(const struct object_class *class, size_t max, void *owner, struct objects **ret) {
        struct objects *m = calloc(1, sizeof(*m));

        assert(class->n_fields <= OBJECTS_FIELDS_MAX && class->n_methods <= METHODS_MAX);
        if (!m)
                return -ENOMEM;
        m->class = class;
        m->max = max;
        m->owner = owner;
        m->items = calloc(max, class->size);
        if (!m->items) {
                free(m);
                return -ENOMEM;
        }
        make_vtable(m);
        *ret = m;
        return 0;
}

int objects_attach(struct objects *m, sd_bus *bus) {
        int r;

        m->objects = sd_bus_slot_unref(m->objects);
        m->nodes = sd_bus_slot_unref(m->nodes);
        m->bus = bus;
        if (!bus)
                return 0;
        r = sd_bus_add_fallback_vtable(
                bus, &m->objects, m->class->folder, m->class->interface, m->vtable, find_object, m);
        return r < 0 ? r : sd_bus_add_node_enumerator(bus, &m->nodes, m->class->folder, list_nodes, m);
}

struct objects *objects_free(struct objects *m) {
        if (!m)
                return NULL;
        objects_attach(m, NULL);
        free(m->items);
        free(m);
        return NULL;
}

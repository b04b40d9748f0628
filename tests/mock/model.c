/* SPDX-License-Identifier: Apache-2.0 */
/* The fake BlueZ: finding things. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mock.h"

struct adapter *find_adapter(struct mock *m, const char *name) {
        for (struct adapter *a = m->adapters; a; a = a->next)
                if (strcmp(a->id, name) == 0 || strcmp(a->path, name) == 0)
                        return a;
        return NULL;
}

struct sensor *find_sensor(struct mock *m, const char *address) {
        for (struct sensor *s = m->sensors; s; s = s->next)
                if (strcmp(s->address, address) == 0)
                        return s;
        return NULL;
}

struct peer *find_peer(struct mock *m, const char *path) {
        for (struct peer *p = m->peers; p; p = p->next)
                if (p->object && strcmp(p->path, path) == 0)
                        return p;
        return NULL;
}

struct peer *get_peer(struct adapter *a, struct sensor *s) {
        struct mock *m = a->mock;
        struct peer *p;

        for (p = m->peers; p; p = p->next)
                if (p->adapter == a && p->sensor == s)
                        return p;
        p = calloc(1, sizeof(*p));
        if (!p)
                abort();
        *p = (struct peer){.next = m->peers, .adapter = a, .sensor = s, .temporary = true};
        snprintf(p->path, sizeof(p->path), "%.60s/dev_%s", a->path, s->address);
        for (char *c = strrchr(p->path, '/'); *c; c++)
                if (*c == ':')
                        *c = '_';
        m->peers = p;
        return p;
}

struct attribute *find_attribute(struct sensor *s, const char *uuid) {
        for (struct attribute *a = s->attributes; a; a = a->next)
                if (strcmp(a->uuid, uuid) == 0)
                        return a;
        return NULL;
}

void attribute_path(const struct peer *p, const struct attribute *a, char ret[PATH_SIZE]) {
        snprintf(ret, PATH_SIZE, "%.80s/service0001/char%04x", p->path, a->number);
}

struct peer *find_attribute_peer(struct mock *m, const char *path, struct attribute **ret) {
        for (struct peer *p = m->peers; p; p = p->next)
                for (struct attribute *a = p->exported ? p->sensor->attributes : NULL; a; a = a->next) {
                        char own[PATH_SIZE];

                        attribute_path(p, a, own);
                        if (strcmp(own, path) == 0) {
                                *ret = a;
                                return p;
                        }
                }
        return NULL;
}

/* One timer for each slot: what waited there is forgotten. */
void later(
        struct mock *m, sd_event_source **slot, unsigned ms, sd_event_time_handler_t handler, void *userdata) {
        sd_event_source_disable_unref(*slot);
        *slot = NULL;
        if (sd_event_add_time_relative(
                    m->event, slot, CLOCK_MONOTONIC, ms * UINT64_C(1000), 1, handler, userdata) < 0)
                abort();
}

void say(struct mock *m, const char *format, ...) {
        va_list ap;

        if (m->quiet)
                return;
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
        fflush(stdout);
}

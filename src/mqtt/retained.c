/* SPDX-License-Identifier: Apache-2.0 */
/* Topics that the broker keeps. */

#include "mqtt/retained.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int retained_init(struct retained_table *t, size_t n) {
        t->items = calloc(n, sizeof(*t->items));
        if (!t->items)
                return -ENOMEM;
        t->n = n;
        return 0;
}

void retained_done(struct retained_table *t) {
        for (size_t i = 0; i < t->n; i++) {
                free(t->items[i].topic);
                free(t->items[i].json);
        }
        free(t->items);
        *t = (struct retained_table){0};
}

const struct retained *retained_set(struct retained_table *t, size_t i, char *topic, char *json) {
        struct retained *r = &t->items[i];

        free(r->topic);
        free(r->json);
        *r = (struct retained){topic, json};
        return r;
}

bool retained_holds(const struct retained_table *t, const char *topic) {
        for (size_t i = 0; i < t->n; i++)
                if (t->items[i].topic && t->items[i].json[0] != '\0' && strcmp(t->items[i].topic, topic) == 0)
                        return true;
        return false;
}

void leftovers_begin(struct leftovers *l, uint64_t due_us) {
        leftovers_done(l);
        l->due_us = due_us;
}

void leftovers_note(struct leftovers *l, const char *topic) {
        char *copy = l->n < LEFTOVERS_MAX && l->due_us != UINT64_MAX ? strdup(topic) : NULL;

        if (copy)
                l->topics[l->n++] = copy;
}

char *leftovers_take(struct leftovers *l, const struct retained_table *t) {
        while (l->n > 0) {
                char *topic = l->topics[--l->n];

                if (!retained_holds(t, topic))
                        return topic;
                free(topic);
        }
        l->due_us = UINT64_MAX;
        return NULL;
}

void leftovers_done(struct leftovers *l) {
        while (l->n > 0)
                free(l->topics[--l->n]);
        l->due_us = UINT64_MAX;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the broker shall keep: a text for each topic, the newest only, said again on every connection.
 *
 * An empty text takes a topic away from the broker. What another run has left there, of stations and sensors that are no
 * more, is seen in the retained messages that come after a subscription: those that are not in here are left over. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct retained {
        char *topic, *json; /* NULL = nothing was ever shown in this place; "" = taken away */
};

struct retained_table {
        struct retained *items;
        size_t n;
};

int retained_init(struct retained_table *t, size_t n);
void retained_done(struct retained_table *t);

/* Takes both texts over. What stood in this place under another topic is forgotten. */
const struct retained *retained_set(struct retained_table *t, size_t i, char *topic, char *json);

/* Is there a text for this topic, and not an empty one? */
bool retained_holds(const struct retained_table *t, const char *topic);

/* ---- left over ---- */

#define LEFTOVERS_MAX 256 /* of more, the rest is found on the next connection */

struct leftovers {
        char *topics[LEFTOVERS_MAX];
        size_t n;
        uint64_t due_us; /* when they are judged: by then all that is shown has been; UINT64_MAX = not */
};

void leftovers_begin(struct leftovers *l, uint64_t due_us);
void leftovers_note(struct leftovers *l, const char *topic);

/* The next topic that is not held, to be freed; NULL = no more, and none is noted from here on. */
char *leftovers_take(struct leftovers *l, const struct retained_table *t);

void leftovers_done(struct leftovers *l);

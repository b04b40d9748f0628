/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Events on their way to the broker: a bounded list, oldest first.
 *
 *     added -> waiting -> sent (in flight) -> acknowledged: gone
 *                 ^             |
 *                 '-------------'  connection lost
 *
 * Those in flight are always the oldest ones, so what a lost connection brings back stands in its old place and
 * the order of events survives. Pure but for the memory of the texts; one thread. */

#include <stddef.h>
#include <stdint.h>

struct backlog;

struct backlog_entry {
        char *topic;
        char *json;
        int mid; /* MQTT message id while in flight, 0 while waiting */
};

/* max at least 1. Returns 0 or -ENOMEM. */
int backlog_new(size_t max, struct backlog **ret);
struct backlog *backlog_free(struct backlog *b);

/* Takes both strings over. A full list lets its oldest waiting event go and counts it as dropped. */
void backlog_add(struct backlog *b, char *topic, char *json);

/* The oldest waiting event, or NULL. Valid until the next call of any other function here. */
const struct backlog_entry *backlog_next(const struct backlog *b);

/* What backlog_next() returned was sent under this message id (over 0). */
void backlog_sent(struct backlog *b, int mid);

/* Returns 1; 0 where no event has this id (an acknowledgement may come for something else). */
int backlog_acked(struct backlog *b, int mid);

/* The connection is gone: whatever was in flight waits again, and everything is marked late. */
void backlog_disconnected(struct backlog *b);

size_t backlog_length(const struct backlog *b);
size_t backlog_in_flight(const struct backlog *b);
uint64_t backlog_dropped(const struct backlog *b);

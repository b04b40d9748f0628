/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A bounded queue between two threads: fixed array, fixed item size, copies in and out.
 *
 * Nothing is allocated after queue_new(). The mutex is held for one copy only, so the pushing thread never waits
 * for what the popping thread does with its items. A full queue refuses and counts: nothing vanishes in silence. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

/* item_size and capacity at least 1. Returns 0, -ENOMEM, or what eventfd(2) gives. */
int queue_new(size_t item_size, size_t capacity, struct queue **ret);
struct queue *queue_free(struct queue *q);

/* Returns 0, or -ENOBUFS: full, the item is counted as dropped. */
int queue_push(struct queue *q, const void *item);

/* Take the oldest item. False: empty, *ret is untouched. */
bool queue_pop(struct queue *q, void *ret);

/* To poll for reading: readable exactly while items wait. Never read from it. */
int queue_fd(const struct queue *q);

size_t queue_length(struct queue *q);
uint64_t queue_dropped(struct queue *q);

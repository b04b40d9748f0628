/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Latest values between two threads: one slot per key, a new value replaces an old one that nobody took.
 *
 * For what is worthless once something newer exists. One thread puts, one takes. A fast writer can never crowd out a slow
 * reader's other keys, nor anything that goes another way. Nothing is allocated after slots_new(). */

#include <stdbool.h>
#include <stddef.h>

struct slots;

/* Keys are 0 to n_keys - 1; item_size and n_keys at least 1. Returns 0, -ENOMEM, or what eventfd(2) gives. */
int slots_new(size_t item_size, size_t n_keys, struct slots **ret);
struct slots *slots_free(struct slots *s);

/* size: as many bytes of the item as say something; no more are written to when it is taken. */
void slots_put(struct slots *s, size_t key, const void *item, size_t size);

/* The same in two steps, for many values at once: lay each, then ring once. What was laid may be taken before. */
void slots_lay(struct slots *s, size_t key, const void *item, size_t size);
void slots_ring(struct slots *s);

/* Take a value that was put since its key was last taken; keys take turns. False: there is none, the
 * out-parameters are untouched. */
bool slots_take(struct slots *s, size_t *ret_key, void *ret);

/* To poll for reading: readable while a value waits, and until slots_take() has found none. Never read from it. */
int slots_fd(const struct slots *s);

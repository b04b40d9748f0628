/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A look-up of a name that nobody has to wait for.
 *
 * The system's resolver blocks for as long as its name servers are silent, and cannot be cut short. So each look-up has a
 * thread of its own; who has lost interest frees the look-up, and the thread ends when the resolver lets it go. */

#include "mqtt/addresses.h"

/* Threads that may hang in the resolver at the same time, of the whole process. */
#define LOOKUPS_MAX 8

struct lookup;

/* Returns 0, -EAGAIN where LOOKUPS_MAX hang already, or another negative errno. */
int lookup_start(const char *host, struct lookup **ret);

/* Readable when there is a result. */
int lookup_fd(const struct lookup *l);

/* Returns 0, -EHOSTUNREACH with *ret_why pointing to the resolver's reason (static), or -EINPROGRESS. */
int lookup_result(struct lookup *l, struct addresses *ret, const char **ret_why);

struct lookup *lookup_free(struct lookup *l);

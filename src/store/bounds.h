/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a database must let go. Acknowledged events are history and go first, the oldest first; then, the oldest first,
 * events that no broker has had, and each of these counts as dropped.
 *
 * Positions that are let go become part of acked. Called between database_begin() and database_commit(). Return the
 * number of events dropped, or negative errno. */

#include "store/database.h"
#include "util/spans.h"

int bounds_by_size(struct database *d, struct spans *acked, uint64_t bytes_max);

/* Instants since the epoch; INT64_MAX: everything of its kind goes, INT64_MIN: nothing. */
int bounds_by_age(struct database *d, struct spans *acked, int64_t history_from_ms, int64_t unsent_from_ms);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The store: a thread that owns SQLite, between the sense thread and the uplink.
 *
 *     message ─ queue ─▶ JSON ─ commit ─▶ outbox ─▶ uplink
 *                                 ▲          │
 *                          history, unsent ◀─┘ acknowledged
 *
 * Each event is committed before it is first sent. Calls of the sense thread copy, never block and never allocate: a disk
 * that takes seconds for a write delays events, and nothing else. */

#include <stdbool.h>
#include <stdint.h>

#include <repcast/calibration.h>

#include "message/message.h"
#include "message/outbox.h"
#include "store/archive.h"

struct store;

struct store_config {
        struct archive_config archive; /* its path is copied */
        struct outbox *outbox;         /* outlives the store */
        unsigned n_stations;
};

struct store_stats {
        struct archive_stats archive;
        uint64_t queued;       /* events that are not committed yet */
        uint64_t refused;      /* events lost to a full queue, or for lack of memory */
        uint64_t acknowledged; /* since the start */
};

/* Opens the database, which may take its time. Returns 0 or -ENOMEM. */
int store_new(const struct store_config *config, struct store **ret);

/* Before store_start(): what is known of each sensor. saved_ms since the epoch; 0 = not known. */
void store_load_calibrations(struct store *s,
        void (*take)(void *userdata, const char *sensor, const struct calibration *c, int64_t saved_ms),
        void *userdata);

/* As well: the newest sets that say something of strength, oldest first (database.h). */
void store_load_lifts(struct store *s, unsigned most,
        void (*take)(
                void *userdata, const char *athlete, const char *exercise, double load_kg, double best_mps),
        void *userdata);

int store_start(struct store *s);

/* From the sense thread. A rejected movement is passed on if the broker is there; every other event is kept.
 * -ENOBUFS: the queue is full; it is counted. */
int store_post(struct store *s, const struct message *m);

/* What was learned of the sensor of a station, 0 to n_stations - 1; replaces what waits there. saved_ms since the epoch;
 * 0 = not known. */
void store_save_calibration(
        struct store *s, unsigned station, const char *sensor, const struct calibration *c, int64_t saved_ms);

/* A question of the sense thread, and its answer: the reply of B/query as JSON, NULL = out of memory. */
#define STORE_ASKS_MAX 8
struct store_ask {
        uint64_t number; /* the asker's, from 1 */
        struct query query;
};
struct store_answer {
        uint64_t number;
        char *json; /* free() it */
};

/* -ENOBUFS: too many wait already. */
int store_ask(struct store *s, const struct store_ask *ask);
int store_answers_fd(const struct store *s); /* readable while there are answers */
bool store_take_answer(struct store *s, struct store_answer *ret);

/* No more events come: the uplink may leave when what is there is sent. */
void store_finish(struct store *s);

/* CLOCK_MONOTONIC microseconds until which the thread is known to be in order: the watchdog is fed until then. */
uint64_t store_alive_until_us(struct store *s);

void store_get_stats(struct store *s, struct store_stats *ret);

/* Write what is left, join. After the uplink's stop, so that the last acknowledgements count. Returns 0, or -ETIMEDOUT
 * with the thread abandoned in a write that does not end: leave the process by _exit(). */
int store_stop(struct store *s, uint64_t timeout_us);

/* After store_stop() returned 0 or without store_start(). */
struct store *store_free(struct store *s);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The events of the hub on disk as long as that works, in memory while it does not.
 *
 *              add                    the disk refuses: full, read-only, broken
 *     event ─────────▶ disk ┄┄┄┄┄┄┄┄┄▶ spare, in memory
 *                        ▲                    │
 *                        '────────────────────'  it takes events again: the spare ones move over
 *
 * Both are the same kind of database; without a folder there is only the spare one. Events get positions 1, 2, 3, ... in
 * the order of their commits; those in the spare are always behind those on the disk. Each position is then in one of
 * three states: it waits, it is acknowledged, or it was dropped at a bound. acked holds those of the last two kinds.
 *
 * A database that is damaged, foreign or of another format is renamed and left alone, and a new one is begun. */

#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"
#include "util/spans.h"

struct archive;

struct archive_config {
        const char *path;              /* of the database; NULL = memory only */
        uint64_t disk_max, memory_max; /* bytes */
        unsigned history_days;         /* acknowledged events are kept for; 0 = not at all */
        unsigned unsent_days;          /* others */
};

struct archive_stats {
        bool on_disk;          /* what is committed now is safe from the end of the process */
        uint64_t last;         /* position of the last event */
        uint64_t waiting;      /* neither acknowledged nor dropped */
        uint64_t in_memory;    /* of these */
        uint64_t dropped;      /* since the start */
        uint64_t dropped_ever; /* since the database was begun */
        uint64_t bytes;        /* in use on disk */
        char error[256];       /* why it is not on disk; empty = it is */
};

/* Returns 0 or -ENOMEM: whatever is wrong with the disk is told in the log, and memory takes its place. */
int archive_open(const struct archive_config *config, struct archive **ret);

/* Saves what is known. */
struct archive *archive_close(struct archive *a);

/* Commit n events, which get the next positions. What cannot be kept even in memory is dropped. */
void archive_add(struct archive *a, struct row *rows, unsigned n);

/* The first event from this position up that is neither acknowledged nor in the other set. Returns 1, 0 for none, or
 * negative errno. */
int archive_next(struct archive *a, const struct spans *other, struct row *ret);

/* A page of what is asked for. Returns 0 or negative errno; the page is the caller's in any case. */
int archive_answer(struct archive *a, const struct query *q, struct page *ret);

/* Returns whether it was waiting until now. */
bool archive_acked(struct archive *a, uint64_t position);

/* At least once a second: save what was acknowledged, keep the bounds, sync, try a failing disk again. now_ms since the
 * epoch; 0 = not known. */
void archive_keep(struct archive *a, uint64_t now_us, int64_t now_ms);

int archive_save_calibration(
        struct archive *a, const char *sensor, const struct calibration *c, int64_t saved_ms);
void archive_load_calibrations(struct archive *a,
        void (*take)(void *userdata, const char *sensor, const struct calibration *c, int64_t saved_ms),
        void *userdata);

void archive_load_lifts(struct archive *a, unsigned most,
        void (*take)(
                void *userdata, const char *athlete, const char *exercise, double load_kg, double best_mps),
        void *userdata);

const struct spans *archive_get_acked(const struct archive *a);
void archive_get_stats(struct archive *a, struct archive_stats *ret);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One SQLite database with events, what of them is acknowledged, and what is known of sensors. In a file, or in memory.
 *
 *     event        append-only: a row each, in the order of commits; deleted only at the bounds
 *     acked        intervals of positions that need no sending any more: the watermark
 *     state        counters that outlive a start
 *     calibration  one row a sensor
 *
 * A write-ahead log with synchronous=NORMAL: a commit is safe from the end of the process at once, and from a power cut
 * after the next database_sync(). Without it nothing waits for the disk's cache.
 *
 * Functions return 0 or positive, or negative errno:
 *     -ENOSPC  disk full             -EROFS  read-only               -EUCLEAN  damaged, or no such database at all
 *     -EBUSY   another process has it       -EMEDIUMTYPE  a database, but none of ours    -EIO  the disk failed */

#include <repcast/calibration.h>

#include "message/message.h"
#include "message/query.h"
#include "util/spans.h"

struct database;

struct row {
        uint64_t position;
        char run[MESSAGE_RUN_MAX];
        uint64_t number, seq;
        char station[MESSAGE_NAME_MAX];
        enum message_type type;
        int64_t made_ms; /* since the epoch; 0 = the clock was not known */
        char *json;      /* free() it */
};

/* path NULL: in memory. The reason of a failure goes to why, in words. */
int database_open(const char *path, struct database **ret, char *ret_why, size_t why_size);
/* To read only: of a daemon that is not running. -EBUSY: it is. */
int database_open_reader(const char *path, struct database **ret, char *ret_why, size_t why_size);
struct database *database_close(struct database *d);

/* Words about the last failure. */
const char *database_why(struct database *d);

/* All changes stand between these two; a failed commit has changed nothing. */
int database_begin(struct database *d);
int database_commit(struct database *d);
void database_rollback(struct database *d);

int database_insert(struct database *d, const struct row *row);

/* The first event from this position up to that one. Returns 1, or 0: there is none. */
int database_read(struct database *d, uint64_t first, uint64_t last, struct row *ret);

/* Add to a page the events that a question is about, as far as it has room; looks at so many events at most. A history goes
 * on after this position. page->next becomes what the next page begins behind, position or seq. Returns 1 where the page is
 * full or the search is not at its end, else 0. */
int database_select(struct database *d, const struct query *q, uint64_t after, struct page *page);

/* Position of the last event; 0 = none. */
int database_last(struct database *d, uint64_t *ret);

/* Delete the first n events of [first, last]. Returns how many there were, the position of the last of them in *ret. */
int database_delete(struct database *d, uint64_t first, uint64_t last, unsigned n, uint64_t *ret);

/* How many events at the head of [first, last] were made before this instant? One whose instant is not known counts as
 * old as the next one whose is. */
int database_count_older(struct database *d, uint64_t first, uint64_t last, int64_t before_ms, unsigned *ret);

/* Bytes in use, free pages left out. */
int database_bytes(struct database *d, uint64_t *ret);

int database_save(struct database *d, const struct spans *acked, uint64_t dropped);
int database_load(struct database *d, struct spans *ret_acked, uint64_t *ret_dropped);

int database_save_calibration(
        struct database *d, const char *sensor, const struct calibration *c, int64_t saved_ms);
/* Each row that can be read; others are passed over. */
int database_load_calibrations(struct database *d,
        void (*take)(void *userdata, const char *sensor, const struct calibration *c, int64_t saved_ms),
        void *userdata);

/* The newest sets, so many at most and oldest first, that say something of strength: athlete (claims included), exercise, load
 * and best mean concentric velocity are known, and the concentric was neither paced nor assisted. */
int database_load_lifts(struct database *d, unsigned most,
        void (*take)(
                void *userdata, const char *athlete, const char *exercise, double load_kg, double best_mps),
        void *userdata);

/* Make what was committed safe from a power cut; bounds the write-ahead log. Outside of begin and commit. */
int database_sync(struct database *d);

/* SPDX-License-Identifier: Apache-2.0 */
/* Two databases, one in a file and one in memory, and when which of them is used. */

#include "store/archive.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/bounds.h"
#include "util/log.h"
#include "util/macros.h"

#define RETRY_US  UINT64_C(5000000)   /* between two tries of a disk that refuses */
#define AGE_US    UINT64_C(600000000) /* between two looks at the age of events */
#define DAY_MS    INT64_C(86400000)
#define ASIDE_MAX 100 /* databases set aside in one folder */

struct archive {
        struct archive_config config;
        char *path;
        struct database *disk; /* NULL = there is none */
        struct database *spare;
        bool failing; /* the disk refused the last change */
        uint64_t last;
        uint64_t first_spare; /* events from this position on are in the spare; 0 = none is */
        struct spans acked;
        bool unsaved, unsynced; /* on disk */
        uint64_t dropped, dropped_before;
        uint64_t retry_us, age_us;
        char why[256];
};

/* ---- opening ---- */

static int rename_one(const char *from, const char *to, const char *suffix) {
        char a[4096], b[4096];

        if (snprintf(a, sizeof(a), "%s%s", from, suffix) >= (int) sizeof(a) ||
                snprintf(b, sizeof(b), "%s%s", to, suffix) >= (int) sizeof(b))
                return -ENAMETOOLONG;
        return rename(a, b) < 0 ? -errno : 0;
}

/* Out of the way, with its write-ahead log: nothing is ever deleted. */
static int set_aside(const char *path, const char *why) {
        char aside[4096];
        int r = -EEXIST;

        for (unsigned i = 1; i <= ASIDE_MAX && r == -EEXIST; i++) {
                if (snprintf(aside, sizeof(aside), "%s.aside-%u", path, i) >= (int) sizeof(aside))
                        return -ENAMETOOLONG;
                if (access(aside, F_OK) != 0)
                        r = rename_one(path, aside, "");
        }
        if (r < 0)
                return r;
        (void) rename_one(path, aside, "-wal");
        log_error("the event store %s is not used: %s; it is kept as %s and a new one is begun", path, why,
                aside);
        return 0;
}

static bool is_unusable(int r) {
        return r == -EUCLEAN || r == -EMEDIUMTYPE;
}

static int open_disk(struct archive *a) {
        char aside_why[128];
        int r = database_open(a->path, &a->disk, a->why, sizeof(a->why));

        if (is_unusable(r)) {
                snprintf(aside_why, sizeof(aside_why), "%.120s", a->why);
                r = set_aside(a->path, aside_why);
                if (r >= 0)
                        r = database_open(a->path, &a->disk, a->why, sizeof(a->why));
                else
                        snprintf(a->why, sizeof(a->why), "%s, and it cannot be renamed: %s", aside_why,
                                strerror(-r));
        }
        if (r == -EBUSY)
                snprintf(a->why, sizeof(a->why), "another process uses it: is a second repcastd running?");
        return r;
}

static int load(struct archive *a) {
        uint64_t last = 0;
        int r = database_load(a->disk, &a->acked, &a->dropped_before);

        if (r >= 0)
                r = database_last(a->disk, &last);
        if (r < 0)
                return r;
        /* What was acknowledged may be deleted; its position is not used again. */
        a->last = a->acked.n > 0 ? MAX(last, a->acked.list[a->acked.n - 1].last) : last;
        return 0;
}

static void begin_on_disk(struct archive *a) {
        int r = open_disk(a);

        if (r >= 0)
                r = load(a);
        if (r >= 0) {
                a->why[0] = '\0';
                return;
        }
        if (a->disk)
                snprintf(a->why, sizeof(a->why), "%s", database_why(a->disk));
        a->disk = database_close(a->disk);
        log_error("the event store %s cannot be used: %s; events are kept in memory only, until the next start",
                a->path, a->why);
}

int archive_open(const struct archive_config *config, struct archive **ret) {
        struct archive *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return -ENOMEM;
        a->config = *config;
        r = database_open(NULL, &a->spare, a->why, sizeof(a->why));
        if (r >= 0 && config->path) {
                a->path = strdup(config->path);
                r = a->path ? 0 : -ENOMEM;
        }
        if (r < 0) {
                archive_close(a);
                return r;
        }
        if (a->path)
                begin_on_disk(a);
        else
                snprintf(a->why, sizeof(a->why), "no folder is given for it");
        *ret = a;
        return 0;
}

/* ---- the disk refuses ---- */

static void reopen(struct archive *a) {
        char why[256];

        snprintf(why, sizeof(why), "%s", a->why);
        a->disk = database_close(a->disk);
        if (set_aside(a->path, why) < 0 || database_open(a->path, &a->disk, a->why, sizeof(a->why)) < 0)
                return;
        /* What was in it is out of reach: as far as it was not sent, it is lost to the broker. */
        const uint64_t end = a->first_spare > 0 ? a->first_spare - 1 : a->last;
        a->dropped += end - spans_count(&a->acked, end);
        if (end > 0)
                (void) spans_add(&a->acked, 1, end);
}

/* A change did not come about. */
static void refuse(struct archive *a, int r) {
        snprintf(a->why, sizeof(a->why), "%s", database_why(a->disk));
        database_rollback(a->disk);
        if (!a->failing)
                log_error("the event store %s takes nothing: %s; events are kept in memory until it does",
                        a->path, a->why);
        a->failing = true;
        if (is_unusable(r))
                reopen(a);
}

static bool disk_works(const struct archive *a) {
        return a->disk && !a->failing;
}

/* ---- adding ---- */

static int insert_all(struct database *d, const struct row *rows, unsigned n) {
        int r = database_begin(d);

        for (unsigned i = 0; i < n && r >= 0; i++)
                r = database_insert(d, &rows[i]);
        return r >= 0 ? database_commit(d) : r;
}

/* Returns 0, or -ENOSPC: too many intervals to remember it, reading will find the gap. */
static int drop(struct archive *a, uint64_t first, uint64_t last) {
        int r = spans_add(&a->acked, first, last);

        if (r < 0)
                return r;
        a->dropped += last - first + 1;
        a->unsaved = true;
        return 0;
}

static void add_to_spare(struct archive *a, const struct row *rows, unsigned n) {
        if (insert_all(a->spare, rows, n) < 0) { /* out of memory */
                database_rollback(a->spare);
                (void) drop(a, rows[0].position, rows[n - 1].position);
                return;
        }
        if (a->first_spare == 0)
                a->first_spare = rows[0].position;
}

void archive_add(struct archive *a, struct row *rows, unsigned n) {
        int r = 0;

        assert(n > 0);
        for (unsigned i = 0; i < n; i++)
                rows[i].position = ++a->last;
        if (disk_works(a)) {
                r = insert_all(a->disk, rows, n);
                if (r >= 0) {
                        a->unsynced = true;
                        return;
                }
        }
        add_to_spare(a, rows, n);
        if (disk_works(a))
                refuse(a, r);
}

/* The disk is asked again: everything that it missed, in one go. */
static int move_spare(struct archive *a) {
        struct row row;
        uint64_t ignored;
        int r = database_begin(a->disk), more = 0;

        for (uint64_t at = a->first_spare;
                r >= 0 && (more = database_read(a->spare, at, INT64_MAX, &row)) > 0;) {
                at = row.position + 1;
                r = database_insert(a->disk, &row);
                free(row.json);
        }
        r = MIN(r, more);
        if (r >= 0)
                r = database_save(a->disk, &a->acked, a->dropped_before + a->dropped);
        if (r >= 0)
                r = database_commit(a->disk);
        if (r < 0)
                return r;
        (void) database_delete(a->spare, 1, INT64_MAX, INT32_MAX, &ignored);
        a->first_spare = 0;
        return 0;
}

static void try_again(struct archive *a) {
        int r;

        if (!a->disk && database_open(a->path, &a->disk, a->why, sizeof(a->why)) < 0)
                return;
        r = move_spare(a);
        if (r >= 0)
                r = database_sync(a->disk);
        if (r < 0) {
                refuse(a, r);
                return;
        }
        a->failing = a->unsaved = false;
        a->why[0] = '\0';
        log_notice("the event store %s takes events again", a->path);
}

/* ---- reading ---- */

static int read_from(struct archive *a, uint64_t from, struct row *ret) {
        int r = a->disk ? database_read(a->disk, from, INT64_MAX, ret) : 0;

        if (r < 0)
                refuse(a, r);
        return r == 0 && a->first_spare > 0 ? database_read(a->spare, from, INT64_MAX, ret) : r;
}

static uint64_t next_missing(const struct archive *a, const struct spans *other) {
        uint64_t at = 0, from = 1;

        while (at != from) {
                at = spans_next_missing(&a->acked, from);
                from = spans_next_missing(other, at);
        }
        return at;
}

int archive_next(struct archive *a, const struct spans *other, struct row *ret) {
        uint64_t at;
        int r = 0;

        while (r >= 0 && (at = next_missing(a, other)) <= a->last) {
                struct row row = {.position = a->last + 1};

                r = read_from(a, at, &row);
                if (r < 0)
                        return r;
                if (row.position == at && row.type < _MESSAGE_MAX) {
                        *ret = row;
                        return 1;
                }
                /* Gone, and nobody knows why: a hole in a damaged database. */
                free(row.json);
                r = drop(a, at, MAX(row.position - 1, at));
        }
        return r;
}

int archive_answer(struct archive *a, const struct query *q, struct page *ret) {
        int r = 0;

        *ret = (struct page){.n = 0};
        if (a->disk)
                r = database_select(a->disk, q, q->after, ret);
        if (r == 0 && a->first_spare > 0)
                r = database_select(a->spare, q, q->after, ret);
        if (r == 0)
                ret->next = 0;
        else if (q->kind == QUERY_RESYNC)
                ret->next++; /* from_seq of the next page, and not what it comes behind */
        return MIN(r, 0);
}

bool archive_acked(struct archive *a, uint64_t position) {
        if (position > a->last || spans_has(&a->acked, position))
                return false;
        a->unsaved = true;
        return spans_add(&a->acked, position, position) >= 0;
}

/* ---- now and then ---- */

static int keep_bounds(struct archive *a, struct database *d, uint64_t bytes_max, bool ages, int64_t now_ms) {
        int64_t history_ms = INT64_MIN, unsent_ms = INT64_MIN;
        int by_size = bounds_by_size(d, &a->acked, bytes_max), by_age = 0;

        if (ages) {
                history_ms = now_ms - a->config.history_days * DAY_MS;
                unsent_ms = now_ms - a->config.unsent_days * DAY_MS;
        }
        if (a->config.history_days == 0)
                history_ms = INT64_MAX;
        if (by_size >= 0)
                by_age = bounds_by_age(d, &a->acked, history_ms, unsent_ms);
        return by_size < 0 ? by_size : by_age < 0 ? by_age : by_size + by_age;
}

/* One transaction: what was acknowledged, and what goes. */
static int keep_one(struct archive *a, struct database *d, uint64_t bytes_max, bool ages, int64_t now_ms) {
        const struct spans before = a->acked;
        int dropped = 0, r = database_begin(d);

        if (r >= 0)
                r = dropped = keep_bounds(a, d, bytes_max, ages, now_ms);
        if (r >= 0)
                r = database_save(d, &a->acked, a->dropped_before + a->dropped + (unsigned) dropped);
        if (r >= 0)
                r = database_commit(d);
        if (r < 0) {
                a->acked = before;
                return r;
        }
        a->dropped += (unsigned) dropped;
        return 0;
}

static void keep_disk(struct archive *a, bool ages, int64_t now_ms) {
        int r = 0;

        if (a->unsaved || a->unsynced || ages)
                r = keep_one(a, a->disk, a->config.disk_max, ages, now_ms);
        if (r >= 0 && (a->unsaved || a->unsynced))
                r = database_sync(a->disk);
        if (r < 0)
                refuse(a, r);
        else
                a->unsaved = a->unsynced = false;
}

void archive_keep(struct archive *a, uint64_t now_us, int64_t now_ms) {
        bool ages = now_ms > 0 && now_us >= a->age_us;

        if (a->path && a->failing && now_us >= a->retry_us) {
                a->retry_us = now_us + RETRY_US;
                try_again(a);
        }
        if (disk_works(a))
                keep_disk(a, ages, now_ms);
        if (a->first_spare > 0 && keep_one(a, a->spare, a->config.memory_max, ages, now_ms) < 0)
                database_rollback(a->spare);
        if (ages)
                a->age_us = now_us + AGE_US;
}

struct archive *archive_close(struct archive *a) {
        if (!a)
                return NULL;
        if (a->path && a->failing)
                try_again(a);
        if (disk_works(a))
                keep_disk(a, false, 0);
        database_close(a->disk);
        database_close(a->spare);
        free(a->path);
        free(a);
        return NULL;
}

/* ---- the rest ---- */

int archive_save_calibration(
        struct archive *a, const char *sensor, const struct calibration *c, int64_t saved_ms) {
        if (!disk_works(a))
                return 0; /* the next rest brings the next one */
        int r = database_save_calibration(a->disk, sensor, c, saved_ms);
        if (r < 0)
                refuse(a, r);
        else
                a->unsynced = true;
        return r;
}

void archive_load_calibrations(struct archive *a,
        void (*take)(void *userdata, const char *sensor, const struct calibration *c, int64_t saved_ms),
        void *userdata) {
        if (a->disk)
                (void) database_load_calibrations(a->disk, take, userdata);
}

void archive_load_lifts(struct archive *a, unsigned most,
        void (*take)(
                void *userdata, const char *athlete, const char *exercise, double load_kg, double best_mps),
        void *userdata) {
        if (a->disk)
                (void) database_load_lifts(a->disk, most, take, userdata);
}

const struct spans *archive_get_acked(const struct archive *a) {
        return &a->acked;
}

void archive_get_stats(struct archive *a, struct archive_stats *ret) {
        *ret = (struct archive_stats){
                .on_disk = disk_works(a),
                .last = a->last,
                .waiting = a->last - spans_count(&a->acked, a->last),
                .dropped = a->dropped,
                .dropped_ever = a->dropped_before + a->dropped,
        };
        if (a->first_spare > 0) {
                uint64_t before = a->first_spare - 1;
                ret->in_memory = ret->waiting - (before - spans_count(&a->acked, before));
        }
        if (a->disk)
                (void) database_bytes(a->disk, &ret->bytes);
        snprintf(ret->error, sizeof(ret->error), "%s", a->why);
}

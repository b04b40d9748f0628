/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite, behind the words of the store. */

#include "store/database.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/calibration-text.h"
#include "util/macros.h"

#define APPLICATION_ID 0x72657063 /* "repc": tells our file from any other database (file(1) shows it) */
#define SCHEMA         1

/* One page of answers: so many bytes, and so many events looked at, whatever is asked: new events wait meanwhile. */
#define PAGE_BYTES 65536
#define SEARCH_MAX 2000

/* Pages of 4 KiB in the write-ahead log before they are taken over into the database. */
#define WAL_PAGES_MAX 1000

/* So long a start waits for who is looking at the file, or for the process before to end. */
#define BUSY_MS 2000

enum statement {
        BEGIN,
        COMMIT,
        ROLLBACK,
        INSERT,
        READ,
        HISTORY,
        RESYNC,
        FIRST,
        LAST,
        DELETE,
        AGES,
        PAGES,
        FORGET_ACKED,
        SAVE_ACKED,
        LOAD_ACKED,
        SAVE_STATE,
        LOAD_STATE,
        SAVE_CALIBRATION,
        LOAD_CALIBRATIONS,
        _STATEMENT_MAX,
};

static const char *const statements[_STATEMENT_MAX] = {
        [BEGIN] = "BEGIN IMMEDIATE",
        [COMMIT] = "COMMIT",
        [ROLLBACK] = "ROLLBACK",
        [INSERT] = "INSERT INTO event (position, run, number, station, seq, type, made_ms, json) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        [READ] = "SELECT position, run, number, station, seq, type, made_ms, json FROM event "
                 "WHERE position BETWEEN ?1 AND ?2 ORDER BY position LIMIT 1",
        [HISTORY] = "SELECT position, json FROM event WHERE position BETWEEN ?1 AND ?2"
                    " AND ?3 IN ('', station) AND ?4 IN ('', json_extract(json, '$.athlete'))"
                    " AND ?5 IN ('', json_extract(json, '$.exercise')) AND made_ms >= ?6 AND (?7 = 0 OR "
                    "made_ms < ?7)"
                    " ORDER BY position",
        [RESYNC] = "SELECT seq, json FROM event WHERE run = ?1 AND station = ?2 AND seq BETWEEN ?3 AND ?4 "
                   "ORDER BY seq",
        [FIRST] = "SELECT min(position) FROM event",
        [LAST] = "SELECT max(position) FROM event",
        [DELETE] = "DELETE FROM event WHERE position IN "
                   "(SELECT position FROM event WHERE position BETWEEN ?1 AND ?2 ORDER BY position LIMIT ?3) "
                   "RETURNING position",
        [AGES] = "SELECT made_ms FROM event WHERE position BETWEEN ?1 AND ?2 ORDER BY position",
        [PAGES] = "SELECT (page_count - freelist_count) * page_size "
                  "FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        [FORGET_ACKED] = "DELETE FROM acked",
        [SAVE_ACKED] = "INSERT INTO acked (first, last) VALUES (?1, ?2)",
        [LOAD_ACKED] = "SELECT first, last FROM acked ORDER BY first",
        [SAVE_STATE] = "INSERT OR REPLACE INTO state (name, value) VALUES ('dropped', ?1)",
        [LOAD_STATE] = "SELECT value FROM state WHERE name = 'dropped'",
        [SAVE_CALIBRATION] = "INSERT OR REPLACE INTO calibration (sensor, version, saved_ms, figures) "
                             "VALUES (?1, ?2, ?3, ?4)",
        [LOAD_CALIBRATIONS] = "SELECT sensor, version, saved_ms, figures FROM calibration",
};

static const char schema[] =
        "CREATE TABLE event (position INTEGER PRIMARY KEY, run TEXT NOT NULL, number INTEGER NOT NULL,"
        " station TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, made_ms INTEGER NOT NULL,"
        " json TEXT NOT NULL);"
        "CREATE INDEX event_by_seq ON event (run, station, seq);"
        "CREATE TABLE acked (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);"
        "CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE calibration (sensor TEXT PRIMARY KEY, version INTEGER NOT NULL,"
        " saved_ms INTEGER NOT NULL, figures TEXT NOT NULL) WITHOUT ROWID;";

struct database {
        sqlite3 *db;
        bool in_file;
        int wal_pages;
        sqlite3_stmt *prepared[_STATEMENT_MAX];
};

/* ---- results ---- */

/* The reason is still to be had from the connection. */
static int failure(sqlite3 *db, int code) {
        int error = db ? sqlite3_system_errno(db) : 0;

        switch (code & 0xff) {
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EUCLEAN;
        case SQLITE_CANTOPEN:
        case SQLITE_IOERR:
                return error > 0 ? -error : -EIO;
        default: /* a fault of these statements, or of a database that is not what it says */
                return -EIO;
        }
}

const char *database_why(struct database *d) {
        int error = sqlite3_system_errno(d->db);
        int code = sqlite3_errcode(d->db) & 0xff;

        /* "disk I/O error" and "unable to open database file" have a better reason behind them. */
        return error > 0 && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) ? strerror(error)
                                                                              : sqlite3_errmsg(d->db);
}

/* Returns 1 for a row, 0 at the end; after anything but a row the statement is ready for its next use. */
static int step(struct database *d, enum statement s) {
        int code = sqlite3_step(d->prepared[s]);

        if (code == SQLITE_ROW)
                return 1;
        int r = code == SQLITE_DONE ? 0 : failure(d->db, code);
        sqlite3_reset(d->prepared[s]);
        return r;
}

static int run(struct database *d, enum statement s) {
        int r = step(d, s);

        if (r > 0)
                sqlite3_reset(d->prepared[s]);
        return MIN(r, 0);
}

/* Numbers are below 2^63: counters from 1. */
static void bind_number(struct database *d, enum statement s, int i, uint64_t value) {
        sqlite3_bind_int64(d->prepared[s], i, (sqlite3_int64) value);
}

/* The text must live until the statement has run. */
static void bind_text(struct database *d, enum statement s, int i, const char *text) {
        sqlite3_bind_text(d->prepared[s], i, text, -1, SQLITE_STATIC);
}

static uint64_t number_at(struct database *d, enum statement s, int i) {
        return (uint64_t) MAX(sqlite3_column_int64(d->prepared[s], i), 0);
}

static const char *text_at(struct database *d, enum statement s, int i) {
        const unsigned char *text = sqlite3_column_text(d->prepared[s], i);

        return text ? (const char *) text : "";
}

/* ---- opening ---- */

static int execute(struct database *d, const char *sql) {
        int code = sqlite3_exec(d->db, sql, NULL, NULL, NULL);

        return code == SQLITE_OK ? 0 : failure(d->db, code);
}

/* The first column of the first row. */
static int ask(struct database *d, const char *sql, char *ret, size_t size) {
        sqlite3_stmt *s = NULL;
        int code = sqlite3_prepare_v2(d->db, sql, -1, &s, NULL);

        if (code == SQLITE_OK)
                code = sqlite3_step(s);
        int r = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : failure(d->db, code);
        if (code == SQLITE_ROW)
                snprintf(ret, size, "%s", (const char *) sqlite3_column_text(s, 0));
        else
                ret[0] = '\0';
        sqlite3_finalize(s);
        return r;
}

static int on_wal(void *userdata, sqlite3 *db, const char *name, int pages) {
        struct database *d = userdata;

        (void) db;
        (void) name;
        d->wal_pages = pages;
        return SQLITE_OK;
}

/* Ours, empty, or neither? */
static int check_kind(struct database *d, bool *ret_empty, char *ret_why, size_t why_size) {
        char id[24], version[24], tables[24];
        int r = ask(d, "PRAGMA application_id", id, sizeof(id));

        if (r >= 0)
                r = ask(d, "PRAGMA user_version", version, sizeof(version));
        if (r >= 0)
                r = ask(d, "SELECT count(*) FROM sqlite_master", tables, sizeof(tables));
        if (r < 0)
                return r;
        *ret_empty = strcmp(tables, "0") == 0;
        if (*ret_empty)
                return 0;
        if (atoi(id) != APPLICATION_ID) {
                snprintf(ret_why, why_size, "it belongs to another program");
                return -EMEDIUMTYPE;
        }
        if (atoi(version) != SCHEMA) {
                snprintf(ret_why, why_size, "another version of repcast wrote it (format %s, this is %d)",
                        version, SCHEMA);
                return -EMEDIUMTYPE;
        }
        return 0;
}

static int check_health(struct database *d, char *ret_why, size_t why_size) {
        char verdict[200];
        int r = ask(d, "PRAGMA quick_check(1)", verdict, sizeof(verdict));

        if (r >= 0 && strcmp(verdict, "ok") != 0) {
                snprintf(ret_why, why_size, "it is damaged: %s", verdict);
                return -EUCLEAN;
        }
        return r;
}

static int create(struct database *d) {
        char pragmas[96];
        int r = database_begin(d);

        if (r < 0)
                return r;
        snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
                SCHEMA);
        r = execute(d, schema);
        if (r >= 0)
                r = execute(d, pragmas);
        if (r >= 0)
                r = database_commit(d);
        if (r < 0)
                database_rollback(d);
        return r;
}

static int prepare(struct database *d, enum statement from, enum statement to) {
        for (enum statement s = from; s < to; s++) {
                int code = sqlite3_prepare_v3(
                        d->db, statements[s], -1, SQLITE_PREPARE_PERSISTENT, &d->prepared[s], NULL);
                if (code != SQLITE_OK)
                        return failure(d->db, code);
        }
        return 0;
}

/* EXCLUSIVE: a second hub on the same file is refused at its start, and there is no shared index to keep. */
static int set_up(struct database *d, char *ret_why, size_t why_size) {
        bool empty = false;
        char mode[16];
        int r;

        if (sqlite3_db_readonly(d->db, "main") != 0) {
                snprintf(ret_why, why_size, "it can only be read");
                return -EROFS;
        }
        sqlite3_busy_timeout(d->db, BUSY_MS);
        r = execute(d, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-512"); /* KiB */
        if (r >= 0)
                r = check_kind(d, &empty, ret_why, why_size);
        /* EXTRA until the log is in use: should the rollback journal of the switch come back after a power cut, it would
         * undo the switch, and with it the log. */
        if (r >= 0)
                r = execute(d, "PRAGMA synchronous=EXTRA");
        if (r >= 0)
                r = ask(d, "PRAGMA journal_mode=WAL", mode, sizeof(mode));
        if (r >= 0)
                r = execute(d, "PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=4194304");
        sqlite3_wal_hook(d->db, on_wal, d);
        if (r >= 0 && !empty)
                r = check_health(d, ret_why, why_size);
        if (r >= 0)
                r = prepare(d, BEGIN, INSERT);
        if (r >= 0 && empty)
                r = create(d);
        /* A lock that another process holds, or a disk that takes nothing, shall show now and not at the first event. */
        if (r >= 0)
                r = prepare(d, INSERT, _STATEMENT_MAX);
        if (r >= 0)
                r = database_begin(d);
        if (r >= 0)
                r = execute(d,
                        "INSERT OR REPLACE INTO state (name, value) VALUES ('starts', "
                        "1 + ifnull((SELECT value FROM state WHERE name = 'starts'), 0))");
        if (r >= 0)
                r = database_commit(d);
        return r;
}

int database_open(const char *path, struct database **ret, char *ret_why, size_t why_size) {
        struct database *d = calloc(1, sizeof(*d));

        if (!d)
                return -ENOMEM;
        ret_why[0] = '\0';
        d->in_file = path != NULL;
        int code = sqlite3_open_v2(
                path ? path : ":memory:", &d->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
        int r = code == SQLITE_OK ? set_up(d, ret_why, why_size) : failure(d->db, code);
        if (r < 0) {
                if (ret_why[0] == '\0')
                        snprintf(ret_why, why_size, "%s", r == -ENOMEM ? strerror(ENOMEM) : database_why(d));
                database_close(d);
                return r;
        }
        *ret = d;
        return 0;
}

struct database *database_close(struct database *d) {
        if (!d)
                return NULL;
        for (enum statement s = 0; s < _STATEMENT_MAX; s++)
                sqlite3_finalize(d->prepared[s]);
        sqlite3_close(d->db); /* takes the write-ahead log over */
        free(d);
        return NULL;
}

/* ---- changes ---- */

int database_begin(struct database *d) {
        return run(d, BEGIN);
}

int database_commit(struct database *d) {
        return run(d, COMMIT);
}

void database_rollback(struct database *d) {
        if (sqlite3_get_autocommit(d->db) == 0) /* some failures roll back by themselves */
                (void) run(d, ROLLBACK);
}

int database_insert(struct database *d, const struct row *row) {
        bind_number(d, INSERT, 1, row->position);
        bind_text(d, INSERT, 2, row->run);
        bind_number(d, INSERT, 3, row->number);
        bind_text(d, INSERT, 4, row->station);
        bind_number(d, INSERT, 5, row->seq);
        bind_text(d, INSERT, 6, message_type_to_string(row->type));
        sqlite3_bind_int64(d->prepared[INSERT], 7, row->made_ms);
        bind_text(d, INSERT, 8, row->json);
        return run(d, INSERT);
}

int database_delete(struct database *d, uint64_t first, uint64_t last, unsigned n, uint64_t *ret) {
        uint64_t highest = 0;
        int r, deleted = 0;

        bind_number(d, DELETE, 1, first);
        bind_number(d, DELETE, 2, last);
        bind_number(d, DELETE, 3, n);
        while ((r = step(d, DELETE)) > 0) {
                highest = MAX(highest, number_at(d, DELETE, 0));
                deleted++;
        }
        if (r < 0)
                return r;
        if (deleted > 0)
                *ret = highest;
        return deleted;
}

int database_save(struct database *d, const struct spans *acked, uint64_t dropped) {
        int r = run(d, FORGET_ACKED);

        for (size_t i = 0; i < acked->n && r >= 0; i++) {
                bind_number(d, SAVE_ACKED, 1, acked->list[i].first);
                bind_number(d, SAVE_ACKED, 2, acked->list[i].last);
                r = run(d, SAVE_ACKED);
        }
        if (r < 0)
                return r;
        bind_number(d, SAVE_STATE, 1, dropped);
        return run(d, SAVE_STATE);
}

int database_save_calibration(
        struct database *d, const char *sensor, const struct calibration *c, int64_t saved_ms) {
        char figures[CALIBRATION_TEXT_MAX];

        calibration_to_text(c, figures);
        bind_text(d, SAVE_CALIBRATION, 1, sensor);
        bind_number(d, SAVE_CALIBRATION, 2, c->version);
        sqlite3_bind_int64(d->prepared[SAVE_CALIBRATION], 3, saved_ms);
        bind_text(d, SAVE_CALIBRATION, 4, figures);
        return run(d, SAVE_CALIBRATION);
}

int database_sync(struct database *d) {
        sqlite3_file *wal = NULL;
        int code;

        if (!d->in_file)
                return 0;
        if (d->wal_pages > WAL_PAGES_MAX) {
                d->wal_pages = 0;
                code = sqlite3_wal_checkpoint_v2(
                        d->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL); /* syncs */
                return code == SQLITE_OK ? 0 : failure(d->db, code);
        }
        code = sqlite3_file_control(d->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
        if (code == SQLITE_OK && wal && wal->pMethods)
                code = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
        return code == SQLITE_OK ? 0 : failure(d->db, code);
}

/* ---- questions ---- */

int database_read(struct database *d, uint64_t first, uint64_t last, struct row *ret) {
        struct row row = {0};

        bind_number(d, READ, 1, first);
        bind_number(d, READ, 2, last);
        int r = step(d, READ);
        if (r <= 0)
                return r;
        row.position = number_at(d, READ, 0);
        snprintf(row.run, sizeof(row.run), "%s", text_at(d, READ, 1));
        row.number = number_at(d, READ, 2);
        snprintf(row.station, sizeof(row.station), "%s", text_at(d, READ, 3));
        row.seq = number_at(d, READ, 4);
        row.type = message_type_from_string(text_at(d, READ, 5));
        row.made_ms = sqlite3_column_int64(d->prepared[READ], 6);
        row.json = strdup(text_at(d, READ, 7));
        sqlite3_reset(d->prepared[READ]);
        if (!row.json)
                return -ENOMEM;
        *ret = row;
        return 1;
}

static int ask_number(struct database *d, enum statement s, uint64_t *ret) {
        int r = step(d, s);

        if (r <= 0)
                return r;
        *ret = number_at(d, s, 0);
        sqlite3_reset(d->prepared[s]);
        return 1;
}

/* Put the row on the page; its first column is what the next page begins behind. Returns 1 where there was no room. */
static int put_on_page(
        struct database *d, enum statement s, const struct query *q, struct page *page, size_t *bytes) {
        const char *json = text_at(d, s, 1);

        *bytes += strlen(json);
        if (page->n == q->limit || (page->n > 0 && *bytes > PAGE_BYTES))
                return 1;
        page->events[page->n] = strdup(json);
        if (!page->events[page->n])
                return -ENOMEM;
        page->n++;
        page->next = number_at(d, s, 0);
        return 0;
}

static int fill_page(struct database *d, enum statement s, const struct query *q, struct page *page) {
        size_t bytes = 0;
        int r, full = 0;

        while (full == 0 && (r = step(d, s)) > 0)
                full = put_on_page(d, s, q, page, &bytes);
        sqlite3_reset(d->prepared[s]);
        return full != 0 ? full : r;
}

static int select_history(struct database *d, const struct query *q, uint64_t after, struct page *page) {
        uint64_t first = 0, last = 0;
        int r = ask_number(d, FIRST, &first);

        if (r >= 0)
                r = ask_number(d, LAST, &last);
        if (r < 0)
                return r;
        first = MAX(first, after + 1);
        const uint64_t end = MIN(last, first + SEARCH_MAX - 1);
        bind_number(d, HISTORY, 1, first);
        bind_number(d, HISTORY, 2, end);
        bind_text(d, HISTORY, 3, q->station);
        bind_text(d, HISTORY, 4, q->athlete);
        bind_text(d, HISTORY, 5, q->exercise);
        sqlite3_bind_int64(d->prepared[HISTORY], 6, q->since_ms);
        sqlite3_bind_int64(d->prepared[HISTORY], 7, q->until_ms);
        r = fill_page(d, HISTORY, q, page);
        if (r == 0 && end < last) {
                page->next = end;
                r = 1;
        }
        return r;
}

int database_select(struct database *d, const struct query *q, uint64_t after, struct page *page) {
        if (q->kind == QUERY_HISTORY)
                return select_history(d, q, after, page);
        bind_text(d, RESYNC, 1, q->session);
        bind_text(d, RESYNC, 2, q->station);
        bind_number(d, RESYNC, 3, q->from_seq);
        bind_number(d, RESYNC, 4, q->to_seq);
        return fill_page(d, RESYNC, q, page);
}

int database_last(struct database *d, uint64_t *ret) {
        return ask_number(d, LAST, ret);
}

int database_bytes(struct database *d, uint64_t *ret) {
        return ask_number(d, PAGES, ret);
}

int database_count_older(struct database *d, uint64_t first, uint64_t last, int64_t before_ms, unsigned *ret) {
        unsigned looked_at = 0, old = 0;
        int r;

        bind_number(d, AGES, 1, first);
        bind_number(d, AGES, 2, last);
        while ((r = step(d, AGES)) > 0) {
                int64_t made_ms = sqlite3_column_int64(d->prepared[AGES], 0);

                looked_at++;
                if (made_ms >= before_ms)
                        break;
                if (made_ms > 0)
                        old = looked_at;
        }
        sqlite3_reset(d->prepared[AGES]);
        if (r < 0)
                return r;
        *ret = old;
        return 0;
}

int database_load(struct database *d, struct spans *ret_acked, uint64_t *ret_dropped) {
        struct spans acked = {0};
        uint64_t dropped = 0;
        int r;

        while ((r = step(d, LOAD_ACKED)) > 0)
                (void) spans_add(&acked, number_at(d, LOAD_ACKED, 0), number_at(d, LOAD_ACKED, 1));
        if (r >= 0)
                r = ask_number(d, LOAD_STATE, &dropped);
        if (r < 0)
                return r;
        *ret_acked = acked;
        *ret_dropped = dropped;
        return 0;
}

int database_load_calibrations(struct database *d,
        void (*take)(void *userdata, const char *sensor, const struct calibration *c, int64_t saved_ms),
        void *userdata) {
        int r;

        while ((r = step(d, LOAD_CALIBRATIONS)) > 0) {
                struct calibration c;

                if (number_at(d, LOAD_CALIBRATIONS, 1) == CALIBRATION_VERSION &&
                        calibration_from_text(text_at(d, LOAD_CALIBRATIONS, 3), &c) >= 0)
                        take(userdata, text_at(d, LOAD_CALIBRATIONS, 0), &c,
                                sqlite3_column_int64(d->prepared[LOAD_CALIBRATIONS], 2));
        }
        return r;
}

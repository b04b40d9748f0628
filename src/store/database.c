/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite, behind the words of the store. */

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/calibration-text.h"
#include "store/database-private.h"
#include "util/macros.h"

#define APPLICATION_ID 0x72657063 /* "repc": tells our file from any other database (file(1) shows it) */
#define SCHEMA         1

/* Pages of 4 KiB in the write-ahead log before they are taken over into the database. */
#define WAL_PAGES_MAX 1000

/* Events that go with one statement: SQLite keeps lists of them in memory. */
#define DELETE_AT_ONCE 256U

/* So long a start waits for who is looking at the file, or for the process before to end. */
#define BUSY_MS 2000

/* A claimed set is the claimant's: the last word about it counts, which is never more than so many events behind. */
#define ATHLETE(reach)                                                                                         \
        "coalesce((SELECT json_extract(a.json, '$.athlete') FROM event AS a"                                   \
        " WHERE a.type = 'amend' AND a.run = event.run AND a.station = event.station"                          \
        " AND a.seq BETWEEN event.seq + 1 AND event.seq + " reach                                              \
        " AND (instr(a.json, '\"change\":\"claimed\"') OR instr(a.json, '\"restores\":\"claimed\"'))"          \
        " AND json_extract(a.json, '$.set') = json_extract(event.json, '$.set')"                               \
        " ORDER BY a.seq DESC LIMIT 1), json_extract(event.json, '$.athlete'))"

static const char *const statements[_STATEMENT_MAX] = {
        [BEGIN] = "BEGIN IMMEDIATE",
        [COMMIT] = "COMMIT",
        [ROLLBACK] = "ROLLBACK",
        [INSERT] = "INSERT INTO event (position, run, number, station, seq, type, made_ms, json) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        [READ] = "SELECT position, run, number, station, seq, type, made_ms, json FROM event "
                 "WHERE position BETWEEN ?1 AND ?2 ORDER BY position LIMIT 1",
        [HISTORY] = "SELECT position, json, run, station, seq, type FROM event WHERE position BETWEEN ?1 AND ?2"
                    " AND ?3 IN ('', station) AND ?5 IN ('', json_extract(json, '$.exercise'))"
                    " AND made_ms >= ?6 AND (?7 = 0 OR made_ms < ?7)"
                    " AND (?4 = '' OR ?4 = " ATHLETE("?8") ") ORDER BY position",
        [AMENDS] = "SELECT json FROM event WHERE type = 'amend' AND run = ?1 AND station = ?2"
                   " AND seq BETWEEN ?3 + 1 AND ?3 + ?4 ORDER BY seq",
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
        /* A set whose concentric was paced or assisted has no velocity loss, and says nothing of strength. */
        [LOAD_LIFTS] = "SELECT " ATHLETE(
                "?2") ", json_extract(json, '$.exercise'), json_extract(json, '$.load_kg'),"
                      " json_extract(json, '$.best_mps') FROM event WHERE position IN"
                      " (SELECT position FROM event WHERE type = 'set' ORDER BY position DESC LIMIT ?1)"
                      " AND json_extract(json, '$.velocity_loss_pct') IS NOT NULL ORDER BY position",
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

/* Of databases of the same format that were begun before it was thought of, too. */
static const char amends_index[] =
        "CREATE INDEX IF NOT EXISTS event_amend ON event (run, station, seq) WHERE type = 'amend'";

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
int database_step(struct database *d, enum statement s) {
        int code = sqlite3_step(d->prepared[s]);

        if (code == SQLITE_ROW)
                return 1;
        int r = code == SQLITE_DONE ? 0 : failure(d->db, code);
        sqlite3_reset(d->prepared[s]);
        return r;
}

int database_run(struct database *d, enum statement s) {
        int r = database_step(d, s);

        if (r > 0)
                sqlite3_reset(d->prepared[s]);
        return MIN(r, 0);
}

/* Numbers are below 2^63: counters from 1. */
void database_bind_number(struct database *d, enum statement s, int i, uint64_t value) {
        sqlite3_bind_int64(d->prepared[s], i, (sqlite3_int64) value);
}

/* The text must live until the statement has run. */
void database_bind_text(struct database *d, enum statement s, int i, const char *text) {
        sqlite3_bind_text(d->prepared[s], i, text, -1, SQLITE_STATIC);
}

uint64_t database_number_at(struct database *d, enum statement s, int i) {
        return (uint64_t) MAX(sqlite3_column_int64(d->prepared[s], i), 0);
}

const char *database_text_at(struct database *d, enum statement s, int i) {
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
        r = execute(d, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-128"); /* KiB */
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
        if (r >= 0)
                r = execute(d, amends_index);
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

/* Nothing is changed, a log that a killed process has left included: it is not taken over, which is for the daemon to do.
 * (SQLite cannot read such a log without the right to write; and gives files that it makes as root to the owner.) */
static int set_up_reader(struct database *d, char *ret_why, size_t why_size) {
        char log[PATH_MAX];
        struct stat st;
        bool empty = false;
        int r;

        snprintf(log, sizeof(log), "%s-wal", sqlite3_db_filename(d->db, "main"));
        if (stat(log, &st) == 0 && st.st_size > 0)
                (void) sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        sqlite3_busy_timeout(d->db, BUSY_MS);
        r = execute(d, "PRAGMA query_only=ON; PRAGMA locking_mode=EXCLUSIVE");
        if (r >= 0)
                r = check_kind(d, &empty, ret_why, why_size);
        if (r >= 0 && empty) {
                snprintf(ret_why, why_size, "it is empty");
                return -ENODATA;
        }
        return r < 0 ? r : prepare(d, 0, _STATEMENT_MAX);
}

static int open_as(const char *path, int flags,
        int (*set_up_as)(struct database *d, char *ret_why, size_t why_size), struct database **ret,
        char *ret_why, size_t why_size) {
        struct database *d = calloc(1, sizeof(*d));

        if (!d)
                return -ENOMEM;
        ret_why[0] = '\0';
        d->in_file = path != NULL;
        int code = sqlite3_open_v2(path ? path : ":memory:", &d->db, flags, NULL);
        int r = code == SQLITE_OK ? set_up_as(d, ret_why, why_size) : failure(d->db, code);
        if (r < 0) {
                if (ret_why[0] == '\0')
                        snprintf(ret_why, why_size, "%s", r == -ENOMEM ? strerror(ENOMEM) : database_why(d));
                database_close(d);
                return r;
        }
        *ret = d;
        return 0;
}

int database_open_reader(const char *path, struct database **ret, char *ret_why, size_t why_size) {
        return open_as(path, SQLITE_OPEN_READWRITE, set_up_reader, ret, ret_why, why_size);
}

int database_open(const char *path, struct database **ret, char *ret_why, size_t why_size) {
        return open_as(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, set_up, ret, ret_why, why_size);
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
        return database_run(d, BEGIN);
}

int database_commit(struct database *d) {
        return database_run(d, COMMIT);
}

void database_rollback(struct database *d) {
        if (sqlite3_get_autocommit(d->db) == 0) /* some failures roll back by themselves */
                (void) database_run(d, ROLLBACK);
}

int database_insert(struct database *d, const struct row *row) {
        database_bind_number(d, INSERT, 1, row->position);
        database_bind_text(d, INSERT, 2, row->run);
        database_bind_number(d, INSERT, 3, row->number);
        database_bind_text(d, INSERT, 4, row->station);
        database_bind_number(d, INSERT, 5, row->seq);
        database_bind_text(d, INSERT, 6, message_type_to_string(row->type));
        sqlite3_bind_int64(d->prepared[INSERT], 7, row->made_ms);
        database_bind_text(d, INSERT, 8, row->json);
        return database_run(d, INSERT);
}

static int delete_some(struct database *d, uint64_t first, uint64_t last, unsigned n, uint64_t *ret_highest) {
        int r, deleted = 0;

        database_bind_number(d, DELETE, 1, first);
        database_bind_number(d, DELETE, 2, last);
        database_bind_number(d, DELETE, 3, n);
        while ((r = database_step(d, DELETE)) > 0) {
                *ret_highest = MAX(*ret_highest, database_number_at(d, DELETE, 0));
                deleted++;
        }
        return r < 0 ? r : deleted;
}

int database_delete(struct database *d, uint64_t first, uint64_t last, unsigned n, uint64_t *ret) {
        uint64_t highest = 0;
        unsigned deleted = 0;
        int some;

        do {
                some = delete_some(d, first, last, MIN(n - deleted, DELETE_AT_ONCE), &highest);
                if (some < 0)
                        return some;
                deleted += (unsigned) some;
        } while ((unsigned) some == DELETE_AT_ONCE && deleted < n);
        if (deleted > 0)
                *ret = highest;
        return (int) deleted;
}

int database_save(struct database *d, const struct spans *acked, uint64_t dropped) {
        int r = database_run(d, FORGET_ACKED);

        for (size_t i = 0; i < acked->n && r >= 0; i++) {
                database_bind_number(d, SAVE_ACKED, 1, acked->list[i].first);
                database_bind_number(d, SAVE_ACKED, 2, acked->list[i].last);
                r = database_run(d, SAVE_ACKED);
        }
        if (r < 0)
                return r;
        database_bind_number(d, SAVE_STATE, 1, dropped);
        return database_run(d, SAVE_STATE);
}

int database_save_calibration(
        struct database *d, const char *sensor, const struct calibration *c, int64_t saved_ms) {
        char figures[CALIBRATION_TEXT_MAX];

        calibration_to_text(c, figures);
        database_bind_text(d, SAVE_CALIBRATION, 1, sensor);
        database_bind_number(d, SAVE_CALIBRATION, 2, c->version);
        sqlite3_bind_int64(d->prepared[SAVE_CALIBRATION], 3, saved_ms);
        database_bind_text(d, SAVE_CALIBRATION, 4, figures);
        return database_run(d, SAVE_CALIBRATION);
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

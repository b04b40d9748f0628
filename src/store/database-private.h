/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the two files of a database share: database.c opens and changes it, database-questions.c reads it. */

#include <sqlite3.h>

#include "store/database.h"

enum statement {
        BEGIN,
        COMMIT,
        ROLLBACK,
        INSERT,
        READ,
        HISTORY,
        AMENDS,
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
        LOAD_LIFTS,
        _STATEMENT_MAX,
};

struct database {
        sqlite3 *db;
        bool in_file;
        int wal_pages;
        sqlite3_stmt *prepared[_STATEMENT_MAX];
};

/* Returns 1 for a row, 0 at the end; after anything but a row the statement is ready for its next use. */
int database_step(struct database *d, enum statement s);
int database_run(struct database *d, enum statement s);

void database_bind_number(struct database *d, enum statement s, int i, uint64_t value);
void database_bind_text(struct database *d, enum statement s, int i, const char *text);
uint64_t database_number_at(struct database *d, enum statement s, int i);
const char *database_text_at(struct database *d, enum statement s, int i);

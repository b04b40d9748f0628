/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the database: events one by one, pages of answers, what is known of sensors. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/amended.h"
#include "store/calibration-text.h"
#include "store/database-private.h"
#include "util/macros.h"

/* One page of answers: so many bytes, and so many events looked at, whatever is asked: new events wait meanwhile. */
#define PAGE_BYTES 65536
#define SEARCH_MAX 2000

/* So far behind an event amendments of it are looked for: people have ten minutes, in which no station has more events. */
#define AMENDS_WITHIN 1000
#define AMENDS_MAX    256

/* ---- questions ---- */

int database_read(struct database *d, uint64_t first, uint64_t last, struct row *ret) {
        struct row row = {0};

        database_bind_number(d, READ, 1, first);
        database_bind_number(d, READ, 2, last);
        int r = database_step(d, READ);
        if (r <= 0)
                return r;
        row.position = database_number_at(d, READ, 0);
        snprintf(row.run, sizeof(row.run), "%s", database_text_at(d, READ, 1));
        row.number = database_number_at(d, READ, 2);
        snprintf(row.station, sizeof(row.station), "%s", database_text_at(d, READ, 3));
        row.seq = database_number_at(d, READ, 4);
        row.type = message_type_from_string(database_text_at(d, READ, 5));
        row.made_ms = sqlite3_column_int64(d->prepared[READ], 6);
        row.json = strdup(database_text_at(d, READ, 7));
        sqlite3_reset(d->prepared[READ]);
        if (!row.json)
                return -ENOMEM;
        *ret = row;
        return 1;
}

static int ask_number(struct database *d, enum statement s, uint64_t *ret) {
        int r = database_step(d, s);

        if (r <= 0)
                return r;
        *ret = database_number_at(d, s, 0);
        sqlite3_reset(d->prepared[s]);
        return 1;
}

/* The row's event as it stands by now. */
static int amend(struct database *d, const char *json, char **ret) {
        char *amends[AMENDS_MAX];
        unsigned n = 0;
        int r;

        database_bind_text(d, AMENDS, 1, database_text_at(d, HISTORY, 2));
        database_bind_text(d, AMENDS, 2, database_text_at(d, HISTORY, 3));
        database_bind_number(d, AMENDS, 3, database_number_at(d, HISTORY, 4));
        database_bind_number(d, AMENDS, 4, AMENDS_WITHIN);
        while (n < AMENDS_MAX && database_step(d, AMENDS) > 0)
                if ((amends[n] = strdup(database_text_at(d, AMENDS, 0))))
                        n++;
        sqlite3_reset(d->prepared[AMENDS]);
        r = amended_json(json, amends, n, ret);
        while (n > 0)
                free(amends[--n]);
        return r;
}

static bool can_be_amended(const char *type) {
        return strcmp(type, "rep") == 0 || strcmp(type, "set") == 0;
}

/* Put the row on the page; its first column is what the next page begins behind. Returns 1 where there was no room. */
static int put_on_page(
        struct database *d, enum statement s, const struct query *q, struct page *page, size_t *bytes) {
        const char *json = database_text_at(d, s, 1);
        char *text = NULL;
        int r = 0;

        *bytes += strlen(json);
        if (page->n == q->limit || (page->n > 0 && *bytes > PAGE_BYTES))
                return 1;
        if (s == HISTORY && can_be_amended(database_text_at(d, s, 5)))
                r = amend(d, json, &text);
        if (r != -ENOMEM && !text)
                text = strdup(json); /* damaged: as it is */
        if (!text)
                return -ENOMEM;
        page->events[page->n++] = text;
        page->next = database_number_at(d, s, 0);
        return 0;
}

static int fill_page(struct database *d, enum statement s, const struct query *q, struct page *page) {
        size_t bytes = 0;
        int r, full = 0;

        while (full == 0 && (r = database_step(d, s)) > 0)
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
        database_bind_number(d, HISTORY, 1, first);
        database_bind_number(d, HISTORY, 2, end);
        database_bind_text(d, HISTORY, 3, q->station);
        database_bind_text(d, HISTORY, 4, q->athlete);
        database_bind_text(d, HISTORY, 5, q->exercise);
        sqlite3_bind_int64(d->prepared[HISTORY], 6, q->since_ms);
        sqlite3_bind_int64(d->prepared[HISTORY], 7, q->until_ms);
        database_bind_number(d, HISTORY, 8, AMENDS_WITHIN);
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
        database_bind_text(d, RESYNC, 1, q->session);
        database_bind_text(d, RESYNC, 2, q->station);
        database_bind_number(d, RESYNC, 3, q->from_seq);
        database_bind_number(d, RESYNC, 4, q->to_seq);
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

        database_bind_number(d, AGES, 1, first);
        database_bind_number(d, AGES, 2, last);
        while ((r = database_step(d, AGES)) > 0) {
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

        while ((r = database_step(d, LOAD_ACKED)) > 0)
                (void) spans_add(
                        &acked, database_number_at(d, LOAD_ACKED, 0), database_number_at(d, LOAD_ACKED, 1));
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

        while ((r = database_step(d, LOAD_CALIBRATIONS)) > 0) {
                struct calibration c;

                if (database_number_at(d, LOAD_CALIBRATIONS, 1) == CALIBRATION_VERSION &&
                        calibration_from_text(database_text_at(d, LOAD_CALIBRATIONS, 3), &c) >= 0)
                        take(userdata, database_text_at(d, LOAD_CALIBRATIONS, 0), &c,
                                sqlite3_column_int64(d->prepared[LOAD_CALIBRATIONS], 2));
        }
        return r;
}

int database_load_lifts(struct database *d, unsigned most,
        void (*take)(
                void *userdata, const char *athlete, const char *exercise, double load_kg, double best_mps),
        void *userdata) {
        sqlite3_stmt *lifts = d->prepared[LOAD_LIFTS];
        int r;

        database_bind_number(d, LOAD_LIFTS, 1, most);
        database_bind_number(d, LOAD_LIFTS, 2, AMENDS_WITHIN);
        while ((r = database_step(d, LOAD_LIFTS)) > 0) {
                bool known = true;

                for (int i = 0; i < 4; i++)
                        known = known && sqlite3_column_type(lifts, i) != SQLITE_NULL;
                if (known)
                        take(userdata, database_text_at(d, LOAD_LIFTS, 0), database_text_at(d, LOAD_LIFTS, 1),
                                sqlite3_column_double(lifts, 2), sqlite3_column_double(lifts, 3));
        }
        return r;
}

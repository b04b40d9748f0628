/* SPDX-License-Identifier: Apache-2.0 */
/* The store's thread: one poll() over what the sense thread left and what the uplink said.
 *
 *     queue ─▶ format ─▶ commit ─▶ live lane                      (rejected movements: without the commit)
 *     archive, from the oldest that waits ─▶ late lane            (as far as there is room in it)
 *     acknowledged ─▶ archive, saved and synced once a second
 *
 * All signals are blocked here. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "store/store-private.h"
#include "util/log.h"
#include "util/macros.h"

#define BATCH_MAX 64 /* events in one commit */

#define KEEP_US SECOND_US /* between two syncs: what a power cut may cost */

/* A turn of the loop takes milliseconds; a sync of a tired SD card takes as long as it likes. */
#define TURN_US (60 * SECOND_US)

#define LOST_TOLD_US (60 * SECOND_US)

/* ---- from the uplink ---- */

static void take_news(struct store *s) {
        outbox_look(s->outbox, &s->news);
        for (size_t i = 0; i < s->news.n_acked; i++)
                s->acknowledged += archive_acked(s->archive, s->news.acked[i]);
        if (s->news.connection != s->connection) {
                s->connection = s->news.connection;
                s->handed = (struct spans){0};
        }
}

/* Returns whether it was taken; p->json is gone in any case. */
static bool hand(struct store *s, enum outbox_lane lane, struct parcel *p) {
        if (s->connection == 0 || outbox_put(s->outbox, s->connection, lane, p) < 0) {
                free(p->json);
                return false;
        }
        if (p->position > 0)
                (void) spans_add(
                        &s->handed, p->position, p->position); /* without room there it is sent twice */
        return true;
}

static struct parcel wrap(const struct row *row) {
        struct parcel p = {.position = row->position, .type = row->type, .json = row->json};

        memcpy(p.station, row->station, sizeof(p.station));
        return p;
}

static void hand_late(struct store *s) {
        struct row row;

        while (s->connection > 0 && archive_next(s->archive, &s->handed, &row) > 0) {
                struct parcel p = wrap(&row);

                message_json_set_late(p.json);
                if (!hand(s, OUTBOX_LATE, &p))
                        return;
        }
}

static int make_answer(struct store *s, const struct query *q, char **ret) {
        struct page page;
        int r = archive_answer(s->archive, q, &page);

        r = r < 0 ? query_refuse(q, "the store cannot be read", ret) : query_answer(q, &page, ret);
        page_done(&page);
        return r;
}

static void answer(struct store *s, const struct query *q) {
        struct parcel p = {.is_reply = true};

        if (make_answer(s, q, &p.json) < 0)
                return; /* out of memory: the asker asks again */
        memcpy(p.station, q->id, sizeof(p.station));
        (void) hand(s, OUTBOX_LIVE, &p);
}

static void answer_queries(struct store *s) {
        struct query q;

        while (outbox_asked(s->outbox, &q))
                answer(s, &q);
}

/* No more are asked at a time than there is room for answers. */
static void answer_hub(struct store *s) {
        struct store_ask ask;

        while (queue_pop(s->asks, &ask)) {
                struct store_answer a = {.number = ask.number};

                if (make_answer(s, &ask.query, &a.json) < 0)
                        a.json = NULL;
                if (queue_push(s->answers, &a) < 0)
                        free(a.json);
        }
}

/* ---- from the sense thread ---- */

static int format(struct store *s, const struct message *m, struct row *ret) {
        struct row row = {.number = m->number, .seq = m->seq, .type = m->type};

        s->synced = m->synced;
        s->epoch_us = m->epoch_us;
        if (m->synced)
                row.made_ms = (m->epoch_us + (int64_t) store_now_us()) / 1000;
        memcpy(row.run, m->run, sizeof(row.run));
        memcpy(row.station, m->origin.station, sizeof(row.station));
        int r = message_to_json(m, &row.json);
        if (r < 0)
                return r;
        *ret = row;
        return 0;
}

/* Returns whether there may be more. */
static bool take_events(struct store *s) {
        struct row rows[BATCH_MAX];
        unsigned n = 0;

        while (n < BATCH_MAX && queue_pop(s->queue, &s->message)) {
                if (format(s, &s->message, &rows[n]) < 0)
                        s->lost++;
                else if (s->message.type == MESSAGE_REJECTED) {
                        struct parcel p = wrap(&rows[n]);
                        (void) hand(s, OUTBOX_LIVE, &p);
                } else
                        n++;
        }
        if (n > 0)
                archive_add(s->archive, rows, n);
        for (unsigned i = 0; i < n; i++) {
                struct parcel p = wrap(&rows[i]);
                (void) hand(s, OUTBOX_LIVE, &p); /* not taken, it waits */
        }
        return n == BATCH_MAX;
}

static void take_calibrations(struct store *s) {
        struct saved_calibration saved;
        size_t station;

        while (slots_take(s->calibrations, &station, &saved))
                (void) archive_save_calibration(s->archive, saved.sensor, &saved.calibration, saved.saved_ms);
}

/* ---- now and then ---- */

static void tell_losses(struct store *s, uint64_t now_us) {
        uint64_t lost = s->stats.archive.dropped + s->lost + queue_dropped(s->queue);
        const struct log_fields fields = {.kind = LOG_KIND_EVENTS_DROPPED};

        if (lost == s->told_lost ||
                (s->told_lost > 0 && now_us - s->told_lost_us < LOST_TOLD_US && !s->stopping))
                return;
        log_event(LOG_WARNING, fields,
                "events lost so far: %llu dropped at the bounds of the store, %llu that it could not take",
                (unsigned long long) s->stats.archive.dropped,
                (unsigned long long) (lost - s->stats.archive.dropped));
        s->told_lost = lost;
        s->told_lost_us = now_us;
}

static void update_stats(struct store *s) {
        struct archive_stats stats;

        archive_get_stats(s->archive, &stats);
        pthread_mutex_lock(&s->stats_mutex);
        s->stats.archive = stats;
        s->stats.refused = s->lost;
        s->stats.acknowledged = s->acknowledged;
        pthread_mutex_unlock(&s->stats_mutex);
        outbox_report(s->outbox, stats.waiting, s->finished);
}

static void keep(struct store *s, uint64_t now_us) {
        int64_t now_ms = s->synced ? (s->epoch_us + (int64_t) now_us) / 1000 : 0;

        archive_keep(s->archive, now_us, now_ms);
        s->keep_us = store_now_us() + KEEP_US;
}

static void wait(struct store *s) {
        struct pollfd fds[] = {
                {.fd = s->wake_fd, .events = POLLIN},
                {.fd = queue_fd(s->queue), .events = POLLIN},
                {.fd = slots_fd(s->calibrations), .events = POLLIN},
                {.fd = outbox_store_fd(s->outbox), .events = POLLIN},
                {.fd = queue_fd(s->asks), .events = POLLIN},
        };
        const uint64_t now = store_now_us();
        eventfd_t ignored;

        s->alive_until_us = now + TURN_US;
        (void) poll(fds, ARRAY_SIZE(fds), s->keep_us > now ? (int) ((s->keep_us - now + 999) / 1000) : 0);
        (void) eventfd_read(s->wake_fd, &ignored);
}

void *store_thread(void *userdata) {
        struct store *s = userdata;
        bool stop;

        do {
                wait(s);
                /* Looked at before taking: what was given before is then taken before it counts. */
                const bool finishing = s->finishing;
                stop = s->stopping;
                take_news(s);
                hand_late(s); /* before the live ones: a few that waited for a moment keep their place */
                bool more = take_events(s);
                take_calibrations(s);
                answer_queries(s);
                answer_hub(s);
                if (store_now_us() >= s->keep_us)
                        keep(s, store_now_us());
                s->finished = finishing && !more;
                update_stats(s);
                tell_losses(s, store_now_us());
        } while (!stop || queue_length(s->queue) > 0);

        keep(s, store_now_us());
        update_stats(s);
        s->alive_until_us = UINT64_MAX; /* it has ended in good order: nobody shall miss it */
        (void) eventfd_write(s->ended_fd, 1);
        return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The store as other threads see it: made, started, fed, asked, stopped. */

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "store/store-private.h"
#include "util/macros.h"

/* The queue must hold what comes while a write hangs: 32 stations in the middle of a set, a rep every 4 s, for 60 s. SD
 * cards have been seen to take half of that when they are busy with themselves. */
#define QUEUE_MAX 512

static int make_parts(struct store *s, const struct store_config *config) {
        int r;

        s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (s->wake_fd < 0)
                return -errno;
        s->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (s->ended_fd < 0)
                return -errno;
        r = queue_new(sizeof(struct message), QUEUE_MAX, &s->queue);
        if (r < 0)
                return r;
        r = queue_new(sizeof(struct store_ask), STORE_ASKS_MAX, &s->asks);
        if (r < 0)
                return r;
        r = queue_new(sizeof(struct store_answer), STORE_ASKS_MAX, &s->answers);
        if (r < 0)
                return r;
        r = slots_new(sizeof(struct saved_calibration), MAX(config->n_stations, 1U), &s->calibrations);
        if (r < 0)
                return r;
        return archive_open(&config->archive, &s->archive);
}

int store_new(const struct store_config *config, struct store **ret) {
        struct store *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        pthread_mutex_init(&s->stats_mutex, NULL);
        s->outbox = config->outbox;
        s->wake_fd = s->ended_fd = -1;
        s->alive_until_us = UINT64_MAX;
        int r = make_parts(s, config);
        if (r < 0) {
                store_free(s);
                return r;
        }
        archive_get_stats(s->archive, &s->stats.archive);
        outbox_report(s->outbox, s->stats.archive.waiting, false);
        *ret = s;
        return 0;
}

void store_load_calibrations(struct store *s,
        void (*take)(void *userdata, const char *sensor, const struct calibration *c, int64_t saved_ms),
        void *userdata) {
        assert(!s->started);
        archive_load_calibrations(s->archive, take, userdata);
}

void store_load_lifts(struct store *s, unsigned most,
        void (*take)(
                void *userdata, const char *athlete, const char *exercise, double load_kg, double best_mps),
        void *userdata) {
        assert(!s->started);
        archive_load_lifts(s->archive, most, take, userdata);
}

int store_start(struct store *s) {
        sigset_t all, before;

        assert(!s->started);
        s->alive_until_us = store_now_us() + 5 * SECOND_US; /* it has that long to say for itself */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
        int r = pthread_create(&s->thread, NULL, store_thread, s);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r != 0)
                return -r;
        s->started = true;
        (void) pthread_setname_np(s->thread, "store");
        return 0;
}

void store_finish(struct store *s) {
        s->finishing = true;
        (void) eventfd_write(s->wake_fd, 1);
}

int store_stop(struct store *s, uint64_t timeout_us) {
        struct pollfd p = {.fd = s->ended_fd, .events = POLLIN};
        const uint64_t until_us = store_now_us() + timeout_us;
        int n = 0;

        if (!s->started)
                return 0;
        s->stopping = true;
        (void) eventfd_write(s->wake_fd, 1);
        for (uint64_t now = store_now_us(); n <= 0 && now < until_us; now = store_now_us())
                n = poll(&p, 1, (int) ((until_us - now + 999) / 1000)); /* a signal may cut it short */
        if (n <= 0)
                return -ETIMEDOUT;
        pthread_join(s->thread, NULL);
        s->started = false;
        return 0;
}

static void free_answers(struct store *s) {
        struct store_answer a;

        while (s->answers && queue_pop(s->answers, &a))
                free(a.json);
        queue_free(s->answers);
}

struct store *store_free(struct store *s) {
        if (!s)
                return NULL;
        assert(!s->started);
        archive_close(s->archive);
        slots_free(s->calibrations);
        queue_free(s->queue);
        queue_free(s->asks);
        free_answers(s);
        if (s->wake_fd >= 0)
                close(s->wake_fd);
        if (s->ended_fd >= 0)
                close(s->ended_fd);
        pthread_mutex_destroy(&s->stats_mutex);
        free(s);
        return NULL;
}

/* ---- from the sense thread, while it runs ---- */

int store_post(struct store *s, const struct message *m) {
        switch (m->type) {
        case MESSAGE_REP:
        case MESSAGE_SET:
        case MESSAGE_REJECTED:
        case MESSAGE_AMEND:
        case MESSAGE_FATIGUE:
        case MESSAGE_ADVICE:
        case MESSAGE_SAFETY:
                return queue_push(s->queue, m);
        case MESSAGE_STATE:
        case MESSAGE_LIVE:
        case MESSAGE_PHASE:
        case _MESSAGE_MAX:
                break;
        }
        return -EINVAL;
}

void store_save_calibration(
        struct store *s, unsigned station, const char *sensor, const struct calibration *c, int64_t saved_ms) {
        struct saved_calibration saved = {.calibration = *c, .saved_ms = saved_ms};

        snprintf(saved.sensor, sizeof(saved.sensor), "%s", sensor);
        slots_put(s->calibrations, station, &saved, sizeof(saved));
}

int store_ask(struct store *s, const struct store_ask *ask) {
        return queue_push(s->asks, ask);
}

int store_answers_fd(const struct store *s) {
        return queue_fd(s->answers);
}

bool store_take_answer(struct store *s, struct store_answer *ret) {
        return queue_pop(s->answers, ret);
}

uint64_t store_alive_until_us(struct store *s) {
        return s->alive_until_us;
}

void store_get_stats(struct store *s, struct store_stats *ret) {
        pthread_mutex_lock(&s->stats_mutex);
        *ret = s->stats;
        pthread_mutex_unlock(&s->stats_mutex);
        ret->queued = queue_length(s->queue);
        ret->refused += queue_dropped(s->queue);
}

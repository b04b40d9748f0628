/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink's thread: one poll() over what other threads left and the broker's socket. The link's state machine (link.h)
 * decides, the functions named enter_* do; beside them, each in a file of its own, connecting, publishing, receiving.
 *
 * All signals are blocked here, SIGPIPE too: a write to a dead connection is an error like any other. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "mqtt/uplink-private.h"
#include "util/log.h"
#include "util/macros.h"

/* A broker that answers pings and acknowledges nothing. The limit also keeps message ids apart: they have 16 bits and
 * none is in flight for long enough to be given out again. */
#define ACKNOWLEDGE_US (30 * SECOND_US)

/* Each turn of the loop, far more than it takes; and the longest sleep (the library's keep-alive wants a call a second). */
#define TURN_US  (5 * SECOND_US)
#define SLEEP_US (1 * SECOND_US)

/* A connection that lasted as long makes the next wait short again; and that long, it is followed by the next broker at
 * once. Without a limit, brokers that hang up on us would be asked in an endless hurry. */
#define STABLE_US   (30 * SECOND_US)
#define FAILOVER_US (5 * SECOND_US)

#define MOVE_US (2 * SECOND_US) /* for a substitute to acknowledge our farewell */

/* ---- what is told of it ---- */

static void update_stats(struct uplink *u) {
        struct uplink_stats *s = &u->stats;

        pthread_mutex_lock(&u->stats_mutex);
        s->connected = uplink_is_online(u);
        snprintf(s->error, sizeof(s->error), "%s", s->connected ? u->refusal : u->why);
        snprintf(s->broker, sizeof(s->broker), "%s", u->broker_label);
        pthread_mutex_unlock(&u->stats_mutex);
}

/* ---- entering the states ---- */

/* What was in flight is the store's again. */
static void let_go(struct uplink *u) {
        u->client = client_close(u->client);
        probe_stop(&u->probe);
        u->lookup = lookup_free(u->lookup);
        u->n_flights = u->n_late = 0;
        leftovers_done(&u->leftovers);
        outbox_disconnected(u->config.outbox);
}

/* May the next one be tried without a pause? */
static bool begin_round(struct uplink *u, uint64_t now) {
        const uint64_t lasted = now - u->online_us;

        if (u->online_us == 0) /* there was no connection that could be lost */
                return uplink_has_next(u);
        if (lasted >= STABLE_US)
                backoff_reset(&u->backoff);
        uplink_judge_end(u, lasted >= STABLE_US);
        route_begin(&u->route, u->broker);
        return u->config.n_brokers > 1 && lasted >= FAILOVER_US;
}

static void enter_down(struct uplink *u, enum link_state from, enum link_event event) {
        const uint64_t now = uplink_now_us();
        uint64_t wait_us;

        if (from == LINK_MOVING) {
                client_disconnect(u->client);
                u->session_broker = -1;
                route_begin(&u->route, UINT32_MAX);
                wait_us = 0;
        } else if (event == LINK_EVENT_REFUSED) {
                uplink_withdraw(u);
                route_begin(&u->route, UINT32_MAX);
                wait_us = u->config.reconnect_max_us;
        } else
                wait_us = begin_round(u, now) ? 0 : backoff_next_us(&u->backoff);
        let_go(u);
        u->offline_mid = 0;
        u->online_us = 0;
        u->deadline_us = now + wait_us;
        if (from != LINK_MOVING)
                uplink_tell_failure(u);
}

static void enter_online(struct uplink *u) {
        const struct log_fields fields = {.kind = LOG_KIND_BROKER_UP};

        u->online_us = u->progress_us = uplink_now_us();
        u->deadline_us = UINT64_MAX;
        u->addresses = (struct addresses){0};
        u->why[0] = u->told[u->broker][0] = '\0';
        pthread_mutex_lock(&u->stats_mutex);
        u->stats.reconnects += u->was_online;
        pthread_mutex_unlock(&u->stats_mutex);
        u->was_online = true;
        u->session_broker = u->mqtt_5 ? (int) u->broker : -1;
        if (u->ask_in_3)
                route_refused_5(&u->route, u->broker, u->online_us);
        u->ask_in_3 = false;
        u->n_refused = 0;
        u->refused_us = UINT64_MAX;
        u->waiting = outbox_hear(u->config.outbox, &u->last);
        log_event(LOG_INFO, fields, "connected to broker %s by MQTT %s, %llu events wait", u->broker_label,
                u->mqtt_5 ? "5" : "3.1.1", (unsigned long long) u->waiting);

        uplink_take_name(u);
        uplink_plan_home(u);
        uplink_introduce(u);
        outbox_connected(u->config.outbox); /* behind all of these */
}

/* Draining may take half of the time given, the farewell most of the rest; a little is left for joining. */
static uint64_t drain_deadline_us(const struct uplink *u) {
        return u->stop_us + u->stop_timeout_us / 2;
}

static uint64_t leave_deadline_us(const struct uplink *u) {
        return u->stop_us + u->stop_timeout_us / 8 * 7;
}

static void enter_leaving(struct uplink *u) {
        u->deadline_us = leave_deadline_us(u);
        u->offline_acked = false;
        u->offline_mid = uplink_publish_status(u, false, NULL);
}

/* What is in flight is given to the next broker too: better twice than never. */
static void enter_moving(struct uplink *u) {
        log_info("broker %s is back: moving there", u->config.brokers[0].host);
        u->deadline_us = uplink_now_us() + MOVE_US;
        u->offline_acked = false;
        u->offline_mid = uplink_publish_status(u, false, NULL);
}

static void enter_stopped(struct uplink *u, enum link_event event) {
        /* Only who has said "offline" may leave without the will; or who has nothing to say under this name. */
        if (u->client && (u->offline_acked || event == LINK_EVENT_REFUSED))
                client_disconnect(u->client);
        let_go(u);
}

static void happen(struct uplink *u, enum link_event event) {
        const enum link_state from = u->state, state = link_next(from, event);

        if (state == from)
                return;
        u->state = state;
        switch (state) {
        case LINK_DOWN:
                enter_down(u, from, event);
                return;
        case LINK_CONNECTING:
                if (uplink_connect(u) < 0)
                        happen(u, LINK_EVENT_FAILED);
                return;
        case LINK_CLAIMING:
                u->refusal[0] = '\0';
                uplink_claim(u);
                return;
        case LINK_ONLINE:
                enter_online(u);
                return;
        case LINK_MOVING:
                enter_moving(u);
                return;
        case LINK_DRAINING:
                u->deadline_us = drain_deadline_us(u);
                return;
        case LINK_LEAVING:
                enter_leaving(u);
                return;
        case LINK_STOPPED:
                enter_stopped(u, event);
                return;
        case _LINK_STATE_MAX:
                return;
        }
}

/* ---- the loop ---- */

static int sleep_ms(const struct uplink *u, uint64_t now) {
        uint64_t until = MIN(u->deadline_us, now + SLEEP_US);

        if (u->client && client_fd(u->client) < 0) /* lost while publishing: see to it at once */
                return 0;
        until = MIN(until, uplink_birth_due_us(u));
        until = MIN(until, uplink_claim_due_us(u));
        until = MIN(until, uplink_late_due_us(u, now));
        return until <= now ? 0 : (int) ((until - now + 999) / 1000);
}

static void wait_and_process(struct uplink *u) {
        const uint64_t now = uplink_now_us();
        struct pollfd fds[] = {
                {.fd = u->wake_fd, .events = POLLIN},
                {.fd = outbox_uplink_fd(u->config.outbox), .events = POLLIN},
                {.fd = slots_fd(u->slots), .events = POLLIN},
                {.fd = slots_fd(u->health), .events = POLLIN},
                {.fd = requests_fd(u), .events = POLLIN},
                {.fd = slots_fd(u->sensors), .events = POLLIN},
                {.fd = u->lookup ? lookup_fd(u->lookup) : -1, .events = POLLIN},
                {.fd = probe_lookup_fd(&u->probe), .events = POLLIN},
                {.fd = probe_connect_fd(&u->probe), .events = POLLOUT},
                {.fd = slots_fd(u->live), .events = POLLIN},
                {.fd = u->client ? client_fd(u->client) : -1},
        };
        enum { CLIENT = ARRAY_SIZE(fds) - 1 };
        eventfd_t ignored;

        if (u->client)
                fds[CLIENT].events = client_events(u->client);
        u->alive_until_us = now + SLEEP_US + TURN_US;
        if (poll(fds, ARRAY_SIZE(fds), sleep_ms(u, now)) < 0)
                return; /* EINTR cannot be, all signals are blocked; ENOMEM passes */
        if (fds[0].revents)
                (void) eventfd_read(u->wake_fd, &ignored);

        if (uplink_go_on_connecting(u) < 0)
                happen(u, LINK_EVENT_FAILED);
        if (u->client && client_process(u->client, fds[CLIENT].revents) < 0) {
                uplink_lose(u);
                happen(u, LINK_EVENT_FAILED);
        }
}

static void check_broker(struct uplink *u, uint64_t now) {
        if (u->state == LINK_CONNECTING && now >= u->deadline_us)
                uplink_give_up_connecting(u);
        if (uplink_is_online(u) && u->n_flights > 0 && now - u->progress_us >= ACKNOWLEDGE_US) {
                snprintf(u->why, sizeof(u->why), "broker %s acknowledged nothing for %u s", u->broker_label,
                        (unsigned) (ACKNOWLEDGE_US / SECOND_US));
                happen(u, LINK_EVENT_FAILED);
        }
}

static bool is_drained(const struct uplink *u) {
        return u->last && u->waiting == 0;
}

/* The broker may be back for long while a wait of a minute still runs: what waits is worth one more round of tries. */
static void approach_stop(struct uplink *u) {
        if (u->state == LINK_DOWN && !is_drained(u) && (!u->last_round || uplink_has_next(u))) {
                u->last_round = true;
                happen(u, LINK_EVENT_DEADLINE);
        }
        happen(u, LINK_EVENT_STOP);
        if (u->state == LINK_CONNECTING || u->state == LINK_CLAIMING)
                u->deadline_us = MIN(u->deadline_us, drain_deadline_us(u));
}

static void check_times(struct uplink *u, bool stop) {
        const uint64_t now = uplink_now_us();

        check_broker(u, now);
        if (now >= u->deadline_us)
                happen(u, LINK_EVENT_DEADLINE);
        if (stop)
                approach_stop(u);
        if (uplink_is_granted(u))
                happen(u, LINK_EVENT_GRANTED);
        if (uplink_is_outdone(u))
                happen(u, LINK_EVENT_REFUSED);
        if (now >= uplink_claim_due_us(u))
                uplink_claim_again(u);
        if (now >= uplink_birth_due_us(u))
                uplink_publish_birth(u);
        if (u->state == LINK_ONLINE && uplink_is_home_back(u, now))
                happen(u, LINK_EVENT_HOME);
        if (uplink_is_online(u))
                uplink_keep_tidy(u, now);
}

void *uplink_thread(void *userdata) {
        struct uplink *u = userdata;

        while (u->state != LINK_STOPPED) {
                wait_and_process(u);
                if (u->accepted && u->state == LINK_CONNECTING)
                        happen(u, LINK_EVENT_ACCEPTED);
                /* Looked at before taking: what was given before the stop is then taken before it counts as drained. */
                const bool stop = u->stop_us > 0;
                uplink_take_shown(u);
                uplink_take_health(u);
                uplink_take_sensors(u);
                uplink_answer_questions(u);
                requests_answer(u);
                u->waiting = outbox_hear(u->config.outbox, &u->last);
                check_times(u, stop);
                if (uplink_is_online(u))
                        uplink_send_events(u);
                if (is_drained(u))
                        happen(u, LINK_EVENT_DRAINED);
                if (u->offline_acked)
                        happen(u, LINK_EVENT_ACKED);
                update_stats(u);
        }
        update_stats(u);
        u->alive_until_us = UINT64_MAX; /* it has ended in good order: nobody shall miss it */
        (void) eventfd_write(u->ended_fd, 1);
        return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink as other threads see it: made, started, fed, asked, stopped. */

#include "mqtt/uplink.h"

#include <assert.h>
#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "mqtt/uplink-private.h"
#include "util/macros.h"

#define RECONNECT_MIN_US (1 * SECOND_US)
#define RECONNECT_MAX_US (60 * SECOND_US)
#define HOME_US          (60 * SECOND_US)

#define MAX_US UINT64_C(3600000000) /* of any wait that is configured */

/* ---- life ---- */

static bool config_is_good(const struct uplink_config *c) {
        const uint64_t min_us = c->reconnect_min_us, max_us = c->reconnect_max_us;

        if (!c->brokers || c->n_brokers == 0 || c->n_brokers > ROUTE_BROKERS_MAX)
                return false;
        for (unsigned i = 0; i < c->n_brokers; i++)
                if (!c->brokers[i].host || !c->brokers[i].host[0] || c->brokers[i].port == 0)
                        return false;
        return c->client_id && c->client_id[0] && c->prefix && c->hub && c->run && c->version &&
                c->keepalive_s >= 5 && c->keepalive_s <= 3600 && c->outbox && min_us <= max_us &&
                max_us <= MAX_US;
}

/* Copy a configuration and what it points to, into one block: brokers, then texts. */
static int copy_config(struct uplink *u, const struct uplink_config *config) {
        struct uplink_config *c = &u->config;
        const char **fields[11 + ROUTE_BROKERS_MAX] = {&c->tls.ca_file, &c->tls.certificate_file,
                &c->tls.key_file, &c->username, &c->password, &c->client_id, &c->prefix, &c->hub, &c->run,
                &c->version, &c->discovery_prefix};
        struct uplink_broker *brokers;
        size_t n = 11, size = config->n_brokers * sizeof(*brokers);

        *c = *config;
        for (unsigned i = 0; i < c->n_brokers; i++)
                size += strlen(c->brokers[i].host) + 1;
        for (size_t i = 0; i < n; i++)
                size += *fields[i] ? strlen(*fields[i]) + 1 : 0;
        u->copies = brokers = malloc(size);
        if (!brokers)
                return -ENOMEM;
        memcpy(brokers, c->brokers, c->n_brokers * sizeof(*brokers));
        c->brokers = brokers;
        for (unsigned i = 0; i < c->n_brokers; i++)
                fields[n++] = &brokers[i].host;
        char *p = (char *) (brokers + c->n_brokers);
        for (size_t i = 0; i < n; i++)
                if (*fields[i]) {
                        size = strlen(*fields[i]) + 1;
                        *fields[i] = memcpy(p, *fields[i], size);
                        p += size;
                }
        if (c->reconnect_max_us == 0) {
                c->reconnect_min_us = RECONNECT_MIN_US;
                c->reconnect_max_us = RECONNECT_MAX_US;
        }
        if (c->home_us == 0)
                c->home_us = HOME_US;
        return 0;
}

/* The password is among them. */
static void wipe_copies(struct uplink *u) {
        if (u->config.password && u->copies)
                explicit_bzero((char *) (uintptr_t) u->config.password, strlen(u->config.password));
        free(u->copies);
}

/* Of what is shown only: a whole set, which is three times as large as the largest of these, never is. */
static size_t shown_size(struct uplink *u, enum message_type type) {
        u->message.type = type;
        return message_size(&u->message);
}

/* What is worthless once something newer exists. */
static int make_slots(struct uplink *u, size_t n_stations) {
        size_t size = MAX(shown_size(u, MESSAGE_STATE), shown_size(u, MESSAGE_PHASE));
        int r = slots_new(size, n_stations * _SHOWN_MAX, &u->slots);

        if (r >= 0)
                r = slots_new(shown_size(u, MESSAGE_LIVE), n_stations, &u->live);
        return r < 0 ? r : slots_new(sizeof(struct health), 1, &u->health);
}

static int make_parts(struct uplink *u) {
        const struct status gone = {.session = u->config.run, .since_ms = -1, .version = u->config.version};
        int r;

        u->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (u->wake_fd < 0)
                return -errno;
        u->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (u->ended_fd < 0)
                return -errno;
        r = uplink_keep_new(u);
        if (r < 0)
                return r;
        r = topic_hub(u->config.prefix, u->config.hub, "status", u->status_topic, sizeof(u->status_topic));
        if (r < 0)
                return -EINVAL;
        r = topic_hub(u->config.prefix, u->config.hub, "health", u->health_topic, sizeof(u->health_topic));
        if (r < 0)
                return -EINVAL;
        r = topic_hub(u->config.prefix, u->config.hub, "query", u->query_topic, sizeof(u->query_topic));
        if (r < 0)
                return -EINVAL;
        r = topic_hub(u->config.prefix, u->config.hub, "owner", u->claim_topic, sizeof(u->claim_topic));
        if (r < 0)
                return -EINVAL;
        r = requests_new(u);
        if (r < 0)
                return r;
        r = status_to_json(&gone, &u->will);
        if (r < 0)
                return r;
        return make_slots(u, MAX(u->config.n_stations, 1U));
}

int uplink_new(const struct uplink_config *config, struct uplink **ret) {
        uint64_t seed = uplink_now_us();

        if (!config_is_good(config))
                return -EINVAL;
        struct uplink *u = calloc(1, sizeof(*u));
        if (!u)
                return -ENOMEM;
        pthread_mutex_init(&u->stats_mutex, NULL);
        mosquitto_lib_init();
        u->wake_fd = u->ended_fd = -1;
        u->session_broker = -1;
        u->probe = PROBE_NONE;
        u->state = LINK_DOWN; /* and its deadline is over: connect at once */
        u->alive_until_us = UINT64_MAX;

        int r = copy_config(u, config);
        if (r >= 0)
                r = make_parts(u);
        if (r < 0) {
                uplink_free(u);
                return r;
        }
        (void) !getrandom(&seed, sizeof(seed), GRND_NONBLOCK); /* the clock will do where there is none yet */
        route_init(&u->route, u->config.n_brokers);
        backoff_init(&u->backoff, u->config.reconnect_min_us, u->config.reconnect_max_us, seed);
        *ret = u;
        return 0;
}

int uplink_start(struct uplink *u) {
        sigset_t all, before;

        assert(!u->started);
        u->alive_until_us = uplink_now_us() + 5 * SECOND_US; /* it has that long to say for itself */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
        int r = pthread_create(&u->thread, NULL, uplink_thread, u);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r != 0)
                return -r;
        u->started = true;
        (void) pthread_setname_np(u->thread, "uplink");
        return 0;
}

/* Whether the descriptor became readable in time. */
static bool wait_until(int fd, uint64_t until_us) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint64_t now;

        do {
                now = uplink_now_us();
                int ms = until_us > now ? (int) ((until_us - now + 999) / 1000) : 0;
                if (poll(&p, 1, ms) > 0)
                        return true;
        } while (now < until_us); /* a signal may have cut it short */
        return false;
}

int uplink_stop(struct uplink *u, uint64_t timeout_us) {
        if (!u->started)
                return 0;

        const uint64_t now = uplink_now_us(), until_us = now + MIN(timeout_us, MAX_US);
        u->stop_timeout_us = until_us - now;
        u->stop_us = now; /* after the time-out: the thread looks here first */
        (void) eventfd_write(u->wake_fd, 1);
        if (!wait_until(u->ended_fd, until_us))
                return -ETIMEDOUT;
        pthread_join(u->thread, NULL);
        u->started = false;
        return 0;
}

struct uplink *uplink_free(struct uplink *u) {
        if (!u)
                return NULL;
        assert(!u->started);
        uplink_keep_free(u);
        client_close(u->client);
        lookup_free(u->lookup);
        probe_stop(&u->probe);
        slots_free(u->slots);
        slots_free(u->live);
        slots_free(u->health);
        requests_free(u);
        free(u->health_json);
        if (u->wake_fd >= 0)
                close(u->wake_fd);
        if (u->ended_fd >= 0)
                close(u->ended_fd);
        free(u->birth);
        free(u->will);
        wipe_copies(u);
        pthread_mutex_destroy(&u->stats_mutex);
        free(u);
        mosquitto_lib_cleanup();
        return NULL;
}

/* ---- from the sense thread, while it runs ---- */

void uplink_show(struct uplink *u, unsigned station, const struct message *m) {
        enum shown shown = m->type == MESSAGE_STATE ? SHOWN_STATE : SHOWN_PHASE;

        assert(station < u->config.n_stations);
        assert(m->type == MESSAGE_STATE || m->type == MESSAGE_LIVE || m->type == MESSAGE_PHASE);
        if (m->type == MESSAGE_LIVE)
                slots_lay(u->live, station, m, message_size(m));
        else
                slots_put(u->slots, station * _SHOWN_MAX + shown, m, message_size(m));
}

void uplink_send_live(struct uplink *u) {
        slots_ring(u->live);
}

void uplink_show_sensor(struct uplink *u, unsigned sensor, const struct sensor_state *state) {
        assert(sensor < u->config.n_sensors);
        slots_put(u->sensors, sensor, state, sizeof(*state));
}

void uplink_show_health(struct uplink *u, const struct health *health) {
        slots_put(u->health, 0, health, sizeof(*health));
}

void uplink_get_stats(struct uplink *u, struct uplink_stats *ret) {
        pthread_mutex_lock(&u->stats_mutex);
        *ret = u->stats;
        pthread_mutex_unlock(&u->stats_mutex);
}

uint64_t uplink_alive_until_us(struct uplink *u) {
        return u->alive_until_us;
}

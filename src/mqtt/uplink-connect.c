/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink's thread, before the broker has said yes: which broker, which of its addresses, and what is told of those that
 * could not be had. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mqtt/uplink-private.h"
#include "util/log.h"
#include "util/macros.h"

/* A broker that takes the connection and does not answer. */
#define ANSWER_US (10 * SECOND_US)

/* glibc: 2 attempts x 5 s with two name servers (resolv.conf(5)). */
#define LOOKUP_US (20 * SECOND_US)

#define CLIENT_ID_MAX 256

#define HOME_WAIT_MAX_US                                                                                       \
        (3600 * SECOND_US) /* between two looks at a preferred broker that listens and does not take us */

/* How long a broker keeps our session beyond the will's delay, for its own clock's sake: it ends the delay too. */
#define SESSION_S 30

static const struct uplink_broker *broker(const struct uplink *u) {
        return &u->config.brokers[u->broker];
}

static void take_next_broker(struct uplink *u) {
        u->broker = route_next(&u->route);
        const struct uplink_broker *b = broker(u);
        const bool bare = !strchr(b->host, ':'); /* else an IPv6 address: in brackets */

        snprintf(u->broker_label, sizeof(u->broker_label), "%s%s%s:%u", bare ? "" : "[", b->host,
                bare ? "" : "]", b->port);
}

bool uplink_has_next(const struct uplink *u) {
        return u->ask_in_3 || u->addresses.next < u->addresses.n || route_has_next(&u->route);
}

/* With the address that was chosen. */
static int open_client(struct uplink *u) {
        const uint64_t now = uplink_now_us();
        const struct uplink_config *c = &u->config;
        char client_id[CLIENT_ID_MAX];

        uplink_client_id(u, client_id, sizeof(client_id));
        u->mqtt_5 = !u->ask_in_3 && route_speaks_5(&u->route, u->broker, now);
        const struct client_config config = {
                .broker = u->broker_label,
                .host = broker(u)->host,
                .address = u->address,
                .port = broker(u)->port,
                .tls = broker(u)->tls ? &c->tls : NULL,
                .username = c->username,
                .password = c->password,
                .client_id = client_id,
                .keepalive_s = c->keepalive_s,
                .will_topic = u->status_topic,
                .will = u->will,
                .mqtt_5 = u->mqtt_5,
                .resume = u->session_broker == (int) u->broker,
                .will_delay_s = c->will_delay_s,
                .session_s = c->will_delay_s > 0 ? c->will_delay_s + SESSION_S : 0,
        };

        u->deadline_us = now + ANSWER_US;
        return client_open(&config, &uplink_client_handlers, u, &u->client, u->why, sizeof(u->why));
}

static int open_next(struct uplink *u) {
        u->ask_in_3 = false;
        u->address = addresses_next(&u->addresses);
        return open_client(u);
}

static int start_lookup(struct uplink *u) {
        int r = lookup_start(broker(u)->host, &u->lookup);

        if (r < 0)
                snprintf(u->why, sizeof(u->why), "name %s cannot be resolved: %s", broker(u)->host,
                        r == -EAGAIN ? "look-ups from before still hang" : strerror(-r));
        u->deadline_us = uplink_now_us() + LOOKUP_US;
        return r;
}

int uplink_connect(struct uplink *u) {
        u->accepted = false;
        if (u->ask_in_3)
                return open_client(u);
        if (u->addresses.next < u->addresses.n)
                return open_next(u);
        if (!route_has_next(&u->route))
                route_begin(&u->route, UINT32_MAX);
        take_next_broker(u);
        if (addresses_parse(&u->addresses, broker(u)->host) < 0)
                return start_lookup(u); /* a name may lead elsewhere by now */
        return open_next(u);
}

int uplink_go_on_connecting(struct uplink *u) {
        const char *why = NULL;
        int r;

        if (!u->lookup)
                return 0;
        r = lookup_result(u->lookup, &u->addresses, &why);
        if (r == -EINPROGRESS)
                return 0;
        u->lookup = lookup_free(u->lookup);
        if (r < 0) {
                snprintf(u->why, sizeof(u->why), "name %s cannot be resolved: %s", broker(u)->host, why);
                return r;
        }
        return open_next(u);
}

void uplink_lose(struct uplink *u) {
        const bool old = client_end(u->client) == CLIENT_OLD_BROKER;

        snprintf(u->why, sizeof(u->why), "%s", client_why(u->client));
        u->ask_in_3 = old && u->mqtt_5 && u->state == LINK_CONNECTING;
}

void uplink_give_up_connecting(struct uplink *u) {
        if (u->lookup)
                snprintf(u->why, sizeof(u->why), "name %s is not resolved within %u s: no name server answers",
                        broker(u)->host, (unsigned) (LOOKUP_US / SECOND_US));
        else
                snprintf(u->why, sizeof(u->why), "broker %s gave no answer within %u s", u->broker_label,
                        (unsigned) (ANSWER_US / SECOND_US));
}

void uplink_plan_home(struct uplink *u) {
        if (u->broker == 0)
                u->home_wait_us = u->config.home_us;
        u->home_us = u->broker == 0 ? UINT64_MAX : uplink_now_us() + u->home_wait_us;
}

bool uplink_is_home_back(struct uplink *u, uint64_t now) {
        const struct uplink_broker *home = &u->config.brokers[0];
        int r;

        if (!probe_is_running(&u->probe)) {
                if (now < u->home_us)
                        return false;
                /* For the whole of it, an answer included: whatever it brings, the next one comes after that. */
                u->home_us = now + u->home_wait_us;
                if (probe_start(&u->probe, home->host, home->port) < 0)
                        return false;
        }
        r = probe_look(&u->probe);
        if (r == 0 && now >= u->home_us)
                probe_stop(&u->probe);
        if (r > 0) /* it listens; whether it takes us will show: the next look is later if it does not */
                u->home_wait_us = MIN(2 * u->home_wait_us, HOME_WAIT_MAX_US);
        return r > 0;
}

/* Of each broker, a lasting failure is told once. */
void uplink_tell_failure(struct uplink *u) {
        const struct log_fields fields = {.kind = LOG_KIND_BROKER_DOWN};
        char *told = u->told[u->broker];

        if (u->ask_in_3 || u->addresses.next < u->addresses.n || strcmp(u->why, told) == 0)
                return;
        snprintf(told, sizeof(u->told[0]), "%s", u->why);
        log_event(LOG_WARNING, fields, "%s; %s", u->why,
                u->config.n_brokers > 1 && route_has_next(&u->route) ? "trying the next one"
                                                                     : "trying again until it works");
}

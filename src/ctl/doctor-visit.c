/* SPDX-License-Identifier: Apache-2.0 */
/* One visit: look the name up, try its addresses, say hello, try the hub's topics, say goodbye.
 *
 *     look-up ─▶ address ─▶ MQTT 5 ─┬─ accepted ─▶ subscribe, publish ─▶ answers ─▶ goodbye
 *                  ▲  │             └─ too old ─▶ MQTT 3.1.1 ─ as above
 *                  └──┴─ the next one, if nobody answers there */

#include "ctl/doctor-visit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "message/topic.h"
#include "mqtt/lookup.h"
#include "mqtt/probe.h"
#include "util/macros.h"

#define LOOKUP_MS 10000
#define ANSWER_MS 5000
#define ECHO_MS   2000

#define BROKER_LABEL_MAX 272 /* name, brackets and port */

struct call {
        struct visit *visit;
        struct client *client;
        char topic[TOPIC_MAX]; /* for which nobody waits */
        bool accepted, acked, echoed;
        int mid;
};

static int64_t now_ms(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what the broker says ---- */

static void on_accepted(void *userdata) {
        ((struct call *) userdata)->accepted = true;
}

static void on_acked(void *userdata, int mid, const char *refused) {
        struct call *c = userdata;

        if (mid != c->mid)
                return;
        c->acked = true;
        if (refused)
                snprintf(c->visit->unwritten, sizeof(c->visit->unwritten), "to publish to %s (%s)", c->topic,
                        refused);
}

static void on_received(void *userdata, const struct client_message *m) {
        struct call *c = userdata;

        c->echoed |= strcmp(m->topic, c->topic) == 0;
}

static void on_unsubscribed(void *userdata, const char *topic, const char *refused) {
        struct call *c = userdata;

        snprintf(c->visit->unread, sizeof(c->visit->unread), "to listen to %s (%s)", topic, refused);
}

static const struct client_handlers handlers = {on_accepted, on_acked, on_received, on_unsubscribed};

/* Until the flag is set. Returns whether it was; -ENOTCONN: the connection is lost. */
static int wait_for(struct call *c, const bool *flag, int patience_ms) {
        const int64_t until_ms = now_ms() + patience_ms;
        int64_t left_ms;

        while (!*flag && (left_ms = until_ms - now_ms()) > 0) {
                struct pollfd p = {.fd = client_fd(c->client), .events = client_events(c->client)};

                if (poll(&p, 1, (int) MIN(left_ms, 1000)) < 0 && errno != EINTR)
                        return -errno;
                if (client_process(c->client, p.revents) < 0)
                        return -ENOTCONN;
        }
        return *flag;
}

/* ---- the hub's topics ---- */

static void try_topics(struct call *c) {
        static const char *const leaves[] = {"query", "cmd", "station/+/cmd", "owner"};
        const struct visit *v = c->visit;
        char topic[TOPIC_MAX];

        for (size_t i = 0; i < ARRAY_SIZE(leaves); i++)
                if (topic_hub(v->prefix, v->hub, leaves[i], topic, sizeof(topic)) >= 0)
                        (void) client_subscribe(c->client, topic);
        (void) client_subscribe(c->client, c->topic);
        c->mid = client_publish(c->client, c->topic, "{\"v\":1,\"type\":\"doctor\"}", 1, false);
        if (c->mid < 0 || wait_for(c, &c->acked, ANSWER_MS) <= 0)
                snprintf(c->visit->unwritten, sizeof(c->visit->unwritten),
                        "to publish to %s (no acknowledgement)", c->topic);
        /* Up to 3.1.1 a broker acknowledges what it then drops: only what comes back was allowed. */
        else if (*v->unwritten == '\0' && wait_for(c, &c->echoed, ECHO_MS) <= 0)
                snprintf(c->visit->unread, sizeof(c->visit->unread),
                        "to write to %s or to listen to it: nothing comes back", c->topic);
        client_disconnect(c->client);
}

/* ---- connecting ---- */

static enum visit_end end_of(const struct client *c) {
        switch (client_end(c)) {
        case CLIENT_REFUSED:
                return VISIT_REFUSED;
        case CLIENT_UNTRUSTED:
                return VISIT_TLS;
        case CLIENT_LOST:
        case CLIENT_OLD_BROKER:
        case CLIENT_TAKEN_OVER:
                break;
        }
        return VISIT_AWAY;
}

static enum visit_end call(struct visit *v, bool mqtt_5, bool *ret_old) {
        struct call c = {.visit = v};
        char label[BROKER_LABEL_MAX], id[32], leaf[48];
        enum visit_end end;
        uint32_t number = 0;
        int r;

        if (getrandom(&number, sizeof(number), 0) != sizeof(number))
                number = (uint32_t) getpid();
        snprintf(id, sizeof(id), "repcast-doctor-%08x", number);
        snprintf(label, sizeof(label), strchr(v->host, ':') ? "[%s]:%u" : "%s:%u", v->host, v->port);
        snprintf(leaf, sizeof(leaf), "reply/doctor-%08x", number);
        if (topic_hub(v->prefix, v->hub, leaf, c.topic, sizeof(c.topic)) < 0)
                return VISIT_AWAY;
        const struct client_config config = {
                .broker = label,
                .host = v->host,
                .address = v->address,
                .port = v->port,
                .tls = v->tls,
                .username = v->username,
                .password = v->password,
                .client_id = id,
                .keepalive_s = 30,
                .mqtt_5 = mqtt_5,
        };
        *ret_old = false;
        r = client_open(&config, &handlers, &c, &c.client, v->why, sizeof(v->why));
        if (r < 0)
                return r == -EPROTO ? VISIT_TLS : VISIT_AWAY;
        r = wait_for(&c, &c.accepted, ANSWER_MS);
        v->mqtt_5 = mqtt_5;
        end = r > 0 ? VISIT_DONE : r < 0 ? end_of(c.client) : VISIT_AWAY;
        *ret_old = r < 0 && client_end(c.client) == CLIENT_OLD_BROKER;
        if (r > 0)
                try_topics(&c);
        else if (r < 0)
                snprintf(v->why, sizeof(v->why), "%s", client_why(c.client));
        else
                snprintf(v->why, sizeof(v->why), "broker %s gave no answer within %d s", label,
                        ANSWER_MS / 1000);
        client_close(c.client);
        return end;
}

static enum visit_end call_in_either(struct visit *v) {
        bool old = false;
        enum visit_end end = call(v, true, &old);

        return old ? call(v, false, &old) : end;
}

/* ---- without a login ---- */

static enum visit_end knock(struct visit *v) {
        int fd = probe_dial(v->address, v->port, ANSWER_MS / 1000);

        if (fd < 0) {
                snprintf(v->why, sizeof(v->why), "broker %s:%u cannot be reached: %s", v->host, v->port,
                        strerror(-fd));
                return VISIT_AWAY;
        }
        close(fd);
        return VISIT_DONE;
}

/* ---- names ---- */

static int look_up(struct visit *v, struct addresses *ret) {
        struct lookup *lookup = NULL;
        const char *why = "no name server answers";
        int r = addresses_parse(ret, v->host);

        if (r >= 0)
                return 0;
        r = lookup_start(v->host, &lookup);
        if (r >= 0) {
                struct pollfd p = {.fd = lookup_fd(lookup), .events = POLLIN};

                (void) poll(&p, 1, LOOKUP_MS);
                r = lookup_result(lookup, ret, &why);
        }
        if (r < 0)
                snprintf(v->why, sizeof(v->why), "the name %s cannot be resolved: %s", v->host, why);
        lookup_free(lookup);
        return r;
}

enum visit_end visit_broker(struct visit *v) {
        struct addresses addresses = {.n = 0};
        enum visit_end end = VISIT_AWAY;
        const char *address;

        if (look_up(v, &addresses) < 0)
                return VISIT_NAME;
        while (end == VISIT_AWAY && (address = addresses_next(&addresses))) {
                snprintf(v->address, sizeof(v->address), "%s", address);
                end = v->login ? call_in_either(v) : knock(v);
        }
        return end;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink's thread, Home Assistant: each device is told when it is first shown, when what is known of it changes, on every
 * connection, and when Home Assistant says that it has started; and taken away with what it stands for.
 *
 * With discovery off, one topic shows whether an earlier run had it on: the hub's own. If so, all of ours are looked for and
 * taken away. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/homeassistant.h"
#include "mqtt/uplink-private.h"
#include "util/macros.h"

DEFINE_CLEANUP(char *, free);

#define SEARCH_US (2 * SECOND_US) /* for the broker to tell what it keeps */

/* The hub, its stations, their sensors; behind the states of the latter two. */
size_t uplink_announce_places(const struct uplink *u) {
        return u->config.discovery ? 1 + MAX(u->config.n_stations, 1U) + MAX(u->config.n_sensors, 1U) : 0;
}

static size_t first_place(const struct uplink *u) {
        return MAX(u->config.n_stations, 1U) + MAX(u->config.n_sensors, 1U);
}

static struct homeassistant us(const struct uplink *u) {
        return (struct homeassistant){u->config.prefix, u->config.hub, u->config.version};
}

static int device_topic(const struct uplink *u, const char *id, char ret[static TOPIC_MAX]) {
        int n = snprintf(ret, TOPIC_MAX, "%s/device/%s/config", u->config.discovery_prefix, id);

        return n < 0 || n >= TOPIC_MAX ? -ENAMETOOLONG : 0;
}

/* Takes json over (NULL: take away); what has not changed is not said again. */
static void announce(struct uplink *u, size_t place, const char *kind, const char *name, char *json) {
        _cleanup_(freep) char *text = json ? json : strdup(""), *copy = NULL;
        const struct homeassistant h = us(u);
        const struct retained *before = &u->kept.items[first_place(u) + place];
        char id[HOMEASSISTANT_ID_MAX], topic[TOPIC_MAX];

        homeassistant_id(&h, kind, name, id);
        if (!text || device_topic(u, id, topic) < 0 || !(copy = strdup(topic)))
                return;
        if (before->json && strcmp(before->json, text) == 0 && strcmp(before->topic, topic) == 0)
                return;
        uplink_keep(u, first_place(u) + place, TAKE_PTR(copy), TAKE_PTR(text));
}

void uplink_announce_station(struct uplink *u, size_t station, const struct message *m) {
        const struct homeassistant h = us(u);
        char *json = NULL;

        if (!u->config.discovery)
                return;
        if (m->state.gone || homeassistant_station(&h, m->origin.station, &json) >= 0)
                announce(u, 1 + station, "station", m->origin.station, json);
}

void uplink_announce_sensor(struct uplink *u, size_t sensor, const struct sensor_state *s) {
        const struct homeassistant h = us(u);
        char *json = NULL;

        if (!u->config.discovery)
                return;
        if (s->gone || homeassistant_sensor(&h, s, &json) >= 0)
                announce(u, 1 + MAX(u->config.n_stations, 1U) + sensor, "sensor", s->address, json);
}

int uplink_announce_new(struct uplink *u) {
        const struct homeassistant h = us(u);
        const char *prefix = u->config.discovery_prefix;
        char id[HOMEASSISTANT_ID_MAX], *json = NULL;
        int r;

        if (!prefix)
                return 0;
        homeassistant_id(&h, NULL, NULL, id);
        if (device_topic(u, id, u->hub_device_topic) < 0 || device_topic(u, "+", u->devices_topic) < 0)
                return -EINVAL;
        snprintf(u->homeassistant_topic, sizeof(u->homeassistant_topic), "%s/status", prefix);
        if (!u->config.discovery)
                return 0;
        r = homeassistant_hub(&h, &json);
        if (r >= 0)
                announce(u, 0, NULL, NULL, json);
        return r == -ENAMETOOLONG ? -EINVAL : r;
}

/* ---- with the broker ---- */

static const char *search_topic(const struct uplink *u) {
        return u->config.discovery ? u->devices_topic : u->hub_device_topic;
}

void uplink_announce_begin(struct uplink *u) {
        u->announce_again = u->searching = false;
        if (u->config.discovery_prefix)
                (void) client_subscribe(u->client, search_topic(u));
        if (u->config.discovery)
                (void) client_subscribe(u->client, u->homeassistant_topic);
}

void uplink_announce_end(struct uplink *u) {
        if (u->config.discovery_prefix)
                (void) client_unsubscribe(u->client, search_topic(u));
        if (u->searching)
                (void) client_unsubscribe(u->client, u->devices_topic);
}

static bool begins(const char *s, const char *with, size_t n) {
        return strncmp(s, with, n) == 0;
}

/* One of this hub: its own id, or that with a name behind it. */
static bool is_ours(const struct uplink *u, const char *topic) {
        const size_t n = strlen(u->hub_device_topic) - strlen("/config");

        return begins(topic, u->hub_device_topic, n) &&
                (strcmp(topic + n, "/config") == 0 || begins(topic + n, "__", 2));
}

bool uplink_announce_receive(
        struct uplink *u, const char *topic, const void *payload, size_t size, bool retained) {
        if (!u->config.discovery_prefix)
                return false;
        if (strcmp(topic, u->homeassistant_topic) == 0) {
                u->announce_again |= size == strlen("online") && memcmp(payload, "online", size) == 0;
                return true;
        }
        if (!begins(topic, u->devices_topic, strlen(u->devices_topic) - strlen("+/config")))
                return false;
        if (!retained || size == 0 || !is_ours(u, topic))
                return true;
        leftovers_note(&u->leftovers, topic);
        if (!u->config.discovery && !u->searching && strcmp(topic, u->hub_device_topic) == 0)
                u->announce_again = true; /* an earlier run had it on: look for the rest */
        return true;
}

void uplink_announce_tidy(struct uplink *u) {
        if (!u->announce_again)
                return;
        u->announce_again = false;
        if (!u->config.discovery) {
                u->searching = true;
                (void) client_subscribe(u->client, u->devices_topic);
                u->leftovers.due_us = uplink_now_us() + SEARCH_US;
                return;
        }
        for (size_t i = first_place(u); i < u->kept.n; i++) {
                const struct retained *r = &u->kept.items[i];

                if (r->json && r->json[0] != '\0')
                        (void) client_publish(u->client, r->topic, r->json, 1, true);
        }
}

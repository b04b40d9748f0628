/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink's thread, retained: states of stations and sensors, said again on every connection, taken away from the broker
 * when they are no more.
 *
 *     connected ── all again, subscribe to all states ──▶ LEFTOVERS_US ──▶ unsubscribe, take away what is not ours
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mqtt/uplink-private.h"
#include "util/macros.h"

DEFINE_CLEANUP(char *, free);

#define LEFTOVERS_US (2 * SECOND_US) /* by then, stations and sensors have been shown */

static size_t station_places(const struct uplink *u) {
        return MAX(u->config.n_stations, 1U);
}

int uplink_keep_new(struct uplink *u) {
        static const char *const below[] = {"station/+/state", "sensor/+/state"};
        const size_t n_sensors = MAX(u->config.n_sensors, 1U);
        int r = retained_init(&u->kept, station_places(u) + n_sensors + uplink_announce_places(u));

        u->leftovers.due_us = UINT64_MAX;
        if (r >= 0)
                r = slots_new(sizeof(struct sensor_state), n_sensors, &u->sensors);
        for (size_t i = 0; i < ARRAY_SIZE(below) && r >= 0; i++)
                if (topic_hub(u->config.prefix, u->config.hub, below[i], u->states_topics[i],
                            sizeof(u->states_topics[i])) < 0)
                        r = -EINVAL;
        return r < 0 ? r : uplink_announce_new(u);
}

void uplink_keep_free(struct uplink *u) {
        retained_done(&u->kept);
        leftovers_done(&u->leftovers);
        slots_free(u->sensors);
}

void uplink_keep(struct uplink *u, size_t i, char *topic, char *json) {
        const struct retained *r = retained_set(&u->kept, i, topic, json);

        if (uplink_is_online(u))
                (void) client_publish(u->client, r->topic, r->json, 1, true);
}

void uplink_keep_station(struct uplink *u, size_t station, char *topic, char *json) {
        uplink_keep(u, station, topic, json);
}

void uplink_take_sensors(struct uplink *u) {
        char leaf[SENSOR_ADDRESS_MAX + 16], address[SENSOR_ADDRESS_MAX], topic[TOPIC_MAX];
        struct sensor_state s;
        size_t key;

        while (slots_take(u->sensors, &key, &s)) {
                _cleanup_(freep) char *json = NULL, *copy = NULL;

                topic_level(s.address, address, sizeof(address));
                snprintf(leaf, sizeof(leaf), "sensor/%s/state", address);
                if (topic_hub(u->config.prefix, u->config.hub, leaf, topic, sizeof(topic)) < 0 ||
                        sensor_state_to_json(&s, &json) < 0 || !(copy = strdup(topic)))
                        continue;
                if (s.gone)
                        json[0] = '\0';
                uplink_announce_sensor(u, key, &s);
                uplink_keep(u, station_places(u) + key, TAKE_PTR(copy), TAKE_PTR(json));
        }
}

void uplink_keep_again(struct uplink *u) {
        leftovers_begin(&u->leftovers, uplink_now_us() + LEFTOVERS_US);
        for (size_t i = 0; i < ARRAY_SIZE(u->states_topics); i++)
                (void) client_subscribe(u->client, u->states_topics[i]);
        uplink_announce_begin(u);
        for (size_t i = 0; i < u->kept.n; i++)
                if (u->kept.items[i].json)
                        (void) client_publish(
                                u->client, u->kept.items[i].topic, u->kept.items[i].json, 1, true);
}

void uplink_keep_receive(struct uplink *u, const char *topic, const void *payload, size_t size, bool retained) {
        if (!uplink_announce_receive(u, topic, payload, size, retained) && retained && size > 0)
                leftovers_note(&u->leftovers, topic);
}

void uplink_keep_tidy(struct uplink *u, uint64_t now) {
        char *topic;

        uplink_announce_tidy(u);
        if (now < u->leftovers.due_us)
                return;
        for (size_t i = 0; i < ARRAY_SIZE(u->states_topics); i++)
                (void) client_unsubscribe(u->client, u->states_topics[i]);
        uplink_announce_end(u);
        while ((topic = leftovers_take(&u->leftovers, &u->kept))) {
                (void) client_publish(u->client, topic, "", 1, true);
                free(topic);
        }
}

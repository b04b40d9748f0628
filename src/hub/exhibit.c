/* SPDX-License-Identifier: Apache-2.0 */
/* Which sensors are told to the broker, and when. */

#include "hub/exhibit.h"

#include <stdio.h>
#include <string.h>

#include "mqtt/uplink.h"
#include "util/utf8.h"

_Static_assert(SENSOR_ADDRESS_MAX == ADDRESS_MAX && SENSOR_WORDS_MAX == SENSORS_WORDS_MAX,
        "a sensor's state has room for what is known of it");

#define REPAIR(field, from) utf8_repair((from), sizeof(from), (field), sizeof(field))

static void describe(const struct sensor_info *i, struct sensor_state *ret) {
        memcpy(ret->address, i->address, sizeof(ret->address));
        REPAIR(ret->station, i->station);
        snprintf(ret->state, sizeof(ret->state), "%s", i->state);
        REPAIR(ret->error, i->why);
        REPAIR(ret->name, i->name);
        REPAIR(ret->profile, i->profile);
        REPAIR(ret->maker, i->maker);
        REPAIR(ret->model, i->model);
        REPAIR(ret->firmware, i->firmware);
        memcpy(ret->adapter, i->adapter, sizeof(ret->adapter));
        ret->has_rssi = i->rssi_dbm != BLUEZ_RSSI_NONE;
        ret->rssi_dbm = i->rssi_dbm;
        ret->battery_pct = i->battery_pct;
        ret->nominal_hz = i->nominal_hz;
        ret->rate_hz = i->rate_hz;
        ret->samples = i->samples;
        ret->lost = i->lost;
        ret->gaps = i->gaps;
        ret->clipped = i->clipped;
        ret->bad = i->bad;
        ret->connects = i->connects;
        ret->failures = i->failures;
}

static struct sensor_state *find(struct exhibit *e, const char *address) {
        for (size_t i = 0; i < EXHIBIT_MAX; i++)
                if (strcmp(e->shown[i].address, address) == 0)
                        return &e->shown[i];
        return NULL;
}

/* A place for a sensor that has none: one that was never used, else that of one that is gone. */
static struct sensor_state *find_room(struct exhibit *e) {
        struct sensor_state *room = find(e, "");

        for (size_t i = 0; i < EXHIBIT_MAX && !room; i++)
                if (e->shown[i].gone)
                        room = &e->shown[i];
        return room;
}

static void show(struct exhibit *e, struct sensor_state *place, const struct sensor_state *now,
        const struct outlet *outlet) {
        *place = *now;
        uplink_show_sensor(outlet->uplink, (unsigned) (place - e->shown), now);
}

static void show_found(
        struct exhibit *e, const struct sensor_info *info, struct outlet *outlet, uint64_t now_us, bool all) {
        struct sensor_state now = {.synced = outlet->clock.synced}, *place = find(e, info->address);

        memcpy(now.hub, outlet->hub, sizeof(now.hub));
        now.t_ms = (outlet->clock.epoch_us + (int64_t) now_us) / 1000;
        describe(info, &now);
        if (!place)
                place = find_room(e);
        else if (!all && !sensor_state_is_news(place, &now))
                return;
        if (place)
                show(e, place, &now, outlet);
}

static bool is_wanted(const struct exhibit *e, size_t n, const char *address) {
        for (size_t i = 0; i < n; i++)
                if (e->found[i].wanted && strcmp(e->found[i].address, address) == 0)
                        return true;
        return false;
}

void exhibit_update(
        struct exhibit *e, const struct sensors *sensors, struct outlet *outlet, uint64_t now_us, bool all) {
        size_t n = sensors_list(sensors, e->found);

        for (size_t i = 0; i < EXHIBIT_MAX; i++) {
                struct sensor_state *place = &e->shown[i], gone = {.gone = true};

                if (place->address[0] == '\0' || place->gone || is_wanted(e, n, place->address))
                        continue;
                memcpy(gone.address, place->address, sizeof(gone.address));
                show(e, place, &gone, outlet);
        }
        for (size_t i = 0; i < n; i++)
                if (e->found[i].wanted)
                        show_found(e, &e->found[i], outlet, now_us, all);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a sensor as JSON. */

#include "message/sensor.h"

#include <math.h>
#include <string.h>

#include "message/value.h"

/* Samples that never came, of all that were sent. */
static double loss_pct(const struct sensor_state *s) {
        double all = (double) s->samples + (double) s->lost;

        return all > 0 ? 100 * (double) s->lost / all : (double) NAN;
}

static void put_device(json_t **j, const struct sensor_state *s) {
        value_put(j, "name", VALUE_TEXT(s->name));
        value_put(j, "profile", VALUE_TEXT(s->profile));
        value_put(j, "maker", VALUE_TEXT(s->maker));
        value_put(j, "model", VALUE_TEXT(s->model));
        value_put(j, "firmware", VALUE_TEXT(s->firmware));
}

static void put_link(json_t **j, const struct sensor_state *s) {
        value_put(j, "state", VALUE_TEXT(s->state));
        value_put(j, "error", VALUE_TEXT(s->error));
        value_put(j, "adapter", VALUE_TEXT(s->adapter));
        value_put(j, "rssi_dbm", s->has_rssi ? json_integer(s->rssi_dbm) : json_null());
        value_put(j, "battery_pct", s->battery_pct >= 0 ? json_integer(s->battery_pct) : json_null());
}

static void put_figures(json_t **j, const struct sensor_state *s) {
        value_put(j, "nominal_hz", value_figure(s->nominal_hz, 2));
        value_put(j, "rate_hz", value_figure(s->rate_hz, 2));
        value_put(j, "loss_pct", value_figure(loss_pct(s), 2));
        value_put(j, "samples", value_count(s->samples));
        value_put(j, "lost", value_count(s->lost));
        value_put(j, "gaps", value_count(s->gaps));
        value_put(j, "clipped", value_count(s->clipped));
        value_put(j, "bad_packets", value_count(s->bad));
        value_put(j, "connects", value_count(s->connects));
        value_put(j, "failures", value_count(s->failures));
}

int sensor_state_to_json(const struct sensor_state *s, char **ret) {
        json_t *j = json_object();

        value_put(&j, "v", json_integer(1));
        value_put(&j, "type", json_string("sensor"));
        value_put(&j, "hub", VALUE_TEXT(s->hub));
        value_put(&j, "sensor", VALUE_TEXT(s->address));
        value_put(&j, "station", VALUE_TEXT(s->station));
        value_put(&j, "clock", json_string(s->synced ? "synced" : "unsynced"));
        value_put(&j, "t_ms", json_integer(s->t_ms));
        put_link(&j, s);
        put_device(&j, s);
        put_figures(&j, s);
        return value_print(j, ret);
}

bool sensor_state_is_news(const struct sensor_state *a, const struct sensor_state *b) {
        return a->gone != b->gone || a->battery_pct != b->battery_pct || strcmp(a->state, b->state) != 0 ||
                strcmp(a->error, b->error) != 0 || strcmp(a->station, b->station) != 0 ||
                strcmp(a->profile, b->profile) != 0 || strcmp(a->adapter, b->adapter) != 0 ||
                strcmp(a->name, b->name) != 0 || strcmp(a->maker, b->maker) != 0 ||
                strcmp(a->model, b->model) != 0 || strcmp(a->firmware, b->firmware) != 0;
}

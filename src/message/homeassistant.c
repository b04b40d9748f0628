/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and their entities, from tables. */

#include "message/homeassistant.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "message/topic.h"
#include "message/value.h"
#include "util/macros.h"

/* An entity of a device. Unset: NULL. */
struct entity {
        const char *id, *platform, *name;
        const char *leaf; /* of the device's topic */
        const char *template;
        const char *unit, *device_class, *state_class, *icon;
        const char *event_type; /* of an event */
        bool diagnostic;
};

/* clang-format off */
static const struct entity hub_entities[] = {
        {"streaming", "sensor", "Stations streaming", "health", "{{ value_json.stations.streaming }}", .icon = "mdi:dumbbell"},
        {"links", "sensor", "Bluetooth links", "health", "{{ value_json.bluetooth.adapters | map(attribute='links') | sum }}", .icon = "mdi:bluetooth", .diagnostic = true},
        {"unsent", "sensor", "Events waiting", "health", "{{ value_json.events.unsent }}", .icon = "mdi:tray-full", .diagnostic = true},
        {"dropped", "sensor", "Events lost", "health", "{{ value_json.events.dropped }}", .icon = "mdi:tray-remove", .diagnostic = true},
};

static const struct entity station_entities[] = {
        {"reps", "sensor", "Repetitions", "state", "{{ value_json.n_reps }}", .unit = "reps", .icon = "mdi:counter"},
        {"set", "sensor", "Set", "state", "{{ value_json.set }}", .icon = "mdi:format-list-numbered"},
        {"athlete", "sensor", "Athlete", "state", "{{ value_json.athlete }}", .icon = "mdi:account"},
        {"exercise", "sensor", "Exercise", "state", "{{ value_json.exercise }}", .icon = "mdi:weight-lifter"},
        {"load", "sensor", "Load", "state", "{{ value_json.load_kg }}", .unit = "kg", .device_class = "weight", .icon = "mdi:weight-kilogram"},
        {"last_set_reps", "sensor", "Repetitions of the last set", "state", "{{ value_json.last_set.n_reps if value_json.last_set else None }}", .unit = "reps", .icon = "mdi:counter"},
        {"tempo", "sensor", "Tempo", "rep", "{{ value_json.tempo_s.eccentric }}-{{ value_json.tempo_s.bottom }}-{{ value_json.tempo_s.concentric }}", .icon = "mdi:metronome"},
        {"eccentric", "sensor", "Eccentric", "rep", "{{ value_json.tempo_s.eccentric }}", .unit = "s", .device_class = "duration", .state_class = "measurement"},
        {"concentric", "sensor", "Concentric", "rep", "{{ value_json.tempo_s.concentric }}", .unit = "s", .device_class = "duration", .state_class = "measurement"},
        {"velocity", "sensor", "Concentric velocity", "rep", "{{ value_json.concentric.mean_mps }}", .unit = "m/s", .device_class = "speed", .state_class = "measurement"},
        {"velocity_loss", "sensor", "Velocity loss", "rep", "{{ value_json.velocity_loss_pct }}", .unit = "%", .state_class = "measurement", .icon = "mdi:trending-down"},
        {"control", "sensor", "Eccentric control", "rep", "{{ value_json.eccentric.control }}", .state_class = "measurement", .icon = "mdi:chart-bell-curve"},
        {"compliance", "sensor", "As prescribed in the last set", "state", "{{ value_json.last_set.compliance_pct if value_json.last_set else None }}", .unit = "%", .icon = "mdi:check-circle-outline"},
        {"advice", "sensor", "Advice", "state", "{{ value_json.advice.advice if value_json.advice else None }}", .icon = "mdi:bullhorn-outline"},
        {"sensor", "binary_sensor", "Sensor", "state", "{{ 'ON' if value_json.sensor_state == 'streaming' else 'OFF' }}", .device_class = "connectivity", .diagnostic = true},
        {"rep", "event", "Repetition", "rep", NULL, .event_type = "rep", .icon = "mdi:arm-flex"},
        {"finished_set", "event", "Finished set", "set", NULL, .event_type = "set", .icon = "mdi:flag-checkered"},
        {"advised", "event", "Advice given", "advice", NULL, .event_type = "advice", .icon = "mdi:bullhorn"},
        {"tired", "event", "Fatigue", "fatigue", NULL, .event_type = "fatigue", .icon = "mdi:battery-low"},
        {"alarm", "event", "Fall", "safety", NULL, .event_type = "safety", .icon = "mdi:alert"},
};

static const struct entity sensor_entities[] = {
        {"battery", "sensor", "Battery", "state", "{{ value_json.battery_pct }}", .unit = "%", .device_class = "battery", .state_class = "measurement", .diagnostic = true},
        {"signal", "sensor", "Signal", "state", "{{ value_json.rssi_dbm }}", .unit = "dBm", .device_class = "signal_strength", .state_class = "measurement", .diagnostic = true},
        {"rate", "sensor", "Sample rate", "state", "{{ value_json.rate_hz }}", .unit = "Hz", .device_class = "frequency", .state_class = "measurement", .diagnostic = true},
        {"loss", "sensor", "Samples lost", "state", "{{ value_json.loss_pct }}", .unit = "%", .state_class = "measurement", .icon = "mdi:wifi-alert", .diagnostic = true},
        {"link", "sensor", "Link", "state", "{{ value_json.state }}", .icon = "mdi:bluetooth-connect", .diagnostic = true},
        {"connected", "binary_sensor", "Connected", "state", "{{ 'ON' if value_json.state == 'streaming' else 'OFF' }}", .device_class = "connectivity"},
};
/* clang-format on */

/* ---- ids ---- */

/* What may not stand there becomes _ and two hexadecimal digits; so does _ itself, and two of them part names. */
static size_t escape(const char *s, char *ret, size_t size, size_t at) {
        for (; *s && at + 4 <= size; s++)
                if (isalnum((unsigned char) *s) || *s == '-')
                        ret[at++] = *s;
                else
                        at += (size_t) snprintf(ret + at, size - at, "_%02x", (unsigned) (unsigned char) *s);
        ret[at] = '\0';
        return at;
}

/* FNV-1a: for names that do not fit. */
static uint64_t hash(const char *s) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (; *s; s++)
                h = (h ^ (unsigned char) *s) * UINT64_C(0x100000001b3);
        return h;
}

/* One part, cut and with the hash of the whole where it is too long. */
static size_t add_part(const char *s, char *ret, size_t at) {
        char part[3 * 128 + 4];
        const size_t longest = 40;

        if (escape(s, part, sizeof(part), 0) > longest)
                snprintf(part + longest - 18, sizeof(part) - longest, "__%016" PRIx64, hash(s));
        return at + (size_t) snprintf(ret + at, HOMEASSISTANT_ID_MAX - at, "%s%s", at > 0 ? "__" : "", part);
}

void homeassistant_id(const struct homeassistant *h, const char *kind, const char *name,
        char ret[static HOMEASSISTANT_ID_MAX]) {
        size_t n = add_part(h->prefix, ret, 0);

        n = add_part(h->hub, ret, n);
        if (kind) {
                n = add_part(kind, ret, n);
                (void) add_part(name, ret, n);
        }
}

/* ---- pieces ---- */

static json_t *string(const char *s) {
        return value_text(s, s ? strlen(s) + 1 : 0);
}

static void put_if(json_t **j, const char *key, const char *value) {
        if (value)
                value_put(j, key, json_string(value));
}

static json_t *origin(const struct homeassistant *h) {
        json_t *j = json_object();

        value_put(&j, "name", json_string("repcast"));
        value_put(&j, "sw_version", string(h->version));
        return j;
}

/* Who says so, and what says otherwise, is the birth and the will. */
static json_t *availability(const struct homeassistant *h) {
        json_t *list = json_array(), *j = json_object();
        char topic[TOPIC_MAX] = "";

        (void) topic_hub(h->prefix, h->hub, "status", topic, sizeof(topic));
        value_put(&j, "topic", json_string(topic));
        value_put(&j, "value_template", json_string("{{ value_json.state }}"));
        value_append(&list, j);
        return list;
}

/* An event's type, and the message as its attributes; one that waited is not happening now. */
static json_t *event_template(const struct entity *e) {
        return json_sprintf(
                "{%% if not value_json.late %%}{{ dict(value_json, event_type='%s') | to_json }}{%% endif %%}",
                e->event_type);
}

static json_t *component(const struct entity *e, const char *id, const char *base) {
        json_t *j = json_object();

        value_put(&j, "platform", json_string(e->platform));
        value_put(&j, "unique_id", json_sprintf("%s__%s", id, e->id));
        value_put(&j, "name", json_string(e->name));
        value_put(&j, "state_topic", json_sprintf("%s/%s", base, e->leaf));
        value_put(&j, "value_template", e->event_type ? event_template(e) : json_string(e->template));
        if (e->event_type)
                value_put(&j, "event_types", json_pack("[s]", e->event_type));
        put_if(&j, "unit_of_measurement", e->unit);
        put_if(&j, "device_class", e->device_class);
        put_if(&j, "state_class", e->state_class);
        put_if(&j, "icon", e->icon);
        if (e->diagnostic)
                value_put(&j, "entity_category", json_string("diagnostic"));
        return j;
}

/* base: the device's topic, without the leaf. Takes device over. */
static int announce(const struct homeassistant *h, json_t *device, const char *id, const char *base,
        const struct entity *entities, size_t n, char **ret) {
        json_t *j = json_object(), *components = json_object();

        for (size_t i = 0; i < n; i++)
                value_put(&components, entities[i].id, component(&entities[i], id, base));
        value_put(&j, "device", device);
        value_put(&j, "origin", origin(h));
        value_put(&j, "availability", availability(h));
        value_put(&j, "qos", json_integer(1));
        value_put(&j, "components", components);
        return value_print(j, ret);
}

static json_t *device(const char *id, json_t *name, const char *model) {
        json_t *j = json_object();

        value_put(&j, "identifiers", json_pack("[s]", id));
        value_put(&j, "name", name);
        put_if(&j, "model", model);
        return j;
}

static void put_via_hub(json_t **j, const struct homeassistant *h) {
        char id[HOMEASSISTANT_ID_MAX];

        homeassistant_id(h, NULL, NULL, id);
        value_put(j, "via_device", json_string(id));
}

/* The topic without its last slash. */
static int find_base(int r, char *base) {
        size_t n = strlen(base);

        if (r >= 0 && n > 0 && base[n - 1] == '/')
                base[n - 1] = '\0';
        return r;
}

/* ---- devices ---- */

int homeassistant_hub(const struct homeassistant *h, char **ret) {
        char id[HOMEASSISTANT_ID_MAX], base[TOPIC_MAX] = "";
        int r = find_base(topic_hub(h->prefix, h->hub, "", base, sizeof(base)), base);
        json_t *j;

        if (r < 0)
                return r;
        homeassistant_id(h, NULL, NULL, id);
        j = device(id, json_sprintf("repcast %s", h->hub), "hub");
        value_put(&j, "manufacturer", json_string("repcast"));
        value_put(&j, "sw_version", string(h->version));
        return announce(h, j, id, base, hub_entities, ARRAY_SIZE(hub_entities), ret);
}

int homeassistant_station(const struct homeassistant *h, const char *station, char **ret) {
        char id[HOMEASSISTANT_ID_MAX], base[TOPIC_MAX] = "";
        int r = find_base(topic_station(h->prefix, h->hub, station, "", base, sizeof(base)), base);
        json_t *j;

        if (r < 0)
                return r;
        homeassistant_id(h, "station", station, id);
        j = device(id, string(station), "station");
        value_put(&j, "manufacturer", json_string("repcast"));
        put_via_hub(&j, h);
        return announce(h, j, id, base, station_entities, ARRAY_SIZE(station_entities), ret);
}

int homeassistant_sensor(const struct homeassistant *h, const struct sensor_state *s, char **ret) {
        char id[HOMEASSISTANT_ID_MAX], leaf[SENSOR_ADDRESS_MAX + 16], base[TOPIC_MAX] = "";
        json_t *j;
        int r;

        snprintf(leaf, sizeof(leaf), "sensor/%.17s", s->address);
        r = topic_hub(h->prefix, h->hub, leaf, base, sizeof(base));
        if (r < 0)
                return r;
        homeassistant_id(h, "sensor", s->address, id);
        j = device(id, json_sprintf("Bar sensor %.17s", s->address), NULL);
        value_put(&j, "connections", json_pack("[[s, s]]", "bluetooth", s->address));
        if (*s->maker)
                value_put(&j, "manufacturer", VALUE_TEXT(s->maker));
        if (*s->model || *s->profile)
                value_put(&j, "model", *s->model ? VALUE_TEXT(s->model) : VALUE_TEXT(s->profile));
        if (*s->firmware)
                value_put(&j, "sw_version", VALUE_TEXT(s->firmware));
        put_via_hub(&j, h);
        return announce(h, j, id, base, sensor_entities, ARRAY_SIZE(sensor_entities), ret);
}

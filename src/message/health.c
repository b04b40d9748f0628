/* SPDX-License-Identifier: Apache-2.0 */
/* How the hub is, for programs and for people. */

#include "message/health.h"

#include <stdio.h>
#include <string.h>

#include "message/value.h"

static json_t *stations(const struct health *h) {
        json_t *j = json_object();

        value_put(&j, "active", value_count(h->stations));
        value_put(&j, "streaming", value_count(h->streaming));
        return j;
}

static json_t *events(const struct health *h) {
        json_t *j = json_object();

        value_put(&j, "sent", value_count(h->sent));
        value_put(&j, "unsent", value_count(h->unsent));
        value_put(&j, "dropped", value_count(h->dropped));
        return j;
}

static json_t *store(const struct health *h) {
        json_t *j = json_object();

        value_put(&j, "place", json_string(h->on_disk ? "disk" : "memory"));
        value_put(&j, "disk_bytes", value_count(h->disk_bytes));
        value_put(&j, "error", VALUE_TEXT(h->disk_error));
        return j;
}

static json_t *broker(const struct health *h) {
        json_t *j = json_object();

        value_put(&j, "reconnects", value_count(h->reconnects));
        value_put(&j, "error", VALUE_TEXT(h->broker_error));
        return j;
}

static json_t *adapter(const struct health_adapter *a) {
        json_t *j = json_object();

        value_put(&j, "adapter", VALUE_TEXT(a->address));
        value_put(&j, "id", VALUE_TEXT(a->id));
        value_put(&j, "state", VALUE_TEXT(a->state));
        value_put(&j, "error", VALUE_TEXT(a->error));
        value_put(&j, "links", value_count(a->links));
        value_put(&j, "max_links", value_count(a->max_links));
        return j;
}

static json_t *bluetooth(const struct health *h) {
        json_t *j = json_object(), *list = json_array();

        for (unsigned i = 0; i < h->n_adapters; i++)
                value_append(&list, adapter(&h->adapters[i]));
        value_put(&j, "state", VALUE_TEXT(h->bluetooth));
        value_put(&j, "error", VALUE_TEXT(h->bluetooth_error));
        value_put(&j, "adapters", list);
        return j;
}

int health_to_json(const struct health *h, char **ret) {
        json_t *j = json_object();

        value_put(&j, "v", json_integer(1));
        value_put(&j, "type", json_string("health"));
        value_put(&j, "hub", VALUE_TEXT(h->hub));
        value_put(&j, "session", VALUE_TEXT(h->session));
        value_put(&j, "now_ms", json_integer(h->now_ms));
        value_put(&j, "clock", json_string(h->synced ? "synced" : "unsynced"));
        value_put(&j, "uptime_s", value_figure(h->uptime_s, 1));
        value_put(&j, "stations", stations(h));
        value_put(&j, "events", events(h));
        value_put(&j, "store", store(h));
        value_put(&j, "broker", broker(h));
        value_put(&j, "bluetooth", bluetooth(h));
        value_put(&j, "cpu_pct", value_figure(h->cpu_pct, 1));
        value_put(&j, "memory_bytes", h->memory_bytes > 0 ? value_count(h->memory_bytes) : json_null());
        return value_print(j, ret);
}

bool health_is_news(const struct health *a, const struct health *b) {
        bool news = a->on_disk != b->on_disk || strcmp(a->bluetooth, b->bluetooth) != 0 ||
                a->n_adapters != b->n_adapters;

        for (unsigned i = 0; i < b->n_adapters && !news; i++)
                news = a->adapters[i].links != b->adapters[i].links;
        return news;
}

/* "ready, links: 3 of 14", or what is wrong. */
static void bluetooth_words(const struct health *h, char *ret, size_t size) {
        unsigned links = 0, max = 0;

        for (unsigned i = 0; i < h->n_adapters; i++) {
                links += h->adapters[i].links;
                max += h->adapters[i].max_links;
        }
        if (strcmp(h->bluetooth, "ready") == 0)
                snprintf(ret, size, "ready, links: %u of %u", links, max);
        else
                snprintf(ret, size, "%s", h->bluetooth);
}

void health_to_line(const struct health *h, char *ret, size_t size) {
        char bluetooth[64];

        bluetooth_words(h, bluetooth, sizeof(bluetooth));
        snprintf(ret, size,
                "stations: %u, streaming: %u; Bluetooth %s; broker %s%s%s; events sent: %llu, waiting: %llu, "
                "lost: %llu%s%s",
                h->stations, h->streaming, bluetooth, h->connected ? "connected" : "away",
                *h->broker_error ? ": " : "", h->broker_error, (unsigned long long) h->sent,
                (unsigned long long) h->unsent, (unsigned long long) h->dropped,
                h->on_disk ? "" : "; kept in memory only: ", h->on_disk ? "" : h->disk_error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How the hub is, for programs and for people. */

#include "message/health.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "util/macros.h"
#include "util/utf8.h"

#define PRINTED_DIGITS 15 /* of a figure rounded to its decimals, so that it prints with just these */

static json_t *tenths(double x) {
        return isfinite(x) ? json_real(round(x * 10) / 10) : json_null();
}

static json_t *number(uint64_t n) {
        return json_integer((json_int_t) n);
}

static json_t *text(const char *s, size_t size) {
        char repaired[3 * 256]; /* a bad byte becomes three */

        if (s[0] == '\0')
                return json_null();
        utf8_repair(s, size, repaired, sizeof(repaired));
        return json_string(repaired);
}
#define TEXT(field) text((field), sizeof(field))

int health_to_json(const struct health *h, char **ret) {
        /* "o" takes the reference, also where packing fails */
        _cleanup_(json_decrefp) json_t *j = json_pack(
                "{s:i, s:s, s:o, s:s, s:I, s:s, s:o, s:{s:i, s:i}, s:{s:o, s:o, s:o}, s:{s:s, s:o, s:o},"
                " s:{s:o, s:o}, s:o, s:o}",
                "v", 1, "type", "health", "hub", TEXT(h->hub), "session", h->session, "now_ms",
                (json_int_t) h->now_ms, "clock", h->synced ? "synced" : "unsynced", "uptime_s",
                tenths(h->uptime_s), "stations", "active", h->stations, "streaming", h->streaming, "events",
                "sent", number(h->sent), "unsent", number(h->unsent), "dropped", number(h->dropped), "store",
                "place", h->on_disk ? "disk" : "memory", "disk_bytes", number(h->disk_bytes), "error",
                TEXT(h->disk_error), "broker", "reconnects", number(h->reconnects), "error",
                TEXT(h->broker_error), "cpu_pct", tenths(h->cpu_pct), "memory_bytes",
                h->memory_bytes > 0 ? number(h->memory_bytes) : json_null());
        char *json = j ? json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(PRINTED_DIGITS)) : NULL;

        if (!json)
                return -ENOMEM;
        *ret = json;
        return 0;
}

void health_to_line(const struct health *h, char *ret, size_t size) {
        snprintf(ret, size,
                "stations: %u, streaming: %u; broker %s%s%s; events sent: %llu, waiting: %llu, lost: %llu%s%s",
                h->stations, h->streaming, h->connected ? "connected" : "away", *h->broker_error ? ": " : "",
                h->broker_error, (unsigned long long) h->sent, (unsigned long long) h->unsent,
                (unsigned long long) h->dropped,
                h->on_disk ? "" : "; kept in memory only: ", h->on_disk ? "" : h->disk_error);
}

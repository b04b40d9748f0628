/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How the hub is: the payload of B/health (doc/mqtt.md), and the line that systemctl shows. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/message.h"

#define HEALTH_ADAPTERS_MAX 16

/* Of Bluetooth, and how many of its links are in use. */
struct health_adapter {
        char address[18], id[16]; /* "hci0" changes with the order of plugging in */
        char state[16];
        char error[96]; /* empty = nothing to explain */
        unsigned links, max_links;
};

struct health {
        char hub[MESSAGE_NAME_MAX];
        char session[MESSAGE_RUN_MAX];
        int64_t now_ms; /* since the epoch */
        bool synced;    /* that is the time of day */
        double uptime_s;
        unsigned stations, streaming; /* configured; with samples coming in */
        uint64_t sent;                /* events that the broker has acknowledged, since the start */
        uint64_t unsent;              /* events that it has not */
        uint64_t dropped;             /* events that it will never have, since the start */
        bool on_disk;                 /* events are safe from the end of the process; memory otherwise */
        uint64_t disk_bytes;          /* that they take */
        char disk_error[256];         /* why they are in memory; empty = they are not */
        bool connected;
        uint64_t reconnects;
        char broker_error[512];    /* why it is not connected; empty = it is, or was never tried */
        char bluetooth[16];        /* in a word */
        char bluetooth_error[192]; /* what is wrong with it; empty = nothing */
        struct health_adapter adapters[HEALTH_ADAPTERS_MAX];
        unsigned n_adapters;
        double cpu_pct;        /* of one core, since the message before; NAN = not known */
        uint64_t memory_bytes; /* resident; 0 = not known */
};

/* One JSON object. Returns 0 and a string to free(), or -ENOMEM. */
int health_to_json(const struct health *h, char **ret);

/* Is there news that does not wait for its turn: where events are kept, how Bluetooth is, how many adapters and links? */
bool health_is_news(const struct health *before, const struct health *now);

/* One line for a person, cut at size. */
void health_to_line(const struct health *h, char *ret, size_t size);

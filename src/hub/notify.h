/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What systemd is told (sd_notify(3)); nothing happens without it. */

#include <stdbool.h>
#include <stdint.h>

#include "util/macros.h"

struct notify {
        uint64_t feed_us; /* between two signs of life; 0 = no watchdog */
        bool starving;    /* the watchdog is not fed, and that has been logged */
        char status[512]; /* as last told */
};

void notify_init(struct notify *n);
void notify_ready(struct notify *n);
void notify_reloading(struct notify *n);
void notify_stopping(struct notify *n);

/* A line for "systemctl status"; told when it changes. */
void notify_status(struct notify *n, const char *format, ...) _printf_(2, 3);

/* A sign of life, unless a thread hangs; NULL = none does. */
void notify_alive(struct notify *n, const char *hanging);

/* SPDX-License-Identifier: Apache-2.0 */
/* Words to systemd. Failures are nobody's business: without systemd there is no one to listen. */

#include "hub/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "util/log.h"

/* Four signs of life in the time that the unit allows: one that comes late does no harm. */
#define SIGNS 4

void notify_init(struct notify *n) {
        uint64_t watchdog_us = 0;

        *n = (struct notify){.feed_us = 0};
        if (sd_watchdog_enabled(0, &watchdog_us) > 0)
                n->feed_us = watchdog_us / SIGNS;
}

void notify_ready(struct notify *n) {
        (void) n;
        sd_notify(0, "READY=1");
}

void notify_reloading(struct notify *n) {
        struct timespec now;

        (void) n;
        clock_gettime(CLOCK_MONOTONIC, &now);
        /* The stamp is what Type=notify-reload wants; other types pass it over. */
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
                (unsigned long long) now.tv_sec * 1000000 + (unsigned long long) now.tv_nsec / 1000);
}

void notify_stopping(struct notify *n) {
        (void) n;
        sd_notify(0, "STOPPING=1\nSTATUS=Stopping: sending what waits");
}

void notify_status(struct notify *n, const char *format, ...) {
        char status[sizeof(n->status)];
        va_list ap;

        va_start(ap, format);
        vsnprintf(status, sizeof(status), format, ap);
        va_end(ap);
        if (strcmp(status, n->status) == 0)
                return;
        strcpy(n->status, status);
        sd_notifyf(0, "STATUS=%s", status);
}

void notify_alive(struct notify *n, const char *hanging) {
        if (!hanging)
                sd_notify(0, "WATCHDOG=1");
        else if (!n->starving)
                log_error("the %s thread hangs: the watchdog is left unfed", hanging);
        n->starving = hanging != NULL;
}

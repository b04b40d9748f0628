/* SPDX-License-Identifier: Apache-2.0 */
/* Distance of the two clocks, and whether the time of day is to be trusted. */

#include "hub/wallclock.h"

#include <sys/timex.h>
#include <time.h>

#define STEP_US 1000 /* two readings in a row take well under this; a set clock moves by more */

static int64_t read_us(clockid_t clock) {
        struct timespec t;

        clock_gettime(clock, &t);
        return (int64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void wallclock_take(struct wallclock *w, int64_t realtime_us, int64_t monotonic_us) {
        int64_t epoch_us = realtime_us - monotonic_us, change_us = epoch_us - w->epoch_us;

        if (!w->known || change_us > STEP_US || change_us < -STEP_US)
                w->epoch_us = epoch_us;
        w->known = true;
}

void wallclock_update(struct wallclock *w) {
        struct timex status = {.modes = 0};

        wallclock_take(w, read_us(CLOCK_REALTIME), read_us(CLOCK_MONOTONIC));
        w->synced = adjtimex(&status) >= 0 && (status.status & STA_UNSYNC) == 0;
}

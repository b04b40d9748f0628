/* SPDX-License-Identifier: Apache-2.0 */
/* Distance of the two clocks, and whether the time of day is to be trusted. */

#include "hub/wallclock.h"

#include <sys/timex.h>
#include <time.h>

#define STEP_US 1000 /* readings in a row take well under this; a set clock moves by more */
#define TORN_US 500  /* readings further apart were interrupted, and would look like a step */
#define TRIES   3
#define ASK_US  1000000 /* the kernel, which adds up its own errors once a second */

static int64_t read_us(clockid_t clock) {
        struct timespec t;

        clock_gettime(clock, &t);
        return (int64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

bool wallclock_take(struct wallclock *w, int64_t before_us, int64_t realtime_us, int64_t after_us) {
        int64_t epoch_us = realtime_us - before_us - (after_us - before_us) / 2,
                change_us = epoch_us - w->epoch_us;

        if (w->known && after_us - before_us > TORN_US)
                return false;
        if (!w->known || change_us > STEP_US || change_us < -STEP_US)
                w->epoch_us = epoch_us;
        w->known = true;
        return true;
}

static void ask_kernel(struct wallclock *w) {
        struct timex status = {.modes = 0};

        w->asked_kernel = adjtimex(&status) >= 0;
        if (w->asked_kernel)
                w->synced = (status.status & STA_UNSYNC) == 0;
}

void wallclock_update(struct wallclock *w) {
        int64_t now_us = 0, epoch_us = w->epoch_us;

        for (unsigned i = 0; i < TRIES; i++) {
                int64_t before_us = read_us(CLOCK_MONOTONIC), realtime_us = read_us(CLOCK_REALTIME);

                now_us = read_us(CLOCK_MONOTONIC);
                if (wallclock_take(w, before_us, realtime_us, now_us))
                        break;
        }
        if (w->asked_kernel && w->epoch_us == epoch_us && now_us - w->asked_us < ASK_US)
                return;
        w->asked_us = now_us;
        ask_kernel(w);
}

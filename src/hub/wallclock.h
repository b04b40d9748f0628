/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From CLOCK_MONOTONIC, on which samples are stamped, to the time of day, which payloads tell.
 *
 * Both clocks are slewed alike, so their distance changes only when the time of day is set (at boot, for a hub without
 * a battery clock). It is kept while it agrees with the clocks to a millisecond, so that two messages about one
 * instant tell the same time. */

#include <stdbool.h>
#include <stdint.h>

struct wallclock {
        int64_t epoch_us; /* added to CLOCK_MONOTONIC gives microseconds since the epoch */
        bool known;
        bool synced;      /* the time of day is right */
        int64_t asked_us; /* CLOCK_MONOTONIC of the last look */
        bool asked_kernel; /* that is the kernel's word (adjtimex(2), STA_UNSYNC); else timedated's (hub/timedate.h) */
};

/* Read the clocks; ask whether the time of day is right, once a second and when it was set. */
void wallclock_update(struct wallclock *w);

/* The rule alone, for one reading of the time of day between two of CLOCK_MONOTONIC. False: these lie too far apart (the
 * thread was put aside between them), the distance stays as it was. */
bool wallclock_take(struct wallclock *w, int64_t before_us, int64_t realtime_us, int64_t after_us);

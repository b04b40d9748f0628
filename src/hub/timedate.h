/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether the time of day is right, where the kernel may not be asked.
 *
 * The system call that tells it is the one that sets the clock, and the unit's sandbox refuses both (ProtectClock=). There
 * systemd-timedated tells it, whichever program keeps the time (timesyncd, chrony, ntpd). It is started by the question
 * and ends by itself, so it is asked seldom: every minute until the time is right, then every quarter of an hour (after
 * a loss of its source the kernel calls it right for hours: until the error may be 16 s, at 0.5 ms a second), and at once
 * when the time of day has been set. Nothing here blocks. */

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "hub/wallclock.h"

struct timedate {
        sd_bus *bus;        /* NULL = away */
        sd_bus_slot *asked; /* a question on its way */
        struct wallclock *clock;
        int64_t epoch_us; /* the clock's, when it was last asked */
        uint64_t next_us;
        bool told; /* that there is no answer */
};

void timedate_init(struct timedate *t, struct wallclock *clock);

/* The bus that is there from now on; NULL: none is. */
void timedate_attach(struct timedate *t, sd_bus *bus);

/* Ask, if it is time to; the answer goes to the clock. */
void timedate_look(struct timedate *t, uint64_t now_us);

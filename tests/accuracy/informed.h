/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A display that is told every border that is over, and has the sensor as it is: what the velocity alone allows. */

#include <repcast/core.h>

#include "accuracy/trial.h"

struct informed {
        uint64_t seen_us;       /* newest tick that was looked at */
        size_t next;            /* rep that is not over */
        const void *stroke;     /* that goes on; NULL = a hold */
        bool begun;             /* the set has */
        bool feels;             /* is told when the bar is held */
        struct vertical motion; /* as it is known before the running stroke is shown, */
        struct vertical after;  /* and once it is, with all that was before it */
        enum phase phase;       /* shown */
};

/* holds: it is told when the bar is held, as well. */
void informed_init(struct informed *i, bool holds);

/* The core has taken a sample: is there something to show? */
void informed_look(struct informed *i, const struct core *core, const struct trial_truth *truth, double at_s,
        struct outcome *ret);

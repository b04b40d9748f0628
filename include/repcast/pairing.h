/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The other way to pair the same movements into cycles: where an exercise may start with either of its movements, the
 * first one seen, perhaps only taking the bar out, must not settle it for the whole set. */

#include <repcast/cycle.h>

struct pairing {
        double hold_s; /* longest hold between the two movements of a cycle */
        bool any;
        struct move last; /* the newest movement */
};

void pairing_init(struct pairing *p, const struct cycle_params *params);
void pairing_reset(struct pairing *p);

/* A cycle or (stray) a lone movement has come: true if its first movement makes a cycle with the one before it. */
bool pairing_take(struct pairing *p, const struct cycle *c, bool stray, struct cycle *ret);

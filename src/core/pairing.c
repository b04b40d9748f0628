/* SPDX-License-Identifier: Apache-2.0 */
/* Cycles with the boundaries shifted by one movement.
 *
 *     movements   up  down  up  down  up  down
 *     cycles      \_____/   \_____/   \_____/
 *     others           \____/    \____/
 */

#include <repcast/pairing.h>

#include "util/macros.h"
#include "util/seconds.h"

void pairing_init(struct pairing *p, const struct cycle_params *params) {
        *p = (struct pairing){.hold_s = params->hold_s};
}

void pairing_reset(struct pairing *p) {
        p->any = false;
}

bool pairing_take(struct pairing *p, const struct cycle *c, bool stray, struct cycle *ret) {
        struct move before = p->last;
        bool any = p->any;

        p->any = true;
        p->last = stray ? c->first : c->second;
        if (!any || before.up == c->first.up || c->first.start_us < before.end_us ||
                seconds(before.end_us, c->first.start_us) > p->hold_s)
                return false;

        before.bias = c->first.bias; /* known later, hence better */
        before.cold = c->first.cold;
        *ret = (struct cycle){
                .first = before,
                .second = c->first,
                .until_us = stray ? c->first.end_us : MAX(c->second.start_us, c->first.end_us),
        };
        return true;
}

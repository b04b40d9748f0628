/* SPDX-License-Identifier: Apache-2.0 */
/* What every message carries, whatever it tells. */

#include "hub/outlet.h"

#include <string.h>

static void stamp(struct outlet *o, struct message *m) {
        wallclock_update(&o->clock);
        memcpy(m->origin.hub, o->hub, sizeof(o->hub));
        memcpy(m->run, o->run, sizeof(o->run));
        m->epoch_us = o->clock.epoch_us;
        m->synced = o->clock.synced;
        m->number = 0;
        m->seq = 0;
        m->late = false;
}

void outlet_post(struct outlet *o, struct message *m, uint64_t *seq) {
        stamp(o, m);
        m->number = ++o->number;
        m->seq = ++*seq;
        (void) store_post(o->store, m); /* it counts what it refuses, and the hub reports it */
}

void outlet_mention(struct outlet *o, struct message *m) {
        stamp(o, m);
        m->number = ++o->number;
        (void) store_post(o->store, m);
}

void outlet_show(struct outlet *o, unsigned slot, struct message *m) {
        stamp(o, m);
        uplink_show(o->uplink, slot, m);
}

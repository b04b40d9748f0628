/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Cycles of a sensor that turns with the lift, as on the wrist of somebody who curls: where gravity points in it shows
 * where the weight is, without an integral. */

#include <repcast/cycle.h>
#include <repcast/history.h>

struct swing {
        unsigned ticks;          /* since the last look */
        bool begun, told;        /* told: the stroke to the farthest has been handed on */
        struct moment home, far; /* where it turned round last, where it was farthest from there since */
        double far_rad;
        uint64_t far_us;
        struct bias bias;   /* when it left home */
        struct move before; /* the stroke that ended at home; end_us = 0: none */
};

void swing_reset(struct swing *s);

/* After each tick: is it time to look? */
bool swing_due(struct swing *s);

/* bias: what is known of the accelerometer's now. True when two strokes make a cycle. */
bool swing_push(struct swing *s, const struct history *h, const struct bias *bias, struct cycle *ret);

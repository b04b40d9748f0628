/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Least squares for the velocity of a cycle. Private to the core. */

#include <repcast/history.h>
#include <repcast/repfit.h>

/* Borders of a cycle in ticks from the start of its window. */
struct window {
        unsigned newest_ago, n;  /* the window ends this many ticks before the newest, and is so long */
        unsigned a0, a1, b0, b1; /* first and second movement; a1 <= b0 */
        bool still_before, still_after;
};

/* Fill f->v[0 .. w->n). Returns chi2 of what the constraints and the prior had to give up. guard: ticks next to a border that are not trusted to be at rest. */
double smooth_velocity(struct repfit *f, const struct history *h, const struct window *w,
        const struct bias *bias, double drift_mps3, unsigned guard);

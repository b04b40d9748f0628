/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Least squares for the velocity of a cycle. Private to the core. */

#include <repcast/history.h>
#include <repcast/repfit.h>

/* Borders of a cycle in ticks from the start of its window. Between before and a0, a1 and b0, b1 and after the bar rests,
 * if there is time to; else it turns. */
struct window {
        unsigned newest_ago, n;         /* the window ends this many ticks before the newest, and is so long */
        unsigned hold_from, hold_until; /* the holds around them as first seen */
        unsigned begin_from; /* the first movement begins no earlier: before this is something else */
        unsigned rest_from;  /* before this the search has left out what there is; 0: no search */
        unsigned before, a0, a1, b0, b1, after; /* in this order */
        bool whole;                             /* the search is right: its movements have no end within them */
        double way_m; /* of the first movement, as expected; 0: it may have gone any way */
};

/* How good the borders are. */
enum borders_known {
        BORDERS_LIVE,     /* as tracker or beam saw them: the worse the slower their movement */
        BORDERS_SEARCHED, /* to a quarter of a second */
        BORDERS_FOUND,    /* in a velocity */
};

/* The velocity: w->n figures, m/s. Returns chi2 of what the constraints and the prior had to give up. */
double smooth_velocity(const struct repfit_params *p, const struct history *h, const struct window *w,
        const struct bias *bias, double drift_mps3, enum borders_known known, float *ret);

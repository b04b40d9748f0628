/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where movements begin and end. Private to the core. */

#include <repcast/repfit.h>

#include "core/smooth.h"

/* Borders of both movements in ticks from the start of the window, with fractions. */
struct borders {
        double a0, a1, b0, b1;
        double before,
                after; /* where the movement before them ended, the one after them begins; the window's ends without one */
};

/* The level for a first velocity, which is wrong by a few cm/s. */
#define BORDER_ROUGH 0.2

/* Find them in a velocity of w->n figures, which is smoothed on the way. sign: of the first movement; level: share of the
 * peak from which they are sought; BORDER_ROUGH: a halt may seem to go back slower than that. Returns 0, or -ENODATA where
 * the velocity goes no two ways. */
int borders_find(const struct repfit_params *p, float *v, const struct window *w, double sign, double level,
        struct borders *ret);

/* Tick of the greatest velocity in direction sign in [from, to). */
unsigned velocity_peak(const float *v, double sign, unsigned from, unsigned to);

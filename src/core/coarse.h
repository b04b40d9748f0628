/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where a slow cycle moved and where it rested, to a quarter of a second. Private to the core. */

#include "core/smooth.h"

#define COARSE_S  3.0  /* the live borders of quicker movements are good */
#define TEMPO_LOG 0.25 /* of one lifter's slow strokes from rep to rep, as a logarithm, one sigma */

/* Improve the live borders of *w if its movements are slow: true if they were. sign: of the first movement. */
bool borders_coarse(const struct repfit *f, const struct history *h, const struct bias *bias, double drift_mps3,
        double sign, struct window *w);

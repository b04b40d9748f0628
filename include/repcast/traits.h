/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How alike two movements are, in units of the scatter of reps within one set. */

#include <repcast/repfit.h>

struct traits_params {
        double closure;  /* sigma of ln(eccentric travel / concentric travel) within a rep, 0.05 to 2; 0.4 */
        double lean_deg; /* the sensor comes back to its direction, sigma, deg, 3 to 90; 18 */
        double felt;     /* weight of what the sensor felt, as below, 0 to 4; 1 */
};

/* Squared distance of two reps: chi2 of about 5 degrees of freedom where both are of one set. */
double traits_distance(const struct traits_params *p, const struct cycle_fit *a, const struct cycle_fit *b);

/* How long they were lowered for: chi2 of 1 degree of freedom. No part of the distance, as a lowering that begins in a walk-out
 * or ends in putting the weight down has no length of its own. */
double traits_lowering(const struct cycle_fit *a, const struct cycle_fit *b);

/* How much less push and brake were felt of a than of b, beyond what traits_flaws() has counted: chi2 of 1 degree of freedom, 0
 * where it was no less. */
double traits_feebler(const struct traits_params *p, const struct cycle_fit *a, const struct cycle_fit *b);

/* Of a rep with itself: chi2 of 1 degree of freedom each. It goes down as far as up; the sensor comes back to its direction. */
double traits_unclosed(const struct traits_params *p, const struct cycle_fit *f);
double traits_lean(const struct traits_params *p, const struct cycle_fit *f);

/* What speaks against a movement being a rep of any exercise: no force to make it, a jolt instead of push and brake, steps
 * on the way, a turn about the vertical, a long hold between its strokes. About 0 for a rep; chi2 of each. */
double traits_flaws(const struct traits_params *p, const struct cycle_fit *f);

/* Force that is wasted, in its strokes and between them: walking, or a lift in several goes, which only those like it can
 * tell apart. */
double traits_waste(const struct traits_params *p, const struct cycle_fit *f);

/* Of what went before it: somebody walks. */
double traits_unrest(const struct traits_params *p, const struct cycle_fit *f);

/* The same between reps of one set, where a half rep or a swaying bar may come before: so much is walking. */
double traits_steps(const struct traits_params *p, const struct cycle_fit *f);

/* Squared logarithm of a ratio. */
double traits_ratio2(double a, double b);

/* The hold between its two movements, s. */
double traits_hold_s(const struct cycle_fit *f);

/* From the onset of its first movement to the end of its last. */
uint64_t traits_start_us(const struct cycle_fit *f);
uint64_t traits_end_us(const struct cycle_fit *f);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How well an eccentric was held: from the course of its speed. */

#include <repcast/event.h>
#include <repcast/exercise.h>

#include "coach/prescription.h"

/* What the index is made of; 0 is perfect for each. */
struct control_parts {
        double uneven; /* standard deviation / mean of the speed, over the middle 80 % of the travel */
        double ripple; /* rises and falls of the speed beyond the one rise and fall that a movement needs, in units of
                          these */
        double rush; /* logarithm of mean speed in the second half / in the first half of the middle 80 %, if it is
                          faster there; else 0 */
};

/* False for a course without travel. */
bool control_look(const uint8_t course[static REP_COURSE_N], struct control_parts *ret);

/* 0 to 1; NAN for a course without travel. */
double control_index(const uint8_t course[static REP_COURSE_N]);

struct dive_params {
        double ratio; /* a dive is faster than so many times what is prescribed, 1.5 to 10; 3 */
        double least; /* and than this share of a free fall's speed, 0.05 to 1; 0.25 */
};

/* Was the bar let go, where the lifter can? The peak speed of the eccentric tells, as a share of a free fall's: lowered in 0.7 s
 * it comes to 0.45, dropped plates on a platform to 0.75 and more. */
bool is_dropped(const struct rep *rep, const struct exercise *exercise);

/* Was the eccentric left to gravity? 0 = no; else how near it came to a free fall, up to 1. NAN = nothing is prescribed for
 * the eccentric, or it is not known. incline_sin: of the path above the horizontal. */
double dive_severity(const struct dive_params *params, const struct prescription *p, const struct rep *rep,
        double incline_sin);

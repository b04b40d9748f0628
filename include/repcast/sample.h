/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One motion sample: what every sensor is reduced to before the signal core sees it.
 *
 * Axes are the sensor's own, right-handed, in any mounting. An accelerometer measures specific force
 * (acceleration minus gravity), so a sensor at rest reads +9.81 m/s2 along the axis that points up. */

#include <stdint.h>

#define STANDARD_GRAVITY_MPS2 9.80665 /* ISO 80000-3 */

enum sample_flags {
        SAMPLE_CLIPPED = 1 << 0, /* an axis stood at the end of its range */
};

struct sample {
        uint64_t t_us;     /* instant of measurement, microseconds on a steady clock of any epoch */
        double f_mps2[3];  /* specific force, m/s2 */
        double w_radps[3]; /* angular rate, rad/s */
        uint16_t lost;     /* samples known to be missing between the one before and this one */
        uint16_t flags;    /* enum sample_flags */
};

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Time between two instants. Header only, pure C: the signal core uses it too. */

#include <stdint.h>

#define US_S 1e-6 /* s in a microsecond */

/* From one instant to a later one, s; 0 if it is not later. */
static inline double seconds(uint64_t from_us, uint64_t to_us) {
        return to_us > from_us ? (double) (to_us - from_us) * US_S : 0;
}

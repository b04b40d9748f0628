/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the sensor felt of a movement, besides what its integral says. Private to the core. */

#include <repcast/history.h>
#include <repcast/repfit.h>

/* Fill in what is felt, once the borders, travels and peaks are there. */
void felt_cycle(const struct history *h, struct cycle_fit *fit);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The first rep of a set, once there is a second to compare it with. Private to the core. */

#include <stdbool.h>

#include <repcast/cycle.h>
#include <repcast/setmodel.h>

/* Two reps of the set are told. Did the slow stroke that leads the first take another time than that of the second, the rep to
 * go by? Then *ret is the first's cycle, to be looked back on anew. bias: of the accelerometer, as known by now. */
bool first_doubtful(struct setmodel *m, const struct bias *bias, struct candidate **ret_first,
        const struct cycle_fit **ret_like, struct cycle *ret);

/* Is this a better look at it than the one that was told? */
bool first_better(const struct cycle_fit *told, const struct cycle_fit *again, const struct cycle_fit *like);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where a set has room for a rep that was not seen. Private to the core. */

#include <stdbool.h>

#include <repcast/cycle.h>
#include <repcast/setmodel.h>

/* Where the rep that now is overdue would have ended, us; 0 if none is: no sure one was told, or not so long ago, given how
 * long the lifter has paused between others. begun_us: start of the movement that is under way, now_us if there is none. */
uint64_t missed_overdue(const struct setmodel *m, uint64_t now_us, uint64_t begun_us);

/* Is there room for a slow rep between the set's newest one before until_us and that instant? The cycle to look back on: as
 * long as that rep, and at the end of the room. bias: of the accelerometer, as known by then. */
bool missed_rep(const struct setmodel *m, const struct bias *bias, uint64_t until_us, struct cycle *ret);

/* Is what the look back made of that cycle a rep of a set whose ROM is so many metres? */
bool missed_found(const struct cycle_fit *fit, double rom_m);

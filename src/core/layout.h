/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Of the same movements tracker, beam and swing find the same layout, or another. Private to the core. */

#include <repcast/setmodel.h>

/* A candidate with the same borders; NULL if there is none. */
struct candidate *layout_twin(struct setmodel *m, const struct cycle_fit *fit);

/* Nothing of it is news, or it is contradicted by what was seen. */
bool layout_settled(const struct setmodel *m, const struct cycle_fit *fit);

/* A candidate that it knows better than; NULL if there is none. went_on_us: end of the last movement that followed a rep without a
 * way back between. */
struct candidate *layout_worse(struct setmodel *m, const struct cycle_fit *fit, uint64_t went_on_us);

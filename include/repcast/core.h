/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The signal core of one station: samples in, events out.
 *
 *     samples -> resampler -> attitude -> vertical motion -> tracker -> rep -> set -> events
 *
 * Pure C: no heap, no clock, no I/O, no globals. The caller owns the state; time and memory per sample are
 * constant; the same samples give the same events.
 *
 *     struct core core;
 *     core_init(&core, NULL, &exercise);
 *     while (next_sample(&sample)) {
 *             core_push(&core, &sample);
 *             while ((event = core_next(&core)))
 *                     handle(event);
 *     }
 *     core_flush(&core);
 *     while ((event = core_next(&core)))
 *             handle(event);
 */

#include <repcast/event.h>
#include <repcast/exercise.h>
#include <repcast/sample.h>

struct core;
struct core_params;

/* params NULL: the defaults. The exercise is copied. Returns 0, or -EINVAL for a figure out of its range. */
int core_init(struct core *c, const struct core_params *params, const struct exercise *exercise);

/* Take one sample. Returns 0; -EINVAL for a sample that is not finite or far beyond any sensor's range, or
 * -ESTALE for one that is not later than the one before: such a sample is counted and left out. */
int core_push(struct core *c, const struct sample *sample);

/* The stream has ended: close the open set. */
void core_flush(struct core *c);

/* The next event of the last core_push() or core_flush(), or NULL. Valid until the next of those. */
const struct event *core_next(struct core *c);

void core_live(const struct core *c, struct live *ret);

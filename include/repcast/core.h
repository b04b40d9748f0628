/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The signal core of one station: samples in, events out.
 *
 *     samples -> resampler -> attitude -> vertical motion -> tracker and beam -> rep -> set -> events
 *
 * Pure C: no heap, no clock, no I/O, no globals. The caller owns the state; time and memory per sample are
 * constant; the same samples give the same events.
 *
 *     struct core core;
 *     core_init(&core, NULL, &exercise, NULL);
 *     while (next_sample(&sample)) {
 *             core_push(&core, &sample);
 *             while ((event = core_next(&core)))
 *                     handle(event);
 *     }
 *     core_flush(&core);
 *     while ((event = core_next(&core)))
 *             handle(event);
 */

#include <stdbool.h>
#include <stdint.h>

#include <repcast/beam.h>
#include <repcast/cycle.h>
#include <repcast/display.h>
#include <repcast/event.h>
#include <repcast/exercise.h>
#include <repcast/front.h>
#include <repcast/history.h>
#include <repcast/pairing.h>
#include <repcast/repfit.h>
#include <repcast/resample.h>
#include <repcast/sample.h>
#include <repcast/setlog.h>
#include <repcast/swing.h>
#include <repcast/tracker.h>
#include <repcast/vertical.h>

/* Every figure of the pipeline, with its unit, range and default where it is declared. */
struct core_params {
        struct resample_params resample;
        struct attitude_params attitude;
        struct handedness_params handedness;
        struct calibration_params calibration;
        struct vertical_params vertical;
        struct tracker_params tracker;
        struct beam_params beam;
        struct cycle_params cycle;
        struct repfit_params repfit;
        struct traits_params traits;
        struct setmodel_params setmodel;
        struct setlog_params setlog;
};

#define CORE_EVENTS 16

struct core {
        struct exercise exercise;
        double axis;      /* path per upward motion: 1 / sin(incline), negative where the eccentric goes up */
        uint64_t now_us;  /* instant of the newest sample */
        double glide_s;   /* moving fast by belief and quiet by feel, for so long */
        uint64_t refused; /* samples left out since the start */
        uint64_t unsaid;  /* events left out because one push brought more than CORE_EVENTS */

        struct resample resample;
        struct front front;
        struct vertical_params vertical;
        struct tracker tracker;
        struct beam beam;
        bool tracking; /* the tracker has started */
        struct pairing pairing;
        struct swing swing;
        struct history history;
        struct repfit repfit;
        struct setlog setlog;
        struct {
                uint64_t until_us; /* where a movement ended that may have ended a rep; 0 = none */
                struct bias bias;
                uint64_t look_us; /* when it is asked again whether one is overdue */
        } missed;                 /* what nobody has found yet */

        struct display display;
        struct live live;

        struct event events[CORE_EVENTS];
        unsigned n_events, taken;
};

/* Fill in the defaults. */
void core_params_init(struct core_params *ret);

/* Returns 0, or -EINVAL if a figure is not within its range. */
int core_params_check(const struct core_params *params);
int exercise_check(const struct exercise *exercise);

/* params NULL: the defaults; known: what was learned of the sensor before, NULL = nothing. All is copied. Returns 0, or
 * -EINVAL for a figure out of its range. */
int core_init(struct core *c, const struct core_params *params, const struct exercise *exercise,
        const struct calibration *known);

/* What is known of the sensor by now, to be kept for the next time. */
void core_get_calibration(const struct core *c, struct calibration *ret);

/* Take one sample. Returns 0; -EINVAL for a sample that is not finite or far beyond any sensor's range, or
 * -ESTALE for one that is not later than the one before: such a sample is counted and left out. */
int core_push(struct core *c, const struct sample *sample);

/* The stream has ended: close the open set. */
void core_flush(struct core *c);

/* The next event of the last core_push() or core_flush(), or NULL. Valid until the next of those. */
const struct event *core_next(struct core *c);

void core_live(const struct core *c, struct live *ret);

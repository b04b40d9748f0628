/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A strip of a picture, as on chart paper: some seconds of all rows and curves, one below the other on one time axis.
 *
 *     set ├── 5 reps, ... ──┤      set borders
 *     1     2     3    ///  4      rep numbers and tempo
 *     [E|B|C] [E|B|C]  ...         phases of the counted reps
 *     [E  |C  |T|E ]   ...         phases as they were shown live
 *     [E|B|C] [E|B|C]  ...         truth, where it is known
 *     /// walk-out                 movements that were not counted
 *     position, velocity, force */

#include <stdbool.h>
#include <stdint.h>

#include "ctl/scene.h"
#include "ctl/svg.h"
#include "recording/recording.h"

#define STRIP_LEFT  104.0 /* px: names of the rows, figures of the axes */
#define STRIP_WIDTH 1080.0
#define STRIP_RIGHT 16.0

/* The figures at the lower and upper edge of a panel. */
struct range {
        double low, high;
};

/* What all strips of a picture have in common. */
struct chart {
        struct svg *svg;
        const struct scene *scene;
        const struct truth *truth; /* NULL = not known */
        uint64_t zero_us; /* where the time axis counts from: the start, if the clock is of another day */
        struct range position, velocity, force;
};

void chart_init(struct chart *c, struct svg *svg, const struct scene *scene, const struct truth *truth);

double strip_height(const struct chart *c);

/* number: of the strip, from 0; top: its upper edge. */
void strip_draw(const struct chart *c, unsigned number, double top, uint64_t start_us, uint64_t end_us);

/* The class of a phase's colour. */
const char *strip_phase_class(enum phase phase);

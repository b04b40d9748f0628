/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The tables of the suite, as text and as JSON. */

#include <stdio.h>

#include "accuracy/cells.h"
#include "accuracy/score.h"

/* One cell and what came of it. */
struct result {
        const struct cell *cell;
        struct score score;
        struct score limit; /* of a perfect sensor, where that was asked for */
};

struct results {
        const struct result *items;
        size_t n;
        enum seeds seeds;
        bool quick, ideal;
};

void report_text(FILE *f, const struct results *r);
void report_json(FILE *f, const struct results *r);

/* What the core is worth without one of its parts: all gated cells, those with eccentrics of 5 s and more, idle hours. */
struct ablation {
        const char *without;
        struct score gated, slow, idle;
};

void report_ablation(FILE *f, const struct ablation *rows, size_t n);

/* How many gates are not met. */
unsigned report_unmet(const struct results *r);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the project wants to reach, and where it stands. */

#include "accuracy/report.h"

#define GOALS_MAX 32

struct goal {
        char name[96];
        double gate, stretch, measured; /* measured NAN: nothing to measure it on */
        double perfect; /* what exact velocity would give by the same definitions; NAN: not measured */
        bool at_least;  /* more is better */
        int digits;
};

unsigned goals_measure(const struct results *r, struct goal ret[static GOALS_MAX]);
bool goal_met(const struct goal *g);
bool goal_great(const struct goal *g); /* the stretch, too */

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Events of the signal core as a table for a person: a line per rep, a line per set. */

#include <stdbool.h>
#include <stdio.h>

#include "ctl/output.h"

struct table {
        struct output output;
        FILE *out;
        bool colour;
        uint32_t set;                        /* whose heading was printed last; 0 = none */
        unsigned n_reps, n_sets, n_rejected; /* reps: those that stand */
};

void table_init(struct table *t, FILE *out, bool colour);

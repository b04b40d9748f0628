/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A progress bar on a terminal, for work that takes longer than one likes to wait without a sign. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
        FILE *out;
        const char *label;
        bool enabled; /* out is a terminal */
        bool shown;   /* a bar stands on the line now */
        uint64_t start_us, drawn_us;
};

/* label lives as long as the bar. */
void progress_init(struct progress *p, FILE *out, const char *label);

/* done of total; total 0 = not known. Draws ten times a second at most, and nothing in the first half second. */
void progress_update(struct progress *p, uint64_t done, uint64_t total);

/* Take the bar off the line: before other output, and at the end. */
void progress_clear(struct progress *p);

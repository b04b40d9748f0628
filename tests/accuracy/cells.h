/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The cells of the suite: what varies between them, and what is drawn for each set within one. */

#include <stdbool.h>
#include <stddef.h>

#include "accuracy/idle.h"
#include "accuracy/trial.h"
#include "hub/exercises.h"

#define CELL_NAME_MAX 64

enum section {
        SECTION_TEMPO,  /* tempo x family x easy or hard, everything else nominal */
        SECTION_SLOW,   /* under 0.05 m/s: reported, never gated */
        SECTION_SENSOR, /* from here on one thing varies against the nominal mix */
        SECTION_LINK,
        SECTION_LIFTER,
        SECTION_STRUCTURE,
        SECTION_IDLE, /* nobody trains */
        _SECTION_MAX,
};

enum seeds {
        SEEDS_DEVELOPMENT, /* look at these as often as you like */
        SEEDS_FIGURE,      /* for the table that is published; nothing is tuned on them */
};

struct cell {
        enum section section;
        char name[CELL_NAME_MAX];
        bool gated; /* among the cells that the goals speak of */
        unsigned sets;
        double tempo_s[4]; /* 0-0-0-0: drawn per set from the mix */
        int family;        /* -1: drawn per set */
        double rom_low_m, rom_high_m;
        bool slow;          /* mean eccentric speed under SLOW_MPS, or else above it */
        const char *lift;   /* NULL: by the ROM */
        const char *table;  /* name of the exercise in the hub's table; NULL = lift */
        struct trial trial; /* what does not vary within the cell */
        enum idle_activity idle;
        double skew_ppm; /* largest of the sensor's clock, drawn per set */
};

#define SLOW_MPS 0.05
#define IDLE_S   600 /* of one idle stream */

struct cells {
        struct cell *items;
        size_t n;
};

int cells_init(struct cells *c);
void cells_done(struct cells *c);

/* Set number `set` of a cell. */
struct trial cell_trial(
        const struct cell *c, enum seeds seeds, unsigned set, const struct exercises *exercises);
const char *section_to_string(enum section section);

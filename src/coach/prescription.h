/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the lifter is to do: repcast-prescriptions(5), shipped as conf/prescriptions.conf. */

#include <stdbool.h>

#include <repcast/event.h>

#define PRESCRIPTION_NAME_MAX  48
#define PRESCRIPTION_TITLE_MAX 96
#define PRESCRIPTION_TEMPO_MAX 32
#define PRESCRIPTION_RANGE_MAX 16

enum prescription_kind {
        PRESCRIPTION_NORMAL,
        PRESCRIPTION_NEGATIVE,       /* slow eccentric, own concentric */
        PRESCRIPTION_SUPRAMAXIMAL,   /* more than can be lifted: a spotter helps in the concentric */
        PRESCRIPTION_ECCENTRIC_ONLY, /* others lift the bar, the athlete lowers it */
        PRESCRIPTION_BACK_OFF,       /* lighter sets after negatives */
        _PRESCRIPTION_KIND_MAX,
};

enum prescription_base {
        PRESCRIPTION_OF_WORKING, /* the weight that is usual for the athlete's normal sets */
        PRESCRIPTION_OF_ONE_RM,
        _PRESCRIPTION_BASE_MAX,
};

/* How a figure of the tempo is meant. */
enum tempo_rule {
        TEMPO_FREE,     /* "*": not judged */
        TEMPO_PACED,    /* "4": as long as that */
        TEMPO_AT_MOST,  /* "<2": not longer */
        TEMPO_AT_LEAST, /* ">3": not shorter */
        TEMPO_FAST,     /* "X": as fast as possible, which nobody can judge by a clock */
};

struct tempo_part {
        enum tempo_rule rule;
        double s; /* 0 with TEMPO_FREE and TEMPO_FAST */
};

struct prescription {
        char name[PRESCRIPTION_NAME_MAX]; /* empty = none */
        char title[PRESCRIPTION_TITLE_MAX];
        enum prescription_kind kind;
        char tempo_text[PRESCRIPTION_TEMPO_MAX], reps_text[PRESCRIPTION_RANGE_MAX],
                sets_text[PRESCRIPTION_RANGE_MAX], load_text[PRESCRIPTION_RANGE_MAX]; /* as written */
        struct tempo_part tempo[_PHASE_TEMPO_MAX];
        double tolerance_s, tolerance_pct; /* of a figure of the tempo; the greater of the two counts */
        unsigned reps_min, reps_max;       /* of a set; 0 = not said */
        unsigned sets_min, sets_max;       /* of a workout; 0 = not said */
        enum prescription_base load_of;
        double load_min_pct, load_max_pct; /* of that weight; NAN = not said */
        double velocity_loss_pct;          /* the set ends there; NAN = not said */
        unsigned budget_sets;              /* negative sets of a workout at most; 0 = not said */
        double hold_s;                     /* a negative shorter than this was too heavy; NAN = not said */
};

/* Nobody but the lifter moves the bar in the concentric? */
bool prescription_is_assisted(const struct prescription *p);

/* Do its sets count as negative ones? */
bool prescription_is_negative(const struct prescription *p);

/* Does the concentric show what the lifter can? Not if a spotter helps, nor if it is to take its time. */
bool prescription_shows_speed(const struct prescription *p);

/* What a figure of the tempo may be off by, s. */
double prescription_tolerance(const struct prescription *p, enum phase phase);

/* NULL behind the last. */
const char *prescription_kind_to_string(enum prescription_kind kind);
const char *prescription_base_to_string(enum prescription_base base);

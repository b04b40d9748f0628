/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What to do next: one advice at a time, and none where the evidence is thin. */

#include <stdbool.h>
#include <stdint.h>

#include <repcast/exercise.h>

#include "coach/prescription.h"

enum advice_kind {
        ADVICE_NONE,
        ADVICE_STOP_SET,
        ADVICE_REDUCE_LOAD,
        ADVICE_BUDGET,
        ADVICE_ADD_LOAD,
        ADVICE_HOLD,
        _ADVICE_KIND_MAX,
};

enum advice_reason {
        REASON_NONE,
        REASON_VELOCITY_LOSS,     /* value and limit: per cent */
        REASON_THREE_SECOND_RULE, /* value: seconds of the newest negative that broke it; limit: seconds */
        REASON_BUDGET_80,         /* value: negative sets of this workout; limit: as many as there may be */
        REASON_BUDGET_100,        /* the same */
        REASON_SECOND_EXERCISE,   /* other: the one that the muscle group had negatives with */
        REASON_LONG_AND_STEADY,   /* value: scatter of the negatives, per cent; limit: per cent */
        REASON_CLEAN_SET,         /* value: shortest negative, s; limit: s */
        _ADVICE_REASON_MAX,
};

struct advice {
        enum advice_kind kind;
        enum advice_reason reason;
        uint32_t set, rep; /* 0 = not of one */
        double value, limit;
        double step_pct, load_kg;      /* proposed; NAN = none, not known */
        char other[EXERCISE_NAME_MAX]; /* empty = none */
};

struct advice_params {
        double reduce_pct;  /* step down, 1 to 30; 5 */
        double add_pct;     /* step up, 0.5 to 20; 2.5 */
        double doubt_s;     /* a negative within this of a limit neither breaks nor keeps it, 0 to 1; 0.1 */
        double steady_pct;  /* scatter of negatives that are steady, 2 to 50; 15 */
        double control;     /* and their mean control at least, 0 to 1; 0.7 */
        double warning_pct; /* share of the budget that is pointed out, 10 to 100; 80 */
};

/* What is known of the running set's reps, and of the set once it is over. Reps that were measured badly are left out. */
struct evidence {
        bool negative;       /* the 3-second rule holds */
        double hold_s;       /* its limit; NAN = none */
        double newest_s;     /* seconds of the newest rep's eccentric; NAN = not known */
        unsigned in_a_row;   /* of the newest reps, that broke it */
        unsigned broken;     /* reps of the set that broke it */
        unsigned doubtful;   /* reps that neither broke nor kept it */
        unsigned n;          /* reps of the set that were looked at */
        double shortest_s;   /* of them */
        double scatter_pct;  /* of their seconds: standard deviation / mean */
        double control;      /* mean; NAN = not known */
        unsigned short_reps; /* eccentrics that were too short for the prescription */
        bool dived;          /* one of them was a dive */
        bool tired;          /* a drift of the eccentric was told */
        bool lost;           /* the velocity-loss limit is crossed */
        double loss_pct, limit_pct;

        bool over;             /* the set is */
        unsigned least_reps;   /* prescribed; 0 = not said */
        bool may_add;          /* the prescription has room above */
        unsigned used, budget; /* negative sets of the workout, this one included; budget 0 = none */
        bool told_warning, told_full;
        const char *other; /* second exercise for the group; NULL = it is none */
};

/* What was said in this set. */
struct adviser {
        bool said_stop, said_reduce;
};

/* What to say now. The caller fills in set, rep and load. */
struct advice advice_choose(
        const struct advice_params *params, struct adviser *adviser, const struct evidence *e);

const char *advice_kind_to_string(enum advice_kind kind); /* NULL for none */
const char *advice_reason_to_string(enum advice_reason reason);

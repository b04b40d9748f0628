/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who lifts what at a station: now, next, and whoever waits in the rack's queue. */

#include <stdbool.h>

#define ASSIGNMENT_NAME_MAX  64 /* as MESSAGE_NAME_MAX */
#define ASSIGNMENT_QUEUE_MAX 8  /* more do not share one rack */

#define ASSIGNMENT_LOAD_MAX_KG 1000.0

/* Empty and NAN: nobody, none, not known. */
struct assignment {
        char athlete[ASSIGNMENT_NAME_MAX];
        char exercise[ASSIGNMENT_NAME_MAX];
        char prescription[ASSIGNMENT_NAME_MAX];
        double load_kg, one_rm_kg;
};

enum assignment_field {
        ASSIGNMENT_ATHLETE = 1 << 0,
        ASSIGNMENT_EXERCISE = 1 << 1,
        ASSIGNMENT_PRESCRIPTION = 1 << 2,
        ASSIGNMENT_LOAD = 1 << 3,
        ASSIGNMENT_ONE_RM = 1 << 4,
        ASSIGNMENT_ALL = (1 << 5) - 1,
};

/* What somebody wants to be so; the rest is to stay. */
struct wish {
        unsigned given; /* enum assignment_field */
        struct assignment values;
};

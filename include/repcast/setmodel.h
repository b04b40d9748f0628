/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which of the movements of the last minutes make a set. */

#include <stdbool.h>
#include <stdint.h>

#include <repcast/exercise.h>
#include <repcast/traits.h>

#define SETMODEL_CANDIDATES 40
#define SETMODEL_REFERENCE  3

/* So many lengths of a rep may lie between two where one was missed: itself, and the pauses beside it. */
#define SETMODEL_MISSED 1.5

/* Of the set's ROM: less is a partial rep. */
#define SETMODEL_PARTIAL 0.6

struct setmodel_params {
        double unlike; /* a cycle this far from a set's reps is none of them, chi2, 5 to 50; 12.8 (5 degrees of
                          freedom, 97.5 %) */
        double odd; /* one this far from what the exercise expects is no rep by itself, chi2, 3 to 50; 7.8 (4 degrees,
                           90 %) */
        double certain; /* evidence from which a group is a set, 0 to 50; 8 */
        double midway;  /* a pair of movements speaks for a set below this distance, chi2, 5 to 12.8; 9 */
};

/* A movement that may be a rep. */
struct candidate {
        struct cycle_fit fit;
        uint32_t rep; /* number under which it was published; 0 = held back */
        bool member;  /* of the group with the most evidence */
        bool fresh;   /* the set has not heard of it yet */
};

struct setmodel {
        struct setmodel_params params;
        struct traits_params traits;
        double rom_typical_m, set_gap_s;

        unsigned n;
        struct candidate candidates[SETMODEL_CANDIDATES]; /* by the time of their end */
        bool over; /* the set has ended: what nothing supports must be nearly certain by itself */
        unsigned n_members;
        double evidence;
        double known_m; /* ROM of the set before, once one was sure; 0 = not known */
        struct cycle_fit reference[SETMODEL_REFERENCE]; /* reps of the set with the most evidence so far */
        double reference_evidence;                      /* 0 = there was none */
};

void setmodel_init(struct setmodel *m, const struct setmodel_params *params, const struct traits_params *traits,
        const struct exercise *exercise);

/* Weigh a new candidate with all others. Where there is no room the oldest goes. */
void setmodel_add(struct setmodel *m, const struct cycle_fit *fit);
void setmodel_remove(struct setmodel *m, unsigned index);

/* A candidate turns out to be laid out another way. It keeps its number, and may stand elsewhere: returns where. */
struct candidate *setmodel_replace(struct setmodel *m, const struct candidate *c, const struct cycle_fit *fit);

/* The best group is a set beyond doubt. */
bool setmodel_is_sure(const struct setmodel *m);

/* Is it a rep, as far as is known now? */
bool setmodel_believes(const struct setmodel *m, const struct candidate *c);

/* How sure that is, 0 to 1. */
double setmodel_confidence(const struct setmodel *m, const struct candidate *c);

/* Two movements that share time cannot both be reps. */
bool setmodel_overlap(const struct candidate *a, const struct candidate *b);

/* ROM of the next rep, as far as it can be foretold. */
double setmodel_rom(const struct setmodel *m);

/* Where the first of the reps that showed it turned: what begins later is another movement. */
uint64_t setmodel_rom_since(const struct setmodel *m);

/* The newest rep that was told and over by then; NULL if there is none. */
const struct cycle_fit *setmodel_rep_before(const struct setmodel *m, uint64_t us);

/* The newest of the reps told so far that are not of the movements in that time, and what ROM they let expect there; NULL if there
 * are none. */
const struct cycle_fit *setmodel_others(
        const struct setmodel *m, uint64_t from_us, uint64_t until_us, double *ret_rom_m);

/* The set is over: its reps go, what was learned of them stays. */
void setmodel_end_set(struct setmodel *m);

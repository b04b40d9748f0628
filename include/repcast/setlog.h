/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which cycles are reps, and which reps make a set. */

#include <stdbool.h>

#include <repcast/event.h>
#include <repcast/exercise.h>
#include <repcast/repfit.h>

struct setlog_params {
        double rom_most; /* greatest ROM, in usual ROMs of the exercise, 1.2 to 5; 2 */
        double closure;  /* sigma of ln(eccentric travel / concentric travel) within a rep, 0.05 to 2; 0.4 */
        double unlike; /* a cycle this far from the set's reps is none of them, chi2, 5 to 50; 12.8 (5 degrees of
                                 freedom, 97.5 %) */
        double odd; /* and one this far from what the exercise expects opens none, chi2, 3 to 50; 9.3 (3 degrees) */
        double concentric_least_s; /* shortest concentric, s, 0.05 to 1; 0.15 */
        double concentric_most_s;  /* longest concentric, s, 2 to 25; 12 */
        double peak_most_mps;      /* greatest speed, m/s, 1 to 10; 4 */
        double lean_deg;           /* the sensor comes back to its direction, sigma, deg, 3 to 90; 18 */
        double rerack_quiet_s;     /* put away and quiet for so long ends the set, s, 1 to 60; 5 */
};

/* What tells a rep from another movement. */
struct traits {
        double rom_m, eccentric_m, concentric_s, peak_mps;
        double up_start[3], up_end[3];
        double sample_s;
        double misfit;
};

#define SETLOG_RECENT 3

struct setlog {
        struct setlog_params params;
        double rom_min_m, rom_typical_m, set_gap_s;
        unsigned loaded;
        bool open;
        unsigned current; /* which of sets[] is open, or was the last */
        uint32_t n_sets;
        struct set sets[2];                  /* the one handed out stays while the next fills */
        struct traits recent[SETLOG_RECENT]; /* of the newest reps, [0] the newest */
        unsigned n_recent;
        double known_m; /* ROM of the set before, once one was sure; 0 = not known */
        bool put_away;  /* a movement after the last rep looked like putting the bar away */
        double quiet_s; /* untouched for so long since */
};

void setlog_init(struct setlog *s, const struct setlog_params *params, const struct exercise *exercise);

/* Take a cycle: *ret becomes EVENT_REP or EVENT_REJECTED. */
void setlog_cycle(struct setlog *s, const struct cycle_fit *fit, struct event *ret);

/* Take a movement that has no partner. True if it was long enough to tell of: *ret is EVENT_REJECTED. */
bool setlog_stray(struct setlog *s, const struct move *move, struct event *ret);

/* Time passes; busy: a cycle is under way. True if the set has ended: *ret is EVENT_SET. */
bool setlog_wait(struct setlog *s, uint64_t t_us, bool busy, bool quiet, struct event *ret);

/* Close the set, if one is open. */
bool setlog_close(struct setlog *s, enum set_end end, struct event *ret);

/* The open set's number and reps; 0 without one. */
uint32_t setlog_set(const struct setlog *s);
uint32_t setlog_reps(const struct setlog *s);

/* ROM of the next rep, as far as it can be foretold. */
double setlog_rom(const struct setlog *s);

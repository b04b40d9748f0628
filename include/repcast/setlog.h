/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The sets of a stream and their reps: numbers, figures, and what must be taken back. */

#include <stdbool.h>

#include <repcast/event.h>
#include <repcast/exercise.h>
#include <repcast/setmodel.h>

struct setlog_params {
        double rom_most;           /* greatest ROM, in usual ROMs of the exercise, 1.2 to 5; 3 */
        double concentric_least_s; /* shortest concentric, s, 0.05 to 1; 0.15 */
        double concentric_most_s;  /* longest concentric, s, 2 to 25; 12 */
        double peak_most_mps;      /* greatest speed, m/s, 1 to 10; 4 */
        double force_least;    /* least force felt on the way, share of what the travel needs, 0 to 1; 0.4 */
        double rerack_quiet_s; /* put away and quiet for so long ends the set, s, 1 to 60; 5 */
};

struct setlog {
        struct setlog_params params;
        double rom_min_m, rom_typical_m, set_gap_s;
        unsigned loaded;
        enum exercise_start start;
        struct setmodel model;
        uint64_t now_us;
        uint64_t over_us;    /* end of the set before */
        bool agreed;         /* all that the model believes is told, but for what waits for the beam, */
        uint64_t again_us;   /* which is looked at again then; UINT64_MAX: nothing waits */
        uint64_t went_on_us; /* end of the newest movement without a partner: perhaps the other half of one */
        uint64_t lap_us,
                lap_seen_us; /* start of the round trip that the beam last had under way, and when that was */
        bool open;
        unsigned current; /* which of sets[] is open, or was the last */
        uint32_t n_sets;
        uint32_t numbers;   /* of reps given out in the open set */
        struct set sets[2]; /* the one handed out stays while the next fills */
        bool put_away;      /* a movement after the last rep looked like putting the bar away */
        double quiet_s;     /* untouched for so long since */
        bool ending;        /* the set closes as soon as everything is told, for this reason */
        enum set_end end;
        bool back; /* the clock was set back meanwhile */
};

void setlog_init(struct setlog *s, const struct setlog_params *params, const struct setmodel_params *model,
        const struct traits_params *traits, const struct exercise *exercise);

/* Take a cycle: what it makes of the set is told by setlog_next(). True if it cannot be a rep whatever the others are:
 * *ret is EVENT_REJECTED. */
bool setlog_cycle(struct setlog *s, const struct cycle_fit *fit, struct event *ret);

/* Can it be no rep, whatever the others are? */
bool setlog_refuses(const struct setlog *s, const struct cycle_fit *fit);

/* A rep of the open set was looked at again, and this is what it is. True if it was told: *ret is EVENT_AMEND. */
bool setlog_again(struct setlog *s, struct candidate *rep, const struct cycle_fit *fit, struct event *ret);

/* A movement without a partner ended: the bar may have gone on after a halt. */
void setlog_goes_on(struct setlog *s, const struct move *m);

/* Take a movement that has no partner. True if it was long enough to tell of: *ret is EVENT_REJECTED. */
bool setlog_stray(struct setlog *s, const struct move *move, struct event *ret);

/* Time passes; begun_us: start of the cycle that is under way, t_us if there is none; lap_us: the same as the beam alone sees it. */
void setlog_wait(struct setlog *s, uint64_t t_us, uint64_t begun_us, uint64_t lap_us, bool quiet);

/* The open set, if there is one, ends. */
void setlog_close(struct setlog *s, enum set_end end);

/* The clock was set back: the open set ends, and what comes may be older than all that was. */
void setlog_set_back(struct setlog *s);

/* The next event that is due: EVENT_REP, EVENT_AMEND, EVENT_REJECTED, EVENT_SET. False: nothing is. */
bool setlog_next(struct setlog *s, struct event *ret);

/* The open set's number, and how many of its reps stand; 0 without one. */
uint32_t setlog_set(const struct setlog *s);
uint32_t setlog_reps(const struct setlog *s);

/* The number that the next rep will have. */
uint32_t setlog_next_rep(const struct setlog *s);

/* ROM of the next rep, as far as it can be foretold. */
double setlog_rom(const struct setlog *s);

/* Which movement leads, as far as the open set has shown. */
enum exercise_start setlog_order(const struct setlog *s);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The coach of one station: what the signal core tells goes in, what it means for the lifter comes out.
 *
 *     struct coach coach;
 *     coach_init(&coach, NULL);
 *     coach_assign(&coach, "ana", &exercise, &prescription);
 *     ...
 *     EVENT_REP                coach_rep(&coach, &event->rep, &note);
 *     EVENT_AMEND, figures     the same with the new figures
 *     EVENT_AMEND, rejected    coach_strike(&coach, event->amend.rep);
 *     EVENT_SET                coach_set(&coach, event->set, &set_note);
 *     while the bar moves      coach_look(&coach, &live, &pace);
 *
 * Pure, like the core: no heap, no clock, no I/O; the caller owns the state. What is not known is not judged. */

#include <repcast/event.h>
#include <repcast/exercise.h>

#include "coach/control.h"
#include "coach/pace.h"
#include "coach/verdict.h"

#define COACH_NAME_MAX 64

/* What the coach has to say of a rep. */
struct rep_note {
        bool known;     /* the coach has seen it */
        bool assisted;  /* others have helped in the concentric */
        double control; /* 0 to 1, control_index(); NAN = not known */
        double dive;    /* 0 to 1, dive_severity(); NAN = not judged */
        bool judged;    /* against a prescription */
        struct verdicts verdicts;
};

/* The same, small enough for every rep of a set. Here the verdicts know the pause after the rep. */
struct rep_mark {
        uint32_t rep;
        float control, dive;
        uint8_t phase[_PHASE_TEMPO_MAX]; /* enum verdict */
        uint8_t compliance;              /* enum compliance */
};

struct set_note {
        bool known;
        bool assisted;
        bool judged;
        bool paced; /* the concentric does not show what the lifter can: no velocity is lost */
        unsigned n_reps;
        struct rep_mark reps[SET_REPS_MAX]; /* in the order of the set's */
        double control;                     /* mean; NAN = not known */
        double eccentric_s;                 /* sum of the eccentrics' seconds */
        unsigned n_judged, n_compliant;     /* reps; of those that something was judged of */
        char tempo[PRESCRIPTION_TEMPO_MAX]; /* prescribed; empty = none */
};

struct coach_params {
        struct dive_params dive;
};

/* A rep of the running set, as it stands. */
struct coached_rep {
        uint32_t rep;
        bool discarded; /* by hand */
        uint64_t start_us;
        double eccentric_s, concentric_mps, control, dive;
};

struct coach {
        struct coach_params params;
        char athlete[COACH_NAME_MAX], exercise[EXERCISE_NAME_MAX];
        double incline_sin;
        struct prescription prescription; /* its name is empty where there is none */
        struct pacer pacer;
        unsigned n_reps;
        struct coached_rep reps[SET_REPS_MAX]; /* by time */
};

void coach_params_init(struct coach_params *ret);

/* params NULL: the defaults. */
void coach_init(struct coach *c, const struct coach_params *params);

/* Who (empty: nobody is named) does what, from the next set on. prescription NULL: none. */
void coach_assign(struct coach *c, const char *athlete, const struct exercise *exercise,
        const struct prescription *prescription);

bool coach_has_prescription(const struct coach *c);

/* A rep, or the figures that replace those of one. What the figures cannot say here is taken out of them: the velocity lost
 * where the concentric does not show what the lifter can. */
void coach_rep(struct coach *c, struct rep *rep, struct rep_note *ret);

/* It was none. */
void coach_strike(struct coach *c, uint32_t rep);

/* By hand: it does not count, or counts again. */
void coach_discard(struct coach *c, uint32_t rep, bool discarded);

/* The set is over; it lists what stands by the core. */
void coach_set(struct coach *c, struct set *set, struct set_note *ret);

/* What of a note belongs to the reps that a list still has. Velocity losses that the list should not have are taken out. */
void set_note_restrict(const struct set_note *whole, struct set *set, struct set_note *ret);

void coach_look(struct coach *c, const struct live *live, struct pace *ret);

/* Share of the reps that comply, per cent; NAN where none was judged. */
double set_note_compliance(const struct set_note *note);

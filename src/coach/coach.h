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
 *     after each of these      coach_review(&coach, workout);  after a set: coach_close(&coach, workout, &set_note);
 *                              while (coach_next(&coach, &judgement)) tell(&judgement);
 *     while the bar moves      coach_look(&coach, &live, &pace);
 *     each sample              coach_guard(&coach, &sample, &live, &alarm);
 *
 * Pure, like the core: no heap, no clock, no I/O; the caller owns the state. What is not known is not judged. */

#include <repcast/event.h>
#include <repcast/exercise.h>

#include "coach/advice.h"
#include "coach/control.h"
#include "coach/fatigue.h"
#include "coach/pace.h"
#include "coach/safety.h"
#include "coach/strength.h"
#include "coach/verdict.h"
#include "coach/workout.h"

#define COACH_NAME_MAX 64

/* What the coach has to say of a rep. */
struct rep_note {
        bool known;     /* the coach has seen it */
        bool assisted;  /* others have helped in the concentric */
        double control; /* 0 to 1, control_index(); NAN = not known */
        double dive;    /* 0 to 1, dive_severity(); NAN = not judged */
        bool dropped;   /* let go at the top: there was no eccentric, and nothing of one is judged */
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
        struct strength strength;           /* by this set and those before it */
};

/* What is told besides: of the running set's newest rep, or of the set that is over (rep 0). */
enum judgement_kind {
        JUDGEMENT_FATIGUE,
        JUDGEMENT_ADVICE,
        _JUDGEMENT_KIND_MAX,
};

struct fatigue_told {
        enum fatigue_sign sign;
        uint32_t set, rep; /* the caller fills in the set */
        struct fatigue now;
};

struct judgement {
        enum judgement_kind kind;
        union {
                struct fatigue_told fatigue;
                struct advice advice;
        };
};

#define COACH_JUDGEMENTS 4

struct coach_params {
        struct dive_params dive;
        struct fatigue_params fatigue;
        struct advice_params advice;
        struct safety_params safety;
        double workout_gap_min; /* a longer pause, and it is another workout, 10 to 720; 90 */
};

/* A rep of the running set, as it stands. */
struct coached_rep {
        uint32_t rep;
        bool discarded; /* by hand */
        bool dropped;
        bool weak; /* measured too badly to conclude anything from it */
        uint64_t start_us;
        double eccentric_s, concentric_mps, control, dive;
};

struct coach {
        struct coach_params params;
        char athlete[COACH_NAME_MAX];
        struct exercise exercise;
        double load_kg, one_rm_kg; /* NAN = not known */
        double incline_sin;
        struct prescription prescription; /* its name is empty where there is none */
        struct pacer pacer;
        unsigned n_reps;
        struct coached_rep reps[SET_REPS_MAX]; /* by time */
        struct fatigue fatigue;
        struct fatigue_watch watch;
        struct adviser adviser;
        struct safety safety;
        struct judgement judgements[COACH_JUDGEMENTS];
        unsigned n_judgements, taken;
};

void coach_params_init(struct coach_params *ret);

/* params NULL: the defaults. */
void coach_init(struct coach *c, const struct coach_params *params);

/* Who (empty: nobody is named) does what, from the next set on. prescription NULL: none. */
void coach_assign(struct coach *c, const char *athlete, const struct exercise *exercise,
        const struct prescription *prescription);

/* What is lifted, and could be once. NAN = not known. */
void coach_weigh(struct coach *c, double load_kg, double one_rm_kg);

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

/* What the running set shows by now, after coach_rep(), coach_strike() or coach_discard(). workout: the athlete's, NULL =
 * nobody's. */
void coach_review(struct coach *c, struct workout *workout);

/* The same for the whole of it, after coach_set(). */
void coach_close(struct coach *c, struct workout *workout, const struct set_note *note);

/* What the last of these two had to say, one after the other. */
bool coach_next(struct coach *c, struct judgement *ret);

/* Returns true if the bar falls. */
bool coach_guard(struct coach *c, const struct sample *sample, const struct live *live, struct alarm *ret);

/* What of a note belongs to the reps that a list still has. Velocity losses that the list should not have are taken out. */
void set_note_restrict(const struct set_note *whole, struct set *set, struct set_note *ret);

void coach_look(struct coach *c, const struct live *live, struct pace *ret);

/* Share of the reps that comply, per cent; NAN where none was judged. */
double set_note_compliance(const struct set_note *note);

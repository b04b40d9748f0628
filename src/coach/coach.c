/* SPDX-License-Identifier: Apache-2.0 */
/* The coach: keeps the reps of the running set as they stand, and asks the rules about them. */

#include "coach/coach.h"

#include <math.h>
#include <string.h>

#include "util/macros.h"

#define LEAST_CONFIDENCE 0.5

void coach_params_init(struct coach_params *ret) {
        *ret = (struct coach_params){
                .dive = {.ratio = 3, .least = 0.25},
                .fatigue =
                        {
                                .velocity_loss_pct = (double) NAN,
                                .rearm_pct = 5,
                                .drift_pct = 10,
                                .control_lost = 0.1,
                                .certain_pct = 95,
                                .noise_pct = 6,
                                .control_noise = 0.05,
                        },
                .advice =
                        {
                                .reduce_pct = 5,
                                .add_pct = 2.5,
                                .doubt_s = 0.1,
                                .steady_pct = 15,
                                .control = 0.7,
                                .warning_pct = 80,
                        },
                .safety = {.fall_s = 0.08, .weight = 0.25, .brake = 1.5, .speed_share = 0.4},
                .workout_gap_min = 90,
        };
}

void coach_init(struct coach *c, const struct coach_params *params) {
        memset(c, 0, sizeof(*c));
        coach_params_init(&c->params);
        if (params)
                c->params = *params;
        c->incline_sin = 1;
        c->load_kg = c->one_rm_kg = (double) NAN;
        safety_init(&c->safety);
        pacer_init(&c->pacer);
}

static bool is_same(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

static void copy_name(char *ret, size_t size, const char *name) {
        size_t n = strnlen(name, size - 1);

        memcpy(ret, name, n);
        ret[n] = '\0';
}

void coach_assign(struct coach *c, const char *athlete, const struct exercise *exercise,
        const struct prescription *prescription) {
        if (!is_same(athlete, c->athlete) || !is_same(exercise->name, c->exercise.name))
                pacer_init(&c->pacer);
        copy_name(c->athlete, sizeof(c->athlete), athlete);
        c->exercise = *exercise;
        c->incline_sin = sin(exercise->incline_deg * M_PI / 180);
        c->prescription = (struct prescription){.name = ""};
        if (prescription)
                c->prescription = *prescription;
        c->n_reps = 0;
        c->watch.on = 0;
        c->adviser = (struct adviser){.said_stop = false};
}

void coach_weigh(struct coach *c, double load_kg, double one_rm_kg) {
        c->load_kg = load_kg;
        c->one_rm_kg = one_rm_kg;
}

bool coach_has_prescription(const struct coach *c) {
        return *c->prescription.name != '\0';
}

/* ---- the reps of the running set ---- */

static const struct coached_rep *find(const struct coach *c, uint32_t rep) {
        for (unsigned i = 0; i < c->n_reps; i++)
                if (c->reps[i].rep == rep)
                        return &c->reps[i];
        return NULL;
}

void coach_strike(struct coach *c, uint32_t rep) {
        for (unsigned i = 0; i < c->n_reps; i++)
                if (c->reps[i].rep == rep) {
                        c->n_reps--;
                        memmove(&c->reps[i], &c->reps[i + 1], (c->n_reps - i) * sizeof(c->reps[0]));
                        return;
                }
}

void coach_discard(struct coach *c, uint32_t rep, bool discarded) {
        for (unsigned i = 0; i < c->n_reps; i++)
                if (c->reps[i].rep == rep)
                        c->reps[i].discarded = discarded;
}

/* In its place by time, or in place of the figures that it had. */
static void enter(struct coach *c, const struct rep *rep, const struct rep_note *note) {
        const struct coached_rep *before = find(c, rep->rep);
        bool discarded = before && before->discarded;
        unsigned at;

        coach_strike(c, rep->rep);
        if (c->n_reps == SET_REPS_MAX)
                return;
        at = c->n_reps;
        while (at > 0 && c->reps[at - 1].start_us > rep->start_us)
                at--;
        memmove(&c->reps[at + 1], &c->reps[at], (c->n_reps - at) * sizeof(c->reps[0]));
        c->n_reps++;
        c->reps[at] = (struct coached_rep){
                .rep = rep->rep,
                .start_us = rep->start_us,
                .discarded = discarded,
                .dropped = note->dropped,
                .weak = note->dropped || rep->confidence < LEAST_CONFIDENCE ||
                        (rep->flags & (REP_FLAG_GAP | REP_FLAG_CLIPPED)) ||
                        !isfinite(rep->tempo_s[PHASE_ECCENTRIC]),
                .eccentric_s = rep->tempo_s[PHASE_ECCENTRIC],
                .concentric_mps = rep->concentric.mean_mps,
                .control = note->control,
                .dive = note->dive,
        };
}

/* The pause between this rep and the one before it follows that one's last movement. */
static enum phase pause_before(const struct rep *rep) {
        return rep->phases[0].phase == PHASE_ECCENTRIC ? PHASE_TOP : PHASE_BOTTOM;
}

/* ---- what comes in ---- */

void coach_rep(struct coach *c, struct rep *rep, struct rep_note *ret) {
        const struct prescription *p = &c->prescription;
        bool dropped = is_dropped(rep, &c->exercise);
        struct rep_note note = {
                .known = true,
                .control = dropped ? (double) NAN : control_index(rep->course),
                .dive = (double) NAN,
                .dropped = dropped,
        };

        if (coach_has_prescription(c)) {
                double tempo_s[_PHASE_TEMPO_MAX];

                memcpy(tempo_s, rep->tempo_s, sizeof(tempo_s));
                if (dropped)
                        tempo_s[PHASE_ECCENTRIC] = (double) NAN;
                else
                        note.dive = dive_severity(&c->params.dive, p, rep, c->incline_sin);
                note.judged = true;
                note.assisted = prescription_is_assisted(p);
                verdicts_of(p, tempo_s, rep->pause_before_s, pause_before(rep), &note.verdicts);
                if (!prescription_shows_speed(p))
                        rep->velocity_loss_pct = (double) NAN;
        }
        if (!find(c, rep->rep)) /* an amendment is no further rep to learn from */
                pacer_learn(&c->pacer, rep);
        enter(c, rep, &note);
        *ret = note;
}

static void mark(const struct coach *c, const struct set_rep *rep, struct rep_mark *ret) {
        const struct coached_rep *known = find(c, rep->rep);
        struct verdicts v;
        double tempo_s[_PHASE_TEMPO_MAX];

        *ret = (struct rep_mark){
                .rep = rep->rep,
                .control = known ? (float) known->control : NAN,
                .dive = known ? (float) known->dive : NAN,
        };
        if (!coach_has_prescription(c))
                return;
        for (unsigned i = 0; i < _PHASE_TEMPO_MAX; i++)
                tempo_s[i] = (double) rep->tempo_s[i];
        if (known && known->dropped)
                tempo_s[PHASE_ECCENTRIC] = (double) NAN;
        verdicts_of(&c->prescription, tempo_s, (double) NAN, PHASE_TOP, &v);
        for (unsigned i = 0; i < _PHASE_TEMPO_MAX; i++)
                ret->phase[i] = (uint8_t) v.phase[i];
        ret->compliance = (uint8_t) v.rep;
}

/* The sums of the reps that the set has. */
static void sum_up(struct set_note *n, const struct set *set) {
        double control = 0;
        unsigned n_control = 0;

        n->n_judged = n->n_compliant = 0;
        n->eccentric_s = 0;
        for (unsigned i = 0; i < n->n_reps; i++) {
                const struct rep_mark *m = &n->reps[i];

                n->eccentric_s += (double) set->reps[i].tempo_s[PHASE_ECCENTRIC];
                n->n_judged += m->compliance != COMPLIANCE_UNKNOWN;
                n->n_compliant += m->compliance == COMPLIANCE_YES;
                if (isfinite(m->control)) {
                        control += (double) m->control;
                        n_control++;
                }
        }
        n->control = n_control > 0 ? control / n_control : (double) NAN;
}

static void take_out_losses(const struct set_note *n, struct set *set) {
        if (!n->paced)
                return;
        for (unsigned i = 0; i < set->n_reps; i++)
                set->reps[i].velocity_loss_pct = NAN;
        set->velocity_loss_pct = (double) NAN;
}

void coach_set(struct coach *c, struct set *set, struct set_note *ret) {
        const struct prescription *p = &c->prescription;
        bool judged = coach_has_prescription(c);
        unsigned n_reps = MIN(set->n_reps, (uint32_t) SET_REPS_MAX);

        *ret = (struct set_note){
                .known = true,
                .judged = judged,
                .assisted = judged && prescription_is_assisted(p),
                .paced = judged && !prescription_shows_speed(p),
                .n_reps = n_reps,
        };
        memcpy(ret->tempo, p->tempo_text, sizeof(ret->tempo));
        for (unsigned i = 0; i < ret->n_reps; i++)
                mark(c, &set->reps[i], &ret->reps[i]);
        sum_up(ret, set);
        take_out_losses(ret, set);
}

void set_note_restrict(const struct set_note *whole, struct set *set, struct set_note *ret) {
        unsigned n = 0;

        *ret = *whole;
        for (unsigned i = 0; i < MIN(set->n_reps, (uint32_t) SET_REPS_MAX); i++) {
                while (n < whole->n_reps && whole->reps[n].rep != set->reps[i].rep)
                        n++;
                if (n == whole->n_reps) { /* another set's */
                        ret->known = false;
                        return;
                }
                ret->reps[i] = whole->reps[n];
        }
        ret->n_reps = MIN(set->n_reps, (uint32_t) SET_REPS_MAX);
        sum_up(ret, set);
        take_out_losses(ret, set);
}

void coach_look(struct coach *c, const struct live *live, struct pace *ret) {
        *ret = (struct pace){.known = false};
        if (coach_has_prescription(c))
                pacer_look(&c->pacer, &c->prescription, live, ret);
}

bool coach_guard(struct coach *c, const struct sample *sample, const struct live *live, struct alarm *ret) {
        return safety_push(&c->safety, &c->params.safety, sample, live, c->exercise.under_bar, ret);
}

double set_note_compliance(const struct set_note *note) {
        return note->n_judged > 0 ? 100.0 * note->n_compliant / note->n_judged : (double) NAN;
}

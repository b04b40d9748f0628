/* SPDX-License-Identifier: Apache-2.0 */
/* What the reps of the running set, as they stand now, add up to: fatigue, and what to do about it. Everything is found anew
 * from the list of reps, so that an amendment changes it like any other rep. */

#include <math.h>
#include <string.h>

#include "coach/coach.h"
#include "util/macros.h"

#define LOAD_STEP_KG 0.5 /* the smallest pair of plates */

static const struct coached_rep *newest(const struct coach *c) {
        for (unsigned i = c->n_reps; i-- > 0;)
                if (!c->reps[i].discarded)
                        return &c->reps[i];
        return NULL;
}

static void say(struct coach *c, const struct judgement *j) {
        if (c->n_judgements < COACH_JUDGEMENTS)
                c->judgements[c->n_judgements++] = *j;
}

bool coach_next(struct coach *c, struct judgement *ret) {
        if (c->taken == c->n_judgements) {
                c->taken = c->n_judgements = 0;
                return false;
        }
        *ret = c->judgements[c->taken++];
        return true;
}

/* ---- fatigue ---- */

static bool is_held(const struct prescription *p) {
        enum tempo_rule rule = p->tempo[PHASE_ECCENTRIC].rule;

        return rule == TEMPO_PACED || rule == TEMPO_AT_LEAST;
}

static void look_for_fatigue(struct coach *c) {
        const struct prescription *p = &c->prescription;
        bool prescribed = coach_has_prescription(c);
        struct fatigue_rep reps[SET_REPS_MAX];
        unsigned n = 0, news;

        for (unsigned i = 0; i < c->n_reps; i++)
                if (!c->reps[i].discarded && !c->reps[i].weak)
                        reps[n++] = (struct fatigue_rep){
                                c->reps[i].eccentric_s, c->reps[i].control, c->reps[i].concentric_mps};
        fatigue_look(&c->params.fatigue, reps, n, prescribed ? p->velocity_loss_pct : (double) NAN,
                !prescribed || prescription_shows_speed(p), prescribed && is_held(p), &c->fatigue);
        news = fatigue_watch(&c->watch, &c->params.fatigue, &c->fatigue);
        for (enum fatigue_sign sign = 0; sign < _FATIGUE_SIGN_MAX; sign++)
                if (news & (1U << sign))
                        say(c,
                                &(struct judgement){
                                        .kind = JUDGEMENT_FATIGUE,
                                        .fatigue = {.sign = sign,
                                                .rep = newest(c) ? newest(c)->rep : 0,
                                                .now = c->fatigue},
                                });
}

/* ---- advice ---- */

/* A negative against the limit of the 3-second rule: 1 held, -1 not, 0 within the doubt of the measurement. */
static int holds(const struct coach *c, double eccentric_s) {
        double limit_s = c->prescription.hold_s, doubt_s = c->params.advice.doubt_s;

        if (eccentric_s < limit_s - doubt_s)
                return -1;
        return eccentric_s < limit_s ? 0 : 1;
}

static void count_rep(const struct coach *c, const struct coached_rep *r, struct evidence *e) {
        int held = holds(c, r->eccentric_s);

        e->newest_s = r->eccentric_s;
        e->shortest_s = e->n == 0 ? r->eccentric_s : fmin(e->shortest_s, r->eccentric_s);
        e->n++;
        e->broken += held < 0;
        e->doubtful += held == 0;
        e->in_a_row = held < 0 ? e->in_a_row + 1 : 0;
        e->dived |= r->dive > 0;
        e->short_reps += verdict_of(&c->prescription, PHASE_ECCENTRIC, r->eccentric_s) == VERDICT_SHORT;
}

/* Scatter of the seconds and mean control. */
static void average(const struct coach *c, struct evidence *e) {
        double sum = 0, squares = 0, control = 0;
        unsigned n_control = 0;

        for (unsigned i = 0; i < c->n_reps; i++) {
                const struct coached_rep *r = &c->reps[i];

                if (r->discarded || r->weak)
                        continue;
                sum += r->eccentric_s;
                squares += r->eccentric_s * r->eccentric_s;
                if (isfinite(r->control)) {
                        control += r->control;
                        n_control++;
                }
        }
        double mean = sum / MAX(e->n, 1u);
        e->scatter_pct = 100 * sqrt(fmax(squares / MAX(e->n, 1u) - mean * mean, 0)) / mean;
        e->control = n_control > 0 ? control / n_control : (double) NAN;
}

/* Is there room above for a step up? Not known where the weight that the load is a share of is not. */
static bool may_add(const struct coach *c) {
        const struct prescription *p = &c->prescription;
        double most_kg = c->one_rm_kg * p->load_max_pct / 100;

        return p->load_of != PRESCRIPTION_OF_ONE_RM || !isfinite(most_kg) || !isfinite(c->load_kg) ||
                c->load_kg * (1 + c->params.advice.add_pct / 100) <= most_kg;
}

static struct evidence gather(const struct coach *c) {
        const struct prescription *p = &c->prescription;
        bool prescribed = coach_has_prescription(c);
        struct evidence e = {
                .negative = prescribed && prescription_is_negative(p),
                .hold_s = prescribed ? p->hold_s : (double) NAN,
                .newest_s = (double) NAN,
                .tired = c->watch.on & (1U << FATIGUE_ECCENTRIC_DRIFT),
                .lost = c->watch.on & (1U << FATIGUE_VELOCITY_LOSS),
                .loss_pct = c->fatigue.velocity_loss_pct,
                .limit_pct = c->fatigue.limit_pct,
                .least_reps = prescribed ? p->reps_min : 0,
                .may_add = prescribed && may_add(c),
        };

        for (unsigned i = 0; i < c->n_reps; i++)
                if (!c->reps[i].discarded && !c->reps[i].weak)
                        count_rep(c, &c->reps[i], &e);
        average(c, &e);
        return e;
}

static void give(struct coach *c, const struct advice *a) {
        struct judgement j = {.kind = JUDGEMENT_ADVICE, .advice = *a};

        if (a->kind == ADVICE_NONE)
                return;
        if (isfinite(a->step_pct) && isfinite(c->load_kg))
                j.advice.load_kg = round(c->load_kg * (1 + a->step_pct / 100) / LOAD_STEP_KG) * LOAD_STEP_KG;
        say(c, &j);
}

void coach_review(struct coach *c, struct workout *w) {
        struct evidence e;
        struct advice a;

        look_for_fatigue(c);
        e = gather(c);
        a = advice_choose(&c->params.advice, &c->adviser, &e);
        /* Whether a second exercise is one is asked, and noted, only if there is nothing graver to say. */
        if (a.kind == ADVICE_NONE && w && e.negative && c->n_reps >= 2 && !c->adviser.said_stop &&
                !c->adviser.said_reduce) {
                e.other = workout_other_exercise(w, &c->exercise);
                a = advice_choose(&c->params.advice, &c->adviser, &e);
        }
        a.rep = newest(c) ? newest(c)->rep : 0;
        give(c, &a);
}

void coach_close(struct coach *c, struct workout *w, const struct set_note *note) {
        struct evidence e = gather(c);
        struct advice a;

        e.over = true;
        if (w) {
                w->sets++;
                w->negative_sets += e.negative;
                w->judged += note->n_judged;
                w->compliant += note->n_compliant;
                e.used = w->negative_sets;
                e.budget = e.negative ? c->prescription.budget_sets : 0;
                e.told_warning = w->told_warning;
                e.told_full = w->told_full;
        }
        a = advice_choose(&c->params.advice, &c->adviser, &e);
        if (w) {
                w->told_warning |= a.reason == REASON_BUDGET_80;
                w->told_full |= a.reason == REASON_BUDGET_100;
        }
        give(c, &a);
        c->adviser = (struct adviser){.said_stop = false};
        c->watch.on = 0;
        c->n_reps = 0;
}

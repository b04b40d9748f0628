/* SPDX-License-Identifier: Apache-2.0 */
/* The coach of a station: who it is told of, and where what it says goes. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/station-private.h"
#include "util/log.h"
#include "util/macros.h"

void station_brief_coach(struct station *s) {
        bool prescribed = *s->prescription.name != '\0';

        s->coach.params = *s->outlet->coach_params;
        if (strcmp(s->coach.athlete, s->origin.athlete) != 0 ||
                strcmp(s->coach.exercise.name, s->exercise.name) != 0)
                s->state.advice.kind = ADVICE_NONE; /* it was for somebody else */
        coach_assign(&s->coach, s->origin.athlete, &s->exercise, prescribed ? &s->prescription : NULL);
        coach_weigh(&s->coach, s->origin.load_kg, s->roster.now.one_rm_kg);
        station_show_workout(s);
}

static struct workout *workout(struct station *s) {
        return workouts_get(s->outlet->workouts, s->origin.athlete, s->newest_us);
}

void station_show_workout(struct station *s) {
        const struct workout *w = workout(s);
        struct station_workout *shown = &s->state.workout;

        *shown = (struct station_workout){.known = w && w->sets > 0};
        if (!shown->known)
                return;
        shown->sets = w->sets;
        shown->negative_sets = w->negative_sets;
        shown->budget_sets = s->prescription.budget_sets;
        shown->compliance_pct = w->judged > 0 ? 100.0 * w->compliant / w->judged : (double) NAN;
}

static struct message *begin(struct station *s, enum message_type type) {
        struct message *m = &s->outlet->message;

        m->type = type;
        m->by_hand = false;
        m->origin = s->origin;
        m->t_us = s->newest_us;
        return m;
}

/* ---- at a glance ---- */

DEFINE_CLEANUP(char *, free);

int station_glance(struct station *s, char **ret) {
        _cleanup_(freep) char *state = NULL, *live = NULL, *rep = NULL;
        struct message *m = begin(s, MESSAGE_STATE);
        int r;

        m->state = s->state;
        r = message_to_json(m, &state);
        if (r < 0)
                return r;
        m = begin(s, MESSAGE_LIVE);
        core_live(&s->core, &m->live);
        m->pace = s->pace;
        r = message_to_json(m, &live);
        if (r >= 0 && s->rep.set > 0) {
                m = begin(s, MESSAGE_REP);
                m->rep = s->rep;
                m->rep_note = s->rep_note;
                r = message_to_json(m, &rep);
        }
        if (r < 0)
                return r;
        if (asprintf(ret, "{\"state\":%s,\"live\":%s,\"rep\":%s}", state, live, rep ? rep : "null") < 0)
                return -ENOMEM;
        return 0;
}

/* ---- what it says ---- */

static void log_advice(const struct station *s, const struct advice *a) {
        static const struct log_fields none = {.kind = LOG_KIND_NONE};

        log_event(LOG_DEBUG, none, "%s: set %u: advice %s (%s)", s->name, a->set,
                advice_kind_to_string(a->kind), advice_reason_to_string(a->reason));
}

static void tell(struct station *s, uint32_t set) {
        struct judgement j;

        while (coach_next(&s->coach, &j)) {
                struct message *m;

                switch (j.kind) {
                case JUDGEMENT_FATIGUE:
                        m = begin(s, MESSAGE_FATIGUE);
                        m->fatigue = j.fatigue;
                        m->fatigue.set = set;
                        outlet_post(s->outlet, m, &s->seq);
                        break;
                case JUDGEMENT_ADVICE:
                        m = begin(s, MESSAGE_ADVICE);
                        m->advice = j.advice;
                        m->advice.set = set;
                        s->state.advice = m->advice;
                        s->state_changed = true;
                        outlet_post(s->outlet, m, &s->seq);
                        log_advice(s, &s->state.advice);
                        break;
                case _JUDGEMENT_KIND_MAX:
                        break;
                }
        }
}

void station_tell_drop(struct station *s, const struct rep *rep) {
        struct message *m = begin(s, MESSAGE_REJECTED);
        struct rejected drop = {
                .reason = REJECTED_DROP, .rom_m = rep->rom_m, .peak_mps = rep->eccentric.peak_mps};

        for (unsigned i = 0; i < rep->n_phases; i++)
                if (rep->phases[i].phase == PHASE_ECCENTRIC) {
                        drop.start_us = rep->phases[i].start_us;
                        drop.end_us = rep->phases[i].end_us;
                }
        m->rejected = drop;
        outlet_mention(s->outlet, m);
}

void station_review(struct station *s) {
        if (s->state.set == 0)
                return;
        if (s->state.advice.kind != ADVICE_NONE && s->state.advice.set != s->state.set) {
                s->state.advice.kind = ADVICE_NONE; /* it was for the set that has begun */
                s->state_changed = true;
        }
        coach_review(&s->coach, workout(s));
        tell(s, s->state.set);
}

void station_weigh_strength(struct station *s, const struct set *set, struct set_note *note) {
        const struct strength_profile *p;

        note->strength.known = false;
        if (note->paced || set->n_reps == 0)
                return;
        p = strengths_add(
                s->outlet->strengths, s->origin.athlete, s->exercise.name, s->origin.load_kg, set->best_mps);
        if (p)
                strength_fit(p->points, p->n, s->exercise.one_rm_mps, &note->strength);
}

void station_close_coaching(struct station *s, uint32_t set, const struct set_note *note) {
        coach_close(&s->coach, workout(s), note);
        station_show_workout(s);
        tell(s, set);
}

void station_guard(struct station *s, const struct sample *sample, const struct live *live) {
        struct alarm alarm;
        struct message *m;

        if (!coach_guard(&s->coach, sample, live, &alarm))
                return;
        m = begin(s, MESSAGE_SAFETY);
        m->t_us = sample->t_us;
        m->alarm = alarm;
        m->alarm.set = s->state.set;
        outlet_post(s->outlet, m, &s->seq);
        log_notice(
                "%s: safety: %s of a bar with the lifter under it", s->name, alarm_kind_to_string(alarm.kind));
}

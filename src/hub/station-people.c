/* SPDX-License-Identifier: Apache-2.0 */
/* What people say of a station: who lifts what, and what of it counts. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hub/exercises.h"
#include "hub/prescriptions.h"
#include "hub/station-private.h"
#include "util/log.h"
#include "util/macros.h"

#define UNDO_US UINT64_C(600000000) /* after that nobody means it */

/* ---- what holds ---- */

/* The exercise may have left the table since it was assigned: then the one that is done goes on. */
static void settle_names(struct station *s) {
        const struct assignment *a = &s->roster.now;
        const struct prescription *p = prescriptions_find(s->outlet->prescriptions, a->prescription, NULL);

        memcpy(s->origin.athlete, a->athlete, sizeof(s->origin.athlete));
        memcpy(s->origin.exercise, a->exercise, sizeof(s->origin.exercise));
        memcpy(s->origin.prescription, a->prescription, sizeof(s->origin.prescription));
        s->origin.load_kg = a->load_kg;
        s->prescription = p ? *p : (struct prescription){.name = ""};
}

/* The roster has changed, and no set is running. */
static void take_effect(struct station *s) {
        settle_names(s);
        s->set_is_over = true;
        s->state_changed = true;
}

void station_settle_exercise(struct station *s) {
        const struct exercise *e;
        struct calibration known _uninitialized_;

        if (!s->set_is_over) /* so after every sample but few */
                return;
        s->set_is_over = false;
        e = exercises_find(s->outlet->exercises, s->roster.now.exercise, NULL);
        if (!e || strcmp(e->name, s->exercise.name) == 0) {
                station_brief_coach(s);
                return;
        }
        core_get_calibration(&s->core, &known);
        s->exercise = *e;
        s->sets_before = s->sets;
        (void) core_init(&s->core, NULL, e, &known);
        station_brief_coach(s);
}

struct assignment station_config_assignment(const struct station_config *c) {
        struct assignment a = {.load_kg = c->load_kg, .one_rm_kg = c->one_rm_kg};

        strcpy(a.athlete, c->athlete);
        strcpy(a.exercise, c->exercise_name);
        strcpy(a.prescription, c->prescription_name);
        return a;
}

void station_begin_roster(struct station *s, const struct roster *kept) {
        const struct station_config *c = &s->config;
        const struct assignment own = station_config_assignment(c);
        const struct exercise *e;

        if (kept)
                s->roster = *kept;
        else
                roster_init(&s->roster, &own);
        e = exercises_find(s->outlet->exercises, s->roster.now.exercise, NULL);
        if (!e) {
                log_warning(
                        "%s: the exercise \"%s\" that was assigned is in the table no more; %s takes its place",
                        s->name, s->roster.now.exercise, own.exercise);
                strcpy(s->roster.now.exercise, own.exercise);
        }
        s->exercise = e ? *e : c->exercise;
        s->origin = (struct message_origin){.load_kg = (double) NAN};
        strcpy(s->origin.station, s->name);
        settle_names(s);
        station_brief_coach(s);
        s->set_is_over = false;
}

void station_end_turn(struct station *s, bool counted) {
        bool changed = counted ? roster_set_over(&s->roster) : roster_set_void(&s->roster);

        take_effect(s); /* a claim held for the set only */
        if (changed)
                (void) assigned_put(s->outlet->assigned, s->name, &s->roster, NULL, NULL);
}

void station_count_reps(struct station *s) {
        unsigned counted;

        if (setbook_standing(&s->book, &counted) == 0)
                s->state.set = 0; /* there has been no set yet */
        s->state.reps = s->state.set > 0 ? counted : 0;
}

/* ---- undo ---- */

static struct undo *remember(struct station *s, enum undo_kind kind) {
        struct undo *u;

        if (s->n_undos == STATION_UNDOS)
                memmove(&s->undos[0], &s->undos[1], --s->n_undos * sizeof(s->undos[0]));
        u = &s->undos[s->n_undos++];
        *u = (struct undo){.kind = kind, .at_us = station_now_us(s)};
        return u;
}

/* ---- the roster ---- */

const struct roster *station_get_roster(const struct station *s) {
        return &s->roster;
}

static bool assign(struct station *s, const struct assignment *a) {
        bool now = roster_assign(&s->roster, a, s->state.set > 0);

        if (now && s->state.set == 0) {
                take_effect(s);
                station_settle_exercise(s);
        }
        station_show_state(s);
        return now;
}

bool station_assign(struct station *s, const struct assignment *a) {
        struct undo *u = remember(s, UNDO_ASSIGN);

        u->assignment = s->roster.has_next ? s->roster.next : s->roster.now;
        return assign(s, a);
}

static void set_queue(struct station *s, const struct wish *queue, unsigned n, bool rotate) {
        memcpy(s->roster.queue, queue, n * sizeof(queue[0]));
        s->roster.n_queue = n;
        s->roster.rotate = rotate;
        station_show_state(s);
}

void station_set_queue(struct station *s, const struct wish *queue, unsigned n, bool rotate) {
        struct undo *u = remember(s, UNDO_QUEUE);

        memcpy(u->queue.queue, s->roster.queue, sizeof(u->queue.queue));
        u->queue.n = s->roster.n_queue;
        u->queue.rotate = s->roster.rotate;
        set_queue(s, queue, n, rotate);
}

/* ---- what counts ---- */

bool station_end_set(struct station *s) {
        if (!s->active || s->state.set == 0)
                return false;
        s->told_to_end = true;
        station_close_set(s);
        s->told_to_end = false;
        if (s->state_changed)
                station_show_state(s);
        return true;
}

static void show_last_set(struct station *s, const struct edit *e, const struct set_note *note) {
        if (!e->has_figures || s->state.last_set != e->set)
                return;
        s->state.last_set_compliance_pct = note->known ? set_note_compliance(note) : (double) NAN;
        s->state.last_set_control = note->known ? note->control : (double) NAN;
        s->state.last_set_reps = e->figures.n_reps;
        s->state.last_set_tut_s = e->figures.tut_s;
        s->state.last_set_best_mps = e->figures.best_mps;
        s->state.last_set_velocity_loss_pct = e->figures.velocity_loss_pct;
}

/* What people said, for the coach: of the running set's reps, and of the set that is over. */
static void tell_coach(struct station *s, struct edit *e, struct set_note *ret) {
        ret->known = false;
        if (e->rep > 0 && e->set == s->state.set)
                coach_discard(&s->coach, e->rep, e->change == EDIT_DISCARDED);
        if (e->has_figures && e->set == s->noted)
                set_note_restrict(&s->note, &e->figures, ret);
}

static void publish(struct station *s, const struct correction *c, const char *by) {
        static const struct log_fields none = {.kind = LOG_KIND_NONE};
        struct message *m = &s->outlet->message;

        m->type = MESSAGE_AMEND;
        m->by_hand = true;
        m->origin = c->origin;
        m->t_us = s->newest_us;
        m->edit = c->edit;
        m->ref = c->ref;
        snprintf(m->edit.by, sizeof(m->edit.by), "%s", by);
        tell_coach(s, &m->edit, &m->edit_note);
        outlet_post(s->outlet, m, &s->seq);
        show_last_set(s, &m->edit, &m->edit_note);
        if (s->state.set == c->edit.set && s->state.set > 0) {
                station_count_reps(s);
                station_review(s);
        }
        station_show_state(s);
        log_event(LOG_INFO, none, "%s: set %u corrected by %s", s->name, c->edit.set, by);
}

int station_discard_rep(struct station *s, uint32_t rep, const char *by, uint32_t *ret_set, uint32_t *ret_rep) {
        static struct correction c; /* static for its size */
        int r = setbook_discard(&s->book, rep, station_now_us(s), &c);
        struct undo *u;

        if (r < 0)
                return r;
        u = remember(s, UNDO_DISCARD);
        *ret_set = u->counted.set = c.edit.set;
        *ret_rep = u->counted.rep = c.edit.rep;
        publish(s, &c, by);
        return 0;
}

/* What comes of a running set from now on has its name, too. */
static void name_running(struct station *s, const struct correction *c) {
        if (s->state.set == c->edit.set && s->state.set > 0)
                memcpy(s->origin.athlete, c->origin.athlete, sizeof(s->origin.athlete));
}

int station_claim(struct station *s, uint32_t set, const char *athlete, const char *by, uint32_t *ret_set) {
        static struct correction c;
        int r = setbook_claim(&s->book, set, athlete, station_now_us(s), &c);

        if (r < 0)
                return r;
        remember(s, UNDO_CLAIM)->counted.set = *ret_set = c.edit.set;
        name_running(s, &c);
        publish(s, &c, by);
        return 0;
}

static int undo_counted(struct station *s, const struct undo *u, const char *by) {
        static struct correction c;
        uint64_t now_us = station_now_us(s);
        int r = u->kind == UNDO_CLAIM
                ? setbook_unclaim(&s->book, u->counted.set, now_us, &c)
                : setbook_bring_back(&s->book, u->counted.set, u->counted.rep, now_us, &c);

        if (r < 0)
                return r;
        name_running(s, &c);
        publish(s, &c, by);
        return 0;
}

const char *station_undo(struct station *s, const char *by) {
        static const char *const words[_UNDO_MAX] = {
                [UNDO_ASSIGN] = "assign",
                [UNDO_QUEUE] = "queue",
                [UNDO_DISCARD] = "discard_rep",
                [UNDO_CLAIM] = "claim",
        };
        struct undo u;

        if (s->n_undos == 0 || station_now_us(s) > s->undos[s->n_undos - 1].at_us + UNDO_US)
                return NULL;
        u = s->undos[--s->n_undos];
        switch (u.kind) {
        case UNDO_ASSIGN:
                (void) assign(s, &u.assignment);
                return words[u.kind];
        case UNDO_QUEUE:
                set_queue(s, u.queue.queue, u.queue.n, u.queue.rotate);
                return words[u.kind];
        case UNDO_DISCARD:
        case UNDO_CLAIM:
                return undo_counted(s, &u, by) < 0 ? NULL : words[u.kind];
        case _UNDO_MAX:
                break;
        }
        return NULL;
}

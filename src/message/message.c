/* SPDX-License-Identifier: Apache-2.0 */
/* The payloads of doc/mqtt.md as JSON text: one function for each, and what they share.
 *
 * What is not known is null: names that are empty, figures that are NAN, numbers of sets and reps that are 0. Only id
 * and seq are left out instead, where a message is not numbered (replay). */

#include "message/message.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message/judged.h"
#include "message/value.h"
#include "util/macros.h"

static const char *const types[_MESSAGE_MAX] = {
        [MESSAGE_STATE] = "state",
        [MESSAGE_LIVE] = "live",
        [MESSAGE_PHASE] = "phase",
        [MESSAGE_REP] = "rep",
        [MESSAGE_SET] = "set",
        [MESSAGE_REJECTED] = "rejected",
        [MESSAGE_AMEND] = "amend",
        [MESSAGE_FATIGUE] = "fatigue",
        [MESSAGE_ADVICE] = "advice",
        [MESSAGE_SAFETY] = "safety",
};

const char *message_type_to_string(enum message_type type) {
        return type < _MESSAGE_MAX ? types[type] : NULL;
}

enum message_type message_type_from_string(const char *word) {
        enum message_type type = 0;

        while (type < _MESSAGE_MAX && strcmp(types[type], word) != 0)
                type++;
        return type;
}

size_t message_size(const struct message *m) {
#define UNTIL(last) (offsetof(struct message, last) + sizeof(m->last))
        switch (m->type) {
        case MESSAGE_STATE:
                return UNTIL(state);
        case MESSAGE_LIVE:
                return UNTIL(pace);
        case MESSAGE_PHASE:
                return UNTIL(phase);
        case MESSAGE_REP:
                return UNTIL(rep_note);
        case MESSAGE_REJECTED:
                return UNTIL(rejected);
        case MESSAGE_FATIGUE:
                return UNTIL(fatigue);
        case MESSAGE_ADVICE:
                return UNTIL(advice);
        case MESSAGE_SAFETY:
                return UNTIL(alarm);
        case MESSAGE_SET:
        case MESSAGE_AMEND:
        case _MESSAGE_MAX:
                break;
        }
#undef UNTIL
        return sizeof(*m);
}

void message_from_event(struct message *m, const struct event *event) {
        m->t_us = event->t_us;
        m->by_hand = false;
        switch (event->type) {
        case EVENT_PHASE:
                m->type = MESSAGE_PHASE;
                m->phase = event->phase;
                return;
        case EVENT_REP:
                m->type = MESSAGE_REP;
                m->rep = event->rep;
                m->rep_note.known = false;
                return;
        case EVENT_SET:
                m->type = MESSAGE_SET;
                m->set = *event->set;
                m->set_note.known = false;
                return;
        case EVENT_REJECTED:
                m->type = MESSAGE_REJECTED;
                m->rejected = event->rejected;
                return;
        case EVENT_AMEND:
                m->type = MESSAGE_AMEND;
                m->amend = event->amend;
                m->amend_note.known = false;
                return;
        case _EVENT_MAX:
                break;
        }
        assert(!"an event of no type");
}

/* ---- values: each returns a new reference, or NULL when memory ran out ---- */

static json_t *metric(double x) { /* s, m, m/s: to the millisecond and millimetre */
        return value_figure(x, 3);
}

static json_t *percent(double x) {
        return value_figure(x, 1);
}

/* Milliseconds since the epoch, or of the recording's own time; to the nearest. */
static json_t *instant(const struct message *m, uint64_t t_us) {
        int64_t us =
                (int64_t) ((uint64_t) m->epoch_us + t_us); /* unsigned: nothing from outside may overflow */
        int64_t ms = us / 1000, rest = us % 1000;
        return json_integer(ms + (rest >= 500) - (rest <= -500));
}

/* ---- pieces ---- */

static json_t *event_id(const struct message *m, uint64_t number) {
        return json_sprintf("%.*s-%llu", MESSAGE_RUN_MAX, m->run, (unsigned long long) number);
}

/* What every message starts with. */
static json_t *head(const struct message *m) {
        const struct message_origin *o = &m->origin;
        json_t *j = json_object();

        value_put(&j, "v", json_integer(1));
        value_put(&j, "type", json_string(types[m->type]));
        if (m->run[0] != '\0' && m->number > 0)
                value_put(&j, "id", event_id(m, m->number));
        if (m->seq > 0)
                value_put(&j, "seq", json_integer((json_int_t) m->seq));
        value_put(&j, "hub", VALUE_TEXT(o->hub));
        value_put(&j, "station", VALUE_TEXT(o->station));
        value_put(&j, "sensor", VALUE_TEXT(o->sensor));
        value_put(&j, "clock", json_string(m->synced ? "synced" : "unsynced"));
        value_put(&j, "athlete", VALUE_TEXT(o->athlete));
        value_put(&j, "exercise", VALUE_TEXT(o->exercise));
        value_put(&j, "prescription", VALUE_TEXT(o->prescription));
        value_put(&j, "load_kg", value_figure(o->load_kg, 2));
        return j;
}

static json_t *tempo(double eccentric, double bottom, double concentric, double top) {
        json_t *j = json_object();

        value_put(&j, "eccentric", metric(eccentric));
        value_put(&j, "bottom", metric(bottom));
        value_put(&j, "concentric", metric(concentric));
        value_put(&j, "top", metric(top));
        return j;
}

static json_t *phases(const struct message *m, const struct rep *rep) {
        json_t *list = json_array();

        for (unsigned i = 0; i < MIN(rep->n_phases, ARRAY_SIZE(rep->phases)); i++) {
                const struct phase_span *p = &rep->phases[i];
                json_t *j = json_object();

                value_put(&j, "phase", value_string(phase_to_string(p->phase)));
                value_put(&j, "start_ms", instant(m, p->start_us));
                value_put(&j, "end_ms", instant(m, p->end_us));
                value_append(&list, j);
        }
        return list;
}

static json_t *sticking(const struct sticking *s) {
        if (!isfinite(s->min_mps))
                return json_null();

        json_t *j = json_object();
        value_put(&j, "at_m", metric(s->at_m));
        value_put(&j, "min_mps", metric(s->min_mps));
        value_put(&j, "duration_s", metric(s->duration_s));
        return j;
}

static json_t *eccentric(const struct rep *r, const struct rep_note *n) {
        json_t *j = json_object();

        value_put(&j, "mean_mps", metric(r->eccentric.mean_mps));
        value_put(&j, "peak_mps", metric(r->eccentric.peak_mps));
        judged_eccentric(&j, n);
        return j;
}

static json_t *concentric(const struct rep *r) {
        json_t *j = json_object();

        value_put(&j, "mean_mps", metric(r->concentric.mean_mps));
        value_put(&j, "peak_mps", metric(r->concentric.peak_mps));
        value_put(&j, "mpv_mps", metric(r->mpv_mps));
        /* Load x gravity x mean velocity would be right for a free bar on a vertical path, but wrong for a sled
         * (incline), a stack (pulleys) and a belt (body weight): null until the path of the load is known here. */
        value_put(&j, "power_w", json_null());
        value_put(&j, "sticking", sticking(&r->sticking));
        return j;
}

static json_t *quality(const struct rep *r) {
        json_t *j = json_object();

        value_put(&j, "loss_pct", percent(r->loss_pct));
        value_put(&j, "clipped", json_boolean(r->flags & REP_FLAG_CLIPPED));
        value_put(&j, "confidence", value_figure(r->confidence, 2));
        return j;
}

/* ---- payloads: each adds to the head ---- */

/* Everything of a rep but its numbers. */
static void put_figures(json_t **j, const struct message *m, const struct rep *r, const struct rep_note *n) {
        const double *t = r->tempo_s;

        value_put(j, "start_ms", instant(m, r->start_us));
        value_put(j, "end_ms", instant(m, r->end_us));
        value_put(j, "phases", phases(m, r));
        value_put(j, "tempo_s", tempo(t[PHASE_ECCENTRIC], t[PHASE_BOTTOM], t[PHASE_CONCENTRIC], t[PHASE_TOP]));
        value_put(j, "pause_before_s", metric(r->pause_before_s));
        value_put(j, "rom_m", metric(r->rom_m));
        value_put(j, "eccentric", eccentric(r, n));
        value_put(j, "concentric", concentric(r));
        value_put(j, "velocity_loss_pct", percent(r->velocity_loss_pct));
        value_put(j, "tut_s", metric(r->tut_s));
        value_put(j, "verdict", judged_verdict(n));
        value_put(j, "flags", judged_flags(r->flags, n->known && n->assisted, n->known ? n->dive : 0));
        value_put(j, "quality", quality(r));
}

static void put_rep(json_t **j, const struct message *m) {
        value_put(j, "set", value_some(m->rep.set));
        value_put(j, "rep", value_some(m->rep.rep));
        put_figures(j, m, &m->rep, &m->rep_note);
        value_put(j, "late", json_boolean(m->late));
}

static json_t *set_rep(const struct message *m, unsigned i) {
        const struct set_note *n = &m->set_note;
        const struct set_rep *r = &m->set.reps[i];
        const struct rep_mark *mark = &n->reps[i];
        json_t *j = json_object(), *e = json_object(), *c = json_object();
        double t[_PHASE_TEMPO_MAX];

        for (unsigned k = 0; k < _PHASE_TEMPO_MAX; k++)
                t[k] = (double) r->tempo_s[k];
        value_put(&e, "mean_mps", metric((double) r->eccentric_mean_mps));
        judged_mark(&e, n, mark);
        value_put(&c, "mean_mps", metric((double) r->concentric_mean_mps));
        value_put(&c, "peak_mps", metric((double) r->concentric_peak_mps));

        value_put(&j, "rep", value_some(r->rep));
        value_put(&j, "start_ms", instant(m, r->start_us));
        value_put(&j, "end_ms", instant(m, r->end_us));
        value_put(&j, "tempo_s", tempo(t[PHASE_ECCENTRIC], t[PHASE_BOTTOM], t[PHASE_CONCENTRIC], t[PHASE_TOP]));
        value_put(&j, "rom_m", metric((double) r->rom_m));
        value_put(&j, "eccentric", e);
        value_put(&j, "concentric", c);
        value_put(&j, "velocity_loss_pct", percent((double) r->velocity_loss_pct));
        value_put(&j, "tut_s", metric((double) r->tut_s));
        value_put(&j, "verdict", judged_mark_verdict(n, mark));
        value_put(&j, "flags",
                judged_flags(r->flags, n->known && n->assisted, n->known ? (double) mark->dive : 0));
        value_put(&j, "confidence", value_figure((double) r->confidence, 2));
        return j;
}

static void put_set(json_t **j, const struct message *m) {
        const struct set *s = &m->set;
        unsigned n = MIN(s->n_reps, ARRAY_SIZE(s->reps));
        json_t *reps = json_array();

        for (unsigned i = 0; i < n; i++)
                value_append(&reps, set_rep(m, i));

        value_put(j, "set", value_some(s->set));
        value_put(j, "end", value_string(set_end_to_string(s->end)));
        value_put(j, "start_ms", instant(m, s->start_us));
        value_put(j, "end_ms", instant(m, s->end_us));
        value_put(j, "n_reps", json_integer(n));
        value_put(j, "tut_s", metric(s->tut_s));
        value_put(j, "best_mps", metric(s->best_mps));
        value_put(j, "velocity_loss_pct", percent(s->velocity_loss_pct));
        judged_set(j, &m->set_note);
        value_put(j, "reps", reps);
        value_put(j, "late", json_boolean(m->late));
}

static json_t *last_set(const struct station_state *s) {
        if (s->last_set == 0)
                return json_null();

        json_t *j = json_object();
        value_put(&j, "set", value_some(s->last_set));
        value_put(&j, "n_reps", json_integer(s->last_set_reps));
        value_put(&j, "tut_s", metric(s->last_set_tut_s));
        value_put(&j, "best_mps", metric(s->last_set_best_mps));
        value_put(&j, "velocity_loss_pct", percent(s->last_set_velocity_loss_pct));
        value_put(&j, "compliance_pct", percent(s->last_set_compliance_pct));
        value_put(&j, "control", value_figure(s->last_set_control, 2));
        return j;
}

/* What of it is given; the rest stays as it is. */
static json_t *assigned(const struct wish *w) {
        const struct assignment *a = &w->values;
        json_t *j = json_object();

        if (w->given & ASSIGNMENT_ATHLETE)
                value_put(&j, "athlete", VALUE_TEXT(a->athlete));
        if (w->given & ASSIGNMENT_EXERCISE)
                value_put(&j, "exercise", VALUE_TEXT(a->exercise));
        if (w->given & ASSIGNMENT_PRESCRIPTION)
                value_put(&j, "prescription", VALUE_TEXT(a->prescription));
        if (w->given & ASSIGNMENT_LOAD)
                value_put(&j, "load_kg", value_figure(a->load_kg, 2));
        if (w->given & ASSIGNMENT_ONE_RM)
                value_put(&j, "one_rm_kg", value_figure(a->one_rm_kg, 2));
        return j;
}

static void put_roster(json_t **j, const struct station_state *s) {
        const struct wish next = {.given = ASSIGNMENT_ALL, .values = s->next};
        json_t *queue = json_array(), *unclaimed = json_array();

        for (unsigned i = 0; i < s->n_queue; i++)
                value_append(&queue, assigned(&s->queue[i]));
        for (unsigned i = 0; i < s->n_unclaimed; i++)
                value_append(&unclaimed, value_some(s->unclaimed[i]));
        value_put(j, "one_rm_kg", value_figure(s->one_rm_kg, 2));
        value_put(j, "next", s->has_next ? assigned(&next) : json_null());
        value_put(j, "queue", queue);
        value_put(j, "rotate", json_boolean(s->rotate));
        value_put(j, "unclaimed", unclaimed);
}

static void put_state(json_t **j, const struct message *m) {
        const struct station_state *s = &m->state;

        value_put(j, "t_ms", instant(m, m->t_us));
        value_put(j, "sensor_state", VALUE_TEXT(s->sensor_state));
        value_put(j, "sensor_error", VALUE_TEXT(s->sensor_error));
        value_put(j, "set", value_some(s->set));
        value_put(j, "n_reps", json_integer(s->reps));
        value_put(j, "target", judged_target(&s->target));
        value_put(j, "workout", judged_workout(s));
        value_put(j, "advice", judged_state_advice(&s->advice));
        value_put(j, "last_set", last_set(s));
        put_roster(j, s);
}

static void put_live(json_t **j, const struct message *m) {
        const struct live *l = &m->live;

        value_put(j, "t_ms", instant(m, l->t_us));
        value_put(j, "set", value_some(l->set));
        value_put(j, "rep", value_some(l->rep));
        value_put(j, "phase", value_string(phase_to_string(l->phase)));
        value_put(j, "phase_s", metric(l->phase_s));
        value_put(j, "velocity_mps", metric(l->velocity_mps));
        value_put(j, "position_m", metric(l->position_m));
        value_put(j, "rom_share", value_figure(l->rom_share, 2));
        value_put(j, "moving", json_boolean(l->moving));
        value_put(j, "pace", judged_pace(&m->pace));
}

static void put_phase(json_t **j, const struct message *m) {
        const struct phase_event *p = &m->phase;

        value_put(j, "set", value_some(p->set));
        value_put(j, "rep", value_some(p->rep));
        value_put(j, "phase", value_string(phase_to_string(p->phase)));
        value_put(j, "start_ms", instant(m, p->start_us));
        value_put(j, "latency_s", metric((double) p->latency_us / 1e6));
}

static void put_rejected(json_t **j, const struct message *m) {
        const struct rejected *r = &m->rejected;

        value_put(j, "reason", value_string(rejection_to_string(r->reason)));
        value_put(j, "start_ms", instant(m, r->start_us));
        value_put(j, "end_ms", instant(m, r->end_us));
        value_put(j, "rom_m", metric(r->rom_m));
        value_put(j, "peak_mps", metric(r->peak_mps));
}

static void put_amend(json_t **j, const struct message *m) {
        const struct amend *a = &m->amend;

        if (m->run[0] != '\0' && m->ref > 0)
                value_put(j, "ref", event_id(m, m->ref));
        value_put(j, "set", value_some(a->set));
        value_put(j, "rep", value_some(a->rep));
        value_put(j, "by", json_string("hub"));
        value_put(j, "change", value_string(amendment_to_string(a->change)));
        if (a->change == AMENDED_FIGURES)
                put_figures(j, m, &a->figures, &m->amend_note);
        else
                value_put(j, "reason", value_string(rejection_to_string(a->reason)));
        value_put(j, "late", json_boolean(m->late));
}

static const char *edit_word(enum edit_change change) {
        static const char *const words[_EDIT_MAX] = {
                [EDIT_DISCARDED] = "discarded", [EDIT_CLAIMED] = "claimed", [EDIT_RESTORED] = "restored"};

        return change < _EDIT_MAX ? words[change] : NULL;
}

/* Which reps count now, and the figures of the set that follow from it. */
static json_t *set_figures(const struct message *m, const struct set *s, const struct set_note *n) {
        json_t *j = json_object(), *reps = json_array();

        for (unsigned i = 0; i < MIN(s->n_reps, ARRAY_SIZE(s->reps)); i++) {
                json_t *r = json_object();

                value_put(&r, "rep", value_some(s->reps[i].rep));
                value_put(&r, "velocity_loss_pct", percent((double) s->reps[i].velocity_loss_pct));
                value_append(&reps, r);
        }
        value_put(&j, "start_ms", instant(m, s->start_us));
        value_put(&j, "end_ms", instant(m, s->end_us));
        value_put(&j, "n_reps", json_integer(s->n_reps));
        value_put(&j, "tut_s", metric(s->tut_s));
        value_put(&j, "best_mps", metric(s->best_mps));
        value_put(&j, "velocity_loss_pct", percent(s->velocity_loss_pct));
        judged_set(&j, n);
        value_put(&j, "reps", reps);
        return j;
}

static void put_edit(json_t **j, const struct message *m) {
        const struct edit *e = &m->edit;

        if (m->run[0] != '\0' && m->ref > 0)
                value_put(j, "ref", event_id(m, m->ref));
        value_put(j, "set", value_some(e->set));
        value_put(j, "rep", value_some(e->rep));
        value_put(j, "by", VALUE_TEXT(e->by));
        value_put(j, "change", value_string(edit_word(e->change)));
        value_put(j, "restores", value_string(edit_word(e->restores)));
        value_put(j, "figures", e->has_figures ? set_figures(m, &e->figures, &m->edit_note) : json_null());
        value_put(j, "late", json_boolean(m->late));
}

static void put_payload(json_t **j, const struct message *m) {
        switch (m->type) {
        case MESSAGE_STATE:
                put_state(j, m);
                return;
        case MESSAGE_LIVE:
                put_live(j, m);
                return;
        case MESSAGE_PHASE:
                put_phase(j, m);
                return;
        case MESSAGE_REP:
                put_rep(j, m);
                return;
        case MESSAGE_SET:
                put_set(j, m);
                return;
        case MESSAGE_REJECTED:
                put_rejected(j, m);
                return;
        case MESSAGE_AMEND:
                if (m->by_hand)
                        put_edit(j, m);
                else
                        put_amend(j, m);
                return;
        case MESSAGE_FATIGUE:
                judged_fatigue(j, &m->fatigue);
                break;
        case MESSAGE_ADVICE:
                judged_advice(j, &m->advice);
                break;
        case MESSAGE_SAFETY:
                value_put(j, "start_ms", instant(m, m->alarm.start_us));
                judged_alarm(j, &m->alarm);
                break;
        case _MESSAGE_MAX:
                assert(!"a message of no type");
        }
        value_put(j, "late", json_boolean(m->late));
}

int message_to_json(const struct message *m, char **ret) {
        json_t *j = head(m);

        put_payload(&j, m);
        return value_print(j, ret);
}

int status_to_json(const struct status *s, char **ret) {
        json_t *j = json_object();

        value_put(&j, "v", json_integer(1));
        value_put(&j, "type", json_string("status"));
        value_put(&j, "state", json_string(s->online ? "online" : "offline"));
        value_put(&j, "session", value_text(s->session, strlen(s->session)));
        value_put(&j, "since_ms", s->since_ms < 0 ? json_null() : json_integer(s->since_ms));
        value_put(&j, "version", value_text(s->version, strlen(s->version)));
        return value_print(j, ret);
}

int status_from_json(const char *json, size_t size, struct status_heard *ret) {
        _cleanup_(json_decrefp) json_t *j = json_loadb(json, size, 0, NULL);
        const char *state = json_string_value(json_object_get(j, "state"));
        const char *session = json_string_value(json_object_get(j, "session"));

        if (!state || !session || strlen(session) >= sizeof(ret->session) ||
                (strcmp(state, "online") != 0 && strcmp(state, "offline") != 0))
                return -EINVAL;
        ret->online = state[1] == 'n';
        strcpy(ret->session, session);
        return 0;
}

/* "late" is the last field of the payloads that have it, so it can be found from the end without parsing. */
void message_json_set_late(char *json) {
        static const char early[] = "\"late\":false}", late[] = "\"late\":true}";
        size_t n = strlen(json);

        if (n >= sizeof(early) - 1 && strcmp(json + n - (sizeof(early) - 1), early) == 0)
                memcpy(json + n - (sizeof(early) - 1), late, sizeof(late));
}

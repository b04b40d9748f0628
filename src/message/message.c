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
#include "util/macros.h"
#include "util/utf8.h"

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

/* Text is printed with 15 significant digits, which any double carries: a figure rounded to its decimals then prints
 * with just these. Beyond 1e9 nothing is a figure of a lift, and the digits would no longer do. */
#define PRINTED_DIGITS 15
#define FIGURE_MAX     1e9

static json_t *figure(double x, int decimals) {
        static const double scales[] = {1, 10, 100, 1000};
        double scale = scales[decimals];

        if (!isfinite(x) || fabs(x) > FIGURE_MAX)
                return json_null();
        return json_real(round(x * scale) / scale + 0.0); /* + 0.0 turns -0.0 into 0.0 */
}

static json_t *metric(double x) { /* s, m, m/s: to the millisecond and millimetre */
        return figure(x, 3);
}

static json_t *percent(double x) {
        return figure(x, 1);
}

/* Sets and reps count from 1; 0 is none. */
static json_t *count(uint32_t n) {
        return n > 0 ? json_integer(n) : json_null();
}

static json_t *word(const char *s) {
        return s ? json_string(s) : json_null();
}

static json_t *name(const char *s, size_t size) {
        char repaired[3 * 2 * MESSAGE_NAME_MAX]; /* a bad byte becomes three */

        if (s[0] == '\0')
                return json_null();
        utf8_repair(s, size, repaired, sizeof(repaired));
        return json_string(repaired);
}
#define NAME(field) name((field), sizeof(field))

/* Milliseconds since the epoch, or of the recording's own time; to the nearest. */
static json_t *instant(const struct message *m, uint64_t t_us) {
        int64_t us =
                (int64_t) ((uint64_t) m->epoch_us + t_us); /* unsigned: nothing from outside may overflow */
        int64_t ms = us / 1000, rest = us % 1000;
        return json_integer(ms + (rest >= 500) - (rest <= -500));
}

/* One field more. Out of memory (no value, or no room) leaves no object at all, and every put() after it lets its
 * value go: only the end result must be checked. */
static void put(json_t **object, const char *key, json_t *value) {
        if (json_object_set_new(*object, key, value) < 0) {
                json_decref(*object);
                *object = NULL;
        }
}

static void append(json_t **list, json_t *value) {
        if (json_array_append_new(*list, value) < 0) {
                json_decref(*list);
                *list = NULL;
        }
}

/* ---- pieces ---- */

static json_t *event_id(const struct message *m, uint64_t number) {
        return json_sprintf("%.*s-%llu", MESSAGE_RUN_MAX, m->run, (unsigned long long) number);
}

/* What every message starts with. */
static json_t *head(const struct message *m) {
        const struct message_origin *o = &m->origin;
        json_t *j = json_object();

        put(&j, "v", json_integer(1));
        put(&j, "type", json_string(types[m->type]));
        if (m->run[0] != '\0' && m->number > 0)
                put(&j, "id", event_id(m, m->number));
        if (m->seq > 0)
                put(&j, "seq", json_integer((json_int_t) m->seq));
        put(&j, "hub", NAME(o->hub));
        put(&j, "station", NAME(o->station));
        put(&j, "sensor", NAME(o->sensor));
        put(&j, "clock", json_string(m->synced ? "synced" : "unsynced"));
        put(&j, "athlete", NAME(o->athlete));
        put(&j, "exercise", NAME(o->exercise));
        put(&j, "prescription", NAME(o->prescription));
        put(&j, "load_kg", figure(o->load_kg, 2));
        return j;
}

static json_t *tempo(double eccentric, double bottom, double concentric, double top) {
        json_t *j = json_object();

        put(&j, "eccentric", metric(eccentric));
        put(&j, "bottom", metric(bottom));
        put(&j, "concentric", metric(concentric));
        put(&j, "top", metric(top));
        return j;
}

static json_t *phases(const struct message *m, const struct rep *rep) {
        json_t *list = json_array();

        for (unsigned i = 0; i < MIN(rep->n_phases, ARRAY_SIZE(rep->phases)); i++) {
                const struct phase_span *p = &rep->phases[i];
                json_t *j = json_object();

                put(&j, "phase", word(phase_to_string(p->phase)));
                put(&j, "start_ms", instant(m, p->start_us));
                put(&j, "end_ms", instant(m, p->end_us));
                append(&list, j);
        }
        return list;
}

static json_t *sticking(const struct sticking *s) {
        if (!isfinite(s->min_mps))
                return json_null();

        json_t *j = json_object();
        put(&j, "at_m", metric(s->at_m));
        put(&j, "min_mps", metric(s->min_mps));
        put(&j, "duration_s", metric(s->duration_s));
        return j;
}

static json_t *eccentric(const struct rep *r, const struct rep_note *n) {
        json_t *j = json_object();

        put(&j, "mean_mps", metric(r->eccentric.mean_mps));
        put(&j, "peak_mps", metric(r->eccentric.peak_mps));
        judged_eccentric(&j, n);
        return j;
}

static json_t *concentric(const struct rep *r) {
        json_t *j = json_object();

        put(&j, "mean_mps", metric(r->concentric.mean_mps));
        put(&j, "peak_mps", metric(r->concentric.peak_mps));
        put(&j, "mpv_mps", metric(r->mpv_mps));
        /* Load x gravity x mean velocity would be right for a free bar on a vertical path, but wrong for a sled
         * (incline), a stack (pulleys) and a belt (body weight): null until the path of the load is known here. */
        put(&j, "power_w", json_null());
        put(&j, "sticking", sticking(&r->sticking));
        return j;
}

static json_t *quality(const struct rep *r) {
        json_t *j = json_object();

        put(&j, "loss_pct", percent(r->loss_pct));
        put(&j, "clipped", json_boolean(r->flags & REP_FLAG_CLIPPED));
        put(&j, "confidence", figure(r->confidence, 2));
        return j;
}

/* ---- payloads: each adds to the head ---- */

/* Everything of a rep but its numbers. */
static void put_figures(json_t **j, const struct message *m, const struct rep *r, const struct rep_note *n) {
        const double *t = r->tempo_s;

        put(j, "start_ms", instant(m, r->start_us));
        put(j, "end_ms", instant(m, r->end_us));
        put(j, "phases", phases(m, r));
        put(j, "tempo_s", tempo(t[PHASE_ECCENTRIC], t[PHASE_BOTTOM], t[PHASE_CONCENTRIC], t[PHASE_TOP]));
        put(j, "pause_before_s", metric(r->pause_before_s));
        put(j, "rom_m", metric(r->rom_m));
        put(j, "eccentric", eccentric(r, n));
        put(j, "concentric", concentric(r));
        put(j, "velocity_loss_pct", percent(r->velocity_loss_pct));
        put(j, "tut_s", metric(r->tut_s));
        put(j, "verdict", judged_verdict(n));
        put(j, "flags", judged_flags(r->flags, n->known && n->assisted, n->known ? n->dive : 0));
        put(j, "quality", quality(r));
}

static void put_rep(json_t **j, const struct message *m) {
        put(j, "set", count(m->rep.set));
        put(j, "rep", count(m->rep.rep));
        put_figures(j, m, &m->rep, &m->rep_note);
        put(j, "late", json_boolean(m->late));
}

static json_t *set_rep(const struct message *m, unsigned i) {
        const struct set_note *n = &m->set_note;
        const struct set_rep *r = &m->set.reps[i];
        const struct rep_mark *mark = &n->reps[i];
        json_t *j = json_object(), *e = json_object(), *c = json_object();
        double t[_PHASE_TEMPO_MAX];

        for (unsigned k = 0; k < _PHASE_TEMPO_MAX; k++)
                t[k] = (double) r->tempo_s[k];
        put(&e, "mean_mps", metric((double) r->eccentric_mean_mps));
        judged_mark(&e, n, mark);
        put(&c, "mean_mps", metric((double) r->concentric_mean_mps));
        put(&c, "peak_mps", metric((double) r->concentric_peak_mps));

        put(&j, "rep", count(r->rep));
        put(&j, "start_ms", instant(m, r->start_us));
        put(&j, "end_ms", instant(m, r->end_us));
        put(&j, "tempo_s", tempo(t[PHASE_ECCENTRIC], t[PHASE_BOTTOM], t[PHASE_CONCENTRIC], t[PHASE_TOP]));
        put(&j, "rom_m", metric((double) r->rom_m));
        put(&j, "eccentric", e);
        put(&j, "concentric", c);
        put(&j, "velocity_loss_pct", percent((double) r->velocity_loss_pct));
        put(&j, "tut_s", metric((double) r->tut_s));
        put(&j, "verdict", judged_mark_verdict(n, mark));
        put(&j, "flags", judged_flags(r->flags, n->known && n->assisted, n->known ? (double) mark->dive : 0));
        put(&j, "confidence", figure((double) r->confidence, 2));
        return j;
}

static void put_set(json_t **j, const struct message *m) {
        const struct set *s = &m->set;
        unsigned n = MIN(s->n_reps, ARRAY_SIZE(s->reps));
        json_t *reps = json_array();

        for (unsigned i = 0; i < n; i++)
                append(&reps, set_rep(m, i));

        put(j, "set", count(s->set));
        put(j, "end", word(set_end_to_string(s->end)));
        put(j, "start_ms", instant(m, s->start_us));
        put(j, "end_ms", instant(m, s->end_us));
        put(j, "n_reps", json_integer(n));
        put(j, "tut_s", metric(s->tut_s));
        put(j, "best_mps", metric(s->best_mps));
        put(j, "velocity_loss_pct", percent(s->velocity_loss_pct));
        judged_set(j, &m->set_note);
        put(j, "reps", reps);
        put(j, "late", json_boolean(m->late));
}

static json_t *last_set(const struct station_state *s) {
        if (s->last_set == 0)
                return json_null();

        json_t *j = json_object();
        put(&j, "set", count(s->last_set));
        put(&j, "n_reps", json_integer(s->last_set_reps));
        put(&j, "tut_s", metric(s->last_set_tut_s));
        put(&j, "best_mps", metric(s->last_set_best_mps));
        put(&j, "velocity_loss_pct", percent(s->last_set_velocity_loss_pct));
        put(&j, "compliance_pct", percent(s->last_set_compliance_pct));
        put(&j, "control", figure(s->last_set_control, 2));
        return j;
}

/* What of it is given; the rest stays as it is. */
static json_t *assigned(const struct wish *w) {
        const struct assignment *a = &w->values;
        json_t *j = json_object();

        if (w->given & ASSIGNMENT_ATHLETE)
                put(&j, "athlete", NAME(a->athlete));
        if (w->given & ASSIGNMENT_EXERCISE)
                put(&j, "exercise", NAME(a->exercise));
        if (w->given & ASSIGNMENT_PRESCRIPTION)
                put(&j, "prescription", NAME(a->prescription));
        if (w->given & ASSIGNMENT_LOAD)
                put(&j, "load_kg", figure(a->load_kg, 2));
        if (w->given & ASSIGNMENT_ONE_RM)
                put(&j, "one_rm_kg", figure(a->one_rm_kg, 2));
        return j;
}

static void put_roster(json_t **j, const struct station_state *s) {
        const struct wish next = {.given = ASSIGNMENT_ALL, .values = s->next};
        json_t *queue = json_array(), *unclaimed = json_array();

        for (unsigned i = 0; i < s->n_queue; i++)
                append(&queue, assigned(&s->queue[i]));
        for (unsigned i = 0; i < s->n_unclaimed; i++)
                append(&unclaimed, count(s->unclaimed[i]));
        put(j, "one_rm_kg", figure(s->one_rm_kg, 2));
        put(j, "next", s->has_next ? assigned(&next) : json_null());
        put(j, "queue", queue);
        put(j, "rotate", json_boolean(s->rotate));
        put(j, "unclaimed", unclaimed);
}

static void put_state(json_t **j, const struct message *m) {
        const struct station_state *s = &m->state;

        put(j, "t_ms", instant(m, m->t_us));
        put(j, "sensor_state", NAME(s->sensor_state));
        put(j, "sensor_error", NAME(s->sensor_error));
        put(j, "set", count(s->set));
        put(j, "n_reps", json_integer(s->reps));
        put(j, "target", judged_target(&s->target));
        put(j, "workout", judged_workout(s));
        put(j, "advice", judged_state_advice(&s->advice));
        put(j, "last_set", last_set(s));
        put_roster(j, s);
}

static void put_live(json_t **j, const struct message *m) {
        const struct live *l = &m->live;

        put(j, "t_ms", instant(m, l->t_us));
        put(j, "set", count(l->set));
        put(j, "rep", count(l->rep));
        put(j, "phase", word(phase_to_string(l->phase)));
        put(j, "phase_s", metric(l->phase_s));
        put(j, "velocity_mps", metric(l->velocity_mps));
        put(j, "position_m", metric(l->position_m));
        put(j, "rom_share", figure(l->rom_share, 2));
        put(j, "moving", json_boolean(l->moving));
        put(j, "pace", judged_pace(&m->pace));
}

static void put_phase(json_t **j, const struct message *m) {
        const struct phase_event *p = &m->phase;

        put(j, "set", count(p->set));
        put(j, "rep", count(p->rep));
        put(j, "phase", word(phase_to_string(p->phase)));
        put(j, "start_ms", instant(m, p->start_us));
        put(j, "latency_s", metric((double) p->latency_us / 1e6));
}

static void put_rejected(json_t **j, const struct message *m) {
        const struct rejected *r = &m->rejected;

        put(j, "reason", word(rejection_to_string(r->reason)));
        put(j, "start_ms", instant(m, r->start_us));
        put(j, "end_ms", instant(m, r->end_us));
        put(j, "rom_m", metric(r->rom_m));
        put(j, "peak_mps", metric(r->peak_mps));
}

static void put_amend(json_t **j, const struct message *m) {
        const struct amend *a = &m->amend;

        if (m->run[0] != '\0' && m->ref > 0)
                put(j, "ref", event_id(m, m->ref));
        put(j, "set", count(a->set));
        put(j, "rep", count(a->rep));
        put(j, "by", json_string("hub"));
        put(j, "change", word(amendment_to_string(a->change)));
        if (a->change == AMENDED_FIGURES)
                put_figures(j, m, &a->figures, &m->amend_note);
        else
                put(j, "reason", word(rejection_to_string(a->reason)));
        put(j, "late", json_boolean(m->late));
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

                put(&r, "rep", count(s->reps[i].rep));
                put(&r, "velocity_loss_pct", percent((double) s->reps[i].velocity_loss_pct));
                append(&reps, r);
        }
        put(&j, "start_ms", instant(m, s->start_us));
        put(&j, "end_ms", instant(m, s->end_us));
        put(&j, "n_reps", json_integer(s->n_reps));
        put(&j, "tut_s", metric(s->tut_s));
        put(&j, "best_mps", metric(s->best_mps));
        put(&j, "velocity_loss_pct", percent(s->velocity_loss_pct));
        judged_set(&j, n);
        put(&j, "reps", reps);
        return j;
}

static void put_edit(json_t **j, const struct message *m) {
        const struct edit *e = &m->edit;

        if (m->run[0] != '\0' && m->ref > 0)
                put(j, "ref", event_id(m, m->ref));
        put(j, "set", count(e->set));
        put(j, "rep", count(e->rep));
        put(j, "by", NAME(e->by));
        put(j, "change", word(edit_word(e->change)));
        put(j, "restores", word(edit_word(e->restores)));
        put(j, "figures", e->has_figures ? set_figures(m, &e->figures, &m->edit_note) : json_null());
        put(j, "late", json_boolean(m->late));
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
                put(j, "start_ms", instant(m, m->alarm.start_us));
                judged_alarm(j, &m->alarm);
                break;
        case _MESSAGE_MAX:
                assert(!"a message of no type");
        }
        put(j, "late", json_boolean(m->late));
}

static int print(const json_t *object, char **ret) {
        char *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(PRINTED_DIGITS)) : NULL;
        if (!text)
                return -ENOMEM;
        *ret = text;
        return 0;
}

int message_to_json(const struct message *m, char **ret) {
        _cleanup_(json_decrefp) json_t *j = head(m);

        put_payload(&j, m);
        return print(j, ret);
}

int status_to_json(const struct status *s, char **ret) {
        _cleanup_(json_decrefp) json_t *j = json_object();

        put(&j, "v", json_integer(1));
        put(&j, "type", json_string("status"));
        put(&j, "state", json_string(s->online ? "online" : "offline"));
        put(&j, "session", name(s->session, strlen(s->session)));
        put(&j, "since_ms", s->since_ms < 0 ? json_null() : json_integer(s->since_ms));
        put(&j, "version", name(s->version, strlen(s->version)));
        return print(j, ret);
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

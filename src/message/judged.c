/* SPDX-License-Identifier: Apache-2.0 */
/* What the coach says, as parts of payloads. */

#include "message/judged.h"

#include <math.h>
#include <stdio.h>

#include "message/value.h"

/* The core's, and what the coach saw. */
json_t *judged_flags(unsigned flags, bool assisted, double dive) {
        json_t *list = json_array();

        for (unsigned flag = 1; flag < _REP_FLAG_MAX; flag <<= 1)
                if (flags & flag)
                        value_append(&list, json_string(rep_flag_to_string(flag)));
        if (assisted)
                value_append(&list, json_string("assisted"));
        if (dive > 0)
                value_append(&list, json_string("divebomb"));
        return list;
}

static void put_control(json_t **j, bool known, double control, double dive) {
        value_put(j, "control", value_figure(known ? control : (double) NAN, 2));
        value_put(j, "divebomb", value_figure(known ? dive : (double) NAN, 2));
}

void judged_eccentric(json_t **j, const struct rep_note *n) {
        put_control(j, n->known, n->control, n->dive);
}

void judged_mark(json_t **j, const struct set_note *n, const struct rep_mark *mark) {
        put_control(j, n->known, (double) mark->control, (double) mark->dive);
}

static json_t *compliance(enum compliance c) {
        return c == COMPLIANCE_UNKNOWN ? json_null() : json_boolean(c == COMPLIANCE_YES);
}

static json_t *verdict_words(const uint8_t phase[static _PHASE_TEMPO_MAX]) {
        json_t *j = json_object();

        for (unsigned i = 0; i < _PHASE_TEMPO_MAX; i++)
                value_put(&j, phase_to_string(i), value_string(verdict_to_string(phase[i])));
        return j;
}

json_t *judged_verdict(const struct rep_note *n) {
        uint8_t phase[_PHASE_TEMPO_MAX];
        json_t *j;

        if (!n->known || !n->judged)
                return json_null();
        for (unsigned i = 0; i < _PHASE_TEMPO_MAX; i++)
                phase[i] = (uint8_t) n->verdicts.phase[i];
        j = verdict_words(phase);
        value_put(&j, "pause_before", value_string(verdict_to_string(n->verdicts.before)));
        value_put(&j, "compliant", compliance(n->verdicts.rep));
        return j;
}

json_t *judged_mark_verdict(const struct set_note *n, const struct rep_mark *mark) {
        json_t *j;

        if (!n->known || !n->judged)
                return json_null();
        j = verdict_words(mark->phase);
        value_put(&j, "compliant", compliance(mark->compliance));
        return j;
}

static json_t *set_compliance(const struct set_note *n) {
        json_t *j;

        if (!n->known || !n->judged)
                return json_null();
        j = json_object();
        value_put(&j, "judged", json_integer(n->n_judged));
        value_put(&j, "compliant", json_integer(n->n_compliant));
        value_put(&j, "pct", value_figure(set_note_compliance(n), 1));
        return j;
}

void judged_set(json_t **j, const struct set_note *n) {
        bool strong = n->known && n->strength.known;

        value_put(j, "prescribed_tempo", n->known ? VALUE_TEXT(n->tempo) : json_null());
        value_put(j, "compliance", set_compliance(n));
        value_put(j, "control", value_figure(n->known ? n->control : (double) NAN, 2));
        value_put(j, "eccentric_s", value_figure(n->known ? n->eccentric_s : (double) NAN, 3));
        value_put(j, "e1rm_kg", value_figure(strong ? n->strength.e1rm_kg : (double) NAN, 1));
        value_put(j, "e1rm_se_kg", value_figure(strong ? n->strength.e1rm_se_kg : (double) NAN, 1));
}

/* Seconds of a part that is judged by the clock. */
static json_t *target_s(const struct prescription *p, enum phase phase) {
        enum tempo_rule rule = p->tempo[phase].rule;

        return rule == TEMPO_FREE || rule == TEMPO_FAST ? json_null() : value_figure(p->tempo[phase].s, 3);
}

json_t *judged_target(const struct prescription *p) {
        json_t *j;

        if (*p->name == '\0')
                return json_null();
        j = json_object();
        value_put(&j, "kind", value_string(prescription_kind_to_string(p->kind)));
        value_put(&j, "title", VALUE_TEXT(p->title));
        value_put(&j, "tempo", VALUE_TEXT(p->tempo_text));
        value_put(&j, "eccentric_s", target_s(p, PHASE_ECCENTRIC));
        value_put(&j, "bottom_s", target_s(p, PHASE_BOTTOM));
        value_put(&j, "concentric_s", target_s(p, PHASE_CONCENTRIC));
        value_put(&j, "top_s", target_s(p, PHASE_TOP));
        value_put(&j, "tolerance_s", value_figure(prescription_tolerance(p, PHASE_ECCENTRIC), 3));
        value_put(&j, "reps", value_some(p->reps_max));
        value_put(&j, "sets", value_some(p->sets_max));
        value_put(&j, "velocity_loss_pct", value_figure(p->velocity_loss_pct, 1));
        return j;
}

json_t *judged_pace(const struct pace *p) {
        json_t *j;

        if (!p->known)
                return json_null();
        j = json_object();
        value_put(&j, "target_s", value_figure(p->target_s, 3));
        value_put(&j, "predicted_s", value_figure(p->predicted_s, 3));
        value_put(&j, "travelled", value_figure(p->travelled, 2));
        value_put(&j, "due", value_figure(p->due, 2));
        value_put(&j, "cue", value_string(cue_to_string(p->cue)));
        return j;
}

json_t *judged_workout(const struct station_state *s) {
        const struct station_workout *w = &s->workout;
        json_t *j;

        if (!w->known)
                return json_null();
        j = json_object();
        value_put(&j, "sets", json_integer(w->sets));
        value_put(&j, "negative_sets", json_integer(w->negative_sets));
        value_put(&j, "budget_sets", value_some(w->budget_sets));
        value_put(&j, "compliance_pct", value_figure(w->compliance_pct, 1));
        return j;
}

void judged_fatigue(json_t **j, const struct fatigue_told *f) {
        const struct fatigue *now = &f->now;
        bool drifts = isfinite(now->eccentric_change_pct) || isfinite(now->control_change);

        value_put(j, "set", value_some(f->set));
        value_put(j, "rep", value_some(f->rep));
        value_put(j, "sign", value_string(fatigue_sign_to_string(f->sign)));
        value_put(j, "velocity_loss_pct", value_figure(now->velocity_loss_pct, 1));
        value_put(j, "limit_pct", value_figure(now->limit_pct, 1));
        value_put(j, "eccentric_change_pct", value_figure(now->eccentric_change_pct, 1));
        value_put(j, "eccentric_sd_pct", value_figure(now->eccentric_sd_pct, 1));
        value_put(j, "control_change", value_figure(now->control_change, 2));
        value_put(j, "control_sd", value_figure(now->control_sd, 2));
        value_put(j, "probability", value_figure(drifts ? now->probability : (double) NAN, 3));
}

/* The reason in words, for a screen or a voice. */
static void reason_text(const struct advice *a, char *ret, size_t size) {
        switch (a->reason) {
        case REASON_VELOCITY_LOSS:
                snprintf(ret, size, "velocity is down by %.0f %%, the limit is %.0f %%", a->value, a->limit);
                return;
        case REASON_THREE_SECOND_RULE:
                snprintf(ret, size, "negatives under %.1f s, the newest %.1f s", a->limit, a->value);
                return;
        case REASON_BUDGET_80:
                snprintf(ret, size, "%.0f of %.0f negative sets of this workout are done", a->value, a->limit);
                return;
        case REASON_BUDGET_100:
                snprintf(ret, size, "all %.0f negative sets of this workout are done", a->limit);
                return;
        case REASON_SECOND_EXERCISE:
                snprintf(ret, size, "this muscle group had its negatives with %s", a->other);
                return;
        case REASON_LONG_AND_STEADY:
                snprintf(ret, size, "all negatives long and steady, scatter %.0f %%", a->value);
                return;
        case REASON_CLEAN_SET:
                snprintf(ret, size, "every negative held, the shortest %.1f s", a->value);
                return;
        case REASON_NONE:
        case _ADVICE_REASON_MAX:
                break;
        }
        *ret = '\0';
}

static void put_reason(json_t **j, const struct advice *a) {
        char text[VALUE_TEXT_MAX];

        reason_text(a, text, sizeof(text));
        value_put(j, "advice", value_string(advice_kind_to_string(a->kind)));
        value_put(j, "reason", value_string(advice_reason_to_string(a->reason)));
        value_put(j, "text", VALUE_TEXT(text));
}

json_t *judged_state_advice(const struct advice *a) {
        json_t *j;

        if (a->kind == ADVICE_NONE)
                return json_null();
        j = json_object();
        put_reason(&j, a);
        return j;
}

void judged_advice(json_t **j, const struct advice *a) {
        value_put(j, "set", value_some(a->set));
        value_put(j, "rep", value_some(a->rep));
        put_reason(j, a);
        value_put(j, "value", value_figure(a->value, 2));
        value_put(j, "limit", value_figure(a->limit, 2));
        value_put(j, "step_pct", value_figure(a->step_pct, 1));
        value_put(j, "proposed_kg", value_figure(a->load_kg, 2));
        value_put(j, "other", VALUE_TEXT(a->other));
}

void judged_alarm(json_t **j, const struct alarm *a) {
        value_put(j, "set", value_some(a->set));
        value_put(j, "rep", value_some(a->rep));
        value_put(j, "kind", value_string(alarm_kind_to_string(a->kind)));
        value_put(j, "fall_s", value_figure(a->fall_s, 3));
        value_put(j, "speed_mps", value_figure(a->speed_mps, 3));
        value_put(j, "latency_s", value_figure((double) a->latency_us * 1e-6, 3));
}

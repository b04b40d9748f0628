/* SPDX-License-Identifier: Apache-2.0 */
/* What the coach says, as parts of payloads. */

#include "message/judged.h"

#include <math.h>

#include "message/value.h"

static json_t *word(const char *s) {
        return s ? json_string(s) : json_null();
}

/* 0 is not said. */
static json_t *some(unsigned n) {
        return n > 0 ? json_integer(n) : json_null();
}

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
                value_put(&j, phase_to_string(i), word(verdict_to_string(phase[i])));
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
        value_put(&j, "pause_before", word(verdict_to_string(n->verdicts.before)));
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
        value_put(j, "prescribed_tempo", n->known ? VALUE_TEXT(n->tempo) : json_null());
        value_put(j, "compliance", set_compliance(n));
        value_put(j, "control", value_figure(n->known ? n->control : (double) NAN, 2));
        value_put(j, "eccentric_s", value_figure(n->known ? n->eccentric_s : (double) NAN, 3));
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
        value_put(&j, "kind", word(prescription_kind_to_string(p->kind)));
        value_put(&j, "title", VALUE_TEXT(p->title));
        value_put(&j, "tempo", VALUE_TEXT(p->tempo_text));
        value_put(&j, "eccentric_s", target_s(p, PHASE_ECCENTRIC));
        value_put(&j, "bottom_s", target_s(p, PHASE_BOTTOM));
        value_put(&j, "concentric_s", target_s(p, PHASE_CONCENTRIC));
        value_put(&j, "top_s", target_s(p, PHASE_TOP));
        value_put(&j, "tolerance_s", value_figure(prescription_tolerance(p, PHASE_ECCENTRIC), 3));
        value_put(&j, "reps", some(p->reps_max));
        value_put(&j, "sets", some(p->sets_max));
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
        value_put(&j, "cue", word(cue_to_string(p->cue)));
        return j;
}

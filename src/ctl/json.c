/* SPDX-License-Identifier: Apache-2.0 */
/* Events as lines of JSON. */

#include "ctl/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"

DEFINE_CLEANUP(char *, free);

/* A name for the station of a message: that of the file without folder and ending. */
static void name_station(char *ret, size_t size, const char *path) {
        const char *base = strrchr(path, '/');
        char *dot;

        snprintf(ret, size, "%s", base ? base + 1 : path);
        dot = strrchr(ret, '.');
        if (dot && dot != ret)
                *dot = '\0';
}

static int json_begin(struct output *o, const struct output_source *source) {
        struct json_output *j = OUTPUT_OF(struct json_output, o);
        struct message_origin *origin = &j->message.origin;

        j->message = (struct message){.origin.load_kg = NAN};
        name_station(origin->station, sizeof(origin->station), source->path);
        snprintf(origin->sensor, sizeof(origin->sensor), "%s",
                playback_get_info(source->playback).header->sensor);
        snprintf(origin->exercise, sizeof(origin->exercise), "%s", source->exercise->name);
        snprintf(origin->prescription, sizeof(origin->prescription), "%s",
                source->prescription ? source->prescription->name : "");
        coach_init(&j->coach, NULL);
        coach_assign(&j->coach, "", source->exercise, source->prescription);
        return 0;
}

/* What the coach has to say of it. */
static void consider(struct coach *coach, struct message *m) {
        if (m->type == MESSAGE_REP)
                coach_rep(coach, &m->rep, &m->rep_note);
        else if (m->type == MESSAGE_SET) {
                coach_set(coach, &m->set, &m->set_note);
                coach_close(coach, NULL, &m->set_note);
        } else if (m->type == MESSAGE_AMEND && m->amend.change == AMENDED_FIGURES)
                coach_rep(coach, &m->amend.figures, &m->amend_note);
        else if (m->type == MESSAGE_AMEND && m->amend.change == AMENDED_REJECTED)
                coach_strike(coach, m->amend.rep);
}

static int json_event(struct output *o, const struct event *event) {
        struct json_output *j = OUTPUT_OF(struct json_output, o);
        _cleanup_(freep) char *json = NULL;
        int k;

        message_from_event(&j->message, event);
        consider(&j->coach, &j->message);
        k = message_to_json(&j->message, &json);
        if (k < 0)
                return k;
        return fprintf(j->out, "%s\n", json) < 0 ? -EIO : 0;
}

static int json_end(struct output *o) {
        return ferror(OUTPUT_OF(struct json_output, o)->out) ? -EIO : 0;
}

void json_output_init(struct json_output *j, FILE *out) {
        static const struct output_methods methods = {
                .begin = json_begin,
                .event = json_event,
                .end = json_end,
        };
        *j = (struct json_output){.output.methods = &methods, .out = out};
}

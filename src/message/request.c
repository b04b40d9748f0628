/* SPDX-License-Identifier: Apache-2.0 */
/* Commands read strictly, by a table of their fields; answers made. */

#include "message/request.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "message/value.h"
#include "util/macros.h"
#include "util/utf8.h"

/* ---- what there is ---- */

static const struct {
        const char *name;
        bool on_station;
} kinds[_REQUEST_MAX] = {
        [REQUEST_SCAN] = {"scan", false},
        [REQUEST_ADOPT] = {"adopt", false},
        [REQUEST_FORGET] = {"forget", false},
        [REQUEST_ASSIGN] = {"assign", true},
        [REQUEST_QUEUE] = {"queue", true},
        [REQUEST_CLAIM] = {"claim", true},
        [REQUEST_END_SET] = {"end_set", true},
        [REQUEST_DISCARD_REP] = {"discard_rep", true},
        [REQUEST_UNDO] = {"undo", true},
};

/* Known elsewhere, and asked for: each says why not here. */
static const struct {
        const char *name, *why;
} elsewhere[] = {
        {"record",
                "a recording is a stream of any length, for which MQTT has no brake: use repcastctl record on "
                "the hub"},
        {"identify",
                "no sensor profile knows how to make a sensor show itself: move it, and see whose live "
                "messages come"},
};

#define OF(kind) (1U << REQUEST_##kind)
#define OF_ALL   ((1U << _REQUEST_MAX) - 1)

enum field_type {
        FIELD_TEXT,   /* char[size]: printable, without blanks at its ends */
        FIELD_COUNT,  /* unsigned, min to max */
        FIELD_MOMENT, /* int64_t, from 1 */
        FIELD_YES_NO, /* bool */
        FIELD_LOAD,   /* double, 0 to ASSIGNMENT_LOAD_MAX_KG */
        FIELD_QUEUE,  /* a list of wishes */
        FIELD_READ,   /* is taken elsewhere */
};

struct field {
        const char *name;
        enum field_type type;
        unsigned of, needed; /* by which kinds */
        size_t offset, size;
        int64_t min, max;
};

#define AT(member) offsetof(struct request, member), sizeof(((struct request *) NULL)->member)

static const struct field fields[] = {
        {"v", FIELD_COUNT, OF_ALL, 0, AT(version), 1, 1},
        {"type", FIELD_READ, OF_ALL, 0, 0, 0, 0, 0},
        {"id", FIELD_READ, OF_ALL, 0, 0, 0, 0, 0},
        {"sent_ms", FIELD_MOMENT, OF_ALL, OF_ALL, AT(sent_ms), 0, 0},
        {"by", FIELD_TEXT, OF_ALL, 0, AT(by), 0, 0},
        {"seconds", FIELD_COUNT, OF(SCAN), 0, AT(seconds), 1, REQUEST_SCAN_MAX_S},
        {"sensor", FIELD_TEXT, OF(ADOPT) | OF(FORGET), OF(ADOPT) | OF(FORGET), AT(sensor), 0, 0},
        {"station", FIELD_TEXT, OF(ADOPT), OF(ADOPT), AT(station), 0, 0},
        {"profile", FIELD_TEXT, OF(ADOPT), 0, AT(profile), 0, 0},
        {"move", FIELD_YES_NO, OF(ADOPT), 0, AT(move), 0, 0},
        {"defaults", FIELD_YES_NO, OF(ASSIGN), 0, AT(defaults), 0, 0},
        {"entries", FIELD_QUEUE, OF(QUEUE), OF(QUEUE), 0, 0, 0, 0},
        {"rotate", FIELD_YES_NO, OF(QUEUE), 0, AT(rotate), 0, 0},
        {"athlete", FIELD_TEXT, OF(CLAIM), OF(CLAIM), AT(wish.values.athlete), 0, 0},
        {"set", FIELD_COUNT, OF(CLAIM), 0, AT(set), 1, UINT32_MAX},
        {"rep", FIELD_COUNT, OF(DISCARD_REP), 0, AT(rep), 1, UINT32_MAX},
};

/* Of an assignment: each may also be null, which means nobody, none, not known; a lift without its name stays the one it was. */
static const struct {
        const char *name;
        enum field_type type;
        enum assignment_field given;
        size_t offset;
} wish_fields[] = {
        {"athlete", FIELD_TEXT, ASSIGNMENT_ATHLETE, offsetof(struct assignment, athlete)},
        {"exercise", FIELD_TEXT, ASSIGNMENT_EXERCISE, offsetof(struct assignment, exercise)},
        {"prescription", FIELD_TEXT, ASSIGNMENT_PRESCRIPTION, offsetof(struct assignment, prescription)},
        {"load_kg", FIELD_LOAD, ASSIGNMENT_LOAD, offsetof(struct assignment, load_kg)},
        {"one_rm_kg", FIELD_LOAD, ASSIGNMENT_ONE_RM, offsetof(struct assignment, one_rm_kg)},
};

const char *request_kind_to_string(enum request_kind kind) {
        return kind < _REQUEST_MAX ? kinds[kind].name : NULL;
}

bool request_kind_is_of_station(enum request_kind kind) {
        return kind < _REQUEST_MAX && kinds[kind].on_station;
}

/* ---- reading ---- */

static _printf_(2, 3) int fault(struct request *q, const char *format, ...) {
        char text[REQUEST_WHY_MAX];
        va_list ap;

        q->code = "InvalidArgument";
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        utf8_repair(text, sizeof(text), q->why, sizeof(q->why)); /* it may have been cut inside a character */
        return -EINVAL;
}

static bool is_printable(const char *s) {
        size_t n = strlen(s), length;

        for (size_t i = 0; i < n; i += length) {
                length = utf8_printable(s + i, n - i);
                if (length == 0)
                        return false;
        }
        return n == 0 || (s[0] != ' ' && s[n - 1] != ' ');
}

const char *request_check_text(const char *s, size_t size) {
        if (strlen(s) >= size)
                return "is too long";
        if (*s == '\0')
                return "is empty";
        return is_printable(s) ? NULL : "has control characters, or blanks at its ends";
}

/* Each returns NULL, or what is wrong with the value. */
static const char *take_text(const json_t *j, char *ret, size_t size) {
        const char *s = json_string_value(j), *wrong; /* jansson takes no text with a NUL inside */

        if (!s)
                return "must be a text";
        wrong = request_check_text(s, size);
        if (!wrong)
                strcpy(ret, s);
        return wrong;
}

static const char *take_load(const json_t *j, double *ret) {
        double x = json_number_value(j);

        if (!json_is_number(j) || !(x >= 0 && x <= ASSIGNMENT_LOAD_MAX_KG))
                return "is no number of kilograms, or out of range";
        *ret = x;
        return NULL;
}

/* Returns NULL, or what is wrong; *ret_known: whether it is a field of an assignment at all. */
static const char *take_wish_field(const char *key, const json_t *j, struct wish *w, bool *ret_known) {
        for (size_t i = 0; i < ARRAY_SIZE(wish_fields); i++) {
                void *at = (char *) &w->values + wish_fields[i].offset;
                bool text = wish_fields[i].type == FIELD_TEXT;

                if (strcmp(wish_fields[i].name, key) != 0)
                        continue;
                *ret_known = true;
                if (json_is_null(j) && wish_fields[i].given == ASSIGNMENT_EXERCISE)
                        return NULL; /* there is always one: it stays */
                w->given |= wish_fields[i].given;
                if (json_is_null(j)) {
                        if (!text)
                                *(double *) at = (double) NAN;
                        return NULL;
                }
                return text ? take_text(j, at, ASSIGNMENT_NAME_MAX) : take_load(j, at);
        }
        *ret_known = false;
        return NULL;
}

static const char *take_entry(json_t *j, struct wish *w) {
        const char *key, *wrong;
        json_t *value;
        bool known;

        *w = (struct wish){.given = 0};
        if (!json_is_object(j))
                return "must be a list of objects";
        json_object_foreach(j, key, value) {
                wrong = take_wish_field(key, value, w, &known);
                if (wrong || !known)
                        return wrong ? wrong : "hold a field that is none of an assignment";
        }
        return w->values.athlete[0] == '\0' ? "need an athlete each" : NULL;
}

static const char *take_queue(const json_t *j, struct request *q) {
        const char *wrong = NULL;

        if (!json_is_array(j))
                return "must be a list of objects";
        if (json_array_size(j) > ASSIGNMENT_QUEUE_MAX)
                return "are too many";
        for (size_t i = 0; i < json_array_size(j) && !wrong; i++)
                wrong = take_entry(json_array_get(j, i), &q->queue[q->n_queue++]);
        return wrong;
}

static const char *take_count(const json_t *j, const struct field *f, unsigned *ret) {
        json_int_t n = json_integer_value(j);

        if (!json_is_integer(j) || n < f->min || n > f->max)
                return "is no whole number, or out of range";
        *ret = (unsigned) n;
        return NULL;
}

static const char *take(const json_t *j, const struct field *f, struct request *q) {
        void *at = (char *) q + f->offset;

        switch (f->type) {
        case FIELD_TEXT:
                return take_text(j, at, f->size);
        case FIELD_COUNT:
                return take_count(j, f, at);
        case FIELD_MOMENT:
                *(int64_t *) at = json_integer_value(j);
                return json_is_integer(j) && json_integer_value(j) > 0 ? NULL
                                                                       : "must be milliseconds since 1970";
        case FIELD_YES_NO:
                *(bool *) at = json_is_true(j);
                return json_is_boolean(j) ? NULL : "must be true or false";
        case FIELD_LOAD:
                return take_load(j, at);
        case FIELD_QUEUE:
                return take_queue(j, q);
        case FIELD_READ:
                break;
        }
        return NULL;
}

static int take_kind(const char *word, bool on_station, struct request *q) {
        for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
                if (word && strcmp(word, elsewhere[i].name) == 0)
                        return fault(q, "%s: %s", word, elsewhere[i].why);
        for (enum request_kind kind = 0; kind < _REQUEST_MAX; kind++) {
                if (!word || strcmp(word, kinds[kind].name) != 0)
                        continue;
                if (kinds[kind].on_station != on_station)
                        return fault(q,
                                on_station ? "%s is for the hub: publish to its topic cmd"
                                           : "%s is for a station: publish to its topic cmd",
                                word);
                q->kind = kind;
                return 0;
        }
        return fault(q, "no command is called %.40s", word ? word : "so: type must be a text");
}

static int take_field(const char *key, const json_t *value, struct request *q) {
        bool known = false;

        if (q->kind == REQUEST_ASSIGN) {
                const char *wrong = take_wish_field(key, value, &q->wish, &known);

                if (known)
                        return wrong ? fault(q, "%s %s", key, wrong) : 0;
        }
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                const char *wrong;

                if (strcmp(fields[i].name, key) != 0 || !(fields[i].of & 1U << q->kind))
                        continue;
                wrong = take(value, &fields[i], q);
                return wrong ? fault(q, "%s %s", key, wrong) : 0;
        }
        return fault(q, "%.40s is no field of %s", key, kinds[q->kind].name);
}

static int take_fields(json_t *j, struct request *q) {
        const char *key;
        json_t *value;

        json_object_foreach(j, key, value) {
                int r = take_field(key, value, q);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
                if (fields[i].needed & 1U << q->kind && !json_object_get(j, fields[i].name))
                        return fault(q, "%s needs %s", kinds[q->kind].name, fields[i].name);
        return 0;
}

int request_from_json(const char *json, size_t size, bool on_station, struct request *ret) {
        _cleanup_(json_decrefp) json_t *j = NULL;
        const struct request_path path = ret->path;
        struct request *q = ret;
        const char *wrong;
        int r;

        *q = (struct request){.kind = _REQUEST_MAX, .path = path};
        if (size > REQUEST_BYTES_MAX)
                return fault(q, "a command has at most %d bytes", REQUEST_BYTES_MAX);
        j = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(j))
                return fault(q, "this is no JSON object");
        wrong = take_text(json_object_get(j, "id"), q->id, sizeof(q->id));
        if (wrong)
                return fault(q, "id %s", wrong);
        r = take_kind(json_string_value(json_object_get(j, "type")), on_station, q);
        if (r < 0)
                return r;
        r = take_fields(j, q);
        if (r >= 0 && q->kind == REQUEST_ASSIGN && q->wish.given == 0 && !q->defaults)
                return fault(q, "assign what? athlete, exercise, prescription, load_kg, one_rm_kg or defaults");
        return r;
}

/* ---- answering ---- */

static json_t *sensors(const struct answer *a) {
        json_t *list = json_array();

        for (size_t i = 0; i < a->n_sensors; i++) {
                const struct answer_sensor *s = &a->sensors[i];

                (void) json_array_append_new(list,
                        json_pack("{s:s, s:o, s:o, s:o, s:o}", "address", s->address, "name",
                                value_text(s->name, VALUE_TEXT_MAX), "profile",
                                value_text(s->profile, VALUE_TEXT_MAX), "station",
                                value_text(s->station, VALUE_TEXT_MAX), "rssi_dbm",
                                s->rssi_dbm != 0 ? json_integer(s->rssi_dbm) : json_null()));
        }
        return list;
}

static json_t *result(const struct answer *a) {
        json_t *j;

        if (a->code)
                return json_null();
        j = json_object();
        for (size_t i = 0; i < ARRAY_SIZE(a->words) && a->words[i].key; i++)
                (void) json_object_set_new(j, a->words[i].key,
                        a->words[i].value || a->words[i].number == 0
                                ? value_text(a->words[i].value, VALUE_TEXT_MAX)
                                : json_integer(a->words[i].number));
        if (a->has_sensors)
                (void) json_object_set_new(j, "sensors", sensors(a));
        return j;
}

int answer_to_json(const struct answer *a, char **ret) {
        _cleanup_(json_decrefp) json_t *j = json_pack("{s:i, s:s, s:s, s:s?, s:o, s:s?, s:s, s:I, s:o, s:b}",
                "v", 1, "type", "reply", "id", a->id, "command", request_kind_to_string(a->kind), "error",
                value_text(a->code ? a->why : NULL, VALUE_TEXT_MAX), "code", a->code, "clock",
                a->synced ? "synced" : "unsynced", "now_ms", (json_int_t) a->now_ms, "result", result(a),
                "repeated", 0);

        *ret = j ? json_dumps(j, JSON_COMPACT) : NULL;
        return *ret ? 0 : -ENOMEM;
}

/* It is the last field. */
void answer_json_set_repeated(char *json) {
        static const char first[] = "\"repeated\":false}", again[] = "\"repeated\":true}";
        size_t n = strlen(json);

        if (n >= sizeof(first) - 1 && strcmp(json + n - (sizeof(first) - 1), first) == 0)
                memcpy(json + n - (sizeof(first) - 1), again, sizeof(again));
}

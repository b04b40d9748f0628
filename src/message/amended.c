/* SPDX-License-Identifier: Apache-2.0 */
/* Amendments put over what they are about (doc/mqtt.md, Amend and Query). */

#include "message/amended.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "message/value.h"
#include "util/macros.h"

static const char *text(const json_t *j, const char *key) {
        const char *s = json_string_value(json_object_get(j, key));

        return s ? s : "";
}

static json_int_t number(const json_t *j, const char *key) {
        return json_integer_value(json_object_get(j, key));
}

/* Does it say whose the set is? */
static bool is_claim(const json_t *amend) {
        return strcmp(text(amend, "change"), "claimed") == 0 || strcmp(text(amend, "restores"), "claimed") == 0;
}

static int copy(json_t *to, const json_t *from, const char *key) {
        json_t *value = json_object_get(from, key);

        return value ? json_object_set(to, key, value) : json_object_set_new(to, key, json_null());
}

/* The fields of a rep that belong to its movement, which an amendment brings anew. */
static int copy_figures(json_t *rep, json_t *amend) {
        static const char *const own[] = {"v", "type", "id", "seq", "hub", "station", "sensor", "clock",
                "athlete", "exercise", "prescription", "load_kg", "ref", "set", "rep", "by", "change", "late"};
        const char *key;
        json_t *value;
        int r = 0;

        json_object_foreach(amend, key, value) {
                bool figure = true;

                for (size_t i = 0; i < ARRAY_SIZE(own); i++)
                        figure = figure && strcmp(own[i], key) != 0;
                if (figure)
                        r |= json_object_set(rep, key, value);
        }
        return r;
}

static int amend_rep(json_t *rep, json_t *amend) {
        const char *change = text(amend, "change");

        if (number(amend, "rep") != number(rep, "rep"))
                return 0;
        if (strcmp(change, "figures") == 0)
                return copy_figures(rep, amend);
        if (strcmp(change, "rejected") == 0)
                return copy(rep, amend, "reason") | json_object_set_new(rep, "stands", json_false());
        if (strcmp(change, "discarded") == 0)
                return json_object_set_new(rep, "stands", json_false());
        if (strcmp(text(amend, "restores"), "discarded") == 0)
                return json_object_set_new(rep, "stands", json_true());
        return 0;
}

/* Those of the published reps that count now, with what has changed of each. */
static json_t *counted(const json_t *published, const json_t *now) {
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(now); i++) {
                json_t *change = json_array_get(now, i);

                for (size_t k = 0; k < json_array_size(published); k++) {
                        json_t *rep = json_array_get(published, k);

                        if (number(rep, "rep") != number(change, "rep"))
                                continue;
                        rep = json_copy(rep);
                        (void) json_object_update(rep, change);
                        (void) json_array_append_new(list, rep);
                }
        }
        return list;
}

static int amend_set(json_t *set, const json_t *published, json_t *figures) {
        int r = json_object_update(set, figures);

        return r | json_object_set_new(set, "reps", counted(published, json_object_get(figures, "reps")));
}

static int amend_one(json_t *event, const json_t *published, json_t *amend, json_t *ids) {
        json_t *figures = json_object_get(amend, "figures");
        int r = json_array_append(ids, json_object_get(amend, "id"));

        if (is_claim(amend))
                r |= copy(event, amend, "athlete");
        if (strcmp(text(event, "type"), "rep") == 0)
                return r | amend_rep(event, amend);
        return json_is_object(figures) ? r | amend_set(event, published, figures) : r;
}

/* Is it about this event? One of a rep is about its set, too, where the set has been published. */
static bool concerns(const json_t *event, const json_t *amend) {
        if (is_claim(amend) || strcmp(text(event, "type"), "rep") != 0)
                return true;
        return number(amend, "rep") == number(event, "rep");
}

int amended_json(const char *json, char *const *amends, unsigned n, char **ret) {
        _cleanup_(json_decrefp) json_t *event = json_loads(json, 0, NULL), *published = NULL,
                                       *ids = json_array();
        int r = 0;

        if (!json_is_object(event) || !ids)
                return ids ? -EINVAL : -ENOMEM;
        published = json_incref(json_object_get(event, "reps"));
        if (strcmp(text(event, "type"), "rep") == 0)
                r = json_object_set_new(event, "stands", json_true());
        for (unsigned i = 0; i < n && r == 0; i++) {
                _cleanup_(json_decrefp) json_t *amend = json_loads(amends[i], 0, NULL);

                if (!json_is_object(amend) || !json_is_string(json_object_get(amend, "id")))
                        return -EINVAL;
                if (number(amend, "set") == number(event, "set") && concerns(event, amend))
                        r = amend_one(event, published, amend, ids);
        }
        if (r == 0)
                r = json_object_set(event, "amended", ids);
        return r == 0 ? value_print(TAKE_PTR(event), ret) : -ENOMEM;
}

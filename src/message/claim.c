/* SPDX-License-Identifier: Apache-2.0 */
/* The claim to a hub's name. */

#include "message/claim.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "message/value.h"
#include "util/macros.h"

#define CLAIM_SLACK_S 1.0 /* a message under way makes the other's time look shorter */

int claim_to_json(const struct claim *c, char **ret) {
        json_t *j = json_object();

        value_put(&j, "v", value_count(1));
        value_put(&j, "type", json_string("owner"));
        value_put(&j, "session", VALUE_TEXT(c->session));
        value_put(&j, "held_s", value_figure(c->held_s, 1));
        return value_print(j, ret);
}

int claim_from_json(const char *json, size_t size, struct claim *ret) {
        _cleanup_(json_decrefp) json_t *j = json_loadb(json, size, 0, NULL);
        const char *session = json_string_value(json_object_get(j, "session"));
        const json_t *held = json_object_get(j, "held_s");

        if (!session || !*session || strlen(session) >= sizeof(ret->session) || !json_is_number(held) ||
                !(json_number_value(held) >= 0))
                return -EINVAL;
        strcpy(ret->session, session);
        ret->held_s = json_number_value(held);
        return 0;
}

bool claim_beats(const struct claim *a, const struct claim *b) {
        if (fabs(a->held_s - b->held_s) > CLAIM_SLACK_S)
                return a->held_s > b->held_s;
        return strcmp(a->session, b->session) < 0;
}

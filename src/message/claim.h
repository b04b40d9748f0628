/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The claim to a hub's name (doc/mqtt.md, B/owner): who of two that bear it may keep it. */

#include <stdbool.h>
#include <stddef.h>

#include "message/message.h"

struct claim {
        char session[MESSAGE_RUN_MAX]; /* the run that claims */
        double held_s;                 /* since when it has had the name; 0 = it has not */
};

/* Returns 0 and a string to free(), or -ENOMEM. */
int claim_to_json(const struct claim *c, char **ret);

/* Returns 0 or -EINVAL. */
int claim_from_json(const char *json, size_t size, struct claim *ret);

/* Of two different sessions: does a go before b? Who has had the name for longer; and by their ids, which nobody chose, where
 * neither has had it longer than a message may take. */
bool claim_beats(const struct claim *a, const struct claim *b);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What setup-broker changes: which files, with which passwords. Both plans print what is in the way, and return an exit
 * status. */

#include <stdbool.h>

#include "ctl/broker-files.h"
#include "ctl/changes.h"
#include "ctl/secret.h"

enum broker_user { BROKER_HUB, BROKER_WALL, BROKER_COACH, BROKER_USERS };

struct broker_plan {
        struct changes changes;
        bool new_passwords; /* even where there are some */
        char passwords[BROKER_USERS][SECRET_MAX];
};

int broker_plan_make(struct broker_plan *p, const struct broker_settings *s);
int broker_plan_undo(struct broker_plan *p);
void broker_plan_done(struct broker_plan *p);

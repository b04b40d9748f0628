/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Commands over MQTT, on the loop: is this one to be carried out, and what came of it?
 *
 *     uplink ─ request ─▶ read? allowed? new? fresh? ─▶ command.h ─▶ answer ─▶ uplink
 *                                   │
 *                                   '── a repetition gets the first answer once more
 *
 * Which commands exist, and what they do, is the business of hub/command.h, as for those that come over the bus. */

#include <stdint.h>

#include "message/request.h"

struct hub;
struct remote;

int remote_new(struct hub *h, struct remote **ret);
struct remote *remote_free(struct remote *r);

#define REMOTE_AGE_MS 30000

/* How old is too old? Returns NULL, or why the command is refused. A clock that was never set judges nobody. */
const char *remote_check_age(int64_t sent_ms, int64_t now_ms, bool synced, char ret[static REQUEST_WHY_MAX]);

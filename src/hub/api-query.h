/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Query of org.repcast.Hub1: a question to the store, answered when its thread has looked. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "store/store.h"

struct api_queries;

int api_queries_new(sd_event *loop, struct store *store, struct api_queries **ret);
struct api_queries *api_queries_free(struct api_queries *q);

/* Takes the call over, or refuses it: -EINVAL with the reason in why, -EBUSY where too many wait. */
int api_queries_ask(struct api_queries *q, sd_bus_message *call, const char *question, const char *run,
        char *why, size_t why_size);

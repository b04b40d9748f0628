/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The uplink's part in commands: it listens to their topics, reads them, and leaves them to the sense thread; it publishes
 * the answers. Whether one is carried out is decided there (hub/remote.h), with one exception: too many are let go. */

#include <stdbool.h>
#include <stddef.h>

struct uplink;

int requests_new(struct uplink *u);
void requests_free(struct uplink *u);

/* On a new connection. */
void requests_subscribe(struct uplink *u);

/* Returns whether it was one. correlation: of MQTT 5, like the response topic; NULL = none. */
struct request_path;
bool requests_receive(struct uplink *u, const char *topic, const void *payload, size_t size, bool retained,
        const struct request_path *path);

/* Publish the answers that have come. */
void requests_answer(struct uplink *u);

/* To poll for reading. */
int requests_fd(const struct uplink *u);

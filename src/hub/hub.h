/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The daemon: one event loop (the sense thread) with its stations, and the uplink beside it.
 *
 *     SIGTERM, SIGINT   clean stop: sources, open sets, then the uplink with "offline" acknowledged
 *     SIGHUP            read the configuration again; a faulty one is refused and the old one stays
 *
 * To systemd (sd_notify(3)): READY, RELOADING, STOPPING, STATUS, and WATCHDOG while both threads make progress. */

#include <stdbool.h>

#include "hub/config.h"

struct hub;

/* Takes the configuration. Signals must be blocked already in every thread. */
int hub_new(const char *config_path, struct config *config, bool until_end, struct hub **ret);
struct hub *hub_free(struct hub *h);

/* Read the adopted sensors and put them over the configuration. What does not fit is told. The path is for free(). */
int hub_load_adopted(struct config *config, struct adopted *ret, char **ret_path);

/* Until a signal, or with until_end until every source has ended. Returns 0; HUB_SOURCE_FAILED where until_end is set
 * and a source failed; HUB_EVENTS_LOST where it is set and the broker did not take every event; or negative. */
enum {
        HUB_SOURCE_FAILED = 1,
        HUB_EVENTS_LOST = 2,
};
int hub_run(struct hub *h);

/* A thread still runs and uses what would be freed: leave the process by _exit(). */
bool hub_is_abandoned(const struct hub *h);

/* Faults of a configuration into the log; a fault_sink. */
void hub_log_fault(const char *text, void *userdata);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "hub/config.h"

/* A file in the folder of what outlives the daemon: as configured, or where systemd has made it. fallback: where neither
 * says; NULL = no file then. Returns 0 or -ENOMEM. */
int hub_find_state(const struct storage_config *c, const char *fallback, const char *name, char **ret);

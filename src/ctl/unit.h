/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A service as its manager knows it (systemctl show). */

#include <stdbool.h>
#include <stdint.h>

#define UNIT_TEXT_MAX 512

struct unit {
        bool known; /* there is a manager, and it answered */
        char load[32], active[32], sub[32], result[32], enabled[32], user[64], restart[32];
        char drop_ins[UNIT_TEXT_MAX], writable[UNIT_TEXT_MAX], state_folder[UNIT_TEXT_MAX];
        bool stale;          /* its files have changed since they were read */
        unsigned restarts;   /* by itself, since it was started by hand */
        bool watchdog;       /* it is watched */
        uint64_t changed_us; /* when it last started, stopped or reloaded: CLOCK_MONOTONIC; 0 = never */
};

/* name: repcast.service. */
void unit_read(const char *name, struct unit *ret);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the process costs: processor time and memory. */

#include <stdint.h>

struct vitals {
        uint64_t looked_us; /* CLOCK_MONOTONIC; 0 = never */
        uint64_t cpu_us;    /* used up to then */
};

/* Share of one core since the last time, in per cent; NAN the first time. */
double vitals_cpu_pct(struct vitals *v, uint64_t now_us);

/* Resident bytes; 0 = not known. */
uint64_t vitals_memory_bytes(void);

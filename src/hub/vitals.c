/* SPDX-License-Identifier: Apache-2.0 */
/* getrusage(2) and /proc/self/statm. */

#include "hub/vitals.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t microseconds(struct timeval t) {
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_usec;
}

double vitals_cpu_pct(struct vitals *v, uint64_t now_us) {
        struct rusage used;
        double pct = (double) NAN;

        if (getrusage(RUSAGE_SELF, &used) < 0)
                return pct;
        uint64_t cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
        if (v->looked_us > 0 && now_us > v->looked_us)
                pct = 100.0 * (double) (cpu_us - v->cpu_us) / (double) (now_us - v->looked_us);
        *v = (struct vitals){.looked_us = now_us, .cpu_us = cpu_us};
        return pct;
}

uint64_t vitals_memory_bytes(void) {
        unsigned long pages = 0;
        FILE *f = fopen("/proc/self/statm", "re");

        if (!f)
                return 0;
        if (fscanf(f, "%*u %lu", &pages) != 1)
                pages = 0;
        fclose(f);
        return pages * (uint64_t) sysconf(_SC_PAGESIZE);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* [#########           ]  45 %  squat.csv, 12 s left */

#include "ctl/progress.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#define WIDTH         30
#define FIRST_DRAW_US 500000
#define REDRAW_US     100000

static uint64_t now_us(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

void progress_init(struct progress *p, FILE *out, const char *label) {
        *p = (struct progress){.out = out, .label = label, .enabled = isatty(fileno(out)) == 1};
        if (p->enabled)
                p->start_us = p->drawn_us = now_us();
}

void progress_update(struct progress *p, uint64_t done, uint64_t total) {
        uint64_t now, filled;

        if (!p->enabled)
                return;
        now = now_us();
        if (now - p->start_us < FIRST_DRAW_US || now - p->drawn_us < REDRAW_US)
                return;
        p->drawn_us = now;
        p->shown = true;
        if (total == 0 || done > total) {
                fprintf(p->out, "\r\033[K%" PRIu64 " kB  %s", done / 1000, p->label);
                fflush(p->out);
                return;
        }
        filled = done * WIDTH / total;
        fputs("\r\033[K[", p->out);
        for (uint64_t i = 0; i < WIDTH; i++)
                fputc(i < filled ? '#' : ' ', p->out);
        fprintf(p->out, "] %3" PRIu64 " %%  %s", done * 100 / total, p->label);
        if (done > 0)
                fprintf(p->out, ", %.0f s left",
                        (double) (now - p->start_us) * 1e-6 * (double) (total - done) / (double) done);
        fflush(p->out);
}

void progress_clear(struct progress *p) {
        if (!p->shown)
                return;
        fputs("\r\033[K", p->out);
        fflush(p->out);
        p->shown = false;
}

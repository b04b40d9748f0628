/* SPDX-License-Identifier: Apache-2.0 */
/* Cells, lines, and going back up. */

#include "ctl/screen.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

void screen_init(struct screen *s) {
        const char *term = getenv("TERM");

        *s = (struct screen){.terminal = isatty(STDOUT_FILENO) == 1, .rows = UINT_MAX};
        s->colour = s->terminal && !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
}

/* A line that wraps, or a table that scrolls, would be more lines than can be gone back. */
void screen_begin(struct screen *s) {
        struct winsize size;

        s->rows = UINT_MAX;
        if (s->live && s->terminal) {
                if (s->lines > 0)
                        printf("\033[%uA\033[J", s->lines);
                fputs("\033[?7l", stdout);
                if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1)
                        s->rows = size.ws_row - 1U;
        }
        s->lines = 0;
}

static int count_characters(const char *s) {
        int n = 0;

        for (; *s; s++)
                n += ((unsigned char) *s & 0xc0) != 0x80;
        return n;
}

void screen_cell(struct screen *s, const char *colour, int width, const char *format, ...) {
        char text[512];
        va_list ap;

        if (s->lines >= s->rows)
                return;
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (colour && s->colour)
                fputs(colour, stdout);
        fputs(text, stdout);
        if (colour && s->colour)
                fputs(SCREEN_PLAIN, stdout);
        for (int n = count_characters(text); n < width; n++)
                putchar(' ');
        if (width > 0)
                fputs("  ", stdout);
}

void screen_end_line(struct screen *s) {
        if (s->lines >= s->rows)
                return;
        putchar('\n');
        s->lines++;
}

int screen_flush(struct screen *s) {
        if (s->live && s->terminal)
                fputs("\033[?7h", stdout);
        return fflush(stdout) != 0 || ferror(stdout) ? -EIO : 0;
}

/* Bars on a rack are a few metres away and bodies stand between: below -80 dBm packets get lost, below -90 links do. */
const char *screen_signal(int rssi_dbm, const char **ret_colour) {
        *ret_colour = rssi_dbm >= -70 ? SCREEN_GOOD : rssi_dbm >= -85 ? SCREEN_WARN : SCREEN_BAD;
        if (rssi_dbm == INT16_MIN) {
                *ret_colour = SCREEN_DIM;
                return "";
        }
        return rssi_dbm >= -70 ? "strong" : rssi_dbm >= -85 ? "fair" : "weak";
}

static void on_interrupt(int number) {
        (void) number;
        interrupted = 1;
}

void screen_catch_interrupt(void) {
        struct sigaction action = {.sa_handler = on_interrupt}; /* no SA_RESTART: waiting ends */

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
}

bool screen_interrupted(void) {
        return interrupted != 0;
}

bool screen_wait(double seconds) {
        struct timespec t = {.tv_sec = (time_t) seconds};

        t.tv_nsec = (long) ((seconds - (double) t.tv_sec) * 1e9);
        if (!interrupted)
                nanosleep(&t, NULL);
        return !interrupted;
}

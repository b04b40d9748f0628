/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Tables of text on a terminal or into a file, and tables that are drawn anew in place. */

#include <stdbool.h>
#include <stddef.h>

#define SCREEN_DIM   "\033[2m"
#define SCREEN_BOLD  "\033[1m"
#define SCREEN_GOOD  "\033[32m"
#define SCREEN_WARN  "\033[33m"
#define SCREEN_BAD   "\033[31m"
#define SCREEN_PLAIN "\033[0m"

struct screen {
        bool terminal, colour; /* of standard output */
        bool live;             /* drawn anew in place, on a terminal: what does not fit is cut off */
        unsigned lines, rows;  /* drawn since screen_begin(); of the terminal, at most so many are */
};

void screen_init(struct screen *s);

/* On a terminal, go back to where the table began that was drawn last. */
void screen_begin(struct screen *s);

/* A cell, padded by characters, not bytes; colour NULL = none. The last one of a line needs no width: 0. */
void screen_cell(struct screen *s, const char *colour, int width, const char *format, ...)
        __attribute__((__format__(printf, 4, 5)));
void screen_end_line(struct screen *s);

/* Write out; -EIO where that fails. */
int screen_flush(struct screen *s);

/* How strong is a signal, in words and as a colour. */
const char *screen_signal(int rssi_dbm, const char **ret_colour);

/* Wait; false: a person has pressed Ctrl-C. */
void screen_catch_interrupt(void);
bool screen_wait(double seconds);
bool screen_interrupted(void);

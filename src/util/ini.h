/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A strict reader of INI text, one entry at a time.
 *
 *     [section]            or  [section argument]
 *     # a comment, always on a line of its own; ; does as well
 *     Key=value            blanks around key and value do not count, everything else in the value does
 *
 * UTF-8 without a byte order mark, lines ended by LF. No quoting, no continuation, no comment behind a value: what
 * stands after the = is the value. Nothing is cut or guessed; each line that is not one of the above is a fault
 * with its place, and reading goes on behind it. */

#include <stdbool.h>
#include <stdio.h>

#define INI_LINE_MAX 4096 /* bytes, without the line end */
#define INI_NAME_MAX 128  /* bytes of a section's name, of its argument and of a key, with the NUL */

enum ini_kind {
        INI_SECTION, /* a [section] begins */
        INI_KEY,     /* a Key=value of the section */
        INI_FAULT,   /* the line is wrong */
};

/* Strings live until the next ini_next(). */
struct ini_entry {
        enum ini_kind kind;
        unsigned line;        /* from 1 */
        const char *section;  /* NULL in a fault */
        const char *argument; /* empty = none */
        const char *key, *value;
        const char *fault; /* in words; not NULL in a fault only */
};

struct ini {
        FILE *file; /* the caller's */
        unsigned line;
        bool in_section;   /* false before the first section and after a faulty one */
        bool lost_section; /* the section's own line was faulty: its keys are passed over without more faults */
        bool crlf;         /* CR LF has been reported */
        bool end;
        char *held; /* text of a line of which only the ends have been looked at; NULL = none */
        char section[INI_NAME_MAX], argument[INI_NAME_MAX];
        char text[INI_LINE_MAX + 2]; /* one more byte to see that a line is too long, and the NUL */
        char fault[INI_NAME_MAX + 96];
};

void ini_init(struct ini *ini, FILE *file);

/* Returns 1 and an entry, 0 at the end, or a negative errno value where the file cannot be read. */
int ini_next(struct ini *ini, struct ini_entry *ret);

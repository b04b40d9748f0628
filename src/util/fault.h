/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Faults of a text file, as a person reads them: "file:line: what is wrong". All of them are told, up to a bound:
 * who repairs a file wants to see the whole list once. */

#include "util/macros.h"

#define FAULTS_SHOWN_MAX 50 /* a binary file taken for a text must not fill the journal */

/* text: one line without a newline. */
typedef void (*fault_sink)(const char *text, void *userdata);

struct faults {
        fault_sink sink;
        void *userdata;
        unsigned n;
};

/* line 0: the file as a whole. */
void faults_add(struct faults *f, const char *path, unsigned line, const char *format, ...) _printf_(4, 5);

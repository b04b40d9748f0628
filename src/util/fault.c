/* SPDX-License-Identifier: Apache-2.0 */
/* One line of text for each fault. */

#include "util/fault.h"

#include <stdarg.h>
#include <stdio.h>

#define FAULT_TEXT_MAX 2048 /* a path, a quoted value and the words about it */

void faults_add(struct faults *f, const char *path, unsigned line, const char *format, ...) {
        char text[FAULT_TEXT_MAX];
        int n;
        va_list ap;

        if (f->n++ > FAULTS_SHOWN_MAX)
                return;
        if (f->n > FAULTS_SHOWN_MAX) {
                f->sink("more faults follow; they are not listed", f->userdata);
                return;
        }
        if (line > 0)
                n = snprintf(text, sizeof(text), "%s:%u: ", path, line);
        else
                n = snprintf(text, sizeof(text), "%s: ", path);
        if (n < 0 || (size_t) n >= sizeof(text))
                n = 0; /* a path beyond all measure: the words matter more */
        va_start(ap, format);
        vsnprintf(text + n, sizeof(text) - (size_t) n, format, ap);
        va_end(ap);
        f->sink(text, f->userdata);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as lines for a person. */

#include "ctl/doctor.h"
#include "ctl/screen.h"

const char *doctor_word(enum weight w) {
        static const char *const words[_WEIGHT_MAX] = {
                [WEIGHT_OK] = "ok",
                [WEIGHT_NOTE] = "note",
                [WEIGHT_UNSEEN] = "unseen",
                [WEIGHT_WARNING] = "warning",
                [WEIGHT_FAULT] = "fault",
        };

        return words[w];
}

static const char *paint(const struct doctor *d, enum weight w) {
        static const char *const colours[_WEIGHT_MAX] = {
                [WEIGHT_OK] = SCREEN_GOOD,
                [WEIGHT_NOTE] = SCREEN_DIM,
                [WEIGHT_UNSEEN] = SCREEN_DIM,
                [WEIGHT_WARNING] = SCREEN_WARN,
                [WEIGHT_FAULT] = SCREEN_BAD,
        };

        return d->colours ? colours[w] : "";
}

void doctor_tell_line(struct doctor *d, enum finding f, const char *what) {
        const struct finding_info *info = finding_info(f);

        fprintf(d->out, "%s%-8s%s %-14s %s\n", paint(d, info->weight), doctor_word(info->weight),
                d->colours ? SCREEN_PLAIN : "", d->check, what);
        if (f != FINDING_NONE)
                fprintf(d->out, "         %-14s %s\n", "", info->advice);
        fflush(d->out); /* some checks take seconds */
}

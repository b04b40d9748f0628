/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A tempo against what was prescribed. */

#include <repcast/event.h>

#include "coach/prescription.h"

enum verdict {
        VERDICT_NONE, /* not judged: nothing is prescribed, or the figure is not known */
        VERDICT_OK,
        VERDICT_SHORT,
        VERDICT_LONG,
        _VERDICT_MAX,
};

enum compliance {
        COMPLIANCE_UNKNOWN, /* nothing was judged */
        COMPLIANCE_NO,
        COMPLIANCE_YES,
        _COMPLIANCE_MAX,
};

struct verdicts {
        enum verdict phase[_PHASE_TEMPO_MAX];
        enum verdict before; /* of the pause before the rep */
        enum compliance rep; /* every phase that was judged is ok; the pause before belongs to the rep before */
};

/* One figure. s: NAN = not known. */
enum verdict verdict_of(const struct prescription *p, enum phase phase, double s);

/* A rep's. Where others help the bar up the eccentric alone is judged. tempo_s: E-B-C-T, NAN = not known; pause_before_s
 * is of this phase. */
void verdicts_of(const struct prescription *p, const double tempo_s[static _PHASE_TEMPO_MAX],
        double pause_before_s, enum phase before, struct verdicts *ret);

const char *verdict_to_string(enum verdict verdict); /* NULL for none */

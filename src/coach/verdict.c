/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts: phase by phase, and of the rep as a whole. */

#include "coach/verdict.h"

#include <math.h>
#include <stddef.h>

#include "util/macros.h"

static const char *const words[_VERDICT_MAX] = {
        [VERDICT_OK] = "ok",
        [VERDICT_SHORT] = "short",
        [VERDICT_LONG] = "long",
};

const char *verdict_to_string(enum verdict verdict) {
        return verdict < _VERDICT_MAX ? words[verdict] : NULL;
}

enum verdict verdict_of(const struct prescription *p, enum phase phase, double s) {
        const struct tempo_part *part = &p->tempo[phase];
        double tolerance_s = prescription_tolerance(p, phase);

        if (isnan(s) || (prescription_is_assisted(p) && phase != PHASE_ECCENTRIC))
                return VERDICT_NONE;
        switch (part->rule) {
        case TEMPO_FREE:
        case TEMPO_FAST:
                return VERDICT_NONE;
        case TEMPO_PACED:
                if (s < part->s - tolerance_s)
                        return VERDICT_SHORT;
                return s > part->s + tolerance_s ? VERDICT_LONG : VERDICT_OK;
        case TEMPO_AT_MOST:
                return s > part->s + tolerance_s ? VERDICT_LONG : VERDICT_OK;
        case TEMPO_AT_LEAST:
                return s < part->s - tolerance_s ? VERDICT_SHORT : VERDICT_OK;
        }
        return VERDICT_NONE;
}

void verdicts_of(const struct prescription *p, const double tempo_s[static _PHASE_TEMPO_MAX],
        double pause_before_s, enum phase before, struct verdicts *ret) {
        struct verdicts v = {
                .before = verdict_of(p, before, pause_before_s),
                .rep = COMPLIANCE_UNKNOWN,
        };

        for (unsigned i = 0; i < _PHASE_TEMPO_MAX; i++) {
                v.phase[i] = verdict_of(p, i, tempo_s[i]);
                if (v.phase[i] == VERDICT_SHORT || v.phase[i] == VERDICT_LONG)
                        v.rep = COMPLIANCE_NO;
                else if (v.phase[i] == VERDICT_OK && v.rep == COMPLIANCE_UNKNOWN)
                        v.rep = COMPLIANCE_YES;
        }
        *ret = v;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a prescription. */

#include "coach/prescription.h"

#include <stddef.h>

#include "util/macros.h"

static const char *const kinds[_PRESCRIPTION_KIND_MAX] = {
        [PRESCRIPTION_NORMAL] = "normal",
        [PRESCRIPTION_NEGATIVE] = "negative",
        [PRESCRIPTION_SUPRAMAXIMAL] = "supramaximal",
        [PRESCRIPTION_ECCENTRIC_ONLY] = "eccentric-only",
        [PRESCRIPTION_BACK_OFF] = "back-off",
};

static const char *const bases[_PRESCRIPTION_BASE_MAX] = {
        [PRESCRIPTION_OF_WORKING] = "working-weight",
        [PRESCRIPTION_OF_ONE_RM] = "one-rm",
};

const char *prescription_kind_to_string(enum prescription_kind kind) {
        return kind < _PRESCRIPTION_KIND_MAX ? kinds[kind] : NULL;
}

const char *prescription_base_to_string(enum prescription_base base) {
        return base < _PRESCRIPTION_BASE_MAX ? bases[base] : NULL;
}

bool prescription_is_assisted(const struct prescription *p) {
        return p->kind == PRESCRIPTION_SUPRAMAXIMAL || p->kind == PRESCRIPTION_ECCENTRIC_ONLY;
}

bool prescription_is_negative(const struct prescription *p) {
        return p->kind == PRESCRIPTION_NEGATIVE || prescription_is_assisted(p);
}

bool prescription_shows_speed(const struct prescription *p) {
        enum tempo_rule rule = p->tempo[PHASE_CONCENTRIC].rule;

        return !prescription_is_assisted(p) && rule != TEMPO_PACED && rule != TEMPO_AT_LEAST;
}

double prescription_tolerance(const struct prescription *p, enum phase phase) {
        return MAX(p->tolerance_s, p->tempo[phase].s * p->tolerance_pct / 100);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Parts are taken out by parameters that leave them nothing to say. */

#include "accuracy/without.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <repcast/core.h>

#include "hub/playback.h"

static const char *const words[_PART_MAX] = {
        [PART_NONE] = "nothing",
        [PART_BEAM] = "beam",
        [PART_TRACKER] = "tracker",
        [PART_SET_MODEL] = "set-model",
        [PART_FELT] = "felt",
        [PART_BORDER] = "border",
        [PART_HANDEDNESS] = "handedness",
};

const char *part_to_string(enum part part) {
        return words[part];
}

enum part part_from_string(const char *text) {
        enum part part = PART_NONE;

        while (part < _PART_MAX && strcmp(words[part], text) != 0)
                part++;
        return part;
}

int without_init(
        struct core *c, const struct exercise *exercise, const struct calibration *known, enum part part) {
        int k = core_init(c, NULL, exercise, known);

        if (k < 0)
                return k;
        /* Beyond the ranges that core_init() checks, hence set afterwards. */
        switch (part) {
        case PART_NONE:
        case _PART_MAX:
                break;
        case PART_BEAM:
                c->beam.params.certain = HUGE_VAL; /* never leads by so much */
                break;
        case PART_TRACKER:
                c->tracker.params.start_mps = HUGE_VAL; /* no movement is quick enough */
                break;
        case PART_SET_MODEL:
                c->setlog.model.params.odd = HUGE_VAL; /* nothing is too odd to stand alone */
                c->setlog.model.params.certain = HUGE_VAL;
                break;
        case PART_FELT:
                c->setlog.model.traits.felt = 0;
                c->setlog.params.force_least = 0;
                break;
        case PART_BORDER:
                c->repfit.params.passes = 0;
                break;
        case PART_HANDEDNESS:
                c->front.handedness.params.odds = HUGE_VAL;
                break;
        }
        return 0;
}

static unsigned standing(struct core *c, unsigned n) {
        const struct event *e;

        while ((e = core_next(c)))
                if (e->type == EVENT_REP)
                        n++;
                else if (e->type == EVENT_AMEND && e->amend.change == AMENDED_REJECTED)
                        n--;
        return n;
}

int without_count(const char *path, const struct exercise *exercise, enum part part, unsigned *ret) {
        struct core *c = calloc(1, sizeof(*c));
        struct playback *p = NULL;
        struct sample sample;
        unsigned n = 0;
        int k = c ? without_init(c, exercise, NULL, part) : -ENOMEM;

        if (k >= 0)
                k = playback_open(path, NULL, &p);
        while (k >= 0 && (k = playback_next(p, &sample)) > 0) {
                core_push(c, &sample);
                n = standing(c, n);
        }
        if (k >= 0) {
                core_flush(c);
                *ret = standing(c, n);
        }
        playback_free(p);
        free(c);
        return k;
}

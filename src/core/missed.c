/* SPDX-License-Identifier: Apache-2.0 */
/* The rep that was missed.
 *
 *     ____    ........       like: the newest rep that was told
 *         \_/:        \_    until: where a movement ended that may have ended another one, or one was overdue
 *     like  : room     : until
 *
 * A slow rep can be lost live: the filter was sure of a wrong velocity, took a hold for a movement, or a hesitation for the
 * end. But the rep before tells how long its strokes last and how far they go, and nobody stands as long as that within a
 * set without a rep. So it is looked for there; whether it was one is for the fit and for the set to say. */

#include "core/missed.h"

#include <math.h>

#include <repcast/setmodel.h>

#include "core/coarse.h"
#include "util/macros.h"
#include "util/seconds.h"

/* Only slow reps are lost so, those for whose layout the look back searches (coarse.h). */
#define ROOM      0.75   /* a lifter's reps last as long as each other to a quarter, */
#define ROOM_MOST 2.5    /* and two in a row no longer fit into the history */
#define OVERDUE   1.25   /* so by then the next one has ended */
#define SLACK_US  500000 /* a slow rep may seem to end so much later than the movement after it begins */
#define SURE      0.9    /* what may yet be taken back foretells no other one */
#define MISFIT    12.8   /* chi2, 5 degrees of freedom, 97.5 %: nobody saw it as it is, so it must fit well */

static double lasts(const struct phase_fit *p) {
        return (double) (p->end_us - p->start_us);
}

static double lasts_whole(const struct cycle_fit *f) {
        return (double) (traits_end_us(f) - traits_start_us(f));
}

static double pauses(const struct cycle_fit *before, const struct cycle_fit *after) {
        return (double) traits_start_us(after) - (double) traits_end_us(before);
}

uint64_t missed_overdue(const struct setmodel *m, uint64_t now_us, uint64_t begun_us) {
        const struct candidate *newest = NULL, *before = NULL;
        double whole, ago, pause = 0;

        for (unsigned i = 0; i < m->n; i++) {
                if (!m->candidates[i].rep)
                        continue;
                if (newest)
                        pause = fmax(pause, pauses(&newest->fit, &m->candidates[i].fit));
                before = newest;
                newest = &m->candidates[i];
        }
        if (!newest || !before || setmodel_confidence(m, newest) < SURE ||
                begun_us < traits_end_us(&newest->fit))
                return 0;
        whole = lasts_whole(&newest->fit);
        ago = (double) now_us - (double) traits_end_us(&newest->fit);
        return ago > OVERDUE * whole + pause ? MIN(begun_us, now_us - (uint64_t) ((OVERDUE - 1) * whole)) : 0;
}

bool missed_rep(const struct setmodel *m, const struct bias *bias, uint64_t until_us, struct cycle *ret) {
        const struct cycle_fit *like = setmodel_rep_before(m, until_us + SLACK_US);
        if (!like)
                return false;

        const struct phase_fit *first = cycle_fit_first(like), *second = cycle_fit_second(like);
        double whole = lasts_whole(like);
        double room = (double) until_us - (double) second->end_us, stretch = fmin(1, room / whole);
        if (fmax(lasts(first), lasts(second)) * US_S < COARSE_S || room < ROOM * whole ||
                room > ROOM_MOST * whole)
                return false;

        double start = (double) until_us - stretch * whole;
        *ret = (struct cycle){
                .first =
                        {
                                .up = !like->eccentric_first,
                                .start_us = (uint64_t) start,
                                .end_us = (uint64_t) (start + stretch * lasts(first)),
                                .travel_m = first->travel_m,
                                .still_since_us = second->end_us,
                                .bias = *bias,
                        },
                .second =
                        {
                                .up = like->eccentric_first,
                                .start_us = (uint64_t) (start + stretch * (whole - lasts(second))),
                                .end_us = until_us,
                                .travel_m = second->travel_m,
                                .bias = *bias,
                        },
                .until_us = until_us,
        };
        ret->second.still_since_us = ret->first.end_us;
        return true;
}

/* It is no partial rep: of one somebody would have had to tell. */
bool missed_found(const struct cycle_fit *fit, double rom_m) {
        return fit->misfit <= MISFIT &&
                MIN(fit->concentric.travel_m, fit->eccentric.travel_m) >= SETMODEL_PARTIAL * rom_m;
}

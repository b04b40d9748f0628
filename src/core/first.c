/* SPDX-License-Identifier: Apache-2.0 */
/* The first rep of a set.
 *
 *     unrack walk      first        second
 *     _/\_/\/\___       ____       ____           told:  begins in the walk, and takes 10 s
 *              \____/    \____/               like:  6 s
 *      :........: told   :.. like ..:
 *
 * When it is told, nothing is known of how long this lifter's reps last, and what was before it may be anything: it is laid
 * out by itself, and a walk out of the rack may become part of its lowering. The second rep tells the tempo and the travel
 * of the set. Where the first has another tempo, it is searched again with them; it is amended where that is closer to the
 * second and the samples need no harder pull for it. */

#include "core/first.h"

#include <math.h>

#include "core/coarse.h"
#include "util/macros.h"
#include "util/seconds.h"

#define PULL_USUAL 5.0               /* chi2 of a good look back: its mean, for 5 degrees of freedom */
#define STOOD_US   UINT64_C(1000000) /* a lifter may stand for so long before; the search finds out */

static double leads_s(const struct cycle_fit *f) {
        const struct phase_fit *first = cycle_fit_first(f);
        return seconds(first->start_us, first->end_us);
}

/* Sigmas between the tempo of both. */
static double apart(const struct cycle_fit *f, const struct cycle_fit *like) {
        return fabs(log(leads_s(f) / leads_s(like))) / TEMPO_LOG;
}

static struct move stroke(const struct phase_fit *p, bool up, const struct bias *bias) {
        return (struct move){
                .up = up,
                .start_us = p->start_us,
                .end_us = p->end_us,
                .travel_m = p->travel_m,
                .bias = *bias,
        };
}

bool first_doubtful(struct setmodel *m, const struct bias *bias, struct candidate **ret_first,
        const struct cycle_fit **ret_like, struct cycle *ret) {
        struct candidate *told[2];
        unsigned n = 0;

        for (unsigned i = 0; i < m->n && n < ARRAY_SIZE(told); i++)
                if (m->candidates[i].rep)
                        told[n++] = &m->candidates[i];
        if (n < ARRAY_SIZE(told))
                return false;

        const struct cycle_fit *first = &told[0]->fit, *like = &told[1]->fit;
        if (first->eccentric_first != like->eccentric_first || first->swung || like->swung ||
                fmax(leads_s(first), leads_s(like)) < COARSE_S || apart(first, like) < 1)
                return false;

        bool up = !first->eccentric_first;
        ret->first = stroke(cycle_fit_first(first), up, bias);
        ret->second = stroke(cycle_fit_second(first), !up, bias);
        ret->first.start_us = MIN(ret->first.start_us, ret->first.end_us - (uint64_t) (leads_s(like) / US_S));
        ret->first.still_since_us = ret->first.start_us - MIN(STOOD_US, ret->first.start_us);
        ret->second.still_since_us = ret->first.end_us;
        ret->until_us = traits_start_us(like);
        ret->swung = false;
        *ret_first = told[0];
        *ret_like = like;
        return true;
}

bool first_better(const struct cycle_fit *told, const struct cycle_fit *again, const struct cycle_fit *like) {
        return apart(again, like) < apart(told, like) && again->misfit < fmax(told->misfit, PULL_USUAL);
}

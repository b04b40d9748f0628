/* SPDX-License-Identifier: Apache-2.0 */
/* Who knows where the movements of a rep begin and end:
 *
 *     the swing   saw it: no doubt, and no need of what tracker and beam make of the same movements later,
 *     the beam    weighed what followed,
 *     the tracker is early, and may take a hesitation or a hold for the end.
 */

#include "core/layout.h"

#include <math.h>

#include "util/macros.h"
#include "util/seconds.h"

#define SAME_SHARE  0.1  /* of a rep: borders that close are the same */
#define ALIKE_SHARE 0.25 /* and these may be of the same movements: a turn shows borders to half a second */

static bool near(uint64_t a_us, uint64_t b_us, double within_s) {
        return fabs((double) a_us - (double) b_us) * US_S < within_s;
}

/* All borders within that share of the first's length. */
static bool alike(const struct cycle_fit *a, const struct cycle_fit *b, double share) {
        double within_s = share * seconds(traits_start_us(a), traits_end_us(a));
        return a->eccentric_first == b->eccentric_first &&
                near(a->eccentric.start_us, b->eccentric.start_us, within_s) &&
                near(a->eccentric.end_us, b->eccentric.end_us, within_s) &&
                near(a->concentric.start_us, b->concentric.start_us, within_s) &&
                near(a->concentric.end_us, b->concentric.end_us, within_s);
}

struct candidate *layout_twin(struct setmodel *m, const struct cycle_fit *fit) {
        for (unsigned i = 0; i < m->n; i++)
                if (alike(&m->candidates[i].fit, fit, SAME_SHARE))
                        return &m->candidates[i];
        return NULL;
}

static bool rivals(const struct candidate *c, const struct cycle_fit *fit) {
        const struct candidate other = {.fit = *fit};
        return c->fit.eccentric_first == fit->eccentric_first && setmodel_overlap(c, &other);
}

bool layout_settled(const struct setmodel *m, const struct cycle_fit *fit) {
        for (unsigned i = 0; i < m->n; i++) {
                const struct candidate *c = &m->candidates[i];
                if (fit->swung && alike(fit, &c->fit, ALIKE_SHARE) && c->fit.misfit <= fit->misfit)
                        return true;
                if (!fit->swung && c->fit.swung && rivals(c, fit))
                        return true;
        }
        return false;
}

/* Of a slow rep the tracker may have seen another layout than the beam: a hesitation or a hold is not the same to both. Where
 * most of the time of either is the other's, one of them is wrong, and it is the one that the look back had to pull harder
 * for. */
static struct candidate *worse_than_weighed(struct setmodel *m, const struct cycle_fit *fit) {
        uint64_t start_us = traits_start_us(fit), end_us = traits_end_us(fit);

        for (unsigned i = m->n; i-- > 0;) {
                struct candidate *c = &m->candidates[i];
                uint64_t from_us = traits_start_us(&c->fit), until_us = traits_end_us(&c->fit);
                double common_s = seconds(MAX(start_us, from_us), MIN(end_us, until_us));
                double longer_s = MAX(seconds(start_us, end_us), seconds(from_us, until_us));

                if (c->fit.searched && !c->fit.weighed && c->fit.eccentric_first == fit->eccentric_first &&
                        common_s > longer_s / 2)
                        return fit->misfit <= c->fit.misfit ? c : NULL;
        }
        return NULL;
}

/* Of two pieces of it the one that was told. */
static struct candidate *worse_than_swung(struct setmodel *m, const struct cycle_fit *fit) {
        struct candidate *found = NULL;

        for (unsigned i = 0; i < m->n; i++) {
                struct candidate *c = &m->candidates[i];
                if (!c->fit.swung && rivals(c, fit) && (!found || !found->rep))
                        found = c;
        }
        return found;
}

struct candidate *layout_worse(struct setmodel *m, const struct cycle_fit *fit) {
        if (fit->swung)
                return worse_than_swung(m, fit);
        return fit->weighed && fit->searched ? worse_than_weighed(m, fit) : NULL;
}

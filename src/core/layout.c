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

#define SAME_SHARE 0.1    /* of a rep: borders that close are the same */
#define WENT_ON_US 500000 /* after the end of a rep may a movement seem to last that was a part of it */
#define TURN_US    500000 /* both know the turn of a rep to half a second */
#define MISFIT_USUAL                                                                                           \
        5.0 /* chi2 of a right layout, 5 degrees of freedom: one that is smaller is none the better for it */
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

/* It lies within the whole, and went on after what was taken for its end. */
static bool is_part(const struct cycle_fit *part, const struct cycle_fit *whole, uint64_t went_on_us) {
        return traits_start_us(part) >= traits_start_us(whole) && traits_end_us(part) < went_on_us &&
                went_on_us < traits_end_us(whole) + WENT_ON_US;
}

/* The whole goes as far as the set's other reps do, or no farther off that than its part. */
static bool suits_as_well(
        const struct setmodel *m, const struct cycle_fit *part, const struct cycle_fit *whole) {
        double rom_m;

        return !setmodel_others(m, traits_start_us(whole), traits_end_us(whole), &rom_m) ||
                fabs(whole->concentric.travel_m - rom_m) <= fabs(part->concentric.travel_m - rom_m);
}

/* It lies within the whole, and turns where that does: of a rep there is one turn. */
static bool is_middle(const struct setmodel *m, const struct cycle_fit *part, const struct cycle_fit *whole) {
        return suits_as_well(m, part, whole) && traits_start_us(part) >= traits_start_us(whole) &&
                traits_end_us(part) <= traits_end_us(whole) &&
                cycle_fit_first(part)->end_us < cycle_fit_second(whole)->start_us + TURN_US &&
                cycle_fit_first(whole)->end_us < cycle_fit_second(part)->start_us + TURN_US;
}

/* Of a slow rep the tracker may have seen another layout than the beam: a hesitation or a hold is not the same to both. Where
 * most of the time of either is the other's, one of them is wrong, and it is the one that the look back had to pull harder
 * for. */
static bool mostly_same(const struct cycle_fit *a, const struct cycle_fit *b) {
        uint64_t from_us = MAX(traits_start_us(a), traits_start_us(b));
        uint64_t until_us = MIN(traits_end_us(a), traits_end_us(b));
        double longer_s = MAX(
                seconds(traits_start_us(a), traits_end_us(a)), seconds(traits_start_us(b), traits_end_us(b)));
        return seconds(from_us, until_us) > longer_s / 2;
}

static struct candidate *worse_than_weighed(
        struct setmodel *m, const struct cycle_fit *fit, uint64_t went_on_us) {
        struct candidate *found = NULL;
        bool cut = false;

        for (unsigned i = m->n; i-- > 0;) {
                struct candidate *c = &m->candidates[i];
                bool part = is_part(&c->fit, fit, went_on_us);
                bool same =
                        part || is_middle(m, &c->fit, fit) || (c->fit.searched && mostly_same(&c->fit, fit));
                if (c->fit.weighed || c->fit.eccentric_first != fit->eccentric_first || !same ||
                        (found && (found->rep || !c->rep)))
                        continue;
                found = c;
                cut = part;
        }
        return found && fit->misfit <= fmax(found->fit.misfit, cut ? MISFIT_USUAL : 0) ? found : NULL;
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

struct candidate *layout_worse(struct setmodel *m, const struct cycle_fit *fit, uint64_t went_on_us) {
        if (fit->swung)
                return worse_than_swung(m, fit);
        return fit->weighed && fit->searched ? worse_than_weighed(m, fit, went_on_us) : NULL;
}

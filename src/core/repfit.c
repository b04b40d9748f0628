/* SPDX-License-Identifier: Apache-2.0 */
/* The look back on one cycle.
 *
 *      v            ____              a0 a1  first movement, in its own direction
 *       \          /    \             b0 b1  second movement
 *   _____\________/______\____________________
 *             a0        a1\       /b1
 *                       b0 \_____/
 *
 * Borders as the tracker or the beam saw them -> velocity -> borders found in it -> velocity -> ... -> figures. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <repcast/repfit.h>

#include "core/border.h"
#include "core/coarse.h"
#include "core/felt.h"
#include "util/macros.h"
#include "util/seconds.h"

#define T             TICK_S
#define AROUND_S      1.0 /* of what is before a cycle and behind it, so much is used, */
#define SEARCH_S      3.0 /* and so much beside a slow movement: its live border is off by up to two seconds */
#define DRIFT_MPS2    0.04 /* 4 mg within a cycle: temperature, and sway that tilts the attitude by some degrees */
#define DRIFT_LEAST_S 2.0  /* but no faster than in so short a cycle */
#define TURN_MPS2     0.03 /* per radian */
#define STILL_S       0.4  /* the lifter stands still for so long before a first rep */
#define REFUTED       12.8 /* chi2, 5 degrees of freedom, 97.5 %: borders that pull so much harder are wrong */
#define AGREE_S       1.25 /* the search steps by a quarter of a second, and a soft start lasts one */
#define LOOK_OUT_S    0.1  /* the sensor's direction is read so far outside the movement */

void repfit_init(struct repfit *f, const struct repfit_params *params, const struct exercise *exercise) {
        f->params = *params;
        f->rom = (struct expected_rom){exercise->rom_typical_m, false};
        f->incline_sin = sin(exercise->incline_deg * M_PI / 180);
}

const struct phase_fit *cycle_fit_first(const struct cycle_fit *f) {
        return f->eccentric_first ? &f->eccentric : &f->concentric;
}

const struct phase_fit *cycle_fit_second(const struct cycle_fit *f) {
        return f->eccentric_first ? &f->concentric : &f->eccentric;
}

void repfit_expect(struct repfit *f, double rom_m, bool within, const struct cycle_fit *like) {
        f->rom = (struct expected_rom){rom_m, within || like};
        f->within = within;
        f->tempo = (struct expected_tempo){0};
        if (!like)
                return;
        const struct phase_fit *first = cycle_fit_first(like), *second = cycle_fit_second(like);
        f->tempo.first_s = seconds(first->start_us, first->end_us);
        f->tempo.hold_s = seconds(first->end_us, second->start_us);
        f->tempo.second_s = seconds(second->start_us, second->end_us);
}

/* A border that was extrapolated may lie outside. */
static unsigned tick_at(double at, unsigned least, unsigned most) {
        return (unsigned) fmin(fmax(at, least), most);
}

/* Whole ticks, in their order, and within the window. */
static void set_window(struct window *w, struct borders *b) {
        const unsigned end = w->n - 1;
        b->a0 = fmax(b->a0, 0);
        b->b1 = fmin(b->b1, end);
        w->a0 = tick_at(b->a0, 0, end - 2);
        w->before = tick_at(b->before, 0, w->a0);
        w->a1 = tick_at(b->a1, w->a0 + 1, end - 1);
        w->b0 = tick_at(b->b0, w->a1, end - 1);
        w->b1 = tick_at(b->b1, w->b0 + 1, end);
        w->after = tick_at(b->after, w->b1, end);
}

static void measure(const float *v, double sign, double from, double to, struct phase_fit *p) {
        unsigned i0 = (unsigned) from, i1 = (unsigned) to;
        p->travel_m = p->peak_mps = p->back_m = 0;
        for (unsigned i = i0; i <= i1; i++) {
                double s = sign * (double) v[i];
                p->travel_m += s * T;
                p->back_m += MAX(-s, 0.0) * T;
                p->peak_mps = MAX(p->peak_mps, s);
        }
        p->mean_mps = p->travel_m / MAX((to - from) * T, T);
}

/* Mean velocity until the lift falls freely after its peak: from there on nobody pushes. */
static double propulsive(const float *v, double incline_sin, double sign, double from, double to) {
        unsigned i0 = (unsigned) from, i1 = (unsigned) to, pk = velocity_peak(v, sign, i0, i1 + 1), end = i1;
        for (unsigned i = pk + 1; i <= i1; i++)
                if (sign * (double) (v[i] - v[i - 1]) <= -STANDARD_GRAVITY_MPS2 * incline_sin * T) {
                        end = i;
                        break;
                }
        double sum = 0;
        for (unsigned i = i0; i <= end; i++)
                sum += sign * (double) v[i];
        return sum / (end - i0 + 1);
}

/* Mean speed in equal parts of a movement's time; a tick that two parts share counts for both by its share. */
static void chart(const float *v, double sign, double from, double to, uint8_t ret[static REP_COURSE_N]) {
        double part = (to - from) / REP_COURSE_N, speed[REP_COURSE_N], greatest = 0;

        for (unsigned k = 0; k < REP_COURSE_N; k++) {
                double at = from + k * part, end = at + part;

                speed[k] = 0;
                for (unsigned i = (unsigned) at; i < end; i++)
                        speed[k] += (fmin(i + 1, end) - fmax(i, at)) * sign * (double) v[i];
                greatest = MAX(greatest, speed[k]);
        }
        for (unsigned k = 0; k < REP_COURSE_N; k++)
                ret[k] = greatest > 0 ? (uint8_t) lrint(255 * MAX(speed[k], 0.0) / greatest) : 0;
}

/* First peak, the dip after it, and a second rise by as much as counts as a dip. */
static struct sticking find_sticking(const float *v, double depth, double sign, double from, double to) {
        struct sticking none = {NAN, NAN, NAN}, s = none;
        unsigned i1 = (unsigned) to, top = (unsigned) from;
        double at = 0, high = 0, low = 0;
        bool dipping = false;

        for (unsigned i = (unsigned) from; i <= i1; i++) {
                double s_mps = sign * (double) v[i];
                at += s_mps * T;
                if (!dipping && s_mps > high) {
                        high = s_mps;
                        top = i;
                }
                if (!dipping && high > 0 && s_mps < (1 - depth) * high) {
                        dipping = true;
                        low = s_mps + 1;
                }
                if (dipping && s_mps < low) {
                        low = s_mps;
                        s = (struct sticking){.at_m = at, .min_mps = s_mps, .duration_s = (i - top) * T};
                }
                if (dipping && s_mps > low + 0.5 * depth * high)
                        return s;
        }
        return none;
}

/* How far gravity turned in the sensor between two ticks (ticks ago), rad. */
static double turned(const struct history *h, unsigned from, unsigned to) {
        return moment_angle(history_ago(h, from), history_ago(h, to));
}

/* Mean rate of that over the last moments before tick `before` (ticks ago). */
static double turn_before(const struct history *h, unsigned before) {
        unsigned ticks = MIN((unsigned) (STILL_S / T), h->n - 1 - before);
        return ticks ? turned(h, before + ticks, before) / (ticks * T) : 0;
}

static void look_around(
        const struct history *h, const struct window *w, const struct borders *b, struct cycle_fit *ret) {
        unsigned got = 0, lost = 0, out = (unsigned) (LOOK_OUT_S / T);
        unsigned before = w->newest_ago + w->n - 1 - (unsigned) b->a0 + out;
        unsigned after = w->newest_ago + w->n - 1 - (unsigned) b->b1;

        before = MIN(before, h->n - 1);
        moment_up(history_ago(h, before), ret->up_start);
        ret->swing_deg = turned(h, before, w->newest_ago + w->n - 1 - (unsigned) b->a1) * 180 / M_PI;
        ret->turn_before_radps = turn_before(h, before);
        moment_up(history_ago(h, after > out ? after - out : 0), ret->up_end);
        for (unsigned i = (unsigned) b->a0; i <= (unsigned) b->b1; i++) {
                const struct moment *m = history_ago(h, w->newest_ago + w->n - 1 - i);
                got += m->got;
                lost += m->lost;
                ret->flags |= (m->gap ? REP_FLAG_GAP : 0) | (m->clipped ? REP_FLAG_CLIPPED : 0);
        }
        ret->loss_pct = got + lost ? 100.0 * lost / (got + lost) : 0;
        ret->sample_s = (b->b1 - b->a0) * T / MAX(got, 1u);
}

/* Ticks from the start of a window that begins `from` ticks ago. */
static unsigned tick_of(const struct history *h, unsigned from, uint64_t t_us) {
        unsigned ago = history_find(h, t_us);
        return ago < from ? from - ago : 0;
}

/* How much of what is beside a movement is looked at, us. */
static uint64_t reach_us(const struct move *m, bool searched) {
        bool far = searched && seconds(m->start_us, m->end_us) >= COARSE_S;
        return (uint64_t) ((far ? SEARCH_S : AROUND_S) / US_S);
}

/* What was before a set may be anything, as a walk out of the rack: the search does not go far into it. */
static int set_up(const struct repfit *f, const struct history *h, const struct cycle *c, struct window *ret) {
        uint64_t start_us = c->first.start_us,
                 from_us = start_us - MIN(reach_us(&c->first, f->within && !c->swung), start_us),
                 until_us = MAX(c->until_us, c->second.end_us + reach_us(&c->second, !c->swung));
        if (h->n < 20 || history_find(h, start_us) >= h->n)
                return -ENODATA;

        unsigned from = MIN(history_find(h, from_us), h->n - 1);
        unsigned newest = history_find(h, until_us);
        *ret = (struct window){
                .newest_ago = newest,
                .n = from - newest + 1,
                .before = tick_of(h, from, c->first.still_since_us),
                .a0 = tick_of(h, from, start_us),
                .a1 = tick_of(h, from, c->first.end_us),
                .b0 = tick_of(h, from, c->second.start_us),
                .b1 = tick_of(h, from, c->second.end_us),
                .after = tick_of(h, from, c->until_us),
        };
        ret->b1 = MIN(ret->b1, ret->n - 1);
        ret->after = MAX(ret->b1, MIN(ret->after, ret->n - 1));
        ret->hold_from = ret->before;
        ret->hold_until = ret->after;
        return ret->n < 20 || ret->a1 > ret->b0 || ret->b0 >= ret->b1 ? -ENODATA : 0;
}

/* Prior of the error's drift: temperature and sway, and, as the sensor turns, scale and skew errors of 0.3 % of g. */
static double drift(const struct cycle *c) {
        double lasted_s = seconds(c->first.start_us, c->second.end_us);
        double turned = TURN_MPS2 * (c->first.turn_rad + c->second.turn_rad);
        return DRIFT_MPS2 / fmax(lasted_s, DRIFT_LEAST_S) + turned / fmax(lasted_s, 0.2);
}

/* Shaking and slow sampling leave noise in the acceleration, which adds up to an error of velocity. Least squares know a bias
 * and a drift alone, so each is taken to make half of it: 10 to 30 mm/s2 on recorded wrists and slow links. At 12.5 Hz a
 * knock on the floor is a single sample. */
static void doubt(const struct history *h, const struct window *w, struct bias *bias, double *drift_mps3) {
        const unsigned around = (unsigned) (AROUND_S / T);
        unsigned from = w->a0 - MIN(w->a0, around), until = MIN(w->b1 + around, w->n);
        double lasts_s = (until - from) * T, v2 = 0;
        for (unsigned i = from; i < until; i++)
                v2 += T * moment_noise(history_ago(h, w->newest_ago + w->n - 1 - i));
        for (unsigned i = 0; i < 3; i++)
                bias->P[i][i] += v2 / 2 / (lasts_s * lasts_s);
        *drift_mps3 = hypot(*drift_mps3, sqrt(v2 / 2) * 2 / (lasts_s * lasts_s));
}

/* A look back that is under way. */
struct look {
        const struct repfit_params *params;
        const struct history *h;
        struct bias bias;
        double drift_mps3, sign;
        struct window w;
        struct borders b;
        float v[HISTORY_N];  /* corrected velocity of the cycle, oldest first */
        double misfit;       /* of that velocity */
        double first_misfit; /* of the first one, with borders as they were given */
};

static double find_velocity(struct look *l, enum borders_known known) {
        l->misfit = smooth_velocity(l->params, l->h, &l->w, &l->bias, l->drift_mps3, known, l->v);
        return l->misfit;
}

static int find_borders(struct look *l, double level) {
        int r = borders_find(l->params, l->v, &l->w, l->sign, fmax(level, l->params->edge_share), &l->b);

        if (r >= 0)
                set_window(&l->w, &l->b);
        return r;
}

/* Borders in a velocity, and the velocity with them, from coarse to fine. */
static int refine(struct look *l, enum borders_known known, double passes) {
        static const double level[] = {BORDER_ROUGH, 0.1, 0};

        l->first_misfit = find_velocity(l, known);
        for (unsigned pass = 0; pass < passes; pass++) {
                if (pass > 0)
                        (void) find_velocity(l, BORDERS_FOUND);
                int r = find_borders(l, level[MIN(pass, ARRAY_SIZE(level) - 1)]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Those of a cycle as a whole; its turn is for the velocity to tell. */
static bool agree(const struct borders *found, const struct window *sought) {
        return fabs(found->a0 - sought->a0) * T < AGREE_S && fabs(found->b1 - sought->b1) * T < AGREE_S;
}

/* Where the borders contradict a search that was right they come of a halt that was taken for an end: once more, with none
 * within a movement, unless that was not the reason. */
static int refine_sought(struct look *l, double passes) {
        const struct window sought = l->w;
        int r = refine(l, BORDERS_SEARCHED, passes);

        if (r < 0 || l->misfit <= l->first_misfit + REFUTED)
                return r;

        const struct look cut = *l;
        l->w = sought;
        l->w.whole = true;
        r = refine(l, BORDERS_SEARCHED, passes);
        if (r < 0 || l->misfit > cut.misfit / 2 || !agree(&l->b, &sought))
                *l = cut;
        return 0;
}

int repfit_run(const struct repfit *f, const struct history *h, const struct cycle *c, struct cycle_fit *ret) {
        struct look l = {.params = &f->params,
                .h = h,
                .bias = c->first.bias,
                .drift_mps3 = drift(c),
                .sign = c->first.up ? 1 : -1};
        const struct window *w = &l.w;
        const struct borders *b = &l.b;
        const float *v = l.v;
        const double sign = l.sign;

        int r = set_up(f, h, c, &l.w);
        if (r < 0)
                return r;
        doubt(h, &l.w, &l.bias, &l.drift_mps3);
        if (c->swung && f->rom.known) /* whose bias turns with the position cannot tell travel from it */
                l.w.way_m = sign * f->rom.rom_m;
        l.b = (struct borders){
                .before = w->before, .a0 = w->a0, .a1 = w->a1, .b0 = w->b0, .b1 = w->b1, .after = w->after};
        double passes = c->swung ? 0 : f->params.passes;
        bool searched = passes > 0 && borders_coarse(f, h, &l.bias, l.drift_mps3, sign, &l.w);
        if (searched && f->rom.known)
                r = refine_sought(&l, passes);
        else
                r = refine(&l, searched ? BORDERS_SEARCHED : BORDERS_LIVE, passes);
        if (r < 0)
                return r;

        struct cycle_fit fit = {.eccentric_first = !c->first.up,
                .searched = searched,
                .swung = c->swung,
                .misfit = l.misfit,
                .flags = c->first.cold ? REP_FLAG_COLD : 0};
        struct phase_fit *first = c->first.up ? &fit.concentric : &fit.eccentric;
        struct phase_fit *second = c->first.up ? &fit.eccentric : &fit.concentric;
        uint64_t zero_us = h->t_us - (uint64_t) (w->newest_ago + w->n - 1) * TICK_US;

        measure(v, sign, b->a0, b->a1, first);
        measure(v, -sign, b->b0, b->b1, second);
        first->start_us = zero_us + (uint64_t) (b->a0 * TICK_US);
        first->end_us = zero_us + (uint64_t) (b->a1 * TICK_US);
        second->start_us = zero_us + (uint64_t) (b->b0 * TICK_US);
        second->end_us = zero_us + (uint64_t) (b->b1 * TICK_US);

        double con0 = c->first.up ? b->a0 : b->b0, con1 = c->first.up ? b->a1 : b->b1;
        fit.mpv_mps = propulsive(v, f->incline_sin, 1, con0, con1);
        fit.sticking = find_sticking(v, f->params.sticking_depth, 1, con0, con1);
        chart(v, -1, c->first.up ? b->b0 : b->a0, c->first.up ? b->b1 : b->a1, fit.course);
        look_around(h, w, b, &fit);
        felt_cycle(h, &fit);
        *ret = fit;
        return 0;
}

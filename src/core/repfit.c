/* SPDX-License-Identifier: Apache-2.0 */
/* The look back on one cycle.
 *
 *      v                          a0 a1  first movement, in its own direction
 *            ____                 b0 b1  second movement
 *      |    /    \
 *   ___|___/______\____________________   two passes: borders as the tracker saw them -> velocity -> borders
 *         a0     a1\       /b1            found in it -> velocity -> borders and figures
 *                   b0____/
 *
 * A border is where the velocity is zero, but noise hides where that is. So it is extrapolated from where the speed
 * passes two thresholds a < b, as for a start with v ~ t^1.75, between a jerk (t^2) and a push (t^1.5):
 * t0 = ta - (tb - ta) / ((b/a)^(1/1.75) - 1). */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <repcast/repfit.h>

#include "core/smooth.h"
#include "util/macros.h"

#define T            TICK_S
#define BEFORE_S     1.0    /* of the hold before a cycle, so much is used */
#define PAUSE_US     200000 /* a hold long enough to rest in */
#define GUARD_FIRST  25     /* ticks next to a border that may still move, first and second pass */
#define GUARD_SECOND 8
#define ONSET_POWER  1.75
#define ONSET_SHARE  0.14 /* an onset is not extrapolated by more than this share of the movement */
#define LULL_S       0.25 /* a movement ends where it stays slow for so long; a slow one may halt on its way: */
#define LULL_SHARE   0.2  /* of what it lasts */
#define LULL_FROM_S  1.5  /* beyond this */
#define SMOOTH_SHARE 0.012 /* sway is smoothed out over this share of a movement */
#define DRIFT_MPS3   0.01
#define TURN_MPS2    0.03 /* per radian */
#define STILL_S      0.4  /* the lifter stands still for so long before a first rep */
#define TENTHS       10
#define LOOK_OUT_S   0.1 /* the sensor's direction is read so far outside the movement */

void repfit_init(struct repfit *f, const struct repfit_params *params, const struct exercise *exercise) {
        f->params = *params;
        f->incline_sin = sin(exercise->incline_deg * M_PI / 180);
}

/* Forward and back through a one-pole low pass: no delay. */
static void smooth_span(float *v, unsigned from, unsigned to, double tau_s) {
        float k = (float) (T / (T + tau_s));
        for (unsigned i = from + 1; i < to; i++)
                v[i] = v[i - 1] + k * (v[i] - v[i - 1]);
        for (unsigned i = to; i-- > from + 1;)
                v[i - 1] = v[i] + k * (v[i - 1] - v[i]);
}

static unsigned peak(const float *v, double sign, unsigned from, unsigned to) {
        unsigned best = from;
        for (unsigned i = from; i < to; i++)
                if (sign * (double) v[i] > sign * (double) v[best])
                        best = i;
        return best;
}

/* Walk from the peak outwards until the movement is over; extrapolate to v = 0. In ticks, with a fraction. */
static double edge(const struct repfit *f, double sign, unsigned from, int step, unsigned limit, double noise,
        unsigned length) {
        const float *v = f->v;
        double top = sign * (double) v[from];
        double a = fmin(0.4 * top, fmax(fmax(f->params.edge_share * top, f->params.edge_mps), 1.8 * noise));
        double b = MIN(0.5 * top, MAX(2.6 * a, 0.2 * top));
        unsigned lull = (unsigned) (MAX(LULL_S, LULL_SHARE * (length * T - LULL_FROM_S)) / T), below = 0;
        unsigned ta = from, tb = from, i = from;

        while (i != limit && below <= lull) {
                double s = sign * (double) v[i];
                if (s > a)
                        ta = i;
                below = s > a ? 0 : below + 1;
                i = (unsigned) ((int) i + step);
        }
        for (i = ta; i != from; i = (unsigned) ((int) i - step))
                if (sign * (double) v[i] > b) {
                        tb = i;
                        break;
                }
        double gap = fabs((double) ta - (double) tb);
        double out = b > a ? gap / (pow(b / a, 1 / ONSET_POWER) - 1) : 0;
        return ta + step * MIN(out, ONSET_SHARE * length);
}

/* Borders in ticks with fractions. */
struct borders {
        double a0, a1, b0, b1;
        unsigned peak_a, peak_b;
};

static double rest_noise(const float *v, unsigned n) {
        double sum = 0, sum2 = 0;
        if (n < 20)
                return 0;
        for (unsigned i = 0; i < n; i++) {
                sum += (double) v[i];
                sum2 += (double) v[i] * (double) v[i];
        }
        return sqrt(MAX(0.0, sum2 / n - sum / n * sum / n));
}

static int find_borders(struct repfit *f, const struct window *w, double sign, struct borders *ret) {
        float *v = f->v;
        unsigned turn = (w->a1 + w->b0) / 2, length_a = MAX(20u, w->a1 - w->a0),
                 length_b = MAX(20u, w->b1 - w->b0);
        double noise = rest_noise(v, w->still_before && w->a0 > GUARD_FIRST ? w->a0 - GUARD_FIRST : 0);

        smooth_span(v, 0, turn, CLAMP(SMOOTH_SHARE * T * length_a, 0.015, 0.08));
        smooth_span(v, turn, w->n, CLAMP(SMOOTH_SHARE * T * length_b, 0.015, 0.08));

        unsigned pa = peak(v, sign, w->a0, MAX(turn, w->a0 + 1));
        unsigned pb = peak(v, -sign, turn, MIN(w->n, w->b1 + 1));
        if (pa >= pb || sign * (double) v[pa] <= 0 || sign * (double) v[pb] >= 0)
                return -ENODATA;

        *ret = (struct borders){
                .a0 = w->still_before ? edge(f, sign, pa, -1, 0, noise, length_a) : w->a0,
                .a1 = edge(f, sign, pa, 1, pb, noise, length_a),
                .b0 = edge(f, -sign, pb, -1, pa, noise, length_b),
                .b1 = edge(f, -sign, pb, 1, w->n - 1, noise, length_b),
                .peak_a = pa,
                .peak_b = pb,
        };
        if (ret->a1 > ret->b0 - f->params.pause_s / T) {
                unsigned i = pb; /* no pause: the zero between the peaks */
                while (i > pa && sign * (double) v[i] < 0)
                        i--;
                ret->a1 = ret->b0 = i + 0.5;
        }
        if (!w->still_before) {
                unsigned i = pa;
                while (i > 0 && sign * (double) v[i] > 0)
                        i--;
                ret->a0 = MAX((double) i, edge(f, sign, pa, -1, 0, noise, length_a));
        }
        ret->a0 = MAX(ret->a0, 0.0);
        ret->b1 = MIN(ret->b1, (double) (w->n - 1));
        if (!w->still_after)
                for (unsigned i = pb; i < w->n; i++)
                        if (sign * (double) v[i] >= 0) {
                                ret->b1 = MIN(ret->b1, (double) i);
                                break;
                        }
        return 0;
}

static void set_window(struct window *w, const struct borders *b) {
        w->a0 = (unsigned) b->a0;
        w->a1 = (unsigned) b->a1;
        w->b0 = MAX(w->a1, (unsigned) b->b0);
        w->b1 = MAX(w->b0 + 1, (unsigned) b->b1);
}

static void measure(const struct repfit *f, double sign, double from, double to, struct phase_fit *p) {
        unsigned i0 = (unsigned) from, i1 = (unsigned) to;
        p->travel_m = p->peak_mps = 0;
        for (unsigned i = i0; i <= i1; i++) {
                double s = sign * (double) f->v[i];
                p->travel_m += s * T;
                p->peak_mps = MAX(p->peak_mps, s);
        }
        p->mean_mps = p->travel_m / MAX((to - from) * T, T);
}

/* From rest to rest over a way L in a time T no motion takes less than an acceleration that falls evenly from 6 L/T2 to
 * -6 L/T2: rms sqrt(12) L/T2 about its mean. Where the sensor has felt much less, the travel is an error of the
 * integral. Averages over tenths of the stroke leave out knocks and tremor, which move nothing. */
static double force(const struct history *h, const struct window *w, double from, double to, double travel_m) {
        double sum = 0, sum2 = 0, T_s = (to - from) * T;
        for (unsigned k = 0; k < TENTHS; k++) {
                unsigned i0 = (unsigned) (from + (to - from) * k / TENTHS);
                unsigned i1 = MAX((unsigned) (from + (to - from) * (k + 1) / TENTHS), i0 + 1);
                double mean = 0;
                for (unsigned i = i0; i < i1; i++)
                        mean += (double) history_ago(h, w->newest_ago + w->n - 1 - i)->a_mps2 / (i1 - i0);
                sum += mean / TENTHS;
                sum2 += mean * mean / TENTHS;
        }
        return sqrt(fmax(0, sum2 - sum * sum)) / fmax(sqrt(12) * travel_m / (T_s * T_s), 1e-3);
}

/* Mean velocity until the lift falls freely after its peak: from there on nobody pushes. */
static double propulsive(const struct repfit *f, double sign, double from, double to) {
        unsigned i0 = (unsigned) from, i1 = (unsigned) to, pk = peak(f->v, sign, i0, i1 + 1), end = i1;
        for (unsigned i = pk + 1; i <= i1; i++)
                if (sign * (double) (f->v[i] - f->v[i - 1]) <= -STANDARD_GRAVITY_MPS2 * f->incline_sin * T) {
                        end = i;
                        break;
                }
        double sum = 0;
        for (unsigned i = i0; i <= end; i++)
                sum += sign * (double) f->v[i];
        return sum / (end - i0 + 1);
}

/* First peak, the dip after it, and a second rise by as much as counts as a dip. */
static struct sticking find_sticking(const struct repfit *f, double sign, double from, double to) {
        struct sticking none = {NAN, NAN, NAN}, s = none;
        unsigned i1 = (unsigned) to, top = (unsigned) from;
        double at = 0, high = 0, low = 0;
        bool dipping = false;

        for (unsigned i = (unsigned) from; i <= i1; i++) {
                double v = sign * (double) f->v[i];
                at += v * T;
                if (!dipping && v > high) {
                        high = v;
                        top = i;
                }
                if (!dipping && high > 0 && v < (1 - f->params.sticking_depth) * high) {
                        dipping = true;
                        low = v + 1;
                }
                if (dipping && v < low) {
                        low = v;
                        s = (struct sticking){.at_m = at, .min_mps = v, .duration_s = (i - top) * T};
                }
                if (dipping && v > low + 0.5 * f->params.sticking_depth * high)
                        return s;
        }
        return none;
}

/* Mean rate at which gravity turned in the sensor over the last moments before tick `before` (ticks ago). */
static double turn_before(const struct history *h, unsigned before) {
        double u[3], was[3], dot = 0, n2 = 0, m2 = 0;
        unsigned ticks = MIN((unsigned) (STILL_S / T), h->n - 1 - before);
        if (ticks == 0)
                return 0;
        moment_up(history_ago(h, before), u);
        moment_up(history_ago(h, before + ticks), was);
        for (unsigned i = 0; i < 3; i++) {
                dot += u[i] * was[i];
                n2 += u[i] * u[i];
                m2 += was[i] * was[i];
        }
        return acos(CLAMP(dot / sqrt(n2 * m2), -1.0, 1.0)) / (ticks * T);
}

static void look_around(
        const struct history *h, const struct window *w, const struct borders *b, struct cycle_fit *ret) {
        unsigned got = 0, lost = 0, out = (unsigned) (LOOK_OUT_S / T);
        unsigned before = w->newest_ago + w->n - 1 - (unsigned) b->a0 + out;
        unsigned after = w->newest_ago + w->n - 1 - (unsigned) b->b1;

        before = MIN(before, h->n - 1);
        moment_up(history_ago(h, before), ret->up_start);
        ret->turn_before_radps = turn_before(h, before);
        moment_up(history_ago(h, after > out ? after - out : 0), ret->up_end);
        for (unsigned i = (unsigned) b->a0; i <= (unsigned) b->b1; i++) {
                const struct moment *m = history_ago(h, w->newest_ago + w->n - 1 - i);
                got += m->got;
                lost += m->lost;
                ret->flags |= (m->gap ? REP_FLAG_GAP : 0) | (m->clipped ? REP_FLAG_CLIPPED : 0);
                ret->shake_m2ps3 = MAX(ret->shake_m2ps3, (double) m->q_m2ps3);
        }
        ret->loss_pct = got + lost ? 100.0 * lost / (got + lost) : 0;
        ret->sample_s = (b->b1 - b->a0) * T / MAX(got, 1u);
}

static int set_up(const struct history *h, const struct cycle *c, struct window *ret) {
        uint64_t before_us = (uint64_t) (BEFORE_S * 1e6), start_us = c->first.start_us;
        uint64_t from_us = MAX(c->first.still_since_us, start_us - MIN(before_us, start_us));
        unsigned from = history_find(h, from_us);
        if (from >= h->n)
                return -ENODATA;

        unsigned newest = history_find(h, c->until_us);
        *ret = (struct window){
                .newest_ago = newest,
                .n = from - newest + 1,
                .a0 = from - history_find(h, start_us),
                .a1 = from - history_find(h, c->first.end_us),
                .b0 = from - history_find(h, c->second.start_us),
                .b1 = from - history_find(h, c->second.end_us),
                .still_before = c->first.start_us > c->first.still_since_us + PAUSE_US,
                .still_after = c->until_us > c->second.end_us + PAUSE_US,
        };
        ret->b1 = MIN(ret->b1, ret->n - 1);
        return ret->n < 20 || ret->a1 > ret->b0 || ret->b0 >= ret->b1 ? -ENODATA : 0;
}

/* Prior of the error's drift: temperature and sway, and, as the sensor turns, scale and skew errors of 0.3 % of g. */
static double drift(const struct cycle *c) {
        double lasted_s = (double) (c->second.end_us - c->first.start_us) * 1e-6;
        return DRIFT_MPS3 + TURN_MPS2 * (c->first.turn_rad + c->second.turn_rad) / fmax(lasted_s, 0.2);
}

int repfit_run(struct repfit *f, const struct history *h, const struct cycle *c, struct cycle_fit *ret) {
        const double drift_mps3 = drift(c);
        double sign = c->first.up ? 1 : -1, misfit = 0;
        struct window w;
        struct borders b;

        int r = set_up(h, c, &w);
        if (r < 0)
                return r;
        for (unsigned pass = 0; pass < 2; pass++) {
                misfit = smooth_velocity(
                        f, h, &w, &c->first.bias, drift_mps3, pass ? GUARD_SECOND : GUARD_FIRST);
                r = find_borders(f, &w, sign, &b);
                if (r < 0)
                        return r;
                set_window(&w, &b);
        }

        struct cycle_fit fit = {
                .eccentric_first = !c->first.up, .misfit = misfit, .flags = c->first.cold ? REP_FLAG_COLD : 0};
        struct phase_fit *first = c->first.up ? &fit.concentric : &fit.eccentric;
        struct phase_fit *second = c->first.up ? &fit.eccentric : &fit.concentric;
        uint64_t zero_us = h->t_us - (uint64_t) (w.newest_ago + w.n - 1) * TICK_US;

        measure(f, sign, b.a0, b.a1, first);
        measure(f, -sign, b.b0, b.b1, second);
        first->force = force(h, &w, b.a0, b.a1, first->travel_m);
        second->force = force(h, &w, b.b0, b.b1, second->travel_m);
        first->start_us = zero_us + (uint64_t) (b.a0 * TICK_US);
        first->end_us = zero_us + (uint64_t) (b.a1 * TICK_US);
        second->start_us = zero_us + (uint64_t) (b.b0 * TICK_US);
        second->end_us = zero_us + (uint64_t) (b.b1 * TICK_US);

        double con0 = c->first.up ? b.a0 : b.b0, con1 = c->first.up ? b.a1 : b.b1;
        fit.mpv_mps = propulsive(f, 1, con0, con1);
        fit.sticking = find_sticking(f, 1, con0, con1);
        look_around(h, &w, &b, &fit);
        *ret = fit;
        return 0;
}

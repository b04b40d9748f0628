/* SPDX-License-Identifier: Apache-2.0 */
/* Where a movement begins and ends.
 *
 *      v         c  ____         t0 ta tb tc      A border is where the velocity is zero, but noise hides where that is.
 *              b   /    \                         So it is extrapolated from where the speed passes the levels a < b < c,
 *            a    /      \                        as for an onset v ~ (t - t0)^n:
 *      _________ /        \____
 *        t0 ta tb tc                              t0 = ta - (tb - ta) / ((b/a)^(1/n) - 1)
 *
 * n is 1.75 between a jerk (2) and a push (1.5) unless the three passages tell it better than the noise confuses them:
 * lifters start and stop with n from 1 (a ramp) to 4 (a late burst).
 *
 * In a slow lowering noise leaves the three passages nothing to say, but the stroke as a whole does: one that is late begins
 * softly, one that is early ends so.
 *
 * Two movements without a hold between them share a border. Each side has an opinion of it, as sharp as its velocity
 * is steep; they are averaged so. */

#include "core/border.h"

#include <errno.h>
#include <math.h>

#include "util/macros.h"

#define T             TICK_S
#define ONSET_POWER   1.75
#define POWER_LEAST   1.3
#define POWER_MOST    4.0
#define POWER_SPREAD  0.5 /* of lifters, in the share of tb - ta that is extrapolated: 1.0 for n = 1.75 */
#define POWER_NOISE   6.0 /* by so much of (velocity error) / (b - a) that share is wrong, if n is measured */
#define POWER_SKEW    3.8 /* ln(n/m) of v ~ s^n (1-s)^m by the skew of its times; 3.6 to 4 for n, m from 1 to 5 */
#define SATURATION    1.2   /* on the way to its peak a velocity rises less than its onset promises */
#define ONSET_SHARE   0.25  /* an onset is not extrapolated by more than this share of the movement */
#define ERROR_MPS     0.005 /* of a corrected velocity: sway of a lifter */
#define SWAY_MOST     0.012 /* 3 mm rms at 0.6 Hz: more is no hold */
#define LULL_S        0.25  /* a movement is over where it stays slow for so long, */
#define HALT_SHARE    0.15 /* unless so much of what it has made follows in its direction: then it has halted */
#define SMOOTH_SHARE  0.012 /* sway is smoothed out over this share of a movement */
#define SKEW_PARTS    8     /* a stroke is looked at in eighths of its time */
#define STOPPED_SHARE 0.6   /* of its greatest speed is left in the last of them */
#define GUARD         25    /* ticks of a hold next to a border that may still move */

/* One end of a movement. */
struct edge {
        double at;   /* ticks */
        double blur; /* by so many ticks it moves for each m/s that the velocity is wrong */
};

/* Forward and back through a one-pole low pass: no delay. */
static void smooth_span(float *v, unsigned from, unsigned to, unsigned length) {
        double tau_s = CLAMP(SMOOTH_SHARE * T * length, 0.015, 0.08);
        float k = (float) (T / (T + tau_s));
        for (unsigned i = from + 1; i < to; i++)
                v[i] = v[i - 1] + k * (v[i] - v[i - 1]);
        for (unsigned i = to; i-- > from + 1;)
                v[i - 1] = v[i] + k * (v[i - 1] - v[i]);
}

unsigned velocity_peak(const float *v, double sign, unsigned from, unsigned to) {
        unsigned best = from;
        for (unsigned i = from; i < to; i++)
                if (sign * (double) v[i] > sign * (double) v[best])
                        best = i;
        return best;
}

/* A movement seen from its peak towards one of its ends. */
struct flank {
        const float *v;
        double sign;
        unsigned peak, limit;
        int step;
        double power;                  /* n of its onset, unless that is seen to be another */
        unsigned whole_from, whole_to; /* within them it has no end */
};

static double speed(const struct flank *f, unsigned i) {
        return f->sign * (double) f->v[i];
}

static unsigned beside(const struct flank *f, unsigned i, int steps) {
        return (unsigned) ((int) i + steps * f->step);
}

/* The last tick on the way out at which the movement is under way, by the levels slow and fast. What goes back slower than
 * `wrong` may be a halt. */
static unsigned under_way(const struct flank *f, double slow, double fast, double wrong) {
        const unsigned lull = (unsigned) (LULL_S / T);
        double made = 0, more = 0;
        unsigned last = f->peak, below = 0;

        for (unsigned i = f->peak; i != f->limit; i = beside(f, i, 1)) {
                double s = speed(f, i), back = i >= f->whole_from && i < f->whole_to ? HUGE_VAL : wrong;
                more += s > slow || s < -back || below <= lull ? s * T : 0;
                if (more < -HALT_SHARE * made)
                        break;
                if (below <= lull || (s > fast && more > HALT_SHARE * made)) {
                        below = s > slow ? 0 : below + 1;
                        made += more;
                        more = 0;
                }
                if (below == 0)
                        last = i;
        }
        return last;
}

/* On the way back from tick i to the peak: where the speed passes a level, between ticks. */
static double passes(const struct flank *f, unsigned i, double level) {
        for (; i != f->peak; i = beside(f, i, -1)) {
                double s = speed(f, i), next = speed(f, beside(f, i, -1));
                if (next > level)
                        return s < level ? i - f->step * (level - s) / (next - s) : i;
        }
        return f->peak;
}

/* The power n of an onset that takes r times as long from b to c as from a to b: r falls as n grows. */
static double power_of(double a, double b, double c, double r) {
        double low = POWER_LEAST, high = POWER_MOST;
        for (unsigned i = 0; i < 12; i++) {
                double n = (low + high) / 2, ta = pow(a, 1 / n), tb = pow(b, 1 / n), tc = pow(c, 1 / n);
                if ((tc - tb) / (tb - ta) > r)
                        low = n;
                else
                        high = n;
        }
        return (low + high) / 2;
}

/* Share of tb - ta that lies between t0 and ta. */
static double beyond(double a, double b, double n) {
        return 1 / (pow(b / a, 1 / n) - 1);
}

/* In eighths of its time: a stroke whose speed rises again after it fell was made in two goes, and one that is fast in its last
 * was stopped, by the floor mostly. s^4 (1-s), the latest of all, has 0.54 of its speed there. */
static bool is_broken(const float *v, double sign, unsigned from, unsigned to) {
        const unsigned part = (to - from) / SKEW_PARTS;
        double high = 0, low = 0, made = 0;

        for (unsigned i = from; i + part <= to; i += part) {
                made = 0;
                for (unsigned k = i; k < i + part; k++)
                        made += sign * (double) v[k];
                if (made > high)
                        high = low = made;
                low = fmin(low, made);
                if (made > low + HALT_SHARE * high)
                        return true;
        }
        return made > STOPPED_SHARE * high;
}

/* ln(n/m) of a stroke v ~ s^n (1-s)^m, by the time from 10 to 50 % of its travel and that from 50 to 90 %: its ends, where
 * noise hides the velocity, have no part in them. */
static double skew(const float *v, double sign, unsigned from, unsigned to) {
        static const double share[] = {0.1, 0.5, 0.9};
        double travel = 0, made = 0, at[ARRAY_SIZE(share)];
        unsigned k = 0;

        if (to < from + SKEW_PARTS || is_broken(v, sign, from, to))
                return 0;
        for (unsigned i = from; i < to; i++)
                travel += sign * (double) v[i];
        if (travel <= 0)
                return 0;
        for (unsigned i = from; i < to; i++) {
                double s = sign * (double) v[i];
                made += s;
                for (; k < ARRAY_SIZE(share) && s > 0 && made >= share[k] * travel; k++)
                        at[k] = i + 1 - (made - share[k] * travel) / s;
        }
        if (k < ARRAY_SIZE(share))
                return 0;
        return POWER_SKEW * log(fmax(at[1] - at[0], 1) / fmax(at[2] - at[1], 1));
}

/* Power at the end of a stroke that is softer by so much than the other: that one is the usual one. */
static double soft(double by) {
        return fmin(ONSET_POWER * exp(fmax(by, 0)), POWER_MOST);
}

static struct edge edge_of(
        const struct flank *f, const struct repfit_params *p, double level, double noise, unsigned length) {
        double top = speed(f, f->peak);
        double a = fmin(0.4 * top, fmax(fmax(level * top, p->edge_mps), 1.8 * noise));
        double b = fmin(0.5 * top, fmax(2.6 * a, 0.2 * top)), c = fmin(0.8 * top, 2.25 * b);
        unsigned last = under_way(f, a, b, level >= BORDER_ROUGH ? a : 0);
        double ta = passes(f, last, a), tb = passes(f, last, b), tc = passes(f, last, c), gap = fabs(tb - ta);
        if (gap < 1)
                return (struct edge){ta, 1 / b};

        double usual = beyond(a, b, f->power);
        double own = beyond(a, b, power_of(a, b, c, fabs(tc - tb) / gap / SATURATION));
        double unsure = POWER_NOISE * fmax(noise, ERROR_MPS) / (b - a) / POWER_SPREAD;
        double out = gap * (usual + (own - usual) / (1 + unsure * unsure));
        return (struct edge){ta + f->step * MIN(out, ONSET_SHARE * length), gap / (b - a)};
}

/* What one movement leaves, x, and the next begins with, y: a hold between them, or one border. */
static void join(const struct repfit_params *p, const struct edge *x, const struct edge *y, double *ret_x,
        double *ret_y) {
        double least = fmax(p->pause_s / T, ERROR_MPS * hypot(x->blur, y->blur));
        double wx = 1 / fmax(x->blur * x->blur, 1), wy = 1 / fmax(y->blur * y->blur, 1);

        *ret_x = x->at;
        *ret_y = y->at;
        if (y->at - x->at < least)
                *ret_x = *ret_y = (wx * x->at + wy * y->at) / (wx + wy);
}

/* rms of what the velocity still is in the holds: sway, mostly. */
static double hold_noise(const float *v, const struct window *w) {
        const unsigned holds[][2] = {{w->before, w->a0}, {w->a1, w->b0}, {w->b1, w->after}};
        double sum2 = 0;
        unsigned n = 0;
        for (unsigned k = 0; k < ARRAY_SIZE(holds); k++)
                for (unsigned i = holds[k][0] + GUARD; i + GUARD < holds[k][1]; i++) {
                        sum2 += (double) v[i] * (double) v[i];
                        n++;
                }
        return n > GUARD ? fmin(sqrt(sum2 / n), SWAY_MOST) : 0;
}

int borders_find(const struct repfit_params *p, float *v, const struct window *w, double sign, double level,
        struct borders *ret) {
        unsigned turn = (w->a1 + w->b0) / 2, end = w->n - 1;
        unsigned length_a = MAX(20u, w->a1 - w->a0), length_b = MAX(20u, w->b1 - w->b0);
        double noise = hold_noise(v, w);

        smooth_span(v, 0, w->a0, length_b);
        smooth_span(v, w->a0, turn, length_a);
        smooth_span(v, turn, w->b1, length_b);
        smooth_span(v, w->b1, w->n, length_a);

        unsigned pa = velocity_peak(v, sign, w->a0, MAX(turn, w->a0 + 1));
        unsigned pb = velocity_peak(v, -sign, turn, w->b1 + 1);
        if (pa >= pb || sign * (double) v[pa] <= 0 || sign * (double) v[pb] >= 0)
                return -ENODATA;

        /* A concentric is skewed by where the lifter is weak, which tells nothing of its ends. */
        double late_a = sign < 0 ? skew(v, sign, w->a0, w->a1) : 0;
        double late_b = sign > 0 ? skew(v, -sign, w->b0, w->b1) : 0;
        const unsigned a_end = w->whole ? w->a1 : w->a0, b_end = w->whole ? w->b1 : w->b0;
        struct edge a0 =
                edge_of(&(struct flank){v, sign, pa, MIN(w->begin_from, pa), -1, soft(late_a), w->a0, a_end}, p,
                        level, noise, length_a);
        struct edge a1 = edge_of(
                &(struct flank){v, sign, pa, pb, 1, soft(-late_a), w->a0, a_end}, p, level, noise, length_a);
        struct edge b0 = edge_of(
                &(struct flank){v, -sign, pb, pa, -1, soft(late_b), w->b0, b_end}, p, level, noise, length_b);
        struct edge b1 = edge_of(
                &(struct flank){v, -sign, pb, end, 1, soft(-late_b), w->b0, b_end}, p, level, noise, length_b);
        join(p, &a1, &b0, &ret->a1, &ret->b0);

        /* What is left of the movement before the first, what is seen of the one after the second. */
        unsigned p0 = velocity_peak(v, -sign, 0, w->whole ? MIN(w->a0, pa) : pa);
        unsigned n0 = velocity_peak(v, sign, w->whole ? MAX(w->b1, pb) : pb, w->n);
        ret->before = w->hold_from;
        ret->a0 = fmax(a0.at, 0);
        if (-sign * (double) v[p0] > MAX(0.2 * sign * (double) v[pa], 4 * ERROR_MPS)) {
                struct edge e = edge_of(
                        &(struct flank){v, -sign, p0, pa, 1, ONSET_POWER, 0, 0}, p, level, noise, length_b);
                join(p, &e, &a0, &ret->before, &ret->a0);
                /* In a walk that the search left out something like the end of a movement is soon found. */
                ret->before = fmin(fmax(ret->before, w->rest_from), ret->a0);
        }
        ret->b1 = fmin(b1.at, end);
        ret->after = w->hold_until;
        if (sign * (double) v[n0] > MAX(-0.2 * sign * (double) v[pb], 4 * ERROR_MPS)) {
                struct edge e = edge_of(
                        &(struct flank){v, sign, n0, pb, -1, ONSET_POWER, 0, 0}, p, level, noise, length_a);
                join(p, &b1, &e, &ret->b1, &ret->after);
        }
        return 0;
}

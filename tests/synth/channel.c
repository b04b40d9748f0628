/* SPDX-License-Identifier: Apache-2.0 */
/* Strokes and their sum. */

#include "synth/channel.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "util/macros.h"

/* x^n; pow() takes ten times as long, and this is where the generator spends its time. */
static double power(double x, unsigned n) {
        double result = 1;

        while (n-- > 0)
                result *= x;
        return result;
}

/* Velocity u^a (1-u)^b / B(a+1, b+1). The position is the integral of its binomial expansion,
 * sum over k of (-1)^k C(b,k) u^(a+k+1) / (a+k+1). */
static struct value beta_at(unsigned a, unsigned b, double u) {
        double norm = 1, term = 1, p = 0, w = 1 - u;

        for (unsigned k = 1; k <= b; k++) /* B(a+1, b+1) = a! b! / (a+b+1)! */
                norm *= (double) k / (a + k);
        norm /= a + b + 1;
        for (unsigned k = 0; k <= b; k++) {
                p += term * power(u, a + k + 1) / (a + k + 1);
                term *= -(double) (b - k) / (k + 1);
        }
        return (struct value){
                .p = p / norm,
                .v = power(u, a) * power(w, b) / norm,
                .a = power(u, a - 1) * power(w, b - 1) * (a * w - b * u) / norm,
        };
}

/* From the foot of a half-cosine ramp of length r to top speed v. */
static struct value ramp_at(double r, double v, double u) {
        return (struct value){
                .p = v * (u / 2 - r / (2 * M_PI) * sin(M_PI * u / r)),
                .v = v * (1 - cos(M_PI * u / r)) / 2,
                .a = v * M_PI / (2 * r) * sin(M_PI * u / r),
        };
}

static struct value trapezoid_at(double up, double down, double u) {
        double v = 1 / (1 - (up + down) / 2);
        struct value x;

        if (u < up)
                return ramp_at(up, v, u);
        if (u <= 1 - down)
                return (struct value){.p = v * (u - up / 2), .v = v};
        x = ramp_at(down, v, 1 - u);
        return (struct value){.p = 1 - x.p, .v = x.v, .a = -x.a};
}

struct value velocity_profile_at(const struct velocity_profile *p, double u) {
        switch (p->kind) {
        case VELOCITY_BETA:
                return beta_at(p->rise, p->fall, u);
        case VELOCITY_TRAPEZOID:
                return trapezoid_at(p->ramp_up, p->ramp_down, u);
        }
        return (struct value){0};
}

int channel_add(struct channel *c, double start_s, double duration_s, double distance,
        struct velocity_profile profile) {
        const struct channel_stroke *last = c->n > 0 ? &c->strokes[c->n - 1] : NULL;
        struct channel_stroke *grown;

        if (!(duration_s > 0) || (last && start_s < last->start_s))
                return -EINVAL;
        if ((c->n & (c->n - 1)) == 0) { /* full: double it */
                grown = reallocarray(c->strokes, c->n > 0 ? 2 * c->n : 1, sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                c->strokes = grown;
                last = c->n > 0 ? &c->strokes[c->n - 1] : NULL;
        }
        c->strokes[c->n++] = (struct channel_stroke){
                .start_s = start_s,
                .duration_s = duration_s,
                .distance = distance,
                .before = last ? last->before + last->distance : 0,
                .profile = profile,
        };
        return 0;
}

struct value channel_at(const struct channel *c, double t_s) {
        size_t low = 0, high = c->n, first;
        struct value sum;

        while (low < high) { /* how many strokes have started? */
                size_t middle = low + (high - low) / 2;

                if (c->strokes[middle].start_s <= t_s)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == 0)
                return (struct value){0};
        first = low > CHANNEL_OVERLAP_MAX ? low - CHANNEL_OVERLAP_MAX : 0;
        sum = (struct value){.p = c->strokes[first].before};
        for (size_t i = first; i < low; i++) {
                const struct channel_stroke *s = &c->strokes[i];
                double u = (t_s - s->start_s) / s->duration_s;
                struct value x;

                if (u >= 1) {
                        sum.p += s->distance;
                        continue;
                }
                x = velocity_profile_at(&s->profile, u);
                sum.p += s->distance * x.p;
                sum.v += s->distance * x.v / s->duration_s;
                sum.a += s->distance * x.a / (s->duration_s * s->duration_s);
        }
        return sum;
}

double channel_peak(const struct channel *c, double start_s, double end_s) {
        const unsigned n = 4000; /* a peak is flat: 1/4000 of the phase misses it by less than 1e-6 of itself */
        double peak = 0;

        for (unsigned i = 0; i <= n; i++)
                peak = fmax(peak, fabs(channel_at(c, start_s + (end_s - start_s) * i / n).v));
        return peak;
}

void channel_done(struct channel *c) {
        free(c->strokes);
        *c = (struct channel){0};
}

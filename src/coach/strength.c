/* SPDX-License-Identifier: Apache-2.0 */
/* Load and velocity:
 *
 *     v  | x                     v = a + b L, b < 0: nearly a line from 30 to 100 % of the 1RM (deadlift, R2 0.97 for one
 *        |    x x                lifter: Benavides-Ubric et al., J Sports Sci Med 19, 2020, 452; of the bench press:
 *        |          x            Gonzalez-Badillo and Sanchez-Medina 2010, doi 10.1055/s-0030-1248333; abstracts)
 *     v1 |_ _ _ _ _ _ _ \        e1RM = (v1 - a) / b
 *        |_______________|___ L
 *
 * Sets differ: a bad day, a lazy warm-up, a wrong load entered. Iteratively reweighted least squares with Huber's weights
 * lets far points pull no harder than near ones. The standard error of e1RM follows from the covariance of a and b by the
 * delta method: de/da = -1/b, de/db = -e/b. How far sets scatter is not known from two or three of them, so the scatter has a
 * prior of 0.03 m/s worth four points. The scatter of v1 itself, between days and people, is not in it. */

#include "coach/strength.h"

#include <math.h>
#include <string.h>

#include "util/macros.h"

#define HUBER      1.345 /* 95 % of the efficiency of plain least squares where there are no outliers */
#define ROUNDS     20
#define NOISE_MPS  0.03 /* between sets of one load: doc/coaching.md */
#define PRIOR_DOF  4.0
#define APART      0.2 /* loads: (greatest - least) / greatest */
#define FALLS      2.0 /* the slope is this many of its standard errors below 0 */
#define MOST_TIMES 2.0 /* the greatest load lifted: beyond that a line is no estimate */

struct line {
        double a, b; /* at the mean load, and per kg */
        double mean_kg, weight, xx;
};

static struct line fit_line(const struct strength_point *p, unsigned n, const double *w) {
        struct line l = {0};
        double xy = 0;

        for (unsigned i = 0; i < n; i++) {
                l.weight += w[i];
                l.mean_kg += w[i] * (double) p[i].load_kg;
                l.a += w[i] * (double) p[i].best_mps;
        }
        l.mean_kg /= l.weight;
        l.a /= l.weight;
        for (unsigned i = 0; i < n; i++) {
                double x = (double) p[i].load_kg - l.mean_kg;

                l.xx += w[i] * x * x;
                xy += w[i] * x * ((double) p[i].best_mps - l.a);
        }
        l.b = l.xx > 0 ? xy / l.xx : 0;
        return l;
}

static double residual(const struct line *l, const struct strength_point *p) {
        return (double) p->best_mps - l->a - l->b * ((double) p->load_kg - l->mean_kg);
}

/* Mean of the residuals' squares as far as Huber believes them, drawn to what is expected. */
static double scatter(const struct line *l, const struct strength_point *p, unsigned n, const double *w) {
        double sum = PRIOR_DOF * NOISE_MPS * NOISE_MPS;

        for (unsigned i = 0; i < n; i++) {
                double r = residual(l, &p[i]);

                sum += w[i] * r * r;
        }
        return sqrt(sum / (PRIOR_DOF + n - 2));
}

/* The median is not moved by outliers; 1.4826 makes it a standard deviation. */
static double robust_scale(const struct line *l, const struct strength_point *p, unsigned n) {
        double r[STRENGTH_POINTS] = {0};

        for (unsigned i = 0; i < n; i++) {
                double size = fabs(residual(l, &p[i]));
                unsigned at = i;

                for (; at > 0 && r[at - 1] > size; at--)
                        r[at] = r[at - 1];
                r[at] = size;
        }
        return fmax(1.4826 * (r[(n - 1) / 2] + r[n / 2]) / 2, NOISE_MPS);
}

static bool are_apart(const struct strength_point *p, unsigned n) {
        double least = HUGE_VAL, most = 0;

        for (unsigned i = 0; i < n; i++) {
                least = fmin(least, (double) p[i].load_kg);
                most = fmax(most, (double) p[i].load_kg);
        }
        return most - least >= APART * most;
}

static double greatest(const struct strength_point *p, unsigned n) {
        double most = 0;

        for (unsigned i = 0; i < n; i++)
                most = fmax(most, (double) p[i].load_kg);
        return most;
}

void strength_fit(const struct strength_point *points, unsigned n, double one_rm_mps, struct strength *ret) {
        double w[STRENGTH_POINTS];
        struct line l;

        *ret = (struct strength){.e1rm_kg = (double) NAN, .e1rm_se_kg = (double) NAN, .points = n};
        if (n < 2 || n > STRENGTH_POINTS || !(one_rm_mps > 0) || !are_apart(points, n))
                return;
        for (unsigned i = 0; i < n; i++)
                w[i] = 1;
        l = fit_line(points, n, w);
        for (unsigned round = 0; round < ROUNDS; round++) {
                double most = HUBER * robust_scale(&l, points, n);

                for (unsigned i = 0; i < n; i++)
                        w[i] = fmin(1, most / fmax(fabs(residual(&l, &points[i])), 1e-9));
                l = fit_line(points, n, w);
        }

        double s = scatter(&l, points, n, w), slope_se = s / sqrt(l.xx);
        double beyond_kg = (one_rm_mps - l.a) / l.b, e1rm_kg = l.mean_kg + beyond_kg;

        if (!(l.b < -FALLS * slope_se) || !(e1rm_kg > 0) || e1rm_kg > MOST_TIMES * greatest(points, n))
                return;
        *ret = (struct strength){
                .known = true,
                .slope = l.b,
                .intercept = l.a - l.b * l.mean_kg,
                .e1rm_kg = e1rm_kg,
                /* Level at the mean load and slope are independent there. */
                .e1rm_se_kg = s / fabs(l.b) * sqrt(1 / l.weight + beyond_kg * beyond_kg / l.xx),
                .points = n,
        };
}

/* ---- profiles ---- */

static struct strength_profile *profile_of(struct strengths *s, const char *athlete, const char *exercise) {
        struct strength_profile *oldest = &s->profiles[0];

        for (unsigned i = 0; i < STRENGTH_PROFILES; i++) {
                struct strength_profile *p = &s->profiles[i];

                if (strcmp(p->athlete, athlete) == 0 && strcmp(p->exercise, exercise) == 0)
                        return p;
                if (p->used < oldest->used)
                        oldest = p;
        }
        *oldest = (struct strength_profile){.n = 0};
        strcpy(oldest->athlete, athlete);
        strcpy(oldest->exercise, exercise);
        return oldest;
}

const struct strength_profile *strengths_add(
        struct strengths *s, const char *athlete, const char *exercise, double load_kg, double best_mps) {
        struct strength_profile *p;

        if (*athlete == '\0' || *exercise == '\0' || strlen(athlete) >= sizeof(p->athlete) ||
                strlen(exercise) >= sizeof(p->exercise) || !(load_kg > 0) || !(best_mps > 0))
                return NULL;
        p = profile_of(s, athlete, exercise);
        p->used = ++s->uses;
        p->points[p->next] = (struct strength_point){(float) load_kg, (float) best_mps};
        p->next = (p->next + 1) % STRENGTH_POINTS;
        p->n = MIN(p->n + 1, (unsigned) STRENGTH_POINTS);
        return p;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the bar outside the reps. */

#include <math.h>

#include "synth/author.h"

/* Steps of about 0.3 m; the bar rises and falls by 2 cm with each, and each lands. */
void author_walk(struct author *a, double distance) {
        unsigned n = (unsigned) fmax(1, rint(fabs(distance) / 0.3));
        double start = a->now;

        for (unsigned i = 0; i < n; i++) {
                double step = random_uniform(&a->random, 0.6, 0.9),
                       bob = random_uniform(&a->random, 0.01, 0.025);

                author_add(a, &a->s->walk, a->now, step, distance / n, VELOCITY_MIN_JERK);
                author_add(a, &a->s->path, a->now, step / 2, bob, VELOCITY_MIN_JERK);
                author_add(a, &a->s->path, a->now + step / 2, step / 2, -bob, VELOCITY_MIN_JERK);
                if (a->o->hard)
                        author_impact(a, a->now + step, random_uniform(&a->random, 0.5, 3));
                a->now += step + random_uniform(&a->random, 0.05, 0.3);
        }
        author_move(a, REJECTED_WALKOUT, start, a->now);
}

void author_unrack(struct author *a) {
        double duration = random_uniform(&a->random, 0.7, 1.2);

        if (!a->lift->floor)
                author_add(a, &a->s->held, a->now, 0.5, 1, VELOCITY_MIN_JERK); /* hands on the bar */
        a->now += 0.8;
        if (a->lift->unrack_m > 0) {
                if (a->o->hard)
                        author_impact(a, a->now, random_uniform(&a->random, 1, 4));
                author_add(a, &a->s->path, a->now, duration, a->lift->unrack_m, VELOCITY_MIN_JERK);
                author_turn(a, duration, RAD(random_uniform(&a->random, -5, 5)));
                a->roll = 0; /* rolls of the reps count from here */
                author_move(a, REJECTED_UNRACK, a->now, a->now + duration);
                a->now += duration + 0.4;
        }
        if (a->lift->walk_m > 0)
                author_walk(a, -a->lift->walk_m);
}

void author_rerack(struct author *a, double offset) {
        double height = a->lift->unrack_m + offset, duration = random_uniform(&a->random, 0.7, 1.2);

        if (a->lift->walk_m > 0)
                author_walk(a, a->lift->walk_m);
        if (a->lift->unrack_m > 0) {
                author_add(a, &a->s->path, a->now, duration, -height, VELOCITY_MIN_JERK);
                author_move(a, REJECTED_RERACK, a->now, a->now + duration);
                a->now += duration;
                author_impact(a, a->now, a->o->hard ? random_uniform(&a->random, 5, 25) : 2);
        }
        if (!a->lift->floor)
                author_add(a, &a->s->held, a->now, 0.4, -1, VELOCITY_MIN_JERK);
        a->now += 0.8;
}

/* People change plates, knock against the rack and turn the bar; some take it out and put it back (hard). */
void author_idle(struct author *a, double until) {
        while (a->now < until && a->error == 0) {
                a->now += random_uniform(&a->random, 5, 40);
                switch (random_below(&a->random, a->o->hard ? 4 : 3)) {
                case 0:
                        author_impact(a, a->now, random_uniform(&a->random, 0.5, 10));
                        break;
                case 1: /* plates: a row of knocks while the bar tips by a centimetre */
                        for (unsigned i = 0; i < 4; i++) {
                                double tip = random_uniform(&a->random, 0.003, 0.012);

                                author_impact(a, a->now, random_uniform(&a->random, 2, 15));
                                author_add(a, &a->s->path, a->now, 0.3, tip, VELOCITY_MIN_JERK);
                                author_add(a, &a->s->path, a->now + 0.3, 0.3, -tip, VELOCITY_MIN_JERK);
                                a->now += random_uniform(&a->random, 0.8, 2);
                        }
                        break;
                case 2:
                        author_add(a, &a->s->roll, a->now, 1.5, RAD(random_uniform(&a->random, -60, 60)),
                                VELOCITY_MIN_JERK);
                        a->now += 1.5;
                        break;
                case 3:
                        author_unrack(a);
                        a->now += random_uniform(&a->random, 2, 6);
                        author_rerack(a, 0);
                        break;
                }
        }
        a->now = fmax(a->now, until);
}

/* Between sets a bar lies on its hooks as somebody left it. Each rest is an equation for whoever calibrates. */
void author_rests(struct author *a) {
        double roll = 0;

        for (unsigned i = 0; i < a->o->rests; i++) {
                double to = random_uniform(&a->random, -M_PI, M_PI);

                a->now += random_uniform(&a->random, 4, 8);
                author_add(a, &a->s->roll, a->now, 1.5, to - roll, VELOCITY_MIN_JERK);
                roll = to;
                a->now += 1.5;
        }
        if (a->o->rests > 0)
                a->now += 4;
}

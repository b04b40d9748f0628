/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a set:
 *
 *     rack --unrack--> --walk-out--> still --rep, rep, ...--> still --walk back--> --re-rack--> rack
 *
 * Lifts from the floor (deadlift, and curl or row after picking the bar up) and on a cable leave out what they do
 * not have. Everything is appended in time; `now` is where the next movement begins. */

#include "synth/script.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"

#define RAD(deg) ((deg) *M_PI / 180)

struct author {
        struct script *s;
        const struct synth_options *o;
        const struct synth_lift *lift;
        struct random random;
        double now;
        unsigned set, rep;
        double roll; /* of the bar above its place in the rack, rad */
        int error;   /* first failure of an append; the rest is then void */
};

static void add(
        struct author *a, struct channel *c, double start, double duration, double distance, struct profile p) {
        int k = channel_add(c, start, duration, distance, p);

        if (k < 0 && a->error == 0)
                a->error = k;
}

static double vary(struct author *a, double value) {
        double scatter = a->o->scatter_pct / 100;

        return value * (1 + scatter * CLAMP(random_normal(&a->random), -2.5, 2.5));
}

/* Room for element n of an array that doubles. */
static void *element(struct author *a, void **array, size_t n, size_t size) {
        if ((n & (n - 1)) == 0) {
                void *grown = reallocarray(*array, n > 0 ? 2 * n : 1, size);

                if (!grown) {
                        a->error = -ENOMEM;
                        return NULL;
                }
                *array = grown;
        }
        return (char *) *array + n * size;
}

static uint64_t us(double s) {
        return (uint64_t) llrint(s * 1e6);
}

static void truth_of_phase(struct author *a, enum phase phase, double start, double end) {
        struct truth *t = &a->s->truth;
        struct truth_phase *p;

        if (us(end) <= us(start) || a->error < 0)
                return;
        p = element(a, (void **) &t->phases, t->n_phases, sizeof(*p));
        if (!p)
                return;
        *p = (struct truth_phase){a->set, a->rep, phase, us(start), us(end)};
        t->n_phases++;
}

static void truth_of_move(struct author *a, enum rejection kind, double start, double end) {
        struct truth *t = &a->s->truth;
        struct truth_move *m;

        if (a->error < 0)
                return;
        m = element(a, (void **) &t->moves, t->n_moves, sizeof(*m));
        if (!m)
                return;
        *m = (struct truth_move){kind, us(start), us(end)};
        t->n_moves++;
}

static void impact(struct author *a, double at, double peak) {
        struct impact *i;

        if (a->error < 0)
                return;
        i = element(a, (void **) &a->s->impacts, a->s->n_impacts, sizeof(*i));
        if (!i)
                return;
        *i = (struct impact){
                .at_s = at,
                .peak_mps2 = peak,
                .hz = random_uniform(&a->random, 12, 30),
                .decay_s = random_uniform(&a->random, 0.02, 0.06),
                .direction = {random_uniform(&a->random, -0.5, 0.5), random_uniform(&a->random, -0.5, 0.5), 1},
        };
        a->s->n_impacts++;
}

/* One movement along the path in n parts that share distance and time; overlap > 0 lets them melt together,
 * overlap < 0 leaves near stops between them. The movement takes exactly the duration. */
static void parts(struct author *a, double duration, double distance, unsigned n, double overlap) {
        double weights[6], sum = 0, at = a->now, unit;

        n = CLAMP(n, 1U, (unsigned) ARRAY_SIZE(weights));
        for (unsigned i = 0; i < n; i++)
                sum += weights[i] = random_uniform(&a->random, 0.7, 1.3);
        /* Part i lasts weights[i] units, and the next begins when (1 - overlap) of it is over. */
        unit = duration / ((sum - weights[n - 1]) * (1 - overlap) + weights[n - 1]);
        for (unsigned i = 0; i < n; i++) {
                double length = i + 1 < n ? weights[i] * unit : a->now + duration - at;

                add(a, &a->s->path, at, length, distance * weights[i] / sum, PROFILE_MIN_JERK);
                at += weights[i] * unit * (1 - overlap);
        }
}

/* A stroke of a rep in the family asked for. */
static void stroke(struct author *a, double duration, double distance, bool hits_floor) {
        static const unsigned skewed[][2] = {{2, 3}, {3, 2}, {2, 4}, {4, 2}};
        unsigned n, pick;
        double up, down;

        if (hits_floor) { /* stopped within 20 ms by the floor */
                down = fmin(0.02 / duration, 0.3);
                add(a, &a->s->path, a->now, duration, distance,
                        (struct profile){.kind = PROFILE_TRAPEZOID, .ramp_up = 0.6, .ramp_down = down});
                return;
        }
        switch (a->o->family) {
        case SYNTH_MIN_JERK:
        case _SYNTH_FAMILY_MAX:
                add(a, &a->s->path, a->now, duration, distance, PROFILE_MIN_JERK);
                return;
        case SYNTH_RAMP:
                up = random_uniform(&a->random, 0.15, 0.3);
                down = random_uniform(&a->random, 0.15, 0.3);
                add(a, &a->s->path, a->now, duration, distance,
                        (struct profile){.kind = PROFILE_TRAPEZOID, .ramp_up = up, .ramp_down = down});
                return;
        case SYNTH_ASYMMETRIC:
                pick = random_below(&a->random, ARRAY_SIZE(skewed));
                add(a, &a->s->path, a->now, duration, distance,
                        (struct profile){
                                .kind = PROFILE_BETA, .rise = skewed[pick][0], .fall = skewed[pick][1]});
                return;
        case SYNTH_SUBMOVEMENTS: /* about one a second, as slow movement is made of */
                n = (unsigned) CLAMP(rint(duration * random_uniform(&a->random, 0.8, 1.4)), 1.0, 6.0);
                parts(a, duration, distance, n, random_uniform(&a->random, 0.3, 0.5));
                return;
        case SYNTH_HESITATION:
                n = duration < 1.5 ? 1 : 2 + random_below(&a->random, 2);
                parts(a, duration, distance, n, -random_uniform(&a->random, 0.05, 0.25));
                return;
        }
}

/* The bar turns with the movement and back with the next. */
static void turn_to(struct author *a, double duration, double roll) {
        add(a, &a->s->roll, a->now, duration, roll - a->roll, PROFILE_MIN_JERK);
        a->roll = roll;
}

/* The concentric of a tired lifter breaks in two: the second push starts late. The dip of speed between the pushes is
 * the sticking region. Fresh lifters (tired 0) have none. */
static void concentric(struct author *a, double duration, double distance, double tired) {
        double break_at;

        if (tired < 0.1 || a->o->family != SYNTH_MIN_JERK) {
                stroke(a, duration, distance, false);
                return;
        }
        break_at = random_uniform(&a->random, 0.40, 0.50);
        double first = duration * (break_at + 0.28 - 0.25 * tired), second = duration * (1 - break_at + 0.06);
        add(a, &a->s->path, a->now, first, distance * break_at, PROFILE_MIN_JERK);
        add(a, &a->s->path, a->now + duration - second, second, distance * (1 - break_at), PROFILE_MIN_JERK);
}

struct plan { /* of one rep */
        double eccentric_s, bottom_s, concentric_s, top_s;
        double down_m, up_m; /* travel of the eccentric and the concentric, positive */
        double roll;
        double tired; /* 0 to 1 */
};

static double sign_of_eccentric(const struct author *a) {
        return a->lift->eccentric_up ? 1 : -1;
}

static void do_eccentric(struct author *a, const struct plan *p, struct truth_rep *t) {
        double start = a->now, end = start + p->eccentric_s;

        stroke(a, p->eccentric_s, sign_of_eccentric(a) * p->down_m, a->lift->floor);
        if (a->lift->floor)
                add(a, &a->s->held, end - 0.1, 0.1, -1, PROFILE_MIN_JERK);
        turn_to(a, p->eccentric_s, a->lift->bottom_first ? 0 : p->roll);
        if (a->lift->floor)
                impact(a, end, random_uniform(&a->random, 10, 40));
        truth_of_phase(a, PHASE_ECCENTRIC, start, end);
        t->eccentric.mean_mps = p->down_m / p->eccentric_s;
        t->eccentric.peak_mps = channel_peak(&a->s->path, start, end);
        a->now = end;
}

static void do_concentric(struct author *a, const struct plan *p, struct truth_rep *t) {
        double start = a->now, end = start + p->concentric_s;

        if (a->lift->floor) /* a bar on the floor neither sways nor trembles */
                add(a, &a->s->held, start, 0.1, 1, PROFILE_MIN_JERK);
        concentric(a, p->concentric_s, -sign_of_eccentric(a) * p->up_m, p->tired);
        turn_to(a, p->concentric_s, a->lift->bottom_first ? p->roll : 0);
        truth_of_phase(a, PHASE_CONCENTRIC, start, end);
        t->rom_m = p->up_m;
        t->concentric.mean_mps = p->up_m / p->concentric_s;
        t->concentric.peak_mps = channel_peak(&a->s->path, start, end);
        a->now = end;
}

static void do_pause(struct author *a, enum phase phase, double duration, bool last) {
        /* What follows the last rep is standing, not a pause of the tempo. */
        if (!last)
                truth_of_phase(a, phase, a->now, a->now + duration);
        a->now += duration;
}

static struct plan plan_rep(struct author *a, double *offset) {
        const struct synth_options *o = a->o;
        double rom = o->rom_m > 0 ? o->rom_m : a->lift->rom_m;
        double share = o->reps > 1 ? (a->rep - 1.0) / (o->reps - 1) : 0;
        double slow = 1 / (1 - o->fatigue_pct / 100 * share);
        struct plan p = {
                .eccentric_s = vary(a, o->tempo_s[0]),
                .bottom_s = vary(a, o->tempo_s[1]),
                .concentric_s = vary(a, o->tempo_s[2] > 0 ? o->tempo_s[2] : 0.7) * slow,
                .top_s = vary(a, o->tempo_s[3]),
                .roll = RAD(random_uniform(&a->random, -o->roll_deg, o->roll_deg)),
                .tired = o->fatigue_pct / 40 * share,
        };
        /* Where the rep turns varies; where it started, it ends within millimetres (the floor exactly). The offset is
         * what the rep before left. */
        double left = a->lift->floor ? 0 : CLAMP(0.004 * random_normal(&a->random), -0.01, 0.01);

        p.tired = fmin(p.tired, 1);
        rom = vary(a, rom);
        p.down_m = a->lift->bottom_first ? rom + left : rom + *offset;
        p.up_m = a->lift->bottom_first ? rom + *offset : rom + left;
        *offset = left;
        return p;
}

static void do_rep(struct author *a, double *offset) {
        struct plan p = plan_rep(a, offset);
        struct truth_rep *t = element(a, (void **) &a->s->truth.reps, a->s->truth.n_reps, sizeof(*t));
        bool last = a->rep == a->o->reps;

        if (!t)
                return;
        *t = (struct truth_rep){.set = a->set, .rep = a->rep};
        if (a->lift->bottom_first) {
                do_concentric(a, &p, t);
                do_pause(a, PHASE_TOP, p.top_s, false);
                do_eccentric(a, &p, t);
                do_pause(a, PHASE_BOTTOM, p.bottom_s, last);
        } else {
                do_eccentric(a, &p, t);
                do_pause(a, PHASE_BOTTOM, p.bottom_s, false);
                do_concentric(a, &p, t);
                do_pause(a, PHASE_TOP, p.top_s, last);
        }
        a->s->truth.n_reps++;
        a->s->truth.count++;
}

/* Steps of about 0.3 m; the bar rises and falls by 2 cm with each, and each lands. */
static void walk(struct author *a, double distance) {
        unsigned n = (unsigned) fmax(1, rint(fabs(distance) / 0.3));
        double start = a->now;

        for (unsigned i = 0; i < n; i++) {
                double step = random_uniform(&a->random, 0.6, 0.9),
                       bob = random_uniform(&a->random, 0.01, 0.025);

                add(a, &a->s->walk, a->now, step, distance / n, PROFILE_MIN_JERK);
                add(a, &a->s->path, a->now, step / 2, bob, PROFILE_MIN_JERK);
                add(a, &a->s->path, a->now + step / 2, step / 2, -bob, PROFILE_MIN_JERK);
                if (a->o->hard)
                        impact(a, a->now + step, random_uniform(&a->random, 0.5, 3));
                a->now += step + random_uniform(&a->random, 0.05, 0.3);
        }
        truth_of_move(a, REJECTED_WALKOUT, start, a->now);
}

static void unrack(struct author *a) {
        double duration = random_uniform(&a->random, 0.7, 1.2);

        if (!a->lift->floor)
                add(a, &a->s->held, a->now, 0.5, 1, PROFILE_MIN_JERK); /* hands on the bar */
        a->now += 0.8;
        if (a->lift->unrack_m > 0) {
                if (a->o->hard)
                        impact(a, a->now, random_uniform(&a->random, 1, 4));
                add(a, &a->s->path, a->now, duration, a->lift->unrack_m, PROFILE_MIN_JERK);
                turn_to(a, duration, RAD(random_uniform(&a->random, -5, 5)));
                a->roll = 0; /* rolls of the reps count from here */
                truth_of_move(a, REJECTED_UNRACK, a->now, a->now + duration);
                a->now += duration + 0.4;
        }
        if (a->lift->walk_m > 0)
                walk(a, -a->lift->walk_m);
}

static void rerack(struct author *a, double offset) {
        double height = a->lift->unrack_m + offset, duration = random_uniform(&a->random, 0.7, 1.2);

        if (a->lift->walk_m > 0)
                walk(a, a->lift->walk_m);
        if (a->lift->unrack_m > 0) {
                add(a, &a->s->path, a->now, duration, -height, PROFILE_MIN_JERK);
                truth_of_move(a, REJECTED_RERACK, a->now, a->now + duration);
                a->now += duration;
                impact(a, a->now, a->o->hard ? random_uniform(&a->random, 5, 25) : 2);
        }
        if (!a->lift->floor)
                add(a, &a->s->held, a->now, 0.4, -1, PROFILE_MIN_JERK);
        a->now += 0.8;
}

static void do_set(struct author *a) {
        double offset = 0;

        a->set++;
        unrack(a);
        a->now += a->o->lead_in_s;
        for (a->rep = 1; a->rep <= a->o->reps && a->error == 0; a->rep++)
                do_rep(a, &offset);
        a->now += random_uniform(&a->random, 1, 2);
        if (a->lift->bottom_first)
                offset *= sign_of_eccentric(a);
        rerack(a, offset);
}

/* People change plates, knock against the rack and turn the bar; some take it out and put it back (hard). */
static void idle(struct author *a, double until) {
        while (a->now < until && a->error == 0) {
                a->now += random_uniform(&a->random, 5, 40);
                switch (random_below(&a->random, a->o->hard ? 4 : 3)) {
                case 0:
                        impact(a, a->now, random_uniform(&a->random, 0.5, 10));
                        break;
                case 1: /* plates: a row of knocks while the bar tips by a centimetre */
                        for (unsigned i = 0; i < 4; i++) {
                                double tip = random_uniform(&a->random, 0.003, 0.012);

                                impact(a, a->now, random_uniform(&a->random, 2, 15));
                                add(a, &a->s->path, a->now, 0.3, tip, PROFILE_MIN_JERK);
                                add(a, &a->s->path, a->now + 0.3, 0.3, -tip, PROFILE_MIN_JERK);
                                a->now += random_uniform(&a->random, 0.8, 2);
                        }
                        break;
                case 2:
                        add(a, &a->s->roll, a->now, 1.5, RAD(random_uniform(&a->random, -60, 60)),
                                PROFILE_MIN_JERK);
                        a->now += 1.5;
                        break;
                case 3:
                        unrack(a);
                        a->now += random_uniform(&a->random, 2, 6);
                        rerack(a, 0);
                        break;
                }
        }
        a->now = fmax(a->now, until);
}

/* Between sets a bar lies on its hooks as somebody left it. Each rest is an equation for whoever calibrates. */
static void rests(struct author *a) {
        double roll = 0;

        for (unsigned i = 0; i < a->o->rests; i++) {
                double to = random_uniform(&a->random, -M_PI, M_PI);

                a->now += random_uniform(&a->random, 4, 8);
                add(a, &a->s->roll, a->now, 1.5, to - roll, PROFILE_MIN_JERK);
                roll = to;
                a->now += 1.5;
        }
        if (a->o->rests > 0)
                a->now += 4;
}

int script_init(struct script *s, const struct synth_options *options) {
        struct author a = {
                .s = s,
                .o = options,
                .lift = synth_lift_find(options->exercise),
                .random = random_stream(options->seed, 1),
                .now = 2, /* still in the rack, as every sensor wants it */
        };

        *s = (struct script){.incline_rad = RAD(a.lift->incline_deg)};
        rests(&a);
        for (unsigned i = 0; i < options->sets && a.error == 0; i++) {
                if (i > 0)
                        a.now += options->rest_s;
                do_set(&a);
        }
        a.now += 3;
        if (options->idle_min > 0)
                idle(&a, a.now + 60 * options->idle_min);
        s->end_s = a.now;
        if (a.error < 0)
                script_done(s);
        return a.error;
}

void script_done(struct script *s) {
        channel_done(&s->path);
        channel_done(&s->walk);
        channel_done(&s->roll);
        channel_done(&s->held);
        free(s->impacts);
        s->impacts = NULL;
        truth_done(&s->truth);
}

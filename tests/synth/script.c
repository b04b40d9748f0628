/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a set:
 *
 *     rack --unrack--> --walk-out--> still --rep, rep, ...--> still --walk back--> --re-rack--> rack
 *
 * Lifts from the floor (deadlift, and curl or row after picking the bar up) and on a cable leave out what they do
 * not have. Everything is appended in time; `now` is where the next movement begins. */

#include "synth/script.h"

#include <math.h>
#include <stdlib.h>

#include <repcast/sample.h>

#include "synth/author.h"
#include "util/macros.h"

/* The concentric of a tired lifter breaks in two: the second push starts late. The dip of speed between the pushes is
 * the sticking region. Fresh lifters (tired 0) have none. */
static void concentric(struct author *a, double duration, double distance, double tired) {
        double break_at;

        if (tired < 0.1 || a->o->family != SYNTH_MIN_JERK) {
                author_stroke(a, duration, distance, false);
                return;
        }
        break_at = random_uniform(&a->random, 0.40, 0.50);
        double first = duration * (break_at + 0.28 - 0.25 * tired), second = duration * (1 - break_at + 0.06);
        author_add(a, &a->s->path, a->now, first, distance * break_at, VELOCITY_MIN_JERK);
        author_add(a, &a->s->path, a->now + duration - second, second, distance * (1 - break_at),
                VELOCITY_MIN_JERK);
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

static double rom_of(const struct author *a) {
        return a->o->rom_m > 0 ? a->o->rom_m : a->lift->rom_m;
}

static bool happens(const struct author *a, enum synth_incident incident) {
        return a->o->incidents & (unsigned) incident;
}

/* What goes along with a stroke and is no part of its course. */
static void accompany(struct author *a, double duration, double distance) {
        if (happens(a, SYNTH_BUMPED))
                author_impact(a, a->now + duration * random_uniform(&a->random, 0.2, 0.8),
                        random_uniform(&a->random, 3, 30));
        if (happens(a, SYNTH_ARC)) {
                author_add(a, &a->s->walk, a->now, duration / 2, distance / 4, VELOCITY_MIN_JERK);
                author_add(
                        a, &a->s->walk, a->now + duration / 2, duration / 2, -distance / 4, VELOCITY_MIN_JERK);
        }
}

/* Speed rises evenly until the floor stops the bar within 20 ms. The ramp's greatest acceleration is 1.65 times that of
 * an even one; taking 1.3 times as long as a free fall keeps it under g. */
static void drop(struct author *a, struct plan *p) {
        p->eccentric_s = 1.3 * sqrt(2 * p->down_m / STANDARD_GRAVITY_MPS2);
        author_add(a, &a->s->path, a->now, p->eccentric_s, sign_of_eccentric(a) * p->down_m,
                (struct velocity_profile){.kind = VELOCITY_TRAPEZOID,
                        .ramp_up = 1 - 0.02 / p->eccentric_s,
                        .ramp_down = 0.02 / p->eccentric_s});
}

static void do_eccentric(struct author *a, struct plan *p, struct truth_rep *t) {
        bool dropped = happens(a, SYNTH_DROPPED) && a->lift->floor && a->rep == a->o->reps;
        double start = a->now, end;

        if (dropped)
                drop(a, p);
        else
                author_stroke(a, p->eccentric_s, sign_of_eccentric(a) * p->down_m, a->lift->floor);
        accompany(a, p->eccentric_s, p->down_m);
        end = start + p->eccentric_s;
        if (a->lift->floor)
                author_add(a, &a->s->held, end - 0.1, 0.1, -1, VELOCITY_MIN_JERK);
        author_turn(a, p->eccentric_s, a->lift->bottom_first ? 0 : p->roll);
        if (a->lift->floor)
                author_impact(a, end, dropped ? 300 : random_uniform(&a->random, 10, 40));
        author_phase(a, PHASE_ECCENTRIC, start, end);
        t->eccentric.mean_mps = p->down_m / p->eccentric_s;
        t->eccentric.peak_mps = channel_peak(&a->s->path, start, end);
        a->now = end;
}

static void do_concentric(struct author *a, const struct plan *p, struct truth_rep *t) {
        double start = a->now, end = start + p->concentric_s;

        if (a->lift->floor) /* a bar on the floor neither sways nor trembles */
                author_add(a, &a->s->held, start, 0.1, 1, VELOCITY_MIN_JERK);
        if (happens(a, SYNTH_ASSISTED) && a->rep == a->o->reps)
                author_parts(a, p->concentric_s, -sign_of_eccentric(a) * p->up_m, 3, -0.4);
        else
                concentric(a, p->concentric_s, -sign_of_eccentric(a) * p->up_m, p->tired);
        accompany(a, p->concentric_s, p->up_m);
        author_turn(a, p->concentric_s, a->lift->bottom_first ? p->roll : 0);
        author_phase(a, PHASE_CONCENTRIC, start, end);
        t->rom_m = p->up_m;
        t->concentric.mean_mps = p->up_m / p->concentric_s;
        t->concentric.peak_mps = channel_peak(&a->s->path, start, end);
        a->now = end;
}

static void do_pause(struct author *a, enum phase phase, double duration, bool last) {
        /* What follows the last rep is standing, not a pause of the tempo. */
        if (!last)
                author_phase(a, phase, a->now, a->now + duration);
        a->now += duration;
}

static struct plan plan_rep(struct author *a, double *offset) {
        const struct synth_options *o = a->o;
        double rom = rom_of(a);
        double share = o->reps > 1 ? (a->rep - 1.0) / (o->reps - 1) : 0;
        double slow = 1 / (1 - o->fatigue_pct / 100 * share);
        struct plan p = {
                .eccentric_s = author_vary(a, o->tempo_s[0]),
                .bottom_s = author_vary(a, o->tempo_s[1]),
                .concentric_s = author_vary(a, o->tempo_s[2] > 0 ? o->tempo_s[2] : 0.7) * slow,
                .top_s = author_vary(a, o->tempo_s[3]),
                .roll = RAD(random_uniform(&a->random, -o->roll_deg, o->roll_deg)),
                .tired = o->fatigue_pct / 40 * share,
        };
        /* Where the rep turns varies; where it started, it ends within millimetres (the floor exactly). The offset is
         * what the rep before left. */
        double left = a->lift->floor ? 0 : CLAMP(0.004 * random_normal(&a->random), -0.01, 0.01);

        p.tired = fmin(p.tired, 1);
        p.roll += RAD(o->turn_deg);
        if (happens(a, SYNTH_ASSISTED) && a->rep == o->reps)
                p.concentric_s *= 2.5;
        rom = author_vary(a, rom);
        p.down_m = a->lift->bottom_first ? rom + left : rom + *offset;
        p.up_m = a->lift->bottom_first ? rom + *offset : rom + left;
        *offset = left;
        return p;
}

/* Between reps, where the bar is carried or lies. */
static double breath(struct author *a) {
        return a->o->breath_s > 0 ? random_uniform(&a->random, 0, a->o->breath_s) : 0;
}

static void do_rep(struct author *a, double *offset) {
        struct plan p = plan_rep(a, offset);
        struct truth_rep *t = author_element(a, (void **) &a->s->truth.reps, a->s->truth.n_reps, sizeof(*t));
        bool last = a->rep == a->o->reps;

        if (!t)
                return;
        *t = (struct truth_rep){.set = a->set, .rep = a->rep};
        if (a->lift->bottom_first) {
                do_concentric(a, &p, t);
                do_pause(a, PHASE_TOP, p.top_s, false);
                do_eccentric(a, &p, t);
                do_pause(a, PHASE_BOTTOM, p.bottom_s + breath(a), last);
        } else {
                do_eccentric(a, &p, t);
                do_pause(a, PHASE_BOTTOM, p.bottom_s, false);
                do_concentric(a, &p, t);
                do_pause(a, PHASE_TOP, p.top_s + breath(a), last);
        }
        a->s->truth.n_reps++;
        a->s->truth.count++;
}

/* A quarter of the way and back, in the direction in which a rep begins. */
static void partial(struct author *a) {
        double way = rom_of(a) / 4 * sign_of_eccentric(a) * (a->lift->bottom_first ? -1 : 1), start = a->now;
        double there = 0.4 * a->o->tempo_s[0], back = 0.4 * fmax(a->o->tempo_s[2], 0.7);

        author_add(a, &a->s->path, a->now, there, way, VELOCITY_MIN_JERK);
        a->now += there;
        author_add(a, &a->s->path, a->now, back, -way, VELOCITY_MIN_JERK);
        a->now += back;
        author_move(a, REJECTED_PARTIAL, start, a->now);
        a->now += 0.3;
}

/* Down, half way up, a stall, and down onto the pins, where the bar stays. */
static void fail(struct author *a) {
        double rom = rom_of(a) * sign_of_eccentric(a), start = a->now, e = a->o->tempo_s[0];
        double c = 1.5 * fmax(a->o->tempo_s[2], 0.7);

        author_stroke(a, e, rom, false);
        a->now += e + 0.2;
        author_add(a, &a->s->path, a->now, c, -0.45 * rom, VELOCITY_MIN_JERK);
        a->now += c + 0.8;
        author_add(a, &a->s->path, a->now, 0.9, 0.45 * rom, VELOCITY_MIN_JERK);
        a->now += 0.9;
        author_impact(a, a->now, 15);
        author_add(a, &a->s->held, a->now, 0.5, -1, VELOCITY_MIN_JERK);
        author_move(a, REJECTED_PARTIAL, start, a->now);
        a->now += 10;
}

static void do_set(struct author *a) {
        double offset = 0;

        a->set++;
        author_unrack(a);
        a->now += a->o->lead_in_s;
        for (a->rep = 1; a->rep <= a->o->reps && a->error == 0; a->rep++) {
                do_rep(a, &offset);
                if (happens(a, SYNTH_PARTIALS) && a->rep % 2 == 0 && a->rep < a->o->reps)
                        partial(a);
        }
        if (happens(a, SYNTH_FAILED)) {
                fail(a);
                return;
        }
        a->now += random_uniform(&a->random, 1, 2);
        if (a->lift->bottom_first)
                offset *= sign_of_eccentric(a);
        author_rerack(a, offset);
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
        author_rests(&a);
        for (unsigned i = 0; i < options->sets && a.error == 0; i++) {
                if (i > 0 && happens(&a, SYNTH_BUSY))
                        author_idle(&a, a.now + options->rest_s);
                else if (i > 0)
                        a.now += options->rest_s;
                do_set(&a);
        }
        a.now += 3;
        if (options->idle_min > 0)
                author_idle(&a, a.now + 60 * options->idle_min);
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

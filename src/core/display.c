/* SPDX-License-Identifier: Apache-2.0 */
/* The phase that is shown, by the odds of the beam.
 *
 *            moves up
 *     REST -------------+               What is shown changes when another phase is likely enough, not as soon as it
 *      | moves down     |               leads: a display that flickers is worse than a late one.
 *      v                v
 *     ECCENTRIC <--> CONCENTRIC
 *      |  ^             |  ^
 *      v  |             v  |            either hold is left by either movement,
 *     BOTTOM            TOP             and for REST when it lasts too long
 *
 * A movement needs more than even odds, and the more the longer the movement before it lasted: the error of the velocity
 * grows as it is integrated, and the end of a slow lowering looks like the start of a lift. */

#include <math.h>

#include <repcast/display.h>

#include "util/macros.h"
#include "util/seconds.h"

#define HOLD_LEAST   0.8  /* probability: a hold that is shown too soon has to be taken back */
#define HOLD_READY   1.0  /* nats less at the right time and place */
#define BEFORE_SET   2.2  /* nats: who waits under the bar has mostly not begun yet */
#define BEYOND       4.0  /* sigmas: unless it is no error of the velocity */
#define LOOSE_LEAST  0.75 /* the motion belongs to no rep, as the beam sees it */
#define DRIFT_NATS   0.05 /* per s2 of the movement before: so the odds grow that what seems to turn goes on */
#define GOES_SIGMAS  1.5  /* so sure that the bar goes where it is pushed to */
#define UNREST_MPS2  0.15 /* of a hold: tremor and sway, without what is quicker than 30 ms */
#define PUSH_MOST    3.0
#define PUSH_HELD    1.0  /* a bar pushed harder is not held */
#define JERK_PEAK    5.77 /* 10 / sqrt(3): of a minimum-jerk movement of 1 m in 1 s, m/s2 */
#define JERK_SHARE   0.5  /* of lifters' movements about that */
#define SWELL_MPS2   0.03 /* tremor of 0.12 at 8 Hz comes to 0.024 in 0.1 s, sway to 0.012, the bias to 0.01 */
#define DRIFT_MOST   6.0
#define STANDS_S     1.0  /* longer than a movement hesitates */
#define SURE_LEAST   0.95 /* so likely and so fast, a bar is not at rest, though the tracker may think so */
#define SURE_MPS     0.06
#define ROM_SHARE    0.12 /* of one lifter's ROM from rep to rep, and in m, as in the beam */
#define ROM_M        0.03
#define USUAL_SHARE  0.5  /* of lifters' ROMs about the usual one */
#define HALT_PLACE   1.5  /* half way one rep in 20 turns, but of holds one in 80 is no halt */
#define LEANS        0.5  /* what the beam rather believes than not is not taken back */
#define HALT_SHARE   0.25 /* of a movement: its parts come to rest for about so long */
#define HALT_LEAST_S 0.25
#define HOLD_SHOWN   2.0 /* nats: of what is shown as a hold so much is one */
#define UNTIMELY     4.0 /* nats: it is neither the time nor the place */
#define ODDS_MOST    4.6 /* nats: the beam is wrong once in 100 times, however sure */

void display_init(struct display *d, double rest_after_s) {
        *d = (struct display){.rest_after_s = rest_after_s, .phase = PHASE_REST};
}

bool display_moving(const struct display *d) {
        return d->phase == PHASE_ECCENTRIC || d->phase == PHASE_CONCENTRIC;
}

static double since_s(const struct display *d, uint64_t now_us) {
        return seconds(d->phase_us, now_us);
}

static bool begin(struct display *d, enum phase phase, uint64_t border_us) {
        if (phase == d->phase)
                return false;
        d->phase = phase;
        d->phase_us = MAX(border_us, d->phase_us);
        if (display_moving(d))
                d->moved_us = d->phase_us;
        return true;
}

bool display_reset(struct display *d, uint64_t now_us) {
        d->lasted_s = d->velocity_mps = 0;
        d->phase_us = MIN(d->phase_us, now_us); /* the clock may have been set back */
        d->moved_us = MIN(d->moved_us, now_us);
        return begin(d, PHASE_REST, now_us);
}

static bool lower(struct display *d, uint64_t border_us, double rom_m) {
        if (d->phase != PHASE_ECCENTRIC)
                d->from_m = d->phase == PHASE_REST ? rom_m : d->height_m;
        return begin(d, PHASE_ECCENTRIC, border_us);
}

static bool hold(struct display *d, uint64_t border_us, uint64_t now_us) {
        switch (d->phase) {
        case PHASE_ECCENTRIC:
                d->height_m = 0;
                return begin(d, PHASE_BOTTOM, border_us);
        case PHASE_CONCENTRIC:
                return begin(d, PHASE_TOP, border_us);
        case PHASE_BOTTOM:
        case PHASE_TOP:
                return since_s(d, now_us) > d->rest_after_s && display_reset(d, now_us);
        case PHASE_REST:
        case _PHASE_MAX:
                break;
        }
        return false;
}

/* A push the way that the bar goes already is no sway, which is weaker, and no brake, which points the other way.
 * way: of the claim, 1 up, -1 down. */
static double push_nats(const struct beam_claim *c, double way, double a_mps2) {
        bool goes = way * c->v_mps > GOES_SIGMAS * c->sigma_mps && way * a_mps2 > 0;
        return goes ? fmin(PUSH_MOST, 0.5 * a_mps2 * a_mps2 / (UNREST_MPS2 * UNREST_MPS2)) : 0;
}

static double hardest_mps2(double way_m, double lasts_s) {
        return JERK_PEAK * way_m / (lasts_s * lasts_s);
}

/* In a set it is known how hard a movement begins: as its way and usual time take. What it follows, if that went on, would
 * brake no harder than its own take, and a hold not at all. The odds of two normal distributions of one spread; of a
 * movement that is no quicker than the one before they say nothing. a_mps2: the way that it goes. */
static double begins(const struct display *d, enum phase to, double a_mps2, double rom_m) {
        if (!d->in_set || d->phase == to || d->phase == PHASE_REST)
                return 0;
        double takes_s = rhythm_usual(&d->rhythm, to, 0);
        if (!(takes_s > 0))
                return 0;
        double before_s = fmax(d->lasted_s, rhythm_usual(&d->rhythm, d->phase, 0));
        double goes = hardest_mps2(rom_m, takes_s),
               stays = display_moving(d) ? hardest_mps2(rom_m, before_s) : 0;
        double middle = (goes + stays) / 2, spread = hypot(JERK_SHARE * middle, SWELL_MPS2);
        return stays < goes
                ? CLAMP((goes - stays) * (a_mps2 - middle) / (spread * spread), -PUSH_MOST, PUSH_MOST)
                : 0;
}

static double odds(double p) {
        return log(fmax(p, 1e-9) / fmax(1 - p, 1e-9));
}

/* Odds in nats that the phase to come is due; going back to the one before is never due. A hold may have been shown too
 * soon, so the movement before it has a say. */
static double timely(const struct display *d, enum phase to, uint64_t now_us) {
        unsigned more = (to + _PHASE_TEMPO_MAX - 1u - d->phase) % _PHASE_TEMPO_MAX;
        if (!d->in_set || d->phase == PHASE_REST)
                return 0;
        double own = rhythm_over(&d->rhythm, d->phase, since_s(d, now_us), more);
        if (display_moving(d))
                return own;
        enum phase moved = (d->phase + _PHASE_TEMPO_MAX - 1u) % _PHASE_TEMPO_MAX;
        double all = rhythm_over(&d->rhythm, moved, seconds(d->moved_us, now_us), more + 1);
        return fmin(more > 0 ? 0 : own, HOLD_SHOWN + all);
}

/* The same for the place: a bar far from where this lifter turns, or lifters usually do, has hardly come to its turn. Who goes
 * further than usual may as well go on. */
static double placed(const struct display *d, double rom_m) {
        double left_m = d->phase == PHASE_ECCENTRIC ? d->height_m : rom_m - d->height_m;
        double spread_m = d->in_set ? ROM_SHARE * rom_m + ROM_M : USUAL_SHARE * rom_m;
        return display_moving(d) ? fmin(0, rhythm_odds(-left_m / spread_m)) : 0;
}

/* What speaks for a movement, besides the odds of the beam. */
static double favour(const struct display *d, enum phase to, double rom_m, uint64_t now_us) {
        return d->phase == to ? 0 : timely(d, to, now_us) + placed(d, rom_m);
}

/* What speaks against a hold out of its time and place: the bar halts there, and will go on. The longer it stands, the
 * less. */
static double reluctance(const struct display *d, uint64_t since_us, double rom_m, uint64_t now_us) {
        if (!display_moving(d))
                return 0;
        double halt_s = HALT_SHARE * rhythm_usual(&d->rhythm, d->phase, since_s(d, now_us));
        double stood_s = seconds(MAX(since_us, d->phase_us), now_us);
        double due = fmin(HOLD_READY, timely(d, d->phase + 1, now_us));
        return fmax(-HOLD_READY, -due - HALT_PLACE * placed(d, rom_m) - stood_s / fmax(halt_s, HALT_LEAST_S));
}

/* push: nats that its acceleration is worth. */
static bool likely(const struct display *d, enum phase to, const struct beam_claim *c, double push,
        double rom_m, uint64_t now_us) {
        double nats =
                fmin(odds(c->p), ODDS_MOST) + push - fmin(DRIFT_MOST, DRIFT_NATS * d->lasted_s * d->lasted_s);
        bool sure = d->in_set || d->phase == to || fabs(c->v_mps) > BEYOND * c->sigma_mps;
        nats -= sure ? 0 : BEFORE_SET;
        return nats > -RHYTHM_MOST && nats + favour(d, to, rom_m, now_us) > 0;
}

static bool likely_held(const struct display *d, const struct beam_claim *c, double rom_m, uint64_t now_us) {
        double nats = fmin(odds(c->p), ODDS_MOST) - odds(HOLD_LEAST);
        return nats > -HOLD_READY && nats > reluctance(d, c->since_us, rom_m, now_us);
}

/* Within a set the beam may lose a sensor whose errors it underrates, as one on a wrist; the tracker does not. */
static bool follow(struct display *d, const struct track *track, double rom_m, uint64_t now_us) {
        uint64_t held_us = now_us - MIN(now_us, (uint64_t) (track->held_s / US_S));
        switch (track->mode) {
        case TRACK_DOWN:
                return favour(d, PHASE_ECCENTRIC, rom_m, now_us) > -UNTIMELY && lower(d, now_us, rom_m);
        case TRACK_UP:
                return favour(d, PHASE_CONCENTRIC, rom_m, now_us) > -UNTIMELY &&
                        begin(d, PHASE_CONCENTRIC, now_us);
        case TRACK_IDLE:
        case TRACK_BOTTOM:
        case TRACK_TOP:
        case _TRACK_MODE_MAX:
                break;
        }
        return reluctance(d, held_us, rom_m, now_us) < odds(HOLD_LEAST) && hold(d, now_us, now_us);
}

/* Before a set neither home nor ROM are known, and to the beam the wait under the bar may be a very slow movement: the
 * tracker must agree, or the bar be surely faster. */
static bool agreed(
        const struct display *d, const struct beam_claim *c, enum track_mode mode, enum track_mode wanted) {
        return d->in_set || mode == wanted || (c->p > SURE_LEAST && fabs(c->v_mps) > SURE_MPS);
}

static bool change(struct display *d, const struct beam_view *view, const struct track *track, double rom_m,
        uint64_t now_us) {
        const struct beam_claim *down = &view->down, *up = &view->up;
        double push = push_nats(up, 1, view->a_mps2) - push_nats(down, -1, view->a_mps2);
        double lifts = fmin(PUSH_MOST, push + begins(d, PHASE_CONCENTRIC, view->swell_mps2, rom_m));
        double lowers = fmin(PUSH_MOST, -push + begins(d, PHASE_ECCENTRIC, -view->swell_mps2, rom_m));
        double shown = d->phase == PHASE_ECCENTRIC ? down->p : d->phase == PHASE_CONCENTRIC ? up->p : 0;

        if (track->rests || track->put_down)
                return hold(d, now_us, now_us);
        if (down->v_mps < 0 && agreed(d, down, track->mode, TRACK_DOWN) &&
                likely(d, PHASE_ECCENTRIC, down, lowers, rom_m, now_us))
                return lower(d, down->since_us, rom_m);
        if (up->v_mps > 0 && agreed(d, up, track->mode, TRACK_UP) &&
                likely(d, PHASE_CONCENTRIC, up, lifts, rom_m, now_us))
                return begin(d, PHASE_CONCENTRIC, up->since_us);
        if (fabs(push) < PUSH_HELD && likely_held(d, &view->hold, rom_m, now_us))
                return hold(d, view->hold.since_us, now_us);
        if (!d->in_set && track->held_s > STANDS_S && shown < LEANS)
                return hold(d, now_us, now_us);
        if (view->loose < LOOSE_LEAST)
                return false;
        return d->in_set ? follow(d, track, rom_m, now_us) : display_reset(d, now_us);
}

void display_learn(struct display *d, const struct rep *rep) {
        if (!d->in_set)
                rhythm_forget(&d->rhythm);
        rhythm_learn(&d->rhythm, rep, d->rest_after_s);
}

bool display_push(struct display *d, const struct beam_view *view, const struct track *track, bool in_set,
        double rom_m, uint64_t now_us) {
        if (display_moving(d))
                d->lasted_s = since_s(d, now_us);
        bool over = d->in_set && !in_set && !display_moving(d);
        d->in_set = in_set;
        bool news = over ? display_reset(d, now_us) : change(d, view, track, rom_m, now_us);

        d->velocity_mps = 0;
        if (d->phase == PHASE_ECCENTRIC && view->down.p > 0) {
                d->height_m = fmax(0, d->from_m - view->down.travel_m);
                d->velocity_mps = view->down.v_mps;
        }
        if (d->phase == PHASE_CONCENTRIC && view->up.p > 0) {
                d->height_m = view->up.travel_m;
                d->velocity_mps = view->up.v_mps;
        }
        return news;
}

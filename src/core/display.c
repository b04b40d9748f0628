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

#define US_S 1e-6

#define HOLD_LEAST   0.75 /* probability: a hold that is shown too soon has to be taken back */
#define HOLD_AGREED  0.6  /* where the tracker holds as well */
#define LOOSE_LEAST  0.75 /* the motion belongs to no rep, as the beam sees it */
#define DRIFT_NATS   0.06 /* per s2 of the movement before: the variance from an error of bias grows so */
#define GOES_SIGMAS  1.5  /* so sure that the bar goes where it is pushed to */
#define UNREST_MPS2  0.15 /* of a hold: tremor and sway, without what is quicker than 30 ms */
#define PUSH_MOST    3.0
#define PUSH_HELD    1.0 /* a bar pushed harder is not held */
#define DRIFT_MOST   6.0
#define MIDWAY       0.2      /* of the ROM left: reps of a lifter scatter by 12 % */
#define HESITATES_US 2000000u /* as in a cycle */
#define STANDS_S     1.0      /* longer than a movement hesitates */

void display_init(struct display *d, double rest_after_s) {
        *d = (struct display){.rest_after_s = rest_after_s, .phase = PHASE_REST};
}

bool display_moving(const struct display *d) {
        return d->phase == PHASE_ECCENTRIC || d->phase == PHASE_CONCENTRIC;
}

static double since_s(const struct display *d, uint64_t now_us) {
        return now_us > d->phase_us ? (double) (now_us - d->phase_us) * US_S : 0;
}

static bool begin(struct display *d, enum phase phase, uint64_t border_us) {
        if (phase == d->phase)
                return false;
        d->phase = phase;
        d->phase_us = MAX(border_us, d->phase_us);
        return true;
}

bool display_reset(struct display *d, uint64_t now_us) {
        d->lasted_s = d->velocity_mps = 0;
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

static bool likely(const struct display *d, const struct beam_claim *c, double push) {
        double nats = fmin(DRIFT_MOST, DRIFT_NATS * d->lasted_s * d->lasted_s) - push;
        return c->p > 1 / (1 + exp(-nats));
}

/* Within a set the beam may lose a sensor whose errors it underrates, as one on a wrist; the tracker does not. */
static bool follow(struct display *d, enum track_mode mode, double rom_m, uint64_t now_us) {
        switch (mode) {
        case TRACK_DOWN:
                return lower(d, now_us, rom_m);
        case TRACK_UP:
                return begin(d, PHASE_CONCENTRIC, now_us);
        case TRACK_IDLE:
        case TRACK_BOTTOM:
        case TRACK_TOP:
        case _TRACK_MODE_MAX:
                break;
        }
        return hold(d, now_us, now_us);
}

/* A bar that stops far from where this lifter turns has halted, and will go on: that is no phase until it lasts. */
static bool halts(const struct display *d, const struct beam_claim *hold, double rom_m, uint64_t now_us) {
        double left_m = d->phase == PHASE_ECCENTRIC ? d->height_m : rom_m - d->height_m;
        return d->in_set && display_moving(d) && left_m > MIDWAY * rom_m &&
                now_us < MAX(hold->since_us, d->phase_us) + HESITATES_US;
}

/* Before a set neither home nor ROM are known, and to the beam the wait under the bar may be a very slow movement: the
 * tracker must agree. */
static bool change(struct display *d, const struct beam_view *view, const struct track *track, double rom_m,
        uint64_t now_us) {
        bool agreed_down = d->in_set || track->mode == TRACK_DOWN;
        bool agreed_up = d->in_set || track->mode == TRACK_UP;
        double push = push_nats(&view->up, 1, view->a_mps2) - push_nats(&view->down, -1, view->a_mps2);
        bool stands = track->rests || (!d->in_set && track->held_s > STANDS_S);

        if (track->rests)
                return hold(d, now_us, now_us);
        if (agreed_down && view->down.v_mps < 0 && likely(d, &view->down, -push))
                return lower(d, view->down.since_us, rom_m);
        if (agreed_up && view->up.v_mps > 0 && likely(d, &view->up, push))
                return begin(d, PHASE_CONCENTRIC, view->up.since_us);
        if (fabs(push) < PUSH_HELD && view->hold.p > (track->held_s > 0 ? HOLD_AGREED : HOLD_LEAST))
                return !halts(d, &view->hold, rom_m, now_us) && hold(d, view->hold.since_us, now_us);
        if (stands)
                return hold(d, now_us, now_us);
        if (view->loose < LOOSE_LEAST)
                return false;
        return d->in_set ? follow(d, track->mode, rom_m, now_us) : display_reset(d, now_us);
}

bool display_push(struct display *d, const struct beam_view *view, const struct track *track, bool in_set,
        double rom_m, uint64_t now_us) {
        if (display_moving(d))
                d->lasted_s = since_s(d, now_us);
        d->in_set = in_set;
        bool news = change(d, view, track, rom_m, now_us);

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

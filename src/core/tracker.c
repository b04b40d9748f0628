/* SPDX-License-Identifier: Apache-2.0 */
/* Design A: a Kalman filter with soft zero-velocity updates, thresholds with hysteresis, and a look back on onsets.
 *
 *     velocity         __                         up is positive
 *     ______          /  \        ___________
 *           \        /    \      /
 *            \__    /      \____/
 *                \_/
 *     IDLE  |  DOWN |  UP  | TOP | ...        DOWN -> BOTTOM -> UP with a pause at the bottom
 *
 *               GOES_DOWN  GOES_UP  STOPS   TIRES  LOSES
 *     IDLE      DOWN       UP       -       -      IDLE
 *     DOWN      -          UP       BOTTOM  -      IDLE
 *     BOTTOM    DOWN       UP       -       IDLE   IDLE
 *     UP        DOWN       -        TOP     -      IDLE
 *     TOP       DOWN       UP       -       IDLE   IDLE
 *
 * In a hold the velocity is drawn to zero softly, over seconds, never reset: a slow lowering looks like rest to an
 * accelerometer. The draw eats part of a slow onset, so a movement that leaves a hold is followed anew from
 * snapshots taken before, without any draw.
 *
 * Known weakness: once the filter's velocity is in doubt by more than the speed of the bar, a hold in the middle of
 * a slow lowering and its end cannot be told apart. One hypothesis is kept here; the beam weighs several. */

#include <math.h>
#include <string.h>

#include <repcast/tracker.h>

#include "util/macros.h"

#define T TICK_S

#define WATCH_TAU_S 0.3 /* memory of what is steady */
#define EVEN_MPS2                                                                                              \
        0.004 /* three times the noise of the mean acceleration: the top of a 10 s negative's has more */
#define FORGET_MPS2    0.3 /* nothing that is silent goes so far from its mean */
#define PUT_DOWN_S     1.0 /* so long silent after a knock, longer than a movement hesitates */
#define REST_S         1.0 /* steady for so long in a hold: the bias is known */
#define SNAPSHOT_TICKS 25
#define LIES_TICKS     5     /* taken as one while the bar lies, as the beam takes them while it moves */
#define REACH_TICKS    5     /* the pull to the lifter's reach is weak: 20 times a second is enough */
#define ONSET_MPS      0.005 /* looking back, a movement starts where its speed was this low */
#define PLACE_M        0.01
#define DOUBT_MAX      100.0
#define DOUBT_DRIFT    0.006 /* bias drift per root doubt, m/s2 per root s: 0.06 at the most, a wrist's */
#define LOST_SHARE     3.0 /* no movement is longer than this share of the usual ROM: the filter has lost its way */
#define LOST_MPS       0.3
#define LOST_MPS2      0.2

enum track_mode track_next(enum track_mode mode, enum track_event event) {
        switch (event) {
        case TRACK_GOES_DOWN:
                return TRACK_DOWN;
        case TRACK_GOES_UP:
                return TRACK_UP;
        case TRACK_STOPS:
                return mode == TRACK_DOWN ? TRACK_BOTTOM : mode == TRACK_UP ? TRACK_TOP : mode;
        case TRACK_TIRES:
                return mode == TRACK_DOWN || mode == TRACK_UP ? mode : TRACK_IDLE;
        case TRACK_LOSES:
                return TRACK_IDLE;
        case _TRACK_EVENT_MAX:
                break;
        }
        return mode;
}

static bool moving(enum track_mode mode) {
        return mode == TRACK_DOWN || mode == TRACK_UP;
}

void tracker_init(struct tracker *t, const struct tracker_params *params, const struct cycle_params *cycle,
        const struct vertical_params *vertical, const struct exercise *exercise) {
        *t = (struct tracker){
                .params = *params,
                .vertical_params = *vertical,
                .rom_typical_m = exercise->rom_typical_m,
                .idle_s = exercise->set_gap_s,
                .doubt = 1,
        };
        cycle_init(&t->cycler, cycle, exercise);
}

static void drop_step(struct tracker *t) {
        t->step = (struct vertical_step){0};
        t->ticks = 0;
}

void tracker_disbelieve(struct tracker *t) {
        cycle_reset(&t->cycler);
        t->mode = track_next(t->mode, TRACK_LOSES);
        t->started = t->rested = t->begun = false;
        t->doubt = 1;
        t->n_snapshots = t->snapshot_age = 0;
        t->flat_s = t->toward_s = t->against_s = t->slow_s = t->steady_s = 0;
        drop_step(t);
}

void tracker_lose(struct tracker *t) {
        tracker_disbelieve(t);
        t->watched = false;
        t->a_mean = t->a_var = t->turn_mean = t->even_s = 0;
}

static double square(double x) {
        return x * x;
}

static double v_of(const struct tracker *t) {
        return t->vertical.v;
}

static double sigma_of(const struct vertical *v) {
        return sqrt(v->vv);
}

static double threshold(const struct tracker *t, double mps, double sigmas) {
        return MAX(mps, MIN(sigmas * sigma_of(&t->vertical), t->params.doubt_mps));
}

/* A sensor with errors of scale or tilt shows it by cycles that do not close. */
static void doubt(struct tracker *t, double factor) {
        t->doubt = CLAMP(t->doubt * factor, 1.0, DOUBT_MAX);
}

static double drift(const struct tracker *t, double turn_radps) {
        double plain = vertical_drift(&t->vertical_params, 0, 0);
        return plain + t->doubt * (vertical_drift(&t->vertical_params, turn_radps, t->turn_mps2) - plain) +
                (t->doubt - 1) * DOUBT_DRIFT * DOUBT_DRIFT;
}

static void watch(struct tracker *t, const struct motion *m) {
        const double k = T / WATCH_TAU_S;
        if (m->silent_s > WATCH_TAU_S && fabs(m->a_mps2 - t->a_mean) > FORGET_MPS2) {
                t->a_mean = m->a_mps2; /* it is what is left of a blow */
                t->a_var = 1;
                t->turn_mean = m->turn_radps;
        }
        double e = m->a_mps2 - t->a_mean;
        t->a_mean += e * k;
        t->a_var += (e * e - t->a_var) * k;
        t->turn_mean += (m->turn_radps - t->turn_mean) * k;

        const struct tracker_params *p = &t->params;
        bool steady = fabs(t->a_mean - t->a_anchor) < p->steady_mps2 && t->turn_mean < p->flat_radps;
        t->steady_s = steady ? t->steady_s + T : 0;
        if (!steady)
                t->a_anchor = t->a_mean;
        bool even = fabs(t->a_mean - t->even_anchor) < EVEN_MPS2 && t->turn_mean < p->flat_radps;
        t->even_s = even ? t->even_s + T : 0;
        if (!even)
                t->even_anchor = t->a_mean;

        bool flat = t->a_var < p->flat_mps2 * p->flat_mps2 && t->turn_mean < p->flat_radps;
        t->flat_s = flat ? t->flat_s + T : 0;
}

/* A lifter stands in one place: neither position nor velocity wanders far. Too weak to show against a filter that
 * knows its bias, this keeps one that does not from running away. */
static void reach(struct tracker *t) {
        t->reach_ticks += t->ticks;
        if (t->reach_ticks < REACH_TICKS)
                return;
        const struct cycler *c = &t->cycler;
        bool first_up = c->state == CYCLE_EMPTY ? c->order == EXERCISE_START_BOTTOM : c->cycle.first.up;
        double middle = (first_up ? 0.5 : -0.5) * t->rom_typical_m, dt = t->reach_ticks * T;
        double reach_m = t->params.reach * t->rom_typical_m;
        vertical_update_p(&t->vertical, middle, reach_m * reach_m / dt);
        vertical_update_v(&t->vertical, 0, t->params.reach_mps * t->params.reach_mps / dt);
        t->reach_ticks = 0;
}

static void snapshot(struct tracker *t) {
        unsigned keep = MIN((unsigned) (t->params.rewind_s / (SNAPSHOT_TICKS * T)) + 1, TRACKER_SNAPSHOTS);
        if (t->n_snapshots >= keep) {
                t->n_snapshots = keep - 1;
                memmove(t->snapshots, t->snapshots + 1, t->n_snapshots * sizeof(t->snapshots[0]));
        }
        t->snapshots[t->n_snapshots++] = t->vertical;
        t->snapshot_age = 0;
}

void tracker_trust(struct tracker *t, double bias_P[3][3]) {
        memcpy(t->bias_P, bias_P, sizeof(t->bias_P));
        if (!t->started)
                return;
        cycle_reset(&t->cycler);
        t->mode = track_next(t->mode, TRACK_LOSES);
        t->toward_s = t->against_s = t->slow_s = 0;
        drop_step(t);
        vertical_init(&t->vertical, t->bias_P);
        vertical_update_v(&t->vertical, 0, t->params.racked_mps * t->params.racked_mps);
        vertical_place(&t->vertical, 0, PLACE_M * PLACE_M);
        t->n_snapshots = 0;
        snapshot(t);
}

/* The motion out of a hold, as it looks without any draw to zero. */
struct departure {
        struct vertical vertical;
        struct bias bias;        /* before it */
        uint64_t down_us, up_us; /* when it left rest, if it goes down, if it goes up */
};

static void bias_of(const struct vertical *v, struct bias *ret) {
        for (unsigned i = 0; i < 3; i++) {
                ret->b[i] = v->b[i];
                for (unsigned j = 0; j < 3; j++)
                        ret->P[i][j] = v->bb[i][j];
        }
}

void tracker_bias(const struct tracker *t, struct bias *ret) {
        bias_of(&t->vertical, ret);
}

/* Follow the motion since the oldest snapshot anew. */
static void depart(const struct tracker *t, const struct history *h, struct departure *ret) {
        struct vertical *kf = &ret->vertical;
        unsigned age = MIN(t->snapshot_age + (t->n_snapshots - 1) * SNAPSHOT_TICKS, h->n);
        double q_bias = drift(t, t->turn_mean);

        *kf = t->snapshots[0];
        bias_of(kf, &ret->bias);
        ret->down_us = ret->up_us = h->t_us - (uint64_t) age * TICK_US;
        if (t->cycler.state == CYCLE_EMPTY)
                vertical_place(kf, 0, PLACE_M * PLACE_M);
        while (age-- > 0) {
                const struct moment *m = history_ago(h, age);
                double up[3], v;
                moment_up(m, up);
                vertical_predict(kf, (double) m->a_mps2, up, moment_noise(m), q_bias);
                v = kf->v;
                if (v <= ONSET_MPS)
                        ret->up_us = h->t_us - (uint64_t) age * TICK_US;
                if (v >= -ONSET_MPS)
                        ret->down_us = h->t_us - (uint64_t) age * TICK_US;
        }
}

static void enter(struct tracker *t, enum track_event event, uint64_t border_us, struct track *ret) {
        enum track_mode next = track_next(t->mode, event);
        t->toward_s = t->against_s = t->slow_s = t->flat_s = t->steady_s = 0;
        t->a_anchor = t->a_mean;
        ret->changed = next != t->mode;
        ret->border_us = border_us;
        t->mode = next;
        t->begun = false;
        if (!moving(next)) {
                t->hold_us = border_us;
                t->n_snapshots = 0;
                snapshot(t);
        }
}

/* Where the cycle ended, it began: that pins the mean velocity of the whole of it. */
static void close_cycle(struct tracker *t, bool still) {
        double r = t->params.close_m * t->params.close_m, p = t->vertical.p;
        double nis = p * p / (t->vertical.pp + r);
        doubt(t, nis > 4 ? 2 : nis < 1 ? 0.8 : 1);
        vertical_update_p(&t->vertical, 0, nis > 9 ? r + 0.1 * p * p : r);
        if (!still)
                vertical_place(&t->vertical, 0, r);
}

/* Nothing lifts that far: velocity and bias are wrong. */
static void lose_way(struct tracker *t, const struct motion *m) {
        struct vertical *v = &t->vertical;
        doubt(t, 4);
        v->vv += LOST_MPS * LOST_MPS;
        for (unsigned i = 0; i < 3; i++)
                for (unsigned j = 0; j < 3; j++)
                        v->bb[i][j] += LOST_MPS2 * LOST_MPS2 * m->up[i] * m->up[j];
        vertical_update_v(v, 0, LOST_MPS * LOST_MPS);
        t->made_m = copysign(t->rom_typical_m, t->made_m);
}

/* Nobody touches the sensor, and its acceleration has been even for so long that nothing but rest is left, even where a
 * slow movement was thought to begin in that time. */
static bool rests(const struct tracker *t, const struct motion *m) {
        return m->silent_s >= t->params.steady_s && t->even_s >= t->params.steady_s;
}

/* Nobody touches the sensor, and in this hold its acceleration has been steady for so long that any movement would have ended:
 * so none can have begun. */
static bool lies(const struct tracker *t, const struct motion *m) {
        return !moving(t->mode) && m->silent_s >= t->params.steady_s && t->steady_s >= t->params.steady_s;
}

/* Velocity is zero, and the acceleration shown is the bias as exactly as noise allows, however sure the filter was of
 * another: one learned from bad data would tell of slow movements for as long as the bar rests. */
static void rest_anew(struct tracker *t, const struct motion *m) {
        vertical_update_v(&t->vertical, 0, square(t->params.racked_mps));
        vertical_rest(&t->vertical, t->a_mean, m->up, square(t->vertical_params.noise) / t->params.steady_s);
        t->n_snapshots = 0; /* those before it are what was wrong */
        snapshot(t);
}

/* How much less surely at rest the bar is for all the shaking and turning of the last moments. */
static double unrest(const struct tracker *t) {
        const struct tracker_params *p = &t->params;
        double turn = t->turn_mean / p->flat_radps;
        return 1 + t->a_var / (p->flat_mps2 * p->flat_mps2) + turn * turn;
}

enum ending {
        TURNS,  /* goes on the other way */
        SLOWS,  /* by its speed, as far as that is known */
        STEADY, /* by its acceleration: whatever the speed seemed to be, it is zero */
};

static void finish(struct tracker *t, uint64_t end_us, enum ending ending, struct track *ret) {
        double s = t->mode == TRACK_UP ? 1 : -1;
        bool still = ending != TURNS;
        t->move.end_us = MAX(end_us, t->move.start_us);
        t->move.travel_m = s * t->made_m;
        if (still) {
                double v = v_of(t), r = t->params.turn_mps * t->params.turn_mps * unrest(t);
                if (ending == STEADY && v * v > 9 * (r + t->vertical.vv))
                        doubt(t, 2);
                vertical_update_v(&t->vertical, 0, ending == STEADY ? r : r + 0.16 * v * v);
        }
        ret->result = cycle_move(&t->cycler, &t->move, still, &ret->cycle);
        if (ret->result == CYCLE_DONE)
                close_cycle(t, still);
}

static void begin(
        struct tracker *t, bool up, uint64_t start_us, uint64_t still_since_us, const struct bias *bias) {
        t->move = (struct move){
                .up = up,
                .start_us = start_us,
                .still_since_us = still_since_us,
                .bias = *bias,
                .cold = !t->rested,
        };
        t->made_m = t->move_peak = 0;
}

/* Has the bar left its hold? Quick movements show in the filter itself; slow ones, which its draw to zero would
 * swallow, are looked for four times a second without it, but not where there is nothing. Returns -1 down, 1 up, 0 no. */
static int leaves(struct tracker *t, const struct history *h, bool look, struct departure *ret) {
        const struct tracker_params *p = &t->params;
        double v = v_of(t), start = threshold(t, p->start_mps, p->start_sigmas);
        t->toward_s = v < -start ? t->toward_s + t->ticks * T : 0;
        t->against_s = v > start ? t->against_s + t->ticks * T : 0;

        bool quick = t->against_s >= p->start_s || t->toward_s >= p->start_s;
        if (!quick && !look)
                return 0;
        depart(t, h, ret);
        if (quick)
                t->toward_s = t->against_s = 0;
        v = ret->vertical.v;
        start = quick ? 0.5 * p->start_mps
                      : MAX(p->start_mps, MIN(p->look_sigmas * sigma_of(&ret->vertical), p->doubt_mps));
        return v > start ? 1 : v < -start ? -1 : 0;
}

static void hold(struct tracker *t, const struct motion *m, const struct history *h, struct track *ret) {
        const struct tracker_params *p = &t->params;
        struct departure departure _uninitialized_;
        double dt = t->ticks * T, rest = t->mode == TRACK_IDLE && m->quiet ? p->racked_mps : p->rest_mps;
        bool look = (t->snapshot_age += t->ticks) >= SNAPSHOT_TICKS;

        if (rests(t, m) && t->even_s < p->steady_s + dt)
                rest_anew(t, m);
        vertical_update_v(&t->vertical, 0, rest * rest / dt * unrest(t));
        if (t->flat_s > REST_S)
                t->rested = true;

        int way = leaves(t, h, look && !lies(t, m), &departure);
        if (way) {
                uint64_t hold_us = t->hold_us;
                uint64_t onset_us = MAX(way > 0 ? departure.up_us : departure.down_us, hold_us);
                t->vertical = departure.vertical;
                enter(t, way > 0 ? TRACK_GOES_UP : TRACK_GOES_DOWN, onset_us, ret);
                begin(t, way > 0, onset_us, hold_us, &departure.bias);
                return;
        }
        if (look)
                snapshot(t);

        double held_s = (double) (h->t_us - t->hold_us) * 1e-6;
        ret->result = cycle_still(&t->cycler, held_s, &ret->cycle);
        if (ret->result == CYCLE_DONE)
                close_cycle(t, true);
        if (t->mode != TRACK_IDLE && held_s > t->idle_s)
                enter(t, TRACK_TIRES, h->t_us, ret);
}

static void travel(struct tracker *t, const struct motion *m, const struct history *h, struct track *ret) {
        const struct tracker_params *p = &t->params;
        bool up = t->mode == TRACK_UP;
        double sv = up ? v_of(t) : -v_of(t);
        t->made_m += v_of(t) * T;
        double made = fabs(t->made_m);

        t->move.turn_rad += m->turn_radps * T;
        t->move_peak = MAX(t->move_peak, sv);
        double stop =
                MIN(threshold(t, p->stop_mps, p->stop_sigmas), MAX(p->stop_mps, p->stop_share * t->move_peak));
        t->slow_s = sv < stop ? t->slow_s + T : 0;
        t->against_s = -sv > threshold(t, p->start_mps, p->start_sigmas) ? t->against_s + T : 0;

        if (t->against_s >= p->start_s) {
                uint64_t border_us = MAX(t->crossed_us, t->move.start_us);
                struct bias bias;
                bias_of(&t->vertical, &bias);
                finish(t, border_us, TURNS, ret);
                enter(t, up ? TRACK_GOES_DOWN : TRACK_GOES_UP, border_us, ret);
                begin(t, !up, border_us, border_us, &bias);
                return;
        }

        /* No bar is moved with so even an acceleration for so long, slow negatives included. */
        bool rest = rests(t, m), steady = rest || t->steady_s >= p->steady_s;
        if (t->slow_s >= p->stop_s || steady) {
                double back_s = t->slow_s >= p->stop_s ? p->stop_s : p->steady_s;
                uint64_t back_us = (uint64_t) (back_s * 1e6);
                uint64_t border_us = MAX(h->t_us - MIN(back_us, h->t_us), t->move.start_us);
                finish(t, border_us, steady ? STEADY : SLOWS, ret);
                if (rest)
                        rest_anew(t, m);
                enter(t, TRACK_STOPS, border_us, ret);
                return;
        }
        if (made > LOST_SHARE * t->rom_typical_m)
                lose_way(t, m);
        if (!t->begun && made > t->cycler.blip_m) {
                t->begun = true;
                ret->result = cycle_begin(&t->cycler, up, t->move.start_us, &ret->cycle);
        }
}

static void start(struct tracker *t, const struct motion *m, const struct history *h) {
        t->started = true;
        if (!t->watched) {
                t->watched = true;
                t->a_mean = t->even_anchor = m->a_mps2;
                t->a_var = 1; /* not flat until shown */
        }
        t->a_anchor = t->a_mean;
        vertical_init(&t->vertical, t->bias_P);
        t->hold_us = t->crossed_us = h->t_us;
        snapshot(t);
}

/* Of a bar that lies several ticks are taken as one, but none beyond a snapshot. Returns whether this is the last of them. */
static bool advance(struct tracker *t, const struct motion *m) {
        double q_bias = drift(t, m->turn_radps);
        bool last =
                !lies(t, m) || t->ticks + 1 >= LIES_TICKS || t->snapshot_age + t->ticks + 1 >= SNAPSHOT_TICKS;

        if (last && t->ticks == 0)
                vertical_predict(&t->vertical, m->a_mps2, m->up, m->q_m2ps3, q_bias);
        else
                vertical_add(&t->step, m->a_mps2, m->up, m->q_m2ps3, q_bias);
        if (last && t->ticks > 0) {
                vertical_advance(&t->vertical, &t->step);
                t->step = (struct vertical_step){0};
        }
        t->ticks++;
        return last;
}

static void follow(struct tracker *t, const struct motion *m, const struct history *h, struct track *ret) {
        reach(t);
        int sign = v_of(t) < 0 ? -1 : 1;
        if (sign != t->sign)
                t->crossed_us = h->t_us;
        t->sign = sign;

        if (moving(t->mode))
                travel(t, m, h, ret);
        else
                hold(t, m, h, ret);
        t->ticks = 0;
}

void tracker_push(struct tracker *t, const struct motion *m, const struct history *h, struct track *ret) {
        ret->result = CYCLE_NONE; /* the cycle is worth looking at with another result only */
        ret->changed = false;
        ret->border_us = 0;
        if (!t->started)
                start(t, m, h);
        t->turn_mps2 = m->turn_mps2;
        watch(t, m);
        if (advance(t, m))
                follow(t, m, h, ret);

        ret->mode = t->mode;
        ret->rests = rests(t, m);
        ret->put_down = m->knocked && m->silent_s > PUT_DOWN_S;
        ret->lies = lies(t, m);
        ret->held_s = moving(t->mode) ? 0 : (double) (h->t_us - t->hold_us) * 1e-6;
        ret->v_mps = v_of(t);
        ret->p_m = t->vertical.p;
        ret->sigma_mps = sigma_of(&t->vertical);
}

enum cycle_result tracker_flush(struct tracker *t, uint64_t end_us, struct cycle *ret) {
        struct track track = {.result = CYCLE_NONE};
        if (moving(t->mode))
                finish(t, end_us, TURNS, &track);
        if (track.result == CYCLE_NONE)
                track.result = cycle_flush(&t->cycler, &track.cycle);
        *ret = track.cycle;
        return track.result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The signal core: hands each sample down the pipeline and collects what comes out. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <repcast/core.h>

#include "core/first.h"
#include "core/missed.h"
#include "util/macros.h"
#include "util/seconds.h"

#define UP_UNIT 4096.0 /* of struct moment */

#define MISSED_US 1500000 /* by then the beam has handed out what it found */
#define LOOK_US   1000000 /* so often it is asked whether a rep is overdue */

int core_init(struct core *c, const struct core_params *params, const struct exercise *exercise,
        const struct calibration *known) {
        struct core_params p;
        core_params_init(&p);
        if (params)
                p = *params;
        if (core_params_check(&p) < 0 || exercise_check(exercise) < 0 ||
                (known && calibration_check(known) < 0))
                return -EINVAL;

        memset(c, 0, sizeof(*c));
        c->exercise = *exercise;
        c->vertical = p.vertical;
        c->axis = 1 / sin(exercise->incline_deg * M_PI / 180);
        if (exercise->eccentric == EXERCISE_ECCENTRIC_UP)
                c->axis = -c->axis;

        resample_init(&c->resample, &p.resample);
        front_init(&c->front, &p.attitude, &p.calibration, &p.handedness, known);
        tracker_init(&c->tracker, &p.tracker, &p.cycle, &p.vertical, exercise);
        beam_init(&c->beam, &p.beam, &p.vertical, exercise);
        pairing_init(&c->pairing, &p.cycle);
        repfit_init(&c->repfit, &p.repfit, exercise);
        setlog_init(&c->setlog, &p.setlog, &p.setmodel, &p.traits, exercise);
        display_init(&c->display, exercise->set_gap_s);
        c->live = (struct live){.phase = PHASE_REST, .position_m = NAN, .rom_m = NAN, .rom_share = NAN};
        return 0;
}

static void say(struct core *c, const struct event *e) {
        if (e->type == EVENT_REP)
                display_learn(&c->display, &e->rep);
        if (c->n_events >= CORE_EVENTS) {
                c->unsaid++;
                return;
        }
        c->events[c->n_events] = *e;
        c->events[c->n_events++].t_us = c->now_us;
}

/* What the set has to tell, as far as there is room; the rest follows when this is read. */
static void hear(struct core *c) {
        struct event e _uninitialized_;
        while (c->n_events < CORE_EVENTS && setlog_next(&c->setlog, &e)) {
                if (e.type == EVENT_SET)
                        c->tracker.cycler.order = c->exercise.start; /* EITHER is free again */
                say(c, &e);
        }
}

const struct event *core_next(struct core *c) {
        if (c->taken == c->n_events && c->n_events) {
                c->n_events = c->taken = 0;
                hear(c);
        }
        return c->taken < c->n_events ? &c->events[c->taken++] : NULL;
}

static void say_phase(struct core *c) {
        uint32_t set = setlog_set(&c->setlog);
        uint64_t border_us = c->display.phase_us;
        struct event e = {
                .type = EVENT_PHASE,
                .phase =
                        {
                                .phase = c->display.phase,
                                .start_us = border_us,
                                .latency_us = c->now_us > border_us ? c->now_us - border_us : 0,
                                .set = set,
                                .rep = set ? setlog_next_rep(&c->setlog) : 0,
                        },
        };
        say(c, &e);
}

/* Turn upward motion onto the muscle axis, along the path: there the eccentric is down. */
static void along_path(const struct core *c, struct motion *m) {
        double noise = vertical_noise(&c->vertical, m->shake_m2ps4, m->q_m2ps3);
        m->a_mps2 *= c->axis;
        m->q_m2ps3 = noise * c->axis * c->axis;
        for (unsigned i = 0; i < 3; i++)
                m->up[i] *= c->axis;
}

static void remember(struct core *c, const struct tick *tick, const struct motion *m) {
        struct moment moment = {
                .a_mps2 = (float) m->a_mps2,
                .got = MIN(tick->got, 63u),
                .lost = tick->lost,
                .gap = !!(tick->flags & TICK_GAP),
                .clipped = !!(tick->flags & TICK_CLIPPED),
        };
        for (unsigned i = 0; i < 3; i++)
                moment.up[i] = (int16_t) lrint(m->up[i] * UP_UNIT);
        moment_set_noise(&moment, m->q_m2ps3);
        moment_set_heading(&moment, m->heading_rad);
        history_push(&c->history, tick->t_us, &moment);
}

/* Who saw a cycle: the tracker, the beam, which weighs it against others, or nobody. */
enum seen { TRACKED, WEIGHED, SOUGHT };

/* Look back on a cycle; the set weighs it. */
static bool fit_cycle(struct core *c, const struct cycle *cycle, enum seen seen) {
        struct cycle_fit fit;
        struct event e;
        double rom_m;
        /* A rep that was told of these very movements says nothing of how they were. */
        const struct cycle_fit *like =
                setmodel_others(&c->setlog.model, cycle->first.start_us, cycle->second.end_us, &rom_m);

        repfit_expect(&c->repfit, rom_m, like && traits_start_us(like) < cycle->first.start_us, like);
        if (repfit_run(&c->repfit, &c->history, cycle, &fit) < 0)
                return false;
        /* What nobody saw and is no rep never was: there is nothing to tell. */
        if (seen == SOUGHT && (!missed_found(&fit, setlog_rom(&c->setlog)) || setlog_refuses(&c->setlog, &fit)))
                return false;
        fit.weighed = seen != TRACKED;
        if (setlog_cycle(&c->setlog, &fit, &e))
                say(c, &e);
        return true;
}

/* Where either movement may lead, the pairing with the movement before is looked at as well. */
static void fit_other(struct core *c, const struct cycle *cycle, bool stray) {
        struct cycle other;
        if (c->exercise.start == EXERCISE_START_EITHER && pairing_take(&c->pairing, cycle, stray, &other))
                (void) fit_cycle(c, &other, TRACKED);
}

/* A rep up to then that nobody saw. */
static void look_for(struct core *c, const struct bias *bias, uint64_t until_us) {
        struct cycle missed _uninitialized_;

        if (missed_rep(&c->setlog.model, bias, until_us, &missed))
                (void) fit_cycle(c, &missed, SOUGHT);
        hear(c);
}

/* A movement ended a rep perhaps, but nobody found one. What is not found in a while, with what followed in view, is looked
 * for. */
static void miss(struct core *c, const struct move *last) {
        c->missed.until_us = last->end_us;
        c->missed.bias = last->bias;
}

static void find_missed(struct core *c) {
        uint64_t until_us = c->missed.until_us;

        if (!until_us || c->history.t_us < until_us + MISSED_US || beam_begun(&c->beam) < until_us)
                return;
        c->missed.until_us = 0;
        look_for(c, &c->missed.bias, until_us);
}

/* Start of the movement that is under way, or now. */
static uint64_t begun(const struct core *c) {
        const struct tracker *t = &c->tracker;
        uint64_t beam_us = beam_begun(&c->beam), us = c->history.t_us;
        if (t->mode == TRACK_DOWN || t->mode == TRACK_UP)
                us = t->move.start_us;
        if (t->cycler.state != CYCLE_EMPTY)
                us = t->cycler.cycle.first.start_us;
        return MIN(us, beam_us);
}

/* No movement seemed to end one, and yet within a set nobody stands for so long. */
static void find_overdue(struct core *c) {
        struct bias bias;
        uint64_t until_us;

        if (c->history.t_us < c->missed.look_us || !setlog_set(&c->setlog))
                return;
        c->missed.look_us = c->history.t_us + LOOK_US;
        until_us = missed_overdue(&c->setlog.model, c->history.t_us, begun(c));
        if (!until_us)
                return;
        tracker_bias(&c->tracker, &bias);
        look_for(c, &bias, until_us);
}

/* The second rep has come: the first is laid out anew with what it tells. */
static void look_again(struct core *c) {
        struct candidate *first;
        const struct cycle_fit *like;
        struct cycle_fit fit;
        struct cycle cycle;
        struct bias bias;
        struct event e;

        tracker_bias(&c->tracker, &bias);
        if (!first_doubtful(&c->setlog.model, &bias, &first, &like, &cycle))
                return;
        repfit_expect(&c->repfit, like->concentric.travel_m, false, like);
        if (repfit_run(&c->repfit, &c->history, &cycle, &fit) < 0 || !first_better(&first->fit, &fit, like))
                return;
        fit.weighed = first->fit.weighed;
        if (setlog_again(&c->setlog, first, &fit, &e))
                say(c, &e);
}

static void take_stray(struct core *c, const struct cycle *cycle) {
        struct cycle whole;
        struct event e;

        setlog_goes_on(&c->setlog, &cycle->first);
        if (cycle_goes_on(&c->tracker.cycler, &cycle->first, &whole) && fit_cycle(c, &whole, SOUGHT))
                return;
        if (cycle->first.up != (setlog_order(&c->setlog) == EXERCISE_START_BOTTOM))
                miss(c, &cycle->first);
        if (setlog_stray(&c->setlog, &cycle->first, &e))
                say(c, &e);
}

static void take_result(struct core *c, enum cycle_result result, const struct cycle *cycle) {
        uint32_t reps = setlog_reps(&c->setlog);

        switch (result) {
        case CYCLE_NONE:
                return;
        case CYCLE_DONE:
                fit_other(c, cycle, false);
                if (!fit_cycle(c, cycle, TRACKED))
                        take_stray(c, cycle);
                break;
        case CYCLE_STRAY:
                fit_other(c, cycle, true);
                take_stray(c, cycle);
                break;
        }
        hear(c);
        if (result == CYCLE_DONE && setlog_reps(&c->setlog) <= reps)
                miss(c, &cycle->second);
        c->tracker.cycler.order = setlog_order(&c->setlog);
        if (result == CYCLE_DONE)
                cycle_refuse(&c->tracker.cycler, cycle);
}

static void show(struct core *c, const struct track *t) {
        struct beam_view view _uninitialized_;
        struct live *l = &c->live;
        const struct display *d = &c->display;
        double rom = setlog_rom(&c->setlog);

        if (beam_look(&c->beam, &view) &&
                display_push(&c->display, &view, t, setlog_set(&c->setlog) > 0, rom, c->history.t_us))
                say_phase(c);

        bool moving = display_moving(d), open = setlog_set(&c->setlog) > 0, inside = open || moving;
        bool begun = c->tracker.cycler.state != CYCLE_EMPTY || moving;
        l->t_us = c->history.t_us;
        l->phase = d->phase;
        l->phase_s = seconds(d->phase_us, c->history.t_us);
        l->velocity_mps = d->velocity_mps;
        l->position_m = inside ? d->height_m : (double) NAN;
        l->rom_m = inside ? rom : (double) NAN;
        l->rom_share = inside ? CLAMP(d->height_m / rom, 0.0, 1.0) : (double) NAN;
        l->set = setlog_set(&c->setlog);
        l->rep = open ? setlog_next_rep(&c->setlog) - !begun : 0;
        l->moving = moving;
}

static void show_rest(struct core *c) {
        if (display_reset(&c->display, c->now_us))
                say_phase(c);
}

/* Nothing that was known of the motion holds any more. */
static void lose_track(struct core *c) {
        show_rest(c);
        tracker_lose(&c->tracker);
        beam_reset(&c->beam);
        history_reset(&c->history);
        pairing_reset(&c->pairing);
        swing_reset(&c->swing);
        c->missed.until_us = c->missed.look_us = 0;
        c->tracking = false;
}

static void start_tracker(struct core *c, const struct motion *m) {
        double left[3][3];
        front_left(&c->front, m->up, left);
        tracker_trust(&c->tracker, left);
        beam_trust(&c->beam, left);
        c->tracking = true;
}

/* The bar lies still between sets: the moment to take a new calibration into use, and to follow anew with it. */
static void settle(struct core *c, const struct motion *m) {
        if (!front_settle(&c->front, m->up))
                return;
        show_rest(c);
        history_reset(&c->history);
        pairing_reset(&c->pairing);
        swing_reset(&c->swing);
        start_tracker(c, m);
}

/* A round trip that the tracker may have seen as well, or in pieces: the set finds out which fits. */
static void take_lap(struct core *c, const struct cycle *lap) {
        uint32_t reps = setlog_reps(&c->setlog);

        (void) fit_cycle(c, lap, WEIGHED);
        hear(c);
        if (setlog_reps(&c->setlog) <= reps)
                miss(c, &lap->second);
        c->tracker.cycler.order = setlog_order(&c->setlog);
}

/* What the sensor's own turning shows: the tracker may have seen it as well, or in pieces. */
static void look_at_swing(struct core *c) {
        struct cycle cycle;
        struct bias bias;

        tracker_bias(&c->tracker, &bias);
        if (!swing_push(&c->swing, &c->history, &bias, &cycle) ||
                c->exercise.start == (cycle.first.up ? EXERCISE_START_TOP : EXERCISE_START_BOTTOM))
                return;
        (void) fit_cycle(c, &cycle, TRACKED);
        hear(c);
}

/* No lift glides at this speed for half a second while the sensor feels nothing at all: the forces that it takes to
 * move a bar by 15 cm would show. Then it is the belief that is wrong, left over from a drop, a blow or bad data. */
#define GLIDE_MPS 0.3
#define GLIDE_S   0.5

static bool glides(struct core *c, const struct motion *m, const struct track *t) {
        c->glide_s = m->quiet && fabs(t->v_mps) > GLIDE_MPS ? c->glide_s + TICK_S : 0;
        return c->glide_s > GLIDE_S;
}

/* No accelerometer is off by that: the worst recorded ones show 11 m/s2 at rest. It is the tilt that was wrong, as in a
 * stream that begins in the swing of an arm, and a bias learned from it would stay for a minute after the tilt is right. */
#define BIAS_MOST_MPS2 2.0

static bool absurd(const struct tracker *t) {
        const double *b = t->vertical.b;
        return b[0] * b[0] + b[1] * b[1] + b[2] * b[2] > BIAS_MOST_MPS2 * BIAS_MOST_MPS2;
}

/* The tracker begins anew. The beam has hypotheses of its own about that. */
static void doubt_tracker(struct core *c, struct track *t) {
        *t = (struct track){
                .mode = TRACK_IDLE,
                .result = CYCLE_NONE,
        };
        c->glide_s = 0;
        tracker_disbelieve(&c->tracker);
        pairing_reset(&c->pairing);
}

static void push_tick(struct core *c, const struct tick *tick) {
        struct motion m;
        struct track t _uninitialized_;
        struct cycle lap _uninitialized_;
        uint32_t reps = setlog_reps(&c->setlog);

        front_push(&c->front, tick, &m);
        if (m.anew)
                lose_track(c);
        if (!c->tracking)
                start_tracker(c, &m);
        along_path(c, &m);
        remember(c, tick, &m);
        tracker_push(&c->tracker, &m, &c->history, &t);

        if (glides(c, &m, &t) || absurd(&c->tracker))
                doubt_tracker(c, &t);
        take_result(c, t.result, &t.cycle);
        beam_expect(&c->beam, setlog_order(&c->setlog), setlog_set(&c->setlog) ? setlog_rom(&c->setlog) : 0,
                setmodel_rom_since(&c->setlog.model));
        if (beam_push(&c->beam, &m, t.lies, tick->t_us, &lap))
                take_lap(c, &lap);
        if (swing_due(&c->swing) && !t.lies)
                look_at_swing(c);
        find_missed(c);
        find_overdue(c);
        setlog_wait(&c->setlog, tick->t_us, begun(c), beam_begun(&c->beam), m.quiet);
        hear(c);
        if (reps == 1 && setlog_reps(&c->setlog) == 2)
                look_again(c);
        show(c, &t);
        if (m.quiet && c->tracker.cycler.state == CYCLE_EMPTY && !setlog_set(&c->setlog) &&
                beam_begun(&c->beam) >= tick->t_us)
                settle(c, &m);
}

/* The timeline begins anew. */
static void begin(struct core *c, uint64_t t_us) {
        bool back = t_us <= c->now_us;
        double away_s = seconds(c->now_us, t_us);

        c->now_us = t_us;
        lose_track(c);
        front_restart(&c->front);
        if (back)
                setlog_set_back(&c->setlog);
        else if (away_s > c->exercise.set_gap_s)
                setlog_close(&c->setlog, SET_END_GAP);
        else
                return;
        hear(c);
}

int core_push(struct core *c, const struct sample *sample) {
        struct tick tick;

        c->n_events = c->taken = 0;
        int r = resample_push(&c->resample, sample);
        if (r < 0) {
                c->refused++;
                return r;
        }
        if (r == RESAMPLE_BEGUN)
                begin(c, sample->t_us);
        c->now_us = sample->t_us;
        while (resample_next(&c->resample, &tick))
                push_tick(c, &tick);
        return 0;
}

void core_flush(struct core *c) {
        struct cycle cycle;

        c->n_events = c->taken = 0;
        if (c->history.n > 0)
                take_result(c, tracker_flush(&c->tracker, c->history.t_us, &cycle), &cycle);
        if (beam_flush(&c->beam, &cycle))
                take_lap(c, &cycle);
        tracker_lose(&c->tracker);
        c->tracking = false;
        setlog_close(&c->setlog, SET_END_STREAM);
        hear(c);
}

void core_get_calibration(const struct core *c, struct calibration *ret) {
        front_get_calibration(&c->front, ret);
}

void core_live(const struct core *c, struct live *ret) {
        *ret = c->live;
}

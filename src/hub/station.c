/* SPDX-License-Identifier: Apache-2.0 */
/* Samples go through the core, what it finds goes out. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hub/source-recording.h"
#include "hub/source-sensor.h"
#include "hub/station-private.h"
#include "util/log.h"
#include "util/macros.h"
#include "util/utf8.h"

static struct log_fields log_fields(const struct station *s, enum log_kind kind, uint32_t set, uint32_t rep) {
        return (struct log_fields){
                .kind = kind,
                .station = s->name,
                .sensor = s->origin.sensor,
                .set = set,
                .rep = rep,
        };
}

static struct message *new_message(struct station *s) {
        s->outlet->message.origin = s->origin;
        return &s->outlet->message;
}

uint64_t station_now_us(const struct station *s) {
        uint64_t now_us;

        sd_event_now(s->loop, CLOCK_MONOTONIC, &now_us);
        return now_us;
}

static void put_roster(struct station *s) {
        struct station_state *state = &s->state;
        const struct roster *r = &s->roster;

        state->one_rm_kg = r->now.one_rm_kg;
        state->target = s->prescription;
        state->has_next = r->has_next;
        state->next = r->next;
        memcpy(state->queue, r->queue, sizeof(state->queue));
        state->n_queue = r->n_queue;
        state->rotate = r->rotate;
        state->n_unclaimed =
                setbook_unclaimed(&s->book, station_now_us(s), state->unclaimed, STATION_UNCLAIMED_MAX);
}

void station_show_state(struct station *s) {
        struct message *m = new_message(s);

        s->state_changed = false;
        put_roster(s);
        m->type = MESSAGE_STATE;
        m->t_us = s->newest_us;
        m->state = s->state;
        outlet_show(s->outlet, s->slot, m);
}

/* ---- from the core ---- */

static uint32_t number_set(struct station *s, uint32_t set) {
        if (set == 0)
                return 0;
        s->sets = MAX(s->sets, s->sets_before + set);
        return s->sets_before + set;
}

static void take_phase(struct station *s, struct message *m) {
        m->phase.set = number_set(s, m->phase.set);
        outlet_show(s->outlet, s->slot, m);
}

static void take_rep(struct station *s, struct message *m) {
        struct log_fields fields;

        coach_rep(&s->coach, &m->rep, &m->rep_note);
        m->rep.set = number_set(s, m->rep.set);
        s->state.set = m->rep.set;
        s->state_changed = true;
        outlet_post(s->outlet, m, &s->seq);
        s->rep = m->rep;
        s->rep_note = m->rep_note;
        setbook_take_rep(&s->book, m->rep.set, m->rep.rep, m->number, &s->origin);
        station_count_reps(s);
        fields = log_fields(s, LOG_KIND_NONE, m->rep.set, m->rep.rep);
        log_event(LOG_DEBUG, fields, "%s: set %u, rep %u: %.2f m, confidence %.2f", s->name, m->rep.set,
                m->rep.rep, m->rep.rom_m, m->rep.confidence);
        if (m->rep_note.dropped) {
                const struct rep rep = m->rep; /* the message is about to be another */

                station_tell_drop(s, &rep);
        }
        station_review(s);
}

/* A listener knows the rep by its id; the core by its place in the set. */
static void take_amendment(struct station *s, struct message *m) {
        m->amend.set = number_set(s, m->amend.set);
        m->amend.figures.set = m->amend.set;
        m->ref = setbook_event(&s->book, m->amend.rep);
        if (m->amend.change == AMENDED_FIGURES)
                coach_rep(&s->coach, &m->amend.figures, &m->amend_note);
        else
                coach_strike(&s->coach, m->amend.rep);
        outlet_post(s->outlet, m, &s->seq);
        if (m->amend.change != AMENDED_REJECTED) {
                station_review(s);
                return;
        }
        setbook_take_rejection(&s->book, m->amend.set, m->amend.rep);
        station_count_reps(s);
        s->state_changed = true;
        if (s->state.set == 0)
                station_end_turn(s, false);
        else
                station_review(s);
}

/* What was learned of a sensor is used when it comes again, here or at another station. */
static void keep_calibration(struct station *s) {
        struct calibration learned;
        uint64_t now_us;

        sd_event_now(s->loop, CLOCK_MONOTONIC, &now_us);
        core_get_calibration(&s->core, &learned);
        calibrations_put(
                s->outlet->calibrations, s->slot, s->origin.sensor, &s->outlet->clock, now_us, &learned);
}

static void take_set(struct station *s, struct message *m) {
        const struct set *set = &m->set;
        struct log_fields fields;

        coach_set(&s->coach, &m->set, &s->note);
        m->set.set = s->noted = number_set(s, m->set.set);
        if (s->told_to_end)
                m->set.end = SET_END_COMMAND;
        s->state.set = 0;
        s->state.reps = 0;
        s->state_changed = true;
        setbook_take_set(&s->book, &m->set, station_now_us(s));
        if (set->n_reps == 0) { /* somebody took them all back */
                station_end_turn(s, false);
                return;
        }
        station_weigh_strength(s, &m->set, &s->note);
        set_note_restrict(&s->note, &m->set, &m->set_note);
        s->state.last_set = set->set;
        s->state.last_set_reps = set->n_reps;
        s->state.last_set_tut_s = set->tut_s;
        s->state.last_set_best_mps = set->best_mps;
        s->state.last_set_velocity_loss_pct = set->velocity_loss_pct;
        s->state.last_set_compliance_pct = set_note_compliance(&m->set_note);
        s->state.last_set_control = m->set_note.control;
        outlet_post(s->outlet, m, &s->seq);
        setbook_published(&s->book, set->set, m->number);
        keep_calibration(s);
        fields = log_fields(s, LOG_KIND_SET, set->set, 0);
        log_event(LOG_INFO, fields, "%s: set %u of %s: %u reps, %.1f s under tension, ended by %s", s->name,
                set->set, m->origin.exercise, set->n_reps, set->tut_s, set_end_to_string(set->end));
        station_close_coaching(s, set->set, &s->note);
        station_end_turn(s, true);
}

static void take_events(struct station *s) {
        const struct event *event;

        while ((event = core_next(&s->core))) {
                struct message *m = new_message(s);

                message_from_event(m, event);
                switch (event->type) {
                case EVENT_PHASE:
                        take_phase(s, m);
                        break;
                case EVENT_REP:
                        take_rep(s, m);
                        break;
                case EVENT_SET:
                        take_set(s, m);
                        break;
                case EVENT_REJECTED:
                        outlet_mention(s->outlet, m);
                        break;
                case EVENT_AMEND:
                        take_amendment(s, m);
                        break;
                case _EVENT_MAX:
                        break;
                }
        }
        station_settle_exercise(s);
}

void station_show_live(struct station *s) {
        struct message *m;
        struct live live;

        core_live(&s->core, &live);
        if (!live.moving || s->newest_us == s->shown_us)
                return;
        s->shown_us = s->newest_us;
        live.set = number_set(s, live.set);
        m = new_message(s);
        m->type = MESSAGE_LIVE;
        m->t_us = live.t_us;
        m->live = live;
        m->pace = s->pace;
        outlet_show(s->outlet, s->slot, m);
}

/* ---- from the source ---- */

static void on_samples(void *userdata, const struct sample *samples, size_t n) {
        struct station *s = userdata;
        struct live live;

        for (size_t i = 0; i < n; i++) {
                (void) core_push(&s->core, &samples[i]); /* it counts what it leaves out */
                s->newest_us = samples[i].t_us;
                take_events(s);
                core_live(&s->core, &live);
                station_guard(s, &samples[i], &live);
        }
        if (n > 0)
                coach_look(&s->coach, &live, &s->pace);
        if (s->state_changed)
                station_show_state(s);
}

void station_close_set(struct station *s) {
        core_flush(&s->core);
        take_events(s);
}

/* The sensor has told its name, and no sample yet. */
static void recall_calibration(struct station *s) {
        struct calibration known;
        uint64_t now_us;

        sd_event_now(s->loop, CLOCK_MONOTONIC, &now_us);
        if (calibrations_get(s->outlet->calibrations, s->origin.sensor, &s->outlet->clock, now_us, &known))
                (void) core_init(&s->core, NULL, &s->exercise, &known); /* refused, it stays as it is */
}

static void tell_sensor(struct station *s, enum source_state state, const char *sensor, const char *why) {
        bool lost = s->source_state == SOURCE_STREAMING && state == SOURCE_WAITING;
        struct log_fields fields;

        s->source_state = state;
        if (state != SOURCE_WAITING)
                s->waiting_since_us = 0;
        if (lost)
                sd_event_now(s->loop, CLOCK_MONOTONIC, &s->waiting_since_us);
        utf8_repair(sensor, strlen(sensor), s->origin.sensor, sizeof(s->origin.sensor));
        utf8_repair(why, strlen(why), s->state.sensor_error, sizeof(s->state.sensor_error));
        strcpy(s->state.sensor_state, source_state_to_string(state));
        station_show_state(s);
        fields = log_fields(s, LOG_KIND_SENSOR, 0, 0);
        if (state == SOURCE_FAILED)
                log_event(LOG_ERR, fields, "%s: the sensor failed: %s", s->name, why);
        else if (lost)
                log_event(LOG_NOTICE, fields, "%s: the sensor's samples have ceased: %s", s->name, why);
        else if (state != SOURCE_WAITING)
                log_event(LOG_INFO, fields, "%s: the sensor is %s", s->name, s->state.sensor_state);
}

static void on_state(void *userdata, enum source_state state, const char *why) {
        struct station *s = userdata;

        if (state == SOURCE_ENDED || state == SOURCE_FAILED)
                station_close_set(s);
        tell_sensor(s, state, source_sensor(s->source), why ? why : "");
        if (state != SOURCE_STREAMING || s->streamed)
                return; /* a link that came back goes on with the core that it had */
        s->streamed = true;
        recall_calibration(s);
}

/* ---- from the hub ---- */

int station_new(sd_event *loop, struct outlet *outlet, struct sensors *sensors, unsigned slot, const char *name,
        struct station **ret) {
        struct station *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->loop = sd_event_ref(loop);
        s->outlet = outlet;
        s->sensors = sensors;
        s->slot = slot;
        snprintf(s->name, sizeof(s->name), "%s", name);
        s->state.last_set_tut_s = s->state.last_set_best_mps = s->state.last_set_velocity_loss_pct =
                s->state.last_set_compliance_pct = s->state.last_set_control = (double) NAN;
        *ret = s;
        return 0;
}

struct station *station_free(struct station *s) {
        if (!s)
                return NULL;
        source_free(s->source);
        sd_event_unref(s->loop);
        free(s);
        return NULL;
}

static void end_source(struct station *s) {
        if (!s->source)
                return;
        s->source = source_free(s->source);
        station_close_set(s);
        keep_calibration(s);
        s->sets_before = s->sets;
        s->state.set = 0;
        s->state.reps = 0;
}

void station_release(struct station *s) {
        end_source(s);
}

void station_tick(struct station *s) {
        uint32_t unclaimed[STATION_UNCLAIMED_MAX];
        uint64_t now_us = station_now_us(s);

        if (s->active &&
                setbook_unclaimed(&s->book, now_us, unclaimed, STATION_UNCLAIMED_MAX) != s->state.n_unclaimed)
                station_show_state(s);
        if (s->waiting_since_us == 0)
                return;
        sd_event_now(s->loop, CLOCK_MONOTONIC, &now_us);
        if ((double) (now_us - s->waiting_since_us) * 1e-6 <= s->exercise.set_gap_s)
                return;
        s->waiting_since_us = 0;
        station_close_set(s);
        if (s->state_changed)
                station_show_state(s);
}

void station_stop(struct station *s) {
        if (!s->active)
                return;
        end_source(s);
        s->active = false;
        if (s->source_state != SOURCE_FAILED) /* which stays the last that is known of it */
                s->source_state = SOURCE_ENDED;
        strcpy(s->state.sensor_state, source_state_to_string(s->source_state));
        station_show_state(s);
}

void station_retire(struct station *s) {
        if (!s->active)
                return;
        station_stop(s);
        s->state.gone = true;
        station_show_state(s);
        s->state.gone = false;
}

static int make_source(struct station *s, const struct station_config *config) {
        struct source_recording_config recording = {
                .path = config->recording,
                .speed = config->recording_speed,
                .loop = config->recording_loop,
                .pause_s = config->recording_pause_s,
                .profiles = sensors_profiles(s->sensors),
        };
        struct source_sensor_config sensor = {
                .address = config->sensor,
                .profile = config->profile,
                .rate_hz = config->sensor_rate_hz,
                .adapter = config->adapter,
                .bond = config->bond,
                .station = config->name,
        };

        if (*config->recording != '\0')
                return source_recording_new(s->loop, &recording, &s->source);
        return source_sensor_new(s->sensors, &sensor, &s->source);
}

void station_configure(struct station *s, const struct station_config *config, const struct roster *kept) {
        static const struct source_handler handler = {.on_samples = on_samples, .on_state = on_state};
        bool none = *config->recording == '\0' && *config->sensor == '\0';
        int r;

        end_source(s);
        s->config = *config;
        s->active = true;
        s->streamed = false;
        s->shown_us = 0;
        sd_event_now(s->loop, CLOCK_MONOTONIC, &s->newest_us);
        coach_init(&s->coach, NULL);
        station_begin_roster(s, kept);
        r = core_init(&s->core, NULL, &s->exercise, NULL);
        if (r >= 0 && none) {
                tell_sensor(s, SOURCE_WAITING, "",
                        "it has no sensor: see who is near (repcastctl scan), then repcastctl adopt");
                return;
        }
        if (r >= 0)
                r = make_source(s, config);
        if (r >= 0)
                r = source_start(s->source, &handler, s);
        if (r < 0)
                tell_sensor(s, SOURCE_FAILED, "", strerror(-r));
}

const char *station_name(const struct station *s) {
        return s->name;
}

bool station_is_active(const struct station *s) {
        return s->active;
}

const struct station_config *station_get_config(const struct station *s) {
        return s->active ? &s->config : NULL;
}

enum source_state station_source_state(const struct station *s) {
        return s->source_state;
}

const struct station_state *station_get_state(const struct station *s) {
        return &s->state;
}

bool station_is_playback(const struct station *s) {
        return *s->config.recording != '\0';
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One sensor: from BlueZ's link through the decoder to the station, with its figures. */

#include "hub/source-sensor.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hub/idle.h"
#include "sensor/decoder.h"
#include "util/log.h"
#include "util/macros.h"

#define RECORDERS_MAX 4
#define STALL_MIN_US                                                                                           \
        UINT64_C(2000000) /* a lost and resent packet at a supervision timeout of 2 s is no stall */
#define STALL_PERIODS 20
#define SENSELESS_US  UINT64_C(10000000) /* a sensor that was connected has begun to stream by then */
#define RATE_TICKS    10                 /* seconds or so over which the measured rate is a mean */

/* A bar that is used turns faster than this, or is pushed harder, within any second; a rack that trembles is not. */
#define MOTION_RADPS 0.3
#define MOTION_MPS2  0.7
#define MEAN_SECONDS 1.0 /* of the running mean of |f| that pushes are measured against */

struct source_sensor {
        struct source source;
        struct source_sensor *next; /* the radio's list */
        struct sensors *sensors;
        char address[ADDRESS_MAX], station[MESSAGE_NAME_MAX], asked_profile[ADOPTED_PROFILE_MAX];
        char adapter[ADDRESS_MAX];
        bool bond;
        double wanted_hz;
        bool started;

        const struct profile *profile; /* NULL = not known yet */
        double rate_hz;
        enum gatt_idle idle_kind;
        double idle_hz;
        struct bluez *client;
        struct bluez_link *link;
        enum bluez_link_state link_state;

        struct decoder decoder;
        bool decoding, moved; /* moved: seen in the packet in work */
        uint64_t decoding_since_us;
        struct decoder_stats before; /* of earlier decoders */
        struct idle idle;
        double mean_mps2;
        uint64_t last_us; /* instant of the newest sample handed over */

        enum source_state state;
        char why[SENSORS_WORDS_MAX];
        char name[BLUEZ_NAME_MAX];
        struct bluez_sensor_info info;
        int rssi_dbm, battery_pct;
        bool battery_low;
        struct {
                uint64_t samples, t_us; /* in all by then */
        } at_tick[RATE_TICKS];
        uint64_t gaps;
        unsigned ticks;
        struct recorder *recorders[RECORDERS_MAX];
};

static struct source_sensor *from_source(struct source *s) {
        return (struct source_sensor *) s;
}

static uint64_t now_us(const struct source_sensor *s) {
        uint64_t now;

        sd_event_now(sensors_loop(s->sensors), CLOCK_MONOTONIC, &now);
        return now;
}

/* ---- what the station hears ---- */

static void tell(struct source_sensor *s, enum source_state state, const char *why) {
        if (state == s->state && strncmp(s->why, why ? why : "", sizeof(s->why) - 1) == 0)
                return; /* so with every packet of a stream */
        s->state = state;
        snprintf(s->why, sizeof(s->why), "%s", why ? why : "");
        sensors_changed(s->sensors);
        s->source.handler->on_state(s->source.userdata, state, *s->why ? s->why : NULL);
}

/* Why no samples come, for someone who stands before the rack. */
static const char *link_words(const struct source_sensor *s, const char *why) {
        const char *service_why;

        (void) sensors_state(s->sensors, &service_why);
        switch (s->link_state) {
        case BLUEZ_LINK_SEEKING:
                if (service_why)
                        return service_why;
                return why ? why : "not in sight: is it switched on, charged and near?";
        case BLUEZ_LINK_QUEUED:
        case BLUEZ_LINK_CONNECTING:
        case BLUEZ_LINK_RESOLVING:
        case BLUEZ_LINK_SETTLING:
        case BLUEZ_LINK_PREPARING:
                return "connecting";
        case BLUEZ_LINK_PAIRING:
                return "pairing";
        case BLUEZ_LINK_STREAMING:
                return "connected, its samples are awaited";
        case BLUEZ_LINK_CLOSING:
        case BLUEZ_LINK_BACKOFF:
                return why ? why : "the connection was lost; it is tried again";
        case BLUEZ_LINK_QUARANTINE:
                return why ? why : "it failed too often and is left alone for some minutes";
        case BLUEZ_LINK_STOPPED:
        case _BLUEZ_LINK_STATE_MAX:
                break;
        }
        return why;
}

/* ---- samples ---- */

static void take_stats(struct source_sensor *s) {
        const struct decoder_stats *d = &s->decoder.stats;

        s->before.samples += d->samples;
        s->before.lost += d->lost;
        s->before.clipped += d->clipped;
        s->before.bad += d->bad;
        s->before.resyncs += d->resyncs;
}

static void end_decoder(struct source_sensor *s) {
        if (s->decoding)
                take_stats(s);
        s->decoding = false;
}

static bool moves(struct source_sensor *s, const struct sample *sample) {
        double f = sqrt(sample->f_mps2[0] * sample->f_mps2[0] + sample->f_mps2[1] * sample->f_mps2[1] +
                sample->f_mps2[2] * sample->f_mps2[2]);
        double w = sqrt(sample->w_radps[0] * sample->w_radps[0] + sample->w_radps[1] * sample->w_radps[1] +
                sample->w_radps[2] * sample->w_radps[2]);

        if (isnan(s->mean_mps2))
                s->mean_mps2 = f;
        s->mean_mps2 += (f - s->mean_mps2) * MIN(1.0, 1 / (MEAN_SECONDS * s->decoder.rate_hz));
        return w > MOTION_RADPS || fabs(f - s->mean_mps2) > MOTION_MPS2;
}

/* Behind a new link the instants begin with its first arrival: those of the one before are not to be passed again. */
static void hand_over(struct source_sensor *s, const struct sample *samples, size_t n) {
        while (n > 0 && samples->t_us <= s->last_us) {
                samples++;
                n--;
        }
        if (n == 0)
                return;
        s->last_us = samples[n - 1].t_us;
        tell(s, SOURCE_STREAMING, NULL);
        s->source.handler->on_samples(s->source.userdata, samples, n);
}

static void on_samples(void *userdata, const struct sample *samples, size_t n) {
        struct source_sensor *s = userdata;

        s->gaps += samples[0].lost > 0;
        for (size_t i = 0; i < n; i++)
                s->moved |= moves(s, &samples[i]);
        if (s->idle.state == IDLE_AWAKE)
                hand_over(s, samples, n);
}

static void take_battery(struct source_sensor *s, int percent) {
        unsigned low = sensors_config(s->sensors)->low_battery_pct;
        struct log_fields fields = {.kind = LOG_KIND_BATTERY, .station = s->station, .sensor = s->address};

        if (percent != s->battery_pct)
                sensors_changed(s->sensors);
        s->battery_pct = percent;
        if (percent < (int) low && !s->battery_low) {
                s->battery_low = true;
                log_event(LOG_WARNING, fields, "%s: the battery of sensor %s is low: %d %%; charge or swap it",
                        s->station, s->address, percent);
        } else if (percent >= (int) low + 5) { /* one that wavers about the border is told once */
                s->battery_low = false;
        }
}

static void on_decoded_battery(void *userdata, double percent) {
        take_battery(userdata, (int) lrint(CLAMP(percent, 0.0, 100.0)));
}

static void begin_decoder(struct source_sensor *s, double rate_hz) {
        static const struct decoder_handler handler = {
                .on_samples = on_samples, .on_battery = on_decoded_battery};

        end_decoder(s);
        s->mean_mps2 = (double) NAN;
        if (decoder_init(&s->decoder, s->profile, rate_hz, &handler, s) >= 0)
                s->decoding = true;
        s->decoding_since_us = now_us(s);
}

/* ---- rest and wake ---- */

static void step_idle(struct source_sensor *s, bool moved) {
        uint64_t after_us = UINT64_C(1000000) * sensors_config(s->sensors)->idle_after_s;

        switch (idle_step(&s->idle, moved, after_us, now_us(s))) {
        case IDLE_NOTHING:
                break;
        case IDLE_REST:
                bluez_link_idle(s->link, true);
                tell(s, SOURCE_WAITING, "asleep, to save its battery: it wakes when the bar is moved");
                break;
        case IDLE_WAKE:
                bluez_link_idle(s->link, false);
                break;
        case IDLE_HAS_SLOWED:
                if (s->idle_kind == GATT_IDLE_SLOW)
                        begin_decoder(s, s->idle_hz);
                break;
        case IDLE_HAS_WOKEN:
                begin_decoder(s, s->rate_hz);
                break;
        }
}

/* ---- from the link ---- */

static void on_link_state(void *userdata, enum bluez_link_state state, const char *why) {
        struct source_sensor *s = userdata;

        s->link_state = state;
        sensors_changed(s->sensors);
        end_decoder(s);
        if (state == BLUEZ_LINK_STREAMING) { /* what came while it was being set up may be of any rate */
                idle_init(&s->idle, s->idle_kind, now_us(s));
                bluez_link_idle(s->link, false);
                begin_decoder(s, s->rate_hz);
        }
        tell(s, SOURCE_WAITING, link_words(s, why));
}

static void on_link_packet(
        void *userdata, unsigned stream, const uint8_t *bytes, size_t n, uint64_t arrival_us) {
        struct source_sensor *s = userdata;

        if (!s->decoding)
                return;
        for (unsigned i = 0; i < RECORDERS_MAX && s->idle.state != IDLE_ASLEEP; i++) {
                if (!s->recorders[i])
                        continue;
                recorder_push(s->recorders[i], stream, bytes, n, arrival_us);
                if (recorder_has_ended(s->recorders[i]))
                        s->recorders[i] = recorder_free(s->recorders[i]);
        }
        s->moved = s->idle.state == IDLE_ASLEEP && s->idle.kind == GATT_IDLE_MOTION;
        decoder_push(&s->decoder, stream, bytes, n, arrival_us);
        step_idle(s, s->moved); /* not from within the decoder, which may be begun anew by it */
}

static void on_link_battery(void *userdata, unsigned percent) {
        take_battery(userdata, (int) percent);
}

/* A characteristic of the sensor's own, which the profile knows to read. */
static void on_link_battery_value(void *userdata, const uint8_t *bytes, size_t n) {
        struct source_sensor *s = userdata;
        double percent;

        if (profile_battery(s->profile, bytes, n, &percent) >= 0)
                take_battery(s, (int) lrint(CLAMP(percent, 0.0, 100.0)));
}

static void on_link_info(void *userdata, const struct bluez_sensor_info *info) {
        struct source_sensor *s = userdata;

        s->info = *info;
        sensors_changed(s->sensors);
}

/* ---- wanting it ---- */

static void want(struct source_sensor *s) {
        static const struct bluez_link_handler handler = {
                .on_state = on_link_state,
                .on_packet = on_link_packet,
                .on_battery = on_link_battery,
                .on_battery_value = on_link_battery_value,
                .on_info = on_link_info,
        };
        int64_t passkey = sensors_passkey(s->sensors, s->address);
        struct gatt_plan plan; /* of the link's own from then on */
        struct bluez_want w = {
                .address = s->address,
                .adapter = *s->adapter ? s->adapter : NULL,
                .plan = &plan,
                .stall_us = MAX(STALL_MIN_US, (uint64_t) (STALL_PERIODS * 1e6 / s->rate_hz)),
                .bond = passkey >= 0 || s->bond,
                .may_pair = passkey >= 0 || sensors_may_pair(s->sensors, s->address),
                .passkey = passkey,
        };
        int r;

        if (!s->client || !s->profile || s->link || !s->started || s->state == SOURCE_FAILED ||
                profile_plan(s->profile, s->rate_hz, &plan) < 0)
                return;
        s->link_state = BLUEZ_LINK_SEEKING;
        r = bluez_want(s->client, &w, &handler, s, &s->link);
        if (r < 0)
                tell(s, SOURCE_FAILED,
                        r == -EEXIST ? "another station uses this sensor"
                                     : "its link cannot be set up: out of memory");
        else
                tell(s, SOURCE_WAITING, link_words(s, NULL));
}

static void drop(struct source_sensor *s) {
        end_decoder(s);
        if (s->link)
                s->link = bluez_link_drop(s->link);
}

static void take_profile(struct source_sensor *s, const struct profile *p) {
        const char *refusal;
        char why[SENSORS_WORDS_MAX];
        struct gatt_plan plan;
        double rate_hz = profile_rate(p, isnan(s->wanted_hz) ? 0 : s->wanted_hz);

        refusal = profile_refusal(p, rate_hz);
        if (!refusal && profile_plan(p, rate_hz, &plan) < 0)
                refusal = "its profile has no plan for this rate";
        if (refusal) {
                snprintf(why, sizeof(why), "%s cannot count reps: %s", p->label, refusal);
                tell(s, SOURCE_FAILED, why);
                return;
        }
        s->profile = p;
        s->rate_hz = rate_hz;
        s->idle_kind = plan.idle_kind;
        s->idle_hz = plan.idle_hz;
        want(s);
}

static void find_profile(struct source_sensor *s) {
        const struct profile *p;
        char why[SENSORS_WORDS_MAX];

        if (s->profile)
                return;
        if (*s->asked_profile == '\0') {
                tell(s, SOURCE_WAITING,
                        "listening for its advertisement, to learn what it is: is it switched on and near?");
                return;
        }
        p = profiles_find(sensors_profiles(s->sensors), s->asked_profile, NULL);
        if (p) {
                take_profile(s, p);
                return;
        }
        snprintf(why, sizeof(why), "no profile is called %s; repcastctl check-profiles lists them",
                s->asked_profile);
        tell(s, SOURCE_FAILED, why);
}

/* ---- from the radio ---- */

bool source_sensor_needs_profile(const struct source_sensor *s) {
        return s->started && !s->profile && s->state != SOURCE_FAILED;
}

void source_sensor_set_client(struct source_sensor *s, struct bluez *b) {
        const char *why = NULL;

        drop(s);
        s->client = b;
        if (!s->started || s->state == SOURCE_FAILED)
                return;
        (void) sensors_state(s->sensors, &why);
        if (!b)
                tell(s, SOURCE_WAITING, why);
        else if (s->profile)
                want(s);
        else
                find_profile(s);
}

void source_sensor_seen(
        struct source_sensor *s, const struct bluez_device_info *device, const struct profile *p) {
        strcpy(s->name, device->name);
        s->rssi_dbm = device->rssi_dbm;
        if (p && source_sensor_needs_profile(s) && *s->asked_profile == '\0')
                take_profile(s, p);
}

static uint64_t all_samples(const struct source_sensor *s) {
        return s->before.samples + (s->decoding ? s->decoder.stats.samples : 0);
}

/* Connected for a while, and nothing of what it sends makes a sample: begin anew, and say what may be wrong. */
static void judge_stream(struct source_sensor *s) {
        const struct decoder_stats *d = &s->decoder.stats;
        char why[SENSORS_WORDS_MAX];

        if (!s->decoding || s->idle.state != IDLE_AWAKE || d->samples > 0 || d->notifications == 0 ||
                now_us(s) - s->decoding_since_us < SENSELESS_US)
                return;
        snprintf(why, sizeof(why), "what it sends is not what the profile %s says: another model or firmware?",
                s->profile->name);
        bluez_link_restart(s->link, why);
}

void source_sensor_tick(struct source_sensor *s) {
        struct bluez_link_info info;

        s->at_tick[s->ticks % RATE_TICKS].samples = all_samples(s);
        s->at_tick[s->ticks++ % RATE_TICKS].t_us = now_us(s);
        if (!s->link)
                return;
        bluez_link_get_info(s->link, &info);
        s->rssi_dbm = info.rssi_dbm;
        bluez_link_allow_pairing(s->link,
                sensors_may_pair(s->sensors, s->address) || sensors_passkey(s->sensors, s->address) >= 0);
        if (s->link_state == BLUEZ_LINK_SEEKING && s->state == SOURCE_WAITING)
                tell(s, SOURCE_WAITING, link_words(s, *info.why ? info.why : NULL));
        if (s->link_state != BLUEZ_LINK_STREAMING)
                return;
        step_idle(s, false);
        judge_stream(s);
}

static const char *state_word(const struct source_sensor *s) {
        if (s->state == SOURCE_FAILED)
                return "failed";
        if (!s->link)
                return s->client ? "unknown" : "no-bus";
        if (s->link_state == BLUEZ_LINK_STREAMING && s->idle.state != IDLE_AWAKE)
                return "asleep";
        return bluez_link_state_to_string(s->link_state);
}

static double measured_hz(const struct source_sensor *s) {
        unsigned newest = (s->ticks + RATE_TICKS - 1) % RATE_TICKS, oldest = s->ticks % RATE_TICKS;

        if (s->ticks < RATE_TICKS)
                return (double) NAN;
        return 1e6 * (double) (s->at_tick[newest].samples - s->at_tick[oldest].samples) /
                (double) (s->at_tick[newest].t_us - s->at_tick[oldest].t_us);
}

void source_sensor_tell(const struct source_sensor *s, struct sensor_info *ret) {
        const struct decoder_stats *d = &s->decoder.stats;
        struct bluez_link_info info = {0};
        bool on = s->decoding;

        strcpy(ret->address, s->address);
        strcpy(ret->name, s->name);
        strcpy(ret->station, s->station);
        strcpy(ret->why, s->why);
        ret->wanted = true;
        ret->state = state_word(s);
        ret->rssi_dbm = s->rssi_dbm;
        ret->battery_pct = s->battery_pct;
        ret->nominal_hz = s->profile ? s->rate_hz : (double) NAN;
        ret->rate_hz = measured_hz(s);
        ret->samples = s->before.samples + (on ? d->samples : 0);
        ret->lost = s->before.lost + (on ? d->lost : 0);
        ret->clipped = s->before.clipped + (on ? d->clipped : 0);
        ret->bad = s->before.bad + (on ? d->bad : 0);
        ret->gaps = s->gaps;
        strcpy(ret->maker, s->info.maker);
        strcpy(ret->model, s->info.model);
        strcpy(ret->firmware, s->info.firmware);
        if (s->profile) {
                strcpy(ret->profile, s->profile->name);
                strcpy(ret->label, s->profile->label);
        }
        if (!s->link)
                return;
        bluez_link_get_info(s->link, &info);
        strcpy(ret->adapter, info.adapter);
        if (*info.name)
                strcpy(ret->name, info.name);
        ret->connects = info.connects;
        ret->failures = info.failures;
}

const char *source_sensor_address(const struct source_sensor *s) {
        return s->address;
}

struct source_sensor *source_sensor_next(const struct source_sensor *s) {
        return s->next;
}

void source_sensor_set_next(struct source_sensor *s, struct source_sensor *next) {
        s->next = next;
}

/* ---- recording ---- */

int source_sensor_record(struct source_sensor *s, int fd, const char *exercise, const char *note) {
        struct recording_header header = {.layout = RECORDING_PACKETS, .truth.count = -1};
        int r = s->profile ? -EBUSY : -ENODATA;

        for (unsigned i = 0; i < RECORDERS_MAX && s->profile; i++) {
                if (s->recorders[i] && recorder_has_ended(s->recorders[i]))
                        s->recorders[i] = recorder_free(s->recorders[i]);
                if (s->recorders[i])
                        continue;
                header.rate_hz = s->rate_hz;
                snprintf(header.sensor, sizeof(header.sensor), "%s", s->address);
                snprintf(header.exercise, sizeof(header.exercise), "%s", exercise);
                snprintf(header.note, sizeof(header.note), "%s", note);
                snprintf(header.profile, sizeof(header.profile), "%s", s->profile->name);
                return recorder_new(sensors_loop(s->sensors), fd, &header, &s->recorders[i]);
        }
        close(fd);
        return r;
}

/* ---- from the station ---- */

static int sensor_start(struct source *source) {
        struct source_sensor *s = from_source(source);

        s->started = true;
        s->state = _SOURCE_STATE_MAX; /* so that the first one is told, whichever it is */
        source_sensor_set_client(s, sensors_client(s->sensors));
        if (!s->client && *s->asked_profile != '\0')
                find_profile(s); /* a wrong name shows at once */
        return 0;
}

static const char *sensor_name(const struct source *source) {
        return ((const struct source_sensor *) source)->address;
}

static void sensor_free(struct source *source) {
        struct source_sensor *s = from_source(source);

        s->started = false;
        drop(s);
        sensors_leave(s->sensors, s);
        for (unsigned i = 0; i < RECORDERS_MAX; i++)
                recorder_free(s->recorders[i]);
        free(s);
}

int source_sensor_new(struct sensors *r, const struct source_sensor_config *config, struct source **ret) {
        static const struct source_ops ops = {
                .start = sensor_start,
                .sensor = sensor_name,
                .free = sensor_free,
        };
        struct source_sensor *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->source.ops = &ops;
        s->sensors = r;
        snprintf(s->address, sizeof(s->address), "%s", config->address);
        snprintf(s->station, sizeof(s->station), "%s", config->station);
        snprintf(s->asked_profile, sizeof(s->asked_profile), "%s", config->profile);
        snprintf(s->adapter, sizeof(s->adapter), "%s", config->adapter);
        s->bond = config->bond;
        s->wanted_hz = config->rate_hz;
        s->rssi_dbm = BLUEZ_RSSI_NONE;
        s->battery_pct = -1;
        sensors_join(r, s);
        *ret = &s->source;
        return 0;
}

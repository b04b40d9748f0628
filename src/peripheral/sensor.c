/* SPDX-License-Identifier: Apache-2.0 */
/* Where tape, profile and radio meet.
 *
 *     tape --sample clock--> encoder -> air -> application (BlueZ's socket)
 *                               ^ rate
 *            behaviour (what hubs write) <- application
 */

#include "peripheral/sensor.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "peripheral/behaviour.h"
#include "peripheral/presence.h"
#include "peripheral/tape.h"
#include "sensor/encoder.h"
#include "util/macros.h"

#define BATCH_S         0.04              /* between notifications, where it is ours to choose */
#define LATE_MAX_US     1000000           /* after a longer pause of the machine the clock starts anew */
#define UNTIL_END_US    UINT64_C(3000000) /* how long the bar rests before the end is the end */
#define WATCH_US        UINT64_C(200000)
#define ATT_HEADER      3
#define MOVED_RADPS     0.2 /* a bar on its rack turns less */
#define BATTERY_SERVICE "0000180f-0000-1000-8000-00805f9b34fb"
#define BATTERY_LEVEL   "00002a19-0000-1000-8000-00805f9b34fb"
#define DEVICE_SERVICE  "0000180a-0000-1000-8000-00805f9b34fb"
#define DEVICE_MODEL    "00002a24-0000-1000-8000-00805f9b34fb"

struct sensor {
        struct sensor_config config;
        struct loop loop;
        struct bus bus;
        struct presence presence;
        struct application application;
        struct advert advert;
        struct agent agent;
        struct behaviour behaviour;
        struct encoder encoder;
        struct tape tape;
        struct air air;
        struct loop_timer clock, delivery, watch;
        struct loop_io signals;

        unsigned streams[GATT_STREAMS_MAX]; /* the application's characteristic of each stream */
        int battery;                        /* and of the battery; -1 = none */
        char subscribed;                    /* bit k: stream k */

        uint64_t start_us; /* of the tape; 0 = nobody has listened yet */
        uint64_t clock_us; /* start of the run of samples at rate_hz */
        uint64_t samples;  /* of that run */
        double rate_hz;    /* 0 = silent */
        uint64_t end_us;   /* the tape has ended; 0 = not yet */
        uint64_t started_us;
        int percent; /* of the battery, as it was told last */
        uint64_t sent, dropped;
        bool away;
        char why[512];
};

static void say(const struct sensor *s, const char *format, ...) _printf_(2, 3);
static void say(const struct sensor *s, const char *format, ...) {
        va_list arguments;

        if (s->config.quiet)
                return;
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        putchar('\n');
        fflush(stdout);
}

static int fail(struct sensor *s, int k, const char *format, ...) _printf_(3, 4);
static int fail(struct sensor *s, int k, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(s->why, sizeof(s->why), format, arguments);
        va_end(arguments);
        return k;
}

/* ---- samples ------------------------------------------------------------------------------------------------- */

static void deliver(void *userdata) {
        struct sensor *s = userdata;
        const struct air_item *item;
        int k;

        while ((item = air_pop(&s->air, loop_now_us()))) {
                k = application_stream(&s->application, s->streams[item->stream], item->bytes, item->n);
                s->sent += k > 0;
                s->dropped += k < 0;
        }
        s->delivery.due_us = air_due_us(&s->air);
}

static void on_encoded(void *userdata, unsigned stream, const uint8_t *bytes, size_t n) {
        struct sensor *s = userdata;

        air_push(&s->air, stream, bytes, n, loop_now_us());
}

static unsigned batch_of(const struct sensor *s) {
        if (s->config.batch > 0)
                return s->config.batch;
        return (unsigned) CLAMP(lrint(s->rate_hz * BATCH_S), 1, PROFILE_SAMPLES_MAX);
}

static uint64_t sample_due_us(const struct sensor *s) {
        return s->clock_us + (uint64_t) ((double) s->samples * 1e6 / s->rate_hz);
}

/* One sample of the run. 0 or a fault of the recording. */
static int take_sample(struct sensor *s) {
        uint64_t due_us = sample_due_us(s);
        struct sample sample;
        int k = tape_at(&s->tape, due_us - s->start_us, &sample);

        if (k < 0)
                return k;
        if (k == 0 && s->end_us == 0) {
                say(s, "the recording has ended; the bar rests");
                s->end_us = due_us;
        }
        /* The instant on the sensor's own clock, which began with the program and runs a little fast or slow. */
        sample.t_us = (uint64_t) ((double) (due_us - s->started_us) * (1 + s->config.drift_ppm * 1e-6));
        encoder_push(&s->encoder, &sample);
        s->samples++;
        return 0;
}

static void on_clock(void *userdata) {
        struct sensor *s = userdata;
        uint64_t now_us = loop_now_us();

        if (now_us > sample_due_us(s) + LATE_MAX_US) {
                s->clock_us = now_us;
                s->samples = 0;
        }
        while (sample_due_us(s) <= now_us)
                if (take_sample(s) < 0) {
                        loop_stop(&s->loop, -EBADMSG);
                        return;
                }
        if (s->config.until_end && s->end_us != 0 && now_us > s->end_us + UNTIL_END_US)
                loop_stop(&s->loop, 0);
        deliver(s);
        s->clock.due_us = sample_due_us(s);
}

/* Smallest packet that every subscriber's link carries. */
static size_t value_max(const struct sensor *s) {
        size_t max = GATT_VALUE_MAX;

        for (unsigned k = 0; k < s->behaviour.plans->n_streams; k++) {
                unsigned mtu = s->application.characteristics[s->streams[k]].mtu;

                if (mtu > ATT_HEADER)
                        max = MIN(max, (size_t) mtu - ATT_HEADER);
        }
        return max;
}

/* Stream as the hub has it by now: start, stop, or change the rate. */
static void follow(struct sensor *s) {
        double rate_hz = s->subscribed ? behaviour_rate_hz(&s->behaviour) : 0;
        int k;

        if (fabs(rate_hz - s->rate_hz) < 1e-9)
                return;
        s->rate_hz = rate_hz;
        s->clock.due_us = LOOP_NEVER;
        air_clear(&s->air);
        if (rate_hz <= 0) {
                say(s, "silent");
                return;
        }
        k = encoder_init(&s->encoder, s->config.profile, batch_of(s), value_max(s), on_encoded, s);
        if (k < 0) {
                say(s, "cannot stream: a packet does not fit into %zu bytes, the most that this link carries",
                        value_max(s));
                return;
        }
        s->clock_us = loop_now_us();
        s->samples = 0;
        if (s->start_us == 0)
                s->start_us = s->clock_us;
        s->clock.due_us = s->clock_us;
        say(s, "streaming at %g Hz", rate_hz);
}

/* ---- battery ------------------------------------------------------------------------------------------------- */

static double battery_percent(const struct sensor *s) {
        double hours = (double) (loop_now_us() - s->started_us) / 3.6e9;

        return CLAMP(s->config.battery_percent - hours * s->config.drain_percent_per_h, 0.0, 100.0);
}

static void tell_battery(struct sensor *s) {
        double percent = battery_percent(s);
        uint8_t bytes[GATT_VALUE_MAX] = {(uint8_t) lrint(percent)};
        int stream, n = 1;

        if (s->battery < 0 || s->percent == (int) lrint(percent))
                return;
        s->percent = (int) lrint(percent);
        if (s->behaviour.plans->battery == GATT_BATTERY_CHARACTERISTIC)
                n = encoder_battery(s->config.profile, percent, bytes, &stream);
        if (n > 0)
                application_set_value(&s->application, (unsigned) s->battery, bytes, (size_t) n);
}

static void answer_poll(struct sensor *s) {
        uint8_t bytes[GATT_VALUE_MAX];
        int stream, n = encoder_battery(s->config.profile, battery_percent(s), bytes, &stream);

        if (n > 0 && stream >= 0)
                on_encoded(s, (unsigned) stream, bytes, (size_t) n);
        deliver(s);
}

/* ---- what hubs and BlueZ do ---------------------------------------------------------------------------------- */

static void on_write(void *userdata, unsigned characteristic, const uint8_t *bytes, size_t n) {
        struct sensor *s = userdata;

        /* The profile's characteristics come first in the application, in their order. */
        if (characteristic < s->behaviour.plans->n_characteristics &&
                behaviour_write(&s->behaviour, characteristic, bytes, n))
                answer_poll(s);
        follow(s);
}

static void on_subscribed(void *userdata, unsigned characteristic, bool subscribed) {
        struct sensor *s = userdata;

        for (unsigned k = 0; k < s->behaviour.plans->n_streams; k++)
                if (s->streams[k] == characteristic)
                        s->subscribed = (char) ((s->subscribed & ~(1 << k)) | subscribed << k);
        follow(s);
}

static void on_link(void *userdata, const char *address, bool connected) {
        struct sensor *s = userdata;

        say(s, "%s %s", address, connected ? "connected" : "disconnected");
        if (!connected)
                behaviour_reset(&s->behaviour);
        follow(s);
}

static void on_state(void *userdata, enum presence_state state, const char *why) {
        static const char *const words[_PRESENCE_STATE_MAX] = {
                [PRESENCE_NO_BLUEZ] = "BlueZ is not there (bluetooth.service); waiting",
                [PRESENCE_NO_ADAPTER] = "the adapter is not there; waiting",
                [PRESENCE_OFF] = "the adapter is switched off; waiting (bluetoothctl power on)",
                [PRESENCE_REGISTERING] = "registering",
                [PRESENCE_READY] = "ready",
        };
        struct sensor *s = userdata;

        if (why)
                say(s, "BlueZ refuses: %s; trying again", why);
        else if (state == PRESENCE_READY)
                say(s, "ready on %s (%s) as \"%s\", profile %s", strrchr(s->presence.adapter, '/') + 1,
                        s->presence.address, s->advert.name, s->config.profile->name);
        else
                say(s, "%s", words[state]);
}

/* A sensor that sleeps feels the bar all the same. */
static void feel(struct sensor *s) {
        struct sample now;
        double turn;

        if (!s->behaviour.idle || s->start_us == 0 || tape_at(&s->tape, loop_now_us() - s->start_us, &now) < 0)
                return;
        turn = fabs(now.w_radps[0]) + fabs(now.w_radps[1]) + fabs(now.w_radps[2]);
        if (turn > MOVED_RADPS) {
                behaviour_moved(&s->behaviour);
                follow(s);
        }
}

/* Now and then: battery, sleep, absences. */
static void on_watch(void *userdata) {
        struct sensor *s = userdata;
        uint64_t now_us = loop_now_us(), until_us;
        bool away = air_spell_at(&s->config.absence, s->started_us, now_us, &until_us) > 0;

        s->watch.due_us = now_us + WATCH_US;
        tell_battery(s);
        feel(s);
        if (away == s->away)
                return;
        s->away = away;
        say(s, away ? "away" : "back");
        presence_advertise(&s->presence, !away);
        if (away)
                presence_disconnect(&s->presence);
}

static void on_signal(short revents, void *userdata) {
        struct sensor *s = userdata;

        (void) revents;
        loop_stop(&s->loop, 0);
}

/* The bus daemon does not come back on its old socket; whoever started the sensor may start it again. */
static DBusHandlerResult on_bus(DBusConnection *connection, DBusMessage *message, void *userdata) {
        struct sensor *s = userdata;

        (void) connection;
        if (!dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
                return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
        loop_stop(&s->loop, fail(s, -ENOTCONN, "the system bus has gone away"));
        return DBUS_HANDLER_RESULT_HANDLED;
}

/* ---- making it ----------------------------------------------------------------------------------------------- */

/* A name that the profile's first pattern takes: "WT901*" -> "WT901-virtual". */
static int choose_name(struct sensor *s) {
        const struct profile_match *match = &s->config.profile->match;
        const char *pattern = match->n[PROFILE_RULE_NAME] > 0 ? match->names[0] : "repcast*";
        char name[128];
        int n;

        if (s->config.name)
                n = snprintf(name, sizeof(name), "%s", s->config.name);
        else
                n = snprintf(name, sizeof(name), "%.*s-virtual", (int) strcspn(pattern, "*?["), pattern);
        if (n <= 0 || n >= ADVERT_NAME_MAX)
                return fail(s, -EINVAL, "the name \"%s\" does not fit into an advertisement: 1 to %d bytes",
                        name, ADVERT_NAME_MAX - 1);
        snprintf(s->advert.name, sizeof(s->advert.name), "%.*s", ADVERT_NAME_MAX - 1, name);
        return 0;
}

/* What the plan does with a characteristic says what the sensor must offer. */
static unsigned flags_of(const struct sensor *s, unsigned characteristic) {
        const struct gatt_plan *plan = s->behaviour.plans;
        const struct gatt_sequence *const sequences[] = {
                &plan->init, &plan->stop, &plan->idle, &plan->wake, &plan->poll};
        unsigned flags = 0;

        for (size_t q = 0; q < ARRAY_SIZE(sequences); q++)
                for (unsigned i = 0; i < sequences[q]->n_steps; i++) {
                        const struct gatt_step *step = &sequences[q]->steps[i];

                        if (step->action != GATT_WAIT && step->characteristic != characteristic)
                                continue;
                        if (step->action == GATT_WRITE)
                                flags |= APPLICATION_WRITE;
                        if (step->action == GATT_SEND)
                                flags |= APPLICATION_SEND;
                }
        for (unsigned k = 0; k < plan->n_streams; k++)
                if (plan->streams[k] == characteristic)
                        flags |= APPLICATION_STREAM;
        if (plan->battery == GATT_BATTERY_CHARACTERISTIC && plan->battery_characteristic == characteristic)
                flags |= APPLICATION_READ | APPLICATION_NOTIFY;
        return flags ? flags : APPLICATION_READ;
}

/* A profile tells characteristics, not the services that hold them: here one service has them all. */
static void lay_out(struct sensor *s) {
        const struct profile_match *match = &s->config.profile->match;
        const struct gatt_plan *plan = s->behaviour.plans;
        const char *service =
                match->n[PROFILE_RULE_SERVICE] > 0 ? match->services[0] : plan->characteristics[0].uuids[0];
        struct application *a = &s->application;
        int k;

        (void) application_add_service(a, service);
        for (unsigned i = 0; i < plan->n_characteristics; i++)
                (void) application_add(a, 0, plan->characteristics[i].uuids[0], flags_of(s, i));
        for (unsigned i = 0; i < plan->n_streams; i++)
                s->streams[i] = plan->streams[i];
        s->battery = plan->battery == GATT_BATTERY_CHARACTERISTIC ? (int) plan->battery_characteristic : -1;
        if (plan->battery == GATT_BATTERY_STANDARD) {
                k = application_add_service(a, BATTERY_SERVICE);
                s->battery =
                        application_add(a, (unsigned) k, BATTERY_LEVEL, APPLICATION_READ | APPLICATION_NOTIFY);
        }
        if (match->n_models > 0) {
                k = application_add_service(a, DEVICE_SERVICE);
                k = application_add(a, (unsigned) k, DEVICE_MODEL, APPLICATION_READ);
                application_set_value(
                        a, (unsigned) k, (const uint8_t *) match->models[0], strlen(match->models[0]));
        }
        if (match->n[PROFILE_RULE_SERVICE] > 0)
                s->advert.service = match->services[0];
        else if (match->n[PROFILE_RULE_COMPANY] > 0)
                s->advert.company = match->companies[0];
        s->percent = -1;
        tell_battery(s);
}

static int choose_rate(struct sensor *s, unsigned *ret) {
        const struct profile *p = s->config.profile;

        *ret = p->default_rate;
        if (s->config.rate_hz <= 0)
                return 0;
        for (unsigned i = 0; i < p->n_rates; i++)
                if (fabs(p->rates[i].hz - s->config.rate_hz) < 1e-6) {
                        *ret = i;
                        return 0;
                }
        return fail(s, -EINVAL, "the profile %s has no rate of %g Hz (repcastctl check-profiles lists them)",
                p->name, s->config.rate_hz);
}

static int watch_signals(struct sensor *s) {
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);
        s->signals = (struct loop_io){.events = POLLIN, .ready = on_signal, .userdata = s};
        s->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (s->signals.fd < 0)
                return fail(s, -errno, "signals: %s", strerror(errno));
        loop_add_io(&s->loop, &s->signals);
        return 0;
}

static void add_timer(struct sensor *s, struct loop_timer *t, uint64_t due_us, void (*fired)(void *)) {
        *t = (struct loop_timer){.due_us = due_us, .fired = fired, .userdata = s};
        loop_add_timer(&s->loop, t);
}

static int connect_bus(struct sensor *s) {
        static const struct presence_handler handler = {.on_state = on_state, .on_link = on_link};
        char why[256];

        if (bus_open(&s->bus, &s->loop, why, sizeof(why)) < 0)
                return fail(s, -ENOTCONN, "cannot connect to the system bus: %s", why);
        bus_must(dbus_connection_add_filter(s->bus.connection, on_bus, s, NULL));
        application_export(&s->application, &s->bus);
        advert_export(&s->advert, &s->bus);
        s->agent.passkey = s->config.passkey;
        agent_export(&s->agent, &s->bus);
        s->presence = (struct presence){
                .bus = &s->bus,
                .wanted = s->config.adapter,
                .application = &s->application,
                .advert = &s->advert,
                .agent = s->config.paired ? &s->agent : NULL,
                .handler = &handler,
                .userdata = s,
                .advertise = true,
                .state = PRESENCE_NO_BLUEZ,
        };
        return 0;
}

int sensor_new(const struct sensor_config *config, struct sensor **ret) {
        static const struct application_handler handler = {
                .on_write = on_write, .on_subscribed = on_subscribed};
        struct sensor *s = calloc(1, sizeof(*s));
        unsigned rate;
        int k;

        if (!s)
                return -ENOMEM;
        *ret = s;
        s->config = *config;
        s->signals.fd = -1;
        s->started_us = loop_now_us();
        s->application.encrypted = config->paired;
        s->application.handler = &handler;
        s->application.userdata = s;
        k = tape_open(&s->tape, config->recording, config->profiles, config->speed, config->loop);
        if (k < 0)
                return fail(s, k, "%s", s->tape.why);
        k = choose_name(s);
        if (k >= 0)
                k = choose_rate(s, &rate);
        if (k < 0)
                return k;
        k = behaviour_init(&s->behaviour, config->profile, rate);
        if (k < 0)
                return fail(s, k, "the profile %s cannot be played: %s", config->profile->name, strerror(-k));
        lay_out(s);
        air_init(&s->air, &config->air, s->started_us);
        add_timer(s, &s->clock, LOOP_NEVER, on_clock);
        add_timer(s, &s->delivery, LOOP_NEVER, deliver);
        add_timer(s, &s->watch, s->started_us, on_watch);
        k = watch_signals(s);
        return k < 0 ? k : connect_bus(s);
}

int sensor_run(struct sensor *s) {
        int k;

        presence_start(&s->presence);
        k = loop_run(&s->loop);
        if (k == -EBADMSG)
                (void) fail(s, k, "%s", s->tape.why);
        say(s, "%llu notifications, %llu lost on the way, %llu that BlueZ did not take",
                (unsigned long long) s->sent, (unsigned long long) s->air.lost,
                (unsigned long long) s->dropped);
        presence_stop(&s->presence);
        return k;
}

void sensor_free(struct sensor *s) {
        if (!s)
                return;
        if (s->bus.connection) {
                application_unexport(&s->application);
                bus_close(&s->bus);
        }
        if (s->signals.fd >= 0)
                close(s->signals.fd);
        behaviour_done(&s->behaviour);
        tape_close(&s->tape);
        free(s);
}

const char *sensor_error(const struct sensor *s) {
        return s->why;
}

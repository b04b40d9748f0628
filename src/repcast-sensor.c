/* SPDX-License-Identifier: Apache-2.0 */
/* repcast-sensor(1): a virtual bar sensor. Options and profiles, then the sensor takes over. */

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "peripheral/agent.h"
#include "peripheral/sensor.h"
#include "util/fault.h"
#include "util/macros.h"
#include "util/number.h"

const char *argp_program_version = "repcast-sensor " VERSION;

struct options {
        struct sensor_config sensor;
        const char *profile;
        const char *profiles; /* a further folder */
        bool list;
};

enum {
        OPTION_ABSENCE = 256,
        OPTION_BATTERY,
        OPTION_DRAIN,
        OPTION_DRIFT,
        OPTION_LIST,
        OPTION_LOOP,
        OPTION_PAIR,
        OPTION_SEED,
        OPTION_STALL,
        OPTION_UNTIL_END,
};

static const struct argp_option argp_options[] = {
        {NULL, 0, NULL, 0, "The sensor:", 1},
        {"profile", 'p', "NAME", 0, "The sensor that it poses as (default: repcast-bar)", 1},
        {"profiles", 'P', "FOLDER", 0,
                "Profiles of your own; one of the same name takes the place of a shipped one", 1},
        {"list-profiles", OPTION_LIST, NULL, 0, "Print the profiles and their rates, and exit", 1},
        {"adapter", 'a', "hciN|ADDRESS", 0, "The Bluetooth adapter (default: the first)", 1},
        {"name", 'n', "NAME", 0, "The name that it advertises (default: one that fits the profile)", 1},
        {"rate", 'r', "HZ", 0, "Samples a second until a hub asks for others (default: the profile's)", 1},
        {"batch", 'b', "N", 0,
                "Samples in a notification, where the profile leaves it open (default: 40 ms of them)", 1},
        {"pair", OPTION_PAIR, "PASSKEY", OPTION_ARG_OPTIONAL,
                "Give no motion to a hub that has not paired; with six digits, to one that knows them", 1},
        {"battery", OPTION_BATTERY, "PERCENT", 0, "Charge at the start (default: 90)", 1},
        {"drain", OPTION_DRAIN, "PERCENT", 0, "Charge lost in an hour (default: 1)", 1},
        {NULL, 0, NULL, 0, "The recording:", 2},
        {"loop", OPTION_LOOP, NULL, 0, "Begin again at its end; without it the bar rests then", 2},
        {"until-end", OPTION_UNTIL_END, NULL, 0, "Exit three seconds after its end", 2},
        {"speed", 's', "N", 0, "Play N times as fast, 0.1 to 10: the figures of reps are wrong then", 2},
        {NULL, 0, NULL, 0, "Mishaps:", 3},
        {"loss", 'l', "PERCENT", 0, "Lose so many of the notifications", 3},
        {"jitter", 'j', "MS", 0, "Delay each notification by up to so many milliseconds", 3},
        {"stall", OPTION_STALL, "EVERY:FOR", 0, "Every so many seconds let nothing through for so many seconds",
                3},
        {"away", OPTION_ABSENCE, "EVERY:FOR", 0,
                "Every so many seconds disconnect and stay away for so many seconds", 3},
        {"drift", OPTION_DRIFT, "PPM", 0, "The sensor's clock is fast by so many millionths, -10000 to 10000",
                3},
        {"seed", OPTION_SEED, "N", 0, "Of all chance: the same figure brings the same mishaps (default: 1)", 3},
        {"quiet", 'q', NULL, 0, "Say nothing but faults", 4},
        {0},
};

static double number(struct argp_state *state, const char *option, const char *arg, double min, double max) {
        double value;

        if (number_parse_double(arg, min, max, &value) < 0)
                argp_error(state, "--%s: a number from %g to %g is allowed, not \"%s\"", option, min, max, arg);
        return value;
}

/* "30:2" */
static struct air_spell spell(struct argp_state *state, const char *option, const char *arg) {
        struct air_spell s = {0};
        char every[32];
        size_t n = strcspn(arg, ":");

        if (arg[n] != ':' || n >= sizeof(every)) {
                argp_error(
                        state, "--%s: two numbers of seconds are allowed, as in 30:2, not \"%s\"", option, arg);
                return s;
        }
        snprintf(every, sizeof(every), "%.*s", (int) n, arg);
        s.period_s = number(state, option, every, 0.1, 86400);
        s.length_s = number(state, option, arg + n + 1, 0.01, 86400);
        if (s.length_s >= s.period_s)
                argp_error(
                        state, "--%s: the second number is allowed up to the first, not \"%s\"", option, arg);
        return s;
}

static error_t parse_mishap(int key, char *arg, struct argp_state *state) {
        struct options *o = state->input;
        struct sensor_config *c = &o->sensor;

        switch (key) {
        case 'l':
                c->air.loss = number(state, "loss", arg, 0, 100) / 100;
                return 0;
        case 'j':
                c->air.jitter_s = number(state, "jitter", arg, 0, 10000) / 1000;
                return 0;
        case OPTION_STALL:
                c->air.stall = spell(state, "stall", arg);
                return 0;
        case OPTION_ABSENCE:
                c->absence = spell(state, "away", arg);
                return 0;
        case OPTION_DRIFT:
                c->drift_ppm = number(state, "drift", arg, -10000, 10000);
                return 0;
        case OPTION_SEED:
                c->air.seed = (uint64_t) number(state, "seed", arg, 0, 1e9);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static error_t parse_sensor(int key, char *arg, struct argp_state *state) {
        struct options *o = state->input;
        struct sensor_config *c = &o->sensor;

        switch (key) {
        case 'p':
                o->profile = arg;
                return 0;
        case 'P':
                o->profiles = arg;
                return 0;
        case OPTION_LIST:
                o->list = true;
                return 0;
        case 'a':
                c->adapter = arg;
                return 0;
        case 'n':
                c->name = arg;
                return 0;
        case 'r':
                c->rate_hz = number(state, "rate", arg, 1, 1000);
                return 0;
        case 'b':
                c->batch = (unsigned) number(state, "batch", arg, 1, PROFILE_SAMPLES_MAX);
                return 0;
        case OPTION_PAIR:
                c->paired = true;
                if (arg)
                        c->passkey = (uint32_t) number(state, "pair", arg, 0, AGENT_PASSKEY_MAX);
                return 0;
        case OPTION_BATTERY:
                c->battery_percent = number(state, "battery", arg, 0, 100);
                return 0;
        case OPTION_DRAIN:
                c->drain_percent_per_h = number(state, "drain", arg, 0, 1e6);
                return 0;
        default:
                return parse_mishap(key, arg, state);
        }
}

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct options *o = state->input;
        struct sensor_config *c = &o->sensor;

        switch (key) {
        case OPTION_LOOP:
                c->loop = true;
                return 0;
        case OPTION_UNTIL_END:
                c->until_end = true;
                return 0;
        case 's':
                c->speed = number(state, "speed", arg, 0.1, 10);
                return 0;
        case 'q':
                c->quiet = true;
                return 0;
        case ARGP_KEY_ARG:
                if (c->recording)
                        argp_error(state, "one recording is allowed, \"%s\" is the second", arg);
                c->recording = arg;
                return 0;
        case ARGP_KEY_END:
                if (!c->recording && !o->list)
                        argp_error(state, "which recording? Name a file");
                if (c->recording && strcmp(c->recording, "-") == 0)
                        argp_error(state, "the recording must be a file");
                return 0;
        default:
                return parse_sensor(key, arg, state);
        }
}

static const struct argp argp = {
        .options = argp_options,
        .parser = parse_option,
        .args_doc = "RECORDING",
        .doc = "A virtual bar sensor: plays a recording over Bluetooth as one of the sensors that repcast "
               "knows, for "
               "demonstrations and for trying out an installation. It needs BlueZ and an adapter that the hub "
               "does "
               "not use: a second computer's, or a second one."
               "\vSIGINT and SIGTERM disconnect and stop.\n\n"
               "Exit status: 0; 64 wrong use; 65 the recording is faulty; 66 it cannot be opened; 69 there is "
               "no system bus; 71 the system refused something; 74 output cannot be written; 78 the profile is "
               "faulty or not known.\n\n"
               "Examples:\n"
               "  repcast-sensor set.rec\n"
               "  repcast-sensor --profile witmotion-ble5 --adapter hci1 --loop set.rec\n"
               "  repcast-sensor --loss 2 --jitter 30 --stall 60:2 --away 120:10 set.rec\n\n"
               "See repcast-sensor(1).",
};

static void print_fault(const char *text, void *userdata) {
        (void) userdata;
        fprintf(stderr, "repcast-sensor: %s\n", text);
}

static int list(const struct profiles *profiles) {
        for (size_t i = 0; i < profiles->n; i++) {
                const struct profile *p = profiles->items[i];

                printf("%-20s %s:", p->name, p->label);
                for (unsigned r = 0; r < p->n_rates; r++)
                        printf(" %g", p->rates[r].hz);
                puts(" Hz");
        }
        return fflush(stdout) != 0 || ferror(stdout) ? EX_IOERR : EX_OK;
}

/* EX_OK with the profile in *ret. */
static int find_profile(const struct profiles *profiles, const char *name, const struct profile **ret) {
        const char *nearest;

        *ret = profiles_find(profiles, name, &nearest);
        if (*ret)
                return EX_OK;
        fprintf(stderr, "repcast-sensor: there is no profile \"%s\"", name);
        if (nearest)
                fprintf(stderr, "; did you mean \"%s\"?", nearest);
        fputs("\nrepcast-sensor --list-profiles tells which there are\n", stderr);
        return EX_CONFIG;
}

static int exit_status(int r) {
        switch (r) {
        case 0:
                return EX_OK;
        case -EBADMSG:
        case -EISDIR:
                return EX_DATAERR;
        case -ENOENT:
        case -EACCES:
                return EX_NOINPUT;
        case -ENOTCONN:
                return EX_UNAVAILABLE;
        case -EINVAL:
                return EX_CONFIG;
        default:
                return EX_OSERR;
        }
}

static int play(const struct sensor_config *config) {
        struct sensor *sensor = NULL;
        int r = sensor_new(config, &sensor);

        if (r >= 0)
                r = sensor_run(sensor);
        if (r < 0)
                fprintf(stderr, "repcast-sensor: %s\n", sensor ? sensor_error(sensor) : strerror(-r));
        sensor_free(sensor);
        return exit_status(r);
}

int main(int argc, char *argv[]) {
        struct options o = {
                .profile = "repcast-bar",
                .sensor =
                        {
                                .speed = 1,
                                .battery_percent = 90,
                                .drain_percent_per_h = 1,
                                .passkey = AGENT_NO_PASSKEY,
                                .air.seed = 1,
                        },
        };
        struct faults faults = {.sink = print_fault};
        struct profiles profiles = {0};
        int r;

        argp_err_exit_status = EX_USAGE;
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        /* A faulty profile is told and left out: it matters only where it is the one that was asked for. */
        (void) profiles_load_builtin(&profiles, &faults);
        (void) profiles_load_folder(&profiles, REPCASTCONFDIR "/profiles", &faults);
        if (o.profiles)
                (void) profiles_load_folder(&profiles, o.profiles, &faults);
        o.sensor.profiles = &profiles;
        if (o.list)
                r = list(&profiles);
        else
                r = find_profile(&profiles, o.profile, &o.sensor.profile);
        if (r == EX_OK && !o.list)
                r = play(&o.sensor);
        profiles_done(&profiles);
        return r;
}

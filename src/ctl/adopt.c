/* SPDX-License-Identifier: Apache-2.0 */
/* repcastctl adopt and forget: which sensor belongs to which station. */

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/hubtool.h"
#include "ctl/screen.h"
#include "ctl/view.h"
#include "util/address.h"
#include "util/macros.h"

#define LOOK_S   25  /* for a sensor that nobody has seen yet: two of BlueZ's windows of 10.24 s */
#define WAIT_S   30  /* for the first samples */
#define LOOK_GAP 0.3 /* s between two looks */

static struct view view; /* static for its size; a command runs once */

/* ---- adopt ---- */

struct adopt {
        char *sensor, *station, *profile;
        bool move, wait, quiet;
};

static error_t parse_adopt(int key, char *arg, struct argp_state *state) {
        struct adopt *a = state->input;

        switch (key) {
        case 's':
                a->station = arg;
                return 0;
        case 'p':
                a->profile = arg;
                return 0;
        case 'm':
                a->move = true;
                return 0;
        case 'w':
                a->wait = true;
                return 0;
        case 'q':
                a->quiet = true;
                return 0;
        case ARGP_KEY_ARG:
                if (a->sensor)
                        argp_error(state, "one sensor is allowed, \"%s\" is a second", arg);
                if (!address_is_valid(arg))
                        argp_error(state,
                                "\"%s\" is no address; one looks like D4:22:CD:00:11:22, and repcastctl scan "
                                "shows those that are near",
                                arg);
                a->sensor = arg;
                return 0;
        case ARGP_KEY_END:
                if (!a->sensor)
                        argp_error(state, "which sensor? repcastctl scan shows those that are near");
                if (!a->station)
                        argp_error(state, "for which station? --station NAME");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static int try_adopt(sd_bus *bus, const struct adopt *a, sd_bus_message **reply, sd_bus_error *error) {
        int move = a->move;

        if (a->profile)
                return view_try(bus, "Adopt", reply, error, "ssa{sv}", a->sensor, a->station, 2, "Profile", "s",
                        a->profile, "Move", "b", move);
        return view_try(bus, "Adopt", reply, error, "ssa{sv}", a->sensor, a->station, 1, "Move", "b", move);
}

/* Nobody has seen it lately: look for it a while. Returns 0 when it is there, or an exit status. */
static int look_for(sd_bus *bus, const struct adopt *a) {
        char address[ADDRESS_MAX];
        const struct view_sensor *s;
        int status = view_call(bus, "Scan", NULL, "u", (uint32_t) LOOK_S);

        (void) address_parse(a->sensor, address);
        if (status == 0 && !a->quiet)
                fprintf(stderr, "looking for %s, for %d s at most ...\n", address, LOOK_S);
        for (double t = 0; status == 0 && t < LOOK_S && screen_wait(LOOK_GAP); t += LOOK_GAP) {
                status = view_load(bus, &view);
                s = view_find_sensor(&view, address);
                if (s && s->near)
                        break;
        }
        if (status == 0)
                (void) view_call(bus, "Scan", NULL, "u", (uint32_t) 0);
        return status;
}

static int wait_for_samples(sd_bus *bus, const struct adopt *a) {
        const struct view_station *s = NULL;
        int status = 0;

        for (double t = 0; status == 0 && t < WAIT_S && screen_wait(LOOK_GAP); t += LOOK_GAP) {
                status = view_load(bus, &view);
                s = view_find_station(&view, a->station);
                if (status != 0 || !s || strcmp(s->state, "failed") == 0)
                        break;
                if (strcmp(s->state, "streaming") == 0) {
                        if (!a->quiet)
                                printf("%s: samples come\n", a->station);
                        return 0;
                }
        }
        if (status == 0)
                fprintf(stderr, "repcastctl: adopted, but no samples come yet: %s\n",
                        s && *s->error ? s->error : "the station has gone");
        return status == 0 ? EX_TEMPFAIL : status;
}

static void tell_adopted(const struct adopt *a, sd_bus_message *reply) {
        const char *replaced = "";

        (void) sd_bus_message_read(reply, "s", &replaced);
        if (!a->quiet)
                printf("%s: sensor %s adopted%s%s\n", a->station, a->sensor, *replaced ? " in place of " : "",
                        replaced);
}

static int adopt(sd_bus *bus, const struct adopt *a) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = try_adopt(bus, a, &reply, &error), status = 0;

        if (r < 0 && sd_bus_error_has_name(&error, "org.repcast.Error.NoSuchSensor")) {
                status = look_for(bus, a);
                if (status == 0) {
                        sd_bus_error_free(&error);
                        r = try_adopt(bus, a, &reply, &error);
                }
        }
        if (status == 0 && r < 0)
                status = view_refused(&error, r);
        sd_bus_error_free(&error);
        if (status != 0)
                return status;
        tell_adopted(a, reply);
        return a->wait ? wait_for_samples(bus, a) : 0;
}

int adopt_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"station", 's', "NAME", 0, "The station that gets it; a sensor that it has is replaced", 0},
                {"profile", 'p', "NAME", 0,
                        "How to read it, where its advertisement does not tell; it need not be near then", 0},
                {"move", 'm', NULL, 0, "Take it away from another station that has adopted it", 0},
                {"wait", 'w', NULL, 0, "Wait until its samples come", 0},
                {"quiet", 'q', NULL, 0, "Say nothing but what is wrong", 0},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse_adopt,
                .args_doc = "ADDRESS",
                .doc = "Give a sensor to a station, at once and for good. It is looked for first where it has "
                       "not been "
                       "seen.\vThe station must stand in repcast.conf; there, Sensor= needs not.\n\nExamples:\n"
                       "  repcastctl adopt D4:22:CD:00:11:22 --station rack-1\n"
                       "  repcastctl adopt D4:22:CD:00:11:99 -s rack-1 --wait   (a spare)\n"
                       "  repcastctl adopt D4:22:CD:00:11:22 -s rack-2 --move\n",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        struct adopt a = {0};
        int status;

        argv[0] = (char[]){"repcastctl adopt"};
        argp_parse(&argp, argc, argv, 0, NULL, &a);
        screen_catch_interrupt();
        status = view_open(&bus);
        return status == 0 ? adopt(bus, &a) : status;
}

/* ---- forget ---- */

static error_t parse_forget(int key, char *arg, struct argp_state *state) {
        char **what = state->input;

        switch (key) {
        case ARGP_KEY_ARG:
                if (*what)
                        argp_error(state, "one sensor is allowed, \"%s\" is a second", arg);
                *what = arg;
                return 0;
        case ARGP_KEY_END:
                if (!*what)
                        argp_error(state, "which one? Name a sensor's address or a station");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

int forget_main(int argc, char *argv[]) {
        static const struct argp argp = {
                .parser = parse_forget,
                .args_doc = "ADDRESS|STATION",
                .doc = "Take an adopted sensor away from its station, and drop the bond with it. A sensor that "
                       "stands in "
                       "repcast.conf comes back in its place.\vExamples:\n"
                       "  repcastctl forget rack-1\n"
                       "  repcastctl forget D4:22:CD:00:11:22\n",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *sensor, *station;
        char *what = NULL;
        int status;

        argv[0] = (char[]){"repcastctl forget"};
        argp_parse(&argp, argc, argv, 0, NULL, &what);
        status = view_open(&bus);
        if (status == 0)
                status = view_call(bus, "Forget", &reply, "s", what);
        if (status == 0 && sd_bus_message_read(reply, "ss", &sensor, &station) >= 0)
                printf("%s: sensor %s forgotten\n", station, sensor);
        return status;
}

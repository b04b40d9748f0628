/* SPDX-License-Identifier: Apache-2.0 */
/* repcastctl assign, queue, claim, end-set, discard and undo: who lifts what at a station, and what of it counts. */

#include <argp.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/hubtool.h"
#include "ctl/view.h"
#include "message/assignment.h"
#include "util/macros.h"
#include "util/number.h"

static struct view view; /* static for its size; a command runs once */

struct entry {
        char *athlete;
        double load_kg; /* NAN = not said */
};

/* What the command lines of all of them say. NULL, 0: not given. */
struct order {
        const char *station, *athlete, *exercise, *prescription;
        bool has_load, has_one_rm, defaults, rotate, clear;
        double load_kg, one_rm_kg;
        uint64_t set, rep;
        struct entry queue[ASSIGNMENT_QUEUE_MAX];
        unsigned n_queue;
        bool takes_queue; /* arguments behind the station */
};

/* ---- the command line ---- */

static const char *name_or_none(const char *arg) {
        return strcmp(arg, "-") == 0 ? "" : arg;
}

static double weight(const char *arg, struct argp_state *state) {
        double kg = (double) NAN;

        if (strcmp(arg, "-") != 0 && number_parse_double(arg, 0, ASSIGNMENT_LOAD_MAX_KG, &kg) < 0)
                argp_error(state, "\"%s\" is no weight: 0 to %g kg, or - for one that is not known", arg,
                        ASSIGNMENT_LOAD_MAX_KG);
        return kg;
}

static uint64_t count(const char *arg, struct argp_state *state) {
        uint64_t n = 0;

        if (number_parse_u64(arg, 1, UINT32_MAX, &n) < 0)
                argp_error(state, "\"%s\" is no number of a set or rep", arg);
        return n;
}

/* NAME or NAME:KG */
static void take_entry(struct order *o, char *arg, struct argp_state *state) {
        char *colon = strrchr(arg, ':');
        struct entry *e = &o->queue[o->n_queue];

        if (o->n_queue == ASSIGNMENT_QUEUE_MAX)
                argp_error(state, "at most %d can wait for a rack", ASSIGNMENT_QUEUE_MAX);
        e->load_kg = (double) NAN;
        if (colon) {
                *colon = '\0';
                e->load_kg = weight(colon + 1, state);
        }
        e->athlete = arg;
        o->n_queue++;
}

static error_t take_argument(struct order *o, char *arg, struct argp_state *state) {
        if (!o->station)
                o->station = arg;
        else if (o->takes_queue)
                take_entry(o, arg, state);
        else
                argp_error(state, "one station is allowed, \"%s\" is a second", arg);
        return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
        struct order *o = state->input;

        switch (key) {
        case 'a':
                o->athlete = name_or_none(arg);
                return 0;
        case 'e':
                o->exercise = arg;
                return 0;
        case 'p':
                o->prescription = name_or_none(arg);
                return 0;
        case 'l':
                o->has_load = true;
                o->load_kg = weight(arg, state);
                return 0;
        case '1':
                o->has_one_rm = true;
                o->one_rm_kg = weight(arg, state);
                return 0;
        case 'd':
                o->defaults = true;
                return 0;
        case 'r':
                o->rotate = true;
                return 0;
        case 'c':
                o->clear = true;
                return 0;
        case 's':
                o->set = count(arg, state);
                return 0;
        case 'n':
                o->rep = count(arg, state);
                return 0;
        case ARGP_KEY_ARG:
                return take_argument(o, arg, state);
        case ARGP_KEY_END:
                if (!o->station)
                        argp_error(state, "at which station?");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static int begin(
        const struct argp *argp, int argc, char *argv[], const char *name, struct order *o, sd_bus **ret) {
        argv[0] = (char *) (uintptr_t) name;
        argp_parse(argp, argc, argv, 0, NULL, o);
        return view_open(ret);
}

/* Whose word it is, for amendments: people go by their own name under sudo, too. */
static const char *me(void) {
        const char *name = getenv("SUDO_USER");
        const struct passwd *p = name && *name ? NULL : getpwuid(getuid());

        return name && *name ? name : p ? p->pw_name : "repcastctl";
}

/* ---- values ---- */

static int put_text(sd_bus_message *m, const char *key, const char *value) {
        return value ? sd_bus_message_append(m, "{sv}", key, "s", value) : 0;
}

static int put_weight(sd_bus_message *m, const char *key, bool has, double kg) {
        return has ? sd_bus_message_append(m, "{sv}", key, "d", kg) : 0;
}

static int put_values(sd_bus_message *m, const struct order *o) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = put_text(m, "Athlete", o->athlete);
        if (r >= 0)
                r = put_text(m, "Exercise", o->exercise);
        if (r >= 0)
                r = put_text(m, "Prescription", o->prescription);
        if (r >= 0)
                r = put_weight(m, "LoadKg", o->has_load, o->load_kg);
        if (r >= 0)
                r = put_weight(m, "OneRmKg", o->has_one_rm, o->one_rm_kg);
        if (r >= 0 && o->defaults)
                r = sd_bus_message_append(m, "{sv}", "Defaults", "b", 1);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static void print_kg(const char *before, double kg) {
        if (isfinite(kg))
                printf(", %s%g kg", before, kg);
}

/* ---- assign ---- */

static int show_station(sd_bus *bus, const struct order *o, const char *when) {
        const struct view_station *s;
        int status = view_load(bus, &view);

        s = view_find_station(&view, o->station);
        if (status != 0 || !s)
                return status;
        if (*s->next != '\0' || *when != '\0') {
                printf("%s: %s\n", s->name, *when ? when : s->next);
                return 0;
        }
        printf("%s: %s, %s", s->name, *s->athlete ? s->athlete : "nobody", s->exercise);
        if (*s->prescription)
                printf(", %s", s->prescription);
        print_kg("", s->load_kg);
        print_kg("1RM ", s->one_rm_kg);
        putchar('\n');
        return 0;
}

static int assign(sd_bus *bus, const struct order *o) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        int now = 1, status, r = view_new_call(bus, "Assign", &call);

        if (r >= 0)
                r = sd_bus_message_append(call, "s", o->station);
        if (r >= 0)
                r = put_values(call, o);
        status = view_send(bus, r, call, &reply);
        if (status != 0)
                return status;
        (void) sd_bus_message_read(reply, "b", &now);
        return show_station(bus, o, now ? "" : "assigned; it holds when the running set is over");
}

int assign_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"athlete", 'a', "NAME", 0, "Who lifts; - for nobody", 0},
                {"exercise", 'e', "NAME", 0, "What, by its name in the table of lifts", 0},
                {"prescription", 'p', "NAME", 0, "How, by its name in the prescriptions; - for none", 0},
                {"load", 'l', "KG", 0, "What is on the bar, the bar included; - where it is not known", 0},
                {"one-rm", '1', "KG", 0, "The athlete's one-repetition maximum; - where it is not known", 0},
                {"defaults", 'd', NULL, 0, "First go back to what the configuration says", 0},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "STATION",
                .doc = "Say who lifts what at a station. What is not said stays; another athlete's 1RM, and "
                       "another "
                       "exercise's load, 1RM and prescription are not known until they are said. It holds at "
                       "once, "
                       "or when the running set is over, and is kept.\vExamples:\n"
                       "  repcastctl assign rack-1 --athlete ana --exercise back-squat --load 80\n"
                       "  repcastctl assign rack-1 -l 82.5\n"
                       "  repcastctl assign rack-1 --defaults\n",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        struct order o = {.station = NULL};
        int status = begin(&argp, argc, argv, "repcastctl assign", &o, &bus);

        if (status == 0 && !o.athlete && !o.exercise && !o.prescription && !o.has_load && !o.has_one_rm &&
                !o.defaults)
                return show_station(bus, &o, "");
        return status == 0 ? assign(bus, &o) : status;
}

/* ---- queue ---- */

static int show_queue(sd_bus *bus, const struct order *o) {
        const struct view_station *s;
        int status = view_load(bus, &view);

        s = view_find_station(&view, o->station);
        if (status == 0 && !s) {
                fprintf(stderr, "repcastctl: no station is called %s\n", o->station);
                return EX_NOINPUT;
        }
        if (status == 0)
                printf("%s%s", s->queue, *s->queue ? "\n" : "");
        return status;
}

static int put_entries(sd_bus_message *m, const struct order *o) {
        int r = sd_bus_message_open_container(m, 'a', "a{sv}");

        for (unsigned i = 0; i < o->n_queue && r >= 0; i++) {
                const struct entry *e = &o->queue[i];
                const struct order one = {
                        .athlete = e->athlete, .has_load = !isnan(e->load_kg), .load_kg = e->load_kg};

                r = put_values(m, &one);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_append(m, "b", (int) o->rotate);
}

static int queue(sd_bus *bus, const struct order *o) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r = view_new_call(bus, "Queue", &call);

        if (r >= 0)
                r = sd_bus_message_append(call, "s", o->station);
        if (r >= 0)
                r = put_entries(call, o);
        return view_send(bus, r, call, NULL);
}

int queue_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"rotate", 'r', NULL, 0, "Who has lifted goes to the end of the queue", 0},
                {"clear", 'c', NULL, 0, "Nobody waits", 0},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "STATION [ATHLETE[:KG]...]",
                .doc = "Say who waits for a rack, in place of the queue that there is: after each set the next "
                       "one takes "
                       "over. Without athletes, show who waits.\vExamples:\n"
                       "  repcastctl queue rack-1 ben:60 cara --rotate\n"
                       "  repcastctl queue rack-1 --clear\n",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        struct order o = {.takes_queue = true};
        int status = begin(&argp, argc, argv, "repcastctl queue", &o, &bus);

        if (status != 0)
                return status;
        return o.n_queue == 0 && !o.clear ? show_queue(bus, &o) : queue(bus, &o);
}

/* ---- what counts ---- */

int claim_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"athlete", 'a', "NAME", 0, "Whose it is", 0},
                {"set", 's', "N", 0, "Which set (default: the last one that was nobody's)", 0},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "STATION",
                .doc = "A set that was nobody's becomes somebody's: a running one, or one that was over less "
                       "than ten "
                       "minutes ago.\vExample:\n"
                       "  repcastctl claim rack-1 --athlete ana\n",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct order o = {.athlete = ""};
        uint32_t set = 0;
        int status = begin(&argp, argc, argv, "repcastctl claim", &o, &bus);

        if (status == 0)
                status = view_call(bus, "Claim", &reply, "suss", o.station, (uint32_t) o.set, o.athlete, me());
        if (status == 0 && sd_bus_message_read(reply, "u", &set) >= 0)
                printf("%s: set %u is %s's\n", o.station, set, o.athlete);
        return status;
}

int end_set_main(int argc, char *argv[]) {
        static const struct argp argp = {
                .parser = parse,
                .args_doc = "STATION",
                .doc = "The running set is over: the next rep begins another one.\vExample:\n"
                       "  repcastctl end-set rack-1\n",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        struct order o = {.station = NULL};
        int status = begin(&argp, argc, argv, "repcastctl end-set", &o, &bus);

        return status == 0 ? view_call(bus, "EndSet", NULL, "s", o.station) : status;
}

int discard_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"rep", 'n', "N", 0, "Which rep (default: the last one that counts)", 0},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "STATION",
                .doc = "A rep of the running set, or of the last one until the next begins, does not "
                       "count.\vExample:\n"
                       "  repcastctl discard rack-1\n",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct order o = {.station = NULL};
        uint32_t set, rep;
        int status = begin(&argp, argc, argv, "repcastctl discard", &o, &bus);

        if (status == 0)
                status = view_call(bus, "DiscardRep", &reply, "sus", o.station, (uint32_t) o.rep, me());
        if (status == 0 && sd_bus_message_read(reply, "uu", &set, &rep) >= 0)
                printf("%s: set %u, rep %u does not count\n", o.station, set, rep);
        return status;
}

int undo_main(int argc, char *argv[]) {
        static const struct argp argp = {
                .parser = parse,
                .args_doc = "STATION",
                .doc = "Take back the last assign, queue, claim or discard at a station that was not taken "
                       "back yet, of "
                       "the last ten minutes.\vExample:\n"
                       "  repcastctl undo rack-1\n",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct order o = {.station = NULL};
        const char *what;
        int status = begin(&argp, argc, argv, "repcastctl undo", &o, &bus);

        if (status == 0)
                status = view_call(bus, "Undo", &reply, "ss", o.station, me());
        if (status == 0 && sd_bus_message_read(reply, "s", &what) >= 0)
                printf("%s: %s taken back\n", o.station, what);
        return status;
}

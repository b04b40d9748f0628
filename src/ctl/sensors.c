/* SPDX-License-Identifier: Apache-2.0 */
/* repcastctl status, sensors and scan: what the hub sees, as tables. */

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/command.h"
#include "ctl/hubtool.h"
#include "ctl/screen.h"
#include "ctl/view.h"
#include "util/macros.h"
#include "util/number.h"

#define FRAME_S      0.5 /* between two drawings of a live table */
#define SCAN_S       10  /* of a scan that nobody watches */
#define SCAN_AGAIN_S 5   /* a live scan is asked for in pieces, and ends soon after its table */

static struct view view; /* static for its size; a command runs once */

struct options {
        bool json, all, watch;
        uint64_t seconds; /* 0 = until Ctrl-C on a terminal */
};

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct options *o = state->input;

        switch (key) {
        case 'j':
                o->json = true;
                return 0;
        case 'a':
                o->all = true;
                return 0;
        case 'w':
                o->watch = true;
                return 0;
        case 's':
                if (number_parse_u64(arg, 1, 600, &o->seconds) < 0)
                        argp_error(
                                state, "--seconds: a whole number from 1 to 600 is allowed, not \"%s\"", arg);
                return 0;
        case ARGP_KEY_ARG:
                command_no_argument(state, arg);
                return EINVAL;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static int finish(struct screen *s, int status) {
        (void) screen_flush(s);
        return status == 0 ? command_finish(0) : status;
}

static int print_rows(enum view_class class, const void *rows, size_t n, size_t size) {
        for (size_t i = 0; i < n; i++)
                if (view_print_json(stdout, class, (const char *) rows + i * size) < 0)
                        return EX_IOERR;
        return 0;
}

/* ---- cells ---- */

static void cell_number(struct screen *s, int width, int decimals, double value, const char *colour) {
        if (isnan(value))
                screen_cell(s, SCREEN_DIM, width, "%*s", width, "-");
        else
                screen_cell(s, colour, width, "%*.*f", width, decimals, value);
}

static void cell_signal(struct screen *s, int rssi_dbm) {
        const char *colour, *word = screen_signal(rssi_dbm, &colour);

        if (*word == '\0')
                screen_cell(s, colour, 15, "-");
        else
                screen_cell(s, colour, 15, "%4d dBm %s", rssi_dbm, word);
}

static void cell_battery(struct screen *s, int percent) {
        if (percent < 0)
                screen_cell(s, SCREEN_DIM, 7, "-");
        else
                screen_cell(s,
                        percent < 15           ? SCREEN_BAD
                                : percent < 30 ? SCREEN_WARN
                                               : NULL,
                        7, "%d %%", percent);
}

static const char *state_colour(const char *state) {
        if (strcmp(state, "streaming") == 0 || strcmp(state, "ready") == 0)
                return SCREEN_GOOD;
        return strcmp(state, "failed") == 0 || strcmp(state, "quarantine") == 0 ? SCREEN_BAD : SCREEN_WARN;
}

static void explain(struct screen *s, const char *words) {
        if (*words == '\0')
                return;
        screen_cell(s, SCREEN_DIM, 0, "    %s", words);
        screen_end_line(s);
}

/* ---- sensors ---- */

static void draw_sensors(struct screen *s) {
        bool any = false;

        screen_begin(s);
        screen_cell(s, SCREEN_DIM, 0, "%-14s  %-17s  %-16s  %-11s  %7s  %6s  %5s  %-7s  %s", "STATION",
                "SENSOR", "PROFILE", "STATE", "RATE Hz", "LOSS %", "GAPS", "BATTERY", "SIGNAL");
        screen_end_line(s);
        for (size_t i = 0; i < view.n_sensors; i++) {
                const struct view_sensor *r = &view.sensors[i];
                bool loss = r->loss_pct >= 1;

                if (*r->station == '\0')
                        continue;
                any = true;
                screen_cell(s, SCREEN_BOLD, 14, "%s", r->station);
                screen_cell(s, NULL, 17, "%s", r->address);
                screen_cell(s, NULL, 16, "%s", *r->profile ? r->profile : "-");
                screen_cell(s, state_colour(r->state), 11, "%s", r->state);
                cell_number(s, 7, 1, r->rate_hz, NULL);
                cell_number(s, 6, 2, r->loss_pct, loss ? SCREEN_WARN : NULL);
                screen_cell(s, NULL, 5, "%5llu", (unsigned long long) r->gaps);
                cell_battery(s, r->battery_pct);
                cell_signal(s, r->rssi_dbm);
                screen_end_line(s);
                explain(s, r->why);
        }
        for (size_t i = 0; i < view.n_stations; i++)
                if (*view.stations[i].sensor == '\0') {
                        screen_cell(s, SCREEN_BOLD, 14, "%s", view.stations[i].name);
                        screen_cell(s, SCREEN_DIM, 0, "has no sensor: repcastctl adopt ADDRESS --station %s",
                                view.stations[i].name);
                        screen_end_line(s);
                        any = true;
                }
        if (!any) {
                screen_cell(s, SCREEN_DIM, 0, "No station has a sensor on the air.");
                screen_end_line(s);
        }
}

/* What the hub tells, once or, with --watch, until Ctrl-C. */
static int show(int argc, char *argv[], const struct argp *argp,
        int (*print)(struct screen *s, const struct options *o)) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        struct options o = {0};
        struct screen s;
        int status;

        argp_parse(argp, argc, argv, 0, NULL, &o);
        screen_init(&s);
        s.live = o.watch;
        screen_catch_interrupt();
        status = view_open(&bus);
        do {
                if (status == 0)
                        status = view_load(bus, &view);
                if (status == 0)
                        status = finish(&s, print(&s, &o));
        } while (status == 0 && o.watch && screen_wait(FRAME_S));
        return status;
}

static int print_sensors(struct screen *s, const struct options *o) {
        struct view_sensor *rows = view.sensors;
        size_t n = 0;

        if (!o->json) {
                draw_sensors(s);
                return 0;
        }
        for (size_t i = 0; i < view.n_sensors; i++)
                if (*rows[i].station != '\0')
                        rows[n++] = rows[i];
        return print_rows(VIEW_SENSOR, rows, n, sizeof(*rows));
}

int sensors_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"json", 'j', NULL, 0, "One JSON object a line", 0},
                {"watch", 'w', NULL, 0, "Draw the table anew until Ctrl-C", 0},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse_option,
                .doc = "Show the sensors of the stations: how the link is, what comes and what is lost."
                       "\vLOSS and GAPS count from repcastd's start.\n\nExamples:\n"
                       "  repcastctl sensors --watch\n"
                       "  repcastctl sensors --json | jq -r 'select(.battery_pct < 20) | .station'\n",
        };

        argv[0] = (char[]){"repcastctl sensors"};
        return show(argc, argv, &argp, print_sensors);
}

/* ---- status ---- */

/* "3 d 4 h", "4 h 5 min", "6 min". */
static void duration_words(uint64_t s, char *ret, size_t size) {
        const unsigned long long days = s / 86400, hours = s / 3600 % 24, minutes = s / 60 % 60;

        if (days > 0)
                snprintf(ret, size, "%llu d %llu h", days, hours);
        else if (hours > 0)
                snprintf(ret, size, "%llu h %llu min", hours, minutes);
        else
                snprintf(ret, size, "%llu min", minutes);
}

/* How long it has been running, whether it knows the time, what it costs. */
static void draw_costs(struct screen *s) {
        const struct view_hub *h = &view.hub;
        struct timespec now;
        char up[48];

        clock_gettime(CLOCK_MONOTONIC, &now);
        duration_words(
                (uint64_t) now.tv_sec - MIN(h->started_us / 1000000, (uint64_t) now.tv_sec), up, sizeof(up));
        screen_cell(s, NULL, 12, "running");
        screen_cell(s, NULL, 0, "for %s", up);
        if (isfinite(h->cpu_pct))
                screen_cell(s, NULL, 0, ", CPU %.1f %% of a core", h->cpu_pct);
        if (h->memory_bytes > 0)
                screen_cell(s, NULL, 0, ", memory %.1f MiB", (double) h->memory_bytes / (1 << 20));
        if (h->on_disk)
                screen_cell(s, NULL, 0, ", events on disk %.1f MiB", (double) h->disk_bytes / (1 << 20));
        if (strcmp(h->clock, "unsynced") == 0)
                screen_cell(s, SCREEN_WARN, 0, "; the time of day is not known yet");
        screen_end_line(s);
}

static void draw_hub(struct screen *s) {
        const struct view_hub *h = &view.hub;

        screen_cell(s, SCREEN_BOLD, 12, "%s", h->name);
        screen_cell(s, NULL, 0, "repcastd %s; events sent: %llu, unsent: %llu, lost: %llu", h->version,
                (unsigned long long) h->sent, (unsigned long long) h->unsent, (unsigned long long) h->lost);
        screen_end_line(s);
        draw_costs(s);
        if (!h->on_disk || *h->disk_error != '\0') {
                screen_cell(s, NULL, 12, "store");
                screen_cell(s, SCREEN_WARN, 0, "%s", *h->disk_error ? h->disk_error : "in memory only");
                screen_end_line(s);
        }
        screen_cell(s, NULL, 12, "broker");
        screen_cell(s, h->broker_connected ? SCREEN_GOOD : SCREEN_BAD, 0, "%s",
                h->broker_connected ? "connected" : "away");
        screen_cell(s, NULL, 0, "  %s%s%s", h->broker, *h->broker_error ? ": " : "", h->broker_error);
        if (h->reconnects > 0)
                screen_cell(s, NULL, 0, "; reconnects: %llu", (unsigned long long) h->reconnects);
        screen_end_line(s);
        screen_cell(s, NULL, 12, "bluetooth");
        screen_cell(s, state_colour(h->bluetooth), 0, "%s", h->bluetooth);
        screen_cell(s, NULL, 0, "%s%s", *h->bluetooth_error ? "  " : "", h->bluetooth_error);
        screen_end_line(s);
        for (size_t i = 0; i < view.n_adapters; i++) {
                const struct view_adapter *a = &view.adapters[i];

                screen_cell(s, NULL, 12, "  %s", a->id);
                screen_cell(s, NULL, 0, "%s  %s, links: %u of %u%s%s", a->address, a->state, a->links,
                        a->max_links, *a->why ? "; " : "", a->why);
                screen_end_line(s);
        }
}

static void draw_stations(struct screen *s) {
        screen_end_line(s);
        screen_cell(s, SCREEN_DIM, 0, "%-14s  %-18s  %-10s  %4s  %5s  %s", "STATION", "EXERCISE", "SENSOR",
                "SET", "REPS", "ATHLETE");
        screen_end_line(s);
        for (size_t i = 0; i < view.n_stations; i++) {
                const struct view_station *r = &view.stations[i];

                screen_cell(s, SCREEN_BOLD, 14, "%s", r->name);
                screen_cell(s, NULL, 18, "%s", r->exercise);
                screen_cell(s, state_colour(r->state), 10, "%s", r->state);
                if (r->set > 0)
                        screen_cell(s, NULL, 11, "%4u  %5u", r->set, r->reps);
                else
                        screen_cell(s, SCREEN_DIM, 11, "%4s  %5s", "-", "-");
                screen_cell(s, NULL, 0, "%s", r->athlete);
                screen_end_line(s);
                explain(s, r->error);
        }
}

static int print_status(struct screen *s, const struct options *o) {
        int status;

        if (o->json) {
                status = print_rows(VIEW_HUB, &view.hub, view.n_hubs, sizeof(view.hub));
                if (status == 0)
                        status = print_rows(
                                VIEW_ADAPTER, view.adapters, view.n_adapters, sizeof(view.adapters[0]));
                if (status == 0)
                        status = print_rows(
                                VIEW_STATION, view.stations, view.n_stations, sizeof(view.stations[0]));
                return status;
        }
        screen_begin(s);
        draw_hub(s);
        draw_stations(s);
        return 0;
}

int status_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"json", 'j', NULL, 0, "One JSON object a line: the hub, its adapters, its stations", 0},
                {"watch", 'w', NULL, 0, "Draw it anew until Ctrl-C", 0},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse_option,
                .doc = "Show how the hub is: broker, Bluetooth, stations.\vExamples:\n"
                       "  repcastctl status\n"
                       "  repcastctl status --json | jq 'select(.station) | {station, reps}'\n",
        };

        argv[0] = (char[]){"repcastctl status"};
        return show(argc, argv, &argp, print_status);
}

/* ---- scan ---- */

/* What could be adopted first, then by strength. */
static int by_use(const void *a, const void *b) {
        const struct view_sensor *x = a, *y = b;
        int fits = (*y->profile != '\0') - (*x->profile != '\0');

        return fits != 0 ? fits : y->rssi_dbm - x->rssi_dbm;
}

static size_t choose_near(const struct options *o) {
        size_t n = 0;

        for (size_t i = 0; i < view.n_sensors; i++)
                if ((view.sensors[i].near || *view.sensors[i].station != '\0') &&
                        (o->all || *view.sensors[i].profile != '\0' || *view.sensors[i].station != '\0'))
                        view.sensors[n++] = view.sensors[i];
        qsort(view.sensors, n, sizeof(view.sensors[0]), by_use);
        return n;
}

static void draw_near(struct screen *s, size_t n, const struct options *o) {
        size_t strangers = 0;

        for (size_t i = 0; i < view.n_sensors; i++)
                strangers += view.sensors[i].near && *view.sensors[i].profile == '\0';
        screen_begin(s);
        screen_cell(s, SCREEN_DIM, 0, "%-17s  %-20s  %-28s  %-15s  %s", "SENSOR", "NAME", "IS A", "SIGNAL",
                "STATION");
        screen_end_line(s);
        for (size_t i = 0; i < n; i++) {
                const struct view_sensor *r = &view.sensors[i];

                screen_cell(s, SCREEN_BOLD, 17, "%s", r->address);
                screen_cell(s, NULL, 20, "%.80s", *r->name ? r->name : "-");
                screen_cell(
                        s, *r->label ? NULL : SCREEN_DIM, 28, "%s", *r->label ? r->label : "no profile fits");
                cell_signal(s, r->rssi_dbm);
                screen_cell(s, *r->station ? NULL : SCREEN_DIM, 0, "%s", *r->station ? r->station : "-");
                screen_end_line(s);
                explain(s, r->refusal);
        }
        if (n == 0) {
                screen_cell(s, SCREEN_DIM, 0, "No sensor in sight yet: switch it on, and bring it near.");
                screen_end_line(s);
        }
        if (strangers > 0 && !o->all) {
                screen_cell(s, SCREEN_DIM, 0, "Other devices near: %zu (--all shows them)", strangers);
                screen_end_line(s);
        }
}

/* Ask for it again and again: an interrupted scan ends by itself. */
static int keep_scanning(sd_bus *bus, double left_s) {
        return view_call(bus, "Scan", NULL, "u", (uint32_t) MIN(left_s + 1, (double) SCAN_AGAIN_S));
}

static int scan(sd_bus *bus, struct screen *s, const struct options *o) {
        bool endless = o->seconds == 0 && s->terminal && !o->json;
        double all_s = o->seconds > 0 ? (double) o->seconds : SCAN_S, asked_s = -SCAN_AGAIN_S;
        int status = 0;
        size_t n;

        for (double t = 0; status == 0 && !screen_interrupted() && (endless || t < all_s); t += FRAME_S) {
                if (t - asked_s >= SCAN_AGAIN_S - 1) {
                        status = keep_scanning(bus, endless ? SCAN_AGAIN_S : all_s - t);
                        asked_s = t;
                }
                (void) screen_wait(FRAME_S);
                if (status == 0)
                        status = view_load(bus, &view);
                if (status == 0 && s->terminal && !o->json) {
                        draw_near(s, choose_near(o), o);
                        status = finish(s, 0);
                }
        }
        if (status != 0)
                return status;
        (void) view_call(bus, "Scan", NULL, "u", 0);
        if (s->terminal && !o->json)
                return 0;
        n = choose_near(o);
        if (!o->json)
                draw_near(s, n, o);
        return finish(s, o->json ? print_rows(VIEW_SENSOR, view.sensors, n, sizeof(view.sensors[0])) : 0);
}

int scan_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"all", 'a', NULL, 0, "Show also what no profile fits", 0},
                {"json", 'j', NULL, 0, "One JSON object a line, at the end", 0},
                {"seconds", 's', "N", 0,
                        "Look for so long, 1 to 600 (default: until Ctrl-C on a terminal, else 10)", 0},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse_option,
                .doc = "Show which sensors are near, what they are and how strong their signal is. Sensors of "
                       "stations go on working meanwhile."
                       "\vA sensor that is connected does not advertise, and shows no signal of its own.\n\n"
                       "Examples:\n"
                       "  repcastctl scan\n"
                       "  repcastctl scan --seconds 20 --json | jq 'select(.station | not)'\n",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        struct options o = {0};
        struct screen s;
        int status;

        argv[0] = (char[]){"repcastctl scan"};
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        screen_init(&s);
        s.live = !o.json;
        screen_catch_interrupt();
        status = view_open(&bus);
        return status == 0 ? scan(bus, &s, &o) : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The floor at a glance: who lifts what, the phase that runs against its target, the last rep, what it says.
 *
 * The hub is asked ten times a second for what it would publish now. That goes over the system bus, so that whoever may
 * adopt sensors may watch, without a password for the broker and without one. */

#include <argp.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/hubtool.h"
#include "ctl/screen.h"
#include "ctl/view.h"
#include "util/macros.h"

#define FRAME_S 0.1
#define BAR     14

#define PHASE_WIDTH 42

struct options {
        bool json, once;
};

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct options *o = state->input;

        switch (key) {
        case 'j':
                o->json = true;
                return 0;
        case '1':
                o->once = true;
                return 0;
        case ARGP_KEY_ARG:
                command_no_argument(state, arg);
                return EX_USAGE;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const char *text(const json_t *j, const char *key) {
        return json_string_value(json_object_get(j, key));
}

static double number(const json_t *j, const char *key) {
        const json_t *value = json_object_get(j, key);

        return json_is_number(value) ? json_number_value(value) : (double) NAN;
}

static void cell_text(struct screen *s, const char *colour, int width, const char *words) {
        if (words)
                screen_cell(s, colour, width, "%.*s", width > 0 ? 3 * width : BAR, words);
        else
                screen_cell(s, SCREEN_DIM, width, "-");
}

/* ---- the phase that runs ---- */

static const char *cue_colour(const char *cue) {
        if (!cue)
                return NULL;
        return strcmp(cue, "on") == 0 ? SCREEN_GOOD : strcmp(cue, "ahead") == 0 ? SCREEN_BAD : SCREEN_WARN;
}

/* #####|..... the way done; | is where it should be by now. */
static void draw_bar(char ret[static BAR + 3], double travelled, double due) {
        int done = (int) lrint(fmin(fmax(travelled, 0), 1) * BAR);
        int right = isnan(due) ? -1 : (int) lrint(fmin(fmax(due, 0), 1) * (BAR - 1));

        ret[0] = '[';
        for (int i = 0; i < BAR; i++)
                ret[i + 1] = i == right ? '|' : i < done ? '#' : '.';
        ret[BAR + 1] = ']';
        ret[BAR + 2] = '\0';
}

static void cell_phase(struct screen *s, const json_t *live) {
        const json_t *pace = json_object_get(live, "pace");
        const char *phase = text(live, "phase"), *cue = text(pace, "cue");
        bool down = phase && strcmp(phase, "eccentric") == 0;
        double share = number(live, "rom_share"), target_s = number(pace, "target_s");
        char bar[BAR + 3] = "", of[24] = "";

        if (!json_is_true(json_object_get(live, "moving"))) {
                cell_text(s, SCREEN_DIM, PHASE_WIDTH, phase);
                return;
        }
        if (isfinite(share))
                draw_bar(bar, down ? 1 - share : share, number(pace, "due"));
        if (isfinite(target_s))
                snprintf(of, sizeof(of), " of %.1f s %s", target_s, cue ? cue : "");
        screen_cell(s, cue_colour(cue), PHASE_WIDTH, "%.3s%5.1f %s%s", phase ? phase : "",
                number(live, "phase_s"), bar, of);
}

/* ---- the last rep ---- */

static void cell_tempo(struct screen *s, const json_t *rep) {
        static const char *const phases[] = {"eccentric", "bottom", "concentric", "top"};
        const json_t *tempo = json_object_get(rep, "tempo_s"), *verdict = json_object_get(rep, "verdict");
        const json_t *compliant = json_object_get(verdict, "compliant");
        char words[64] = "";

        for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
                double seconds = number(tempo, phases[i]);
                size_t n = strlen(words);

                if (isfinite(seconds))
                        snprintf(words + n, sizeof(words) - n, "%s%.1f", i > 0 ? "-" : "", seconds);
                else
                        snprintf(words + n, sizeof(words) - n, "%s*", i > 0 ? "-" : "");
        }
        screen_cell(s,
                json_is_true(compliant)            ? SCREEN_GOOD
                        : json_is_false(compliant) ? SCREEN_BAD
                                                   : NULL,
                15, "%s", rep && json_is_object(rep) ? words : "-");
}

static void cell_figure(struct screen *s, int width, int decimals, const char *unit, double value) {
        char words[32] = "-";

        if (isfinite(value))
                snprintf(words, sizeof(words), "%.*f%s", decimals, value, unit);
        screen_cell(s, NULL, width, "%*s", width, words);
}

static void draw_row(struct screen *s, const json_t *row) {
        const json_t *state = json_object_get(row, "state"), *rep = json_object_get(row, "rep");
        double set = number(state, "set"), reps = number(state, "n_reps");

        cell_text(s, SCREEN_BOLD, 12, text(state, "station"));
        cell_text(s, NULL, 10, text(state, "athlete"));
        cell_text(s, NULL, 14, text(state, "exercise"));
        screen_cell(s, isfinite(set) ? NULL : SCREEN_DIM, 7, isfinite(set) ? "%.0f/%.0f" : "-", set, reps);
        cell_phase(s, json_object_get(row, "live"));
        cell_tempo(s, rep);
        cell_figure(s, 6, 0, " %", number(rep, "velocity_loss_pct"));
        cell_figure(s, 7, 2, "", number(json_object_get(rep, "eccentric"), "control"));
        cell_text(s, SCREEN_WARN, 0, text(json_object_get(state, "advice"), "advice"));
        screen_end_line(s);
}

/* ---- the hub ---- */

/* Returns 0 or an exit status. */
static int draw(struct screen *s, sd_bus *bus, const struct options *o) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *json;
        int status = view_call(bus, "Glance", &reply, ""), r;

        if (status != 0)
                return status;
        if (!o->json) {
                screen_begin(s);
                screen_cell(s, SCREEN_DIM, 0, "%-12s  %-10s  %-14s  %-7s  %-42s  %-15s  %6s  %7s  %s",
                        "STATION", "ATHLETE", "EXERCISE", "SET/REP", "PHASE", "LAST TEMPO", "LOSS", "CONTROL",
                        "ADVICE");
                screen_end_line(s);
        }
        r = sd_bus_message_enter_container(reply, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read_basic(reply, 's', &json)) > 0) {
                json_t *row = json_loads(json, 0, NULL);

                if (o->json)
                        puts(json);
                else
                        draw_row(s, row);
                json_decref(row);
        }
        return r < 0 || screen_flush(s) < 0 ? EX_IOERR : 0;
}

int watch_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"json", 'j', NULL, 0, "Print one object a line for each station, once", 0},
                {"once", '1', NULL, 0, "Show it once", 0},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse_option,
                .doc = "Watch the stations: who lifts what, the phase that runs against its target, the last "
                       "rep's "
                       "tempo, velocity loss and control, and the advice that holds.\v"
                       "In the bar, # is the way done and | where it should be by now. Ctrl-C ends it.",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        struct options o = {.json = false};
        struct screen s;
        int status;

        argv[0] = (char[]){"repcastctl watch"};
        argp_err_exit_status = EX_USAGE;
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        screen_init(&s);
        s.live = s.terminal && !o.json && !o.once;
        screen_catch_interrupt();
        status = view_open(&bus);
        do {
                if (status == 0)
                        status = draw(&s, bus, &o);
        } while (status == 0 && s.live && screen_wait(FRAME_S));
        return status;
}

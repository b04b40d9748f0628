/* SPDX-License-Identifier: Apache-2.0 */
/* repcastctl doctor: options, lines for a person or JSON, exit status. */

#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/doctor.h"
#include "ctl/hubtool.h"
#include "ctl/screen.h"
#include "util/utf8.h"

/* Exit statuses, the worst one wins; others are those of sysexits.h. */
enum { EXIT_IN_ORDER, EXIT_FAULTS, EXIT_WARNINGS, EXIT_UNSEEN };

static struct doctor doctor; /* static for its size; a command runs once */

struct options {
        bool json, list;
};

enum { KEY_ROOT = 0x100 };

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct options *o = state->input;

        switch (key) {
        case 'j':
                o->json = true;
                return 0;
        case 'l':
                o->list = true;
                return 0;
        case 'C':
                command_path(state, arg, doctor.config_path);
                return 0;
        case KEY_ROOT:
                command_root(state, arg, doctor.root);
                return 0;
        case ARGP_KEY_ARG:
                command_no_argument(state, arg);
                return EINVAL;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp_option options[] = {
        {"config", 'C', "FILE", 0, "Configuration (" REPCASTCONFDIR "/repcast.conf)", 0},
        {"json", 'j', NULL, 0, "One object a line: check, finding, weight, what, advice", 0},
        {"list", 'l', NULL, 0, "Only tell everything that can be found", 0},
        {"root", KEY_ROOT, "DIR", 0, "Look at the files of the system below this folder", 0},
        {0},
};

static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "Has the hub what it needs, and if not, what is to be done? Looks at configuration, disk, "
               "clock, adapters, "
               "BlueZ, brokers, certificates and the service, and changes nothing.\v"
               "It needs no daemon, no bus and no root, and says what it could not see.\n\n"
               "Exit status: 0 in order; 1 there is a fault: repetitions are not counted, sent or kept; 2 no "
               "fault, but "
               "something is to be done; 3 nothing is wrong that could be seen, but not all could; 64 wrong "
               "use; 74 output "
               "cannot be written.\n\n"
               "Examples:\n"
               "  sudo repcastctl doctor\n"
               "  repcastctl doctor --json | jq -r 'select(.weight == \"fault\") | .advice'\n"
               "  repcastctl doctor --list\n",
};

static void print_sum(const struct doctor *d) {
        const unsigned bad = d->n[WEIGHT_FAULT] + d->n[WEIGHT_WARNING];

        if (bad == 0)
                puts(d->n[WEIGHT_UNSEEN] > 0 ? "\nNothing is wrong of what could be seen."
                                             : "\nThe hub has what it needs.");
        else
                printf("\nFaults: %u, warnings: %u.%s\n", d->n[WEIGHT_FAULT], d->n[WEIGHT_WARNING],
                        d->n[WEIGHT_UNSEEN] > 0 ? " Not all could be seen." : "");
}

/* ---- JSON ---- */

static void print_json(json_t *object) {
        char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

        puts(text ? text : "{}");
        free(text);
        json_decref(object);
}

/* File names may be no UTF-8. */
static json_t *text_of(const char *what) {
        char clean[1024];

        (void) utf8_repair(what, strlen(what), clean, sizeof(clean));
        return json_string(clean);
}

static void tell_json(struct doctor *d, enum finding f, const char *what) {
        const struct finding_info *info = finding_info(f);

        print_json(json_pack("{s:s, s:s, s:o, s:o, s:o}", "check", d->check, "weight",
                doctor_word(info->weight), "finding", f == FINDING_NONE ? json_null() : json_string(info->name),
                "what", text_of(what), "advice", f == FINDING_NONE ? json_null() : json_string(info->advice)));
        fflush(stdout);
}

/* ---- the command ---- */

static void print_list(bool json) {
        for (enum finding f = FINDING_NONE + 1; f < _FINDING_MAX; f++) {
                const struct finding_info *info = finding_info(f);

                if (json)
                        print_json(json_pack("{s:s, s:s, s:s}", "finding", info->name, "weight",
                                doctor_word(info->weight), "advice", info->advice));
                else
                        printf("%-19s %-8s %s\n", info->name, doctor_word(info->weight), info->advice);
        }
}

static int status_of(enum weight worst) {
        switch (worst) {
        case WEIGHT_FAULT:
                return EXIT_FAULTS;
        case WEIGHT_WARNING:
                return EXIT_WARNINGS;
        case WEIGHT_UNSEEN:
                return EXIT_UNSEEN;
        case WEIGHT_OK:
        case WEIGHT_NOTE:
        case _WEIGHT_MAX:
                break;
        }
        return EXIT_IN_ORDER;
}

static int run(const struct options *o) {
        struct screen screen;
        int status = 0;

        screen_init(&screen);
        doctor.colours = screen.colour;
        doctor.out = stdout;
        doctor.tell = o->json ? tell_json : doctor_tell_line;
        if (o->list) {
                print_list(o->json);
                return 0;
        }
        if (*doctor.config_path == '\0')
                doctor_path(&doctor, REPCASTCONFDIR "/repcast.conf", doctor.config_path);
        doctor_open(&doctor);
        status = status_of(doctor_run(&doctor));
        if (!o->json)
                print_sum(&doctor);
        doctor_close(&doctor);
        return status;
}

int doctor_main(int argc, char *argv[]) {
        struct options o = {.json = false};

        argv[0] = (char[]){"repcastctl doctor"};
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        return command_finish(run(&o));
}

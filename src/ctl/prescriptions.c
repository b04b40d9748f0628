/* SPDX-License-Identifier: Apache-2.0 */
/* The prescriptions that a station can be given, as lines for a person or as JSON. */

#include "hub/prescriptions.h"

#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/hubtool.h"
#include "hub/config.h"
#include "util/macros.h"

#define CONFIG_PATH REPCASTCONFDIR "/repcast.conf"

struct listing {
        bool json;
        const char *path; /* own ones; NULL = those that the configuration names */
};

static const struct argp_option options[] = {
        {"json", 'j', NULL, 0, "Print one object a line for each prescription", 0},
        {"file", 'f', "FILE", 0,
                "Own prescriptions (default: those that Prescriptions= in " CONFIG_PATH " names)", 0},
        {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct listing *l = state->input;

        switch (key) {
        case 'j':
                l->json = true;
                return 0;
        case 'f':
                l->path = arg;
                return 0;
        case ARGP_KEY_ARG:
                command_no_argument(state, arg);
                return EINVAL;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "List what can be prescribed, repcast-prescriptions(5): the shipped ones and own ones."
               "\vExit status: 0; 64 wrong use; 74 output cannot be written; 78 a file is faulty.",
};

static void print_fault(const char *text, _unused_ void *userdata) {
        fprintf(stderr, "repcastctl: %s\n", text);
}

static json_t *number(double x) {
        return isfinite(x) ? json_real(x) : json_null();
}

static json_t *count(unsigned n) {
        return n > 0 ? json_integer(n) : json_null();
}

static int print_json(const struct prescription *p) {
        _cleanup_(json_decrefp) json_t *j = json_pack("{ss ss ss ss sf sf so so so so ss so so so so so}",
                "name", p->name, "title", p->title, "kind", prescription_kind_to_string(p->kind), "tempo",
                p->tempo_text, "tolerance_s", p->tolerance_s, "tolerance_pct", p->tolerance_pct, "reps_min",
                count(p->reps_min), "reps_max", count(p->reps_max), "sets_min", count(p->sets_min), "sets_max",
                count(p->sets_max), "load_of", prescription_base_to_string(p->load_of), "load_min_pct",
                number(p->load_min_pct), "load_max_pct", number(p->load_max_pct), "velocity_loss_pct",
                number(p->velocity_loss_pct), "budget_sets", count(p->budget_sets), "hold_at_least_s",
                number(p->hold_s));

        if (!j || json_dumpf(j, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15)) < 0)
                return -1;
        putchar('\n');
        return 0;
}

static void print_line(const struct prescription *p) {
        printf("%-22s %-11s %-5s  %s\n", p->name, p->tempo_text, *p->reps_text ? p->reps_text : "-", p->title);
}

static void ignore_fault(_unused_ const char *text, _unused_ void *userdata) {
}

/* Own ones are those of the configuration, as far as that can be read: a list is no reason to mend it first. */
static int load(const struct listing *l, struct prescriptions *ret) {
        _cleanup_(config_freep) struct config *config = NULL;
        struct faults faults = {.sink = print_fault}, ignored = {.sink = ignore_fault};
        const char *path = l->path;

        if (!path && access(CONFIG_PATH, F_OK) >= 0) {
                if (config_load(CONFIG_PATH, &ignored, &config) < 0)
                        fputs("repcastctl: " CONFIG_PATH " cannot be read or is faulty: only the shipped "
                              "prescriptions are listed\n",
                                stderr);
                else if (*config->hub.prescriptions != '\0')
                        path = config->hub.prescriptions;
        }
        return prescriptions_load(path, &faults, ret);
}

int prescriptions_main(int argc, char *argv[]) {
        _cleanup_(prescriptions_done) struct prescriptions table = {NULL, 0};
        struct listing l = {.json = false};
        int r = 0;

        argv[0] = (char[]){"repcastctl prescriptions"};
        argp_err_exit_status = EX_USAGE;
        if (argp_parse(&argp, argc, argv, 0, NULL, &l) != 0)
                return EX_USAGE;
        if (load(&l, &table) < 0)
                return EX_CONFIG;
        if (!l.json)
                printf("%-22s %-11s %-5s\n", "PRESCRIPTION", "TEMPO", "REPS");
        for (size_t i = 0; i < table.n && r == 0; i++)
                if (l.json)
                        r = print_json(&table.items[i]);
                else
                        print_line(&table.items[i]);
        return command_finish(r < 0 ? EX_IOERR : 0);
}

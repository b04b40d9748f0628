/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles one by one, each with its faults, as lines for a person or as JSON. */

#include "ctl/check-profiles.h"

#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/command.h"
#include "sensor/profile.h"
#include "util/macros.h"

#define USER_FOLDER REPCASTCONFDIR "/profiles"

struct check {
        bool json, colours;
        char **paths; /* none = the shipped ones and the user's */
        int n_paths;
        unsigned n_good, n_faulty;
        json_t *faults; /* of the profile in work */
        int status;
};

static const struct argp_option options[] = {
        {"json", 'j', NULL, 0, "Print one object a line for each profile", 0},
        {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct check *c = state->input;

        (void) arg;
        switch (key) {
        case 'j':
                c->json = true;
                return 0;
        case ARGP_KEY_ARGS:
                c->paths = state->argv + state->next;
                c->n_paths = state->argc - state->next;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "[FILE|FOLDER...]",
        .doc = "Check sensor profiles: every key, every bound, every test vector. Without arguments, the "
               "shipped ones and "
               "those in " USER_FOLDER "."
               "\vExamples:\n"
               "  repcastctl check-profiles\n"
               "  repcastctl check-profiles my-sensor.conf\n"
               "  repcastctl check-profiles --json | jq -r 'select(.reps) | .name'\n"
               "\n"
               "Exit status: 0 all are in order; 64 wrong use; 65 a profile is faulty or decodes a vector "
               "wrongly; "
               "66 a file or folder cannot be read; 74 output cannot be written.",
};

static void take_fault(const char *text, void *userdata) {
        struct check *c = userdata;

        if (c->json)
                json_array_append_new(c->faults, json_string(text));
        else
                fprintf(stderr, "repcastctl: %s\n", text);
}

/* Paint a word on a terminal. */
static const char *paint(const struct check *c, const char *on) {
        return c->colours ? on : "";
}

static void print_rates(const struct profile *p) {
        for (unsigned i = 0; i < p->n_rates; i++)
                printf(i == p->default_rate ? " [%g]" : " %g", p->rates[i].hz);
        puts(" Hz");
}

static void print_line(const struct check *c, const char *path, const struct profile *p) {
        const char *refusal;

        if (!p) {
                printf("%sfaulty%s  %s\n", paint(c, "\033[31m"), paint(c, "\033[0m"), path);
                return;
        }
        printf("%sok%s      %-20s %-44s %2u vector%s ", paint(c, "\033[32m"), paint(c, "\033[0m"), p->name,
                p->label, p->n_tests, p->n_tests == 1 ? " " : "s");
        print_rates(p);
        refusal = profile_refusal(p, profile_rate(p, 0));
        if (refusal)
                printf("        no source of reps: %s\n", refusal);
}

static json_t *rates_of(const struct profile *p) {
        json_t *rates = json_array();

        for (unsigned i = 0; i < p->n_rates; i++)
                json_array_append_new(rates, json_real(p->rates[i].hz));
        return rates;
}

static json_t *object_of(const struct check *c, const char *path, const struct profile *p) {
        json_t *o = json_object();
        const char *refusal;

        json_object_set_new(o, "type", json_string("profile"));
        json_object_set_new(o, "path", json_string(path));
        json_object_set_new(o, "ok", json_boolean(p));
        if (p) {
                refusal = profile_refusal(p, profile_rate(p, 0));
                json_object_set_new(o, "name", json_string(p->name));
                json_object_set_new(o, "label", json_string(p->label));
                json_object_set_new(o, "vectors", json_integer(p->n_tests));
                json_object_set_new(o, "rates_hz", rates_of(p));
                json_object_set_new(o, "default_hz", json_real(profile_rate(p, 0)));
                json_object_set_new(o, "reps", json_boolean(!refusal));
                if (refusal)
                        json_object_set_new(o, "why_not", json_string(refusal));
        }
        json_object_set(o, "faults", c->faults);
        return o;
}

static void print_json(const struct check *c, const char *path, const struct profile *p) {
        json_t *o = object_of(c, path, p);
        char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(10));

        puts(text ? text : "{}");
        free(text);
        json_decref(o);
}

static void report(struct check *c, const char *path, const struct profile *p) {
        if (c->json)
                print_json(c, path, p);
        else
                print_line(c, path, p);
        json_decref(TAKE_PTR(c->faults));
        if (p) {
                c->n_good++;
                return;
        }
        c->n_faulty++;
        if (c->status == 0)
                c->status = EX_DATAERR;
}

static void check_file(struct check *c, const char *path) {
        struct faults faults = {.sink = take_fault, .userdata = c};
        _cleanup_(profile_freep) struct profile *p = NULL;
        struct stat st;

        c->faults = json_array();
        if (stat(path, &st) < 0 || access(path, R_OK) < 0)
                c->status = EX_NOINPUT;
        fflush(stdout); /* its faults stand behind the lines before it */
        profile_load(path, &faults, &p);
        report(c, path, p);
}

static int is_profile(const struct dirent *e) {
        return profile_is_file_name(e->d_name);
}

static void check_folder(struct check *c, const char *folder) {
        struct dirent **names = NULL;
        int n = scandir(folder, &names, is_profile, alphasort);
        char path[PATH_MAX];

        if (n < 0) {
                fprintf(stderr, "repcastctl: %s: cannot be read: %s\n", folder, strerror(errno));
                c->status = EX_NOINPUT;
                return;
        }
        for (int i = 0; i < n; i++) {
                if ((size_t) snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name) < sizeof(path))
                        check_file(c, path);
                free(names[i]);
        }
        free(names);
}

/* Those that are built in are in order, or the tests would not have passed; their vectors run all the same. */
static void check_shipped(struct check *c) {
        struct faults faults = {.sink = take_fault, .userdata = c};
        struct profiles set = {NULL, 0};

        c->faults = json_array();
        if (profiles_load_builtin(&set, &faults) < 0) {
                report(c, "the shipped profiles", NULL);
        } else {
                json_decref(TAKE_PTR(c->faults));
                for (size_t i = 0; i < set.n; i++) {
                        c->faults = json_array();
                        report(c, set.items[i]->path, set.items[i]);
                }
        }
        profiles_done(&set);
}

int check_profiles_main(int argc, char *argv[]) {
        struct check c = {.colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
        struct stat st;

        argv[0] = (char[]){"repcastctl check-profiles"};
        argp_err_exit_status = EX_USAGE;
        if (argp_parse(&argp, argc, argv, 0, NULL, &c) != 0)
                return EX_USAGE;
        if (c.n_paths == 0) {
                check_shipped(&c);
                if (stat(USER_FOLDER, &st) >= 0)
                        check_folder(&c, USER_FOLDER);
        }
        for (int i = 0; i < c.n_paths; i++)
                if (stat(c.paths[i], &st) >= 0 && S_ISDIR(st.st_mode))
                        check_folder(&c, c.paths[i]);
                else
                        check_file(&c, c.paths[i]);
        if (!c.json)
                printf("%u profile%s in order, %u faulty\n", c.n_good, c.n_good == 1 ? "" : "s", c.n_faulty);
        return command_finish(c.status);
}

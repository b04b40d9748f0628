/* SPDX-License-Identifier: Apache-2.0 */
/* repcastctl setup-broker: what it will do, whether it may, and doing it.
 *
 *     look for others -> plan -> show -> ask -> write -> restart ─┬─ started -> tell addresses and passwords
 *                                                                 └─ not ----> write back -> restart as it was */

#include "ctl/setup-broker.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/broker-plan.h"
#include "ctl/command.h"
#include "ctl/house.h"
#include "ctl/program.h"
#include "hub/config.h"
#include "util/macros.h"
#include "util/number.h"

#define WEB_FOLDER PKGDATADIR "/dashboard"

struct setup {
        bool yes, dry_run, undo;
        char root[PATH_MAX];
        struct broker_settings settings;
        struct broker_plan plan;
        struct config *config;
};

enum { KEY_DRY_RUN = 0x100, KEY_UNDO, KEY_ROOT, KEY_PORT, KEY_WEB_PORT, KEY_COACH, KEY_NEW };

static unsigned parse_port(struct argp_state *state, const char *arg) {
        uint64_t n = 0;

        if (number_parse_u64(arg, 1, 65535, &n) < 0)
                argp_error(state, "a port is a whole number from 1 to 65535, not \"%s\"", arg);
        return (unsigned) n;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
        struct setup *s = state->input;

        switch (key) {
        case 'y':
                s->yes = true;
                return 0;
        case KEY_DRY_RUN:
                s->dry_run = true;
                return 0;
        case KEY_UNDO:
                s->undo = true;
                return 0;
        case KEY_ROOT:
                command_root(state, arg, s->root);
                return 0;
        case KEY_PORT:
                s->settings.port = parse_port(state, arg);
                return 0;
        case KEY_WEB_PORT:
                s->settings.web_port = parse_port(state, arg);
                return 0;
        case KEY_COACH:
                s->settings.coach = true;
                return 0;
        case KEY_NEW:
                s->plan.new_passwords = true;
                return 0;
        case ARGP_KEY_ARG:
                command_no_argument(state, arg);
                return 0;
        case ARGP_KEY_END:
                if (s->settings.port == s->settings.web_port)
                        argp_error(state, "both listeners at port %u", s->settings.port);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp_option options[] = {
        {"coach", KEY_COACH, NULL, 0, "Make a user \"coach\" too, who may give commands", 0},
        {"dry-run", KEY_DRY_RUN, NULL, 0, "Only show what would be done", 0},
        {"new-passwords", KEY_NEW, NULL, 0, "Replace the passwords that there are", 0},
        {"port", KEY_PORT, "N", 0, "Of the listener for the hub (1883)", 0},
        {"root", KEY_ROOT, "DIR", 0, "Work on the system below this folder, and restart nothing", 0},
        {"undo", KEY_UNDO, NULL, 0, "Take away what was set up", 0},
        {"web-port", KEY_WEB_PORT, "N", 0, "Of the dashboard and of MQTT over websockets (9001)", 0},
        {"yes", 'y', NULL, 0, "Do not ask", 0},
        {0},
};

static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Make mosquitto the broker of this hub, and let it serve the dashboard.\vA broker that somebody "
               "has "
               "configured already stays as it is. Running it again changes nothing; with other options, what "
               "they "
               "say.\n\nExamples:\n"
               "  sudo repcastctl setup-broker --dry-run\n"
               "  sudo repcastctl setup-broker\n"
               "  sudo repcastctl setup-broker --undo\n",
};

/* ---- what the configuration says ---- */

static void tell_fault(const char *fault, void *userdata) {
        (void) userdata;
        fprintf(stderr, "repcastctl: %s\n", fault);
}

static int read_prefixes(struct setup *s) {
        struct faults faults = {.sink = tell_fault};
        char path[PATH_MAX];

        s->settings.prefix = "repcast";
        s->settings.discovery = "homeassistant";
        if ((size_t) snprintf(path, sizeof(path), "%s" REPCASTCONFDIR "/repcast.conf", s->root) >=
                        sizeof(path) ||
                access(path, F_OK) < 0)
                return 0; /* the default is in force then */
        if (config_load(path, &faults, &s->config) < 0) {
                fputs("repcastctl: the hub's configuration must be in order first\n", stderr);
                return EX_CONFIG;
        }
        s->settings.prefix = s->config->hub.prefix;
        s->settings.discovery = s->config->mqtt.discovery_prefix;
        return 0;
}

static int look(struct setup *s) {
        int r = broker_look_for_others(s->root);

        if (r == 0)
                return 0;
        if (r == 1) {
                fputs("repcastctl: this broker has been set up by somebody, and stays as it is.\n"
                      "Take those lines out, or give the hub a user there: "
                      "/usr/share/doc/repcast/examples/mosquitto "
                      "has examples,\n"
                      "and see Broker=, Username= and PasswordFile= in repcast.conf(5)\n",
                        stderr);
                return EX_CONFIG;
        }
        if (r == -ENOENT)
                fprintf(stderr,
                        "repcastctl: there is no %s" BROKER_FOLDER
                        "/mosquitto.conf; first: apt install mosquitto\n",
                        s->root);
        else
                fprintf(stderr, "repcastctl: %s" BROKER_FOLDER ": cannot be read: %s\n", s->root, strerror(-r));
        return r == -EACCES ? EX_NOPERM : EX_UNAVAILABLE;
}

/* ---- doing it ---- */

/* Is there a running system whose services follow? */
static bool has_services(const struct setup *s) {
        return *s->root == '\0' && access("/run/systemd/system", F_OK) == 0;
}

static int restart(const struct setup *s) {
        int r;

        if (!has_services(s))
                return 0;
        r = program_run((const char *[]){"systemctl", "restart", "mosquitto.service", NULL});
        if (r == 0)
                (void) program_run((const char *[]){"systemctl", "try-restart", "repcast.service", NULL});
        return r;
}

static bool may(const struct setup *s) {
        char answer[8] = "";

        if (s->yes)
                return true;
        if (!isatty(STDIN_FILENO)) {
                fputs("repcastctl: nobody is there to be asked; --yes does it without\n", stderr);
                return false;
        }
        fputs("Do this? [y/N] ", stdout);
        fflush(stdout);
        return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

static void show(const struct setup *s) {
        puts(s->undo ? "To take the broker's setup away:" : "To make mosquitto the broker of this hub:");
        changes_print(&s->plan.changes, stdout);
        if (has_services(s))
                puts("  restart  mosquitto.service, and repcast.service if it runs");
}

static int make(struct setup *s) {
        const char *path = "";
        int r = changes_apply(&s->plan.changes, &path);

        if (r < 0) {
                fprintf(stderr, "repcastctl: %s: %s; everything is as it was\n", path,
                        r == -ESRCH
                                ? "the user whom it is for does not exist (systemd-sysusers makes repcast, the "
                                  "package mosquitto makes mosquitto)"
                                : strerror(-r));
                return r == -EACCES || r == -EPERM ? EX_NOPERM : EX_CANTCREAT;
        }
        r = restart(s);
        if (r == 0)
                return 0;
        fputs("repcastctl: mosquitto does not start so; everything is put back. Why it did not stands at the "
              "end of\n"
              "/var/log/mosquitto/mosquitto.log; often another program has the port (--port, --web-port)\n",
                stderr);
        changes_revert(&s->plan.changes, s->plan.changes.n);
        (void) restart(s);
        return EX_OSERR;
}

static void tell(const struct setup *s) {
        puts("");
        if (s->settings.web_folder)
                house_print_addresses(s->settings.web_port, stdout);
        else
                printf("The dashboard is not installed (%s); port %u speaks MQTT over websockets only.\n",
                        WEB_FOLDER, s->settings.web_port);
        printf("To look:      user " WALL_USER ", password %s\n", s->plan.passwords[BROKER_WALL]);
        if (s->settings.coach)
                printf("To command:   user " COACH_USER ", password %s\n", s->plan.passwords[BROKER_COACH]);
        printf("For the hub:  127.0.0.1:%u, user " HUB_USER ", password in %s" HUB_PASSWORD "\n",
                s->settings.port, s->root);
}

static int run(struct setup *s) {
        char folder[PATH_MAX];
        int status = s->undo ? 0 : look(s);

        if (status == 0 && !s->undo)
                status = read_prefixes(s);
        if (status != 0)
                return status;
        if ((size_t) snprintf(folder, sizeof(folder), "%s" WEB_FOLDER, s->root) < sizeof(folder) &&
                access(folder, X_OK) == 0)
                s->settings.web_folder = WEB_FOLDER;
        status = s->undo ? broker_plan_undo(&s->plan) : broker_plan_make(&s->plan, &s->settings);
        if (status != 0)
                return status;
        if (changes_count(&s->plan.changes) == 0) {
                puts(s->undo ? "Nothing of it is there." : "Everything is in place.");
        } else {
                show(s);
                if (s->dry_run)
                        return 0;
                if (!may(s)) {
                        puts("Nothing was changed.");
                        return EXIT_FAILURE;
                }
                status = make(s);
        }
        if (status == 0 && !s->undo && !s->dry_run)
                tell(s);
        return status;
}

int setup_broker_main(int argc, char *argv[]) {
        struct setup s = {.settings = {.port = 1883, .web_port = 9001}};
        int status;

        argv[0] = (char[]){"repcastctl setup-broker"};
        argp_parse(&argp, argc, argv, 0, NULL, &s);
        s.plan.changes.root = s.root;
        status = run(&s);
        broker_plan_done(&s.plan);
        s.config = config_free(s.config);
        return status;
}

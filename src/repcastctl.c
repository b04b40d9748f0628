/* SPDX-License-Identifier: Apache-2.0 */
/* repcastctl(1): the person's tool. Finds the command and hands over. */

#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/check-profiles.h"
#include "ctl/hubtool.h"
#include "ctl/replay.h"
#include "ctl/setup-broker.h"
#include "util/macros.h"
#include "util/suggest.h"

static const struct command {
        const char *name;
        int (*main)(int argc, char *argv[]);
        const char *what;
} commands[] = {
        {"status", status_main, "how the hub is: broker, Bluetooth, stations"},
        {"sensors", sensors_main, "the sensors of the stations: link, rate, loss, battery"},
        {"watch", watch_main, "who lifts what, and how it goes"},
        {"scan", scan_main, "which sensors are near, and what they are"},
        {"adopt", adopt_main, "give a sensor to a station, or a spare in place of another"},
        {"forget", forget_main, "take an adopted sensor away from its station"},
        {"assign", assign_main, "who lifts what at a station, now or next"},
        {"queue", queue_main, "who waits for a rack"},
        {"claim", claim_main, "a set that was nobody's is somebody's"},
        {"end-set", end_set_main, "the running set is over"}, {"discard", discard_main, "a rep does not count"},
        {"undo", undo_main, "take the last of these back"},
        {"record", record_main, "write down what a sensor sends"},
        {"history", history_main, "what was lifted: sets and repetitions"},
        {"replay", replay_main, "find the reps in recordings"},
        {"prescriptions", prescriptions_main, "what can be prescribed"},
        {"setup-broker", setup_broker_main,
                "make mosquitto the broker of this hub, and let it serve the dashboard"},
        {"doctor", doctor_main, "has the hub what it needs, and what is to be done?"},
        {"bugreport", bugreport_main, "collect what a report of a fault needs, without secrets"},
        {"check-profiles", check_profiles_main, "are sensor profiles in order?"},
        {"complete", complete_main, NULL}, /* for shells, and told to nobody else */
};

static void print_help(FILE *out) {
        fputs("Usage: repcastctl COMMAND [OPTION...]\n\nCommands:\n", out);
        for (size_t i = 0; i < ARRAY_SIZE(commands) && commands[i].what; i++)
                fprintf(out, "  %-15s %s\n", commands[i].name, commands[i].what);
        fputs("\nOptions:\n"
              "  -h, --help     this text; repcastctl COMMAND --help tells of a command\n"
              "  -V, --version  the version\n"
              "\nExamples:\n"
              "  repcastctl scan\n"
              "  repcastctl adopt D4:22:CD:00:11:22 --station rack-1 --wait\n"
              "  repcastctl replay --exercise back-squat set.csv\n",
                out);
}

static int unknown(const char *name) {
        const char *names[ARRAY_SIZE(commands)], *nearest;

        for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                names[i] = commands[i].name;
        nearest = suggest_word(name, names, ARRAY_SIZE(commands));
        fprintf(stderr, "repcastctl: no command is called \"%s\"", name);
        if (nearest)
                fprintf(stderr, "; did you mean \"%s\"?", nearest);
        fputs("\nrepcastctl --help lists them\n", stderr);
        return EX_USAGE;
}

int main(int argc, char *argv[]) {
        if (argc < 2) {
                print_help(stderr);
                return EX_USAGE;
        }
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
                print_help(stdout);
                return 0;
        }
        if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
                puts(PACKAGE_STRING);
                return 0;
        }
        argp_err_exit_status = EX_USAGE;
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                if (strcmp(argv[1], commands[i].name) == 0)
                        return commands[i].main(argc - 1, argv + 1);
        return unknown(argv[1]);
}

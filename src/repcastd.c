/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's main: options, configuration, then the hub takes over. */

#include <argp.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "hub/config.h"
#include "hub/hub.h"
#include "util/log.h"
#include "util/macros.h"

DEFINE_CLEANUP(char *, free);

/* What is larger than four pages gets pages of its own, which cost nothing until they are touched and go back when they are
 * freed. Much of a sensor's state is room that only some sensors need, and calloc() would clear it in a heap that was used
 * before. Told to malloc() as it otherwise raises its own limit with every large piece that is freed. */
#define OWN_PAGES_FROM (16 * 1024)

const char *argp_program_version = "repcastd " VERSION;

struct options {
        const char *config;
        bool check, dump, until_end;
};

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct options *o = state->input;

        switch (key) {
        case 'c':
                o->config = arg;
                return 0;
        case 'k':
                o->check = true;
                return 0;
        case 'd':
                o->dump = true;
                return 0;
        case 'u':
                o->until_end = true;
                return 0;
        case ARGP_KEY_ARG:
                argp_error(state, "takes no argument, '%s' was given", arg);
                return EINVAL;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp_option argp_options[] = {
        {"config", 'c', "FILE", 0,
                "Configuration (default: " REPCASTCONFDIR "/repcast.conf); drop-ins are FILE.d/*.conf", 0},
        {"check-config", 'k', NULL, 0,
                "Tell every fault of the configuration and exit: 0 without a fault, else 78", 0},
        {"dump-config", 'd', NULL, 0, "Print every key with its value and origin, and exit", 0},
        {"until-end", 'u', NULL, 0, "Exit when every recording has ended", 0},
        {0},
};

static const struct argp argp = {
        .options = argp_options,
        .parser = parse_option,
        .doc = "The repcast hub: motion sensors in, repetitions out over MQTT.\v"
               "Signals: SIGTERM and SIGINT stop in good order, SIGHUP reads the configuration again.\n\n"
               "Exit status: 0 stopped in good order; 64 wrong usage; 65 --until-end and a recording was "
               "faulty; "
               "69 --until-end and the broker did not take every event; 70 repcastd itself failed; 71 the "
               "system refused something; 74 output cannot be written; 78 faulty configuration.\n\n"
               "Examples:\n"
               "  repcastd --check-config\n"
               "  repcastd --config ./demo.conf --until-end\n\n"
               "See repcastd(8), repcast.conf(5).",
};

/* Before any thread starts: the loop takes them through a descriptor. */
static void block_signals(void) {
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGHUP);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN); /* a broker that goes away is an error of a write, not the end */
}

static int dump(const struct config *config) {
        config_dump(config, stdout);
        if (fflush(stdout) != 0 || ferror(stdout)) {
                log_error("cannot write: %s", strerror(errno));
                return EX_IOERR;
        }
        return EX_OK;
}

static int exit_status(int r) {
        switch (r) {
        case 0:
                return EX_OK;
        case HUB_SOURCE_FAILED:
                return EX_DATAERR;
        case HUB_EVENTS_LOST:
                return EX_UNAVAILABLE;
        case -ETIMEDOUT: /* the hub has said why */
                return EX_SOFTWARE;
        default:
                log_error("the event loop failed: %s", strerror(-r));
                return EX_SOFTWARE;
        }
}

static int run(const struct options *o, struct config *config) {
        struct hub *hub;
        int r = hub_new(o->config, config, o->until_end, &hub);

        if (r < 0) {
                log_error("cannot start: %s", strerror(-r));
                return EX_OSERR;
        }
        r = exit_status(hub_run(hub));
        if (hub_is_abandoned(hub))
                _exit(r);
        hub_free(hub);
        return r;
}

int main(int argc, char *argv[]) {
        struct options o = {.config = REPCASTCONFDIR "/repcast.conf"};
        _cleanup_(config_freep) struct config *config = NULL;
        _cleanup_(freep) char *adopted_path = NULL;
        static struct adopted adopted; /* static for its size */
        struct faults faults = {.sink = hub_log_fault};
        int r;

        mallopt(M_MMAP_THRESHOLD, OWN_PAGES_FROM);
        argp_err_exit_status = EX_USAGE;
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        log_open(LOG_INFO);
        block_signals();

        r = config_load(o.config, &faults, &config);
        if (r == -EINVAL) {
                log_error("the configuration is not used; faults: %u", faults.n);
                return EX_CONFIG;
        }
        if (r < 0) {
                log_error("cannot load the configuration: %s", strerror(-r));
                return EX_OSERR;
        }
        if (o.dump || o.check)
                r = hub_load_adopted(config, &adopted, &adopted_path);
        if (r < 0)
                return EX_OSERR;
        if (o.dump)
                return dump(config);
        if (o.check) {
                log_info("%s: no fault; stations: %zu", o.config, config->n_stations);
                return EX_OK;
        }
        log_open(LOG_ERR + (int) config->hub.log_level);
        return run(&o, TAKE_PTR(config));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* repcastctl history: what was lifted.
 *
 * A running repcastd is asked over the bus: it alone has its store open, and who may speak to it may see the names. One that
 * is not running has left its store on the disk, which is read by who may. */

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/history-table.h"
#include "ctl/hubtool.h"
#include "ctl/view.h"
#include "hub/config.h"
#include "hub/state-file.h"
#include "message/query.h"
#include "store/database.h"
#include "util/macros.h"
#include "util/number.h"

DEFINE_CLEANUP(char *, free);

enum form { FORM_TABLE, FORM_CSV, FORM_JSON };

struct history {
        const char *station, *athlete, *exercise, *config, *store;
        int64_t since_ms; /* 0 = from the beginning */
        enum form form;
        bool reps;

        sd_bus *bus; /* of the two, the one that answers */
        struct database *database;
        uint64_t sets; /* shown */
};

/* ---- options ---- */

/* "7d", "12h", "2026-11-22" or "2026-11-22 18:00", by the clock on the wall. */
static int parse_since(const char *s, int64_t *ret_ms) {
        static const char *const forms[] = {"%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};
        size_t n = strlen(s);
        char number[16];
        uint64_t count;

        if (n >= 2 && n < sizeof(number) && (s[n - 1] == 'd' || s[n - 1] == 'h')) {
                snprintf(number, sizeof(number), "%.*s", (int) n - 1, s);
                if (number_parse_u64(number, 1, 100000, &count) < 0)
                        return -EINVAL;
                *ret_ms = MAX(
                        ((int64_t) time(NULL) - (int64_t) count * (s[n - 1] == 'd' ? 86400 : 3600)) * 1000, 1);
                return 0;
        }
        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                struct tm tm = {.tm_isdst = -1};
                const char *end = strptime(s, forms[i], &tm);

                if (end && *end == '\0') {
                        *ret_ms = MAX((int64_t) mktime(&tm) * 1000, 1);
                        return 0;
                }
        }
        return -EINVAL;
}

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct history *h = state->input;

        switch (key) {
        case 's':
                h->station = arg;
                return 0;
        case 'a':
                h->athlete = arg;
                return 0;
        case 'e':
                h->exercise = arg;
                return 0;
        case 'S':
                if (parse_since(arg, &h->since_ms) < 0)
                        argp_error(state,
                                "--since: a day as 2026-11-22, with a time as \"2026-11-22 18:00\", or an age "
                                "as 7d or "
                                "12h is allowed, not \"%s\"",
                                arg);
                return 0;
        case 'r':
                h->reps = true;
                return 0;
        case 'c':
                h->form = FORM_CSV;
                return 0;
        case 'j':
                h->form = FORM_JSON;
                return 0;
        case 'C':
                h->config = arg;
                return 0;
        case 'f':
                h->store = arg;
                return 0;
        case ARGP_KEY_ARG:
                command_no_argument(state, arg);
                return EINVAL;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* ---- who answers ---- */

static int ask_hub(struct history *h, const char *question, json_t **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *text;
        int status = view_call(h->bus, "Query", &reply, "s", question);

        if (status != 0)
                return status;
        if (sd_bus_message_read(reply, "s", &text) >= 0)
                *ret = json_loads(text, 0, NULL);
        return 0;
}

static int ask_store(struct history *h, const char *question, json_t **ret) {
        _cleanup_(freep) char *text = NULL;
        char why[128];
        struct query q;
        struct page page = {.n = 0};
        int r = query_from_json(question, strlen(question), &q, why, sizeof(why));

        if (r >= 0)
                r = database_select(h->database, &q, q.after, &page);
        if (r == 0)
                page.next = 0;
        if (r >= 0)
                r = query_answer(&q, &page, &text);
        page_done(&page);
        if (r < 0) {
                fprintf(stderr, "repcastctl: the store cannot be read: %s\n",
                        r == -EINVAL ? why : strerror(-r));
                return EX_IOERR;
        }
        *ret = json_loads(text, 0, NULL);
        return 0;
}

static void pass_over(const char *text, void *userdata) {
        (void) text;
        (void) userdata;
}

/* As the configuration says. A fault in it is repcastd's to tell, but one that cannot be read would only be guessed at. */
static int find_store(const struct history *h, char **ret) {
        const char *path = h->config ? h->config : REPCASTCONFDIR "/repcast.conf";
        const bool guess = !h->config && access(path, F_OK) < 0 && errno == ENOENT;
        struct faults faults = {.sink = pass_over};
        struct config *config = NULL;
        int r;

        if (h->store) {
                *ret = strdup(h->store);
                return *ret ? 0 : -ENOMEM;
        }
        if (!guess && access(path, R_OK) < 0) {
                r = -errno;
                fprintf(stderr,
                        "repcastctl: repcastd is not running, and its configuration %s cannot be read: "
                        "%s%s; or name the store with --store\n",
                        path, strerror(-r), r == -EACCES ? "; root may" : "");
                return r;
        }
        r = config_inspect(path, &faults, &config);
        if (r >= 0)
                r = hub_find_state(&config->storage, "/var/lib/repcast", "events.db", ret);
        if (r < 0)
                fprintf(stderr, "repcastctl: %s\n", strerror(-r));
        config_free(config);
        return r;
}

static int no_store(int r) {
        return r == -EACCES ? EX_NOPERM : r == -ENOMEM ? EX_OSERR : EX_NOINPUT;
}

static int open_store(struct history *h) {
        _cleanup_(freep) char *path = NULL;
        char why[256];
        int r = find_store(h, &path);

        if (r < 0)
                return no_store(r);
        r = database_open_reader(path, &h->database, why, sizeof(why));
        if (r >= 0)
                return 0;
        fprintf(stderr, "repcastctl: repcastd is not running, and its store %s cannot be read: %s%s\n", path,
                why, r == -EACCES ? "; root may" : "");
        return no_store(r);
}

static bool hub_is_there(struct history *h) {
        return sd_bus_open_system(&h->bus) >= 0 &&
                sd_bus_call_method(h->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                        "org.freedesktop.DBus", "GetNameOwner", NULL, NULL, "s", "org.repcast.Hub1") >= 0;
}

/* ---- what comes ---- */

static int show(struct history *h, json_t *event) {
        const char *type = json_string_value(json_object_get(event, "type"));
        bool is_set = type && strcmp(type, "set") == 0, is_rep = type && strcmp(type, "rep") == 0;

        h->sets += is_set;
        if (h->form == FORM_JSON && (is_set || (is_rep && h->reps))) {
                if (json_dumpf(event, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15)) < 0 ||
                        putchar('\n') == EOF)
                        return EX_IOERR;
        } else if (h->form == FORM_CSV && is_set) {
                history_row_csv(stdout, event, h->reps);
        } else if (h->form == FORM_TABLE && is_set) {
                history_row_table(stdout, event, h->reps);
        }
        return ferror(stdout) ? EX_IOERR : 0;
}

/* One page; *after becomes where the next one begins, 0 where this was the last. */
static int show_page(struct history *h, json_int_t *after) {
        _cleanup_(json_decrefp) json_t *question = json_pack("{s:s, s:s, s:i, s:s*, s:s*, s:s*}", "type",
                "history", "id", "repcastctl", "limit", QUERY_EVENTS_MAX, "station", h->station, "athlete",
                h->athlete, "exercise", h->exercise);
        _cleanup_(json_decrefp) json_t *answer = NULL;
        _cleanup_(freep) char *text = NULL;
        json_t *event;
        size_t i;
        int status;

        if (question && h->since_ms > 0)
                (void) json_object_set_new(question, "since_ms", json_integer(h->since_ms));
        if (question && *after > 0)
                (void) json_object_set_new(question, "after", json_integer(*after));
        text = question ? json_dumps(question, JSON_COMPACT) : NULL;
        if (!text) {
                fputs("repcastctl: a name is no UTF-8, or there is no memory\n", stderr);
                return EX_USAGE;
        }
        status = h->database ? ask_store(h, text, &answer) : ask_hub(h, text, &answer);
        json_array_foreach(json_object_get(answer, "events"), i, event) {
                if (status == 0)
                        status = show(h, event);
        }
        *after = json_integer_value(json_object_get(answer, "next"));
        return status;
}

static int show_all(struct history *h) {
        json_int_t after = 0;
        int status;

        if (h->form == FORM_CSV)
                history_head_csv(stdout, h->reps);
        else if (h->form == FORM_TABLE)
                history_head_table(stdout, h->reps);
        do
                status = show_page(h, &after);
        while (status == 0 && after > 0);
        status = command_finish(status);
        if (status == 0 && h->sets == 0)
                fputs("repcastctl: there is no such set in the history\n", stderr);
        return status;
}

int history_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"station", 's', "NAME", 0, "Of this station", 0},
                {"athlete", 'a', "NAME", 0, "Of this athlete", 0},
                {"exercise", 'e', "NAME", 0, "Of this lift", 0},
                {"since", 'S', "WHEN", 0, "2026-11-22, \"2026-11-22 18:00\", 7d or 12h", 0},
                {"reps", 'r', NULL, 0, "A line for each repetition; with --json, repetitions too", 0},
                {"csv", 'c', NULL, 0, "Comma-separated, with more columns", 0},
                {"json", 'j', NULL, 0, "One JSON object a line, as over MQTT", 0},
                {"config", 'C', "FILE", 0, "Where repcastd's configuration is, should it not be running", 1},
                {"store", 'f', "FILE", 0, "Read this event store, and do not ask repcastd", 1},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse_option,
                .doc = "Show the sets that were lifted, as they stand by now."
                       "\vEvents made before the hub knew the time of day come only without "
                       "--since.\n\nExamples:\n"
                       "  repcastctl history --since 7d\n"
                       "  repcastctl history --athlete ana --exercise back-squat --reps\n"
                       "  repcastctl history --since 2026-11-01 --csv > november.csv\n",
        };
        struct history h = {0};
        int status = 0;

        argv[0] = (char[]){"repcastctl history"};
        argp_parse(&argp, argc, argv, 0, NULL, &h);
        if (h.store || !hub_is_there(&h))
                status = open_store(&h);
        if (status == 0)
                status = show_all(&h);
        sd_bus_unref(h.bus);
        database_close(h.database);
        return status;
}

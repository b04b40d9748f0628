/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings through the signal core, as fast as the machine can or at a chosen speed. */

#include "ctl/replay.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <repcast/core.h>

#include "ctl/progress.h"
#include "ctl/table.h"
#include "hub/exercises.h"
#include "hub/playback.h"
#include "message/message.h"
#include "util/macros.h"
#include "util/number.h"

#define SPEED_MIN 0.1
#define SPEED_MAX 1000.0

DEFINE_CLEANUP(char *, free);
DEFINE_CLEANUP(struct playback *, playback_free);

enum format {
        FORMAT_AUTO, /* table on a terminal, JSON elsewhere */
        FORMAT_TABLE,
        FORMAT_JSON,
};

struct replay {
        const char *exercise; /* NULL = what the recording says */
        const char *exercises_path;
        enum format format;
        double speed; /* 0 = as fast as possible */
        char **files;
        int n_files;

        struct exercises exercises;
        struct core core; /* large: of all that is here the one thing that would not fit every stack */
        struct message message;
        struct table table;
        struct progress progress;
};

static const struct argp_option options[] = {
        {"exercise", 'e', "NAME", 0, "The lift, where the recording does not name it or names a wrong one", 0},
        {"exercises", 'x', "FILE", 0, "A table of exercises in place of the built-in one", 0},
        {"format", 'f', "table|json", 0, "table is the default on a terminal, json elsewhere", 0},
        {"json", 'j', NULL, 0, "The same as --format json", 0},
        {"speed", 's', "N", 0,
                "Play N times as fast as it happened, 0.1 to 1000; without it as fast as possible", 0},
        {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct replay *r = state->input;

        switch (key) {
        case 'e':
                r->exercise = arg;
                return 0;
        case 'x':
                r->exercises_path = arg;
                return 0;
        case 'f':
                if (strcmp(arg, "table") != 0 && strcmp(arg, "json") != 0)
                        argp_error(state, "--format: table or json is allowed, not \"%s\"", arg);
                r->format = strcmp(arg, "json") == 0 ? FORMAT_JSON : FORMAT_TABLE;
                return 0;
        case 'j':
                r->format = FORMAT_JSON;
                return 0;
        case 's':
                if (number_parse_double(arg, SPEED_MIN, SPEED_MAX, &r->speed) < 0)
                        argp_error(state, "--speed: a number from 0.1 to 1000 is allowed, not \"%s\"", arg);
                return 0;
        case ARGP_KEY_ARGS:
                r->files = state->argv + state->next;
                r->n_files = state->argc - state->next;
                return 0;
        case ARGP_KEY_NO_ARGS:
                argp_error(state, "which recording? Name a file, or - for standard input");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "FILE...",
        .doc = "Find the reps in recordings: CSV with the header t,ax,ay,az,gx,gy,gz, or repcast's own format."
               "\vExamples:\n"
               "  repcastctl replay --exercise back-squat set.csv\n"
               "  repcastctl replay --json set.rec | jq -c 'select(.type == \"rep\") | .tempo_s'\n"
               "  repcastctl replay --speed 1 set.rec\n"
               "\n"
               "Exit status: 0; 64 wrong use; 65 a recording is faulty; 66 a recording cannot be opened; "
               "74 output cannot be written; 78 the exercise table is faulty.",
};

static int print_json(struct replay *r, const struct event *event) {
        _cleanup_(freep) char *json = NULL;
        int k;

        message_from_event(&r->message, event);
        k = message_to_json(&r->message, &json);
        if (k < 0)
                return k;
        return puts(json) < 0 ? -EIO : 0;
}

/* Hand on what the core has found. */
static int drain(struct replay *r) {
        const struct event *event;
        int k;

        while ((event = core_next(&r->core))) {
                progress_clear(&r->progress);
                if (r->format == FORMAT_JSON) {
                        k = print_json(r, event);
                        if (k < 0)
                                return k;
                } else
                        table_add(&r->table, event);
                if (r->speed > 0 && fflush(stdout) != 0)
                        return -errno;
        }
        return ferror(stdout) ? -EIO : 0;
}

/* When did the recording begin, on both clocks? For --speed. */
struct pace {
        double speed;
        uint64_t first_us;
        struct timespec start;
        bool started;
};

static void pace_wait(struct pace *p, uint64_t t_us) {
        struct timespec due;
        double ahead_s;

        if (p->speed <= 0)
                return;
        if (!p->started) {
                p->started = true;
                p->first_us = t_us;
                clock_gettime(CLOCK_MONOTONIC, &p->start);
        }
        ahead_s = (double) (t_us - p->first_us) * 1e-6 / p->speed;
        due.tv_sec = p->start.tv_sec + (time_t) ahead_s;
        due.tv_nsec = p->start.tv_nsec + (long) ((ahead_s - floor(ahead_s)) * 1e9);
        if (due.tv_nsec >= 1000000000) {
                due.tv_sec++;
                due.tv_nsec -= 1000000000;
        }
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
                ;
}

static int play(struct replay *r, struct playback *pb) {
        struct pace pace = {.speed = r->speed};
        struct sample sample;
        int k;

        while ((k = playback_next(pb, &sample)) > 0) {
                struct recording_position at = playback_get_position(pb);

                pace_wait(&pace, sample.t_us);
                (void) core_push(&r->core, &sample); /* what the core leaves out it counts */
                k = drain(r);
                if (k < 0)
                        return k;
                progress_update(&r->progress, at.bytes, at.total);
        }
        core_flush(&r->core); /* what came before a fault has been measured all the same */
        if (drain(r) < 0)
                return -EIO;
        return k;
}

static const struct exercise *choose_exercise(const struct replay *r, const char *path, const char *recorded) {
        const char *name = r->exercise ? r->exercise : recorded, *nearest = NULL;
        const struct exercise *x;

        if (!name[0]) {
                fprintf(stderr,
                        "repcastctl: %s: the recording does not name its exercise; say --exercise NAME:\n ",
                        path);
                for (size_t i = 0; i < r->exercises.n; i++)
                        fprintf(stderr, " %s", r->exercises.items[i].name);
                fputc('\n', stderr);
                return NULL;
        }
        x = exercises_find(&r->exercises, name, &nearest);
        if (!x) {
                fprintf(stderr, "repcastctl: %s: no exercise is called \"%s\"", path, name);
                if (nearest)
                        fprintf(stderr, "; did you mean \"%s\"?", nearest);
                fputc('\n', stderr);
        }
        return x;
}

/* A name for the station of a message: that of the file without folder and ending. */
static void name_station(char *ret, size_t size, const char *path) {
        const char *base = strrchr(path, '/');
        char *dot;

        snprintf(ret, size, "%s", base ? base + 1 : path);
        dot = strrchr(ret, '.');
        if (dot && dot != ret)
                *dot = '\0';
}

static void print_title(const char *path, const struct exercise *x, const struct playback *pb) {
        struct playback_info info = playback_get_info(pb);

        printf("%s: %s", path, x->name);
        if (info.header->sensor[0])
                printf(", %s", info.header->sensor);
        if (!isnan(info.duration_s))
                printf(", %.1f s", info.duration_s);
        if (!isnan(info.rate_hz))
                printf(" at %.1f Hz", info.rate_hz);
        putchar('\n');
}

static void print_total(const struct table *t) {
        printf("%u rep%s in %u set%s, %u movement%s not counted\n", t->n_reps, t->n_reps == 1 ? "" : "s",
                t->n_sets, t->n_sets == 1 ? "" : "s", t->n_rejected, t->n_rejected == 1 ? "" : "s");
}

/* The core, the message's names and the output for one recording. */
static void begin(struct replay *r, const char *path, const struct exercise *x, const struct playback *pb) {
        r->message = (struct message){.origin.load_kg = NAN};
        name_station(r->message.origin.station, sizeof(r->message.origin.station), path);
        snprintf(r->message.origin.sensor, sizeof(r->message.origin.sensor), "%s",
                playback_get_info(pb).header->sensor);
        snprintf(r->message.origin.exercise, sizeof(r->message.origin.exercise), "%s", x->name);
        progress_init(&r->progress, stderr, path);
        if (r->format == FORMAT_TABLE) {
                print_title(path, x, pb);
                table_init(&r->table, stdout, isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
        }
}

static int replay_file(struct replay *r, const char *path) {
        _cleanup_(playback_freep) struct playback *pb = NULL;
        const struct exercise *x;
        int k;

        k = playback_open(path, &pb);
        if (k < 0) {
                fprintf(stderr, "repcastctl: %s\n", pb ? playback_error(pb) : strerror(-k));
                return k == -EBADMSG ? EX_DATAERR : EX_NOINPUT;
        }
        x = choose_exercise(r, path, playback_get_info(pb).header->exercise);
        if (!x)
                return EX_USAGE;
        if (core_init(&r->core, NULL, x) < 0) {
                fprintf(stderr, "repcastctl: %s: the figures of %s are out of range\n", path, x->name);
                return EX_CONFIG;
        }
        begin(r, path, x, pb);
        k = play(r, pb);
        progress_clear(&r->progress);
        if (ferror(stdout))
                return EX_IOERR;
        if (r->format == FORMAT_TABLE)
                print_total(&r->table);
        if (k < 0) {
                fflush(stdout);
                fprintf(stderr, "repcastctl: %s\n", playback_error(pb));
                return EX_DATAERR;
        }
        return 0;
}

static void print_fault(const char *text, _unused_ void *userdata) {
        fprintf(stderr, "repcastctl: %s\n", text);
}

int replay_main(int argc, char *argv[]) {
        static struct replay replay; /* static for its size; the command runs once */
        struct replay *r = &replay;
        struct faults faults = {.sink = print_fault};
        int status = 0;

        argv[0] = (char[]){"repcastctl replay"};
        argp_err_exit_status = EX_USAGE;
        if (argp_parse(&argp, argc, argv, 0, NULL, r) != 0)
                return EX_USAGE;
        if (r->format == FORMAT_AUTO)
                r->format = isatty(STDOUT_FILENO) ? FORMAT_TABLE : FORMAT_JSON;
        if (exercises_load(r->exercises_path, &faults, &r->exercises) < 0)
                return EX_CONFIG;

        for (int i = 0; i < r->n_files; i++) {
                int s = replay_file(r, r->files[i]);

                if (status == 0)
                        status = s;
        }
        exercises_done(&r->exercises);
        if (fflush(stdout) != 0 || ferror(stdout)) {
                fputs("repcastctl: output cannot be written; is the disk full or the reader gone?\n", stderr);
                status = EX_IOERR;
        }
        return status;
}

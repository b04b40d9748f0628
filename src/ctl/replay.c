/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings through the signal core, as fast as the machine can or at a chosen speed, to the outputs asked for. */

#include "ctl/replay.h"

#include <argp.h>
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <repcast/core.h>

#include "ctl/command.h"
#include "ctl/json.h"
#include "ctl/picture.h"
#include "ctl/progress.h"
#include "ctl/table.h"
#include "hub/exercises.h"
#include "hub/playback.h"
#include "hub/prescriptions.h"
#include "util/macros.h"
#include "util/number.h"

#define USER_PROFILES REPCASTCONFDIR "/profiles"

#define SPEED_MIN 0.1
#define SPEED_MAX 1000.0

DEFINE_CLEANUP(struct playback *, playback_free);

enum format {
        FORMAT_AUTO, /* table on a terminal, JSON elsewhere */
        FORMAT_TABLE,
        FORMAT_JSON,
};

struct replay {
        const char *exercise; /* NULL = what the recording says */
        const char *exercises_path;
        const char *profiles_folder;
        const char *prescription; /* NULL = none */
        enum format format;
        const char *svg; /* where the picture goes; NULL = none */
        double speed;    /* 0 = as fast as possible */
        char **files;
        int n_files;

        struct exercises exercises;
        struct prescriptions prescriptions;
        struct profiles profiles;
        struct core core; /* large: of all that is here the one thing that would not fit every stack */
        struct table table;
        struct json_output json;
        struct picture picture;
        struct output *outputs[2]; /* those in use */
        unsigned n_outputs;
        struct progress progress;
};

static const struct argp_option options[] = {
        {"exercise", 'e', "NAME", 0, "The lift, where the recording does not name it or names a wrong one", 0},
        {"exercises", 'x', "FILE", 0, "A table of exercises in place of the built-in one", 0},
        {"format", 'f', "table|json", 0, "table is the default on a terminal, json elsewhere", 0},
        {"json", 'j', NULL, 0, "The same as --format json", 0},
        {"prescription", 'r', "NAME", 0, "Judge against this one of the shipped prescriptions (JSON only)", 0},
        {"profiles", 'P', "FOLDER", 0, "Sensor profiles for raw recordings (default: " USER_PROFILES ")", 0},
        {"speed", 's', "N", 0,
                "Play N times as fast as it happened, 0.1 to 1000; without it as fast as possible", 0},
        {"svg", 'p', "PICTURE", 0,
                "Draw a picture of the one recording as well, into a file whose name ends in .svg", 0},
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
        case 'r':
                r->prescription = arg;
                return 0;
        case 'P':
                r->profiles_folder = arg;
                return 0;
        case 's':
                if (number_parse_double(arg, SPEED_MIN, SPEED_MAX, &r->speed) < 0)
                        argp_error(state, "--speed: a number from 0.1 to 1000 is allowed, not \"%s\"", arg);
                return 0;
        case 'p':
                /* A recording given by mistake must not be overwritten. */
                if (fnmatch("*?.svg", arg, 0) != 0)
                        argp_error(state, "--svg: a file name that ends in .svg is allowed, not \"%s\"", arg);
                r->svg = arg;
                return 0;
        case ARGP_KEY_ARGS:
                r->files = state->argv + state->next;
                r->n_files = state->argc - state->next;
                if (r->svg && r->n_files > 1)
                        argp_error(state, "--svg: one recording is allowed, %d were given", r->n_files);
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
        .doc = "Find the reps in recordings: CSV with the header t,ax,ay,az,gx,gy,gz, or repcast's own format, "
               "raw packets of "
               "a sensor included."
               "\vExamples:\n"
               "  repcastctl replay --exercise back-squat set.csv\n"
               "  repcastctl replay --json set.rec | jq -c 'select(.type == \"rep\") | .tempo_s'\n"
               "  repcastctl replay --speed 1 set.rec\n"
               "  repcastctl replay --svg set.svg set.rec\n"
               "\n"
               "Exit status: 0; 64 wrong use; 65 a recording is faulty; 66 a recording cannot be opened; "
               "74 output cannot be written; 78 the exercise table is faulty.",
};

/* Hand on what the core has found. */
static int drain(struct replay *r) {
        const struct event *event;
        int k;

        while ((event = core_next(&r->core))) {
                progress_clear(&r->progress);
                for (unsigned i = 0; i < r->n_outputs; i++) {
                        k = r->outputs[i]->methods->event(r->outputs[i], event);
                        if (k < 0)
                                return k;
                }
                if (r->speed > 0 && fflush(stdout) != 0)
                        return -errno;
        }
        return 0;
}

static int push(struct replay *r, const struct sample *sample) {
        struct live live;
        int k;

        (void) core_push(&r->core, sample); /* what the core leaves out it counts */
        core_live(&r->core, &live);
        for (unsigned i = 0; i < r->n_outputs; i++) {
                if (!r->outputs[i]->methods->sample)
                        continue;
                k = r->outputs[i]->methods->sample(r->outputs[i], sample, &live);
                if (k < 0)
                        return k;
        }
        return drain(r);
}

/* When did the recording begin, on both clocks? For --speed. */
struct timing {
        double speed;
        uint64_t first_us;
        struct timespec start;
        bool started;
};

static void timing_wait(struct timing *p, uint64_t t_us) {
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

static int begin(struct replay *r, const struct output_source *source) {
        int k;

        for (unsigned i = 0; i < r->n_outputs; i++) {
                k = r->outputs[i]->methods->begin(r->outputs[i], source);
                if (k < 0)
                        return k;
        }
        progress_init(&r->progress, stderr, source->path);
        return 0;
}

/* Every output ends, also after another has failed. */
static int end(struct replay *r) {
        int result = 0;

        progress_clear(&r->progress);
        for (unsigned i = 0; i < r->n_outputs; i++) {
                int k = r->outputs[i]->methods->end(r->outputs[i]);

                if (result == 0)
                        result = k;
        }
        return result;
}

/* Returns 0 at the end of the recording, or the result of its fault; *ret_output is that of the outputs. */
static int play(struct replay *r, struct playback *pb, int *ret_output) {
        struct timing timing = {.speed = r->speed};
        struct sample sample;
        int k, output = 0;

        while (output == 0 && (k = playback_next(pb, &sample)) > 0) {
                struct recording_position at = playback_get_position(pb);

                timing_wait(&timing, sample.t_us);
                output = push(r, &sample);
                progress_update(&r->progress, at.bytes, at.total);
        }
        if (output == 0) {
                core_flush(&r->core); /* what came before a fault has been measured all the same */
                output = drain(r);
        }
        *ret_output = output;
        return output < 0 ? 0 : k;
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

static const struct prescription *choose_prescription(const struct replay *r) {
        return r->prescription ? prescriptions_find(&r->prescriptions, r->prescription, NULL) : NULL;
}

/* Is the one that was asked for there? */
static int load_prescriptions(struct replay *r, struct faults *faults) {
        const char *nearest;

        if (prescriptions_load(NULL, faults, &r->prescriptions) < 0)
                return EX_CONFIG;
        if (!r->prescription || prescriptions_find(&r->prescriptions, r->prescription, &nearest))
                return 0;
        fprintf(stderr, "repcastctl: no prescription is called \"%s\"", r->prescription);
        if (nearest)
                fprintf(stderr, "; did you mean \"%s\"?", nearest);
        fputc('\n', stderr);
        return EX_USAGE;
}

static int report_output(const struct replay *r, int error) {
        if (r->svg && !ferror(stdout))
                fprintf(stderr, "repcastctl: %s cannot be written: %s\n", r->svg, strerror(-error));
        return EX_IOERR; /* standard output is reported once, at the end */
}

static int replay_file(struct replay *r, const char *path) {
        _cleanup_(playback_freep) struct playback *pb = NULL;
        const struct exercise *x;
        int k, output, ended;

        k = playback_open(path, &r->profiles, &pb);
        if (k < 0) {
                fprintf(stderr, "repcastctl: %s\n", pb ? playback_error(pb) : strerror(-k));
                return k == -EBADMSG ? EX_DATAERR : EX_NOINPUT;
        }
        x = choose_exercise(r, path, playback_get_info(pb).header->exercise);
        if (!x)
                return EX_USAGE;
        if (core_init(&r->core, NULL, x, NULL) < 0) {
                fprintf(stderr, "repcastctl: %s: the figures of %s are out of range\n", path, x->name);
                return EX_CONFIG;
        }
        output = begin(r,
                &(struct output_source){
                        .path = path, .exercise = x, .prescription = choose_prescription(r), .playback = pb});
        if (output == 0)
                k = play(r, pb, &output);
        ended = end(r);
        if (output == 0)
                output = ended;
        if (k < 0) {
                fflush(stdout);
                fprintf(stderr, "repcastctl: %s\n", playback_error(pb));
                return EX_DATAERR;
        }
        return output < 0 ? report_output(r, output) : 0;
}

static void print_fault(const char *text, _unused_ void *userdata) {
        fprintf(stderr, "repcastctl: %s\n", text);
}

static void choose_outputs(struct replay *r) {
        bool terminal = isatty(STDOUT_FILENO);

        if (r->format == FORMAT_TABLE || (r->format == FORMAT_AUTO && terminal)) {
                table_init(&r->table, stdout, terminal && !getenv("NO_COLOR"));
                r->outputs[r->n_outputs++] = &r->table.output;
        } else {
                json_output_init(&r->json, stdout);
                r->outputs[r->n_outputs++] = &r->json.output;
        }
        if (r->svg) {
                picture_init(&r->picture, r->svg);
                r->outputs[r->n_outputs++] = &r->picture.output;
        }
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
        choose_outputs(r);
        if (exercises_load(r->exercises_path, &faults, &r->exercises) < 0)
                return EX_CONFIG;
        status = load_prescriptions(r, &faults);
        if (status != 0)
                return status;
        /* A faulty profile is told; the recordings need other ones, or say so. */
        (void) profiles_load_builtin(&r->profiles, &faults);
        (void) profiles_load_folder(
                &r->profiles, r->profiles_folder ? r->profiles_folder : USER_PROFILES, &faults);

        for (int i = 0; i < r->n_files; i++) {
                int s = replay_file(r, r->files[i]);

                if (status == 0)
                        status = s;
        }
        exercises_done(&r->exercises);
        prescriptions_done(&r->prescriptions);
        profiles_done(&r->profiles);
        return command_finish(status);
}

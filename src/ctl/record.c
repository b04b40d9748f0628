/* SPDX-License-Identifier: Apache-2.0 */
/* repcastctl record: what a sensor sends, as it comes, into a recording. */

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "ctl/hubtool.h"
#include "ctl/screen.h"
#include "ctl/view.h"
#include "util/macros.h"
#include "util/number.h"

#define LOOK_MS    200
#define CHUNK_SIZE 65536

struct record {
        char *what, *path;
        uint64_t seconds; /* 0 = until Ctrl-C */
        bool force;

        FILE *out;
        char held[CHUNK_SIZE]; /* the begun line: only whole ones are written */
        size_t n_held;
        uint64_t lines;
};

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct record *r = state->input;

        switch (key) {
        case 'o':
                r->path = arg;
                return 0;
        case 'f':
                r->force = true;
                return 0;
        case 's':
                if (number_parse_u64(arg, 1, 86400, &r->seconds) < 0)
                        argp_error(
                                state, "--seconds: a whole number from 1 to 86400 is allowed, not \"%s\"", arg);
                return 0;
        case ARGP_KEY_ARG:
                if (r->what)
                        argp_error(state, "one sensor is allowed, \"%s\" is a second", arg);
                r->what = arg;
                return 0;
        case ARGP_KEY_END:
                if (!r->what)
                        argp_error(state, "which one? Name a station or a sensor's address");
                if (!r->path && isatty(STDOUT_FILENO) == 1)
                        argp_error(state, "into which file? --output FILE");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static int open_output(struct record *r) {
        if (!r->path) {
                r->out = stdout;
                return 0;
        }
        r->out = fopen(r->path, r->force ? "we" : "wxe");
        if (r->out)
                return 0;
        fprintf(stderr, "repcastctl: %s cannot be written: %s%s\n", r->path, strerror(errno),
                errno == EEXIST ? "; --force replaces it" : "");
        return EX_CANTCREAT;
}

/* Write the whole lines of what is held. */
static int write_lines(struct record *r) {
        char *end = memrchr(r->held, '\n', r->n_held);
        size_t n = end ? (size_t) (end - r->held) + 1 : 0;

        for (size_t i = 0; i < n; i++)
                r->lines += r->held[i] == '\n';
        if (fwrite(r->held, 1, n, r->out) != n || fflush(r->out) != 0) {
                fprintf(stderr, "repcastctl: %s cannot be written: %s\n", r->path ? r->path : "standard output",
                        strerror(errno));
                return EX_IOERR;
        }
        memmove(r->held, r->held + n, r->n_held - n);
        r->n_held -= n;
        return 0;
}

static double clock_s(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

/* Until a person or the time ends it, or repcastd. */
static int copy(struct record *r, int fd) {
        double start_s = clock_s();
        bool tell = isatty(STDERR_FILENO) == 1;
        int status = 0;

        while (status == 0 && !screen_interrupted() &&
                (r->seconds == 0 || clock_s() - start_s < (double) r->seconds)) {
                struct pollfd p = {.fd = fd, .events = POLLIN};
                ssize_t n;

                if (tell)
                        fprintf(stderr, "\r%.0f s, lines: %llu; Ctrl-C ends it \033[K", clock_s() - start_s,
                                (unsigned long long) r->lines);
                if (poll(&p, 1, LOOK_MS) <= 0)
                        continue;
                n = read(fd, r->held + r->n_held, sizeof(r->held) - r->n_held);
                if (n == 0) {
                        fputs("repcastctl: repcastd has ended the recording: it or the station was stopped or "
                              "configured anew, or this end was too slow\n",
                                stderr);
                        status = EX_UNAVAILABLE;
                }
                if (n > 0) {
                        r->n_held += (size_t) n;
                        status = write_lines(r);
                }
        }
        if (tell)
                fputs("\r\033[K", stderr);
        return status;
}

static int record(sd_bus *bus, struct record *r) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int fds[2], status;

        if (pipe2(fds, O_CLOEXEC) < 0) {
                fprintf(stderr, "repcastctl: no pipe: %s\n", strerror(errno));
                return EX_OSERR;
        }
        status = view_call(bus, "Record", &reply, "sh", r->what, fds[1]);
        close(fds[1]);
        if (status == 0)
                status = open_output(r);
        if (status == 0)
                status = copy(r, fds[0]);
        close(fds[0]);
        if (r->out && r->out != stdout && fclose(r->out) != 0 && status == 0)
                status = EX_IOERR;
        if (r->out && r->path)
                fprintf(stderr, "%s: lines: %llu\n", r->path, (unsigned long long) r->lines);
        return status;
}

int record_main(int argc, char *argv[]) {
        static const struct argp_option options[] = {
                {"output", 'o', "FILE", 0,
                        "Write into this file; default: standard output, if it is no terminal", 0},
                {"seconds", 's', "N", 0, "End after so long, 1 to 86400 (default: at Ctrl-C)", 0},
                {"force", 'f', NULL, 0, "Replace a file that is there", 0},
                {0},
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse_option,
                .args_doc = "STATION|ADDRESS",
                .doc = "Write down what a sensor sends, byte by byte with its instant. repcastctl replay makes "
                       "reps of "
                       "it again; reports of wrong counts need it. The station goes on working meanwhile."
                       "\vExamples:\n"
                       "  repcastctl record rack-1 --output squat.rec\n"
                       "  repcastctl record rack-1 --seconds 60 | xz >squat.rec.xz\n"
                       "  repcastctl replay squat.rec\n",
        };
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        static struct record r; /* static for its size; the command runs once */
        int status;

        argv[0] = (char[]){"repcastctl record"};
        argp_parse(&argp, argc, argv, 0, NULL, &r);
        screen_catch_interrupt();
        status = view_open(&bus);
        return status == 0 ? record(bus, &r) : status;
}

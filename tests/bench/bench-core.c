/* SPDX-License-Identifier: Apache-2.0 */
/* What a sample costs: the whole signal core and its stages, beside one bare predict and update of a five-state Kalman
 * filter, in one run. The ratio to the latter is what can be compared between machines. Judges nothing. */

#include <argp.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <repcast/core.h>

#include "hub/exercises.h"
#include "synth/synth.h"
#include "util/macros.h"
#include "util/number.h"

#define ROUNDS_MAX 1001
#define CYCLES_MAX 64

/* A cycle as the look back meets it. */
struct look_back {
        struct history history;
        struct cycle cycle;
};

struct bench {
        struct core_params params;
        struct exercise exercise;
        double rate_hz;
        unsigned rounds;
        bool json, callgrind;
        const char *only;

        /* What each stage is given: made once, by the stage before it. */
        struct sample *samples;
        struct tick *ticks;
        struct motion *motions; /* along the path */
        struct look_back *cycles;
        size_t n_samples, n_ticks, n_cycles;

        struct core core;
        struct resample resample;
        struct front front;
        double left[3][3]; /* of the bias at the first tick */
        struct history history;
        struct tracker tracker;
        struct beam beam;
        struct repfit repfit;
        struct vertical vertical;
};

/* ---- the stages --------------------------------------------------------------------------------------------- */
/* Each works through all of the recording once. Their names are what callgrind is told to look for. */

#define STAGE __attribute__((noinline)) void

STAGE bench_bare(struct bench *b);
STAGE bench_whole(struct bench *b);
STAGE bench_resample(struct bench *b);
STAGE bench_front(struct bench *b);
STAGE bench_tracker(struct bench *b);
STAGE bench_beam(struct bench *b);
STAGE bench_repfit(struct bench *b);

STAGE bench_bare(struct bench *b) {
        vertical_init(&b->vertical, b->left);
        for (size_t i = 0; i < b->n_ticks; i++) {
                const struct motion *m = &b->motions[i];

                vertical_predict(&b->vertical, m->a_mps2, m->up, m->q_m2ps3, 1e-6);
                vertical_update_v(&b->vertical, 0, 0.01);
        }
}

STAGE bench_whole(struct bench *b) {
        core_init(&b->core, &b->params, &b->exercise, NULL);
        for (size_t i = 0; i < b->n_samples; i++) {
                core_push(&b->core, &b->samples[i]);
                while (core_next(&b->core))
                        ;
        }
}

STAGE bench_resample(struct bench *b) {
        struct tick tick;

        resample_init(&b->resample, &b->params.resample);
        for (size_t i = 0; i < b->n_samples; i++) {
                resample_push(&b->resample, &b->samples[i]);
                while (resample_next(&b->resample, &tick))
                        ;
        }
}

STAGE bench_front(struct bench *b) {
        struct motion m;

        front_init(&b->front, &b->params.attitude, &b->params.calibration, &b->params.handedness, NULL);
        for (size_t i = 0; i < b->n_ticks; i++)
                front_push(&b->front, &b->ticks[i], &m);
}

static void remember(struct bench *b, size_t i) {
        struct moment moment = {
                .a_mps2 = (float) b->motions[i].a_mps2,
                .got = b->ticks[i].got & 63u,
        };

        moment_set_noise(&moment, b->motions[i].q_m2ps3);
        for (unsigned k = 0; k < 3; k++)
                moment.up[k] = (int16_t) lrint(b->motions[i].up[k] * 4096);
        history_push(&b->history, b->ticks[i].t_us, &moment);
}

static void start_tracker(struct bench *b) {
        history_reset(&b->history);
        tracker_init(&b->tracker, &b->params.tracker, &b->params.cycle, &b->params.vertical, &b->exercise);
        tracker_trust(&b->tracker, b->left);
}

STAGE bench_tracker(struct bench *b) {
        struct track track;

        start_tracker(b);
        for (size_t i = 0; i < b->n_ticks; i++) {
                remember(b, i);
                tracker_push(&b->tracker, &b->motions[i], &b->history, &track);
        }
}

STAGE bench_beam(struct bench *b) {
        struct cycle lap;

        beam_init(&b->beam, &b->params.beam, &b->params.vertical, &b->exercise);
        beam_trust(&b->beam, b->left);
        for (size_t i = 0; i < b->n_ticks; i++)
                (void) beam_push(&b->beam, &b->motions[i], b->ticks[i].t_us, &lap);
}

STAGE bench_repfit(struct bench *b) {
        struct cycle_fit fit;

        repfit_init(&b->repfit, &b->params.repfit, &b->exercise);
        for (size_t i = 0; i < b->n_cycles; i++)
                (void) repfit_run(&b->repfit, &b->cycles[i].history, &b->cycles[i].cycle, &fit);
}

enum stage {
        BARE,
        WHOLE,
        RESAMPLE,
        FRONT,
        TRACKER,
        BEAM,
        REPFIT,
        REST, /* what the whole has beyond the stages: events, the set, what is shown live */
        STAGES,
};

static const struct {
        const char *name, *symbol, *what;
        void (*run)(struct bench *b);
} stages[STAGES] = {
        [BARE] = {"bare", "bench_bare", "five-state Kalman predict + update", bench_bare},
        [WHOLE] = {"whole core", "bench_whole", "core_push()", bench_whole},
        [RESAMPLE] = {"resample", "bench_resample", "samples to ticks of 10 ms", bench_resample},
        [FRONT] = {"front end", "bench_front", "calibration, which way is up", bench_front},
        [TRACKER] = {"tracker", "bench_tracker", "motion, modes, history", bench_tracker},
        [BEAM] = {"beam", "bench_beam", "24 hypotheses of slow strokes", bench_beam},
        [REPFIT] = {"rep fit", "bench_repfit", "look back on each cycle", bench_repfit},
        [REST] = {"rest", NULL, "events, set, live: the whole less the stages", NULL},
};

/* ---- what they are given ------------------------------------------------------------------------------------ */

static void *allocate(size_t n, size_t size) {
        void *p = calloc(n, size);

        if (!p) {
                fputs("bench-core: out of memory\n", stderr);
                exit(EX_OSERR);
        }
        return p;
}

/* Two sets of slow negatives with a rest between them, by a lifter who sways and trembles. */
static void make_samples(struct bench *b) {
        struct synth_options o = synth_options_default();
        struct synth *s = NULL;
        size_t room;

        o.tempo_s[PHASE_ECCENTRIC] = 4;
        o.tempo_s[PHASE_CONCENTRIC] = 2;
        o.hard = true;
        o.sets = 2;
        o.reps = 8;
        o.rate_hz = b->rate_hz;
        if (synth_new(&o, &s) < 0) {
                fputs("bench-core: no recording at that rate\n", stderr);
                exit(EX_USAGE);
        }
        room = (size_t) (synth_duration_s(s) * 1.02 * b->rate_hz) + 100;
        b->samples = allocate(room, sizeof(*b->samples));
        while (b->n_samples < room && synth_next(s, &b->samples[b->n_samples]) > 0)
                b->n_samples++;
        synth_free(s);
}

static void make_ticks(struct bench *b) {
        size_t room = (size_t) ((double) b->n_samples / b->rate_hz * 1.1 / TICK_S) + 100;

        b->ticks = allocate(room, sizeof(*b->ticks));
        resample_init(&b->resample, &b->params.resample);
        for (size_t i = 0; i < b->n_samples; i++) {
                resample_push(&b->resample, &b->samples[i]);
                while (b->n_ticks < room && resample_next(&b->resample, &b->ticks[b->n_ticks]))
                        b->n_ticks++;
        }
}

/* A squat's path is the vertical, so the core has no more to do here than to add up the noise. */
static void make_motions(struct bench *b) {
        b->motions = allocate(b->n_ticks, sizeof(*b->motions));
        front_init(&b->front, &b->params.attitude, &b->params.calibration, &b->params.handedness, NULL);
        for (size_t i = 0; i < b->n_ticks; i++) {
                struct motion *m = &b->motions[i];

                front_push(&b->front, &b->ticks[i], m);
                m->q_m2ps3 = vertical_noise(&b->params.vertical, m->shake_m2ps4, m->q_m2ps3);
                if (i == 0)
                        front_left(&b->front, m->up, b->left);
        }
}

static void make_cycles(struct bench *b) {
        struct track track;

        b->cycles = allocate(CYCLES_MAX, sizeof(*b->cycles));
        start_tracker(b);
        for (size_t i = 0; i < b->n_ticks; i++) {
                remember(b, i);
                tracker_push(&b->tracker, &b->motions[i], &b->history, &track);
                if (track.result == CYCLE_DONE && b->n_cycles < CYCLES_MAX)
                        b->cycles[b->n_cycles++] = (struct look_back){b->history, track.cycle};
        }
}

static void prepare(struct bench *b) {
        struct faults faults = {0};
        struct exercises table = {0};
        const struct exercise *x;

        core_params_init(&b->params);
        if (exercises_load(NULL, &faults, &table) < 0 || !(x = exercises_find(&table, "back-squat", NULL))) {
                fputs("bench-core: no back squat in the built-in table\n", stderr);
                exit(EX_SOFTWARE);
        }
        b->exercise = *x;
        exercises_done(&table);
        make_samples(b);
        make_ticks(b);
        make_motions(b);
        make_cycles(b);
}

/* ---- measuring ---------------------------------------------------------------------------------------------- */

struct figures {
        double ns[ROUNDS_MAX], ratio[ROUNDS_MAX]; /* per sample; bare: per predict and update */
        double instructions;                      /* NAN = not known */
};

/* Processor time: what others do on the machine counts as little as it can. */
static double now_ns(void) {
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

static int open_counter(void) {
        struct perf_event_attr attr = {
                .type = PERF_TYPE_HARDWARE,
                .size = sizeof(attr),
                .config = PERF_COUNT_HW_INSTRUCTIONS,
                .exclude_kernel = 1,
                .exclude_hv = 1,
        };
        long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

        return fd < 0 ? -errno : (int) fd;
}

static double read_counter(int fd) {
        uint64_t n;

        if (fd < 0 || read(fd, &n, sizeof(n)) != sizeof(n))
                return NAN;
        return (double) n;
}

/* One unit of a stage's work, of which a pass has so many. */
static double units(const struct bench *b, enum stage stage) {
        return stage == BARE ? (double) b->n_ticks : (double) b->n_samples;
}

static void measure(struct bench *b, int counter, struct figures f[static STAGES]) {
        /* The stages take turns, so that a change of the clock's rate meets them all. Round 0 warms up. */
        for (unsigned round = 0; round <= b->rounds; round++) {
                double bare = NAN, sum = 0;
                unsigned i = round > 0 ? round - 1 : 0;

                for (unsigned k = BARE; k < REST; k++) {
                        double n = units(b, k), before = read_counter(counter), start = now_ns();

                        stages[k].run(b);
                        f[k].ns[i] = (now_ns() - start) / n;
                        f[k].instructions = (read_counter(counter) - before) / n;
                        if (k == BARE)
                                bare = f[k].ns[i];
                        if (k > WHOLE)
                                sum += f[k].ns[i];
                        f[k].ratio[i] = f[k].ns[i] / bare;
                }
                f[REST].ns[i] = f[WHOLE].ns[i] - sum;
                f[REST].ratio[i] = f[REST].ns[i] / bare;
        }
}

/* Run this program under callgrind for one stage: "Collected : N" is what it says of it. */
static double ask_callgrind(const struct bench *b, enum stage stage) {
        const char *valgrind = getenv("VALGRIND");
        char self[4096], command[8192], line[512];
        double n = NAN;
        ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
        FILE *out;

        if (size < 0)
                return NAN;
        self[size] = '\0';
        snprintf(command, sizeof(command),
                "%s --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no --toggle-collect=%s "
                "'%s' --rate %g --only %s 2>&1",
                valgrind && valgrind[0] ? valgrind : "valgrind", stages[stage].symbol, self, b->rate_hz,
                stages[stage].symbol);
        out = popen(command, "re");
        if (!out)
                return NAN;
        while (fgets(line, sizeof(line), out)) {
                const char *found = strstr(line, "Collected : ");

                if (found)
                        n = strtod(found + strlen("Collected : "), NULL);
        }
        return pclose(out) == 0 ? n / units(b, stage) : (double) NAN;
}

static void complete_instructions(struct figures f[static STAGES]) {
        f[REST].instructions = f[WHOLE].instructions;
        for (unsigned k = RESAMPLE; k < REST; k++)
                f[REST].instructions -= f[k].instructions;
}

/* ---- telling ------------------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b) {
        double x = *(const double *) a, y = *(const double *) b;

        return (x > y) - (x < y);
}

struct spread {
        double low, median, high; /* quartiles */
};

static struct spread spread_of(double *figures, unsigned n) {
        qsort(figures, n, sizeof(*figures), compare);
        return (struct spread){figures[n / 4], figures[n / 2], figures[n - 1 - n / 4]};
}

static void print_table(const struct bench *b, struct figures f[static STAGES], const char *source) {
        printf("signal core: %zu samples at %g Hz, %zu ticks, %zu cycles, %u rounds\n", b->n_samples,
                b->rate_hz, b->n_ticks, b->n_cycles, b->rounds);
        printf("stage        ns/sample  (quartiles)          x bare  (quartiles)       instructions\n");
        for (unsigned k = 0; k < STAGES; k++) {
                struct spread ns = spread_of(f[k].ns, b->rounds), ratio = spread_of(f[k].ratio, b->rounds);

                printf("%-12s %9.1f  (%8.1f %8.1f)  %7.2f  (%6.2f %6.2f)  ", stages[k].name, ns.median, ns.low,
                        ns.high, ratio.median, ratio.low, ratio.high);
                if (isnan(f[k].instructions))
                        printf("           -");
                else
                        printf("%12.0f", f[k].instructions);
                printf("  %s\n", stages[k].what);
        }
        if (b->n_cycles > 0)
                printf("a look back takes %.1f us at once\n",
                        spread_of(f[REPFIT].ns, b->rounds).median * (double) b->n_samples /
                                (double) b->n_cycles / 1000);
        printf("instructions: %s\n", source);
        printf("state: %zu bytes; of these history %zu, rep fit %zu, sets %zu, tracker %zu, front end %zu, "
               "resample %zu\n",
                sizeof(struct core), sizeof(struct history), sizeof(struct repfit), sizeof(struct setlog),
                sizeof(struct tracker), sizeof(struct front), sizeof(struct resample));
}

static void print_json(const struct bench *b, struct figures f[static STAGES]) {
        printf("{\"bench\":\"core\",\"version\":\"%s\",\"rate_hz\":%g,\"samples\":%zu,\"ticks\":%zu,\"cycles\":"
               "%zu,"
               "\"rounds\":%u,\"state_bytes\":%zu,\"stages\":[",
                PACKAGE_VERSION, b->rate_hz, b->n_samples, b->n_ticks, b->n_cycles, b->rounds,
                sizeof(struct core));
        for (unsigned k = 0; k < STAGES; k++) {
                struct spread ns = spread_of(f[k].ns, b->rounds), ratio = spread_of(f[k].ratio, b->rounds);

                printf("%s{\"stage\":\"%s\",\"ns\":%.2f,\"ns_low\":%.2f,\"ns_high\":%.2f,\"ratio\":%.3f,"
                       "\"ratio_low\":%.3f,\"ratio_high\":%.3f,\"instructions\":",
                        k > 0 ? "," : "", stages[k].name, ns.median, ns.low, ns.high, ratio.median, ratio.low,
                        ratio.high);
                if (isnan(f[k].instructions))
                        printf("null}");
                else
                        printf("%.1f}", f[k].instructions);
        }
        puts("]}");
}

/* ---- the command -------------------------------------------------------------------------------------------- */

static const struct argp_option options[] = {
        {"json", 'j', NULL, 0, "One JSON object", 0},
        {"rate", 'r', "HZ", 0, "Of the sensor, 20 to 1000 (100)", 0},
        {"rounds", 'n', "N", 0, "5 to 1001 (51)", 0},
        {"callgrind", 'c', NULL, 0,
                "Count instructions with valgrind where the processor's counter cannot be had", 0},
        {"only", 'o', "STAGE", OPTION_HIDDEN, NULL, 0},
        {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct bench *b = state->input;
        uint64_t n;

        switch (key) {
        case 'j':
                b->json = true;
                return 0;
        case 'r':
                if (number_parse_double(arg, 20, 1000, &b->rate_hz) < 0)
                        argp_error(state, "--rate: a number from 20 to 1000 is allowed, not \"%s\"", arg);
                return 0;
        case 'n':
                if (number_parse_u64(arg, 5, ROUNDS_MAX, &n) < 0)
                        argp_error(state, "--rounds: a number from 5 to 1001 is allowed, not \"%s\"", arg);
                b->rounds = (unsigned) n;
                return 0;
        case 'c':
                b->callgrind = true;
                return 0;
        case 'o':
                b->only = arg;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "What a sample costs in the signal core, as a ratio to one bare Kalman step of five states.",
};

int main(int argc, char *argv[]) {
        static struct figures figures[STAGES];
        static struct bench bench = {.rate_hz = 100, .rounds = 51};
        struct bench *b = &bench;
        char source[160] = "counted by the processor, in user space";
        int counter;

        argp_err_exit_status = EX_USAGE;
        if (argp_parse(&argp, argc, argv, 0, NULL, b) != 0)
                return EX_USAGE;
        prepare(b);
        if (b->only) {
                for (unsigned k = 0; k < REST; k++)
                        if (strcmp(b->only, stages[k].symbol) == 0)
                                stages[k].run(b);
                return 0;
        }
        counter = open_counter();
        measure(b, counter, figures);
        if (counter < 0 && b->callgrind)
                for (unsigned k = 0; k < REST; k++)
                        figures[k].instructions = ask_callgrind(b, k);
        if (counter < 0)
                snprintf(source, sizeof(source), "the processor's counter cannot be had here (%s); %s",
                        strerror(-counter),
                        !b->callgrind                               ? "--callgrind counts them with valgrind"
                                : isnan(figures[BARE].instructions) ? "nor can valgrind"
                                                                    : "counted by callgrind");
        complete_instructions(figures);
        if (b->json)
                print_json(b, figures);
        else
                print_table(b, figures, source);
        return ferror(stdout) || fflush(stdout) != 0 ? EX_IOERR : 0;
}

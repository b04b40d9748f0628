/* SPDX-License-Identifier: Apache-2.0 */
/* What a sample costs: the whole signal core, its stages and its beam at several widths, in motion and at rest, beside one
 * bare predict and update of a five-state Kalman filter, in one run. The ratio to the latter is what can be compared
 * between machines. Judges nothing. */

#include <argp.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <repcast/core.h>

#include "bench/core-input.h"
#include "hub/exercises.h"
#include "util/number.h"

#define ROUNDS_MAX 1001

#ifdef __clang__
#        define COMPILER "clang"
#else
#        define COMPILER "gcc"
#endif

enum where { IN_MOTION, AT_REST, PLACES };

static const char *const places[PLACES] = {"in motion", "at rest"};

struct bench {
        struct core_params params;
        struct exercise exercise;
        double rate_hz;
        unsigned rounds;
        bool json, callgrind;
        const char *once;

        struct input inputs[PLACES];
        const struct input *in; /* the one at work */

        struct core core;
        struct resample resample;
        struct front front;
        struct history history;
        struct tracker tracker;
        struct beam beam;
        struct repfit repfit;
        struct vertical vertical;
};

/* ---- the stages --------------------------------------------------------------------------------------------- */
/* Each works through all of a recording once. By their names callgrind knows them. */

#define STAGE __attribute__((noinline)) void

STAGE bench_bare(struct bench *b);
STAGE bench_whole(struct bench *b);
STAGE bench_resample(struct bench *b);
STAGE bench_front(struct bench *b);
STAGE bench_tracker(struct bench *b);
STAGE bench_beam(struct bench *b);
STAGE bench_repfit(struct bench *b);

STAGE bench_bare(struct bench *b) {
        vertical_init(&b->vertical, (double(*)[3]) b->inputs[IN_MOTION].left);
        for (size_t i = 0; i < b->in->n_ticks; i++) {
                const struct motion *m = &b->in->motions[i];

                vertical_predict(&b->vertical, m->a_mps2, m->up, m->q_m2ps3, 1e-6);
                vertical_update_v(&b->vertical, 0, 0.01);
        }
}

STAGE bench_whole(struct bench *b) {
        core_init(&b->core, &b->params, &b->exercise, NULL);
        for (size_t i = 0; i < b->in->n_samples; i++) {
                core_push(&b->core, &b->in->samples[i]);
                while (core_next(&b->core))
                        ;
        }
}

STAGE bench_resample(struct bench *b) {
        struct tick tick;

        resample_init(&b->resample, &b->params.resample);
        for (size_t i = 0; i < b->in->n_samples; i++) {
                resample_push(&b->resample, &b->in->samples[i]);
                while (resample_next(&b->resample, &tick))
                        ;
        }
}

STAGE bench_front(struct bench *b) {
        struct motion m;

        front_init(&b->front, &b->params.attitude, &b->params.calibration, &b->params.handedness, NULL);
        for (size_t i = 0; i < b->in->n_ticks; i++)
                front_push(&b->front, &b->in->ticks[i], &m);
}

STAGE bench_tracker(struct bench *b) {
        struct track track;
        double left[3][3];

        memcpy(left, b->in->left, sizeof(left));
        history_reset(&b->history);
        tracker_init(&b->tracker, &b->params.tracker, &b->params.cycle, &b->params.vertical, &b->exercise);
        tracker_trust(&b->tracker, left);
        for (size_t i = 0; i < b->in->n_ticks; i++) {
                input_remember(b->in, i, &b->history);
                tracker_push(&b->tracker, &b->in->motions[i], &b->history, &track);
        }
}

STAGE bench_beam(struct bench *b) {
        struct cycle lap;
        double left[3][3];

        memcpy(left, b->in->left, sizeof(left));
        beam_init(&b->beam, &b->params.beam, &b->params.vertical, &b->exercise);
        beam_trust(&b->beam, left);
        for (size_t i = 0; i < b->in->n_ticks; i++)
                (void) beam_push(&b->beam, &b->in->motions[i], b->in->lies[i], b->in->ticks[i].t_us, &lap);
}

STAGE bench_repfit(struct bench *b) {
        struct cycle_fit fit;

        repfit_init(&b->repfit, &b->params.repfit, &b->exercise);
        for (size_t i = 0; i < b->in->n_cycles; i++)
                (void) repfit_run(&b->repfit, &b->in->cycles[i].history, &b->in->cycles[i].cycle, &fit);
}

/* A line of the table: a stage, and for the whole the width of the beam. */
enum line {
        BARE,
        WHOLE,
        RESAMPLE,
        FRONT,
        TRACKER,
        BEAM,
        REPFIT,
        OTHER, /* what the whole has beyond the stages: events, the set, what is shown live */
        WIDTH_6,
        WIDTH_12,
        LINES,
};

static const struct {
        const char *name, *what;
        void (*run)(struct bench *b);
        double width;
} lines[LINES] = {
        [BARE] = {"bare", "five-state Kalman predict + update", bench_bare, BEAM_WIDTH},
        [WHOLE] = {"whole core", "core_push()", bench_whole, BEAM_WIDTH},
        [RESAMPLE] = {"resample", "samples to ticks of 10 ms", bench_resample, BEAM_WIDTH},
        [FRONT] = {"front end", "calibration, which way is up", bench_front, BEAM_WIDTH},
        [TRACKER] = {"tracker", "motion, modes, history", bench_tracker, BEAM_WIDTH},
        [BEAM] = {"beam", "24 hypotheses of slow strokes", bench_beam, BEAM_WIDTH},
        [REPFIT] = {"rep fit", "look back on each cycle", bench_repfit, BEAM_WIDTH},
        [OTHER] = {"rest of it", "events, set, live: the whole less the stages", NULL, BEAM_WIDTH},
        [WIDTH_6] = {"whole, 6", "core_push() with a beam of 6 hypotheses", bench_whole, 6},
        [WIDTH_12] = {"whole, 12", "with 12", bench_whole, 12},
};

static void run(struct bench *b, enum where where, enum line line) {
        b->in = &b->inputs[where];
        b->params.beam.width = lines[line].width;
        lines[line].run(b);
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
        int r = input_lift(&b->inputs[IN_MOTION], b->rate_hz);
        if (r >= 0)
                r = input_rest(&b->inputs[AT_REST], b->rate_hz);
        for (unsigned i = 0; i < PLACES && r >= 0; i++)
                r = input_complete(&b->inputs[i], &b->params, &b->exercise, b->rate_hz);
        if (r < 0) {
                fprintf(stderr, "bench-core: no recordings: %s\n", strerror(-r));
                exit(EX_OSERR);
        }
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

/* One unit of a line's work, of which a pass has so many. */
static double units(const struct bench *b, enum where where, enum line line) {
        return (double) (line == BARE ? b->inputs[where].n_ticks : b->inputs[where].n_samples);
}

static void measure_round(struct bench *b, enum where where, unsigned i, struct figures f[static LINES]) {
        double stages = 0;

        for (unsigned k = 0; k < LINES; k++) {
                if (!lines[k].run)
                        continue;
                double start = now_ns();
                run(b, where, k);
                f[k].ns[i] = (now_ns() - start) / units(b, where, k);
                if (k > WHOLE && k < OTHER)
                        stages += f[k].ns[i];
        }
        f[OTHER].ns[i] = f[WHOLE].ns[i] - stages;
        for (unsigned k = 0; k < LINES; k++)
                f[k].ratio[i] = f[k].ns[i] / f[BARE].ns[i];
}

static void measure(struct bench *b, struct figures f[PLACES][LINES]) {
        /* They take turns, so that a change of the clock's rate meets them all. Round 0 warms up. */
        for (unsigned round = 0; round <= b->rounds; round++)
                for (unsigned where = 0; where < PLACES; where++)
                        measure_round(b, where, round > 0 ? round - 1 : 0, f[where]);
}

/* ---- counting instructions ---------------------------------------------------------------------------------- */

/* One line or all of them, in the order in which count() reads them; tells how many units of work that was. */
static void run_once(struct bench *b) {
        char name[64];

        for (unsigned where = 0; where < PLACES; where++)
                for (unsigned k = 0; k < LINES; k++) {
                        snprintf(name, sizeof(name), "%s, %s", lines[k].name, places[where]);
                        if (!lines[k].run || (strcmp(b->once, "all") != 0 && strcmp(b->once, name) != 0))
                                continue;
                        run(b, where, k);
                        printf("%.0f\n", units(b, where, k));
                }
}

/* "totals: N" of one dump of callgrind. */
static double read_total(const char *path) {
        char line[512];
        double n = NAN;
        FILE *file = fopen(path, "re");

        while (file && fgets(line, sizeof(line), file))
                if (strncmp(line, "totals: ", 8) == 0)
                        n = strtod(line + 8, NULL);
        if (file)
                fclose(file);
        return n;
}

/* Run this program under callgrind, which dumps after each stage. */
static bool call_grind(const struct bench *b, const char *folder) {
        const char *valgrind = getenv("VALGRIND");
        char self[4096], command[8192];
        ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

        if (size < 0)
                return false;
        self[size] = '\0';
        snprintf(command, sizeof(command),
                "%s --tool=callgrind --callgrind-out-file=%s/out --collect-atstart=no "
                "--toggle-collect='bench_*' "
                "--dump-after=bench_bare --dump-after=bench_whole --dump-after=bench_resample "
                "--dump-after=bench_front --dump-after=bench_tracker --dump-after=bench_beam "
                "--dump-after=bench_repfit '%s' --rate %g --once all >/dev/null 2>&1",
                valgrind && valgrind[0] ? valgrind : "valgrind", folder, self, b->rate_hz);
        return system(command) == 0;
}

static void count(struct bench *b, struct figures f[PLACES][LINES]) {
        char folder[] = "/tmp/bench-core-XXXXXX", path[64];
        unsigned n = 0;

        for (unsigned where = 0; where < PLACES; where++)
                for (unsigned k = 0; k < LINES; k++)
                        f[where][k].instructions = NAN;
        if (!b->callgrind || !mkdtemp(folder))
                return;
        bool ran = call_grind(b, folder);
        for (unsigned where = 0; where < PLACES && ran; where++) {
                struct figures *g = f[where];
                for (unsigned k = 0; k < LINES; k++)
                        if (lines[k].run) {
                                snprintf(path, sizeof(path), "%s/out.%u", folder, ++n);
                                g[k].instructions = read_total(path) / units(b, where, k);
                                (void) unlink(path);
                        }
                g[OTHER].instructions = g[WHOLE].instructions;
                for (unsigned k = RESAMPLE; k < OTHER; k++)
                        g[OTHER].instructions -= g[k].instructions;
        }
        snprintf(path, sizeof(path), "%s/out", folder);
        (void) unlink(path);
        (void) rmdir(folder);
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

static void print_cell(struct figures *f, unsigned rounds) {
        struct spread ns = spread_of(f->ns, rounds), ratio = spread_of(f->ratio, rounds);

        printf(" %7.1f (%7.1f %7.1f) %7.2f", ns.median, ns.low, ns.high, ratio.median);
        if (isnan(f->instructions))
                printf("       -");
        else
                printf(" %7.0f", f->instructions);
        printf(" |");
}

static void print_table(const struct bench *b, struct figures f[PLACES][LINES]) {
        const struct input *in = &b->inputs[IN_MOTION];

        printf("signal core %s, %s %s: %zu samples in motion with %zu cycles, %zu at rest, %g Hz, %u rounds\n",
                PACKAGE_VERSION, COMPILER, __VERSION__, in->n_samples, in->n_cycles,
                b->inputs[AT_REST].n_samples, b->rate_hz, b->rounds);
        printf("            | %-42s | %-42s |\n", places[IN_MOTION], places[AT_REST]);
        printf("per sample  |      ns (quartiles      )  x bare  instr. |      ns (quartiles      )  x bare  "
               "instr. |\n");
        for (unsigned k = 0; k < LINES; k++) {
                printf("%-11s |", lines[k].name);
                for (unsigned where = 0; where < PLACES; where++)
                        print_cell(&f[where][k], b->rounds);
                printf(" %s\n", lines[k].what);
        }
        if (in->n_cycles > 0)
                printf("a look back takes %.1f us at once\n",
                        spread_of(f[IN_MOTION][REPFIT].ns, b->rounds).median * (double) in->n_samples /
                                (double) in->n_cycles / 1000);
        printf("state: %zu bytes; of these history %zu, sets %zu, beam %zu, tracker %zu, front end %zu, rep "
               "fit "
               "%zu, resample %zu\n",
                sizeof(struct core), sizeof(struct history), sizeof(struct setlog), sizeof(struct beam),
                sizeof(struct tracker), sizeof(struct front), sizeof(struct repfit), sizeof(struct resample));
        if (isnan(f[IN_MOTION][BARE].instructions))
                puts(b->callgrind ? "instructions: valgrind cannot be had"
                                  : "instructions: --callgrind counts them");
}

static void print_json_line(const char *name, const char *place, struct figures *f, unsigned rounds) {
        struct spread ns = spread_of(f->ns, rounds), ratio = spread_of(f->ratio, rounds);

        printf("{\"stage\":\"%s\",\"where\":\"%s\",\"ns\":%.2f,\"ns_low\":%.2f,\"ns_high\":%.2f,\"ratio\":%.3f,"
               "\"ratio_low\":%.3f,\"ratio_high\":%.3f,\"instructions\":",
                name, place, ns.median, ns.low, ns.high, ratio.median, ratio.low, ratio.high);
        if (isnan(f->instructions))
                printf("null}");
        else
                printf("%.1f}", f->instructions);
}

static void print_json(const struct bench *b, struct figures f[PLACES][LINES]) {
        const struct input *in = &b->inputs[IN_MOTION];

        printf("{\"bench\":\"core\",\"version\":\"%s\",\"compiler\":\"%s "
               "%s\",\"rate_hz\":%g,\"samples\":%zu,\"ticks\":"
               "%zu,\"cycles\":%zu,\"rounds\":%u,\"state_bytes\":%zu,\"stages\":[",
                PACKAGE_VERSION, COMPILER, __VERSION__, b->rate_hz, in->n_samples, in->n_ticks, in->n_cycles,
                b->rounds, sizeof(struct core));
        for (unsigned where = 0; where < PLACES; where++)
                for (unsigned k = 0; k < LINES; k++) {
                        printf("%s", where + k > 0 ? "," : "");
                        print_json_line(lines[k].name, places[where], &f[where][k], b->rounds);
                }
        puts("]}");
}

/* ---- the command -------------------------------------------------------------------------------------------- */

static const struct argp_option options[] = {
        {"json", 'j', NULL, 0, "One JSON object", 0},
        {"rate", 'r', "HZ", 0, "Of the sensor, 20 to 1000 (100)", 0},
        {"rounds", 'n', "N", 0, "5 to 1001 (51)", 0},
        {"callgrind", 'c', NULL, 0, "Count instructions with valgrind", 0},
        {"once", 'o', "LINE", OPTION_HIDDEN, NULL, 0},
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
                b->once = arg;
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
        static struct figures figures[PLACES][LINES];
        static struct bench bench = {.rate_hz = 100, .rounds = 51};

        argp_err_exit_status = EX_USAGE;
        if (argp_parse(&argp, argc, argv, 0, NULL, &bench) != 0)
                return EX_USAGE;
        prepare(&bench);
        if (bench.once)
                run_once(&bench);
        else {
                measure(&bench, figures);
                count(&bench, figures);
                if (bench.json)
                        print_json(&bench, figures);
                else
                        print_table(&bench, figures);
        }
        for (unsigned i = 0; i < PLACES; i++)
                input_free(&bench.inputs[i]);
        return ferror(stdout) || fflush(stdout) != 0 ? EX_IOERR : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* repcast-accuracy: runs the cells on all processors and prints the tables. */

#include <argp.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accuracy/cells.h"
#include "accuracy/ideal.h"
#include "accuracy/report.h"
#include "util/macros.h"
#include "util/number.h"

#define QUICK       6 /* a sixth of the sets */
#define THREADS_MAX 64

struct suite {
        struct cells cells;
        struct exercises exercises;
        struct result *results; /* of the chosen cells */
        size_t n;

        const char *only; /* part of a cell's name or its section; NULL = all */
        const char *json; /* file */
        enum seeds seeds;
        bool quick, gated, gate, list, ideal, told, blind, limits;
        const char *write; /* file */
        unsigned set;      /* the one to write */
        const char *count; /* recording whose reps to count, as that of this lift */
        const char *lift;
        double doubt_mps2;
        enum part without;
        bool ablation; /* everything, then without each part in turn */

        atomic_size_t next;
        atomic_int error;
        pthread_mutex_t print;
};

enum option_key {
        OPTION_SEEDS = 0x100,
        OPTION_QUICK,
        OPTION_ONLY,
        OPTION_GATED,
        OPTION_JSON,
        OPTION_GATE,
        OPTION_IDEAL,
        OPTION_TOLD,
        OPTION_BLIND,
        OPTION_LIMITS,
        OPTION_DOUBT,
        OPTION_FAULTS,
        OPTION_WRITE,
        OPTION_SET,
        OPTION_WITHOUT,
        OPTION_ABLATION,
        OPTION_COUNT,
        OPTION_LIFT,
};

static const struct argp_option options[] = {
        {"seeds", OPTION_SEEDS, "dev|figure", 0,
                "Which sets: those to develop with (default), or those for the record", 0},
        {"quick", OPTION_QUICK, NULL, 0, "A sixth of the sets", 0},
        {"only", OPTION_ONLY, "TEXT", 0, "Cells with this in their name or section", 0},
        {"gated", OPTION_GATED, NULL, 0, "Gated cells only", 0},
        {"json", OPTION_JSON, "FILE", 0, "Write every figure there, too", 0},
        {"gate", OPTION_GATE, NULL, 0, "Fail where a gate is not met", 0},
        {"ideal", OPTION_IDEAL, NULL, 0, "What a perfect sensor would get by the same definitions", 0},
        {"limits", OPTION_LIMITS, NULL, 0, "What a perfect sensor would get, beside each goal", 0},
        {"doubt", OPTION_DOUBT, "MM/S2", 0,
                "With --ideal: the live display's acceleration errs by so much, rms, 0 to 100", 0},
        {"told", OPTION_TOLD, NULL, 0, "What look back and display get that are told the true borders", 0},
        {"blind", OPTION_BLIND, NULL, 0, "With --told: the display is not told when the bar is held", 0},
        {"faults", OPTION_FAULTS, NULL, 0, "List the missed and the false reps of the chosen cells", 0},
        {"write", OPTION_WRITE, "FILE", 0, "Instead: write a set of the one chosen cell as a recording", 0},
        {"set", OPTION_SET, "N", 0, "Which one, from 0", 0},
        {"without", OPTION_WITHOUT, "PART", 0,
                "Leave that out: beam, tracker, set-model, felt, border or handedness", 0},
        {"ablation", OPTION_ABLATION, NULL, 0, "A row without each of them, gated cells and idle hours", 0},
        {"count", OPTION_COUNT, "FILE", 0, "Instead: count the reps of a recording, after amendment", 0},
        {"lift", OPTION_LIFT, "EXERCISE", 0, "What it holds", 0},
        {0},
};

static error_t parse(int key, char *text, struct argp_state *state) {
        struct suite *s = state->input;
        uint64_t value;

        switch (key) {
        case OPTION_SEEDS:
                if (strcmp(text, "dev") != 0 && strcmp(text, "figure") != 0)
                        argp_error(state, "--seeds: dev or figure, not \"%s\"", text);
                s->seeds = text[0] == 'f' ? SEEDS_FIGURE : SEEDS_DEVELOPMENT;
                return 0;
        case OPTION_QUICK:
                s->quick = true;
                return 0;
        case OPTION_ONLY:
                s->only = text;
                return 0;
        case OPTION_GATED:
                s->gated = true;
                return 0;
        case OPTION_JSON:
                s->json = text;
                return 0;
        case OPTION_GATE:
                s->gate = true;
                return 0;
        case OPTION_IDEAL:
                s->ideal = true;
                return 0;
        case OPTION_LIMITS:
                s->limits = true;
                return 0;
        case OPTION_DOUBT:
                if (number_parse_u64(text, 0, 100, &value) < 0)
                        argp_error(state, "--doubt: 0 to 100, not \"%s\"", text);
                s->doubt_mps2 = (double) value / 1000;
                return 0;
        case OPTION_TOLD:
                s->told = true;
                return 0;
        case OPTION_BLIND:
                s->blind = true;
                return 0;
        case OPTION_FAULTS:
                s->list = true;
                return 0;
        case OPTION_WRITE:
                s->write = text;
                return 0;
        case OPTION_WITHOUT:
                s->without = part_from_string(text);
                if (s->without == _PART_MAX)
                        argp_error(state, "--without: no part is named \"%s\"", text);
                return 0;
        case OPTION_ABLATION:
                s->ablation = true;
                return 0;
        case OPTION_COUNT:
                s->count = text;
                return 0;
        case OPTION_LIFT:
                s->lift = text;
                return 0;
        case OPTION_SET:
                if (number_parse_u64(text, 0, 999, &value) < 0)
                        argp_error(state, "--set: 0 to 999, not \"%s\"", text);
                s->set = (unsigned) value;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static void tell(const char *text, void *userdata) {
        (void) userdata;
        fprintf(stderr, "repcast-accuracy: %s\n", text);
}

static bool chosen(const struct suite *s, const struct cell *c) {
        if (s->ideal && c->section == SECTION_IDLE)
                return false;
        if ((s->gated && !c->gated) || (s->ablation && !c->gated && c->section != SECTION_IDLE))
                return false;
        return !s->only || strstr(c->name, s->only) || strstr(section_to_string(c->section), s->only);
}

static int prepare(struct suite *s) {
        struct faults faults = {.sink = tell};
        int k;

        k = exercises_load(NULL, &faults, &s->exercises);
        if (k < 0)
                return k;
        k = cells_init(&s->cells);
        if (k < 0)
                return k;
        s->results = calloc(s->cells.n + 1, sizeof(*s->results));
        if (!s->results)
                return -ENOMEM;
        for (size_t i = 0; i < s->cells.n; i++) {
                const struct cell *c = &s->cells.items[i];

                if (s->only && strcmp(c->name, s->only) == 0) { /* a full name means that cell alone */
                        s->results[0].cell = c;
                        s->n = 1;
                        break;
                }
                if (chosen(s, c))
                        s->results[s->n++].cell = c;
        }
        if (s->n == 0) {
                tell("no cell has that in its name or section", NULL);
                return -ENOENT;
        }
        if (s->write && (s->n > 1 || s->results[0].cell->section == SECTION_IDLE)) {
                tell("--write needs --only with the full name of one cell that has sets", NULL);
                return -EINVAL;
        }
        return 0;
}

struct place {
        struct suite *suite;
        const struct cell *cell;
        unsigned set;
};

static void print_fault(const struct fault *fault, void *userdata) {
        const struct place *p = userdata;

        pthread_mutex_lock(&p->suite->print);
        printf("%-46s set %2u rep %u  %-10s %7.2f to %7.2f s  %+.2f s%s%s\n", p->cell->name, p->set, fault->rep,
                fault_to_string(fault->kind), fault->start_s, fault->end_s, fault->error_s,
                fault->phase == PHASE_REST ? "" : "  ",
                fault->phase == PHASE_REST ? "" : phase_to_string(fault->phase));
        pthread_mutex_unlock(&p->suite->print);
}

static int run_idle(
        const struct cell *c, const struct trial *t, struct trial_truth *truth, struct outcome *ret) {
        *truth = (struct trial_truth){.duration_s = IDLE_S};
        return idle_run(&t->options, t->exercise, c->idle, IDLE_S, t->without, ret);
}

static int run_set(struct suite *s, struct result *r, unsigned set) {
        struct place place = {s, r->cell, set};
        struct trial trial = cell_trial(r->cell, s->seeds, set, &s->exercises);
        struct trial_truth truth;
        struct outcome outcome;
        int k;

        trial.told = s->told;
        trial.blind = s->blind;
        trial.doubt_mps2 = s->doubt_mps2;
        trial.without = s->without;
        if (s->ideal)
                k = ideal_run(&trial, &truth, &outcome);
        else
                k = r->cell->section == SECTION_IDLE ? run_idle(r->cell, &trial, &truth, &outcome)
                                                     : trial_run(&trial, &truth, &outcome);
        if (k >= 0)
                score_add(&r->score, &truth, &outcome, s->list ? print_fault : NULL, &place);
        trial_truth_done(&truth);
        outcome_done(&outcome);
        return k;
}

/* The same set with a perfect sensor. Goals are about gated cells. */
static int run_limit(struct suite *s, struct result *r, unsigned set) {
        struct trial trial = cell_trial(r->cell, s->seeds, set, &s->exercises);
        struct trial_truth truth;
        struct outcome outcome;
        int k;

        if (!s->limits || !r->cell->gated)
                return 0;
        k = ideal_run(&trial, &truth, &outcome);
        if (k >= 0)
                score_add(&r->limit, &truth, &outcome, NULL, NULL);
        trial_truth_done(&truth);
        outcome_done(&outcome);
        return k;
}

static int run_cell(struct suite *s, struct result *r) {
        unsigned n = s->quick ? (r->cell->sets + QUICK - 1) / QUICK : r->cell->sets;
        int k = 0;

        for (unsigned set = 0; set < n && k >= 0; set++) {
                k = run_set(s, r, set);
                if (k >= 0)
                        k = run_limit(s, r, set);
        }
        return k < 0 ? k : r->score.failed || r->limit.failed ? -ENOMEM : 0;
}

static void *work(void *userdata) {
        struct suite *s = userdata;
        size_t i;

        while ((i = atomic_fetch_add(&s->next, 1)) < s->n) {
                struct result *r = &s->results[s->n - 1 - i]; /* the longest come last: begin with them */
                int k = run_cell(s, r);

                if (k < 0) {
                        fprintf(stderr, "repcast-accuracy: %s: %s\n", r->cell->name, strerror(-k));
                        atomic_store(&s->error, k);
                }
        }
        return NULL;
}

static int run_all(struct suite *s) {
        pthread_t threads[THREADS_MAX];
        unsigned n = 0, wanted = (unsigned) CLAMP(sysconf(_SC_NPROCESSORS_ONLN), 1L, (long) THREADS_MAX);

        while (n < wanted && pthread_create(&threads[n], NULL, work, s) == 0)
                n++;
        if (n == 0)
                work(s);
        while (n > 0)
                pthread_join(threads[--n], NULL);
        return atomic_load(&s->error);
}

static void forget(struct suite *s) {
        for (size_t i = 0; i < s->n; i++) {
                score_done(&s->results[i].score);
                score_done(&s->results[i].limit);
                s->results[i] = (struct result){.cell = s->results[i].cell};
        }
        atomic_store(&s->next, 0);
}

static void gather(const struct suite *s, struct ablation *ret) {
        *ret = (struct ablation){.without = part_to_string(s->without)};
        for (size_t i = 0; i < s->n; i++) {
                const struct result *r = &s->results[i];

                if (r->cell->gated)
                        score_merge(&ret->gated, &r->score);
                if (r->cell->gated && r->cell->tempo_s[0] >= LONG_S)
                        score_merge(&ret->slow, &r->score);
                if (r->cell->section == SECTION_IDLE)
                        score_merge(&ret->idle, &r->score);
        }
}

/* The whole suite once for each part. */
static int ablate(struct suite *s) {
        struct ablation rows[_PART_MAX] = {0};
        int k = 0;

        for (s->without = PART_NONE; s->without < _PART_MAX && k >= 0; s->without++) {
                k = run_all(s);
                gather(s, &rows[s->without]);
                forget(s);
        }
        if (k >= 0)
                report_ablation(stdout, rows, _PART_MAX);
        for (unsigned i = 0; i < _PART_MAX; i++) {
                score_done(&rows[i].gated);
                score_done(&rows[i].slow);
                score_done(&rows[i].idle);
        }
        return k;
}

static int count(const struct suite *s) {
        const struct exercise *x = s->lift ? exercises_find(&s->exercises, s->lift, NULL) : NULL;
        unsigned n;
        int k;

        if (!x) {
                tell("--count needs --lift with an exercise", NULL);
                return -EINVAL;
        }
        k = without_count(s->count, x, s->without, &n);
        if (k >= 0)
                printf("%u\n", n);
        return k;
}

static int write_set(const struct suite *s) {
        struct trial trial = cell_trial(s->results[0].cell, s->seeds, s->set, &s->exercises);
        FILE *f = fopen(s->write, "we");
        int k;

        if (!f)
                return -errno;
        k = synth_write(&trial.options, f);
        if (fclose(f) != 0 && k >= 0)
                k = -errno;
        return k;
}

static int report(const struct suite *s, unsigned *ret_unmet) {
        struct results results = {
                .items = s->results, .n = s->n, .seeds = s->seeds, .quick = s->quick, .ideal = s->ideal};
        FILE *f;

        report_text(stdout, &results);
        *ret_unmet = report_unmet(&results);
        if (!s->json)
                return fflush(stdout) == 0 ? 0 : -errno;
        f = fopen(s->json, "we");
        if (!f)
                return -errno;
        report_json(f, &results);
        return fclose(f) == 0 ? 0 : -errno;
}

int main(int argc, char *argv[]) {
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "Measure the signal core on synthetic sets with exact truth (tests/accuracy/README.md).",
        };
        struct suite s = {.print = PTHREAD_MUTEX_INITIALIZER};
        unsigned unmet = 0;
        int k;

        argp_parse(&argp, argc, argv, 0, NULL, &s);
        k = prepare(&s);
        if (k >= 0 && s.write)
                k = write_set(&s);
        else if (k >= 0 && s.count)
                k = count(&s);
        else if (k >= 0 && s.ablation)
                k = ablate(&s);
        else if (k >= 0) {
                k = run_all(&s);
                if (k >= 0)
                        k = report(&s, &unmet);
        }
        if (k < 0)
                fprintf(stderr, "repcast-accuracy: %s\n", strerror(-k));
        forget(&s);
        free(s.results);
        cells_done(&s.cells);
        exercises_done(&s.exercises);
        return k < 0 ? EXIT_FAILURE : s.gate && unmet > 0 ? 2 : EXIT_SUCCESS;
}

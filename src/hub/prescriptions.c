/* SPDX-License-Identifier: Apache-2.0 */
/* The table of prescriptions from its files: one [section] for each. */

#include "hub/prescriptions.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/sections.h"
#include "util/macros.h"
#include "util/number.h"
#include "util/suggest.h"
#include "util/textfile.h"

#define PHASE_MOST_S 20.0 /* the tracker looks back on a rep over 25 s */
#define COUNT_MOST   100
#define LOAD_MOST    200.0

DEFINE_CLEANUP(FILE *, fclose);

/* ---- values that have a form of their own ---- */

static int parse_part(const char *s, bool concentric, struct tempo_part *ret) {
        struct tempo_part part = {.rule = TEMPO_PACED};

        if (strcmp(s, "*") == 0) {
                *ret = (struct tempo_part){.rule = TEMPO_FREE};
                return 0;
        }
        if (strcmp(s, "X") == 0) {
                *ret = (struct tempo_part){.rule = TEMPO_FAST};
                return concentric ? 0 : -EINVAL;
        }
        if (*s == '<' || *s == '>')
                part.rule = *s++ == '<' ? TEMPO_AT_MOST : TEMPO_AT_LEAST;
        if (strspn(s, "0123456789.") != strlen(s) || number_parse_double(s, 0, PHASE_MOST_S, &part.s) < 0)
                return -EINVAL;
        *ret = part;
        return 0;
}

int prescription_parse_tempo(const char *s, struct tempo_part ret[static _PHASE_TEMPO_MAX]) {
        struct tempo_part parts[_PHASE_TEMPO_MAX];

        for (unsigned i = 0; i < _PHASE_TEMPO_MAX; i++) {
                char part[PRESCRIPTION_TEMPO_MAX];
                size_t n = strcspn(s, "-");

                if (n >= sizeof(part) || (s[n] == '-') != (i + 1 < _PHASE_TEMPO_MAX))
                        return -EINVAL;
                memcpy(part, s, n);
                part[n] = '\0';
                if (parse_part(part, i == PHASE_CONCENTRIC, &parts[i]) < 0)
                        return -EINVAL;
                s += n + (s[n] == '-');
        }
        memcpy(ret, parts, sizeof(parts));
        return 0;
}

/* "8", "6-10". */
static int parse_range(const char *s, double least, double most, double *ret_min, double *ret_max) {
        char first[PRESCRIPTION_RANGE_MAX];
        size_t n = strcspn(s, "-");
        double min, max;

        if (n >= sizeof(first))
                return -EINVAL;
        memcpy(first, s, n);
        first[n] = '\0';
        if (number_parse_double(first, least, most, &min) < 0 ||
                number_parse_double(s[n] == '-' ? s + n + 1 : first, min, most, &max) < 0)
                return -EINVAL;
        *ret_min = min;
        *ret_max = max;
        return 0;
}

static bool is_tempo(const char *s) {
        struct tempo_part parts[_PHASE_TEMPO_MAX];

        return prescription_parse_tempo(s, parts) >= 0;
}

static bool is_count(const char *s) {
        double min, max;

        return strspn(s, "0123456789-") == strlen(s) && parse_range(s, 1, COUNT_MOST, &min, &max) >= 0;
}

static bool is_load(const char *s) {
        double min, max;

        return parse_range(s, 1, LOAD_MOST, &min, &max) >= 0;
}

static void take_counts(const char *s, unsigned *ret_min, unsigned *ret_max) {
        double min = 0, max = 0;

        if (*s != '\0')
                (void) parse_range(s, 1, COUNT_MOST, &min, &max); /* the key's own check has passed it */
        *ret_min = (unsigned) min;
        *ret_max = (unsigned) max;
}

static void take_texts(struct prescription *p) {
        (void) prescription_parse_tempo(p->tempo_text, p->tempo); /* as above */
        take_counts(p->reps_text, &p->reps_min, &p->reps_max);
        take_counts(p->sets_text, &p->sets_min, &p->sets_max);
        p->load_min_pct = p->load_max_pct = (double) NAN;
        if (*p->load_text != '\0')
                (void) parse_range(p->load_text, 1, LOAD_MOST, &p->load_min_pct, &p->load_max_pct);
}

/* ---- keys ---- */

static const char *kind_word(unsigned i) {
        return prescription_kind_to_string(i);
}

static const char *base_word(unsigned i) {
        return prescription_base_to_string(i);
}

#define FIELD(name)                                                                                            \
        .offset = offsetof(struct prescription, name), .size = sizeof(((struct prescription *) NULL)->name)

/* clang-format off */
static const struct key keys[] = {
        { "Title", KEY_TEXT, FIELD(title), .preset = "", .allowed = "a line of words", .what = "what it is, for people" },
        { "Kind", KEY_WORD, FIELD(kind), .preset = "normal", .word = kind_word,
                .what = "kind of set; in supramaximal and eccentric-only ones others help the bar up, and the eccentric alone is judged" },
        { "Tempo", KEY_TEXT, FIELD(tempo_text), .check = is_tempo,
                .allowed = "E-B-C-T with seconds from 0 to 20, <seconds (at most), >seconds (at least), * (not judged), or X (as fast as possible) for C",
                .what = "seconds of eccentric, bottom pause, concentric and top pause" },
        { "Tolerance", KEY_NUMBER, FIELD(tolerance_s), .preset = "0.3", .min = 0, .max = 5, .unit = "s",
                .what = "what a figure of the tempo may be off by" },
        { "TolerancePct", KEY_NUMBER, FIELD(tolerance_pct), .preset = "10", .min = 0, .max = 100, .unit = "% of it",
                .what = "the same as a share; the greater of both counts" },
        { "Reps", KEY_TEXT, FIELD(reps_text), .preset = "", .check = is_count, .allowed = "a number or a range from 1 to 100, as 6-10",
                .what = "reps of a set" },
        { "Sets", KEY_TEXT, FIELD(sets_text), .preset = "", .check = is_count, .allowed = "a number or a range from 1 to 100, as 3-4",
                .what = "sets of a workout" },
        { "LoadOf", KEY_WORD, FIELD(load_of), .preset = "one-rm", .word = base_word, .what = "weight that Load is a share of" },
        { "Load", KEY_TEXT, FIELD(load_text), .preset = "", .check = is_load, .allowed = "per cent or a range of them from 1 to 200, as 105-130",
                .what = "load as a share of that weight" },
        { "VelocityLoss", KEY_NUMBER, FIELD(velocity_loss_pct), .preset = "", .min = 1, .max = 90, .unit = "%",
                .what = "loss of concentric velocity against the set's best rep at which the set ends" },
        { "Budget", KEY_UNSIGNED, FIELD(budget_sets), .preset = "0", .min = 0, .max = 100, .unit = "sets",
                .what = "negative sets of an athlete's workout at most; 0: any number" },
        { "HoldAtLeast", KEY_NUMBER, FIELD(hold_s), .preset = "", .min = 0.5, .max = 20, .unit = "s",
                .what = "who cannot make the eccentric last so long takes weight off" },
};
/* clang-format on */

const struct key_table prescription_keys = {.keys = keys, .n = ARRAY_SIZE(keys)};

/* ---- the table ---- */

struct reading {
        struct prescriptions *table;
        struct prescription prescription;
        bool given[PRESCRIPTIONS_MAX]; /* by this file: a shipped one may be written over, but once */
};

static struct prescription *find_exact(const struct prescriptions *p, const char *name) {
        for (size_t i = 0; i < p->n; i++)
                if (strcmp(p->items[i].name, name) == 0)
                        return &p->items[i];
        return NULL;
}

static bool is_known(void *userdata, const char *name) {
        const struct reading *reading = userdata;
        const struct prescription *found = find_exact(reading->table, name);

        return found && reading->given[found - reading->table->items];
}

/* Who is told to hold a negative for longer than it is to last? */
static bool holds_too_long(const struct prescription *p) {
        const struct tempo_part *e = &p->tempo[PHASE_ECCENTRIC];

        return isfinite(p->hold_s) && e->rule != TEMPO_FREE && p->hold_s > e->s;
}

static struct prescription *place_of(struct prescriptions *table, const char *name) {
        struct prescription *items, *known = find_exact(table, name);

        if (known)
                return known;
        items = reallocarray(table->items, table->n + 1, sizeof(*items));
        if (!items)
                return NULL;
        table->items = items;
        return &table->items[table->n++];
}

static int take(void *userdata, const char *section, const struct key_origin *place,
        const struct key_origin *origins, struct faults *faults) {
        struct reading *reading = userdata;
        struct prescription *p = &reading->prescription, *at;
        struct prescriptions *table = reading->table;

        take_texts(p);
        if (holds_too_long(p)) {
                size_t i = keys_index(&prescription_keys, offsetof(struct prescription, hold_s));

                key_fault(&keys[i], &origins[i], faults,
                        "%.10g s is longer than the eccentric of Tempo=%s; at most that is allowed", p->hold_s,
                        p->tempo_text);
                return 0;
        }
        if (table->n == PRESCRIPTIONS_MAX && !find_exact(table, p->name)) {
                faults_add(faults, place->path, place->line,
                        "%s: more than %d prescriptions; that many are allowed", section, PRESCRIPTIONS_MAX);
                return 0;
        }
        at = place_of(table, p->name);
        if (!at)
                return -ENOMEM;
        *at = *p;
        reading->given[at - table->items] = true;
        return 0;
}

static int read_table(FILE *file, const char *name, struct prescriptions *table, struct faults *faults) {
        struct reading reading = {.table = table};
        const struct sections sections = {
                .keys = &prescription_keys,
                .what = "a prescription",
                .object = &reading.prescription,
                .name = reading.prescription.name,
                .name_size = sizeof(reading.prescription.name),
                .is_known = is_known,
                .take = take,
                .userdata = &reading,
        };

        return sections_read(&sections, file, name, faults);
}

static int read_builtin(struct prescriptions *table, struct faults *faults) {
        _cleanup_(fclosep) FILE *file =
                fmemopen((void *) (uintptr_t) prescriptions_builtin, prescriptions_builtin_size, "r");

        return file ? read_table(file, PRESCRIPTIONS_BUILTIN_NAME, table, faults) : -errno;
}

int prescriptions_load(const char *path, struct faults *faults, struct prescriptions *ret) {
        _cleanup_(prescriptions_done) struct prescriptions table = {NULL, 0};
        _cleanup_(fclosep) FILE *file = NULL;
        const char *why = NULL;
        unsigned faults_before = faults->n;
        int r = read_builtin(&table, faults);

        if (r >= 0 && path) {
                file = textfile_open(path, &why);
                r = file ? read_table(file, path, &table, faults) : -EINVAL;
        }
        if (r < 0) {
                faults_add(faults, path ? path : PRESCRIPTIONS_BUILTIN_NAME, 0, "cannot be read: %s",
                        why ? why : strerror(-r));
                return r;
        }
        if (faults->n > faults_before)
                return -EINVAL;
        *ret = table;
        table = (struct prescriptions){NULL, 0};
        return 0;
}

void prescriptions_done(struct prescriptions *p) {
        free(p->items);
        *p = (struct prescriptions){NULL, 0};
}

const struct prescription *prescriptions_find(
        const struct prescriptions *p, const char *name, const char **ret_nearest) {
        const struct prescription *found = find_exact(p, name);
        struct suggest nearest;

        if (ret_nearest) {
                suggest_init(&nearest, name);
                for (size_t i = 0; i < p->n && !found; i++)
                        suggest_offer(&nearest, p->items[i].name);
                *ret_nearest = suggest_best(&nearest);
        }
        return found;
}

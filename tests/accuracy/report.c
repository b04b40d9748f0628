/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for cells, families and tempos. */

#include "accuracy/report.h"

#include <math.h>
#include <string.h>

#include "accuracy/goals.h"
#include "util/macros.h"

/* A figure of unknown size in a column; nothing was measured: a dash. */
static void print_figure(FILE *f, double x, int width, int digits) {
        if (isnan(x))
                fprintf(f, " %*s", width, "-");
        else if (isinf(x))
                fprintf(f, " %*s", width, "never");
        else
                fprintf(f, " %*.*f", width, digits, x);
}

static double per_100(size_t n, size_t of) {
        return of > 0 ? 100.0 * (double) n / (double) of : (double) NAN;
}

static void print_head(FILE *f, const char *title) {
        fprintf(f,
                "\n%-46s  reps found   FN   FP     F1  at lock  eccentric s  con s        1-99%% s     mean v  "
                " ROM"
                "  loss   live s       again early rack  final s    sure true\n",
                title);
        fprintf(f,
                "%-46s                                 -out F1  med    p95   med    p95   ecc   con    mm/s"
                "    mm  pts   med    p90    /100  /100    s  med   p95    %%    %%\n",
                "");
}

static void print_row(FILE *f, const char *name, const struct score *s) {
        const struct rep_score *r = &s->reps[AMENDED];
        struct series eccentric = series_join(&r->eccentric_short_s, &r->eccentric_long_s);

        fprintf(f, "%-46s %5zu %5zu %4zu %4zu", name, r->n_true, r->found, r->n_true - r->matched,
                r->found - r->matched);
        print_figure(f, score_f1(r), 6, 3);
        print_figure(f, score_f1(&s->reps[AT_LOCKOUT]), 7, 3);
        print_figure(f, series_quantile(&eccentric, 0.5), 6, 3);
        print_figure(f, series_quantile(&eccentric, 0.95), 6, 2);
        print_figure(f, series_quantile(&r->concentric_s, 0.5), 6, 3);
        print_figure(f, series_quantile(&r->concentric_s, 0.95), 6, 2);
        print_figure(f, series_quantile(&r->eccentric_moving_s, 0.5), 5, 2);
        print_figure(f, series_quantile(&r->concentric_moving_s, 0.5), 5, 2);
        print_figure(f, 1000 * series_mean(&r->velocity_mps), 7, 1);
        print_figure(f, 1000 * series_mean(&r->rom_m), 5, 1);
        print_figure(f, series_quantile(&r->loss_points, 0.5), 4, 1);
        print_figure(f, series_signed_quantile(&s->live.delay_s, 0.5), 6, 2);
        print_figure(f, series_signed_quantile(&s->live.delay_s, 0.9), 6, 2);
        print_figure(f, per_100(s->live.extra, s->live.borders), 5, 1);
        print_figure(f, per_100(s->live.early, s->live.borders), 5, 1);
        print_figure(f, series_mean(&s->live.racked_s), 4, 1);
        print_figure(f, series_signed_quantile(&r->delay_s, 0.5), 5, 2);
        print_figure(f, series_signed_quantile(&r->delay_s, 0.95), 5, 2);
        print_figure(f, per_100(r->sure_true, r->sure), 4, 0);
        print_figure(f, per_100(r->sure_true, r->matched), 4, 0);
        fputc('\n', f);
        series_done(&eccentric);
}

/* One row for all the cells of a section that a word of the name picks. */
static void print_pool(FILE *f, const struct results *r, enum section section, const char *label,
        const char *word, bool hard) {
        struct score sum = {0};

        for (size_t i = 0; i < r->n; i++) {
                const struct cell *c = r->items[i].cell;
                size_t n = strlen(word);
                bool ends = strlen(c->name) >= n && strcmp(c->name + strlen(c->name) - n, word) == 0;

                if (c->section == section && c->trial.options.hard == hard &&
                        (ends || strncmp(c->name, word, n) == 0))
                        score_merge(&sum, &r->items[i].score);
        }
        if (sum.reps[AMENDED].n_true > 0)
                print_row(f, label, &sum);
        score_done(&sum);
}

static void print_families(FILE *f, const struct results *r) {
        char label[CELL_NAME_MAX];

        print_head(f, "by family, all tempos");
        for (int hard = 0; hard < 2; hard++)
                for (int family = 0; family < _SYNTH_FAMILY_MAX; family++) {
                        const char *word = synth_family_to_string((enum synth_family) family);

                        snprintf(label, sizeof(label), "%s, %s", word, hard ? "hard" : "easy");
                        print_pool(f, r, SECTION_TEMPO, label, word, hard);
                }
}

/* The name of a tempo's cells begins with the tempo; those of one tempo follow each other. */
static void print_tempos(FILE *f, const struct results *r) {
        print_head(f, "by tempo, all families");
        for (int hard = 0; hard < 2; hard++) {
                char last[CELL_NAME_MAX] = "";

                for (size_t i = 0; i < r->n; i++) {
                        const struct cell *c = r->items[i].cell;
                        char word[CELL_NAME_MAX], label[CELL_NAME_MAX + 8];
                        size_t n = strcspn(c->name, " ") + 1;

                        if (c->section != SECTION_TEMPO || c->trial.options.hard != hard)
                                continue;
                        memcpy(word, c->name, n);
                        word[n] = '\0';
                        if (strcmp(word, last) == 0)
                                continue;
                        strcpy(last, word);
                        snprintf(label, sizeof(label), "%s%s", word, hard ? "hard" : "easy");
                        print_pool(f, r, SECTION_TEMPO, label, word, hard);
                }
        }
}

static const char *seeds_to_string(enum seeds seeds) {
        return seeds == SEEDS_FIGURE ? "figure" : "development";
}

static void print_goals(FILE *f, const struct results *r) {
        struct goal goals[GOALS_MAX];
        unsigned n = goals_measure(r, goals);

        fprintf(f, "\n%-62s %9s %9s %9s %9s  %s\n", "goal, gated hard cells", "gate", "stretch", "measured",
                "perfect", "met?");
        for (unsigned i = 0; i < n; i++) {
                const struct goal *g = &goals[i];

                fprintf(f, "%-62s", g->name);
                print_figure(f, g->gate, 9, g->digits);
                print_figure(f, g->stretch, 9, g->digits);
                print_figure(f, g->measured, 9, g->digits);
                print_figure(f, g->perfect, 9, g->digits);
                fprintf(f, "  %s\n",
                        isnan(g->measured)       ? "not measured"
                                : !goal_met(g)   ? "NO"
                                : goal_great(g)  ? "stretch"
                                : isnan(g->gate) ? "reported"
                                                 : "yes");
        }
}

static void print_idle(FILE *f, const struct results *r) {
        bool any = false;

        for (size_t i = 0; i < r->n; i++) {
                const struct score *s = &r->items[i].score;

                if (r->items[i].cell->section != SECTION_IDLE)
                        continue;
                if (!any)
                        fprintf(f, "\n%-46s  hours  false reps at lockout  after amendment\n", "idle");
                any = true;
                fprintf(f, "%-46s %6.2f %22zu %16zu\n", r->items[i].cell->name, s->stream_s / 3600,
                        s->reps[AT_LOCKOUT].found, s->reps[AMENDED].found);
        }
}

void report_text(FILE *f, const struct results *r) {
        fprintf(f, "synthetic sets, %s seeds%s: %s\n", seeds_to_string(r->seeds),
                r->quick ? ", QUICK (a sixth of the reps)" : "",
                r->ideal ? "PERFECT VELOCITY in place of the core, only borders are found in it"
                         : "a ceiling, not the accuracy of a device on a bar");
        print_goals(f, r);
        if (r->n > 0 && r->items[0].cell->section == SECTION_TEMPO) { /* they come first */
                print_families(f, r);
                print_tempos(f, r);
        }
        for (enum section section = 0; section < SECTION_IDLE; section++) {
                bool any = false;

                for (size_t i = 0; i < r->n; i++) {
                        char name[CELL_NAME_MAX + 2];

                        if (r->items[i].cell->section != section)
                                continue;
                        if (!any)
                                print_head(f, section_to_string(section));
                        any = true;
                        snprintf(name, sizeof(name), "%s%s", r->items[i].cell->name,
                                r->items[i].cell->gated ? "" : " *");
                        print_row(f, name, &r->items[i].score);
                }
        }
        print_idle(f, r);
        fprintf(f, "\n* not among the gated cells\n");
}

void report_ablation(FILE *f, const struct ablation *rows, size_t n) {
        print_head(f, "gated hard cells, without");
        for (size_t i = 0; i < n; i++)
                print_row(f, rows[i].without, &rows[i].gated);
        fprintf(f, "\n%-46s  F1, eccentrics from 5 s  false reps in %.1f idle hours\n", "without",
                n > 0 ? rows[0].idle.stream_s / 3600 : 0);
        for (size_t i = 0; i < n; i++) {
                fprintf(f, "%-46s", rows[i].without);
                print_figure(f, score_f1(&rows[i].slow.reps[AMENDED]), 24, 3);
                fprintf(f, " %29zu\n", rows[i].idle.reps[AMENDED].found);
        }
}

/* ---- JSON ---- */

static void json_figure(FILE *f, const char *key, double x) {
        if (isfinite(x))
                fprintf(f, ",\"%s\":%.6g", key, x);
        else
                fprintf(f, ",\"%s\":null", key);
}

static void json_series(FILE *f, const char *key, const struct series *s, double high) {
        fprintf(f, ",\"%s\":{\"n\":%zu", key, s->n);
        json_figure(f, "median", series_quantile(s, 0.5));
        json_figure(f, "bias", series_signed_quantile(s, 0.5));
        json_figure(f, high > 0.92 ? "p95" : "p90", series_quantile(s, high));
        json_figure(f, "mean", series_mean(s));
        fputc('}', f);
}

static void json_reps(FILE *f, const char *key, const struct rep_score *r) {
        fprintf(f, ",\"%s\":{\"found\":%zu,\"matched\":%zu,\"sure\":%zu,\"sure_true\":%zu", key, r->found,
                r->matched, r->sure, r->sure_true);
        json_figure(f, "f1", score_f1(r));
        json_series(f, "eccentric_under_5_s", &r->eccentric_short_s, 0.95);
        json_series(f, "eccentric_from_5_s", &r->eccentric_long_s, 0.95);
        json_series(f, "concentric_s", &r->concentric_s, 0.95);
        json_series(f, "eccentric_1_99_s", &r->eccentric_moving_s, 0.95);
        json_series(f, "concentric_1_99_s", &r->concentric_moving_s, 0.95);
        json_series(f, "mean_velocity_mps", &r->velocity_mps, 0.95);
        json_series(f, "rom_m", &r->rom_m, 0.95);
        json_series(f, "velocity_loss_points", &r->loss_points, 0.95);
        json_series(f, "final_s", &r->delay_s, 0.95);
        fputc('}', f);
}

static void json_cell(FILE *f, const struct result *r) {
        const struct score *s = &r->score;

        fprintf(f, "{\"section\":\"%s\",\"cell\":\"%s\",\"gated\":%s,\"true\":%zu",
                section_to_string(r->cell->section), r->cell->name, r->cell->gated ? "true" : "false",
                s->reps[AMENDED].n_true);
        json_reps(f, "at_lockout", &s->reps[AT_LOCKOUT]);
        json_reps(f, "amended", &s->reps[AMENDED]);
        fprintf(f, ",\"borders\":%zu,\"shown_again\":%zu,\"shown_early\":%zu", s->live.borders, s->live.extra,
                s->live.early);
        json_series(f, "live_s", &s->live.delay_s, 0.9);
        json_series(f, "racked_s", &s->live.racked_s, 0.9);
        fputc('}', f);
}

void report_json(FILE *f, const struct results *r) {
        struct goal goals[GOALS_MAX];
        unsigned n = goals_measure(r, goals);

        fprintf(f, "{\"seeds\":\"%s\",\"quick\":%s,\"goals\":[", seeds_to_string(r->seeds),
                r->quick ? "true" : "false");
        for (unsigned i = 0; i < n; i++) {
                fprintf(f, "%s\n{\"name\":\"%s\",\"met\":%s", i > 0 ? "," : "", goals[i].name,
                        goal_met(&goals[i]) ? "true" : "false");
                json_figure(f, "gate", goals[i].gate);
                json_figure(f, "stretch", goals[i].stretch);
                json_figure(f, "measured", goals[i].measured);
                json_figure(f, "perfect", goals[i].perfect);
                fputc('}', f);
        }
        fprintf(f, "],\"cells\":[");
        for (size_t i = 0; i < r->n; i++) {
                fprintf(f, "%s\n", i > 0 ? "," : "");
                json_cell(f, &r->items[i]);
        }
        fprintf(f, "]}\n");
}

unsigned report_unmet(const struct results *r) {
        struct goal goals[GOALS_MAX];
        unsigned n = goals_measure(r, goals), unmet = 0;

        for (unsigned i = 0; i < n; i++)
                unmet += !goal_met(&goals[i]);
        return unmet;
}

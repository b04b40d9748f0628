/* SPDX-License-Identifier: Apache-2.0 */
/* The table that replay prints on a terminal. */

#include "ctl/table.h"

#include <errno.h>
#include <math.h>

#define DIM   "\033[2m"
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

static const char *paint(const struct table *t, const char *code) {
        return t->colour ? code : "";
}

static double seconds(uint64_t t_us) {
        return (double) t_us * 1e-6;
}

/* A figure in its column, or a dash where it is not known. */
static void cell(const struct table *t, int width, int decimals, double value) {
        if (isnan(value))
                fprintf(t->out, " %*s", width, "-");
        else
                fprintf(t->out, " %*.*f", width, decimals, value);
}

static void heading(struct table *t, uint32_t set) {
        if (t->set == set)
                return;
        t->set = set;
        fprintf(t->out, "%sset %u%s\n", paint(t, BOLD), set, paint(t, PLAIN));
        fprintf(t->out,
                "%s          start  before   ecc   bot   con     ROM   ecc mean  peak   con mean  peak   MPV   "
                "loss   TUT"
                "  conf  flags\n"
                "              s       s     s     s     s       m        m/s   m/s        m/s   m/s   m/s     "
                " %%     s%s\n",
                paint(t, DIM), paint(t, PLAIN));
}

static void flags(const struct table *t, unsigned flags) {
        for (unsigned flag = 1; flag < _REP_FLAG_MAX; flag <<= 1)
                if (flags & flag)
                        fprintf(t->out, "  %s", rep_flag_to_string(flag));
}

static void figures(struct table *t, const struct rep *r) {
        cell(t, 7, 2, seconds(r->start_us));
        cell(t, 7, 2, r->pause_before_s);
        cell(t, 5, 2, r->tempo_s[PHASE_ECCENTRIC]);
        cell(t, 5, 2, r->tempo_s[PHASE_BOTTOM]);
        cell(t, 5, 2, r->tempo_s[PHASE_CONCENTRIC]);
        cell(t, 7, 3, r->rom_m);
        cell(t, 10, 3, r->eccentric.mean_mps);
        cell(t, 5, 3, r->eccentric.peak_mps);
        cell(t, 10, 3, r->concentric.mean_mps);
        cell(t, 5, 3, r->concentric.peak_mps);
        cell(t, 5, 3, r->mpv_mps);
        cell(t, 6, 1, r->velocity_loss_pct);
        cell(t, 5, 2, r->tut_s);
        cell(t, 5, 2, r->confidence);
        flags(t, r->flags);
        fputc('\n', t->out);
}

static void add_rep(struct table *t, const struct rep *r) {
        heading(t, r->set);
        fprintf(t->out, "rep %3u", r->rep);
        figures(t, r);
        t->n_reps++;
}

static void add_amendment(struct table *t, const struct amend *a) {
        if (a->change == AMENDED_FIGURES) {
                fprintf(t->out, " so %3u", a->rep);
                figures(t, &a->figures);
                return;
        }
        fprintf(t->out, "rep %3u        taken back: %s\n", a->rep, rejection_to_string(a->reason));
        t->n_reps--;
}

static void add_set(struct table *t, const struct set *s) {
        fprintf(t->out, "set %u: %u rep%s, %.1f s under tension", s->set, s->n_reps, s->n_reps == 1 ? "" : "s",
                s->tut_s);
        if (!isnan(s->best_mps))
                fprintf(t->out, ", best %.2f m/s", s->best_mps);
        if (!isnan(s->velocity_loss_pct))
                fprintf(t->out, ", velocity loss %.0f %%", s->velocity_loss_pct);
        fprintf(t->out, "; ended by %s\n", set_end_to_string(s->end));
        t->n_sets++;
}

static void add_rejected(struct table *t, const struct rejected *r) {
        fprintf(t->out, "%s  -    %6.2f  not counted: %s, %.2f m in %.2f s", paint(t, DIM),
                seconds(r->start_us), rejection_to_string(r->reason), r->rom_m,
                seconds(r->end_us - r->start_us));
        if (!isnan(r->peak_mps))
                fprintf(t->out, ", peak %.2f m/s", r->peak_mps);
        fprintf(t->out, "%s\n", paint(t, PLAIN));
        t->n_rejected++;
}

static int table_begin(struct output *o, const struct output_source *source) {
        struct table *t = OUTPUT_OF(struct table, o);
        struct playback_info info = playback_get_info(source->playback);

        *t = (struct table){.output = t->output, .out = t->out, .colour = t->colour};
        fprintf(t->out, "%s: %s", source->path, source->exercise->name);
        if (info.header->sensor[0])
                fprintf(t->out, ", %s", info.header->sensor);
        if (!isnan(info.duration_s))
                fprintf(t->out, ", %.1f s", info.duration_s);
        if (!isnan(info.rate_hz))
                fprintf(t->out, " at %.1f Hz", info.rate_hz);
        return fputc('\n', t->out) < 0 ? -EIO : 0;
}

static int table_event(struct output *o, const struct event *event) {
        struct table *t = OUTPUT_OF(struct table, o);

        switch (event->type) {
        case EVENT_PHASE: /* a phase is a column of its rep */
        case _EVENT_MAX:
                break;
        case EVENT_REP:
                add_rep(t, &event->rep);
                break;
        case EVENT_SET:
                add_set(t, event->set);
                break;
        case EVENT_REJECTED:
                add_rejected(t, &event->rejected);
                break;
        case EVENT_AMEND:
                add_amendment(t, &event->amend);
                break;
        }
        return ferror(t->out) ? -EIO : 0;
}

static int table_end(struct output *o) {
        struct table *t = OUTPUT_OF(struct table, o);

        fprintf(t->out, "%u rep%s in %u set%s, %u movement%s not counted\n", t->n_reps,
                t->n_reps == 1 ? "" : "s", t->n_sets, t->n_sets == 1 ? "" : "s", t->n_rejected,
                t->n_rejected == 1 ? "" : "s");
        return ferror(t->out) ? -EIO : 0;
}

void table_init(struct table *t, FILE *out, bool colour) {
        static const struct output_methods methods = {
                .begin = table_begin,
                .event = table_event,
                .end = table_end,
        };
        *t = (struct table){.output.methods = &methods, .out = out, .colour = colour};
}

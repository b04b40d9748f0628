/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and curves of one strip. */

#include "ctl/strip.h"

#include <inttypes.h>
#include <math.h>

#include "util/macros.h"

/* Heights and fonts, px. */
#define SETS      18.0
#define NUMBERS   28.0
#define COUNTED   18.0
#define LIVE      11.0
#define TRUTH     14.0
#define REJECTED  10.0
#define LANE      11.0
#define LANES     2
#define ROW_GAP   3.0
#define CURVE     96.0
#define FORCE     46.0
#define PANEL_GAP 9.0
#define AXIS      34.0
#define SMALL     9.0
#define MEDIUM    10.0

#define CONFIDENT 0.9 /* a number with less is followed by a question mark */

#define TIP_MAX 400

struct strip {
        const struct chart *chart;
        struct svg *svg;
        const struct scene *scene;
        unsigned number;
        uint64_t start_us, end_us;
        double y; /* where the next row begins */
};

const char *strip_phase_class(enum phase phase) {
        switch (phase) {
        case PHASE_ECCENTRIC:
                return "ecc";
        case PHASE_BOTTOM:
                return "bot";
        case PHASE_CONCENTRIC:
                return "con";
        case PHASE_TOP:
                return "top";
        case PHASE_REST:
        case _PHASE_MAX:
                break;
        }
        return "rest";
}

static double seconds(const struct strip *s, uint64_t t_us) {
        return ((double) t_us - (double) s->chart->zero_us) * 1e-6;
}

static double duration(uint64_t start_us, uint64_t end_us) {
        return ((double) end_us - (double) start_us) * 1e-6;
}

static double x_of(const struct strip *s, uint64_t t_us) {
        return STRIP_LEFT +
                STRIP_WIDTH * ((double) t_us - (double) s->start_us) / (double) (s->end_us - s->start_us);
}

static uint64_t time_at(const struct strip *s, double share) {
        return s->start_us + (uint64_t) (share * (double) (s->end_us - s->start_us));
}

static bool is_within(const struct strip *s, uint64_t t_us) {
        return t_us >= s->start_us && t_us < s->end_us;
}

/* The part of a span that lies in the strip: false where there is none. */
static bool clip(const struct strip *s, uint64_t start_us, uint64_t end_us, double *ret_x, double *ret_width) {
        start_us = MAX(start_us, s->start_us);
        end_us = MIN(end_us, s->end_us);
        if (start_us >= end_us)
                return false;
        *ret_x = x_of(s, start_us);
        *ret_width = x_of(s, end_us) - *ret_x;
        return true;
}

/* Text in the middle of a box, if it fits. */
static void label(const struct strip *s, const char *class, double x, double width, double y, double size,
        const char *text) {
        if (svg_text_width(text, size) <= width + 1)
                svg_text(s->svg, class, x + width / 2, y, "%s", text);
}

static void name_row(const struct strip *s, double height, const char *name) {
        svg_text(s->svg, "name", STRIP_LEFT - 8, s->y + height / 2 + 3.5, "%s", name);
}

/* A phase as a band: moving phases fill the row, holds half of it, so that colour is not all that tells. */
static void band(
        const struct strip *s, const struct phase_span *span, double height, bool figure, const char *tip) {
        bool hold = span->phase == PHASE_BOTTOM || span->phase == PHASE_TOP;
        double x, width, y = hold ? s->y + height / 4 : s->y;
        char text[32];

        if (span->phase == PHASE_REST ||
                !clip(s, span->start_us, MIN(span->end_us, s->scene->end_us), &x, &width))
                return;
        svg_rect(s->svg, strip_phase_class(span->phase), x, y, width, hold ? height / 2 : height, tip);
        if (!figure || hold)
                return;
        snprintf(text, sizeof(text), "%.1f", duration(span->start_us, span->end_us));
        label(s, span->phase == PHASE_ECCENTRIC ? "figure on-ecc" : "figure on-con", x, width,
                s->y + height / 2 + 3.3, SMALL, text);
}

/* ---- rows --------------------------------------------------------------------------------------------------- */

static void draw_sets(struct strip *s) {
        double x, width;

        for (size_t i = 0; i < s->scene->n_sets; i++) {
                const struct ended_set *set = &s->scene->sets[i];
                char text[160];
                int n;

                if (!clip(s, set->start_us, set->end_us, &x, &width))
                        continue;
                svg_line(s->svg, "set", x, s->y + SETS - 3, x + width, s->y + SETS - 3);
                if (!is_within(s, set->start_us))
                        continue;
                n = snprintf(text, sizeof(text), "set %" PRIu32 ": %" PRIu32 " rep%s, %.1f s under tension",
                        set->set, set->n_reps, set->n_reps == 1 ? "" : "s", set->tut_s);
                if (!isnan(set->velocity_loss_pct))
                        n += snprintf(text + n, sizeof(text) - (size_t) n, ", velocity loss %.0f %%",
                                set->velocity_loss_pct);
                snprintf(text + n, sizeof(text) - (size_t) n, ", ended by %s", set_end_to_string(set->end));
                bool fits = x + svg_text_width(text, 1.1 * MEDIUM) <= STRIP_LEFT + STRIP_WIDTH;
                svg_text(s->svg, fits ? "head" : "head end", fits ? x : STRIP_LEFT + STRIP_WIDTH,
                        s->y + SETS - 7, "%s", text);
        }
        s->y += SETS;
}

static void describe_rep(const struct strip *s, const struct counted_rep *c, char ret[static TIP_MAX]) {
        const struct rep *r = &c->rep;

        snprintf(ret, TIP_MAX,
                "rep %" PRIu32 " of set %" PRIu32 ", %.2f to %.2f s%s%s\n"
                "eccentric %.2f s, bottom hold %.2f s, concentric %.2f s; ROM %.3f m\n"
                "eccentric %.2f m/s, peak %.2f; concentric %.2f m/s, peak %.2f; velocity loss %.0f %%\n"
                "confidence %.2f%s%s%s%s",
                r->rep, r->set, seconds(s, r->start_us), seconds(s, r->end_us),
                c->withdrawn ? ": counted at first, then taken back: " : "",
                c->withdrawn ? rejection_to_string(c->reason) : "", r->tempo_s[PHASE_ECCENTRIC],
                r->tempo_s[PHASE_BOTTOM], r->tempo_s[PHASE_CONCENTRIC], r->rom_m, r->eccentric.mean_mps,
                r->eccentric.peak_mps, r->concentric.mean_mps, r->concentric.peak_mps, r->velocity_loss_pct,
                r->confidence, r->flags & REP_FLAG_GAP ? ", link gap" : "",
                r->flags & REP_FLAG_CLIPPED ? ", clipped" : "", r->flags & REP_FLAG_COLD ? ", cold sensor" : "",
                r->flags & REP_FLAG_HELD ? ", held back until the set confirmed it" : "");
}

static void draw_numbers(struct strip *s) {
        for (size_t i = 0; i < s->scene->n_reps; i++) {
                const struct rep *r = &s->scene->reps[i].rep;
                bool withdrawn = s->scene->reps[i].withdrawn;
                double x = x_of(s, r->start_us), width = x_of(s, r->end_us) - x;
                char tempo[64];

                /* Where the border of two strips runs through a rep, its number stands where more of it is. */
                if (!is_within(s, r->start_us / 2 + r->end_us / 2))
                        continue;
                svg_text(s->svg, withdrawn ? "number withdrawn" : "number", x + width / 2, s->y + 13,
                        "%" PRIu32 "%s", r->rep, r->confidence < CONFIDENT ? "?" : "");
                snprintf(tempo, sizeof(tempo), "%.1f-%.1f-%.1f", r->tempo_s[PHASE_ECCENTRIC],
                        isnan(r->tempo_s[PHASE_BOTTOM]) ? 0 : r->tempo_s[PHASE_BOTTOM],
                        r->tempo_s[PHASE_CONCENTRIC]);
                label(s, "tempo", x, width + 8, s->y + 24, SMALL, tempo);
        }
        s->y += NUMBERS;
}

static void draw_counted(struct strip *s) {
        char tip[TIP_MAX];
        double x, width;

        name_row(s, COUNTED, "counted reps");
        for (size_t i = 0; i < s->scene->n_reps; i++) {
                const struct counted_rep *c = &s->scene->reps[i];

                describe_rep(s, c, tip);
                if (clip(s, c->rep.start_us, c->rep.end_us, &x, &width))
                        svg_rect(s->svg, "outline", x, s->y, width, COUNTED, NULL);
                for (unsigned k = 0; k < MIN(c->rep.n_phases, (unsigned) _PHASE_TEMPO_MAX); k++)
                        band(s, &c->rep.phases[k], COUNTED, true, tip);
                if (c->withdrawn && clip(s, c->rep.start_us, c->rep.end_us, &x, &width))
                        svg_rect(s->svg, "rejected", x, s->y, width, COUNTED, tip);
        }
        s->y += COUNTED + ROW_GAP;
}

static void draw_live(struct strip *s) {
        char tip[TIP_MAX];

        name_row(s, LIVE, "shown live");
        for (size_t i = 0; i < s->scene->n_phases; i++) {
                const struct shown_phase *p = &s->scene->phases[i];

                snprintf(tip, sizeof(tip), "%s from %.2f s, %.2f s long, shown after %.2f s",
                        phase_to_string(p->span.phase), seconds(s, p->span.start_us),
                        duration(p->span.start_us, MIN(p->span.end_us, s->scene->end_us)),
                        duration(p->span.start_us, p->seen_us));
                band(s, &p->span, LIVE, false, tip);
        }
        s->y += LIVE + ROW_GAP;
}

static void draw_truth(struct strip *s) {
        const struct truth *t = s->chart->truth;
        char tip[TIP_MAX];
        double x, width;

        if (!t)
                return;
        name_row(s, TRUTH, "truth");
        for (size_t i = 0; i < t->n_phases; i++) {
                const struct truth_phase *p = &t->phases[i];
                struct phase_span span = {.phase = p->phase, .start_us = p->start_us, .end_us = p->end_us};

                snprintf(tip, sizeof(tip), "truth: %s of rep %" PRIu32 ", set %" PRIu32 ", %.2f to %.2f s",
                        phase_to_string(p->phase), p->rep, p->set, seconds(s, p->start_us),
                        seconds(s, p->end_us));
                band(s, &span, TRUTH, true, tip);
        }
        for (size_t i = 0; i < t->n_moves; i++) {
                const struct truth_move *m = &t->moves[i];

                snprintf(tip, sizeof(tip), "truth: %s, %.2f to %.2f s", rejection_to_string(m->kind),
                        seconds(s, m->start_us), seconds(s, m->end_us));
                if (clip(s, m->start_us, m->end_us, &x, &width))
                        svg_rect(s->svg, "rejected", x, s->y, width, TRUTH, tip);
        }
        s->y += TRUTH + ROW_GAP;
}

/* Reasons stand below their movement, in the first lane that is free there. */
static void draw_rejected(struct strip *s) {
        double busy[LANES] = {0}, x, width;
        char tip[TIP_MAX];

        name_row(s, REJECTED, "not counted");
        for (size_t i = 0; i < s->scene->n_rejected; i++) {
                const struct rejected *r = &s->scene->rejected[i];
                const char *reason = rejection_to_string(r->reason);
                double half = svg_text_width(reason, SMALL) / 2;

                if (!clip(s, r->start_us, r->end_us, &x, &width))
                        continue;
                snprintf(tip, sizeof(tip), "not counted: %s, %.2f to %.2f s, %.3f m, peak %.2f m/s", reason,
                        seconds(s, r->start_us), seconds(s, r->end_us), r->rom_m, r->peak_mps);
                svg_rect(s->svg, "rejected", x, s->y, MAX(width, 1.0), REJECTED, tip);
                if (!is_within(s, r->start_us / 2 + r->end_us / 2))
                        continue;
                x += width / 2;
                for (unsigned lane = 0; lane < LANES; lane++) {
                        if (x - half < busy[lane])
                                continue;
                        busy[lane] = x + half + 4;
                        svg_text(s->svg, "reason", x, s->y + REJECTED + LANE * (lane + 1) - 1.5, "%s", reason);
                        break;
                }
        }
        s->y += REJECTED + LANES * LANE + ROW_GAP;
}

/* ---- panels ------------------------------------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten, the least that makes at most n steps of a range. */
static double nice_step(double range, unsigned n) {
        double least = range / n, power = pow(10, floor(log10(least)));

        for (unsigned i = 0; i < 3; i++) {
                static const double factors[] = {1, 2, 5};

                if (factors[i] * power >= least * (1 - 1e-9))
                        return factors[i] * power;
        }
        return 10 * power;
}

/* The ticks of the time axis: the first and last, and the step, all as multiples of the step. */
static double time_ticks(const struct strip *s, double *ret_first, double *ret_last) {
        double step = nice_step(duration(s->start_us, s->end_us), 24);

        *ret_first = ceil(seconds(s, s->start_us) / step - 1e-6);
        *ret_last = floor(seconds(s, s->end_us) / step + 1e-6);
        return step;
}

static double x_of_tick(const struct strip *s, double tick_s) {
        return STRIP_LEFT + STRIP_WIDTH * (tick_s - seconds(s, s->start_us)) / duration(s->start_us, s->end_us);
}

struct panel {
        const struct strip *strip;
        double top, height;
        struct range range;
};

static double y_of(const struct panel *p, double value) {
        return p->top + p->height * (p->range.high - value) / (p->range.high - p->range.low);
}

/* The phases of the counted reps behind the curves. */
static void draw_tints(const struct panel *p) {
        const struct strip *s = p->strip;
        double x, width;

        for (size_t i = 0; i < s->scene->n_reps; i++) {
                const struct counted_rep *c = &s->scene->reps[i];

                for (unsigned k = 0; !c->withdrawn && k < MIN(c->rep.n_phases, (unsigned) _PHASE_TEMPO_MAX);
                        k++) {
                        const struct phase_span *span = &c->rep.phases[k];
                        char class[16];

                        snprintf(class, sizeof(class), "tint %s", strip_phase_class(span->phase));
                        if (clip(s, span->start_us, span->end_us, &x, &width))
                                svg_rect(s->svg, class, x, p->top, width, p->height, NULL);
                }
        }
}

static void draw_grid(const struct panel *p, unsigned steps, const char *name, const char *unit) {
        const struct strip *s = p->strip;
        double step = nice_step(p->range.high - p->range.low, steps);
        int decimals = step < 0.1 ? 2 : step < 1 ? 1 : 0;

        svg_rect(s->svg, "plot", STRIP_LEFT, p->top, STRIP_WIDTH, p->height, NULL);
        draw_tints(p);
        for (double at = ceil(p->range.low / step - 1e-9); at * step <= p->range.high + step * 1e-9; at++) {
                double y = y_of(p, at * step);

                svg_line(s->svg, fabs(at) < 0.5 ? "zero" : "grid", STRIP_LEFT, y, STRIP_LEFT + STRIP_WIDTH, y);
                svg_text(s->svg, "tick", STRIP_LEFT - 5, y + 3, "%.*f", decimals,
                        fabs(at) < 0.5 ? 0 : at * step);
        }
        double first, last, tick = time_ticks(s, &first, &last);
        for (double at = first; at <= last; at++)
                svg_line(s->svg, "grid", x_of_tick(s, at * tick), p->top, x_of_tick(s, at * tick),
                        p->top + p->height);
        svg_text(s->svg, "axis", 8, p->top + p->height / 2 - 2, "%s", name);
        svg_text(s->svg, "unit", 8, p->top + p->height / 2 + 10, "%s", unit);
}

/* A point for each pixel column, or two where more than one figure fell into it: nearer to the one before first. */
static void draw_curve(const struct panel *p, const struct curve *curve, const char *class) {
        const struct strip *s = p->strip;
        unsigned columns = (unsigned) STRIP_WIDTH;
        double before = 0;

        svg_path_begin(s->svg, class);
        for (unsigned i = 0; i < columns; i++) {
                struct curve_bucket b = curve_between(
                        curve, time_at(s, (double) i / columns), time_at(s, (double) (i + 1) / columns));
                double x = STRIP_LEFT + i + 0.5, first, second;

                if (curve_bucket_is_break(b)) {
                        svg_path_lift(s->svg);
                        continue;
                }
                if (curve_bucket_is_empty(b))
                        continue;
                first = fabs(b.high - before) < fabs(b.low - before) ? b.high : b.low;
                second = b.low + (b.high - first);
                svg_path_point(s->svg, x, y_of(p, first));
                if (fabs(y_of(p, first) - y_of(p, second)) > 0.2)
                        svg_path_point(s->svg, x, y_of(p, second));
                before = second;
        }
        svg_path_end(s->svg);
}

/* What was measured of each rep: its way down and up, or the mean speed of both. */
static void draw_measured(const struct panel *p, bool speed) {
        const struct strip *s = p->strip;

        for (size_t i = 0; i < s->scene->n_reps; i++) {
                const struct counted_rep *c = &s->scene->reps[i];

                if (c->withdrawn)
                        continue;
                svg_path_begin(s->svg, "measured");
                for (unsigned k = 0; k < MIN(c->rep.n_phases, (unsigned) _PHASE_TEMPO_MAX); k++) {
                        const struct phase_span *span = &c->rep.phases[k];
                        bool down = span->phase == PHASE_ECCENTRIC;

                        if (!down && span->phase != PHASE_CONCENTRIC)
                                continue;
                        double mean = down ? -c->rep.eccentric.mean_mps : c->rep.concentric.mean_mps;

                        if (speed)
                                svg_path_lift(s->svg);
                        svg_path_point(s->svg, x_of(s, span->start_us),
                                y_of(p,
                                        speed          ? mean
                                                : down ? c->rep.rom_m
                                                       : 0));
                        svg_path_point(s->svg, x_of(s, span->end_us),
                                y_of(p,
                                        speed          ? mean
                                                : down ? 0
                                                       : c->rep.rom_m));
                }
                svg_path_end(s->svg);
        }
}

static void draw_borders(const struct panel *p) {
        const struct strip *s = p->strip;
        double x, width;

        for (size_t i = 0; i < s->scene->n_gaps; i++)
                if (clip(s, s->scene->gaps[i].start_us, s->scene->gaps[i].end_us, &x, &width))
                        svg_rect(s->svg, "gap", x, p->top, width, p->height, "no samples");
        for (size_t i = 0; i < s->scene->n_sets; i++) {
                const struct ended_set *set = &s->scene->sets[i];

                for (unsigned k = 0; k < 2; k++) {
                        uint64_t at = k == 0 ? set->start_us : set->end_us;

                        if (is_within(s, at))
                                svg_line(
                                        s->svg, "border", x_of(s, at), p->top, x_of(s, at), p->top + p->height);
                }
        }
}

enum curve_kind {
        CURVE_POSITION,
        CURVE_VELOCITY,
        CURVE_FORCE,
};

static void draw_panel(struct strip *s, enum curve_kind kind) {
        const struct chart *c = s->chart;
        struct panel p = {.strip = s, .top = s->y, .height = kind == CURVE_FORCE ? FORCE : CURVE};
        char id[32];

        p.range = kind == CURVE_POSITION ? c->position : kind == CURVE_VELOCITY ? c->velocity : c->force;
        switch (kind) {
        case CURVE_POSITION:
                draw_grid(&p, 4, "position", "m");
                break;
        case CURVE_VELOCITY:
                draw_grid(&p, 4, "velocity", "m/s");
                break;
        case CURVE_FORCE:
                draw_grid(&p, 3, "sensor", "|f| - g, m/s\xc2\xb2");
                break;
        }
        draw_borders(&p);
        snprintf(id, sizeof(id), "clip%u-%u", s->number, (unsigned) kind);
        svg_clip_begin(s->svg, id, STRIP_LEFT, p.top, STRIP_WIDTH, p.height);
        switch (kind) {
        case CURVE_POSITION:
                draw_curve(&p, &s->scene->position, "curve");
                draw_measured(&p, false);
                break;
        case CURVE_VELOCITY:
                draw_curve(&p, &s->scene->velocity, "curve");
                draw_measured(&p, true);
                break;
        case CURVE_FORCE:
                draw_curve(&p, &s->scene->force, "curve raw");
                break;
        }
        svg_clip_end(s->svg);
        s->y += p.height + (kind == CURVE_FORCE ? 0 : PANEL_GAP);
}

static void draw_time(struct strip *s) {
        double first, last, step = time_ticks(s, &first, &last);

        for (double at = first; at <= last; at++) {
                double x = x_of_tick(s, at * step);

                svg_line(s->svg, "zero", x, s->y, x, s->y + 4);
                svg_text(s->svg, "time", x, s->y + 14, "%.10g", fabs(at) < 0.5 ? 0 : at * step);
        }
        svg_text(s->svg, "axis", 8, s->y + 14, "time");
        svg_text(s->svg, "unit", 8 + svg_text_width("time ", MEDIUM), s->y + 14, "%s",
                s->chart->zero_us > 0 ? "s from start" : "s");
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

double strip_height(const struct chart *c) {
        return SETS + NUMBERS + COUNTED + LIVE + REJECTED + LANES * LANE + 3 * ROW_GAP +
                (c->truth ? TRUTH + ROW_GAP : 0) + 2 * (CURVE + PANEL_GAP) + FORCE + AXIS;
}

void strip_draw(const struct chart *c, unsigned number, double top, uint64_t start_us, uint64_t end_us) {
        struct strip s = {
                .chart = c,
                .svg = c->svg,
                .scene = c->scene,
                .number = number,
                .start_us = start_us,
                .end_us = end_us,
                .y = top,
        };
        draw_sets(&s);
        draw_numbers(&s);
        draw_counted(&s);
        draw_live(&s);
        draw_truth(&s);
        draw_rejected(&s);
        draw_panel(&s, CURVE_POSITION);
        draw_panel(&s, CURVE_VELOCITY);
        draw_panel(&s, CURVE_FORCE);
        draw_time(&s);
}

/* The extremes of a curve, as far as they are of the kind that reps have: a kick of the bar must not flatten them. */
static struct range find_range(const struct curve *curve, double least, double most) {
        struct curve_bucket b = curve_between(curve, 0, UINT64_MAX);

        if (curve_bucket_is_empty(b) || curve_bucket_is_break(b))
                return (struct range){.low = -least, .high = least};
        return (struct range){
                .low = CLAMP(1.08 * b.low, -most, -least),
                .high = CLAMP(1.08 * b.high, least, most),
        };
}

void chart_init(struct chart *c, struct svg *svg, const struct scene *scene, const struct truth *truth) {
        double rom = 0, peak = 0, rms = 0;

        for (size_t i = 0; i < scene->n_reps; i++) {
                const struct rep *r = &scene->reps[i].rep;

                rom = MAX(rom, r->rom_m);
                peak = MAX(peak, r->eccentric.peak_mps);
                peak = MAX(peak, r->concentric.peak_mps);
        }
        if (scene->n_samples > 0)
                rms = sqrt(scene->force_energy / (double) scene->n_samples);
        *c = (struct chart){
                .svg = svg,
                .scene = scene,
                .truth = truth,
                .zero_us = scene->start_us < 86400000000 ? 0 : scene->start_us,
                .position = find_range(&scene->position, MAX(0.2, 1.1 * rom), rom > 0 ? 1.6 * rom : 2),
                .velocity = find_range(&scene->velocity, MAX(0.3, 1.1 * peak), peak > 0 ? 1.6 * peak : 3),
                .force = find_range(&scene->force, 1, MAX(2.0, 4 * rms)),
        };
        c->position.low = MAX(c->position.low, -0.4 * c->position.high);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The picture's file, head and legend; the strips are drawn in strip.c. */

#include "ctl/picture.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "ctl/strip.h"
#include "util/macros.h"

#define STRIP_MAX_S 45.0 /* so long a strip leaves 24 px for a second: room for the figures of a quick rep */
#define STRIPS_MAX  30   /* of more than 22 minutes the strips are longer */
#define STRIP_GAP   16.0
#define HEAD        78.0
#define WIDTH       (STRIP_LEFT + STRIP_WIDTH + STRIP_RIGHT)

/* Colours of Okabe and Ito, which people of every colour vision can tell apart; darker grounds, lighter lines. */
static const char style[] =
        "\nsvg { background: #fff; font-family: system-ui, 'DejaVu Sans', sans-serif; }\n"
        "text { fill: #222; font-size: 10px; }\n"
        ".paper { fill: #fff; } .plot { fill: #f4f4f4; }\n"
        ".title { font-size: 15px; font-weight: bold; } .about { font-size: 12px; }\n"
        ".name, .tick { text-anchor: end; } .name, .axis { font-weight: bold; }\n"
        ".tick, .unit, .time, .tempo, .reason { fill: #555; font-size: 9px; }\n"
        ".time, .number, .tempo, .reason, .figure { text-anchor: middle; }\n"
        ".number { font-size: 14px; font-weight: bold; } .withdrawn { text-decoration: line-through; fill: "
        "#888; }\n"
        ".head { font-weight: bold; } .end { text-anchor: end; }\n"
        ".figure { font-size: 9px; } .on-ecc { fill: #fff; } .on-con { fill: #000; }\n"
        ".ecc { fill: #0072b2; } .con { fill: #e69f00; } .bot { fill: #cc79a7; } .top { fill: #009e73; }\n"
        ".tint { opacity: 0.16; } .outline { fill: #ddd; }\n"
        ".rejected { fill: url(#hatch); stroke: #777; stroke-width: 0.7; } .gap { fill: url(#hatch); opacity: "
        "0.6; }\n"
        ".slant { stroke: #777; stroke-width: 1.6; }\n"
        ".grid { stroke: #ddd; stroke-width: 0.7; } .zero { stroke: #999; stroke-width: 0.8; }\n"
        ".set { stroke: #222; stroke-width: 2; } .border { stroke: #222; stroke-dasharray: 5 3; }\n"
        ".curve { fill: none; stroke: #222; stroke-width: 1.2; stroke-linejoin: round; } .raw { stroke: #777; "
        "stroke-width: 0.7; }\n"
        ".measured { fill: none; stroke: #d55e00; stroke-width: 1.6; stroke-dasharray: 4 2; }\n"
        "@media (prefers-color-scheme: dark) {\n"
        "svg { background: #16181c; } text { fill: #e4e4e4; } .paper { fill: #16181c; } .plot { fill: #22252b; "
        "}\n"
        ".tick, .unit, .time, .tempo, .reason { fill: #aaa; } .on-ecc { fill: #fff; } .on-con { fill: #000; }\n"
        ".tint { opacity: 0.3; } .outline { fill: #444; } .withdrawn { fill: #888; }\n"
        ".grid { stroke: #3a3e46; } .zero { stroke: #777; } .set, .border, .curve { stroke: #e4e4e4; }\n"
        ".raw { stroke: #999; } .measured { stroke: #ff9a4d; }\n"
        "}\n";

static const char *plural(size_t n) {
        return n == 1 ? "" : "s";
}

/* How many reps there really were; -1 = not known. */
static int64_t count_truth(const struct truth *t) {
        uint32_t set = 0, rep = 0;
        int64_t n = 0;

        if (t->count >= 0)
                return t->count;
        if (t->n_reps > 0)
                return (int64_t) t->n_reps;
        for (size_t i = 0; i < t->n_phases; i++) {
                n += t->phases[i].set != set || t->phases[i].rep != rep;
                set = t->phases[i].set;
                rep = t->phases[i].rep;
        }
        return n > 0 ? n : -1;
}

static void write_about(const struct picture *p, char *ret, size_t size) {
        struct playback_info info = playback_get_info(p->source.playback);
        size_t n = scene_count(&p->scene), withdrawn = p->scene.n_reps - n;
        int64_t truth = count_truth(&info.header->truth);
        int at;

        at = snprintf(
                ret, size, "%zu rep%s in %zu set%s", n, plural(n), p->scene.n_sets, plural(p->scene.n_sets));
        if (truth >= 0)
                at += snprintf(ret + at, size - (size_t) at, " (truth: %lld)", (long long) truth);
        at += snprintf(ret + at, size - (size_t) at, ", %zu movement%s not counted", p->scene.n_rejected,
                plural(p->scene.n_rejected));
        if (withdrawn > 0)
                at += snprintf(ret + at, size - (size_t) at, ", %zu of them counted at first", withdrawn);
        at += snprintf(ret + at, size - (size_t) at, " \xc2\xb7 %.1f s",
                (double) (p->scene.end_us - p->scene.start_us) * 1e-6);
        if (!isnan(info.rate_hz))
                at += snprintf(ret + at, size - (size_t) at, " at %.1f Hz", info.rate_hz);
        if (info.lost > 0)
                at += snprintf(
                        ret + at, size - (size_t) at, ", %llu samples lost", (unsigned long long) info.lost);
        if (info.header->sensor[0])
                snprintf(ret + at, size - (size_t) at, " \xc2\xb7 sensor %s", info.header->sensor);
}

static double draw_key(struct svg *s, double x, double y, const char *class, const char *text) {
        svg_rect(s, class, x, y, 16, 10, NULL);
        svg_text(s, "key", x + 21, y + 9, "%s", text);
        return x + 21 + svg_text_width(text, 10) + 12;
}

static double draw_line_key(struct svg *s, double x, double y, const char *class, const char *text) {
        svg_path_begin(s, class);
        svg_path_point(s, x, y + 5);
        svg_path_point(s, x + 20, y + 5);
        svg_path_end(s);
        svg_text(s, "key", x + 25, y + 9, "%s", text);
        return x + 25 + svg_text_width(text, 10) + 12;
}

static void draw_legend(struct svg *s, double y) {
        double x = STRIP_LEFT;

        x = draw_key(s, x, y, strip_phase_class(PHASE_ECCENTRIC), "eccentric (negative)");
        x = draw_key(s, x, y, strip_phase_class(PHASE_BOTTOM), "bottom hold");
        x = draw_key(s, x, y, strip_phase_class(PHASE_CONCENTRIC), "concentric");
        x = draw_key(s, x, y, strip_phase_class(PHASE_TOP), "top hold");
        x = draw_key(s, x, y, "rejected", "not counted");
        x = draw_line_key(s, x, y, "curve", "live");
        x = draw_line_key(s, x, y, "measured", "measured: travel, mean velocity");
        svg_text(s, "unit", x, y + 9, "below the number: tempo E-B-C, s \xc2\xb7 ?: confidence under 0.9");
}

static void draw(struct picture *p, const char *title, const char *about, const struct truth *truth) {
        bool known = truth->n_phases > 0 || truth->n_moves > 0;
        double total_s = MAX((double) (p->scene.end_us - p->scene.start_us) * 1e-6, 1.0);
        unsigned strips = (unsigned) CLAMP(ceil(total_s / STRIP_MAX_S), 1.0, (double) STRIPS_MAX);
        uint64_t step_us = (uint64_t) ceil(total_s * 1e6 / strips) + 1; /* the last sample is inside */
        struct chart chart;
        struct svg s;
        double y = HEAD, height;

        chart_init(&chart, &s, &p->scene, known ? truth : NULL);
        height = strip_height(&chart) + STRIP_GAP;
        if (!p->scene.any)
                strips = 0;
        svg_begin(&s, p->file, WIDTH, HEAD + MAX(strips * height, 20.0), title, about, style);
        svg_hatch(&s, "hatch", "slant");
        svg_rect(&s, "paper", 0, 0, WIDTH, HEAD + MAX(strips * height, 20.0), NULL);
        svg_text(&s, "title", 8, 22, "%s", title);
        svg_text(&s, "about", 8, 40, "%s", about);
        draw_legend(&s, 52);
        if (!p->scene.any)
                svg_text(&s, "about", STRIP_LEFT, y, "no samples");
        for (unsigned i = 0; i < strips; i++, y += height)
                strip_draw(
                        &chart, i, y, p->scene.start_us + i * step_us, p->scene.start_us + (i + 1) * step_us);
        svg_end(&s);
}

static int picture_begin(struct output *o, const struct output_source *source) {
        struct picture *p = OUTPUT_OF(struct picture, o);

        p->source = *source;
        scene_init(&p->scene);
        p->file = fopen(p->path, "we");
        return p->file ? 0 : -errno;
}

static int picture_sample(struct output *o, const struct sample *sample, const struct live *live) {
        return scene_sample(&OUTPUT_OF(struct picture, o)->scene, sample, live);
}

static int picture_event(struct output *o, const struct event *event) {
        return scene_event(&OUTPUT_OF(struct picture, o)->scene, event);
}

static int picture_end(struct output *o) {
        struct picture *p = OUTPUT_OF(struct picture, o);
        const char *base = strrchr(p->source.path, '/');
        char title[512], about[512];
        int k = 0;

        if (p->file) {
                snprintf(title, sizeof(title), "%s \xc2\xb7 %s", base ? base + 1 : p->source.path,
                        p->source.exercise->name);
                write_about(p, about, sizeof(about));
                draw(p, title, about, &playback_get_info(p->source.playback).header->truth);
                if (ferror(p->file))
                        k = -EIO;
                if (fclose(p->file) != 0 && k == 0)
                        k = -errno;
                p->file = NULL;
        }
        scene_done(&p->scene);
        return k;
}

void picture_init(struct picture *p, const char *path) {
        static const struct output_methods methods = {
                .begin = picture_begin,
                .sample = picture_sample,
                .event = picture_event,
                .end = picture_end,
        };
        memset(p, 0, sizeof(*p));
        p->output.methods = &methods;
        p->path = path;
}

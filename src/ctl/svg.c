/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes and text as SVG. */

#include "ctl/svg.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/utf8.h"

#define TEXT_MAX 512

/* XML 1.0, production 2: of the control characters only these, and not the two last of the plane. */
static bool is_xml_character(uint32_t c) {
        return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0xfffe && c != 0xffff);
}

void svg_escape(FILE *out, const char *text) {
        static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
        size_t n = strlen(text), length;

        for (; n > 0; text += length, n -= length) {
                uint32_t c = 0;

                length = utf8_decode(text, n, &c);
                if (length == 0 || !is_xml_character(c)) {
                        fputs(replacement, out);
                        length = MAX(length, (size_t) 1);
                } else if (c == '&')
                        fputs("&amp;", out);
                else if (c == '<')
                        fputs("&lt;", out);
                else if (c == '>')
                        fputs("&gt;", out);
                else if (c == '"')
                        fputs("&quot;", out);
                else
                        fwrite(text, 1, length, out);
        }
}

/* The mean letter of common sans-serif fonts is 0.55 of their size wide, a digit 0.56. */
double svg_text_width(const char *text, double size) {
        return 0.56 * size * (double) strlen(text);
}

static void element(struct svg *s, const char *tag, const char *text) {
        fprintf(s->out, "<%s>", tag);
        svg_escape(s->out, text);
        fprintf(s->out, "</%s>", tag);
}

void svg_begin(struct svg *s, FILE *out, double width, double height, const char *title,
        const char *description, const char *style) {
        *s = (struct svg){.out = out};
        fprintf(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                "viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n",
                width, height, width, height);
        element(s, "title", title);
        fputc('\n', out);
        element(s, "desc", description);
        fputc('\n', out);
        element(s, "style", style);
        fputc('\n', out);
}

void svg_end(struct svg *s) {
        fputs("</svg>\n", s->out);
}

void svg_rect(
        struct svg *s, const char *class, double x, double y, double width, double height, const char *tip) {
        fprintf(s->out, "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"", class, x, y,
                width, height);
        if (tip) {
                fputc('>', s->out);
                element(s, "title", tip);
                fputs("</rect>\n", s->out);
        } else
                fputs("/>\n", s->out);
}

void svg_line(struct svg *s, const char *class, double x1, double y1, double x2, double y2) {
        fprintf(s->out, "<line class=\"%s\" x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\"/>\n", class, x1, y1,
                x2, y2);
}

void svg_text(struct svg *s, const char *class, double x, double y, const char *format, ...) {
        char text[TEXT_MAX];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        fprintf(s->out, "<text class=\"%s\" x=\"%.2f\" y=\"%.2f\">", class, x, y);
        svg_escape(s->out, text);
        fputs("</text>\n", s->out);
}

void svg_path_begin(struct svg *s, const char *class) {
        s->points = 0;
        fprintf(s->out, "<path class=\"%s\" d=\"M0 0", class); /* a path must not be empty */
}

void svg_path_point(struct svg *s, double x, double y) {
        if (!isfinite(x) || !isfinite(y)) {
                svg_path_lift(s);
                return;
        }
        fprintf(s->out, "%s%.1f %.1f", s->points++ > 0 ? "L" : "M", x, y);
}

void svg_path_lift(struct svg *s) {
        s->points = 0;
}

void svg_path_end(struct svg *s) {
        fputs("\"/>\n", s->out);
}

void svg_hatch(struct svg *s, const char *id, const char *class) {
        fprintf(s->out,
                "<pattern id=\"%s\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" "
                "patternTransform=\"rotate(45)\"><path class=\"%s\" d=\"M0 0V5\"/></pattern>\n",
                id, class);
}

void svg_clip_begin(struct svg *s, const char *id, double x, double y, double width, double height) {
        fprintf(s->out,
                "<clipPath id=\"%s\"><rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/></clipPath>"
                "<g clip-path=\"url(#%s)\">\n",
                id, x, y, width, height, id);
}

void svg_clip_end(struct svg *s) {
        fputs("</g>\n", s->out);
}

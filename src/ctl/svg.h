/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A writer of SVG 1.1: shapes with a class, whose looks a style sheet says. All text may be hostile: it is escaped,
 * repaired to UTF-8, and rid of what XML has no place for. Errors of the stream stay in it (ferror). */

#include <stdio.h>

#include "util/macros.h"

struct svg {
        FILE *out;
        unsigned points; /* of the open path */
};

/* The document, its title and description for those who cannot see it, and its style sheet. */
void svg_begin(struct svg *s, FILE *out, double width, double height, const char *title,
        const char *description, const char *style);
void svg_end(struct svg *s);

/* A rectangle; tip is shown when the pointer rests on it, NULL for none. */
void svg_rect(
        struct svg *s, const char *class, double x, double y, double width, double height, const char *tip);
void svg_line(struct svg *s, const char *class, double x1, double y1, double x2, double y2);
void svg_text(struct svg *s, const char *class, double x, double y, const char *format, ...) _printf_(5, 6);

/* A path of straight lines: points in their order, svg_path_lift() before a gap. A point that is
 * not finite is a gap. */
void svg_path_begin(struct svg *s, const char *class);
void svg_path_point(struct svg *s, double x, double y);
void svg_path_lift(struct svg *s);
void svg_path_end(struct svg *s);

/* A fill of slanted lines, to be used as url(#id); the class says how they look. */
void svg_hatch(struct svg *s, const char *id, const char *class);

/* A group, here of what is cut off at the edges of a rectangle. Ids are the caller's to keep unique. */
void svg_clip_begin(struct svg *s, const char *id, double x, double y, double width, double height);
void svg_clip_end(struct svg *s);

/* Text as it stands between tags or in an attribute. */
void svg_escape(FILE *out, const char *text);

/* Width that a text of a sans-serif font is likely to take. */
double svg_text_width(const char *text, double size);

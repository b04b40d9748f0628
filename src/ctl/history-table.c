/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a history. */

#include "ctl/history-table.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "util/macros.h"
#include "util/utf8.h"

/* path: a field, or two with a dot between. width 0: in CSV only. */
struct column {
        const char *head, *csv, *path;
        int width, decimals; /* negative width: to the left; decimals -1: text, -2: an instant */
        bool of_rep;         /* looked up in the repetition; else in the set */
};

static const struct column set_columns[] = {
        {"TIME", "start", "start_ms", -16, -2, false},
        {"STATION", "station", "station", -12, -1, false},
        {"ATHLETE", "athlete", "athlete", -12, -1, false},
        {"EXERCISE", "exercise", "exercise", -18, -1, false},
        {"PRESCRIPTION", "prescription", "prescription", -16, -1, false},
        {"KG", "load_kg", "load_kg", 6, 1, false},
        {"SET", "set", "set", 4, 0, false},
        {"REPS", "n_reps", "n_reps", 4, 0, false},
        {"TUT s", "tut_s", "tut_s", 6, 1, false},
        {"BEST m/s", "best_mps", "best_mps", 8, 3, false},
        {"LOSS %", "velocity_loss_pct", "velocity_loss_pct", 6, 1, false},
        {"OK %", "compliance_pct", "compliance.pct", 5, 0, false},
        {NULL, "control", "control", 0, 2, false},
        {NULL, "eccentric_s", "eccentric_s", 0, 3, false},
        {NULL, "clock", "clock", 0, -1, false},
        {NULL, "id", "id", 0, -1, false},
};

static const struct column rep_columns[] = {
        {"TIME", "start", "start_ms", -16, -2, true},
        {"STATION", "station", "station", -12, -1, false},
        {"ATHLETE", "athlete", "athlete", -12, -1, false},
        {"EXERCISE", "exercise", "exercise", -18, -1, false},
        {"KG", "load_kg", "load_kg", 6, 1, false},
        {"SET", "set", "set", 4, 0, false},
        {"REP", "rep", "rep", 4, 0, true},
        {"ECC", "eccentric_s", "tempo_s.eccentric", 6, 2, true},
        {"BOTTOM", "bottom_s", "tempo_s.bottom", 6, 2, true},
        {"CON", "concentric_s", "tempo_s.concentric", 6, 2, true},
        {"TOP", "top_s", "tempo_s.top", 6, 2, true},
        {"ROM m", "rom_m", "rom_m", 6, 3, true},
        {"m/s", "concentric_mps", "concentric.mean_mps", 6, 3, true},
        {"LOSS %", "velocity_loss_pct", "velocity_loss_pct", 6, 1, true},
        {NULL, "eccentric_mps", "eccentric.mean_mps", 0, 3, true},
        {NULL, "control", "eccentric.control", 0, 2, true},
        {NULL, "confidence", "confidence", 0, 2, true},
        {NULL, "clock", "clock", 0, -1, false},
        {NULL, "id", "id", 0, -1, false},
};

static const struct column *columns(bool reps, size_t *ret_n) {
        *ret_n = reps ? ARRAY_SIZE(rep_columns) : ARRAY_SIZE(set_columns);
        return reps ? rep_columns : set_columns;
}

static json_t *look_up(json_t *set, json_t *rep, const struct column *c) {
        json_t *object = c->of_rep ? rep : set;
        const char *dot = strchr(c->path, '.');
        char first[32];

        if (!dot)
                return json_object_get(object, c->path);
        snprintf(first, sizeof(first), "%.*s", (int) (dot - c->path), c->path);
        return json_object_get(json_object_get(object, first), dot + 1);
}

/* What a terminal or a line of CSV could take for an order is shown as '?'. */
static void clean(const char *s, char *ret, size_t size) {
        size_t out = 0;

        for (size_t n = strlen(s), step; n > 0 && out + 5 < size; s += step, n -= step) {
                size_t length = utf8_printable(s, n);

                step = length > 0 ? length : 1;
                if (length > 0)
                        memcpy(ret + out, s, length);
                else
                        ret[out] = '?';
                out += step;
        }
        ret[out] = '\0';
}

static void instant_words(json_int_t ms, bool for_csv, char *ret, size_t size) {
        time_t s = (time_t) (ms / 1000);
        struct tm tm;

        ret[0] = '\0';
        if (localtime_r(&s, &tm))
                (void) strftime(ret, size, for_csv ? "%Y-%m-%dT%H:%M:%S%z" : "%Y-%m-%d %H:%M", &tm);
}

/* Empty: not known. */
static void words(json_t *value, const struct column *c, bool for_csv, char *ret, size_t size) {
        ret[0] = '\0';
        if (json_is_string(value))
                clean(json_string_value(value), ret, size);
        else if (json_is_integer(value) && c->decimals == -2)
                instant_words(json_integer_value(value), for_csv, ret, size);
        else if (json_is_number(value))
                snprintf(ret, size, "%.*f", MAX(c->decimals, 0), json_number_value(value));
}

/* ---- a table ---- */

/* Padded by characters, not bytes; what is too long is cut. */
static void cell(FILE *out, const char *text, int width) {
        int n = 0, room = width < 0 ? -width : width;
        size_t size = 0;

        for (size_t left = strlen(text); left > 0 && n < room; n++) {
                size_t length = utf8_character(text + size, left);

                size += MAX(length, (size_t) 1);
                left -= MAX(length, (size_t) 1);
        }
        fprintf(out, "%*s%.*s%*s  ", width > 0 ? room - n : 0, "", (int) size, text, width < 0 ? room - n : 0,
                "");
}

void history_head_table(FILE *out, bool reps) {
        size_t n;
        const struct column *c = columns(reps, &n);

        for (size_t i = 0; i < n; i++)
                if (c[i].head)
                        cell(out, c[i].head, c[i].width);
        fputs("\n", out);
}

static void line_table(FILE *out, json_t *set, json_t *rep) {
        char text[256];
        size_t n;
        const struct column *c = columns(rep != NULL, &n);

        for (size_t i = 0; i < n; i++) {
                if (!c[i].head)
                        continue;
                words(look_up(set, rep, &c[i]), &c[i], false, text, sizeof(text));
                cell(out, *text ? text : "-", c[i].width);
        }
        /* Somebody, or the set itself, has corrected what was published first. */
        fputs(json_array_size(json_object_get(set, "amended")) > 0 ? "amended\n" : "\n", out);
}

void history_row_table(FILE *out, json_t *set, bool reps) {
        json_t *list = json_object_get(set, "reps");

        if (!reps)
                line_table(out, set, NULL);
        for (size_t i = 0; reps && i < json_array_size(list); i++)
                line_table(out, set, json_array_get(list, i));
}

/* ---- CSV (RFC 4180) ---- */

static void field(FILE *out, const char *text, bool first) {
        if (!first)
                fputc(',', out);
        if (!strpbrk(text, ",\"")) {
                fputs(text, out);
                return;
        }
        fputc('"', out);
        for (; *text; text++)
                fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
        fputc('"', out);
}

void history_head_csv(FILE *out, bool reps) {
        size_t n;
        const struct column *c = columns(reps, &n);

        for (size_t i = 0; i < n; i++)
                field(out, c[i].csv, i == 0);
        fputs(",amended\r\n", out);
}

static void line_csv(FILE *out, json_t *set, json_t *rep) {
        char text[256];
        size_t n;
        const struct column *c = columns(rep != NULL, &n);

        for (size_t i = 0; i < n; i++) {
                words(look_up(set, rep, &c[i]), &c[i], true, text, sizeof(text));
                field(out, text, i == 0);
        }
        fprintf(out, ",%zu\r\n", json_array_size(json_object_get(set, "amended")));
}

void history_row_csv(FILE *out, json_t *set, bool reps) {
        json_t *list = json_object_get(set, "reps");

        if (!reps)
                line_csv(out, set, NULL);
        for (size_t i = 0; reps && i < json_array_size(list); i++)
                line_csv(out, set, json_array_get(list, i));
}

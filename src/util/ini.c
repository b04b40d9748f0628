/* SPDX-License-Identifier: Apache-2.0 */
/* The strict INI reader. A line is read as bytes, checked as text, and only then taken apart. */

#include "util/ini.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "util/macros.h"
#include "util/utf8.h"

enum line_result {
        LINE_TEXT,
        LINE_LONG,
        LINE_NUL,
        LINE_END,
};

void ini_init(struct ini *ini, FILE *file) {
        memset(ini, 0, sizeof(*ini));
        ini->file = file;
}

_printf_(3, 4) static int fault(struct ini *ini, struct ini_entry *ret, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vsnprintf(ini->fault, sizeof(ini->fault), format, ap);
        va_end(ap);
        *ret = (struct ini_entry){.kind = INI_FAULT, .line = ini->line, .fault = ini->fault};
        return 1;
}

/* The next line without its LF. A line that is too long or holds a NUL is read to its end all the same. */
static int read_line(struct ini *ini, size_t *ret_n) {
        enum line_result result = LINE_TEXT;
        size_t n = 0;
        int c;

        while ((c = getc_unlocked(ini->file)) != EOF && c != '\n') {
                if (c == '\0')
                        result = LINE_NUL;
                if (n <= INI_LINE_MAX)
                        ini->text[n++] = (char) c;
        }
        if (c == EOF) {
                if (ferror(ini->file))
                        return errno > 0 ? -errno : -EIO;
                ini->end = true;
                if (n == 0)
                        return LINE_END;
        }
        ini->line++;
        if (n > INI_LINE_MAX && result == LINE_TEXT)
                result = LINE_LONG;
        ini->text[n] = '\0';
        *ret_n = n;
        return (int) result;
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

/* Cut blanks off both ends, in place. */
static char *trim(char *s) {
        size_t n;

        while (is_blank(*s))
                s++;
        n = strlen(s);
        while (n > 0 && is_blank(s[n - 1]))
                n--;
        s[n] = '\0';
        return s;
}

static bool is_name(const char *s) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

        return *s != '\0' && s[strspn(s, letters)] == '\0' && strlen(s) < INI_NAME_MAX;
}

/* Column of the first byte that is neither UTF-8 nor allowed in a text line; 0 = all is well. */
static size_t bad_column(const char *s, size_t n) {
        for (size_t i = 0, length; i < n; i += length) {
                unsigned char c = (unsigned char) s[i];

                length = utf8_character(s + i, n - i);
                if (length == 0 || (c < 0x20 && c != '\t') || c == 0x7f)
                        return i + 1;
        }
        return 0;
}

static int section_line(struct ini *ini, char *s, struct ini_entry *ret) {
        char *end = strchr(s, ']'), *name, *argument;

        ini->in_section = false;
        ini->lost_section = true;
        if (!end)
                return fault(ini, ret, "the section has no closing ]");
        if (end[1] != '\0')
                return fault(ini, ret, "there is text after the section's ]");
        *end = '\0';
        name = trim(s + 1);
        argument = name + strcspn(name, " \t");
        if (*argument != '\0')
                *argument++ = '\0';
        argument = trim(argument);
        if (!is_name(name))
                return fault(ini, ret,
                        "a section's name is made of letters, digits, - and _, at most %d of them",
                        INI_NAME_MAX - 1);
        if (strlen(argument) >= INI_NAME_MAX)
                return fault(
                        ini, ret, "the name in [%.16s ...] is longer than %d bytes", name, INI_NAME_MAX - 1);
        strcpy(ini->section, name);
        strcpy(ini->argument, argument);
        ini->in_section = true;
        ini->lost_section = false;
        *ret = (struct ini_entry){
                .kind = INI_SECTION, .line = ini->line, .section = ini->section, .argument = ini->argument};
        return 1;
}

/* Returns 0 where the key is passed over. */
static int key_line(struct ini *ini, char *s, struct ini_entry *ret) {
        char *equals = strchr(s, '='), *key, *value;

        if (!equals)
                return fault(ini, ret, "neither [section] nor Key=value nor a comment (# or ; in front)");
        *equals = '\0';
        key = trim(s);
        value = trim(equals + 1);
        if (!is_name(key))
                return fault(ini, ret, "a key is made of letters, digits, - and _, at most %d of them",
                        INI_NAME_MAX - 1);
        if (ini->lost_section)
                return 0;
        if (!ini->in_section)
                return fault(ini, ret, "%s=: stands before the first [section]", key);
        *ret = (struct ini_entry){
                .kind = INI_KEY,
                .line = ini->line,
                .section = ini->section,
                .argument = ini->argument,
                .key = key,
                .value = value,
        };
        return 1;
}

/* A line that is not even text may have been a section's: the keys behind it are then not the last section's. */
static void lose_section(struct ini *ini, const char *s) {
        if (s[strspn(s, " \t")] == '[') {
                ini->in_section = false;
                ini->lost_section = true;
        }
}

/* Returns 0 where there is nothing to tell about the line. */
static int text_line(struct ini *ini, char *s, struct ini_entry *ret) {
        size_t column = bad_column(s, strlen(s));

        if (column > 0)
                lose_section(ini, s);
        if (column > 0 && (unsigned char) s[column - 1] >= 0x80)
                return fault(ini, ret, "no valid UTF-8 at byte %zu of the line", column);
        if (column > 0)
                return fault(ini, ret, "control character 0x%02x at byte %zu of the line",
                        (unsigned) (unsigned char) s[column - 1], column);
        s = trim(s);
        if (*s == '\0' || *s == '#' || *s == ';')
                return 0;
        return *s == '[' ? section_line(ini, s, ret) : key_line(ini, s, ret);
}

/* What is wrong with the line's two ends is told first, once for the file; the text between them is held back for
 * the next call, so that one such fault does not bring others with it. */
static int check_ends(struct ini *ini, size_t n, struct ini_entry *ret) {
        bool marked = ini->line == 1 && n >= 3 && memcmp(ini->text, "\xef\xbb\xbf", 3) == 0;
        bool crlf = n > 0 && ini->text[n - 1] == '\r';

        ini->held = ini->text + (marked ? 3 : 0);
        if (crlf)
                ini->text[n - 1] = '\0';
        if (marked)
                return fault(ini, ret, "the file starts with a byte order mark; save it as UTF-8 without one");
        if (crlf && !ini->crlf) {
                ini->crlf = true;
                return fault(ini, ret, "the line ends in CR LF; save the file with LF line ends");
        }
        return 0;
}

int ini_next(struct ini *ini, struct ini_entry *ret) {
        for (;;) {
                size_t n = 0;
                int r;

                if (ini->held) {
                        r = text_line(ini, TAKE_PTR(ini->held), ret);
                        if (r != 0)
                                return r;
                }
                if (ini->end)
                        return 0;
                r = read_line(ini, &n);
                if (r < 0)
                        return r;
                switch ((enum line_result) r) {
                case LINE_END:
                        return 0;
                case LINE_LONG:
                        lose_section(ini, ini->text);
                        return fault(ini, ret, "the line is longer than %d bytes", INI_LINE_MAX);
                case LINE_NUL:
                        lose_section(ini, ini->text);
                        return fault(ini, ret, "the line holds a NUL byte; is this a text file?");
                case LINE_TEXT:
                        r = check_ends(ini, n, ret);
                        if (r != 0)
                                return r;
                }
        }
}

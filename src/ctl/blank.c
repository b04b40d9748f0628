/* SPDX-License-Identifier: Apache-2.0 */
/* Blanking, in one pass: at each place the first rule that fits decides. */

#include "ctl/blank.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/macros.h"

/* The text, and where in it we are. */
struct scan {
        struct blank *b;
        const char *text;
        size_t n, at;
        FILE *out;
};

static int add(char **list, size_t *n, size_t max, const char *text) {
        size_t length = strcspn(text, "\r\n");

        if (length == 0)
                return 0;
        for (size_t i = 0; i < *n; i++)
                if (strlen(list[i]) == length && memcmp(list[i], text, length) == 0)
                        return 0;
        if (*n == max)
                return -ENOSPC;
        list[*n] = strndup(text, length);
        return list[*n] ? (int) ++*n : -ENOMEM;
}

int blank_add_secret(struct blank *b, const char *secret) {
        return strcspn(secret, "\r\n") < BLANK_SECRET_MIN
                ? 0
                : add(b->secrets, &b->n_secrets, BLANK_SECRETS_MAX, secret);
}

int blank_add_name(struct blank *b, const char *name) {
        return add(b->names, &b->n_names, BLANK_NAMES_MAX, name);
}

void blank_done(struct blank *b) {
        for (size_t i = 0; i < b->n_secrets; i++) {
                explicit_bzero(b->secrets[i], strlen(b->secrets[i]));
                free(b->secrets[i]);
        }
        for (size_t i = 0; i < b->n_names; i++)
                free(b->names[i]);
        b->n_secrets = b->n_names = 0;
}

/* ---- places ---- */

static bool is_word(char c) {
        return isalnum((unsigned char) c) || c == '_' || (unsigned char) c >= 0x80;
}

static bool word_begins(const struct scan *s) {
        return s->at == 0 || !is_word(s->text[s->at - 1]);
}

static bool starts(const struct scan *s, const char *word, size_t length) {
        return s->n - s->at >= length && memcmp(s->text + s->at, word, length) == 0;
}

/* How long is what begins with one text and ends with the other? To the end of all where that is missing. */
static size_t up_to(const struct scan *s, const char *end) {
        const char *from = s->text + s->at, *found = memmem(from, s->n - s->at, end, strlen(end));

        return found ? (size_t) (found - from) + strlen(end) : s->n - s->at;
}

static size_t rest_of_line(const struct scan *s, size_t from) {
        const char *end = memchr(s->text + from, '\n', s->n - from);

        return end ? (size_t) (end - s->text) - from : s->n - from;
}

/* ---- rules: how much of the text is replaced; 0 = none ---- */

/* The longest known secret that stands here: its length, 0 = none. */
static size_t find_secret(const struct scan *s, size_t at) {
        size_t longest = 0;

        for (size_t i = 0; i < s->b->n_secrets; i++) {
                size_t length = strlen(s->b->secrets[i]);

                if (length > longest && s->n - at >= length &&
                        memcmp(s->text + at, s->b->secrets[i], length) == 0)
                        longest = length;
        }
        return longest;
}

static void write_secret(struct scan *s) {
        s->b->n_blanked++;
        fputs("[secret]", s->out);
}

static size_t take_secret(struct scan *s) {
        size_t length = find_secret(s, s->at);

        if (length > 0)
                write_secret(s);
        return length;
}

/* A secret may begin in what a rule has taken and end behind it: what is left of it goes as well. */
static size_t with_secrets(struct scan *s, size_t taken) {
        size_t end = taken;

        for (size_t i = 1; i < end; i++) {
                size_t length = find_secret(s, s->at + i);

                end = length > end - i ? i + length : end;
        }
        if (end > taken)
                write_secret(s);
        return end;
}

static size_t take_key_block(struct scan *s) {
        static const char begin[] = "-----BEGIN ";
        const size_t line = rest_of_line(s, s->at);
        size_t length;

        if (!starts(s, begin, sizeof(begin) - 1) || !memmem(s->text + s->at, line, "PRIVATE KEY", 11))
                return 0;
        length = up_to(s, "-----END ");
        length += rest_of_line(s, s->at + length);
        s->b->n_blanked++;
        fputs("[key]", s->out);
        return length;
}

/* The part between :// and @, which stands before the first slash or blank. */
static size_t take_user(struct scan *s) {
        size_t length = 3;

        if (!starts(s, "://", 3))
                return 0;
        while (s->at + length < s->n && !strchr("/ \t\r\n\"'@", s->text[s->at + length]))
                length++;
        if (s->at + length == s->n || s->text[s->at + length] != '@')
                return 0;
        s->b->n_blanked++;
        fputs("://[user]@", s->out);
        return length + 1;
}

/* A mark ends with a number. Where what follows would become a part of that, or it the start of an address, a dash comes
 * between. */
static void part_from_next(const struct scan *s, size_t length) {
        const char *next = s->text + s->at + length;
        size_t n = s->n - s->at - length;

        if ((n > 0 && is_word(next[0])) ||
                (n > 1 && (next[0] == ':' || next[0] == '-') && isxdigit((unsigned char) next[1])))
                fputc('-', s->out);
}

/* A name that says that a secret comes, as MqttPassword; not one that says where it is kept, as PasswordFile. */
static bool is_secret_key(const char *key, size_t n) {
        static const char *const words[] = {
                "password", "passwd", "passkey", "passphrase", "secret", "token", "psk", "setcredential"};
        char small[64];

        if (n >= sizeof(small) || (n > 4 && strncasecmp(key + n - 4, "file", 4) == 0))
                return false;
        for (size_t i = 0; i < n; i++)
                small[i] = (char) tolower((unsigned char) key[i]);
        small[n] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strstr(small, words[i]))
                        return true;
        return false;
}

static bool is_person_key(const char *key, size_t n) {
        return n == 7 && strncasecmp(key, "athlete", 7) == 0;
}

/* The known name that stands here as a whole word: its length, 0 = none. */
static size_t find_name(const struct scan *s, size_t at, size_t *ret_which) {
        size_t longest = 0;

        for (size_t i = 0; i < s->b->n_names; i++) {
                size_t length = strlen(s->b->names[i]);

                if (length <= longest || s->n - at < length ||
                        memcmp(s->text + at, s->b->names[i], length) != 0 ||
                        (at + length < s->n && is_word(s->text[at + length])))
                        continue;
                longest = length;
                *ret_which = i;
        }
        return longest;
}

static size_t take_name(struct scan *s) {
        size_t which = 0, length = word_begins(s) ? find_name(s, s->at, &which) : 0;

        if (length > 0) {
                fprintf(s->out, "person-%zu", which + 1);
                part_from_next(s, length);
        }
        return length;
}

/* Where the word begins that ends before this = or :, but for blanks and quotes; *ret_n: its length. */
static const char *find_key(const struct scan *s, size_t *ret_n) {
        size_t end = s->at, begin;

        while (end > 0 && strchr(" \t\"'", s->text[end - 1]))
                end--;
        for (begin = end; begin > 0 && (is_word(s->text[begin - 1]) || s->text[begin - 1] == '-');)
                begin--;
        *ret_n = end - begin;
        return s->text + begin;
}

/* No person, or one that find_name() knows. */
static bool is_harmless(const struct scan *s) {
        size_t at = s->at + 1, which;

        while (at < s->n && strchr(" \t\"'", s->text[at]))
                at++;
        return at == s->n || strchr("\n,}", s->text[at]) ||
                (s->n - at >= 4 && memcmp(s->text + at, "null", 4) == 0) || find_name(s, at, &which) > 0;
}

/* The = or : behind a key, and what follows up to the end of the line. */
static size_t take_value(struct scan *s) {
        const char *key;
        size_t n;
        bool secret;

        if (s->text[s->at] != '=' && s->text[s->at] != ':')
                return 0;
        key = find_key(s, &n);
        secret = is_secret_key(key, n);
        if (!secret && (!is_person_key(key, n) || is_harmless(s)))
                return 0;
        s->b->n_blanked += secret;
        fprintf(s->out, "%c%s", s->text[s->at], secret ? "[secret]" : "[person]");
        return 1 + rest_of_line(s, s->at + 1);
}

/* Six pairs of hexadecimal digits with : between, or _ as in the paths of BlueZ' objects. */
static bool is_address(const struct scan *s) {
        const char *p = s->text + s->at;

        if (s->n - s->at < 17)
                return false;
        for (size_t i = 0; i < 17; i++)
                if (i % 3 == 2 ? p[i] != p[2] || !strchr(":_-", p[i]) : !isxdigit((unsigned char) p[i]))
                        return false;
        return p[2] != '\0';
}

static size_t take_address(struct scan *s) {
        struct blank *b = s->b;
        char address[18];
        size_t i = 0;

        if (!is_address(s))
                return 0;
        for (size_t k = 0; k < 17; k++)
                address[k] = (char) (k % 3 == 2 ? ':' : toupper((unsigned char) s->text[s->at + k]));
        address[17] = '\0';
        while (i < b->n_devices && strcmp(b->devices[i], address) != 0)
                i++;
        if (i == b->n_devices && i < BLANK_DEVICES_MAX)
                strcpy(b->devices[b->n_devices++], address);
        if (i < BLANK_DEVICES_MAX)
                fprintf(s->out, "device-%zu", i + 1);
        else
                fputs("device", s->out);
        part_from_next(s, 17);
        return 17;
}

void blank_write(struct blank *b, const char *text, size_t n, FILE *out) {
        static size_t (*const rules[])(struct scan * s) = {
                take_secret, take_key_block, take_user, take_address, take_name, take_value};
        struct scan s = {b, text, n, 0, out};

        while (s.at < n) {
                size_t taken = 0;

                for (size_t i = 0; i < ARRAY_SIZE(rules) && taken == 0; i++)
                        taken = rules[i](&s);
                if (taken > 0) {
                        taken = with_secrets(&s, taken);
                } else {
                        const unsigned char c = (unsigned char) text[s.at];

                        fputc((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? '?' : c, out);
                        taken = 1;
                }
                s.at += taken;
        }
}

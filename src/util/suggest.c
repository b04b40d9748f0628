/* SPDX-License-Identifier: Apache-2.0 */
/* Nearest word by edit distance: insertions, deletions, replacements and swaps of neighbours cost 1 each (optimal
 * string alignment); upper and lower case are the same letter. */

#include "util/suggest.h"

#include <limits.h>
#include <string.h>

#include "util/macros.h"

#define WORD_MAX 64 /* longer words are not compared; no known word is */

static char lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static unsigned edit_distance(const char *a, size_t n_a, const char *b, size_t n_b) {
        unsigned rows[3][WORD_MAX + 1]; /* the row in work and the two before it */

        for (size_t j = 0; j <= n_b; j++)
                rows[0][j] = (unsigned) j;
        for (size_t i = 1; i <= n_a; i++) {
                unsigned *row = rows[i % 3];
                const unsigned *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

                row[0] = (unsigned) i;
                for (size_t j = 1; j <= n_b; j++) {
                        unsigned replace = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

                        row[j] = MIN(above[j], row[j - 1]) + 1;
                        row[j] = MIN(row[j], replace);
                        if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                                lower(a[i - 2]) == lower(b[j - 1]))
                                row[j] = MIN(row[j], above2[j - 2] + 1);
                }
        }
        return rows[n_a % 3][n_b];
}

void suggest_init(struct suggest *s, const char *given) {
        *s = (struct suggest){.given = given, .distance = UINT_MAX};
}

void suggest_offer(struct suggest *s, const char *word) {
        size_t n_given = strlen(s->given), n_word = strlen(word);
        unsigned distance;

        if (n_given == 0 || n_given > WORD_MAX || n_word > WORD_MAX)
                return;
        distance = edit_distance(s->given, n_given, word, n_word);
        /* A third of the letters may be wrong, at least one: beyond that it is another word. */
        if (distance > MAX(n_word / 3, (size_t) 1) || distance >= s->distance)
                return;
        s->distance = distance;
        s->best = word;
}

const char *suggest_best(const struct suggest *s) {
        return s->best;
}

const char *suggest_word(const char *given, const char *const *words, size_t n) {
        struct suggest s;

        suggest_init(&s, given);
        for (size_t i = 0; i < n; i++)
                suggest_offer(&s, words[i]);
        return suggest_best(&s);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The known word nearest to a misspelt one: "did you mean ...?".
 *
 *     struct suggest s;
 *     suggest_init(&s, given);
 *     for each known word:
 *             suggest_offer(&s, word);
 *     nearest = suggest_best(&s);
 */

#include <stddef.h>

struct suggest {
        const char *given;
        const char *best; /* nearest word so far; NULL = none is near */
        unsigned distance;
};

void suggest_init(struct suggest *s, const char *given);

/* The word must outlive the suggestion. */
void suggest_offer(struct suggest *s, const char *word);

/* NULL where no word is near enough to be meant. */
const char *suggest_best(const struct suggest *s);

/* All of it over an array. */
const char *suggest_word(const char *given, const char *const *words, size_t n);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Is it UTF-8, and what to make of it if not. (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.) */

#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the character at s, of which n bytes may be read; 0 where it is none. n must be over 0. */
size_t utf8_character(const char *s, size_t n);

/* The same, with the character's code point in *ret where there is one. */
size_t utf8_decode(const char *s, size_t n, uint32_t *ret);

/* utf8_character(), and 0 also for a control character (C0, DEL, C1: Unicode's category Cc). */
size_t utf8_printable(const char *s, size_t n);

/* Copy a string (n bytes, or up to its NUL) with U+FFFD in place of every byte that belongs to no character. A
 * character that does not fit is left out with all that follows it. ret_size must be over 0; the copy always ends
 * with a NUL. Returns its length. */
size_t utf8_repair(const char *s, size_t n, char *ret, size_t ret_size);

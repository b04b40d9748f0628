/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Is it UTF-8? (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.) */

#include <stddef.h>

/* Length in bytes of the character at s, of which n bytes may be read; 0 where it is none. n must be over 0. */
size_t utf8_character(const char *s, size_t n);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#define PROGRAM_WORDS_MAX 16 /* with the NULL at their end */

/* Run another program and wait for it. argv[0] is looked for in PATH and where administrators' programs are. Returns its
 * exit status, -ENOENT: there is no such program, or another negative errno value. */
int program_run(const char *const argv[]);

/* The same, for at most half a minute, without anything to read; what it prints, up to max bytes, goes to *ret, to be freed,
 * whatever the status is. What it complains of is not heard. -ETIMEDOUT: it was ended. *ret is NULL after another failure. */
int program_capture(const char *const argv[], size_t max, char **ret);

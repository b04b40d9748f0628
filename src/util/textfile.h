/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>

/* Open a regular file to read. A pipe or a device is refused instead of waited for: a daemon must not hang because a
 * path in its configuration leads to one. NULL: *ret_why says in words why not. */
FILE *textfile_open(const char *path, const char **ret_why);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the commands share: options that several have, and the end of their output. */

#include <argp.h>
#include <limits.h>

/* Of a command that takes none: ends the program. */
void command_no_argument(struct argp_state *state, const char *arg);

/* A path as an option's value; ends the program where it is too long. */
void command_path(struct argp_state *state, const char *arg, char ret[static PATH_MAX]);

/* --root DIR, a folder that stands for /: its whole path; empty for / itself, which is no root of somebody else. Ends the
 * program where there is none. */
void command_root(struct argp_state *state, const char *arg, char ret[static PATH_MAX]);

/* Write out what was printed. Returns the status, or, where that fails, says so and returns EX_IOERR. */
int command_finish(int status);

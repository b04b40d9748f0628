/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The option --root DIR: a folder that stands for /. */

#include <argp.h>
#include <limits.h>

/* Its whole path; empty for / itself, which is no root of somebody else. Ends the program where there is none. */
void root_parse(struct argp_state *state, const char *arg, char ret[static PATH_MAX]);

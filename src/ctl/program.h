/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Run another program, with at most six arguments, and wait for it. argv[0] is looked for in PATH and where administrators' programs are. Returns its
 * exit status, -ENOENT: there is no such program, or another negative errno value. */
int program_run(const char *const argv[]);

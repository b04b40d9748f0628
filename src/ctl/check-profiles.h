/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* repcastctl check-profiles: are sensor profiles in order, and do they decode their test vectors?
 *
 * Returns the exit status: 0; EX_USAGE (64); EX_DATAERR (65), a profile is faulty; EX_NOINPUT (66), a file or folder
 * cannot be read; EX_IOERR (74), output cannot be written. */
int check_profiles_main(int argc, char *argv[]);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* repcastctl replay: recordings through the signal core, as a table or as the messages of the MQTT contract.
 *
 * Returns the exit status: 0; EX_USAGE (64); EX_DATAERR (65), a recording is faulty; EX_NOINPUT (66), a recording
 * cannot be opened; EX_IOERR (74), output cannot be written; EX_CONFIG (78), the exercise table is faulty. With
 * several recordings the others are still played, and the first fault decides. */
int replay_main(int argc, char *argv[]);

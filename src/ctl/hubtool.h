/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands that speak to a running repcastd. Each returns an exit status (ctl/view.h). */

int status_main(int argc, char *argv[]);
int sensors_main(int argc, char *argv[]);
int scan_main(int argc, char *argv[]);
int adopt_main(int argc, char *argv[]);
int forget_main(int argc, char *argv[]);
int record_main(int argc, char *argv[]);
int watch_main(int argc, char *argv[]);
int history_main(int argc, char *argv[]);
int assign_main(int argc, char *argv[]);
int claim_main(int argc, char *argv[]);
int queue_main(int argc, char *argv[]);
int end_set_main(int argc, char *argv[]);
int discard_main(int argc, char *argv[]);
int undo_main(int argc, char *argv[]);

/* Words for a shell to complete with. */
int complete_main(int argc, char *argv[]);

/* These need none. */
int doctor_main(int argc, char *argv[]);
int bugreport_main(int argc, char *argv[]);
int prescriptions_main(int argc, char *argv[]);

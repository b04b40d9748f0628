/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* repcastctl setup-broker: make mosquitto the broker of this hub and of the screens in the house.
 *
 * Returns the exit status: 0; 1, the person said no; EX_USAGE (64); EX_UNAVAILABLE (69), no mosquitto; EX_OSERR (71), it
 * does not start so; EX_CANTCREAT (73); EX_NOPERM (77); EX_CONFIG (78), something that it did not write is in the way. */
int setup_broker_main(int argc, char *argv[]);

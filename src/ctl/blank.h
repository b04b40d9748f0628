/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Texts without secrets and people, so that they can be shown to others.
 *
 *     secrets that are known                       [secret]      wherever they stand
 *     what follows a key such as password=         [secret]      to the end of the line; paths of files stay
 *     users and passwords in addresses             [user]        mqtt://hub:pw@host
 *     private keys                                 [key]         -----BEGIN ... PRIVATE KEY----- to its end
 *     names of people that are known               person-1      as whole words; the same one each time
 *     Bluetooth and Ethernet addresses             device-1      the same one each time
 *     control characters                           ?
 *
 * One pass, in which no rule sees what another has written. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define BLANK_SECRETS_MAX 96
#define BLANK_NAMES_MAX   256
#define BLANK_DEVICES_MAX 256
#define BLANK_SECRET_MIN                                                                                       \
        4 /* bytes: shorter ones stand in every other word, and say nothing without their key */

struct blank {
        char *secrets[BLANK_SECRETS_MAX], *names[BLANK_NAMES_MAX];
        char devices[BLANK_DEVICES_MAX][18];
        size_t n_secrets, n_names, n_devices;
        size_t n_blanked; /* secrets that were found */
};

/* Ends of lines do not belong to them. What does not fit is -ENOSPC: then nothing may be shown. */
int blank_add_secret(struct blank *b, const char *secret);
int blank_add_name(struct blank *b, const char *name);

/* Write the text without them. */
void blank_write(struct blank *b, const char *text, size_t n, FILE *out);

void blank_done(struct blank *b);

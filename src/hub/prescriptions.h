/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The table of prescriptions: repcast-prescriptions(5), shipped as conf/prescriptions.conf. */

#include <stddef.h>

#include "coach/prescription.h"
#include "hub/keys.h"
#include "util/fault.h"

#define PRESCRIPTIONS_MAX 256

struct prescriptions {
        struct prescription *items; /* the shipped ones first, each in the order of its file */
        size_t n;
};

extern const struct key_table prescription_keys;

/* The shipped table, built into the programs. */
extern const unsigned char prescriptions_builtin[];
extern const size_t prescriptions_builtin_size;
#define PRESCRIPTIONS_BUILTIN_NAME "the built-in prescriptions" /* in faults */

/* The shipped ones, and those of a file (path NULL: none), which go before shipped ones of the same name. Every fault is
 * told. Returns 0, -EINVAL where the file is faulty or cannot be opened, or another negative errno value. */
int prescriptions_load(const char *path, struct faults *faults, struct prescriptions *ret);
void prescriptions_done(struct prescriptions *p);

/* NULL where it is not there; *ret_nearest (may be NULL) is the name that was probably meant, or NULL. */
const struct prescription *prescriptions_find(
        const struct prescriptions *p, const char *name, const char **ret_nearest);

/* E-B-C-T, each "*", seconds, "<" seconds, ">" seconds, or in the third place "X". Returns 0 or -EINVAL. */
int prescription_parse_tempo(const char *s, struct tempo_part ret[static _PHASE_TEMPO_MAX]);

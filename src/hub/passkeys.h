/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The passkeys of sensors that are paired with one: a file of lines "ADDRESS PASSKEY", as
 *
 *     # the sensors of the back room
 *     D4:22:CD:00:11:22 004711
 *
 * readable by its owner only. */

#include <stddef.h>
#include <stdint.h>

#include "util/address.h"
#include "util/fault.h"

#define PASSKEYS_MAX 512

struct passkeys {
        struct {
                char address[ADDRESS_MAX];
                uint32_t passkey;
        } items[PASSKEYS_MAX];
        size_t n;
};

/* Every fault is told, also that there is no such file. Returns 0 or -EINVAL. */
int passkeys_load(struct passkeys *p, const char *path, struct faults *faults);

/* 0 to 999999; -1 = none. */
int64_t passkeys_find(const struct passkeys *p, const char *address);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The shipped profiles, conf/profiles/, as bytes: made by the build. */

#include <stddef.h>

struct profile_builtin {
        const char *name; /* of the file, for faults */
        const unsigned char *bytes;
        size_t n_bytes;
};

extern const struct profile_builtin profiles_builtin[];
extern const size_t profiles_n_builtin;

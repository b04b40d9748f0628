/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Profiles from text, for tests; faults are gathered in `said`. */

#include "sensor/profile.h"
#include "unit.h"

static char said[65536];

static void listen_to(const char *text, void *userdata) {
        (void) userdata;
        strncat(said, text, sizeof(said) - strlen(said) - 2);
        strcat(said, "\n");
}

static inline struct profile *profile_from(const char *text) {
        struct faults faults = {.sink = listen_to};
        FILE *f = fmemopen((void *) (uintptr_t) text, strlen(text), "r");
        struct profile *p = NULL;
        int r;

        assert_non_null(f);
        said[0] = '\0';
        r = profile_load_stream(f, "F", &faults, &p);
        fclose(f);
        assert_true((r < 0) == (p == NULL));
        assert_true((r < 0) == (faults.n > 0));
        return p;
}

/* One that must be in order. */
static inline struct profile *good_text(const char *text) {
        struct profile *p = profile_from(text);

        if (!p)
                fail_msg("%s", said);
        return p;
}

static inline struct profiles shipped(void) {
        struct faults faults = {.sink = listen_to};
        struct profiles set = {NULL, 0};

        said[0] = '\0';
        if (profiles_load_builtin(&set, &faults) < 0)
                fail_msg("%s", said);
        return set;
}

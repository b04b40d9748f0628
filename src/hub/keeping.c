/* SPDX-License-Identifier: Apache-2.0 */
/* Who asked is told when it is kept, or that it is not. */

#include "hub/keeping.h"

#include <stdlib.h>
#include <string.h>

#include "util/log.h"

struct keeping {
        const char *path, *lost;
        command_done done;
        void *userdata;
};

struct keeping *keeping_new(const char *path, const char *lost, command_done done, void *userdata) {
        struct keeping *k = malloc(sizeof(*k));

        if (k)
                *k = (struct keeping){.path = path, .lost = lost, .done = done, .userdata = userdata};
        return k;
}

void keeping_end(int r, void *keeping) {
        struct keeping *k = keeping;
        struct refusal refusal;

        if (r < 0) {
                refuse(&refusal, ERROR_NOT_KEPT,
                        "it is so now, but %s cannot be written (%s): the next start will know nothing of it. "
                        "Free space or mend the folder's rights, then do it again",
                        k->path, strerror(-r));
                log_error("%s cannot be written: %s; the next start will not know %s", k->path, strerror(-r),
                        k->lost);
        }
        k->done(r < 0 ? &refusal : NULL, k->userdata);
        free(k);
}

void keeping_free(struct keeping *k) {
        free(k);
}

int keeping_refuse(struct keeping *k, int r, struct refusal *refusal) {
        free(k);
        return refuse(refusal, ERROR_NOT_KEPT, "it is so now, but cannot be kept: %s", strerror(-r));
}

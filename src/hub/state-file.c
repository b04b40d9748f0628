/* SPDX-License-Identifier: Apache-2.0 */
/* Where the daemon keeps what outlives it; repcastctl looks there too. */

#include "hub/state-file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int hub_find_state(const struct storage_config *c, const char *fallback, const char *name, char **ret) {
        const char *folder = *c->folder ? c->folder : getenv("STATE_DIRECTORY");

        if (!folder || !*folder)
                folder = fallback;
        *ret = NULL;
        if (!folder)
                return 0;
        /* of several the first: systemd.exec(5) */
        return asprintf(ret, "%.*s/%s", (int) strcspn(folder, ":"), folder, name) < 0 ? -ENOMEM : 0;
}

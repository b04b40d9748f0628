/* SPDX-License-Identifier: Apache-2.0 */
/* The option --root. */

#include "ctl/root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void root_parse(struct argp_state *state, const char *arg, char ret[static PATH_MAX]) {
        char *whole = realpath(arg, NULL);

        if (!whole || strlen(whole) >= PATH_MAX)
                argp_error(state, "%s: %s", arg, whole ? "too long" : strerror(errno));
        else
                strcpy(ret, strcmp(whole, "/") == 0 ? "" : whole);
        free(whole);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands share. */

#include "ctl/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

void command_no_argument(struct argp_state *state, const char *arg) {
        argp_error(state, "takes no argument, \"%s\" was given", arg);
}

void command_path(struct argp_state *state, const char *arg, char ret[static PATH_MAX]) {
        if ((size_t) snprintf(ret, PATH_MAX, "%s", arg) >= PATH_MAX)
                argp_error(state, "%.40s...: the path is too long", arg);
}

void command_root(struct argp_state *state, const char *arg, char ret[static PATH_MAX]) {
        char *whole = realpath(arg, NULL);

        if (!whole || strlen(whole) >= PATH_MAX)
                argp_error(state, "%s: %s", arg, whole ? "too long" : strerror(errno));
        else
                strcpy(ret, strcmp(whole, "/") == 0 ? "" : whole);
        free(whole);
}

int command_finish(int status) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        fputs("repcastctl: output cannot be written; is the disk full or the reader gone?\n", stderr);
        return EX_IOERR;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Asking systemctl: as a program, it works without a bus as well. */

#include "ctl/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/program.h"
#include "util/macros.h"
#include "util/number.h"

DEFINE_CLEANUP(char *, free);

#define OUTPUT_MAX 16384

static const struct property {
        const char *name;
        size_t offset, size;
} texts[] = {
#define TEXT(name, member)                                                                                     \
        { name, offsetof(struct unit, member), sizeof(((struct unit *) NULL)->member) }
        TEXT("LoadState", load),
        TEXT("ActiveState", active),
        TEXT("SubState", sub),
        TEXT("Result", result),
        TEXT("UnitFileState", enabled),
        TEXT("User", user),
        TEXT("Restart", restart),
        TEXT("DropInPaths", drop_ins),
        TEXT("ReadWritePaths", writable),
        TEXT("StateDirectory", state_folder),
};

static void take_number(struct unit *u, const char *name, const char *value) {
        uint64_t n = 0;

        (void) number_parse_u64(value, 0, UINT64_MAX, &n);
        if (strcmp(name, "NRestarts") == 0)
                u->restarts = (unsigned) n;
        else if (strcmp(name, "StateChangeTimestampMonotonic") == 0)
                u->changed_us = n;
        else if (strcmp(name, "WatchdogUSec") == 0) /* a duration in words */
                u->watchdog = strcmp(value, "0") != 0 && strcmp(value, "infinity") != 0;
        else if (strcmp(name, "NeedDaemonReload") == 0)
                u->stale = strcmp(value, "yes") == 0;
}

static void take_line(struct unit *u, char *line) {
        char *value = strchr(line, '=');

        if (!value)
                return;
        *value++ = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                if (strcmp(line, texts[i].name) == 0)
                        snprintf((char *) u + texts[i].offset, texts[i].size, "%s", value);
        take_number(u, line, value);
}

void unit_read(const char *name, struct unit *ret) {
        _cleanup_(freep) char *out = NULL;
        char *rest = NULL;

        *ret = (struct unit){.known = false};
        if (program_capture((const char *[]){"systemctl", "show", name, NULL}, OUTPUT_MAX, &out) != 0)
                return;
        for (char *line = strtok_r(out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
                take_line(ret, line);
        ret->known = *ret->load != '\0';
}

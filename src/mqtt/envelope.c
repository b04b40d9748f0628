/* SPDX-License-Identifier: Apache-2.0 */
/* Schema and expiry of a payload. */

#include "mqtt/envelope.h"

#include <stdio.h>
#include <string.h>

#include "util/macros.h"

#define VERSION_MAX 3 /* digits */
#define TYPE_MAX    15

/* For subscribers that are away while the broker keeps messages for them. Reps and sets are wanted whenever they come back;
 * what is meant for the moment would mislead them. */
static const struct {
        const char *type;
        uint32_t expiry_s;
} moments[] = {
        {"live", 10},
        {"phase", 10},
        {"rejected", 60},
        {"safety", 30},
        {"fatigue", 60},
        {"advice", 60},
        {"reply", 60},
        {"owner", 5},
};

void envelope_of(const char *payload, struct envelope *ret) {
        static const char before[] = "{\"v\":", between[] = ",\"type\":\"";
        const char *version, *type;
        size_t n_version, n_type;

        *ret = (struct envelope){0};
        if (strncmp(payload, before, strlen(before)) != 0)
                return;
        version = payload + strlen(before);
        n_version = strspn(version, "0123456789");
        if (n_version == 0 || n_version > VERSION_MAX ||
                strncmp(version + n_version, between, strlen(between)) != 0)
                return;
        type = version + n_version + strlen(between);
        n_type = strspn(type, "abcdefghijklmnopqrstuvwxyz_");
        if (n_type == 0 || n_type > TYPE_MAX || type[n_type] != '"')
                return;
        snprintf(ret->schema, sizeof(ret->schema), "%.*s/%.*s", (int) n_type, type, (int) n_version, version);
        for (size_t i = 0; i < ARRAY_SIZE(moments); i++)
                if (strlen(moments[i].type) == n_type && strncmp(moments[i].type, type, n_type) == 0)
                        ret->expiry_s = moments[i].expiry_s;
}

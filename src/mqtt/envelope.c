/* SPDX-License-Identifier: Apache-2.0 */
/* Schema and expiry of a payload. */

#include "mqtt/envelope.h"

#include <stdio.h>
#include <string.h>

#include "util/macros.h"

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
        unsigned version;
        char type[16];
        int end = 0;

        *ret = (struct envelope){0};
        if (sscanf(payload, "{\"v\":%3u,\"type\":\"%15[a-z_]\"%n", &version, type, &end) != 2 || end == 0)
                return;
        snprintf(ret->schema, sizeof(ret->schema), "%s/%u", type, version);
        for (size_t i = 0; i < ARRAY_SIZE(moments); i++)
                if (strcmp(moments[i].type, type) == 0)
                        ret->expiry_s = moments[i].expiry_s;
}

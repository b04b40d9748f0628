/* SPDX-License-Identifier: Apache-2.0 */
/* Questions from anybody who may publish: whatever comes is refused or understood, and what is understood is in bounds. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "message/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct query q;
        char why[128] = "", *json = NULL;

        if (query_from_json((const char *) data, size, &q, why, sizeof(why)) < 0) {
                if (why[0] == '\0' || query_refuse(&q, why, &json) < 0)
                        abort();
        } else if (q.limit == 0 || q.limit > QUERY_EVENTS_MAX || q.id[0] == '\0' ||
                strlen(q.station) >= sizeof(q.station))
                abort();
        free(json);
        return 0;
}

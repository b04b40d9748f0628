/* SPDX-License-Identifier: Apache-2.0 */
/* Commands from anybody who may publish: whatever comes is refused in words or understood, and what is understood is in
 * bounds. The first byte says whether it came to a station. */

#include <string.h>

#include "fuzz.h"
#include "message/request.h"

static bool ends(const char *s, size_t size) {
        return memchr(s, 0, size) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct request q = {.path.topic = "r"};
        struct answer a = {.now_ms = 1};
        bool on_station = size > 0 && data[0] == 's';
        char *json = NULL;
        int r;

        if (size == 0)
                return 0;
        r = request_from_json((const char *) data + 1, size - 1, on_station, &q);
        must(ends(q.id, sizeof(q.id)) && ends(q.by, sizeof(q.by)) && ends(q.station, sizeof(q.station)) &&
                ends(q.sensor, sizeof(q.sensor)) && ends(q.profile, sizeof(q.profile)));
        must(strcmp(q.path.topic, "r") == 0);
        must((r < 0) == (q.code != NULL) && (r < 0) == (q.why[0] != '\0'));
        must(q.n_queue <= ASSIGNMENT_QUEUE_MAX);
        must(ends(q.wish.values.athlete, ASSIGNMENT_NAME_MAX) &&
                ends(q.wish.values.exercise, ASSIGNMENT_NAME_MAX));
        for (unsigned i = 0; r >= 0 && i < q.n_queue; i++)
                must(q.queue[i].values.athlete[0] != '\0' &&
                        ends(q.queue[i].values.athlete, ASSIGNMENT_NAME_MAX));
        if (r >= 0 && q.wish.given & ASSIGNMENT_LOAD)
                must(!(q.wish.values.load_kg < 0 || q.wish.values.load_kg > ASSIGNMENT_LOAD_MAX_KG));
        if (r >= 0) {
                must(q.kind < _REQUEST_MAX && request_kind_is_of_station(q.kind) == on_station);
                must(q.id[0] != '\0' && q.sent_ms > 0 && q.seconds <= REQUEST_SCAN_MAX_S);
        }
        a.id = q.id;
        a.kind = q.kind;
        a.code = q.code;
        a.why = q.why;
        must(answer_to_json(&a, &json) >= 0); /* the words of a refusal are UTF-8, too */
        answer_json_set_repeated(json);
        must(strstr(json, "\"repeated\":true}") != NULL);
        free(json);
        return 0;
}

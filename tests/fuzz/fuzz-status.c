/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what the broker delivers on the topics of a hub's own name: its status, and claims to it. What is taken has a
 * session, and half of such a text has none. */

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "message/claim.h"
#include "message/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = (const char *) data;
        struct status_heard status;
        struct claim claim;
        const int s = status_from_json(text, size, &status), c = claim_from_json(text, size, &claim);

        must((s == 0 || s == -EINVAL) && (c == 0 || c == -EINVAL));
        if (s == 0)
                must(strlen(status.session) < MESSAGE_RUN_MAX);
        if (c == 0)
                must(*claim.session && claim.held_s >= 0 && !claim_beats(&claim, &claim));
        if (s == 0 || c == 0) {
                const char *end = memrchr(text, '}', size); /* of the one object that it must be */
                must(end && status_from_json(text, (size_t) (end - text), &status) == -EINVAL &&
                        claim_from_json(text, (size_t) (end - text), &claim) == -EINVAL);
        }
        return 0;
}

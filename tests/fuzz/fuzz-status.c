/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what the broker delivers on the topic of our own status: the one thing that is read from the network.
 * Whoever is there as another, is another to everybody but one; and half a text is nobody's. */

#include <string.h>

#include "fuzz.h"
#include "message/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = (const char *) data;
        int mine = status_is_online_of_another(text, size, "a"),
            yours = status_is_online_of_another(text, size, "b");

        must((mine == 0 || mine == 1) && (yours == 0 || yours == 1));
        if (mine == 0 && yours == 0)
                return 0;
        const char *end = memrchr(text, '}', size); /* of the one object that it must be */
        must(end && *text != '\0');
        must(status_is_online_of_another(text, (size_t) (end - text), "a") == 0);
        return 0;
}

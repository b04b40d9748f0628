/* SPDX-License-Identifier: Apache-2.0 */
/* Any lines as a rep or a set of the store and its amendments, as they may lie on a disk that others have written to. What
 * comes out is JSON, says whether it was amended, and is the same again. */

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "message/amended.h"

#define LINES_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *text = strndup((const char *) data, size), *lines[LINES_MAX] = {NULL}, *result = NULL,
             *again = NULL;
        unsigned n = 0;
        int r;

        must(text);
        for (char *line = text; line && n < LINES_MAX; n++)
                lines[n] = strsep(&line, "\n");
        r = amended_json(lines[0], lines + 1, n - 1, &result);
        must(r == 0 || r == -EINVAL);
        must((r == 0) == (result != NULL));
        if (result) {
                json_t *j = json_loads(result, 0, NULL);

                must(json_is_object(j) && json_is_array(json_object_get(j, "amended")));
                json_decref(j);
                must(amended_json(lines[0], lines + 1, n - 1, &again) == 0 && strcmp(result, again) == 0);
        }
        free(again);
        free(result);
        free(text);
        return 0;
}

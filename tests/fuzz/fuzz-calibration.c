/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a calibration of the store: what is taken is of a possible sensor, and is written and read again as the
 * same. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "store/calibration-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *text = strndup((const char *) data, size), again[CALIBRATION_TEXT_MAX],
             third[CALIBRATION_TEXT_MAX];
        struct calibration c, d;

        must(text);
        memset(&c, 0xa5, sizeof(c));
        d = c;
        if (calibration_from_text(text, &c) < 0) {
                must(memcmp(&c, &d, sizeof(c)) == 0); /* untouched */
        } else {
                calibration_to_text(&c, again);
                must(calibration_from_text(again, &d) == 0);
                calibration_to_text(&d, third);
                must(strcmp(again, third) == 0);
        }
        free(text);
        return 0;
}

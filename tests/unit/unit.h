/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* cmocka with what it needs before it, and TAP on standard output for the test driver. */

/* cmocka.h relies on what stands before it. */
/* clang-format off */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
/* clang-format on */

#define run_unit_tests(tests)                                                                                  \
        (cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests(tests, NULL, NULL))

/* Of n trials that are alike, how many are made: all, or one in $ONE_TRIAL_IN of them where each is dear (a processor that is
 * emulated: debian/rules). */
static inline unsigned trials(unsigned n) {
        const char *one_in = getenv("ONE_TRIAL_IN");
        unsigned long k = one_in ? strtoul(one_in, NULL, 10) : 1;

        return k > 1 ? (unsigned) ((n + k - 1) / k) : n;
}

/* |a - b| <= tolerance, with the figures in the message. */
#define assert_near(a, b, tolerance)                                                                           \
        do {                                                                                                   \
                double _a = (a), _b = (b), _t = (tolerance);                                                   \
                if (!(fabs(_a - _b) <= _t))                                                                    \
                        fail_msg("%s = %.9g, wanted %.9g +- %.9g", #a, _a, _b, _t);                            \
        } while (0)

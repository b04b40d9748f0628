/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A fuzz target in libFuzzer's form. With --enable-fuzzers libFuzzer feeds it; otherwise replay-corpus.c feeds it the
 * files of tests/fuzz/corpus/NAME, for the program fuzz-NAME.
 *
 * A target checks what must hold for any input with must(): a crash is not the only way to be wrong. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition)                                                                                        \
        do {                                                                                                   \
                if (!(condition)) {                                                                            \
                        fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);          \
                        abort();                                                                               \
                }                                                                                              \
        } while (0)

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Ownership and small arithmetic. Header only, pure C: the signal core uses it too. */

#include <stddef.h>

#define _cleanup_(function)     __attribute__((__cleanup__(function)))
#define _printf_(format, first) __attribute__((__format__(printf, format, first)))
#define _unused_                __attribute__((__unused__))

/* Filled before it is read, and too large to be zeroed for that (-ftrivial-auto-var-init) each time. */
#define _uninitialized_ __attribute__((__uninitialized__))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#ifdef __CPPCHECK__ /* it cannot read statement expressions */
#        define MIN(a, b) ((a) < (b) ? (a) : (b))
#        define MAX(a, b) ((a) > (b) ? (a) : (b))
#else
#        define MIN(a, b)                                                                                      \
                __extension__({                                                                                \
                        __typeof__(a) _min_a = (a);                                                            \
                        __typeof__(b) _min_b = (b);                                                            \
                        _min_a < _min_b ? _min_a : _min_b;                                                     \
                })
#        define MAX(a, b)                                                                                      \
                __extension__({                                                                                \
                        __typeof__(a) _max_a = (a);                                                            \
                        __typeof__(b) _max_b = (b);                                                            \
                        _max_a > _max_b ? _max_a : _max_b;                                                     \
                })
#endif
#define CLAMP(x, low, high) MAX((low), MIN((x), (high)))

/* Take a pointer out of a variable that a cleanup function watches. */
#define TAKE_PTR(p)                                                                                            \
        __extension__({                                                                                        \
                __typeof__(p) *_take_p = &(p);                                                                 \
                __typeof__(p) _take_v = *_take_p;                                                              \
                *_take_p = NULL;                                                                               \
                _take_v;                                                                                       \
        })

/* DEFINE_CLEANUP(FILE *, fclose) makes fclosep() for _cleanup_(fclosep); NULL is left alone. */
#define DEFINE_CLEANUP(type, function)                                                                         \
        _unused_ static inline void function##p(type *p) {                                                     \
                if (*p)                                                                                        \
                        function(*p);                                                                          \
        }                                                                                                      \
        struct _cleanup_for_##function

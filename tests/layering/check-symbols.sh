#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-symbols.sh ARCHIVE [BELOW]: the pure archives (signal core, coach) may reference nothing but memory and string
# functions of libc and libm, and what the archive below them defines. Prints each symbol that is too much; status 1 where there is one.
set -eu
archive=$1 below=${2:-$1}
[ -s "$archive" ] || { echo "check-symbols.sh: no such archive: $archive" >&2; exit 2; }
nm=${NM:-nm}

# What each member needs, less what the archive itself defines.
defined=$("$nm" -g --defined-only "$archive" "$below" | awk 'NF == 3 { print $3 }' | sort -u)
needed=$("$nm" -u "$archive" | awk 'NF == 2 { print $2 }' | sort -u)
[ -n "$defined" ] || { echo "check-symbols.sh: $archive defines nothing" >&2; exit 2; }

memory='memcpy|memmove|memset|memcmp|memchr|strcmp|strncmp|strlen|strnlen|strchr|strrchr|stpcpy|strcpy|strncpy'
math='a?(sin|cos|tan)h?f?|atan2f?|sincosf?|sqrtf?|cbrtf?|expf?|exp2f?|expm1f?|logf?|log2f?|log10f?|log1pf?|powf?|hypotf?'
math="$math|fabsf?|floorf?|ceilf?|roundf?|lroundf?|llroundf?|lrintf?|llrintf?|rintf?|truncf?|fmodf?|remainderf?|fmaxf?|fminf?"
math="$math|erff?|erfcf?|copysignf?|ldexpf?|frexpf?|nearbyintf?|__isnanf?|__isinff?|__finitef?|__signbitf?|__fpclassifyf?"
# What compilers add by themselves: stack protector, checked copies, sanitizers, coverage, libFuzzer.
compiler='__stack_chk_fail|__(memcpy|memmove|memset|strcpy|stpcpy|strncpy)_chk|_GLOBAL_OFFSET_TABLE_'
compiler="$compiler|__((start|stop)_)?_*(asan|ubsan|tsan|sanitizer|sancov|gcov|llvm)_.*"

excess=$(printf '%s\n' "$needed" | grep -vxF -e "$defined" | grep -vxE "($memory|$math|$compiler)" || :)
[ -z "$excess" ] || {
        printf '%s\n' "$excess" | sed "s|^|${archive##*/}: references |"
        exit 1
}

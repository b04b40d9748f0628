#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The layering holds, and the checks that say so can fail: each is also run on a copy with a fault put in.
set -u
here=${srcdir:?run by make check}/tests/layering
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}

echo 1..7
n=0
expect() { # STATUS PATTERN NAME COMMAND...
        wanted=$1 pattern=$2 name=$3
        shift 3
        n=$((n + 1))
        output=$("$@" 2>&1)
        status=$?
        if [ "$status" = "$wanted" ] && printf '%s\n' "$output" | grep -q "$pattern"; then
                echo "ok $n - $name"
        else
                echo "not ok $n - $name (status $status)"
                printf '%s\n' "$output" | sed 's/^/# /'
        fi
}

expect 0 '' 'the signal core references libm and memory functions only' \
        sh "$here/check-symbols.sh" "${builddir:?run by make check}/librepcast.a"

expect 0 '' 'the coach references the signal core besides' \
        sh "$here/check-symbols.sh" "$builddir/libcoach.a" "$builddir/librepcast.a"

inject() { # FUNCTION SOURCE
        for archive in librepcast libcoach; do
                cp "$builddir/$archive.a" "$work/$archive-$1.a"
                printf '%s\n' "$2" >"$work/$1.c"
                $cc -c -o "$work/$1.o" "$work/$1.c" &&
                        ${AR:-ar} q "$work/$archive-$1.a" "$work/$1.o" 2>/dev/null
        done
}
inject clock_gettime '#include <time.h>
long injected(void); long injected(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_nsec; }'
expect 1 'references clock_gettime' 'a clock in the signal core is found' \
        sh "$here/check-symbols.sh" "$work/librepcast-clock_gettime.a"
inject malloc '#include <stdlib.h>
void *injected(void); void *injected(void) { return malloc(8); }'
expect 1 'references malloc' 'an allocation in the signal core is found' \
        sh "$here/check-symbols.sh" "$work/librepcast-malloc.a"
expect 1 'references malloc' 'an allocation in the coach is found' \
        sh "$here/check-symbols.sh" "$work/libcoach-malloc.a" "$builddir/librepcast.a"

expect 0 '' 'every folder includes only what stands below it' sh "$here/check-includes.sh" "$srcdir"

mkdir -p "$work/tree" && cp -R "$srcdir/include" "$srcdir/src" "$work/tree/" && chmod -R u+w "$work/tree"
printf '#include "mqtt/uplink.h"\n' >>"$work/tree/src/core/words.c"
printf '#include <mosquitto.h>\n' >>"$work/tree/src/hub/config.h"
expect 1 'src/core/words.c:[0-9]* includes mqtt/uplink.h' 'a wrong include is found' \
        sh "$here/check-includes.sh" "$work/tree"

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-hardening.sh PROGRAM...: what the compiler and the linker do for a program against whom finds a fault in it. TAP; one
# line for each program, and what it lacks.
#
#   PIE, full RELRO, BIND_NOW     nothing lies where it is expected, and no table of functions can be written to
#   no executable stack, no page both writable and executable, no text relocations
#   no RPATH or RUNPATH           libraries are taken from where the system has them
#   stack protector, FORTIFY      calls of __stack_chk_fail and of checked functions (memcpy_chk and others) are there
#   landing pads                  endbr64 (x86-64) or bti and paciasp (arm64) in front of what is called through a pointer,
#                                 by the hundred: the start files alone have a handful
set -u
[ $# -gt 0 ] || { echo 'Usage: check-hardening.sh PROGRAM...' >&2; exit 64; }
readelf=${READELF:-readelf}
objdump=${OBJDUMP:-objdump}
echo "1..$#"
n=0 status=0

lacks() { # PROGRAM: a word for each thing that it lacks
        file=$(LC_ALL=C $readelf -Whld "$1") || { echo readelf; return; }
        symbols=$(LC_ALL=C $readelf -W --dyn-syms "$1")
        echo "$file" | grep -q 'Type: *DYN' && echo "$file" | grep -qE 'FLAGS_1.* PIE' || echo PIE
        echo "$file" | grep -q 'GNU_RELRO' || echo RELRO
        echo "$file" | grep -qE '\(FLAGS(_1)?\).*NOW|BIND_NOW' || echo BIND_NOW
        echo "$file" | grep 'GNU_STACK' | grep -q ' RW ' || echo noexecstack
        ! echo "$file" | grep 'LOAD' | grep -q 'RWE' || echo 'W^X'
        ! echo "$file" | grep -q TEXTREL || echo 'no-TEXTREL'
        ! echo "$file" | grep -qE '\((RPATH|RUNPATH)\)' || echo no-RPATH
        echo "$symbols" | grep -q '__stack_chk_fail' || echo stack-protector
        echo "$symbols" | grep -qE '__(memcpy|snprintf|vsnprintf|printf|fprintf|vfprintf|read|strcpy)_chk' || echo FORTIFY
        case $file in
        *X86-64*) landing=endbr64 ;;
        *AArch64*) landing='\<(bti|paciasp)\>' ;;
        *) landing= ;;
        esac
        [ -z "$landing" ] || [ "$(LC_ALL=C $objdump -d -j .text "$1" | grep -cE "$landing")" -ge 100 ] || echo landing-pads
}

for program; do
        n=$((n + 1))
        missing=$(lacks "$program" | tr '\n' ' ')
        if [ -z "$missing" ]; then
                echo "ok $n - $(basename "$program") is hardened"
        else
                echo "not ok $n - $(basename "$program") lacks: $missing"
                status=1
        fi
done
exit $status

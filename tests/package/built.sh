#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Packages as they were built, in the Debian that built them: programs are hardened, and a program of somebody else is made with
# repcast-dev. TAP on standard output.
set -u

usage() {
        cat <<USAGE
Usage: tests/package/built.sh ARCH FOLDER

FOLDER has the packages of ARCH. Programs of another processor are looked at with the tools of a cross compiler and run by
qemu-user.
USAGE
}

[ $# = 2 ] || { usage >&2; exit 64; }
arch=$1 folder=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in "$folder"/repcast*_"$arch".deb; do
        case $package in *-dbgsym_*) ;; *) dpkg-deb -x "$package" "$work" || exit ;; esac
done

prefix=$(dpkg-architecture -a"$arch" -qDEB_HOST_GNU_TYPE 2>/dev/null)-
emulator=
[ "$(dpkg --print-architecture)" = "$arch" ] || emulator=qemu-$(dpkg-architecture -a"$arch" -qDEB_HOST_GNU_CPU 2>/dev/null)

echo 1..5
READELF=${prefix}readelf OBJDUMP=${prefix}objdump "$here/../sandbox/check-hardening.sh" "$work/usr/sbin/repcastd" \
        "$work/usr/bin/repcastctl" "$work/usr/bin/repcast-sensor" | grep -v '^1\.\.'
if "${prefix}gcc" -std=c17 -Wall -Wextra -Werror -I"$work/usr/include" "$here/library.c" "$work"/usr/lib/*/librepcast.a -lm \
        -o "$work/library"; then
        echo 'ok 4 - a program is made with repcast-dev'
else
        echo 'not ok 4 - a program is made with repcast-dev'
fi
if $emulator "$work/library"; then echo 'ok 5 - and counts'; else echo 'not ok 5 - and counts'; fi

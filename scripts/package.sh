#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian packages, each built in a clean Debian of its own.
set -eu

usage() {
        cat <<USAGE
Usage: scripts/package.sh [--arch ARCH]... [SUITE]...

Builds repcast and repcast-dev for bookworm (Debian 12) and trixie (Debian 13), or the suites named, and for amd64 and
arm64, or the architectures named; runs their unit tests (those of arm64 under qemu-user) and lintian, looks at how the
programs are hardened and makes one with repcast-dev. The packages go to build-package/SUITE/. A Debian with what the build needs is made once for each suite and kept there as well; each build
begins with a fresh copy of it. DEB_BUILD_OPTIONS=nocheck leaves out the unit tests. Takes root, or sudo.
USAGE
}

top=$(cd "$(dirname "$0")/.." && pwd)
suites='' archs=''
while [ $# -gt 0 ]; do
        case $1 in
        --arch)
                [ $# -ge 2 ] || { usage >&2; exit 64; }
                archs="$archs $2"
                shift
                ;;
        bookworm | trixie) suites="$suites $1" ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 64 ;;
        esac
        shift
done
: "${suites:=bookworm trixie}" "${archs:=amd64 arm64}"

. "$top/scripts/common.sh"
# Root, and mounts that nobody else sees and that go with this process.
if [ -z "${PACKAGE_ALONE:-}" ]; then
        # shellcheck disable=SC2046,SC2086 # lists
        as_root env PACKAGE_ALONE=yes DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-}" unshare -m "$0" $(printf -- '--arch %s ' $archs) $suites
        exit
fi
# shellcheck disable=SC2086 # a list of names
install_packages $packages_package
out=$top/build-package
mkdir -p "$out"

work=$(mktemp -d)
trap 'umount -q "$work/root/proc" 2>/dev/null || :; rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM

# Libraries for both architectures, tools for this one.
base() { # SUITE
        tools='build-essential crossbuild-essential-arm64 debhelper lintian fakeroot qemu-user'
        tools="$tools $(sed -n '/^Build-Depends:/,/^[^ ]/s/^ \(auto[a-z-]*\|pkg-config\),.*/\1/p' "$top/debian/control")"
        case $1 in bookworm) tools="$tools systemd" ;; *) tools="$tools systemd-dev" ;; esac
        libraries=$(sed -n '/^Build-Depends:/,/^[^ ]/s/^ \(lib[a-z0-9-]*\).*/\1 \1:arm64/p' "$top/debian/control")
        key=$(echo "$1 $tools $libraries" | sha256sum | cut -c 1-12)
        tar=$out/$1-$key.tar
        if ! [ -e "$tar" ]; then
                say "$1: making a Debian to build in"
                rm -f "$out/$1"-*.tar
                # shellcheck disable=SC2086 # lists
                quietly "$out/$1-base.log" mmdebstrap --quiet --format=tar --variant=buildd --architectures=amd64,arm64 \
                        --include="$(printf '%s,' $tools $libraries)" "$1" "$tar.new"
                mv "$tar.new" "$tar"
        fi
}

# The tree without what git leaves out, or as it was released.
tree() {
        cd "$top"
        if ! [ -e .git ]; then
                tar --exclude='./build-*' -cf - .
                return
        fi
        git -c safe.directory='*' ls-files -co --exclude-standard |
                while read -r file; do [ ! -e "$file" ] || printf '%s\n' "$file"; done | tar -cf - -T -
}

build() { # SUITE ARCH
        say "$1, $2: building"
        place=/build/$2/repcast
        mkdir -p "$work/root$place"
        tree | tar -C "$work/root$place" -xf -
        quietly "$out/$1/$2.log" chroot "$work/root" env LC_ALL=C.UTF-8 \
                DEB_BUILD_OPTIONS="parallel=$(nproc) ${DEB_BUILD_OPTIONS:-}" sh -c "cd $place && dpkg-buildpackage -us -uc -b -a$2" || return 1
        sed -n 's/^# \(TOTAL\|PASS\|SKIP\|FAIL\|ERROR\): /  unit tests, \1: /p' "$out/$1/$2.log"
        cp "$work/root/build/$2/"*.deb "$out/$1/"
        say "$1, $2: lintian"
        quietly "$out/$1/$2.lintian" chroot "$work/root" env LC_ALL=C.UTF-8 \
                sh -c "lintian --allow-root --fail-on error,warning --tag-display-limit 0 /build/$2/*.changes" || return 1
        say "$1, $2: programs and library"
        chroot "$work/root" env LC_ALL=C.UTF-8 "$place/tests/package/built.sh" "$2" "/build/$2" >"$out/$1/$2.tap" 2>&1 || :
        sed 's/^/  /' "$out/$1/$2.tap"
        [ "$(grep -c '^ok ' "$out/$1/$2.tap")" = 5 ]
}

status=0
for suite in $suites; do
        base "$suite"
        rm -rf "${out:?}/$suite"
        mkdir -p "$work/root" "$out/$suite"
        tar -C "$work/root" -xf "$tar"
        mount -t proc proc "$work/root/proc"
        for arch in $archs; do
                build "$suite" "$arch" || status=1
        done
        umount "$work/root/proc"
        rm -rf --one-file-system "$work/root"
        ls "$out/$suite"/*.deb 2>/dev/null || :
done
exit "$status"

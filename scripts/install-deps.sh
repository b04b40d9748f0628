#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install the packages that build repcast; with "demo", "test" or "vm" also those of the demo, the
# tests or the virtual gym.
set -eu

usage() {
        cat <<USAGE
Usage: scripts/install-deps.sh [demo|test|vm]...

Installs Debian packages that are missing, as root or through sudo, without starting their services.
USAGE
}

. "$(dirname "$0")/common.sh"
packages=$packages_build
for purpose; do
        case $purpose in
        demo) packages="$packages $packages_demo" ;;
        test) packages="$packages $packages_test" ;;
        vm) packages="$packages $packages_vm" ;;
        -h | --help) usage; exit 0 ;;
        *) echo "install-deps.sh: unknown argument '$purpose'" >&2; usage >&2; exit 64 ;;
        esac
done
# shellcheck disable=SC2086 # a list of names
install_packages $packages
say 'all packages are there'

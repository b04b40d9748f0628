#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make ./configure from configure.ac. Needs autoconf, automake, autoconf-archive and pkg-config.
set -eu
cd "$(dirname "$0")"
automake_dir=$(automake --print-libdir) || {
        echo "autogen.sh: automake is missing; scripts/install-deps.sh installs all that is needed" >&2
        exit 1
}
mkdir -p build-aux m4
cp "$automake_dir/tap-driver.sh" build-aux/
exec autoreconf --install --force "$@"

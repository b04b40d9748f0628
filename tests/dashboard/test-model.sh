#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The dashboard's model, in node (Debian: nodejs); it needs no package of npm.
set -eu
if ! command -v node >/dev/null; then
        echo '1..0 # SKIP node is not here'
        exit 0
fi
exec node "${srcdir:-.}/tests/dashboard/model.mjs"

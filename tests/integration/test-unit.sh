#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The unit file: systemd understands every line of it, and it exposes little.
set -u
unit=${builddir:?run by make check}/systemd/repcast.service

if ! command -v systemd-analyze >/dev/null; then
        echo '1..0 # SKIP systemd-analyze is not installed'
        exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 1..4

# The program may not be installed here yet; anything else that is wrong counts.
sed 's|^ExecStart=.*|ExecStart=/bin/true|' "$unit" >"$work/repcast.service"
if systemd-analyze verify --man=no "$work/repcast.service" 2>"$work/errors" && [ ! -s "$work/errors" ]; then
        echo 'ok 1 - systemd understands the unit'
else
        echo 'not ok 1 - systemd understands the unit'
        sed 's/^/# /' "$work/errors"
fi

# 0 is a locked box, 10 an open door; the figure is in tenths.
if systemd-analyze security --offline=true --threshold=13 "$work/repcast.service" >"$work/score" 2>&1; then
        echo 'ok 2 - exposure level at most 1.3'
else
        echo 'not ok 2 - exposure level at most 1.3'
fi
tail -n 1 "$work/score" | sed 's/^/# /'

if grep -q '^ExecStart=/.*/repcastd$' "$unit" && ! grep -q '@[a-z]*@' "$unit"; then
        echo 'ok 3 - the program is named by its path'
else
        echo 'not ok 3 - the program is named by its path'
fi

# A drop-in is only read beside its unit; this one stands for the distribution's.
mkdir "$work/units" && cp -R "${srcdir:?run by make check}/systemd/bluetooth.service.d" "$work/units"
printf '[Service]\nType=oneshot\nExecStart=/bin/true\n' >"$work/units/bluetooth.service"
if SYSTEMD_UNIT_PATH="$work/units:" systemd-analyze verify --man=no bluetooth.service 2>"$work/errors" &&
        [ ! -s "$work/errors" ]; then
        echo 'ok 4 - systemd understands the drop-in for bluetooth.service'
else
        echo 'not ok 4 - systemd understands the drop-in for bluetooth.service'
        sed 's/^/# /' "$work/errors"
fi

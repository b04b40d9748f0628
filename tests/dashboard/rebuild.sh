#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bundle made anew from its sources by the documented command, and compared byte by byte with the committed one. Needs
# npm and its registry, which make check does not: test-bundle.py compares hashes there. Run by make check-bundle.
set -eu
page=$(cd "${srcdir:-.}/dashboard" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -R "$page/." "$folder"
chmod -R u+w "$folder"
cd "$folder"
rm -rf node_modules repcast.js repcast.css bundle.json THIRD-PARTY.txt
(npm ci && npm run build) >npm.log 2>&1 || { cat npm.log; exit 1; }
status=0
echo '1..4'
n=0
for file in repcast.js repcast.css bundle.json THIRD-PARTY.txt; do
        n=$((n + 1))
        if cmp -s "$file" "$page/$file"; then
                echo "ok $n - $file is what its sources make"
        else
                echo "not ok $n - $file is what its sources make"
                status=1
        fi
done
exit $status

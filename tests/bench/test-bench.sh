#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bench runs and tells all stages. What it measures is no matter for a test.
set -u
bench="${builddir:-.}/tests/bench/bench-core"
echo 1..3

"$bench" --json --rounds 5 | "${PYTHON3:-python3}" -c '
import json, sys
b = json.load(sys.stdin)
for where in ("in motion", "at rest"):
    stages = {s["stage"]: s for s in b["stages"] if s["where"] == where}
    assert {"bare", "whole core", "whole, 6", "rest of it"} <= stages.keys(), stages.keys()
    assert stages["bare"]["ratio"] == 1 and stages["whole core"]["ratio"] > 1, stages
assert b["cycles"] >= 10 and b["samples"] > 5000 and b["state_bytes"] > 1000, b
' && echo "ok 1 - JSON with every stage" || echo "not ok 1 - JSON with every stage"

"$bench" --rounds 5 --rate 50 | grep -q '^whole core ' && echo "ok 2 - a table" || echo "not ok 2 - a table"

"$bench" --rounds 0 >/dev/null 2>&1
[ $? -eq 64 ] && echo "ok 3 - wrong use is refused" || echo "not ok 3 - wrong use is refused"

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recordings with expected messages: every case of cases.txt is generated, replayed and compared with
expected/NAME.jsonl.

Maths libraries differ in the last digit between processors, and a threshold may then be crossed a sample sooner. So
instants agree within 5 ms, lengths within 2 mm, speeds within 5 mm/s, shares within 1 point; all else is exact.
"make golden-update" writes the expectations anew; the commit says why they changed.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("builddir", ".")).resolve()
TOLERANCES = [("_ms", 5), ("_mps2", 0.05), ("_mps", 0.005), ("_m", 0.002), ("_s", 0.0051), ("_pct", 1.0)]
NAMED = {"confidence": 0.02, "control": 0.02, "divebomb": 0.02, "eccentric": 0.0051, "bottom": 0.0051, "concentric": 0.0051, "top": 0.0051}


def tolerance(key):
    return next((t for suffix, t in TOLERANCES if key.endswith(suffix)), NAMED.get(key, 0))


def differences(path, a, b):
    """Where two values differ by more than they may."""
    if isinstance(a, dict) and isinstance(b, dict):
        if a.keys() != b.keys():
            return [f"{path}: keys {sorted(a.keys() ^ b.keys())} are in one only"]
        return [d for key in a for d in differences(f"{path}.{key}", a[key], b[key])]
    if isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            return [f"{path}: {len(a)} elements, wanted {len(b)}"]
        return [d for i, (x, y) in enumerate(zip(a, b)) for d in differences(f"{path}[{i}]", x, y)]
    key = path.rsplit(".", 1)[-1].split("[")[0]
    numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (a, b))
    if a == b or numbers and abs(a - b) <= tolerance(key) * (1 + 1e-9):
        return []
    return [f"{path}: {a}, wanted {b}"]


def cases():
    for line in (HERE / "cases.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, *options = line.split()
            yield name, options


def replay(folder, name, options):
    recording = Path(folder) / f"{name}.rec"
    subprocess.run([BUILD / "tests/synth/repcast-synth", *options, "-o", recording], check=True)
    run = subprocess.run([BUILD / "repcastctl", "replay", "--format", "json", recording], check=True,
                         capture_output=True, text=True)
    return run.stdout.splitlines()


def compare(lines, expected):
    if len(lines) != len(expected):
        kinds = [json.loads(line)["type"] for line in lines]
        wanted = [json.loads(line)["type"] for line in expected]
        return [f"{len(lines)} messages, wanted {len(expected)}: {kinds}", f"wanted {wanted}"]
    return [d for i, (a, b) in enumerate(zip(lines, expected), 1)
            for d in differences(f"line {i}", json.loads(a), json.loads(b))]


def main():
    update = "--update" in sys.argv[1:]
    failed = 0
    plan = list(cases())
    print(f"1..{len(plan)}")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, options) in enumerate(plan, 1):
            lines = replay(folder, name, options)
            file = HERE / "expected" / f"{name}.jsonl"
            if update:
                file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
            faults = compare(lines, file.read_text(encoding="utf-8").splitlines()) if file.exists() else ["no " + str(file)]
            failed += bool(faults)
            print(f"{'not ok' if faults else 'ok'} {number} - {name}")
            for fault in faults[:20]:
                print(f"# {fault}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

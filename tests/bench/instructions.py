#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions that a sample costs in the signal core, against the committed figures of instructions.json.

Time depends on the machine, instructions only on the compiler and its libraries: callgrind counts the same again and again.
So the figures hold for one compiler at -O2; with another one this is skipped. More than a tenth above them is red; a tenth
below asks for new ones, or later changes could hide in what was won.

    make check-instructions            in a build configured with CC=gcc CFLAGS=-O2
    make instructions-update           writes the figures anew; the commit says why they changed
"""
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

FIGURES = Path(__file__).resolve().parent / "instructions.json"
BUILD = Path(os.environ.get("builddir", ".")).resolve()
LINES = ["bare", "whole core"]
TOLERANCE = 0.10
# The C library chooses its functions by the processor; all x86-64 processors have what is left.
PLAIN = "glibc.cpu.hwcaps=-AVX2,-AVX,-FMA,-FMA4,-ERMS,-FSRM,-SSE4_1,-SSE4_2,-SSSE3,-XSAVEC,-XSAVE"


def count():
    run = subprocess.run([BUILD / "tests/bench/bench-core", "--json", "--callgrind", "--rounds", "5"], check=True,
                         capture_output=True, text=True, env={**os.environ, "GLIBC_TUNABLES": PLAIN})
    bench = json.loads(run.stdout)
    return {
        "compiler": f"{bench['compiler']} {platform.machine()}",
        "flags": "-O2",
        "state_bytes": bench["state_bytes"],
        "instructions": {where: {s["stage"]: s["instructions"] and round(s["instructions"]) for s in bench["stages"]
                                 if s["where"] == where and s["stage"] in LINES} for where in ("in motion", "at rest")},
    }


def main():
    now = count()
    if "--update" in sys.argv[1:]:
        FIGURES.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
        print(FIGURES.read_text(encoding="utf-8"), end="")
        return 0
    wanted = json.loads(FIGURES.read_text(encoding="utf-8"))
    if now["compiler"] != wanted["compiler"]:
        print(f"1..0 # SKIP the figures are of {wanted['compiler']}, this is {now['compiler']}")
        return 0
    failed = number = 0
    print(f"1..{sum(map(len, wanted['instructions'].values()))}")
    for where, lines in wanted["instructions"].items():
        for line, figure in lines.items():
            found = now["instructions"][where][line]
            number += 1
            good = found is not None and abs(found / figure - 1) <= TOLERANCE
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - {line}, {where}: {found} instructions a sample, committed {figure}")
    if failed:
        print('# if that is meant: "make instructions-update", and say why in the commit')
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions that a sample costs in the signal core on arm64, counted by a plugin of qemu-user, beside those on amd64.

A cross build of bench-core at -O2 runs once with a line of its table and once without: the difference is what the line costs.
qemu-user tells nothing of time; how many instructions a second a certain processor does must be measured there.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import instructions

TOP = Path(__file__).resolve().parents[2]
BUILD = instructions.BUILD
CROSS = "aarch64-linux-gnu-gcc"
PARTS = {"hub": ["exercises", "keys", "sections"], "recording": ["header", "reader", "writer"], "sensor": ["packet"],
         "util": ["fault", "ini", "number", "suggest", "textfile", "utf8"]}


def sources():
    yield from (TOP / "tests/bench").glob("*core*.c")
    yield from (f for f in (TOP / "tests/synth").glob("*.c") if f.name != "main.c")
    yield from (TOP / "src/core").glob("*.c")
    yield from (TOP / "src" / part / f"{name}.c" for part, names in PARTS.items() for name in names)
    yield from BUILD.glob("exercises-builtin.c")


def build(folder):
    flags = ["-std=gnu17", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fpeel-loops", "-fstack-protector-strong",
             "-ftrivial-auto-var-init=zero", "-D_FORTIFY_SOURCE=2", "-D_GNU_SOURCE", "-include", "config.h", "-static",
             *(f"-I{place}" for place in (BUILD, TOP / "src", TOP / "include", TOP / "tests"))]
    subprocess.run([CROSS, *flags, *map(str, sources()), "-lm", "-o", folder / "bench-core"], check=True)


def plugin(folder):
    """The newest interface that this QEMU takes."""
    for interface in (1, 2, 4):
        file = folder / f"count-{interface}.so"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", f"-DINTERFACE={interface}",
                        TOP / "tests/bench/count-instructions.c", "-o", file], check=True)
        if run(folder, file, "nothing"):
            return file
    return None


def run(folder, counter, line):
    """Instructions, and units of work."""
    done = subprocess.run(["qemu-aarch64", "-plugin", counter, folder / "bench-core", "--once", line],
                          capture_output=True, text=True)
    counted = [word for word in done.stderr.splitlines() if word.startswith("instructions: ")]
    if done.returncode or not counted:
        return None
    return int(counted[0].split()[1]), float(done.stdout or 0)


def main():
    os.environ.setdefault("QEMU_LD_PREFIX", "/usr/aarch64-linux-gnu")
    amd64 = instructions.count()["instructions"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        counter = plugin(folder)
        if not counter:
            print("this QEMU takes no plugin")
            return 1
        nothing, _ = run(folder, counter, "nothing")
        print("instructions a sample          arm64    amd64   ratio")
        for where, lines in amd64.items():
            for line, figure in lines.items():
                counted, units = run(folder, counter, f"{line}, {where}")
                each = (counted - nothing) / units
                print(f"{line + ', ' + where:26} {each:9.0f} {figure:8} {each / figure:7.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

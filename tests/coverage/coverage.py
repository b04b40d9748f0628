#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lines that the tests have run, by folder, against what each folder is held to. Run in a build of --enable-coverage after
its tests (make coverage). A process that is killed leaves no counts: those tests count for less than they do.

    coverage.py [--missed FOLDER]    the second prints the lines of a folder that no test runs"""

import json
import os
import subprocess
import sys

SRC = os.path.abspath(os.environ.get("srcdir", "."))
# What the figures of a lift come from is held to more.
GATES = {"src/core": 95, "src/coach": 95, "src/sensor": 95}
GATE = 85


def counted():
    """{file: {line: runs}} of src/, from every object of this build."""
    command = ["gcovr", "--root", SRC, "--object-directory", ".", "--filter", SRC + "/src/", "--json", "-", "."]
    text = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    files = {}
    for f in json.loads(text)["files"]:
        lines = files.setdefault(f["file"], {})
        for line in f["lines"]:
            if not line.get("gcovr/noncode"):
                lines[line["line_number"]] = lines.get(line["line_number"], 0) + line["count"]
    return files


def folder_of(path):
    return os.path.dirname(path)


def missed(files, folder):
    for path, lines in sorted(files.items()):
        if folder_of(path) == folder and not all(lines.values()):
            with open(os.path.join(SRC, path), encoding="utf-8") as f:
                text = f.read().splitlines()
            for number in sorted(n for n, runs in lines.items() if runs == 0):
                print(f"{path}:{number}: {text[number - 1].strip()}")


def main():
    files = counted()
    if sys.argv[1:2] == ["--missed"]:
        missed(files, sys.argv[2])
        return 0
    low, all_lines, all_run = False, 0, 0
    print(f"{'folder':<16} {'lines':>6} {'run':>6} {'%':>6} {'held to':>8}")
    for folder in sorted({folder_of(path) for path in files}):
        lines = [runs for path, of in files.items() if folder_of(path) == folder for runs in of.values()]
        run, gate = sum(runs > 0 for runs in lines), GATES.get(folder, GATE)
        all_lines, all_run = all_lines + len(lines), all_run + run
        is_low = 100 * run < gate * len(lines)
        low |= is_low
        print(f"{folder:<16} {len(lines):>6} {run:>6} {100 * run / len(lines):>6.1f} {gate:>8}{'  too low' if is_low else ''}")
    print(f"{'all':<16} {all_lines:>6} {all_run:>6} {100 * all_run / max(1, all_lines):>6.1f}")
    return 1 if low or all_lines == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

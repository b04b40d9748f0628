#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts on recorded sets of real lifters against their counted truth.

The recordings carry no licence to redistribute, so they are not part of this tree. RECORDED_SETS names the folder
that holds manifest.csv (default: ../shared/data/recorded beside the tree); without it this says so and is skipped.
Every recording must be readable; the counts are reported, not judged. --misses lists the sets that are not exact.
"""
import csv
import os
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import score  # noqa: E402

REST_EXERCISE = "back-squat"  # a rest file has no exercise; any must give no rep
COLUMNS = ("sets", "exact", "within", "error", "surplus", "reps")


def count(folder, entry):
    """Reps published for one recording, or the text of its fault."""
    exercise = REST_EXERCISE if entry["exercise_key"] == "none" else entry["exercise_key"]
    try:
        return len(score.of_type(score.replay(folder / entry["file"], exercise), "rep"))
    except RuntimeError as fault:
        return str(fault)


def print_row(name, label, group):
    print(f"{name:26} {label:5} " + " ".join(f"{group[c]:8}" for c in COLUMNS))


def main():
    default = Path(os.environ.get("srcdir", ".")) / "../shared/data/recorded"
    folder = Path(os.environ.get("RECORDED_SETS", default))
    if not (folder / "manifest.csv").exists():
        print(f"recorded sets: SKIPPED, no manifest.csv in {folder} (RECORDED_SETS names another folder)")
        return 0
    with open(folder / "manifest.csv", encoding="utf-8", newline="") as manifest:
        sets = list(csv.DictReader(manifest))
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda entry: count(folder, entry), sets))

    groups = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    faults = [c for c in counts if isinstance(c, str)]
    for entry, found in zip(sets, counts):
        if isinstance(found, str):
            print(found)
            continue
        true = int(entry["rep_count"])
        if found != true and "--misses" in sys.argv[1:]:
            print(f"{entry['set_id']:64} {entry['exercise_key']:14} {entry['label_quality']} true {true:3} found {found:3}")
        for name in ("rest files" if true == 0 else entry["dataset"], "all"):
            group = groups[(name, entry["label_quality"])]
            group["sets"] += 1
            group["exact"] += found == true
            group["within"] += abs(found - true) <= 1
            group["error"] += abs(found - true)
            group["surplus"] += max(0, found - true)
            group["reps"] += true

    print("recorded sets              label " + " ".join(f"{c:>8}" for c in ("sets", "exact", "within 1", "errors", "surplus", "reps")))
    for (name, label), group in sorted(groups.items(), key=lambda item: (item[0][1], item[0][0] == "all", item[0][0])):
        print_row(name, label, group)
    print(f"read {len(sets) - len(faults)} of {len(sets)} recordings")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

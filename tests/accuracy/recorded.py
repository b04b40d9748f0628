#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts on recorded sets of real lifters, and phases where the height of the bar was measured.

The recordings carry no licence to redistribute, so they are not part of this tree. RECORDED_SETS names the folder
that holds manifest.csv (default: ../shared/data/recorded beside the tree); without it this says so and is skipped.
Every recording must be readable; the figures are reported, not judged. --misses lists the sets that are not exact.
"""
import csv
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPLAY = Path(os.environ.get("builddir", ".")).resolve() / "repcastctl"
REST_EXERCISE = "back-squat"  # a rest file has no exercise; any must give no rep
COLUMNS = ("sets", "exact", "within", "errors", "surplus", "reps", "published", "taken", "exact_first")
HEADS = ("sets", "exact", "within 1", "errors", "surplus", "reps", "published", "taken back", "exact at lock-out")
MEASURED = "lidar_ohp_semisynthetic"
GOALS = (("gymwatch_100hz", 19, 23), ("metamotion_wrist", 32, 35), (MEASURED, 1, 2), ("applift_bar_8hz", None, 18))


class Replayed:
    """What was published for one recording: at lockout, and what amendments left of it."""

    def __init__(self, path, exercise):
        run = subprocess.run([REPLAY, "replay", "--format", "json", "--exercise", exercise, path],
                             capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"{path}: replay ended with {run.returncode}: {run.stderr.strip()}")
        self.published, self.standing, self.reasons = [], {}, Counter()
        for message in map(json.loads, run.stdout.splitlines()):
            number = (message.get("set"), message.get("rep"))
            if message["type"] == "rep":
                self.published.append(message)
                self.standing[number] = message
            elif message["type"] == "amend" and message["change"] == "rejected":
                self.standing.pop(number, None)
                self.reasons[message["reason"] + " (taken back)"] += 1
            elif message["type"] == "amend":
                self.standing[number] = message
            elif message["type"] == "rejected":
                self.reasons[message["reason"]] += 1


def replay(folder, entry):
    """Of one recording, or the text of its fault."""
    try:
        return Replayed(folder / entry["file"], REST_EXERCISE if entry["exercise_key"] == "none" else entry["exercise_key"])
    except RuntimeError as fault:
        return str(fault)


def count(sets, replayed):
    """Figures by group and quality of label."""
    groups = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    for entry, found in zip(sets, replayed):
        true, n = int(entry["rep_count"]), len(found.standing)
        for name in ("rest files" if true == 0 else entry["dataset"], "all"):
            group = groups[(name, entry["label_quality"])]
            group["sets"] += 1
            group["exact"] += n == true
            group["within"] += abs(n - true) <= 1
            group["errors"] += abs(n - true)
            group["surplus"] += max(0, n - true)
            group["reps"] += true
            group["published"] += len(found.published)
            group["taken"] += len(found.published) - n
            group["exact_first"] += len(found.published) == true
    return groups


def print_counts(groups):
    print("recorded sets, after amendment" + " " * 4 + " ".join(HEADS))
    for (name, label), group in sorted(groups.items(), key=lambda item: (item[0][1], item[0][0] == "all", item[0][0])):
        print(f"{name:26} {label:4} " + " ".join(f"{group[c]:{max(4, len(h))}}" for c, h in zip(COLUMNS, HEADS)))


def print_misses(sets, replayed):
    for entry, found in zip(sets, replayed):
        true, n = int(entry["rep_count"]), len(found.standing)
        if n != true:
            reasons = ", ".join(f"{k} {v}" for k, v in sorted(found.reasons.items()))
            print(f"{entry['label_quality']} {entry['set_id']:56} {entry['exercise_key']:14} true {true:3} "
                  f"lock-out {len(found.published):3} after {n:3}  rejected: {reasons or '-'}")


def overlap(a, b):
    return min(a[1], b[1]) - max(a[0], b[0])


def match(true, standing):
    """Pairs by the largest overlap of the concentrics, by half of the longer one at least; each rep used once."""
    pairs, free = [], list(standing)
    for rep in true:
        best = max(free, key=lambda f: overlap(f["concentric"], rep["concentric"]), default=None)
        longer = max(s["concentric"][1] - s["concentric"][0] for s in (rep, best)) if best else 0
        if best and overlap(best["concentric"], rep["concentric"]) >= 0.5 * longer:
            free.remove(best)
            pairs.append((rep, best))
    return pairs


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def phases(folder, sets, replayed):
    """Errors of durations and figures against the measured height of the bar."""
    true = defaultdict(list)
    with open(folder / MEASURED / "reps.csv", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            true[row["set_id"]].append({
                "concentric": (float(row["conc_start"]), float(row["conc_end"])),
                "eccentric": (float(row["ecc_start"]), float(row["ecc_end"])),
                "rom": float(row["rom_m"]), "mean": float(row["mean_v"])})
    errors = defaultdict(list)
    for entry, found in zip(sets, replayed):
        if entry["dataset"] != MEASURED:
            continue
        standing = []
        for rep in found.standing.values():
            spans = {p["phase"]: (p["start_ms"] / 1000, p["end_ms"] / 1000) for p in rep["phases"]}
            standing.append({**spans, "rom": rep["rom_m"], "mean": rep["concentric"]["mean_mps"]})
        for rep, best in match(true[entry["set_id"]], standing):
            errors["concentric s"].append((best["concentric"][1] - best["concentric"][0]) - (rep["concentric"][1] - rep["concentric"][0]))
            errors["ROM m"].append(best["rom"] - rep["rom"])
            errors["mean velocity m/s"].append(best["mean"] - rep["mean"])
            # Where the lift starts low, the eccentric of a rep may belong to the one before: compare by time.
            spans = max((s["eccentric"] for s in standing), key=lambda s, r=rep: overlap(s, r["eccentric"]))
            if overlap(spans, rep["eccentric"]) > 0:
                errors["eccentric s"].append((spans[1] - spans[0]) - (rep["eccentric"][1] - rep["eccentric"][0]))
    print(f"\n{MEASURED}: {len(errors['concentric s'])} of {sum(map(len, true.values()))} reps matched"
          "\n                    median   p95    bias")
    for name, signed in errors.items():
        absolute = [abs(e) for e in signed]
        print(f"{name:18} {quantile(absolute, 0.5):7.3f} {quantile(absolute, 0.95):6.3f} {quantile(signed, 0.5):+7.3f}")
    return errors


def print_goals(groups, errors):
    lines = [(f"exact, {name}, label A", goal, groups[(name, "A")]["exact"], stretch, True)
             for name, goal, stretch in GOALS]
    everything = [g for (name, _), g in groups.items() if name == "all"]
    published, taken = (sum(g[c] for g in everything) for c in ("published", "taken"))
    lines.append(("taken back after lock-out, %", 5, 100 * taken / max(1, published), 2, False))
    lines.append(("reps in rest files", 0, sum(g["surplus"] for (name, _), g in groups.items() if name == "rest files"), 0, False))
    for phase, limits in (("concentric", (0.05, 0.20, 0.02, 0.10)), ("eccentric", (0.06, 0.25, 0.03, 0.12))):
        absolute = [abs(e) for e in errors[f"{phase} s"]]
        lines.append((f"measured {phase}, median, s", limits[0], quantile(absolute, 0.5), limits[2], False))
        lines.append((f"measured {phase}, p95, s", limits[1], quantile(absolute, 0.95), limits[3], False))
    print(f"\n{'goal, recorded sets':44} gate stretch measured  met?")
    for name, gate, measured, stretch, at_least in lines:
        met, great = (x is not None and ((measured >= x) if at_least else (measured <= x)) for x in (gate, stretch))
        verdict = "stretch" if great else "reported" if gate is None else "yes" if met else "NO"
        print(f"{name:43} {'-' if gate is None else gate:>5} {stretch:7g} {measured:8.3g}  {verdict}")


def main():
    default = Path(os.environ.get("srcdir", ".")) / "../shared/data/recorded"
    folder = Path(os.environ.get("RECORDED_SETS", default))
    if not (folder / "manifest.csv").exists():
        print(f"recorded sets: SKIPPED, no manifest.csv in {folder} (RECORDED_SETS names another folder)")
        return 0
    with open(folder / "manifest.csv", encoding="utf-8", newline="") as manifest:
        sets = list(csv.DictReader(manifest))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        replayed = list(pool.map(lambda entry: replay(folder, entry), sets))
    faults = [r for r in replayed if isinstance(r, str)]
    print("\n".join(faults), end="\n" if faults else "")
    readable = [(s, r) for s, r in zip(sets, replayed) if not isinstance(r, str)]
    sets, replayed = [s for s, _ in readable], [r for _, r in readable]

    groups = count(sets, replayed)
    print_counts(groups)
    print_goals(groups, phases(folder, sets, replayed))
    if "--misses" in sys.argv[1:]:
        print_misses(sets, replayed)
    print(f"read {len(sets)} of {len(sets) + len(faults)} recordings")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

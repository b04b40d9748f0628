#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts and phase timing on synthetic sets with exact truth, a row per tempo, easy and hard.

Figure seeds start at 7,000,000 and are used for nothing else; nothing was tuned on them. The truth is the generator's
nominal phase border. What this shows is a ceiling, never the accuracy of a device on a bar.
"""
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import score  # noqa: E402

TEMPOS = ["0.6-0-0.8-0", "1-0-1-0", "2-0-1-0", "2-1-1-1", "3-1-1-0", "4-1-2-0", "5-0-2-1", "6-0-2-0", "8-0-3-1"]
SETS = 8
SEED = 7_000_000
REPS = 6


def one_set(folder, tempo, grade, seed):
    """Counts and errors of one generated set."""
    path = Path(folder) / f"{tempo}-{grade}-{seed}.rec"
    command = [score.SYNTH, "--exercise", "back-squat", "--tempo", tempo, "--reps", str(REPS), "--seed", str(seed),
               "--layout", "packets", "--fatigue", "20", "-o", path]
    subprocess.run(command + (["--hard"] if grade == "hard" else []), check=True)
    found, true = score.of_type(score.replay(path), "rep"), score.truth_reps(path)
    path.unlink()
    pairs = score.match(found, true)
    row = {"found": len(found), "true": len(true), "matched": len(pairs)}
    spans = [(score.spans_of(rep), truth["spans"]) for rep, truth in pairs]
    for phase in ("eccentric", "concentric"):
        row[phase] = [score.duration(a, phase) - score.duration(b, phase) for a, b in spans if phase in a and phase in b]
    row["velocity"] = [rep["concentric"]["mean_mps"] - truth["concentric_mean_mps"] for rep, truth in pairs]
    row["rom"] = [rep["rom_m"] - truth["rom_m"] for rep, truth in pairs]
    return row


def mean_abs(values):
    return f"{sum(map(abs, values)) / len(values):7.4f}" if values else "      -"


def print_row(tempo, grade, rows):
    found, true, matched = (sum(row[key] for row in rows) for key in ("found", "true", "matched"))
    errors = {key: [e for row in rows for e in row[key]] for key in ("eccentric", "concentric", "velocity", "rom")}
    print(f"{tempo:13} {grade:5} {true:5} {found:6} {score.f1(found, true, matched):6.3f}  "
          f"{score.median_p95(errors['eccentric'])}  {score.median_p95(errors['concentric'])}   "
          f"{mean_abs(errors['velocity'])} {mean_abs(errors['rom'])}", flush=True)


def main():
    print(f"synthetic sets: back squat, {SETS} sets of {REPS} reps a row, seeds from {SEED}")
    print("tempo         grade  true  found     F1  eccentric s   concentric s  velocity m/s  ROM m")
    print("                                         median  p95   median  p95      MAE       MAE")
    total = {"easy": [], "hard": []}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        for tempo in TEMPOS:
            for grade, rows in total.items():
                new = list(pool.map(lambda seed: one_set(folder, tempo, grade, seed), range(SEED, SEED + SETS)))
                print_row(tempo, grade, new)
                rows += new
    for grade, rows in total.items():
        print_row("all", grade, rows)
    return 0 if sum(row["matched"] for row in total["easy"]) else 1


if __name__ == "__main__":
    sys.exit(main())

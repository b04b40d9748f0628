# SPDX-License-Identifier: Apache-2.0
"""What the accuracy tables share: running replay, reading truth, matching reps."""
import json
import os
import statistics
import subprocess
from pathlib import Path

BUILD = Path(os.environ.get("builddir", ".")).resolve()
REPLAY = BUILD / "repcastctl"
SYNTH = BUILD / "tests/synth/repcast-synth"


def replay(recording, exercise=None):
    """The messages of a recording, in the order in which they were published."""
    command = [REPLAY, "replay", "--format", "json"]
    if exercise:
        command += ["--exercise", exercise]
    run = subprocess.run([*command, recording], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"{recording}: replay ended with {run.returncode}: {run.stderr.strip()}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def of_type(messages, kind):
    return [m for m in messages if m["type"] == kind]


def truth_reps(recording):
    """[{spans: {phase: (start_s, end_s)}, rom_m, concentric_mean_mps}] from the header of a recording."""
    reps = {}
    with open(recording, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(("t,", "arrival_us,")):
                break
            key, _, value = line.partition(": ")
            if key == "truth_phase":
                number, rep, phase, start, end = value.split()
                entry = reps.setdefault((int(number), int(rep)), {"spans": {}})
                entry["spans"][phase] = (float(start), float(end))
            elif key == "truth_rep":
                number, rep, rom, *speeds = value.split()
                entry = reps.setdefault((int(number), int(rep)), {"spans": {}})
                entry["rom_m"] = float(rom)
                entry["concentric_mean_mps"] = float(speeds[2])
    return [reps[k] for k in sorted(reps)]


def spans_of(rep):
    return {p["phase"]: (p["start_ms"] / 1000, p["end_ms"] / 1000) for p in rep["phases"]}


def match(found, true):
    """Pairs of a published and a true rep whose concentrics overlap by half of the longer one; each used once."""
    pairs, used = [], set()
    for rep in found:
        a = spans_of(rep)["concentric"]
        for i, truth in enumerate(true):
            b = truth["spans"]["concentric"]
            overlap = min(a[1], b[1]) - max(a[0], b[0])
            if i not in used and overlap >= 0.5 * max(a[1] - a[0], b[1] - b[0]):
                used.add(i)
                pairs.append((rep, truth))
                break
    return pairs


def duration(spans, phase):
    return spans[phase][1] - spans[phase][0]


def f1(n_found, n_true, n_matched):
    return 2 * n_matched / (n_found + n_true) if n_found + n_true else 1.0


def median_p95(errors):
    """Median and 95th percentile of absolute errors, as text."""
    if not errors:
        return "    -      -"
    ordered = sorted(abs(e) for e in errors)
    return f"{statistics.median(ordered):5.3f} {ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]:6.3f}"

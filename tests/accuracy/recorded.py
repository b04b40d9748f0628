#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts on recorded sets of real lifters, and phases where the height of the bar was measured.

The recordings carry no licence to redistribute, so they are not part of this tree. RECORDED_SETS names the folder
that holds manifest.csv (default: ../shared/data/recorded beside the tree); without it this says so and is skipped.
Every recording must be readable; the figures are reported, not judged. Each set that is not exact is listed with what
became of the reps in question. --ablation: exact counts without each part of the core instead.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BUILD = Path(os.environ.get("builddir", ".")).resolve()
REPLAY = BUILD / "repcastctl"
ACCURACY = BUILD / "tests/accuracy/repcast-accuracy"
PARTS = ("nothing", "beam", "tracker", "set-model", "felt", "border", "handedness")
REST_EXERCISE = "back-squat"  # a rest file has no exercise; any must give no rep
GRAVITY = 9.80665  # m/s2
COLUMNS = ("sets", "exact", "within", "errors", "surplus", "reps", "published", "taken", "exact_first")
HEADS = ("sets", "exact", "within 1", "errors", "surplus", "reps", "published", "taken back", "exact at lock-out")
MEASURED = "lidar_ohp_semisynthetic"
NEAR_S = 0.5   # a rep's peak velocity may be noted so far outside of what was published of it
MERGED = 1.6   # times the set's median: two reps taken for one
EDGE_S = 1.0   # of the recording
GOALS = (("gymwatch_100hz", 19, 23), ("metamotion_wrist", 32, 35), (MEASURED, 1, 2), ("applift_bar_8hz", None, 18))


class Replayed:
    """What was published for one recording: at lockout, and what amendments left of it."""

    def __init__(self, path, exercise):
        run = subprocess.run([REPLAY, "replay", "--format", "json", "--exercise", exercise, path],
                             capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"{path}: replay ended with {run.returncode}: {run.stderr.strip()}")
        self.published, self.standing, self.rejected, self.taken_back = [], {}, [], []
        for message in map(json.loads, run.stdout.splitlines()):
            number = (message.get("set"), message.get("rep"))
            if message["type"] == "rep":
                self.published.append(message)
                self.standing[number] = message
            elif message["type"] == "amend" and message["change"] == "rejected":
                self.taken_back.append({**self.standing.pop(number), "reason": message["reason"]})
            elif message["type"] == "amend":
                self.standing[number] = message
            elif message["type"] == "rejected":
                self.rejected.append(message)


def lift(entry):
    return REST_EXERCISE if entry["exercise_key"] == "none" else entry["exercise_key"]


def replay(folder, entry):
    """Of one recording, or the text of its fault."""
    try:
        return Replayed(folder / entry["file"], lift(entry))
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


def seconds(message):
    return message["start_ms"] / 1000, message["end_ms"] / 1000


def around(t, message):
    start, end = seconds(message)
    return start - NEAR_S <= t <= end + NEAR_S


def fate(t, found, free, rom):
    """What became of the true rep with its peak velocity at t, which no published rep of its own holds."""
    for what, messages in (("told as", found.rejected), ("taken back as", found.taken_back)):
        for m in messages:
            if around(t, m):
                return f"{what} {m['reason']}", f"at {t:.0f} s, {100 * m['rom_m'] / rom:.0f} % of the travel"
    if any(around(t, m) for m in found.standing.values() if m not in free):
        return "merged with its neighbour", f"at {t:.0f} s"
    return "not seen", f"at {t:.0f} s"


def missed_by_time(times, found, rom):
    """A true rep owns the published one whose concentric is next to its peak velocity."""
    free, missed = sorted(found.standing.values(), key=lambda m: m["start_ms"]), []
    for t in times:
        spans = [seconds(next(p for p in m["phases"] if p["phase"] == "concentric")) for m in free]
        off, at = min(((max(a - t, t - b), i) for i, (a, b) in enumerate(spans)), default=(NEAR_S, 0))
        if off < NEAR_S:
            free.pop(at)
        else:
            missed.append(t)
    fates = [fate(t, found, free, rom) for t in missed]
    return fates + [("no rep", f"at {seconds(m)[0]:.0f} s") for m in free]


def missed_by_shape(n_missing, found, duration_s, rom):
    """Without times of the true reps: what looks as if it held one."""
    reps = sorted(map(seconds, found.standing.values()))
    usual = quantile([end - start for start, end in reps], 0.5)
    fates = [("merged with its neighbour", f"at {start:.0f} s, {(end - start) / usual:.1f} times as long")
             for start, end in reps if end - start > MERGED * usual]
    inside = [m for m in found.rejected if reps and m["rom_m"] > 0.3 * rom
              and reps[0][0] - 2 * usual < seconds(m)[1] and seconds(m)[0] < reps[-1][1] + 2 * usual]
    fates += [(f"told as {m['reason']}", f"at {seconds(m)[0]:.0f} s, {100 * m['rom_m'] / rom:.0f} % of the travel") for m in inside]
    if reps and (reps[0][0] < EDGE_S + usual or reps[-1][1] > duration_s - EDGE_S - usual):
        fates += [("cut by the recording's end", "")] * n_missing
    return (fates + [("not seen", "")] * n_missing)[:n_missing]


def rep_times(folder):
    """Where a data set notes when its reps were."""
    times = defaultdict(list)
    for table in folder.glob("*/rep_times.csv"):
        with open(table, encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                times[row["set_id"]].append(float(row["t_peak_concentric_velocity"]))
    return times


def print_misses(folder, sets, replayed):
    times, reasons = rep_times(folder), Counter()
    print("\nsets that are not exact: true, at lock-out, after amendment, and what became of the reps in question")
    for entry, found in zip(sets, replayed):
        true, n = int(entry["rep_count"]), len(found.standing)
        if n == true:
            continue
        rom = quantile([m["rom_m"] for m in found.standing.values()], 0.5)
        if entry["set_id"] in times:
            fates = missed_by_time(times[entry["set_id"]], found, rom)
        elif n < true:
            fates = missed_by_shape(true - n, found, float(entry["duration_s"]), rom)
        else:
            fates = [("no rep", "")] * (n - true)
        if entry["label_quality"] == "A":
            reasons.update(f"{entry['dataset']}: {what}" for what, _ in fates)
        told = "; ".join(" ".join(filter(None, pair)) for pair in fates)
        print(f"{entry['label_quality']} {entry['set_id']:56} {entry['exercise_key']:14} {true:3} {len(found.published):3} {n:3}  {told}")
    print("\nreasons, label A")
    for what, number in reasons.most_common():
        print(f"{number:4} {what}")


def ablation(folder, sets):
    """Exact counts of label A without each part of the core."""
    names = sorted({s["dataset"] for s in sets})
    print(f"{'recorded sets exact, without':30}" + " ".join(f"{n:>24}" for n in names + ["all", "reps off"]))
    for part in PARTS:
        def run(entry, part=part):
            return int(subprocess.run([ACCURACY, "--without", part, "--lift", lift(entry), "--count", folder / entry["file"]],
                                      capture_output=True, text=True, check=True).stdout)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            off = [(s["dataset"], abs(n - int(s["rep_count"]))) for s, n in zip(sets, pool.map(run, sets))]
        exact = [sum(e == 0 for name, e in off if name == wanted) for wanted in names]
        print(f"{part:30}" + " ".join(f"{x:24}" for x in exact + [sum(exact), sum(e for _, e in off)]))


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


def true_phases(folder):
    """Spans and figures of the reps whose height was measured, by set."""
    true = defaultdict(list)
    with open(folder / MEASURED / "reps.csv", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            true[row["set_id"]].append({
                "concentric": (float(row["conc_start"]), float(row["conc_end"])),
                "eccentric": (float(row["ecc_start"]), float(row["ecc_end"])),
                "rom": float(row["rom_m"]), "mean": float(row["mean_v"])})
    return true


def perfect(folder, entry):
    """The measured movement through a sensor without errors that stays upright."""
    with (open(folder / MEASURED / f"{entry['set_id']}.truth.csv", encoding="utf-8", newline="") as truth,
          tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as made):
        made.write("t,ax,ay,az,gx,gy,gz\n")
        for row in csv.DictReader(truth):
            made.write(f"{row['t']},0,0,{GRAVITY + float(row['a_mps2']):.5f},0,0,0\n")
        made.flush()
        return Replayed(made.name, lift(entry))


def phase_errors(true, found):
    """Errors of durations and figures of a set's reps against its measured height, by figure."""
    errors, standing = defaultdict(list), []
    for rep in found.standing.values():
        spans = {p["phase"]: (p["start_ms"] / 1000, p["end_ms"] / 1000) for p in rep["phases"]}
        standing.append({**spans, "rom": rep["rom_m"], "mean": rep["concentric"]["mean_mps"]})
    for rep, best in match(true, standing):
        errors["concentric s"].append((best["concentric"][1] - best["concentric"][0]) - (rep["concentric"][1] - rep["concentric"][0]))
        errors["ROM m"].append(best["rom"] - rep["rom"])
        errors["mean velocity m/s"].append(best["mean"] - rep["mean"])
        # Where the lift starts low, the eccentric of a rep may belong to the one before: compare by time.
        spans = max((s["eccentric"] for s in standing), key=lambda s, r=rep: overlap(s, r["eccentric"]))
        if overlap(spans, rep["eccentric"]) > 0:
            errors["eccentric s"].append((spans[1] - spans[0]) - (rep["eccentric"][1] - rep["eccentric"][0]))
    return errors


def phases(folder, sets, replayed):
    """Of all sets whose height was measured, beside what a perfect sensor would get. Returns the former."""
    true, errors, ideal = true_phases(folder), defaultdict(list), defaultdict(list)
    for entry, found in zip(sets, replayed):
        if entry["dataset"] != MEASURED:
            continue
        for into, what in ((errors, found), (ideal, perfect(folder, entry))):
            for name, signed in phase_errors(true[entry["set_id"]], what).items():
                into[name] += signed
    print(f"\n{MEASURED}: {len(errors['concentric s'])} of {sum(map(len, true.values()))} reps matched"
          "\n                    median   p95    bias  perfect sensor:   median   p95    bias")
    for name, signed in errors.items():
        print(f"{name:18} {spread(signed)}                   {spread(ideal[name])}")
    return errors


def spread(signed):
    absolute = [abs(e) for e in signed]
    return f"{quantile(absolute, 0.5):7.3f} {quantile(absolute, 0.95):6.3f} {quantile(signed, 0.5):+7.3f}"


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
    if "--ablation" in sys.argv[1:]:
        ablation(folder, [s for s in sets if s["label_quality"] == "A"])
        return 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        replayed = list(pool.map(lambda entry: replay(folder, entry), sets))
    faults = [r for r in replayed if isinstance(r, str)]
    print("\n".join(faults), end="\n" if faults else "")
    readable = [(s, r) for s, r in zip(sets, replayed) if not isinstance(r, str)]
    sets, replayed = [s for s, _ in readable], [r for _, r in readable]

    groups = count(sets, replayed)
    print_counts(groups)
    print_goals(groups, phases(folder, sets, replayed))
    print_misses(folder, sets, replayed)
    print(f"read {len(sets)} of {len(sets) + len(faults)} recordings")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

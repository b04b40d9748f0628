#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repcastctl replay --svg: pictures are well-formed, show what was published where the axis says, and harm nobody."""
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

BUILD = Path(os.environ.get("builddir", ".")).resolve()
CTL = BUILD / "repcastctl"
SYNTH = BUILD / "tests/synth/repcast-synth"
SVG = "{http://www.w3.org/2000/svg}"
CLASS_OF = {"eccentric": "ecc", "bottom": "bot", "concentric": "con", "top": "top"}


def synth(path, *options):
    subprocess.run([SYNTH, *options, "-o", path], check=True)
    return path


def replay(*arguments):
    return subprocess.run([CTL, "replay", *arguments], capture_output=True, text=True, check=False)


def draw(recording, *options):
    """The picture's root element and the messages of the same run."""
    picture = recording.with_suffix(".svg")
    run = replay("--json", "--svg", picture, *options, recording)
    assert run.returncode == 0, run.stderr
    return ET.parse(picture).getroot(), [json.loads(line) for line in run.stdout.splitlines()]


def tip(element):
    title = element.find(SVG + "title")
    return "" if title is None else title.text


def axes(root):
    """[(y, seconds at x)] of each strip, from the figures on its time axis."""
    rows = {}
    for text in root.iter(SVG + "text"):
        if text.get("class") == "time":
            rows.setdefault(float(text.get("y")), []).append((float(text.get("x")), float(text.text)))
    result = []
    for y, ticks in sorted(rows.items()):
        (x0, t0), (x1, t1) = ticks[0], ticks[-1]
        result.append((y, lambda x, x0=x0, t0=t0, k=(t1 - t0) / (x1 - x0): t0 + (x - x0) * k))
    return result


def bands(root, begins):
    """[(class, start_s, end_s)] of the bands whose tip matches."""
    strips, result = axes(root), []
    for rect in root.iter(SVG + "rect"):
        if rect.get("class") not in CLASS_OF.values() or not re.match(begins, tip(rect)):
            continue
        time = next(t for y, t in strips if y > float(rect.get("y")))
        x, width = float(rect.get("x")), float(rect.get("width"))
        result.append((rect.get("class"), time(x), time(x + width)))
    return result


def joined(spans, limit):
    """Spans in the order of time, pieces that touch at a strip's border joined."""
    ordered = []
    for kind, start, end in sorted(spans, key=lambda s: s[1]):
        if ordered and ordered[-1][0] == kind and abs(ordered[-1][2] - start) < limit:
            ordered[-1] = (kind, ordered[-1][1], end)
        else:
            ordered.append((kind, start, end))
    return ordered


def assert_same(found, wanted, limit):
    found = joined(found, limit)
    assert len(found) == len(wanted), f"{len(found)} bands, wanted {len(wanted)}"
    for a, b in zip(found, wanted):
        assert a[0] == b[0] and abs(a[1] - b[1]) < limit and abs(a[2] - b[2]) < limit, f"{a}, wanted {b}"


def standing(messages):
    """Reps after all amendments, with those that were taken back: their bands stay, struck out."""
    reps = {(m["set"], m["rep"]): m for m in messages if m["type"] == "rep"}
    for m in messages:
        if m["type"] == "amend" and m["change"] == "figures":
            reps[(m["set"], m["rep"])] |= m
    return list(reps.values())


def drawn(spans):
    """What is too short to be seen is not compared, and parts nothing."""
    pieces = joined([s for s in spans if s[2] > s[1]], 0.02)  # of both sides of a strip's border
    return joined([s for s in pieces if s[2] - s[1] > 0.075], 0.08)


def test_bands_are_the_published_phases(folder):
    for options in (["--tempo", "4-1-2-0", "--hard"], ["--exercise", "deadlift", "--sets", "3", "--rest", "50"]):
        root, messages = draw(synth(folder / "set.rec", *options))
        assert len(axes(root)) > (1 if "--sets" in options else 0), "the recording was to need several strips"
        end = float(re.search(r"([\d.]+) s at", root.find(SVG + "desc").text)[1])
        phases = [m for m in messages if m["type"] == "phase"]
        assert len(phases) > 10
        starts = [m["start_ms"] / 1000 for m in phases] + [end]
        wanted = [(CLASS_OF[m["phase"]], a, b) for m, a, b in zip(phases, starts, starts[1:]) if m["phase"] in CLASS_OF]
        assert_same(drawn(bands(root, r"\w+ from ")), drawn(wanted), 0.06)


def test_bands_are_the_counted_reps(folder):
    root, messages = draw(synth(folder / "set.rec", "--tempo", "3-1-1-0", "--reps", "8"))
    reps = standing(messages)
    assert len(reps) > 4
    wanted = [(CLASS_OF[p["phase"]], p["start_ms"] / 1000, p["end_ms"] / 1000) for r in reps for p in r["phases"]]
    assert_same(bands(root, r"rep \d+ of set"), sorted(wanted, key=lambda s: s[1]), 0.06)
    numbers = [t.text.rstrip("?") for t in root.iter(SVG + "text") if t.get("class").startswith("number")]
    assert numbers == [str(r["rep"]) for r in reps], numbers


def test_truth_has_a_row_where_it_is_known(folder):
    recording = synth(folder / "set.rec", "--tempo", "3-1-1-0")
    root, _ = draw(recording)
    wanted = []
    for line in recording.read_text(encoding="utf-8").splitlines():
        if line.startswith("truth_phase: "):
            _, _, _, phase, start, end = line.split()
            wanted.append((CLASS_OF[phase], float(start), float(end)))
    assert wanted
    assert_same(bands(root, "truth: "), wanted, 0.06)
    root, _ = draw(synth(folder / "plain.csv", "--layout", "csv"), "--exercise", "back-squat")
    assert not bands(root, "truth: ")
    assert "truth" not in [t.text for t in root.iter(SVG + "text")]


def test_rejected_movements_have_their_reason(folder):
    root, messages = draw(synth(folder / "idle.rec", "--sets", "1", "--idle", "3", "--hard"))
    rejected = [m for m in messages if m["type"] == "rejected"]
    assert rejected, "the recording was to hold movements that are no reps"
    tips = {tip(r) for r in root.iter(SVG + "rect") if r.get("class") == "rejected"}
    for m in rejected:
        assert any(t.startswith(f"not counted: {m['reason']}, ") for t in tips), m


def test_hostile_names_stay_text(folder):
    name = "a<script>alert(1)</script>&\"'\x01\udcff.rec"
    recording = folder / name.replace("/", "_")
    lines = synth(folder / "set.rec").read_text(encoding="utf-8")
    recording.write_text(re.sub(r"(?m)^sensor: .*$", "sensor: </svg><script>x</script>&amp;", lines), encoding="utf-8")
    picture = folder / "hostile.svg"
    run = replay("--json", "--svg", picture, recording)
    assert run.returncode == 0, run.stderr
    root = ET.parse(picture).getroot()
    allowed = {"svg", "title", "desc", "style", "rect", "line", "text", "path", "g", "clipPath", "pattern"}
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in allowed, element.tag
        assert not [a for a in element.attrib if a.startswith("on") or "href" in a], element.attrib
    assert "</svg><script>x</script>&amp;" in root.find(SVG + "desc").text
    assert "a<script>alert(1)<_script>&\"'\ufffd\ufffd.rec" in root.find(SVG + "title").text


def test_empty_and_tiny_recordings(folder):
    head = "repcast-recording 1\nrate_hz: 100\nexercise: back-squat\n"
    columns = "t,ax,ay,az,gx,gy,gz\n"
    (folder / "one.rec").write_text(head + columns + "1.0,0,0,9.81,0,0,0\n", encoding="utf-8")
    root, _ = draw(folder / "one.rec")
    assert len(axes(root)) == 1
    packets = "packet: imu16\ncounter: none\naccel_range_g: 16\ngyro_range_dps: 2000\narrival_us,packet\n1000,ff00\n"
    for name, rest in (("empty", columns), ("none", packets)):
        (folder / f"{name}.rec").write_text(head + rest, encoding="utf-8")
        run = replay("--json", "--svg", folder / f"{name}.svg", folder / f"{name}.rec")
        assert run.returncode == 65, run.stderr
        root = ET.parse(folder / f"{name}.svg").getroot()
        assert "no samples" in [t.text for t in root.iter(SVG + "text")]


def test_a_clock_of_another_day(folder):
    lines = synth(folder / "set.rec", "--layout", "csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(",", 1) for line in lines[1:]]
    late = [f"{1700000000 + float(t):.6f},{rest}" for t, rest in rows[:1500]] + [f"{1700000000 + 86400 * 30 + float(t):.6f},{rest}" for t, rest in rows[1500:]]
    (folder / "late.csv").write_text("\n".join([lines[0], *late]) + "\n", encoding="utf-8")
    root, _ = draw(folder / "late.csv", "--exercise", "back-squat")
    assert "s from start" in [t.text for t in root.iter(SVG + "text")]
    assert 1 <= len(axes(root)) <= 30


def test_a_link_gap_is_shown(folder):
    lines = synth(folder / "set.rec").read_text(encoding="utf-8").splitlines(keepends=True)
    rows = next(i for i, line in enumerate(lines) if line.startswith("t,")) + 1
    (folder / "gap.rec").write_text("".join(lines[:rows + 1000] + lines[rows + 1300:]), encoding="utf-8")
    root, _ = draw(folder / "gap.rec")
    gaps = [r for r in root.iter(SVG + "rect") if r.get("class") == "gap"]
    assert len(gaps) == 3, "one in each panel"
    time = axes(root)[0][1]
    x = float(gaps[0].get("x"))
    assert abs(time(x + float(gaps[0].get("width"))) - time(x) - 3.01) < 0.05


def test_long_recordings_stay_small(folder):
    recording = synth(folder / "long.rec", "--sets", "3", "--idle", "10", "--hard", "--layout", "csv")
    root, _ = draw(recording, "--exercise", "back-squat")
    size = (folder / "long.svg").stat().st_size
    assert size < 3_000_000 and size < recording.stat().st_size / 2, size
    assert 10 <= len(axes(root)) <= 30
    assert float(root.get("width")) <= 1300


def test_a_faulty_recording_is_drawn_as_far_as_it_goes(folder):
    recording = synth(folder / "bad.rec")
    with open(recording, "a", encoding="utf-8") as f:
        f.write("not a row\n")
    run = replay("--json", "--svg", folder / "bad.svg", recording)
    assert run.returncode == 65, run.returncode
    assert bands(ET.parse(folder / "bad.svg").getroot(), r"rep \d+ of set")


def test_wrong_use_harms_nothing(folder):
    recording = synth(folder / "set.rec")
    before = recording.read_bytes()
    for arguments in (["--svg", recording], ["--svg", recording, recording], ["--svg", folder / "two.svg", recording, recording]):
        assert replay(*arguments).returncode == 64, arguments
    assert recording.read_bytes() == before and not (folder / "two.svg").exists()
    run = replay("--json", "--svg", folder / "nowhere/set.svg", recording)
    assert run.returncode == 74 and "nowhere/set.svg" in run.stderr, run.stderr


def test_a_full_disk_is_told(folder):
    if not os.path.exists("/dev/full"):
        return "no /dev/full"
    (folder / "full.svg").symlink_to("/dev/full")
    run = replay("--json", "--svg", folder / "full.svg", synth(folder / "set.rec"))
    assert run.returncode == 74 and "full.svg" in run.stderr, run.stderr
    return None


def main():
    tests = [(name, f) for name, f in globals().items() if name.startswith("test_")]
    failed = 0
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        title = name.removeprefix("test_").replace("_", " ")
        with tempfile.TemporaryDirectory() as folder:
            try:
                skipped = test(Path(folder))
                print(f"ok {number} - {title}" + (f" # SKIP {skipped}" if skipped else ""))
            except (AssertionError, ET.ParseError, StopIteration) as fault:
                failed += 1
                print(f"not ok {number} - {title}")
                print(f"# {fault!r}"[:500])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

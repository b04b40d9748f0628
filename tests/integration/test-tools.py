#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the programs say to a person at a terminal, without a hub: usage, lists, the table of a recording, progress, and
what they refuse."""

import json
import os
import pty
import re
import subprocess
import sys

from bar import dropped, unracked_and_turned
from broker import Tap
from hub import BUILD, DAEMON, WORK, configure, equal, record, squat, station, true, write

CTL = os.path.join(BUILD, "repcastctl")
NO_BUS = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}


def run(*arguments, program=CTL, **more):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60, env=NO_BUS, **more)
    return done.returncode, done.stdout, done.stderr


def refused(status, words, *arguments, program=CTL, silent=True):
    got, out, err = run(*arguments, program=program)
    equal(got, status, f"exit status of {arguments}: {err}")
    true(words in err, f"{arguments}: no {words!r} in {err!r}")
    true(not silent or out == "", f"{arguments}: standard output {out[:100]!r}")


def usage():
    status, out, err = run("--help")
    equal((status, err), (0, ""), "--help")
    for command in re.findall(r"^  ([a-z-]+) {2,}", out, flags=re.M):
        status, more, _ = run(command, "--help")
        true(status == 0 and more.startswith("Usage: repcastctl " + command), f"help of {command}: {more[:80]!r}")
    equal(run("-h")[1], out, "-h")
    status, out, _ = run("--version")
    true(status == 0 and re.match(r"repcast \d+\.\d+\.\d+\n$", out), f"version: {out!r}")
    equal(run("-V")[1], out, "-V")
    refused(64, "Usage: repcastctl")
    refused(64, 'no command is called "recrd"; did you mean "record"?', "recrd")
    refused(64, 'no command is called "fly-to-the-moon"\n', "fly-to-the-moon")


def wrong_use():
    for words, *arguments in (
            ("which sensor? repcastctl scan shows those that are near", "adopt", "--station", "rack-1"),
            ("for which station? --station NAME", "adopt", "C0:FF:EE:00:00:01"),
            ('one sensor is allowed, "b" is a second', "adopt", "C0:FF:EE:00:00:01", "b", "--station", "rack-1"),
            ("which one? Name a sensor's address or a station", "forget"),
            ('one sensor is allowed, "b" is a second', "forget", "a", "b"),
            ("which one? Name a station or a sensor's address", "record", "-o", "x"),
            ('one sensor is allowed, "b" is a second', "record", "a", "b", "-o", "x"),
            ("is allowed", "record", "a", "-o", "x", "--seconds", "0"),
            ('one station is allowed, "b" is a second', "assign", "a", "b"),
            ('--format: table or json is allowed, not "xml"', "replay", "--format", "xml", squat()),
            ("--speed: a number from 0.1 to 1000 is allowed", "replay", "--speed", "0", squat()),
            ("--svg: a file name that ends in .svg is allowed", "replay", "--svg", squat(), squat()),
            ("--svg: one recording is allowed, 2 were given", "replay", "--svg", "a.svg", squat(), squat()),
            ("which recording? Name a file", "replay"),
            ('no prescription is called "negative-sqat"; did you mean "negative-squat"?', "replay", "--prescription",
             "negative-sqat", squat()),
            ('no exercise is called "back-sqat"; did you mean "back-squat"?', "replay", "--exercise", "back-sqat", squat()),
            ('takes no argument, "x" was given', "prescriptions", "x")):
        refused(64, words, *arguments)
    for arguments in (("status",), ("sensors",), ("scan",), ("forget", "rack-1"), ("assign", "rack-1")):
        refused(69, "repcastctl: ", *arguments)  # there is no bus
    refused(64, "takes no argument", "all", program=DAEMON)


def the_table_has_the_figures():
    status, out, err = run("replay", "--format", "table", squat())
    equal((status, err), (0, ""), "the table")
    events = [json.loads(line) for line in run("replay", "--json", squat())[1].splitlines()]
    reps = [e for e in events if e["type"] == "rep"]
    lines = out.splitlines()
    true(lines[0].endswith("squat.rec: back-squat, synth-good at 100.0 Hz"), f"title {lines[0]!r}")
    rows = [re.sub(r"^rep +", "", line).split() for line in lines if re.match(r"^rep +\d+ +\d", line)]
    equal([row[0] for row in rows], [str(r["rep"]) for r in reps], "reps")
    for row, r in zip(rows, reps):
        for shown, p in zip(row[3:6], ("eccentric", "bottom", "concentric")):  # both are rounded, the table to 10 ms
            true(abs(float(shown) - (r["tempo_s"][p] or 0)) < 6e-3, f"{p} of {row}")
        true(abs(float(row[6]) - r["rom_m"]) < 6e-4 and abs(float(row[9]) - r["concentric"]["mean_mps"]) < 6e-4, f"{row}")
    true(any(re.match(r"^ so +\d+ ", line) for line in lines) == any(e["type"] == "amend" for e in events), "amendments")
    (whole,) = [e for e in events if e["type"] == "set"]
    true(f"set 1: {whole['n_reps']} reps, {whole['tut_s']:.1f} s under tension" in out, "the set")
    true(lines[-1].startswith(f"{whole['n_reps']} reps in 1 set, "), f"sum {lines[-1]!r}")


def the_table_says_what_was_not_counted():
    out = run("replay", "--format", "table", "-e", "back-squat", unracked_and_turned())[1]
    true(re.search(r"^rep +1 +taken back: walkout$", out, flags=re.M), f"the walkout in {out}")
    true("set 1: 4 reps" in out and out.splitlines()[-1].startswith("4 reps in 1 set, "), f"what stands in {out}")
    out = run("replay", "--format", "table", "-e", "deadlift", dropped())[1]
    true(re.search(r"^  -    +\d+\.\d\d  not counted: rerack, 0\.\d\d m in \d\.\d\d s", out, flags=re.M), f"the rerack in {out}")
    one, two = record("one.rec", 1, "--exercise", "back-squat", "--seed", "5"), squat()
    out = run("replay", "--format", "table", one, two)[1]
    true("set 1: 1 rep, " in out and "set 1: 5 reps, " in out, "one rep, five reps, each recording from 1 on")


def on_a_terminal():
    """There a table is the default, with colours, and a bar shows how far it is."""
    master, slave = pty.openpty()
    with subprocess.Popen([CTL, "replay", "--speed", "10", squat()], stdout=slave, stderr=slave, close_fds=True,
                          env={**NO_BUS, "TERM": "xterm"}) as process:
        os.close(slave)
        text = b""
        while True:
            try:
                piece = os.read(master, 4096)
            except OSError:
                break
            if not piece:
                break
            text += piece
        equal(process.wait(), 0, "exit status")
    os.close(master)
    text = text.decode()
    true("\033[1mset 1\033[0m" in text, "the heading is bold")
    shares = [int(x) for x in re.findall(r"\r\033\[K\[#* *\] +(\d+) %  [^,\r]*squat\.rec, \d+ s left", text)]
    true(shares and shares == sorted(shares) and shares[-1] <= 100, f"the bar goes on: {shares}")
    true("\r\033[K" in text.rsplit("%", 1)[1] or "5 reps in 1 set" in text, "and is wiped away")


def prescriptions():
    status, out, err = run("prescriptions")
    equal((status, err), (0, ""), "the list")
    names = [line.split()[0] for line in out.splitlines()]
    equal(names[0], "PRESCRIPTION", "the heading")
    rows = [json.loads(line) for line in run("prescriptions", "--json")[1].splitlines()]
    equal([r["name"] for r in rows], names[1:], "the same as JSON")
    negative = next(r for r in rows if r["name"] == "negative-squat")
    equal((negative["kind"], negative["tempo"], negative["reps_min"], negative["velocity_loss_pct"]),
          ("negative", "4-0-<2-<2", 6, None), "one of them")
    own = write("own.conf", "[mine]\nTitle=Slow\nTempo=6-0-X-*\n[negative-squat]\nTitle=Mine\nTempo=5-0-*-*\n")
    rows = {r["name"]: r for r in map(json.loads, run("prescriptions", "--json", "--file", own)[1].splitlines())}
    equal((rows["mine"]["tempo"], rows["negative-squat"]["title"]), ("6-0-X-*", "Mine"), "own ones go before")
    equal((rows["mine"]["reps_min"], rows["mine"]["kind"]), (None, "normal"), "what is not said")
    refused(78, "own-faulty.conf:2: Tempo=: ", "prescriptions", "--file", write("own-faulty.conf", "[mine]\nTempo=6-\n"))
    refused(78, "nowhere.conf", "prescriptions", "--file", "/nowhere.conf")


def recordings_that_are_refused():
    refused(66, "nowhere.rec", "replay", "/nowhere.rec")
    refused(65, "broken.csv:3:1: missing columns", "replay", "-e", "back-squat", "-j", write("broken.csv", "t,ax,ay,az,gx,gy,gz\n0,0,0,9.8,0,0,0\nx\n"))
    unnamed = write("unnamed.csv", "t,ax,ay,az,gx,gy,gz\n0,0,0,9.8,0,0,0\n")
    refused(64, "the recording does not name its exercise; say --exercise NAME:\n", "replay", "-j", unnamed)
    refused(78, "table.conf:1: ", "replay", "--exercises", write("table.conf", "nonsense\n"), squat())
    table = write("lifts.conf", "[curl]\nStarts=concentric\nMinRom=0.2\n")
    status, _, err = run("replay", "-j", "--exercises", table, squat())
    true(status in (64, 78) and "back-squat" in err + "back-squat", f"a table without the lift: {status}, {err}")


def a_full_disk():
    with open("/dev/full", "w", encoding="ascii") as full:
        for program, *arguments in ((CTL, "prescriptions"), (CTL, "prescriptions", "--json"), (CTL, "replay", "--json", squat()),
                                    (CTL, "replay", "--format", "table", squat()),
                                    (DAEMON, "--config", configure(1883, station("rack-1", squat())), "--dump-config")):
            done = subprocess.run([program, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=NO_BUS)
            equal(done.returncode, 74, f"exit status of {arguments}: {done.stderr}")
            true("cannot" in done.stderr, f"{arguments}: {done.stderr!r}")
    refused(74, "cannot be written", "replay", "--svg", "/nowhere/x.svg", "--json", squat(), silent=False)


if __name__ == "__main__":
    os.chdir(WORK)
    sys.exit(Tap([usage, wrong_use, the_table_has_the_figures, the_table_says_what_was_not_counted, on_a_terminal, prescriptions,
                  recordings_that_are_refused, a_full_disk]).run())

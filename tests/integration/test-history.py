#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repcastctl history: what was lifted, asked of a running hub and read from the store of one that is not."""

import csv
import io
import json
import os
import pwd
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
import gym  # noqa: E402
from broker import BROKER, Broker, Listener, Tap, wait_for  # noqa: E402
from hub import SRC, WORK, Daemon, deadlift, equal, of, squat, true  # noqa: E402
from store import Clock  # noqa: E402

HOSTILE = 'Zoë, "the \\ bar"'


class Gym:
    """Two racks, each with its set, then a third set that is corrected by hand."""

    def __init__(self, store=""):
        self.bus, self.broker = gym.Bus(WORK), Broker()
        self.listener = Listener(self.broker.port)
        self.folder = tempfile.mkdtemp(dir=WORK)
        self.config = self.folder + "/repcast.conf"
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"[hub]\nName=gym\nExercises={gym.within_reach(SRC + '/conf/exercises.conf')}\n[mqtt]\nBroker=127.0.0.1:{self.broker.port}\n"
                    f"Commands=station\n[store]\nFolder={self.folder}\n{store}"
                    f"[station rack-1]\nExercise=back-squat\nRecording={squat()}\nRecordingSpeed=40\nAthlete={HOSTILE}\nLoadKg=80\n"
                    f"[station floor]\nExercise=deadlift\nRecording={deadlift()}\nRecordingSpeed=40\nAthlete=bo\n")
        self.clock = Clock()
        self.daemon = Daemon(self.config, env={**self.bus.environment, **self.clock.env})
        for name in ("rack-1", "floor"):
            wait_for(f"the set of {name}", lambda n=name: of(self.listener, "set", n))
        wait_for("repcastd on the bus", lambda: gym.ctl(self.bus, "status")[0] == 0)

    def discard(self, rep):
        self.listener.publish("repcast/gym/station/rack-1/cmd", json.dumps(
            {"type": "discard_rep", "id": f"d{rep}", "sent_ms": round(time.time() * 1000), "rep": rep, "by": "coach"}))
        wait_for("the amendment", lambda: [a for a in of(self.listener, "amend") if a.get("by") == "coach"])

    def history(self, *options, user=None):
        """Exit status, output and errors; of a hub that is asked, or, with --config, of its store."""
        command = [gym.within_reach(gym.CTL) if user else gym.CTL, "history", "--config", self.config, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30,
                              user=user, env={**os.environ, **self.bus.environment, "TZ": "UTC"})
        return done.returncode, done.stdout, done.stderr

    def read(self, *options):
        status, out, error = self.history(*options)
        equal(status, 0, f"exit status; {error}")
        return out

    def sets(self, *options):
        return [json.loads(line) for line in self.read("--json", *options).splitlines()]


def check_all(place):
    """The same of a hub that runs and of one that does not."""
    sets = place.sets()
    equal({(s["station"], s["exercise"], s["athlete"], s["n_reps"]) for s in sets},
          {("rack-1", "back-squat", HOSTILE, 4), ("floor", "deadlift", "bo", 4)}, "sets as they stand by now")
    for options, stations in ((("--station", "floor"), ["floor"]), (("--athlete", HOSTILE), ["rack-1"]),
                              (("--exercise", "deadlift"), ["floor"]), (("-s", "floor", "-a", HOSTILE), [])):
        equal([s["station"] for s in place.sets(*options)], stations, f"sets with {options}")
    reps = [m for m in place.sets("--reps", "--station", "rack-1") if m["type"] == "rep"]
    equal([(r["rep"], r["stands"]) for r in reps], [(1, True), (2, False), (3, True), (4, True), (5, True)], "repetitions")

    table = place.read().splitlines()
    true(table[0].startswith("TIME") and len(table) == 3, table)
    (line,) = (text for text in table if "rack-1" in text)
    true(HOSTILE[:12] in line and "80.0" in line and line.endswith("amended"), line)
    equal(len(place.read("--reps").splitlines()), 1 + 4 + 4, "lines with a repetition each")

    rows = list(csv.DictReader(io.StringIO(place.read("--csv"))))
    equal({(r["station"], r["athlete"], r["load_kg"], r["n_reps"], r["amended"]) for r in rows},
          {("rack-1", HOSTILE, "80.0", "4", "1"), ("floor", "bo", "", "4", "0")}, "rows of CSV")
    rows = list(csv.DictReader(io.StringIO(place.read("--csv", "--reps", "-s", "rack-1"))))
    equal([r["rep"] for r in rows], ["1", "3", "4", "5"], "repetitions that count")
    true(all(1.5 < float(r["eccentric_s"]) < 2.5 for r in rows), rows)


def asked_and_read():
    place = Gym()
    place.discard(2)
    check_all(place)
    if place.clock.works:
        equal(len(place.sets("--since", "1h")), 2, "sets of the last hour")
        equal(place.sets("--since", "2100-01-01"), [], "sets of the next century")
    status, _, error = place.history("--since", "2100-01-01")
    equal((status, "there is no such set" in error), (0, True), "nothing found")
    place.daemon.stop()
    check_all(place)
    if os.getuid() == 0:
        os.chmod(place.folder + "/events.db", 0o600)
        for folder in (WORK, place.folder):
            os.chmod(folder, 0o755)
        status, _, error = place.history(user=pwd.getpwnam("nobody").pw_uid)
        equal((status, "root may" in error or "denied" in error), (77, True), f"of who may not: {error}")
        os.chmod(place.config, 0o600)
        status, _, error = place.history(user=pwd.getpwnam("nobody").pw_uid)
        equal((status, place.config in error, "--store" in error), (77, True, True), f"of who may not even ask where: {error}")
    status, _, error = place.history("--store", place.folder + "/none.db")
    equal((status, "cannot be read" in error), (66, True), error)
    os.unlink(place.config)
    status, _, error = place.history()
    equal((status, place.config in error), (66, True), f"no configuration: {error}")


def read_after_a_kill():
    """What a killed hub leaves: a log beside the database that nobody has taken over."""
    place = Gym()
    place.discard(2)
    place.daemon.kill()
    true(os.path.getsize(place.folder + "/events.db-wal") > 0, "a log is left")
    before = sorted(os.listdir(place.folder))
    check_all(place)
    equal(sorted(os.listdir(place.folder)), before, "files, after a look at them")


def nothing_is_kept():
    """HistoryDays=0: what the broker has, the hub forgets."""
    place = Gym("HistoryDays=0\n")
    wait_for("the end of the history", lambda: not place.sets())
    place.daemon.stop()
    equal(place.sets(), [], "sets on the disk")


def wrong_options():
    for options, words in ((("--since", "yesterday"), "--since: a day as 2026-11-22"), (("x",), "takes no argument"),
                           (("--colour",), "unrecognized option")):
        done = subprocess.run([gym.CTL, "history", *options], capture_output=True, text=True, check=False)
        equal((done.returncode, words in done.stderr), (64, True), f"{options}: {done.stderr}")


if __name__ == "__main__":
    for tool, name in ((BROKER, "mosquitto"), (gym.DBUS_DAEMON, "dbus-daemon")):
        if not tool:
            print(f"1..0 # SKIP {name} is not installed")
            sys.exit(0)
    sys.exit(Tap([asked_and_read, read_after_a_kill, nothing_is_kept, wrong_options]).run())

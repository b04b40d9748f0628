#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a coach does with repcastctl, over a private bus; and what bash completes while they type."""

import os
import shutil
import subprocess
import sys
import tempfile

import gym
from broker import BROKER, Broker, Listener, Tap, wait_for
from hub import SRC, WORK, Daemon, configure, equal, of, squat, station, true

BASH = shutil.which("bash")


class Hub:
    """A daemon on a bus of its own, with a state folder."""

    def __init__(self, *stations):
        self.bus, self.broker = gym.Bus(WORK), Broker()
        self.listener = Listener(self.broker.port)
        self.state = tempfile.mkdtemp(dir=WORK)
        self.config = configure(self.broker.port, *stations)
        self.start()

    def start(self):
        self.daemon = Daemon(self.config, env={**self.bus.environment, "STATE_DIRECTORY": self.state})
        wait_for("repcastd on the bus", lambda: gym.ctl(self.bus, "status")[0] == 0)

    def ctl(self, *arguments):
        status, out, err = gym.ctl(self.bus, *arguments)
        equal(status, 0, f"exit status of {arguments}: {err}")
        return out

    def refused(self, status, words, *arguments):
        got = gym.ctl(self.bus, *arguments)
        equal(got[0], status, f"exit status of {arguments}: {got[2]}")
        true(words in got[2], f"no {words!r} in {got[2]!r}")

    def row(self, name="rack-1"):
        return next(r for r in gym.rows(self.bus, "status", "--json") if r.get("station") == name)

    def end(self):
        self.daemon.stop()
        self.broker.kill()


def who_lifts_what():
    hub = Hub(station("rack-1", squat(), speed=0.1, RecordingLoop="yes"), station("rack-2", squat(), speed=0.1, RecordingLoop="yes"))
    equal(hub.ctl("assign", "rack-1", "--athlete", "ana", "--exercise", "front-squat", "--load", "82.5", "--one-rm", "110"),
          "rack-1: ana, front-squat, 82.5 kg, 1RM 110 kg\n", "what is told")
    hub.ctl("assign", "rack-1", "-p", "negative-squat")
    row = hub.row()
    equal([row[k] for k in ("athlete", "exercise", "prescription", "load_kg", "one_rm_kg")],
          ["ana", "front-squat", "negative-squat", 82.5, 110.0], "the station")
    equal(hub.ctl("assign", "rack-1"), "rack-1: ana, front-squat, negative-squat, 82.5 kg, 1RM 110 kg\n", "shown again")
    hub.refused(66, 'there is no exercise "bak-squat"; did you mean "back-squat"?', "assign", "rack-1", "-e", "bak-squat")
    hub.refused(66, "no station is called rack-9; did you mean rack-1?", "assign", "rack-9", "-a", "ana")
    hub.refused(66, "there is no prescription", "assign", "rack-1", "-p", "no such thing")
    hub.refused(64, "is no weight", "assign", "rack-1", "-l", "heavy")
    hub.refused(64, "is too long", "assign", "rack-1", "-a", "x" * 64)
    hub.refused(64, "at which station?", "assign")
    hub.refused(66, "no set is running at rack-1", "end-set", "rack-1")
    hub.refused(66, "there is no rep at rack-1", "discard", "rack-1")
    hub.refused(66, "there is no set without an athlete at rack-1", "claim", "rack-1", "-a", "ben")
    hub.ctl("queue", "rack-1", "ben:60", "cara", "--rotate")
    equal(hub.ctl("queue", "rack-1"), "ben\ncara\n", "who waits")
    hub.refused(64, "at most 8 can wait", "queue", "rack-1", *"abcdefghi")
    equal(hub.ctl("undo", "rack-1"), "rack-1: queue taken back\n", "undo")
    equal(hub.ctl("queue", "rack-1"), "", "nobody waits")
    hub.ctl("queue", "rack-1", "dan")
    hub.daemon.kill()
    hub.start()
    row = hub.row()
    equal([row[k] for k in ("athlete", "exercise", "prescription", "load_kg", "one_rm_kg", "queue")],
          ["ana", "front-squat", "negative-squat", 82.5, 110.0, "dan"], "the station after kill -9")
    equal(hub.row("rack-2")["athlete"], None, "the other one")
    hub.ctl("queue", "rack-1", "--clear")
    equal(hub.ctl("assign", "rack-1", "--defaults"), "rack-1: nobody, back-squat\n", "as configured")
    with open(hub.state + "/assigned.conf", encoding="utf-8") as f:
        true("[station" not in f.read(), "nothing is kept any more")
    hub.end()


def what_counts():
    hub = Hub(station("rack-1", squat(), speed=20, RecordingLoop="yes", RecordingPause=400))
    wait_for("three reps", lambda: len(of(hub.listener, "rep")) >= 3)
    true(hub.ctl("discard", "rack-1").startswith("rack-1: set 1, rep "), "what is told")
    wait_for("five reps", lambda: len(of(hub.listener, "rep")) >= 5)
    hub.ctl("end-set", "rack-1")
    equal(hub.ctl("claim", "rack-1", "--athlete", "ana"), "rack-1: set 1 is ana's\n", "what is told")
    hub.refused(64, "that set has an athlete already at rack-1", "claim", "rack-1", "--athlete", "ben", "--set", "1")
    equal(hub.ctl("undo", "rack-1"), "rack-1: claim taken back\n", "undo")
    by = {a["by"] for a in of(hub.listener, "amend")} - {"hub"}
    equal(by, {os.environ.get("SUDO_USER") or gym.ME}, "whose word it was")
    hub.end()


def completed(bus, *words):
    """What bash offers for the last of these words."""
    script = f'source "{SRC}/completion/repcastctl"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
             '_repcastctl; printf "%s\\n" "${COMPREPLY[@]}"'
    path = os.path.dirname(gym.CTL) + ":" + os.environ.get("PATH", os.defpath)
    done = subprocess.run([BASH, "--norc", "-c", script, "bash", "repcastctl", *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(bus.environment if bus else {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}),
                               "PATH": path}, check=True)
    equal(done.stderr, "", "what a shell would have to read")
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def bash_completes():
    if not BASH:
        return "no bash here"
    hub = Hub(station("rack-1", squat(), speed=1, RecordingLoop="yes"), station("rack-2", squat(), speed=1, RecordingLoop="yes"))
    hub.ctl("assign", "rack-1", "-a", "Ana Maria")
    hub.ctl("queue", "rack-2", "ben", "bea")
    true({"assign", "queue", "undo", "status"} <= set(completed(hub.bus, "")), "commands")
    true("complete" not in completed(hub.bus, ""), "what is for shells only")
    equal(completed(hub.bus, "end"), ["end-set"], "one command")
    equal(completed(hub.bus, "assign", ""), ["rack-1", "rack-2"], "stations")
    equal(completed(hub.bus, "assign", "rack-2"), ["rack-2"], "a station")
    equal(completed(hub.bus, "assign", "rack-1", "--at"), ["--athlete"], "an option")
    equal(completed(hub.bus, "assign", "rack-1", "--athlete", "A"), ["Ana\\ Maria"], "an athlete, quoted")
    equal(sorted(completed(hub.bus, "queue", "rack-1", "be")), ["bea", "ben"], "who waits elsewhere")
    equal(completed(hub.bus, "assign", "--exercise", "front"), ["front-squat"], "an exercise")
    equal(completed(hub.bus, "assign", "--exercise", "front-squat", "rack-"), ["rack-1", "rack-2"], "a station behind an option")
    equal(completed(hub.bus, "assign", "rack-1", "-p", "three"), ["three-second-rule"], "a prescription")
    equal(completed(hub.bus, "adopt", "D4:22:CD:00:11:22", "--profile", "mov"), ["movella-dot", "movesense-imu6"], "profiles")
    equal(completed(hub.bus, "assign", "rack-1", "--load", ""), [], "a number")
    equal(completed(None, "assign", "--exercise", "front"), ["front-squat"], "without a hub, from the files")
    equal(completed(None, "assign", "--athlete", ""), [], "nobody is known without one")
    hub.end()
    return None


if not BROKER or not gym.DBUS_DAEMON:
    print("1..0 # SKIP mosquitto or dbus-daemon is not installed")
    sys.exit(0)
if __name__ == "__main__":
    sys.exit(Tap([
        who_lifts_what,
        what_counts,
        bash_completes,
    ]).run())

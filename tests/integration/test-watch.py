#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repcastctl watch: what a person sees of a running gym, and what a script gets."""

import os
import pty
import re
import subprocess
import sys

import gym
from broker import PATIENCE_S, Tap, wait_for
from hub import WORK, Daemon, equal, record, station, true


class Floor:
    """Two stations that play at eight times their speed, without a broker."""

    def __init__(self):
        self.bus = gym.Bus(WORK)
        slow = record("slow.rec", 6, "--exercise", "back-squat", "--tempo", "4-0-1.2-1", "--seed", "3")
        fast = record("fast.rec", 6, "--exercise", "bench-press", "--tempo", "2.2-0-1-0.5", "--seed", "4")
        path = WORK + "/watch.conf"
        with open(path, "w", encoding="utf-8") as f:
            f.write("[hub]\nName=gym\n[mqtt]\nBroker=127.0.0.1:1\n" +
                    station("rack-1", slow, speed=8, Athlete="ana", Prescription="negative-squat") +
                    station("bench", fast, "bench-press", speed=8, Athlete="Zoë", Prescription="three-second-rule"))
        self.daemon = Daemon(path, env=self.bus.environment)
        wait_for("the hub on the bus", lambda: gym.ctl(self.bus, "status")[0] == 0)

    def rows(self):
        return {row["state"]["station"]: row for row in gym.rows(self.bus, "watch")}


def a_script_gets_payloads():
    floor = Floor()
    row = wait_for("a rep", lambda: [r for r in floor.rows().values() if r["rep"]])[0]
    equal((row["state"]["type"], row["live"]["type"], row["rep"]["type"]), ("state", "live", "rep"), "payloads")
    wait_for("a pace", lambda: [r for r in floor.rows().values() if r["live"]["pace"]])
    wait_for("advice", lambda: (floor.rows()["bench"]["state"]["advice"] or {}).get("advice") == "reduce_load")
    status, table, error = gym.ctl(floor.bus, "watch")
    equal((status, error), (0, ""), "once into a pipe")
    true("\033" not in table, "no colours in a pipe")
    lines = table.splitlines()
    equal(len(lines), 3, "a line for each station")
    true(re.match(r"bench +Zoë +bench-press +1/\d .* 2\.\d-0\.0-\d\.\d-\* .*reduce_load$", lines[2]), lines[2])
    floor.daemon.stop()


def a_person_sees_it_move():
    floor = Floor()
    ours, theirs = pty.openpty()
    watch = subprocess.Popen([gym.CTL, "watch"], stdout=theirs, stderr=subprocess.STDOUT,
                             env={**os.environ, **floor.bus.environment, "TERM": "xterm", "COLUMNS": "150", "LINES": "20"})
    os.close(theirs)
    seen = b""

    def bar():
        nonlocal seen
        seen += os.read(ours, 65536)
        return re.search(rb"ecc +\d\.\d \[[#|.]{14}\] of 4\.0 s (on|ahead|behind)", seen)

    wait_for("a bar with its target", bar)
    watch.send_signal(2)
    equal(watch.wait(PATIENCE_S), 0, "Ctrl-C")
    os.close(ours)
    floor.daemon.stop()


def without_a_hub():
    bus = gym.Bus(WORK)
    status, _, error = gym.ctl(bus, "watch")
    equal(status, 69, "exit status")
    true("repcastd is not running" in error, error)
    status, _, error = gym.ctl(bus, "watch", "now")
    equal(status, 64, "wrong use")


if not gym.DBUS_DAEMON:
    print("1..0 # SKIP dbus-daemon is not installed")
    sys.exit(0)
if __name__ == "__main__":
    sys.exit(Tap([a_script_gets_payloads, a_person_sees_it_move, without_a_hub]).run())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a station costs on the network: messages and bytes by kind, in a set of negatives that is played in real time, and
what mosquitto needs for each message. Figures for the arithmetic of doc/fleet.md: make traffic."""

import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import BROKER, Broker, Listener, wait_for  # noqa: E402
from hub import WORK, Daemon, configure, record, station  # noqa: E402

REPS = 6
HEADER = 2 + 2 + 2  # fixed header of a message over 127 bytes has 3 bytes, length of the topic 2, packet id 2: near enough
FLOOD = 20000  # messages, so that the broker's CPU time is worth measuring
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def play():
    """One set in real time; returns its seconds and the messages."""
    path = record("negatives.rec", REPS, "--exercise", "back-squat", "--tempo", "4-0-2-1", "--seed", "3")
    broker = Broker()
    listener = Listener(broker.port)
    start = time.monotonic()
    Daemon(configure(broker.port, station("rack-1", path, speed=1)), "--until-end",
           env={"STATE_DIRECTORY": tempfile.mkdtemp(dir=WORK)}).end(300)
    seconds = time.monotonic() - start
    wait_for("the farewell", lambda: any('"offline"' in p for _, p, _ in listener.seen))
    broker.kill()
    return seconds, listener.seen


def flood(listeners):
    """CPU time of the broker for each message in, which goes out to so many."""
    broker = Broker()
    heard = [Listener(broker.port) for _ in range(listeners)]
    sender = Listener(broker.port, topic="nothing")
    before = cpu_s(broker.process.pid)
    for i in range(FLOOD // 100):  # no more at once than a queue holds
        for _ in range(100):
            sender.publish("repcast/gym/station/rack-1/live", "x" * 300)
        wait_for("messages", lambda n=(i + 1) * 100: all(len(h.heard) >= n for h in heard), 30)
    used = cpu_s(broker.process.pid) - before
    broker.kill()
    return used / FLOOD


def main():
    if not BROKER:
        print("traffic.py: mosquitto is not installed", file=sys.stderr)
        return 69
    seconds, seen = play()
    kinds = {}
    for topic, payload, _ in seen:
        kind = topic.rsplit("/", 1)[1]
        n, size = kinds.get(kind, (0, 0))
        kinds[kind] = n + 1, size + HEADER + len(topic) + len(payload.encode())
    print(f"One station, a set of {REPS} squats at 4-0-2-1, {seconds:.0f} s:\n")
    print(f"{'kind':<10}{'messages':>10}{'bytes each':>12}{'bytes/s':>10}")
    for kind, (n, size) in sorted(kinds.items(), key=lambda k: -k[1][1]):
        print(f"{kind:<10}{n:>10}{size / n:>12.0f}{size / seconds:>10.0f}")
    n, size = (sum(k[i] for k in kinds.values()) for i in (0, 1))
    print(f"{'all':<10}{n:>10}{size / n:>12.0f}{size / seconds:>10.0f}")
    kept = sum(kinds.get(k, (0, 0))[1] for k in ("rep", "amend", "set"))
    print(f"\nkept in the hub's store: {kept / REPS / 1024:.1f} KiB for each rep, its share of the set included")

    one, three = flood(1), flood(3)
    each = (three - one) / 2
    print(f"mosquitto: {(one - each) * 1e6:.0f} us of one core for each message, {each * 1e6:.0f} us more for each listener")
    return 0


if __name__ == "__main__":
    sys.exit(main())

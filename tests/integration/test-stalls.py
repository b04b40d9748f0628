#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The way to the broker stalls, in each way that it can; whoever senses and stores does not feel it.

    test-stalls.py [--seconds S]      60 for a measurement: each stall lasts so long, one after the other

A thread posts 100 events and live messages a second, as the sense thread does, while the uplink hangs in the name's look-up, in
the connect, in the TLS handshake, before the broker's first word, or behind a broker that has stopped to read. It is told how
long a call took that thread and how often it waited in one, how late its beat came, and how long the oldest event waited for its
commit. On a machine that does something else too, times tell of that; waits do not."""

import argparse
import os
import re
import signal
import socket
import sys

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import BROKER, Broker, Gate, Tap, wait_for  # noqa: E402
from feed import Feed, equal, true  # noqa: E402
from hub import WORK  # noqa: E402

GENEROUS_S = 2.0  # a thread that waits for a network waits for longer; a loaded machine rarely does
ROWS = []


class Blackhole:
    """A port that nobody accepts at: when its queue is full, a connect hangs."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.full = []
        for _ in range(3):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", self.port))
            self.full.append(s)


def measure(what, feed, seconds, stalls):
    """What the feed tells of its beat. stalls: nothing gets through, so all that was posted must be in the store."""
    line = feed.ask(f"beat {seconds}")
    fields = re.fullmatch(r"events=(\d+) waits=(\d+) call_us=([\d.]+),([\d.]+) late_us=([\d.]+) commit_us=([\d.]+)", line)
    true(fields, f"figures: {line}")
    n, waits, *figures = int(fields[1]), int(fields[2]), *(float(f) for f in fields.groups()[2:])
    ROWS.append((what, n, waits, *figures))
    wait_for("the last commit", lambda: feed.stats()["waiting"] + feed.stats()["published"] == n)
    stats = feed.stats()
    equal((stats["dropped"], stats["waiting"] if stalls else 0), (0, n if stalls else 0), "dropped, waiting in the store")
    for name, us in zip(("a call", "the beat", "a commit"), figures[1:]):
        true(us * 1e-6 < GENEROUS_S, f"{name} took {us * 1e-6:.1f} s: {line}")
    true(waits < n / 4, f"{waits} of {n} calls waited for something")
    true(int(feed.ask("alive")) > 0, "the uplink's own thread is alive")
    feed.kill()
    return line


def make_tests(seconds):
    def store():
        return os.path.join(WORK, f"stall-{len(ROWS)}.db")

    def nothing_stalls():
        broker = Broker()
        feed = Feed(broker.port, store=store())
        feed.wait("the connection", lambda s: s["connected"])
        line = measure("nothing", feed, seconds, False)
        broker.kill()
        return line

    def the_name_server_stalls():
        feed = Feed("stall:1883", store=store())
        return measure("name server", feed, seconds, True)

    def the_connect_stalls():
        hole = Blackhole()
        feed = Feed(hole.port, store=store())
        return measure("connect", feed, seconds, True)

    def the_handshake_stalls():
        gate = Gate(0, "hang")
        feed = Feed(f"mqtts://127.0.0.1:{gate.port}", store=store())
        wait_for("the client's hello", lambda: gate.pairs)
        return measure("TLS handshake", feed, seconds, True)

    def the_broker_does_not_answer():
        gate = Gate(0, "hang")
        feed = Feed(gate.port, store=store())
        wait_for("the connection", lambda: gate.pairs)
        return measure("broker, no answer", feed, seconds, True)

    def the_broker_hangs():
        broker = Broker()
        feed = Feed(broker.port, store=store())
        feed.wait("the connection", lambda s: s["connected"])
        broker.process.send_signal(signal.SIGSTOP)
        try:
            return measure("broker, stopped", feed, seconds, True)
        finally:
            broker.kill()

    return [nothing_stalls, the_name_server_stalls, the_connect_stalls, the_handshake_stalls, the_broker_does_not_answer,
            the_broker_hangs]


def tell_table():
    print(f"# {'stalls':18} {'events':>7} {'waits':>6} {'call us':>9} {'worst':>9} {'late us':>9} {'commit us':>10}")
    for what, n, waits, call, worst, late, commit in ROWS:
        print(f"# {what:18} {n:7} {waits:6} {call:9.1f} {worst:9.1f} {late:9.1f} {commit:10.1f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=1)
    seconds = parser.parse_args().seconds
    if not BROKER:
        print("1..0 # SKIP mosquitto is not installed")
        return 0
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit("stopped by a signal"))  # the brokers are killed on the way out
    signal.alarm(120 + 8 * seconds)  # a hanging test fails
    failed = Tap(make_tests(seconds)).run()
    tell_table()
    return failed


if __name__ == "__main__":
    sys.exit(main())

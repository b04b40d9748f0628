#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the way from an event to the broker's acknowledgement bears, and what it costs the memory card: make bench-uplink.

    through   events a second through store and uplink to PUBACK, as many at a time as the queue before the store takes
    card      bytes written to disk for each event, at the pace of a gym and in a hurry, and what that makes in a year
    drain     events a second after an absence of the broker, beside those that happen meanwhile

Times hold for the machine that they were taken on; bytes do not. The folder of the store must lie on a disk: a file system
in memory writes nothing, and the card is then left out."""

import os
import sys
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import BROKER, Broker, Gate  # noqa: E402
from feed import Feed  # noqa: E402
from hub import WORK  # noqa: E402

BURST = 200          # fits into the queue before the store
THROUGH = 20000      # events
ABSENCE = 6000       # events that wait for the broker
REPS_A_DAY = 20 * 300  # 20 stations; 300 repetitions each is a full day
EVENTS_A_REP = 1.25  # sets and amendments are events too


def store(name):
    return os.path.join(WORK, name + ".db")


def written(feed):
    with open(f"/proc/{feed.process.pid}/io", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("write_bytes"))


def post(feed, n, start):
    """n events more than start, without a loss: no burst before the one before is in the store. Returns all so far."""
    for _ in range(n // BURST):
        feed.tell(f"rep {BURST}")
        start += BURST
        feed.wait("the store", lambda s: s["queued"] == 0, 60)
    return start


def through():
    broker = Broker()
    feed = Feed(broker.port, store=store("through"))
    feed.wait("the connection", lambda s: s["connected"])
    begin = time.monotonic()
    post(feed, THROUGH, 0)
    stats = feed.wait("the acknowledgements", lambda s: s["published"] == THROUGH, 120)
    seconds = time.monotonic() - begin
    feed.stop()
    broker.kill()
    print(f"through  {THROUGH / seconds:8.0f} events/s to PUBACK ({THROUGH} events in {seconds:.1f} s, {stats['dropped']} lost)")


def card_at(pause_s, n):
    """Bytes for each event, one every pause_s."""
    broker = Broker()
    feed = Feed(broker.port, store=store(f"card-{n}"))
    feed.wait("the connection", lambda s: s["connected"])
    feed.tell("rep 2")  # the file itself
    feed.wait("two events", lambda s: s["published"] == 2)
    time.sleep(2.5)
    before = written(feed)
    for _ in range(n):
        feed.tell("rep 1")
        time.sleep(pause_s)
    feed.wait("the acknowledgements", lambda s: s["published"] == n + 2, 30)
    time.sleep(2.5)  # the last sync
    used = written(feed) - before
    feed.stop()
    broker.kill()
    return used / n


def card():
    gym, hurry = card_at(2.0, 15), card_at(0.01, 1000)
    if gym == 0:
        print("card     not measured: the store's folder is in memory")
        return
    print(f"card     {gym:8.0f} bytes written for each event, one every 2 s; {hurry:.0f} in a hurry (100 a second)")
    year = gym * REPS_A_DAY * EVENTS_A_REP * 365
    print(f"         {year / 1e9:8.1f} GB a year with {REPS_A_DAY} repetitions a day: a card of 32 GB is written over "
          f"{year / 32e9:.1f} times; cheap ones bear some hundred times")


def drain():
    broker = Broker()
    gate = Gate(broker.port, "closed")
    feed = Feed(gate.port, store=store("drain"))
    post(feed, ABSENCE, 0)
    gate.set("open")
    feed.wait("the connection", lambda s: s["published"] > 200, 30)  # the first hundred go at once
    begin, first = time.monotonic(), feed.stats()["published"]
    feed.ask("beat 5")  # 500 events that happen meanwhile
    stats = feed.wait("the last one", lambda s: s["waiting"] == 0, 300)
    seconds = time.monotonic() - begin
    rate = (stats["published"] - first - 500) / seconds
    feed.stop()
    broker.kill()
    week = REPS_A_DAY * EVENTS_A_REP * 7
    print(f"drain    {rate:8.0f} events/s, beside 500 that happen meanwhile; a week ({week:.0f} events) takes "
          f"{week / rate / 60:.0f} min")


def main():
    if not BROKER:
        print("uplink.py: mosquitto is not installed", file=sys.stderr)
        return 69
    through()
    card()
    drain()
    return 0


if __name__ == "__main__":
    sys.exit(main())

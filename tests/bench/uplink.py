# SPDX-License-Identifier: Apache-2.0
"""What the way from an event to the broker's acknowledgement bears, and what it costs the memory card.

    through   events a second through store and uplink to PUBACK, as many at a time as the queue before the store takes
    card      bytes written to disk for each event, at the pace of a gym and in a hurry, and what that makes in a year
    drain     events a second after an absence of the broker, beside those that happen meanwhile

Times hold for the machine that they were taken on; bytes do not. The folder of the store must lie on a disk: a file system
in memory writes nothing, and the card is then left out."""

import os
import time

from rig import WORK
from broker import Broker, Gate  # rig has shown the way to it
from feed import Feed

BURST = 200          # fits into the queue before the store
THROUGH = 10000      # events
ABSENCE = 2000       # events that wait for the broker
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


def through(quick):
    events = BURST if quick else THROUGH
    broker = Broker()
    feed = Feed(broker.port, store=store("through"))
    feed.wait("the connection", lambda s: s["connected"])
    begin = time.monotonic()
    post(feed, events, 0)
    stats = feed.wait("the acknowledgements", lambda s: s["published"] == events, 120)
    seconds = time.monotonic() - begin
    feed.stop()
    broker.kill()
    return {"events_s": events / seconds, "events": events, "lost": stats["dropped"]}


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


def drain(quick):
    absence = BURST if quick else ABSENCE
    broker = Broker()
    gate = Gate(broker.port, "closed")
    feed = Feed(gate.port, store=store("drain"))
    post(feed, absence, 0)
    gate.set("open")
    feed.wait("the connection", lambda s: s["published"] > min(200, absence // 2), 30)  # the first hundred go at once
    begin, first = time.monotonic(), feed.stats()["published"]
    feed.ask("beat 5")  # 500 events that happen meanwhile
    stats = feed.wait("the last one", lambda s: s["waiting"] == 0, 300)
    seconds = time.monotonic() - begin
    rate = (stats["published"] - first - 500) / seconds
    feed.stop()
    broker.kill()
    return rate


def run(progress, quick=False):
    progress("uplink: events a second")
    figures = {"through": through(quick)}
    progress("uplink: bytes on the card")
    figures["card_gym"], figures["card_hurry"] = card_at(2.0, 2 if quick else 15), card_at(0.01, 100 if quick else 1000)
    progress("uplink: after an absence")
    figures["drain_s"] = drain(quick)
    return figures


def words(figures):
    through_, gym, hurry, rate = (figures[k] for k in ("through", "card_gym", "card_hurry", "drain_s"))
    week = REPS_A_DAY * EVENTS_A_REP * 7
    out = [f"Through store and uplink to PUBACK: {through_['events_s']:.0f} events/s ({through_['events']} events, "
           f"{through_['lost']} lost).", ""]
    if gym == 0:
        out += ["The card was not measured: the store's folder is in memory.", ""]
    else:
        year = gym * REPS_A_DAY * EVENTS_A_REP * 365
        out += [f"Written to disk for each event: {gym / 1000:.0f} kB at one every 2 s, {hurry / 1000:.0f} kB at 100 a second. "
                f"{REPS_A_DAY} repetitions a day make {year / 1e9:.0f} GB a year: a card of 32 GB is written over "
                f"{year / 32e9:.1f} times; cheap ones bear some hundred times.", ""]
    return out + [f"After an absence: {rate:.0f} events/s (a limit, doc/mqtt.md, Delivery) beside 500 that happen meanwhile; a "
                  f"week ({week:.0f} events) takes {week / rate / 60:.0f} min."]

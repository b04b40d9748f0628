# SPDX-License-Identifier: Apache-2.0
"""The whole daemon against the least that a client can do (floor.c) and against a gateway in Python (peer/gateway.py), over
the same sockets of the same fake BlueZ, one after the other. Each cell: so many sensors, so many samples a second, so many
in a notification."""

import os
import shutil
import statistics
import subprocess
import time

from rig import (BUILD, SRC, Air, Cost, Hub, Tap, WORK, epoch_us, gym, latencies_ms, percentile)
from broker import Broker  # rig has shown the way to it

FLOOR = os.path.join(BUILD, "tests/bench/bench-floor")
PEER = os.path.join(SRC, "tests/bench/peer/gateway.py")
PYTHON = "/usr/bin/python3"  # the one that has Debian's packages
PEER_PACKAGES = "bleak", "numpy", "paho.mqtt.client"

SENSORS = 1, 8, 20, 100, 500
CELLS = [(n, rate, batch) for batch in (1, 5) for rate in (100, 200) for n in SENSORS]
GOAL_CELL = (20, 100, 1)
PEER_MAX = 100  # each of its links is a connection to the bus, of which a user may have 256
WARM_S, HUB_S, FLOOR_S, PEER_S = 3, 6, 2, 3
GOAL_S = 60  # until the cores' histories of 25 s and SQLite's cache are full, and for the 99 % of some 500 borders
TURNS, TURN_S = 3, 8  # in which hub, floor and core are measured once more for the goals: a machine has better and worse minutes


def peer_is_there():
    return os.path.exists(PYTHON) and subprocess.run(
        [PYTHON, "-c", f"import {', '.join(PEER_PACKAGES)}"], check=False, stderr=subprocess.DEVNULL).returncode == 0


class Cell:
    """The surroundings of one measurement, and their end."""

    def __init__(self, sensors, rate, batch):
        self.bus = gym.Bus(WORK)
        self.air = Air(self.bus, sensors, rate, batch)
        self.broker = Broker()
        self.tap = Tap(self.broker.port, "phase")

    def end(self):
        for thing in (self.air, self.bus, self.tap, self.broker):
            thing.kill()
        shutil.rmtree(self.broker.dir, ignore_errors=True)


def measure(cell, pid, seconds):
    """What a process costs while the bars are lifted."""
    cost, bus = Cost(pid), Cost(cell.bus.process.pid)
    sent, dropped = cell.air.counts()
    begin = time.monotonic()
    time.sleep(seconds)
    took, (now_sent, now_dropped) = cost.take(), cell.air.counts()
    rate = (now_sent - sent) / (time.monotonic() - begin)
    return {**took, "notifications_s": rate, "dropped": now_dropped - dropped, "rss_anon_kib": cost.rss_anon_kib(),
            "us_each": took["cpu_pct"] * 1e4 / rate if rate else float("nan"), "bus_cpu_pct": bus.take()["cpu_pct"]}


def measure_hub(cell, hub, seconds):
    """The same of the daemon, with what it published."""
    time.sleep(WARM_S)
    cell.tap.read()
    figures = measure(cell, hub.pid, seconds)
    latency, unmatched = latencies_ms(cell.air, cell.tap.read(), epoch_us())
    lost, bad = hub.lost()
    late = cell.air.late_us()
    return {**figures, "phases": len(latency), "unmatched": unmatched, "p50_ms": percentile(latency, 50),
            "p99_ms": percentile(latency, 99), "max_ms": latency[-1] if latency else float("nan"), "lost": lost, "bad": bad,
            "source_late_p99_us": percentile(late, 99)}


def run_hub(sensors, rate, batch, seconds=HUB_S):
    cell = Cell(sensors, rate, batch)
    begin = time.monotonic()
    hub = Hub(cell.air, cell.tap.port)
    try:
        hub.wait_streaming(60)
        connected = time.monotonic() - begin
        figures = {**measure_hub(cell, hub, seconds), "connect_s": connected}
        hub.stop()
        return figures
    finally:
        hub.kill()
        cell.end()


def run_other(command, sensors, rate, batch, seconds):
    """The floor or the peer: each says "ready" once all bars are connected, and the peer how many samples it has."""
    cell = Cell(sensors, rate, batch)
    process = subprocess.Popen([str(a) for a in command(cell)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               env={**os.environ, **cell.bus.environment})
    if process.stdout.readline().strip() != "ready":
        process.kill()
        cell.end()
        return None
    time.sleep(1)
    figures = measure(cell, process.pid, seconds)
    process.kill()
    taken = [int(line) for line in process.stdout.read().split()]
    process.wait()
    if len(taken) > 1:  # it tells twice a second
        figures["samples_s"] = 2 * (taken[-1] - taken[0]) / (len(taken) - 1)
    cell.end()
    return figures


def run_floor(sensors, rate, batch, seconds=FLOOR_S, with_core=False):
    return run_other(lambda c: [FLOOR, sensors, c.air.n_adapters, *([rate] if with_core else [])], sensors, rate, batch, seconds)


def run_peer(sensors, rate, batch, seconds=PEER_S):
    return run_other(lambda c: [PYTHON, PEER, sensors, c.air.n_adapters, rate, c.broker.port], sensors, rate, batch, seconds)


def run_turns(cell, turns, seconds):
    """CPU % of hub, floor, and floor with a core for each bar, one after the other: the medians of the turns."""
    turn = [(run_hub(*cell, seconds)["cpu_pct"], run_floor(*cell, seconds)["cpu_pct"],
             run_floor(*cell, seconds, with_core=True)["cpu_pct"]) for _ in range(turns)]
    return dict(zip(("hub", "floor", "floor_and_core"), map(statistics.median, zip(*turn))))


def has_peer(sensors, rate):
    """Not in every cell: it takes its time."""
    return sensors <= PEER_MAX and (rate == 100 or sensors == 20)


def growth(rows):
    """From the first row's sensors to the last's: us of CPU for each notification more, KiB for each sensor more."""
    few, most = rows[0], rows[-1]
    cpu, each, kib = (most["hub"][key] - few["hub"][key] for key in ("cpu_pct", "notifications_s", "rss_anon_kib"))
    return cpu * 1e4 / each, kib / (most["sensors"] - few["sensors"])


def run(progress, quick=False):
    cells = [(1, 100, 1), GOAL_CELL] if quick else CELLS
    seconds = (2, 1, 1) if quick else (HUB_S, FLOOR_S, PEER_S)
    peer, rows, failed = peer_is_there(), [], []
    for i, (sensors, rate, batch) in enumerate(cells):
        row = {"sensors": sensors, "rate": rate, "batch": batch}
        progress(f"daemon: {sensors} sensors, {rate} Hz, {batch} in a notification ({i + 1} of {len(cells)})")
        try:
            row["hub"] = run_hub(sensors, rate, batch, GOAL_S if cells[i] == GOAL_CELL and not quick else seconds[0])
        except AssertionError as e:  # on a machine that is too slow, or busy
            failed.append(f"{sensors} sensors, {rate} Hz, {batch} in a notification: {str(e).split(';')[0]}")
            continue
        row["floor"] = run_floor(sensors, rate, batch, seconds[1])
        row["peer"] = run_peer(sensors, rate, batch, seconds[2]) if peer and has_peer(sensors, rate) else None
        if cells[i] == GOAL_CELL:
            progress("daemon: the same in turns with the floor")
            row["turns"] = run_turns(GOAL_CELL, *((1, 1) if quick else (TURNS, TURN_S)))
        rows.append(row)
    return {"rows": rows, "peer": peer, "failed": failed}


# ---- in words --------------------------------------------------------------------------------------------------------

def number(value, digits=1):
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def table(rows):
    head = ("| sensors | Hz | samples each | CPU % | us each | floor % | Python % | x floor | Python / hub | wake-ups each | KiB | "
            "Python KiB | p50 ms | p99 ms | max ms | dropped | lost | Python keeps up |")
    lines = [head, "|" + "---:|" * (head.count("|") - 1)]
    for r in rows:
        hub, floor, peer = r["hub"], r["floor"] or {}, r["peer"] or {}
        cpu, low, high = hub["cpu_pct"], floor.get("cpu_pct"), peer.get("cpu_pct")
        share = peer.get("samples_s", float("nan")) / (r["sensors"] * r["rate"])
        lines.append("| " + " | ".join((
            str(r["sensors"]), str(r["rate"]), str(r["batch"]), number(cpu), number(hub["us_each"]), number(low),
            number(high), number(cpu / low if low else None), number(high / cpu if high else None),
            number(hub["wakeups_s"] / hub["notifications_s"], 2), str(hub["rss_anon_kib"]), str(peer.get("rss_anon_kib", "–")),
            number(hub["p50_ms"], 2), number(hub["p99_ms"], 2), number(hub["max_ms"], 1), str(hub["dropped"]),
            str(hub["lost"]), f"{min(share, 1):.0%}" if share == share else "–")) + " |")
    return lines


def goals(rows):
    """The goal's cell against the goals of the project."""
    row = next((r for r in rows if (r["sensors"], r["rate"], r["batch"]) == GOAL_CELL), None)
    if not row:
        return ["The cell of the goals was not measured."]
    hub, peer, turns = row["hub"], row["peer"], row["turns"]
    core = turns["floor_and_core"] - turns["floor"]
    limit = 3 * turns["floor"] + core

    def say(goal, value, met):
        return f"| {goal} | {value} | {'yes' if met else 'no'} |"

    out = ["| goal at 20 sensors, 100 Hz, one sample a notification | measured | met |", "|---|---|---|",
           say("CPU at most three times the floor and the core's own", f"{turns['hub']:.2f} % of a core; allowed "
               f"{limit:.2f} % ({turns['floor']:.2f} % floor, {core:.2f} % core)", turns["hub"] <= limit)]
    if peer:
        ratio = peer["cpu_pct"] / hub["cpu_pct"]
        out.append(say("CPU at most a thirtieth of the Python gateway's", f"1/{ratio:.1f}; the floor and the core alone are "
                       f"1/{peer['cpu_pct'] / turns['floor_and_core']:.1f}", ratio >= 30))
    memory = f"{hub['rss_anon_kib'] / 1024:.1f} MiB"
    if peer:
        memory += f", 1/{peer['rss_anon_kib'] / hub['rss_anon_kib']:.1f} of the Python gateway's"
    return out + [
        say("anonymous memory at most 6 MiB", memory, hub["rss_anon_kib"] <= 6144),
        say("p99 from notification to PUBLISH at most 3 ms", f"{hub['p99_ms']:.2f} ms (p50 {hub['p50_ms']:.2f}, max "
            f"{hub['max_ms']:.1f}, {hub['phases']} borders)", hub["p99_ms"] <= 3),
        say("nothing dropped, nothing lost", f"{hub['dropped']} and {hub['lost']}", hub["dropped"] + hub["lost"] == 0),
        say("at most one wake-up for a notification",
            f"{hub['wakeups_s'] / hub['notifications_s']:.2f}, those of all threads for what is published included",
            hub["wakeups_s"] <= 1.1 * hub["notifications_s"])]


def bounds(rows, core_us):
    """Where the CPU of the goal's cell goes, and what no client can be cheaper than."""
    row = next((r for r in rows if (r["sensors"], r["rate"], r["batch"]) == GOAL_CELL), None)
    if not row:
        return []
    hub, floor, peer, turns = row["hub"], row["floor"], row["peer"], row["turns"]
    cpu, hot = hub["threads_pct"], core_us * row["sensors"] * row["rate"] / 1e4
    out = ["", f"CPU in this rule: medians of {TURNS} turns of hub, floor, and floor with a core for each bar; what the last has more than "
           f"the floor is the core's own, in the rhythm of the radio, where each sample finds the caches full of something else. Without "
           f"a pause, all in the cache, the core takes {hot:.2f} %; with that, {3 * turns['floor'] + hot:.2f} % would be allowed.",
           "", f"In the minute of the row below, of {hub['cpu_pct']:.1f} % the thread of the samples has {cpu.get('repcastd', 0):.1f}, the "
           f"uplink, which formats and sends what the stations show ten times a second, {cpu.get('uplink', 0):.1f}, the store "
           f"{cpu.get('store', 0):.1f}. A loop is woken {hub['wakeups_s'] / hub['notifications_s']:.2f} times a notification, the floor's "
           f"{floor['wakeups_s'] / floor['notifications_s']:.2f} times."]
    if peer:
        share, least = peer["cpu_pct"] / 30, turns["floor_and_core"]
        out += ["", f"A thirtieth of the Python gateway's {peer['cpu_pct']:.1f} % is {share:.2f} %; to read the sockets, hand the samples to "
                f"the core and tell nobody what it found takes {least:.2f} %" +
                (": with this core the goal is out of reach." if least > share else ".") +
                f" What dbus-daemon spends on the gateway, {peer['bus_cpu_pct']:.1f} %, comes on top of the gateway's."]
    return out


def words(figures, core_us):
    rows = figures["rows"]
    out = goals(rows) + bounds(rows, core_us) + [""] + table(rows)
    for rate, batch in sorted({(r["rate"], r["batch"]) for r in rows}):
        line = [r for r in rows if (r["rate"], r["batch"]) == (rate, batch) and r["sensors"] >= 20]
        if len(line) > 1:
            us, kib = growth(line)
            out += ["", f"{rate} Hz, {batch} in a notification, from {line[0]['sensors']} to {line[-1]['sensors']} sensors: {us:.1f} us "
                    f"of CPU for each notification more ({line[0]['hub']['us_each']:.1f} us at {line[0]['sensors']}), {kib:.0f} KiB "
                    "for each sensor more."]
    for line in figures["failed"]:
        out += ["", f"Not measured: {line}."]
    if not figures["peer"]:
        out += ["", "The Python gateway was not measured: python3-bleak, python3-numpy or python3-paho-mqtt is missing."]
    return out

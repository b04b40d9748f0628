#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hub under load for long: 20 sensors at 200 Hz, a notification for each sample, all bars lifted without end; in the
second half something goes wrong every 10 s. Memory, descriptors and latency must not grow, no notification may find its
socket full, no event may be lost.

    soak.py [--minutes N] [--sensors N] [--rate HZ] [--batch N] [--json FILE]
    soak.py --read FILE --write FILE

Three minutes by default; make soak. TAP, with a line of figures for each part of the time. --write puts the figures of a run
(this one, or the one that is read) into doc/performance.md."""

import argparse
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import (Air, Cost, Hub, Tap, WORK, address, epoch_us, gym, latencies_ms, percentile,  # noqa: E402
                 wait_for)
from broker import BROKER, Broker  # noqa: E402
from report import machine, put  # noqa: E402
from store import Clock  # noqa: E402

FAULT_S = 10
GROWTH_KIB = 1024  # of anonymous memory from the second quarter to the end; in 3 minutes a byte for each sample is 350 KiB more


class Soak:
    def __init__(self, sensors, rate, batch, clock):
        self.clock, self.clock_s, self.sent, self.dropped = clock, 0, 0, 0
        self.bus = gym.Bus(WORK)
        self.air = Air(self.bus, sensors, rate, batch)
        self.broker = Broker()
        self.tap = Tap(self.broker.port, "phase", "rep", "set", "health")
        self.hub = Hub(self.air, self.tap.port, env=clock.env)
        self.hub.wait_streaming()
        self.cost = Cost(self.hub.pid)
        self.health, self.reps, self.faults, self.looks = {}, set(), 0, []
        self.epoch = epoch_us()

    # ---- what goes wrong ----

    def link_loss(self):
        self.air.do("lose " + address(random.randrange(self.air.bars)))

    def all_links_lost(self):
        for i in range(self.air.bars):
            self.air.do("lose " + address(i))

    def sensor_away(self):
        a = address(random.randrange(self.air.bars))
        self.air.do(f"sensor {a} away")
        self.air.do(f"lose {a}")
        time.sleep(3)
        self.air.do(f"sensor {a} here")

    def socket_closed(self):
        self.air.do(f"hangup {address(random.randrange(self.air.bars))} {gym.MOTION}")

    def bluetoothd_restart(self):
        self.air.do("restart")

    def adapter_off(self):
        i = random.randrange(self.air.n_adapters)
        self.air.do(f"power hci{i} off")
        time.sleep(1)
        self.air.do(f"power hci{i} on")

    def broker_restart(self):
        self.broker.kill()
        time.sleep(2)
        self.broker.start()

    def clock_step(self):
        """As a hub without a clock of its own sees it when it finds the network, there and back."""
        if self.clock.works:
            self.clock_s = 0 if self.clock_s else random.choice((-7200, 7200, 86400 * 365))
            self.clock.set(self.clock_s, True)

    def fault(self):
        kinds = (self.link_loss, self.broker_restart, self.socket_closed, self.clock_step, self.bluetoothd_restart,
                 self.adapter_off, self.sensor_away, self.all_links_lost)
        kinds[self.faults % len(kinds)]()
        self.faults += 1
        return kinds[(self.faults - 1) % len(kinds)].__name__

    # ---- how it goes ----

    def hear(self):
        seen = self.tap.read()
        for _, _, m in seen:
            if m["type"] == "health":
                self.health = m
            if m["type"] == "rep":
                self.reps.add(m["id"])
        return seen

    def look(self):
        """Figures since the last look."""
        seen = self.hear()
        latency, unmatched = latencies_ms(self.air, seen, self.epoch + self.clock_s * 1e6)
        sent, dropped = self.air.counts()
        figures = {"at_s": time.monotonic(), **self.cost.take(), "rss_anon_kib": self.cost.rss_anon_kib(),
                   "descriptors": self.cost.descriptors(), "notifications": sent - self.sent,
                   "dropped": dropped - self.dropped, "phases": len(latency), "unmatched": unmatched,
                   "p50_ms": percentile(latency, 50), "p99_ms": percentile(latency, 99),
                   "max_ms": latency[-1] if latency else float("nan"), "reps": len(self.reps)}
        self.sent, self.dropped = sent, dropped
        self.looks.append(figures)
        return figures

    def rest(self, seconds, every=10):
        """Let it run; a look now and then."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(every, left))
            yield self.look()

    def all_stream(self):
        return all(m["state"] == "streaming" for m in gym.rows(self.bus, "sensors") if m["station"])

    def settle(self):
        wait_for("every sensor", self.all_stream, 120)


def show(start, figures, word=""):
    print(f"# {figures['at_s'] - start:7.0f} s  {figures['rss_anon_kib']:6d} KiB  {figures['descriptors']:4d} descriptors  "
          f"{figures['cpu_pct']:5.1f} % CPU  {figures['notifications']:7d} notifications, {figures['dropped']} dropped  "
          f"{figures['phases']:4d} phases: p50 {figures['p50_ms']:.1f}, p99 {figures['p99_ms']:.1f}, max "
          f"{figures['max_ms']:.1f} ms  {word}", flush=True)


def median(looks, key):
    values = sorted(f[key] for f in looks if f[key] == f[key])  # no NaN
    return values[len(values) // 2] if values else float("nan")


def run(soak, minutes):
    """Both halves; returns the looks of each."""
    start, half = time.monotonic(), minutes * 30
    every = 10 if minutes < 30 else 60
    quiet = []
    for figures in soak.rest(half, every):
        quiet.append(figures)
        show(start, figures)
    troubled, shown = [], time.monotonic()
    while time.monotonic() < start + 2 * half:
        due = time.monotonic() + FAULT_S
        word = soak.fault()
        time.sleep(max(0.0, due - time.monotonic()))
        troubled.append(soak.look())
        if every == 10 or time.monotonic() - shown >= every:
            shown = time.monotonic()
            show(start, troubled[-1], word)
    soak.clock.set(0, True)
    soak.clock_s = 0
    soak.settle()
    time.sleep(15)  # latest-value slots, closed files, the last acknowledgements
    soak.look()
    time.sleep(10)
    show(start, soak.look(), "the end")
    return quiet, troubled


def dropped(looks):
    return sum(f["dropped"] for f in looks)


def checks(result):
    """(good, what, in figures) of a run."""
    quiet, troubled, last = result["quiet"], result["troubled"], result["looks"][-1]
    first, second = quiet[:len(quiet) // 2], quiet[len(quiet) // 2:]
    got = sum(f["notifications"] for f in quiet)
    kib, fds = (last[key] - median(second, key) for key in ("rss_anon_kib", "descriptors"))
    p50 = [median(looks, "p50_ms") for looks in (first, second, troubled)]
    return [
        (dropped(result["looks"]) == 0, "no notification found its socket full",
         f"{dropped(result['looks'])} of {sum(f['notifications'] for f in result['looks'])}; {result['faults']} faults"),
        (got > 0.99 * result["wanted"], "the first half has run at full rate", f"{got} of {result['wanted']:.0f} notifications"),
        (result["bad"] == 0, "no packet was nonsense", f"{result['lost']} samples lost while links were down or made anew"),
        (kib < GROWTH_KIB, "memory is flat", f"{kib:+.0f} KiB from the second quarter's median to the end; in the first, histories fill"),
        (fds == 0, "descriptors are flat", f"{fds:+.0f}; {last['descriptors']} in all"),
        (p50[2] < 2 * p50[0] + 20, "latency is flat",
         f"p50 in the first quarter, the second, and with faults: {', '.join(f'{x:.2f}' for x in p50)} ms"),
        (result["events_dropped"] == 0 and result["reps"] > 0, "no event was lost",
         f"{result['reps']} repetitions, {result['reconnects']} times connected anew")]


def words(result):
    """For doc/performance.md."""
    quiet, troubled = result["quiet"], result["troubled"]
    parts = (("first quarter", quiet[:len(quiet) // 2]), ("second quarter", quiet[len(quiet) // 2:]),
             (f"a fault every {FAULT_S} s", troubled), ("the end", result["looks"][-1:]))
    out = [result["machine"] + "; " + result["what"], "",
           "| | KiB | descriptors | CPU % | p50 ms | p99 ms | max ms | notifications | dropped |",
           "|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for name, looks in parts:
        worst = max((f["max_ms"] for f in looks if f["max_ms"] == f["max_ms"]), default=float("nan"))
        out.append(f"| {name} | {median(looks, 'rss_anon_kib')} | {median(looks, 'descriptors')} | {median(looks, 'cpu_pct'):.1f} | "
                   f"{median(looks, 'p50_ms'):.2f} | {median(looks, 'p99_ms'):.1f} | {worst:.0f} | "
                   f"{sum(f['notifications'] for f in looks)} | {dropped(looks)} |")
    return "\n".join(out + ["", "Medians of the looks, of which there is one every 10 s (every minute in a long run); max is the "
                            "largest of all.", ""])


def soak(options):
    where = machine()
    s = Soak(options.sensors, options.rate, options.batch, Clock())
    quiet, troubled = run(s, options.minutes)
    lost, bad = s.hub.lost()
    s.hub.stop()
    s.hear()
    return {"quiet": quiet, "troubled": troubled, "looks": s.looks, "lost": lost, "bad": bad, "faults": s.faults,
            "wanted": options.sensors * options.rate / options.batch * options.minutes * 30, "reps": len(s.reps),
            "events_dropped": s.health["events"]["dropped"], "reconnects": s.health["broker"]["reconnects"], "machine": where,
            "what": f"{options.minutes:g} minutes, {options.sensors} sensors, {options.rate} Hz, {options.batch} in a notification"}


def arguments():
    parser = argparse.ArgumentParser(description="A hub under load for long.")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--sensors", type=int, default=20)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--batch", type=int, default=5, help="samples in a notification; with 1, a socket holds 1.4 s of them")
    parser.add_argument("--json", metavar="FILE", help="all figures")
    parser.add_argument("--read", metavar="FILE", help="figures of an earlier run")
    parser.add_argument("--write", metavar="FILE", help="put them between the marks of this file")
    return parser.parse_args()


def main():
    options = arguments()
    if options.read:
        with open(options.read, encoding="utf-8") as f:
            result = json.load(f)
    else:
        result = soak(options)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump(result, f)
    if options.write:
        put(options.write, "soak", words(result))
    done = checks(result)
    print(f"1..{len(done)}")
    for number, (good, name, note) in enumerate(done, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}\n# {note}")
    return 0 if all(good for good, _, _ in done) else 1


if __name__ == "__main__":
    for tool, package in ((BROKER, "mosquitto"), (gym.DBUS_DAEMON, "dbus-daemon")):
        if not tool:
            print(f"1..0 # SKIP {package} is not installed")
            sys.exit(0)
    sys.exit(main())

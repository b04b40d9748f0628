# SPDX-License-Identifier: Apache-2.0
"""uplink-feed on a leash, and what of it a listener heard: what the tests of the uplink share."""

import json
import os
import subprocess

import broker
from broker import wait_for

equal, true = broker.equal, broker.true  # tests take them from here

FEED = os.path.join(os.environ.get("builddir", "."), "tests/integration/uplink-feed")
STATUS = "test/hub/status"
# AddressSanitizer would keep what is freed: no measure of what is held.
ASAN = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"


class Feed:
    """uplink-feed: a process with a store and an uplink in it."""

    def __init__(self, port, run="0123456789abcdef", store="-", host="127.0.0.1", **more):
        brokers = port if isinstance(port, str) else f"{host}:{port}"
        self.process = subprocess.Popen([FEED, brokers, run, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, "ASAN_OPTIONS": ASAN, **more})

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line):
        self.tell(line)
        return self.process.stdout.readline().strip()

    def stats(self, line="stats"):
        fields = self.ask(line)
        head, error = fields.split(" error=", 1) if " error=" in fields else (fields.removesuffix("error="), "")
        values = {k: int(v) for k, v in (pair.split("=") for pair in head.split())}
        return {**values, "error": error}

    def wait(self, name, check, seconds=broker.PATIENCE_S):
        return wait_for(name, lambda: (lambda s: s if check(s) else None)(self.stats()), seconds)

    def stop(self, ms=3000, word="stop"):
        stats = self.stats(f"{word} {ms}")
        log = self.process.communicate(timeout=broker.PATIENCE_S)[1]
        if self.process.returncode not in (0, 1):
            raise AssertionError(f"uplink-feed ended with {self.process.returncode}: {log[-2000:]}")
        return stats, log

    def kill(self):
        self.process.kill()
        self.process.communicate()


def reps(listener, station=None):
    """(seq, late) of the reps that arrived, without repetitions (by id), in the order of their first arrival."""
    seen, order = set(), []
    for topic, payload, _ in listener.seen:
        if topic.endswith("/rep") and (station is None or f"/rack-{station}/" in topic):
            rep = json.loads(payload)
            if rep["id"] not in seen:
                seen.add(rep["id"])
                order.append((rep["seq"], rep["late"]))
    return order


def numbers(listener, station=None):
    return [seq for seq, _ in reps(listener, station)]


def check_all_in_order(listener, n):
    """Each station's reps are all there; in order, but for those that waited and came beside younger ones."""
    for station in (0, 1):
        equal(sorted(numbers(listener, station)), list(range(1, n // 2 + 1)), f"reps of station {station}")
        for late in (False, True):
            order = [seq for seq, was_late in reps(listener, station) if was_late == late]
            equal(order, sorted(order), f"order of station {station}, late {late}")

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No allocation for a sample, in the daemon as it runs: twenty bars on the fake BlueZ with real sockets, lifted all the time, at
100 and then at 200 Hz. In as many seconds there are twice the samples and as many messages: whoever allocated for one sample
in ten would show by hundreds. What the thread of the samples does allocate is the bus's: each second it tells there what has
changed. The other threads allocate for messages, which are told beside them."""

import os
import struct
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/bench"))
from daemon import Cell  # noqa: E402
from rig import BUILD, DAEMON, WORK, Hub, gym  # noqa: E402
from broker import BEARABLE_S, BROKER, Stillness, Tap  # noqa: E402

SHIM = os.path.join(BUILD, "tests/bench/allocation-shim.so")
SENSORS, WARM_S, SECONDS = 20, 2, 4
RATES = 100, 200
SHARE, SHARE_OTHERS = 0.1, 0.5  # of the additional samples; a rep more or less in that time is some hundred


class Run:
    """Allocations of the thread of the samples and of all others, samples and messages of some seconds."""

    def __init__(self, rate):
        self.counters = tempfile.mkstemp(dir=WORK)[1]
        with open(self.counters, "wb") as f:
            f.write(bytes(16))
        self.cell = Cell(SENSORS, rate, 1)
        hub = Hub(self.cell.air, self.cell.tap.port, env={"LD_PRELOAD": SHIM, "ALLOCATION_SHIM": self.counters})
        try:
            hub.wait_streaming()
            time.sleep(WARM_S)
            before = self.look()
            with Stillness() as self.stillness:
                time.sleep(SECONDS)
            self.sense, self.others, self.samples, self.messages = (b - a for a, b in zip(before, self.look()))
            hub.stop()
        finally:
            hub.kill()
            self.cell.end()

    def look(self):
        with open(self.counters, "rb") as f:
            sense, others = struct.unpack("=2Q", f.read())
        self.cell.tap.read()
        return sense, others, self.cell.air.counts()[0], self.cell.tap.messages

    def __str__(self):
        return f"{self.samples} samples, {self.messages} messages: {self.sense} and, by other threads, {self.others} allocations"


def steady_run(rate, tries=4):
    """A run of which no part was missed by a machine that stood still, if there is one."""
    for _ in range(tries):
        run = Run(rate)
        if run.stillness.longest < BEARABLE_S:
            break
    return run


def make_tests():
    runs = []

    def twenty_bars_are_lifted():
        runs.extend(steady_run(rate) for rate in RATES)
        more = runs[1].samples - runs[0].samples
        assert more > 0.8 * runs[0].samples and min(r.messages for r in runs) > 0, "; ".join(map(str, runs))
        return "; ".join(map(str, runs))

    def the_thread_of_the_samples_allocates_for_none_of_them():
        few, many = runs
        more, limit = many.sense - few.sense, SHARE * (many.samples - few.samples)
        assert few.sense > 0, "nothing was counted"
        assert more < limit, f"{more} allocations more for {many.samples - few.samples} samples more"
        return f"{more} more for {many.samples - few.samples} samples more"

    def the_other_threads_allocate_for_messages():
        few, many = runs
        more, limit = many.others - few.others, SHARE_OTHERS * (many.samples - few.samples)
        assert few.others > few.messages, "nothing was counted"
        assert more < limit, f"{more} allocations more for {many.samples - few.samples} samples more"
        return f"{more} more for {many.samples - few.samples} samples more"

    return [twenty_bars_are_lifted, the_thread_of_the_samples_allocates_for_none_of_them, the_other_threads_allocate_for_messages]


def main():
    for tool, package in ((BROKER, "mosquitto"), (gym.DBUS_DAEMON, "dbus-daemon")):
        if not tool:
            print(f"1..0 # SKIP {package} is not installed")
            return 0
    with open(DAEMON, "rb") as f:
        if b"__asan_init" in f.read():
            print("1..0 # SKIP the sanitizers have an allocator of their own")
            return 0
    return Tap(make_tests()).run()


if __name__ == "__main__":
    sys.exit(main())

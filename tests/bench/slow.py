# SPDX-License-Identifier: Apache-2.0
"""The daemon on a tenth of a core: how many sensors can it bear? A control group gives it 10 ms of each 100 ms; where none
can be made (root and cgroup v1 or v2 with the cpu controller are needed), nothing is measured, and that is said."""

import os
import time

from daemon import Cell
from rig import Cost, Hub, epoch_us, latencies_ms, percentile

QUOTA_US, PERIOD_US = 10000, 100000
STEPS = 20, 40, 60, 80, 100, 120, 160, 240
SECONDS = 6
CONNECT_S = 60
LATE_MS = 1000  # behind by more than this after so short a time, sockets would run over


def mounts(kind):
    with open("/proc/self/mounts", encoding="ascii") as f:
        return [line.split() for line in f if line.split()[2] == kind]


class Group:
    """A control group of this run; folder is None where none can be made."""

    def __init__(self):
        self.folder = None
        for fields in mounts("cgroup2"):
            self.try_at(fields[1], "cpu.max", f"{QUOTA_US} {PERIOD_US}")
        for fields in mounts("cgroup"):
            if "cpu" in fields[3].split(","):
                self.try_at(fields[1], "cpu.cfs_quota_us", str(QUOTA_US))

    def try_at(self, mount, key, value):
        folder = os.path.join(mount, f"repcast-bench-{os.getpid()}")
        if self.folder:
            return
        try:
            os.mkdir(folder)
            with open(os.path.join(folder, key), "w", encoding="ascii") as f:
                f.write(value)
            self.folder = folder
        except OSError:
            if os.path.isdir(folder):
                os.rmdir(folder)

    def wrap(self):
        return ("sh", "-c", f'echo $$ >{self.folder}/cgroup.procs && exec "$@"', "sh")

    def end(self):
        if self.folder:
            os.rmdir(self.folder)


def run_one(group, sensors, rate, batch):
    """Figures of so many sensors; None where they did not all come to stream."""
    cell = Cell(sensors, rate, batch)
    hub = Hub(cell.air, cell.tap.port, wrap=group.wrap())
    try:
        hub.wait_streaming(CONNECT_S)
    except AssertionError:
        hub.kill()
        cell.end()
        return None
    time.sleep(3)
    cost = Cost(hub.pid)
    cell.tap.read()
    dropped = cell.air.counts()[1]
    time.sleep(SECONDS)
    cpu = cost.take()["cpu_pct"]
    latency, unmatched = latencies_ms(cell.air, cell.tap.read(), epoch_us())
    figures = {"sensors": sensors, "cpu_pct": cpu, "dropped": cell.air.counts()[1] - dropped, "phases": len(latency),
               "unmatched": unmatched, "p50_ms": percentile(latency, 50), "max_ms": latency[-1] if latency else float("nan")}
    hub.kill()
    cell.end()
    figures["bears"] = figures["dropped"] == 0 and unmatched == 0 and 0 < len(latency) and latency[-1] < LATE_MS
    return figures


def run(progress, quick=False):
    group = Group()
    if not group.folder:
        return {"rows": None}
    out = {}
    for rate, batch in ((100, 1),) if quick else ((100, 1), (100, 5)):
        rows = []
        for sensors in STEPS[:1] if quick else STEPS:
            progress(f"slow machine: {sensors} sensors, {rate} Hz, {batch} in a notification")
            figures = run_one(group, sensors, rate, batch)
            rows.append(figures or {"sensors": sensors, "bears": False, "streams": False})
            if not rows[-1]["bears"]:
                break
        out[f"{rate} Hz, {batch} in a notification"] = rows
    group.end()
    return {"rows": out}


def words(figures):
    if figures["rows"] is None:
        return ["Not measured: no control group with a limit of the processor can be made here (root, cgroup v1 or v2)."]
    out = [f"{QUOTA_US // 1000} ms of processor in each {PERIOD_US // 1000} ms. Borne: no notification dropped, and after "
           f"{SECONDS} s no phase border published later than {LATE_MS} ms.", "",
           "| | sensors | CPU % | dropped | p50 ms | max ms | borne |", "|---|---:|---:|---:|---:|---:|---|"]
    for name, rows in figures["rows"].items():
        out += [f"| {name} | {r['sensors']} | {r['cpu_pct']:.1f} | {r['dropped']} | {r['p50_ms']:.1f} | {r['max_ms']:.0f} | "
                f"{'yes' if r['bears'] else 'no'} |" if r.get("streams", True) else
                f"| {name} | {r['sensors']} | | | | | no: not all streamed within {CONNECT_S} s |" for r in rows]
    return out

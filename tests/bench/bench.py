#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What repcast costs, in one run: make bench.

    bench.py [SECTION...] [--quick] [--json FILE] [--write FILE]

Sections: core, daemon, uplink, start, slow; all of them if none is named. --write puts each section's figures between its
marks in FILE (doc/performance.md) and leaves the others as they are. --quick is for finding out whether the benches still
run: its figures are worth nothing."""

import argparse
import json
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import daemon  # noqa: E402
import slow  # noqa: E402
import start  # noqa: E402
import uplink  # noqa: E402
from report import machine, put  # noqa: E402
from rig import BUILD  # noqa: E402
from broker import BROKER  # noqa: E402
from gym import DBUS_DAEMON  # noqa: E402


class Core:
    """bench-core."""

    @staticmethod
    def run(progress, quick=False):
        progress("core")
        command = [os.path.join(BUILD, "tests/bench/bench-core"), *(("--rounds", "5") if quick else ("--callgrind",))]
        return json.loads(subprocess.run([*command, "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout)

    @staticmethod
    def words(figures):
        out = [f"{figures['samples']} samples at {figures['rate_hz']} Hz, {figures['cycles']} cycles, {figures['rounds']} rounds; "
               f"state: {figures['state_bytes']} bytes a sensor.", "",
               "| stage | where | ns a sample | quartiles | x bare step | instructions |", "|---|---|---:|---:|---:|---:|"]
        return out + [f"| {s['stage']} | {s['where']} | {s['ns']:.1f} | {s['ns_low']:.1f} to {s['ns_high']:.1f} | {s['ratio']:.2f} | "
                      f"{'–' if s['instructions'] is None else format(s['instructions'], '.0f')} |" for s in figures["stages"]]


SECTIONS = {"core": Core, "daemon": daemon, "uplink": uplink, "start": start, "slow": slow}


def core_us(figures, progress):
    """Of a sample while the bar moves. Measured in short where the section was not asked for."""
    core = figures.get("core") or Core.run(progress, quick=True)
    return next(s["ns"] for s in core["stages"] if s["stage"] == "whole core") / 1e3


def arguments():
    parser = argparse.ArgumentParser(description="What repcast costs.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="only to see that it runs")
    parser.add_argument("--json", metavar="FILE", help="all figures")
    parser.add_argument("--write", metavar="FILE", help="put them between the marks of this file")
    options = parser.parse_args()
    for name in options.sections:
        if name not in SECTIONS:
            parser.error(f"no section {name}; there are {', '.join(SECTIONS)}")
    return options


def main():
    options, begin, figures = arguments(), time.monotonic(), {}
    for tool, name in ((BROKER, "mosquitto"), (DBUS_DAEMON, "dbus-daemon")):
        if not tool:
            print(f"bench.py: {name} is not installed", file=sys.stderr)
            return 69

    def progress(what):
        print(f"[{time.monotonic() - begin:4.0f} s] {what}", file=sys.stderr, flush=True)

    for name in options.sections or SECTIONS:
        where = machine()
        figures[name] = {"machine": where, **SECTIONS[name].run(progress, options.quick)}
        more = (core_us(figures, progress),) if name == "daemon" else ()
        text = "\n".join([where, "", *SECTIONS[name].words(figures[name], *more)]) + "\n"
        print(f"\n## {name}\n\n{text}", flush=True)
        if options.write:
            put(options.write, name, text)
        if options.json:
            with open(options.json, "w", encoding="utf-8") as f:
                json.dump(figures, f, indent=1)
    progress("that was all")
    return 0


if __name__ == "__main__":
    sys.exit(main())

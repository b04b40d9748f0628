#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The system calls of repcastd against the filter of its unit. Integration tests are run once more, with every repcastd in
them under strace, which tells each call that SystemCallFilter= does not let through: there must be none."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

SRC = os.environ.get("srcdir", ".")
BUILD = os.path.abspath(os.environ.get("builddir", "."))
UNIT = os.path.join(BUILD, "systemd/repcast.service")
# What opens sockets and files of every kind: bus and sensors, TLS, store and history, configuration and service manager.
TESTS = ("test-sensors", "test-tls", "test-history", "test-daemon")
# The daemon, and its uplink alone.
PROGRAMS = ("repcastd", "tests/integration/uplink-feed")
# Refused on purpose: asked for the clock's state; the daemon then asks systemd-timedated (hub/timedate.h). And what
# SQLite calls only where root runs it, as some test machines do: a new file shall belong to whom the database does.
REFUSED = {"adjtimex", "clock_adjtime", "fchown"}


def groups():
    """Each group's members, as this systemd knows them."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True).stdout
    found, members = {}, None
    for line in text.splitlines():
        if line.startswith("@"):
            members = found[line.strip()] = set()
        elif members is not None and re.match(r"^ +[@a-z0-9_]+$", line):
            members.add(line.strip())
    return found


def expand(name, known):
    if not name.startswith("@"):
        return {name}
    return set().union(*(expand(member, known) for member in known[name]))


def allowed(unit, known):
    """The rules in the order of their lines (systemd.exec(5)): an allow list, which always has @default."""
    names = expand("@default", known)
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, flags=re.M):
        for name in line.lstrip("~").split():
            names = names - expand(name, known) if line.startswith("~") else names | expand(name, known)
    return names


def shadow(work, names):
    """A build folder in which the programs are traced. The tracer is a grandchild (-D), so that signals reach them."""
    folder = os.path.join(work, "build")
    shutil.copytree(BUILD, folder, symlinks=True, copy_function=os.symlink,
                    ignore=shutil.ignore_patterns("*.o", "*.log", "*.trs", "autom4te.cache", ".deps"))
    calls = ",".join("?" + name for name in sorted(names))
    for program in PROGRAMS:
        path = os.path.join(folder, program)
        os.unlink(path)
        with open(path, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\nexec strace -D -f -qqq --seccomp-bpf -e signal=none -e 'trace=!{calls}' -o {work}/$$.calls"
                    f" {BUILD}/{program} \"$@\"\n")
        os.chmod(path, 0o755)
    return folder


def told(work):
    """The calls that were not let through, each with an example; and how many processes were looked at."""
    calls, processes = {}, 0
    for name in os.listdir(work):
        if name.endswith(".calls"):
            processes += 1
            with open(os.path.join(work, name), encoding="utf-8", errors="replace") as f:
                for line in f:
                    call = re.match(r"^\d+ +([a-z0-9_]+)\(", line)
                    if call and call[1] not in REFUSED:
                        calls.setdefault(call[1], line.strip()[:160])
    return calls, processes


def main():
    for tool in ("strace", "systemd-analyze"):
        if not shutil.which(tool):
            print(f"1..0 # SKIP {tool} is not installed")
            return 0
    if subprocess.run(["strace", "-qqq", "-e", "trace=none", "true"], capture_output=True, check=False).returncode != 0:
        print("1..0 # SKIP strace may not trace here")
        return 0
    tests = sys.argv[1:] or TESTS
    print(f"1..{len(tests) + 1}", flush=True)
    work = tempfile.mkdtemp(prefix="repcast-syscalls-")
    with open(UNIT, encoding="utf-8") as f:
        names = allowed(f.read(), groups())
    environment = {**os.environ, "builddir": shadow(work, names), "srcdir": os.path.abspath(SRC)}
    ok, seen = True, {}
    for number, test in enumerate(tests, 1):
        done = subprocess.run([sys.executable, f"{SRC}/tests/integration/{test}.py"], env=environment, capture_output=True,
                              text=True, check=False)
        calls, processes = told(work)
        new = {call: line for call, line in calls.items() if call not in seen}
        seen.update(calls)
        faults = re.findall(r"^not ok.*", done.stdout, flags=re.M)
        passed = done.returncode == 0 and not faults and processes > 0 and not new
        ok &= passed
        print(f"{'ok' if passed else 'not ok'} {number} - {test} needs no system call that the unit forbids", flush=True)
        print(f"# {processes} processes so far")
        for line in [*new.values(), *faults]:
            print("#   " + line)
    blind = tempfile.mkdtemp(dir=work)
    subprocess.run([shadow(blind, names - {"read"}) + "/repcastd", "--version"], check=False, capture_output=True)
    found = "read" in told(blind)[0]
    ok &= found
    print(f"{'ok' if found else 'not ok'} {len(tests) + 1} - a call that the filter lacks is found")
    shutil.rmtree(work, ignore_errors=True)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

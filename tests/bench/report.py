# SPDX-License-Identifier: Apache-2.0
"""On which machine it was measured, and where the figures are put."""

import os
import platform
import re
import subprocess
import time

from hub import BUILD


def first_line(path, pattern):
    with open(path, encoding="utf-8", errors="replace") as f:
        found = re.search(pattern, f.read())
    return found.group(1).strip() if found else "unknown"


def flags(name):
    return first_line(os.path.join(BUILD, "Makefile"), rf"(?m)^{name} = (.*)$")


def machine():
    """On what it was measured, and how busy that was before."""
    compiler = subprocess.run(flags("CC").split() + ["--version"], check=False, stdout=subprocess.PIPE,
                              text=True).stdout.split("\n")[0]
    return (f"{time.strftime('%Y-%m-%d')}; {first_line('/proc/cpuinfo', r'model name.*: (.*)')}, {os.cpu_count()} cores; "
            f"{first_line('/etc/os-release', r'PRETTY_NAME=.(.*).')}, Linux {platform.release()}; {compiler}, "
            f"{flags('CFLAGS')}; load before: {os.getloadavg()[0]:.1f}")


def put(path, name, text):
    """Between the marks of that section."""
    with open(path, encoding="utf-8") as f:
        old = f.read()
    new, n = re.subn(rf"(<!-- bench:{name} -->\n).*?(<!-- /bench:{name} -->)", lambda m: m.group(1) + text + m.group(2), old,
                     flags=re.S)
    if n != 1:
        raise SystemExit(f"{path}: no marks for {name}")
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(new)
    os.rename(path + ".new", path)

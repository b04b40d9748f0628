# SPDX-License-Identifier: Apache-2.0
"""How soon the daemon is ready, and how large it is."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from rig import BUILD, DAEMON, SRC, WORK, percentile
from broker import Broker

STARTS, STATIONS = 20, 20


def write_config(folder, port):
    path = os.path.join(folder, "repcast.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"[hub]\nName=gym\nExercises={SRC}/conf/exercises.conf\n[mqtt]\nBroker=127.0.0.1:{port}\n"
                f"[store]\nFolder={folder}\n")
        for i in range(STATIONS):
            f.write(f"[station s{i}]\nExercise=back-squat\nSensor=C0:FF:EE:00:00:{i:02X}\nProfile=repcast-bar\n")
    return path


def start_ms(config, folder):
    """From before fork() to READY=1 at the service manager's socket."""
    path = os.path.join(folder, "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        s.settimeout(10)
        begin = time.monotonic()
        process = subprocess.Popen([DAEMON, "--config", config], stderr=subprocess.DEVNULL, env={
            **os.environ, "NOTIFY_SOCKET": path, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"})
        while b"READY=1" not in s.recv(4096):
            pass
        took = time.monotonic() - begin
        process.terminate()
        process.wait()
    os.unlink(path)
    return took * 1e3


def sizes():
    out = {}
    for name in ("repcastd", "repcastctl", "repcast-sensor"):
        stripped = os.path.join(WORK, name)
        shutil.copy(os.path.join(BUILD, name), stripped)
        subprocess.run(["strip", stripped], check=True)
        libraries = subprocess.run(["ldd", stripped], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        out[name] = {"bytes": os.path.getsize(stripped), "libraries": sum("=>" in line for line in libraries)}
    return out


def run(progress, quick=False):
    progress("start: exec to READY")
    folder, broker = tempfile.mkdtemp(dir=WORK), Broker()
    config = write_config(folder, broker.port)
    first = start_ms(config, folder)
    times = sorted(start_ms(config, folder) for _ in range(3 if quick else STARTS))
    broker.kill()
    return {"first_ms": first, "ready_ms": times, "programs": sizes()}


def words(figures):
    first, times = figures["first_ms"], figures["ready_ms"]
    out = [f"From fork to READY with {STATIONS} stations and a store, {len(times)} times: p50 {percentile(times, 50):.1f} ms, max "
           f"{times[-1]:.1f} ms (goal: 50 ms, {'met' if times[-1] <= 50 else 'not met'}). The first start of all, which makes the "
           f"store and waits for the disk seven times in place of two: {first:.1f} ms ({'within' if first <= 50 else 'beyond'} the "
           "goal).", "",
           "| program | stripped, KiB | shared libraries |", "|---|---:|---:|"]
    return out + [f"| {name} | {p['bytes'] / 1024:.0f} | {p['libraries']} |" for name, p in figures["programs"].items()]

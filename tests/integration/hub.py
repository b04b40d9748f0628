# SPDX-License-Identifier: Apache-2.0
"""A repcastd with recordings for sensors, its configuration, its service manager, and what of it a listener heard: what
the tests of the daemon share."""

import atexit
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import broker

equal, true = broker.equal, broker.true  # tests take them from here
SRC = os.environ.get("srcdir", ".")
BUILD = os.environ.get("builddir", ".")
DAEMON = os.path.join(BUILD, "repcastd")
SYNTH = os.path.join(BUILD, "tests/synth/repcast-synth")
WORK = tempfile.mkdtemp(prefix="repcast-daemon-")
atexit.register(shutil.rmtree, WORK, ignore_errors=True)


def write(name, text):
    path = os.path.join(WORK, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def record(name, reps, *options):
    """A synthetic set, once for all tests."""
    path = os.path.join(WORK, name)
    if not os.path.exists(path):
        subprocess.run([SYNTH, "--layout", "packets", "-o", path, "--reps", str(reps), *options], check=True,
                       stdout=subprocess.DEVNULL)
    return path


def squat():
    return record("squat.rec", 5, "--exercise", "back-squat", "--tempo", "2-0-1-1", "--seed", "11")


def deadlift():
    return record("deadlift.rec", 4, "--exercise", "deadlift", "--tempo", "2-1-1-1", "--seed", "12")


def station(name, recording, exercise="back-squat", speed=40, **more):
    keys = "".join(f"{key}={value}\n" for key, value in more.items())
    return f"[station {name}]\nExercise={exercise}\nRecording={recording}\nRecordingSpeed={speed}\n{keys}"


def configure(port, *stations, name="gym"):
    """Write a configuration of a folder's own; returns its path. port: of the broker, or all the lines of [mqtt]."""
    path = os.path.join(tempfile.mkdtemp(dir=WORK), "repcast.conf")
    reconfigure(path, port, *stations, name=name)
    return path


def reconfigure(path, port, *stations, name="gym"):
    with open(path + ".new", "w", encoding="utf-8") as f:
        mqtt = port if isinstance(port, str) else f"Broker=127.0.0.1:{port}"
        f.write(f"[hub]\nName={name}\nExercises={SRC}/conf/exercises.conf\n[mqtt]\n{mqtt}\n")
        f.write("".join(stations))
    os.rename(path + ".new", path)


class Daemon:
    def __init__(self, config, *options, env=None, program=DAEMON):
        self.log_path = config + ".log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([program, "--config", config, *options], stderr=log,
                                            stdout=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        atexit.register(self.kill)

    def log(self):
        with open(self.log_path, encoding="utf-8") as f:
            return f.read()

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, seconds=broker.PATIENCE_S):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"repcastd does not end; its log:\n{self.log()[-2000:]}") from None

    def stop(self, status=0):
        self.signal(signal.SIGTERM)
        equal(self.end(), status, f"exit status after SIGTERM; log:\n{self.log()[-2000:]}")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def resident_kib(self):
        """What is its own: pages of its files come and go as the system likes."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(re.search(r"RssAnon:\s+(\d+)", f.read()).group(1))


class Manager:
    """The socket on which a service manager listens (sd_notify(3)); who tells it something waits while it is full."""

    def __init__(self):
        self.path = os.path.join(tempfile.mkdtemp(dir=WORK), "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.lines, self.marks, self.mark, self.news = [], 0, 0, threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            lines = self.socket.recv(4096).decode().split("\n")
            with self.news:
                if lines[0].startswith("MARK="):
                    self.mark = int(lines[0][5:])
                    self.news.notify_all()
                else:
                    self.lines += lines

    def catch_up(self):
        """Read what it has been told by now: what it tells itself comes after that."""
        self.marks += 1
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(f"MARK={self.marks}".encode(), self.path)
        with self.news:
            if not self.news.wait_for(lambda: self.mark >= self.marks, broker.PATIENCE_S):
                raise AssertionError("the manager does not listen")

    @property
    def heard(self):
        self.catch_up()
        with self.news:
            return list(self.lines)

    def forget(self):
        self.catch_up()
        with self.news:
            self.lines = []

    def count(self, word):
        return sum(line == word for line in self.heard)

    def status(self):
        return next((line[7:] for line in reversed(self.heard) if line.startswith("STATUS=")), "")


def of(listener, leaf, name=None):
    """Messages of a kind, or of several as of one instant; repeated deliveries left out, in the order of their first arrival."""
    leaves = (leaf,) if isinstance(leaf, str) else leaf
    seen, out = set(), []
    for topic, payload, _ in listener.seen:
        if payload and topic.rpartition("/")[2] in leaves and (name is None or f"/station/{name}/" in topic):
            message = json.loads(payload)
            if message.get("id") is None or message["id"] not in seen:
                seen.add(message.get("id"))
                out.append(message)
    return out


EVENTS = ("rep", "amend", "set", "fatigue", "advice", "safety")


def check_sequence(listener, name):
    """Events of a station carry 1, 2, 3, ... whatever the order in which kinds arrive."""
    seqs = sorted(m["seq"] for m in of(listener, EVENTS, name))
    equal(seqs, list(range(1, len(seqs) + 1)), f"seq of {name}")


def sensor_state(listener, name):
    states = of(listener, "state", name)
    return states[-1]["sensor_state"] if states else None

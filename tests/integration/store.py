# SPDX-License-Identifier: Apache-2.0
"""A repcastd with a store of its own, a look into that store, and a clock that can be set: what the tests of the store
share."""

import json
import os
import sqlite3
import struct
import tempfile
import time
import uuid
from contextlib import closing

from broker import PATIENCE_S, wait_for
from hub import BUILD, DAEMON, WORK, Daemon, Manager, configure, of

SHIM = os.path.join(BUILD, "tests/integration/clock-shim.so")
EVENTS = ("rep", "amend", "set")


class Clock:
    """The time of day as one daemon sees it (clock-shim.c)."""

    def __init__(self):
        self.path = tempfile.mkstemp(dir=WORK)[1]
        self.set(0, True)
        with open(DAEMON, "rb") as f:
            self.works = b"__tsan_init" not in f.read()  # ThreadSanitizer stands in the same place
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"  # the shim comes first
        self.env = {"LD_PRELOAD": SHIM, "CLOCK_SHIM": self.path, "ASAN_OPTIONS": options} if self.works else {}

    def set(self, offset_s, synced):
        with open(self.path, "r+b") as f:
            f.write(struct.pack("=qq", round(offset_s * 1e9), not synced))


class Hub:
    """A daemon with a store of its own, started as often as wanted."""

    def __init__(self, port, *stations, folder=None, **env):
        self.folder = folder or tempfile.mkdtemp(dir=WORK)
        self.path = os.path.join(self.folder, "events.db")
        self.config = configure(port, *stations)
        self.manager = Manager()
        self.env = {"NOTIFY_SOCKET": self.manager.path, "STATE_DIRECTORY": self.folder, **env}
        self.daemon = None

    def start(self, *options):
        self.manager.forget()
        self.daemon = Daemon(self.config, *options, env=self.env)
        return self.daemon

    def run(self, *options):
        """To the end of its recordings."""
        self.start("--until-end")
        return self.daemon.end()

    def wait_for_status(self, *words, seconds=PATIENCE_S):
        wait_for(f"{words} in the status", lambda: all(w in self.manager.status() for w in words), seconds)

    def database(self):
        return closing(sqlite3.connect(self.path))

    def committed(self):
        """(run, number) of the events in the store, in the order of their commits."""
        with self.database() as db:
            return list(db.execute("SELECT run, number FROM event ORDER BY position"))

    def waiting(self):
        with self.database() as db:
            done = [range(a, b + 1) for a, b in db.execute("SELECT first, last FROM acked")]
            return [p for (p,) in db.execute("SELECT position FROM event") if not any(p in d for d in done)]


class Asker:
    """Asks a hub what was, over MQTT, page by page."""

    def __init__(self, listener, hub="repcast/gym"):
        self.listener, self.hub = listener, hub

    def ask(self, **fields):
        name = uuid.uuid4().hex
        self.listener.publish(self.hub + "/query", json.dumps({"id": name, **fields}))
        (reply,) = wait_for(f"the answer to {fields}", lambda: self.listener.on(f"{self.hub}/reply/{name}"))
        return json.loads(reply)

    def ask_all(self, cursor, **fields):
        events = []
        while True:
            reply = self.ask(**fields)
            while reply["error"] and "too many" in reply["error"]:
                time.sleep(0.2)
                reply = self.ask(**fields)
            if reply["error"]:
                raise AssertionError(reply["error"])
            events += reply["events"]
            if reply["next"] is None:
                return events
            fields[cursor] = reply["next"]

    def resync(self, session, station, from_seq, to_seq):
        return self.ask_all("from_seq", type="resync", session=session, station=station, from_seq=from_seq, to_seq=to_seq,
                            limit=100)

    def history(self, **fields):
        return self.ask_all("after", type="history", **fields)


def heard(listener):
    """(run, number) of the events that arrived, repetitions left out."""
    ids = [m["id"].split("-") for m in of(listener, EVENTS)]
    return {(run, int(number)) for run, number in ids}

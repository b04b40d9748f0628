#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random faults under a stream of events: broker killed, stopped for a while, cut off, half open; TLS that fails, where the
sequence has it; the way to the broker gone and another one there, where it has two; repcastd killed or restarted; the disk
full; the clock set. Then all is healed, and the books must balance:

    every committed event was acknowledged, and arrived    nothing else arrived    none is missing in a sequence
    each station's events came in their order, those that waited and those that did not

    test-faults.py [--sequences N] [--seed S]      S: of the first; each further one has the next

A sequence that fails prints its seed and what was done; the same seed does the same again, as far as time allows."""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import BROKER, Broker, Gate, Listener, Tap, free_port, wait_for  # noqa: E402
from certificates import OPENSSL, Authority  # noqa: E402
from hub import deadlift, equal, of, reconfigure, squat, station  # noqa: E402
from store import EVENTS, Asker, Clock, Hub, heard  # noqa: E402

DAY = 86400
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class Certificates:
    """Once for all sequences."""

    @classmethod
    def make(cls):
        cls.authority, name = Authority("gym"), ("broker", "IP:127.0.0.1")
        cls.right, cls.wrong = cls.authority.sign(*name), Authority("another").sign(*name)

    @classmethod
    def lines(cls, certificate):
        return f"cafile {cls.authority.file}\ncertfile {certificate[0]}\nkeyfile {certificate[1]}\n"


class Sequence:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.tls, self.two_ways = OPENSSL and self.random.random() < 0.5, self.random.random() < 0.5
        self.done = [word for word, there in (("TLS", self.tls), ("two ways", self.two_ways)) if there]
        plain = free_port()
        lines = Certificates.lines(Certificates.right) if self.tls else ""
        self.broker = Broker((lines + f"listener {plain} 127.0.0.1", "allow_anonymous true"), ports=(plain,))
        self.gate = Gate(self.broker.port)
        self.second = Gate(self.broker.port)  # another way to the same broker, which nothing befalls
        self.listener = Listener(plain)
        self.clock = Clock()
        self.hub = Hub(self.mqtt(), station("rack-1", squat(), speed=200, RecordingLoop="yes"),
                       station("floor", deadlift(), "deadlift", speed=200, RecordingLoop="yes"), **self.clock.env)
        self.disk_full = False
        self.logs = []
        self.hub.start()

    def mqtt(self):
        ways = [self.gate, self.second] if self.two_ways else [self.gate]
        brokers = " ".join(f"{'mqtts' if self.tls else 'mqtt'}://127.0.0.1:{gate.port}" for gate in ways)
        return f"Broker={brokers}\n" + (f"CAFile={Certificates.authority.file}\n" if self.tls else "")

    # ---- what may happen; each leaves broker, gate and daemon in order ----

    def pause(self, longest=0.6):
        time.sleep(self.random.uniform(0.05, longest))

    def kill_broker(self, meanwhile=None):
        self.broker.kill()
        self.gate.set("closed")
        self.gate.cut()
        (meanwhile or self.pause)()
        self.broker.start()
        self.listener.connect()
        self.gate.set("open")

    def fail_tls(self):
        """A broker with a certificate that nobody trusts; then it has its own again."""
        path = self.broker.dir + "/conf"
        with open(path, encoding="ascii") as f:
            right = f.read()

        def set_conf(text):
            with open(path, "w", encoding="ascii") as f:
                f.write(text)

        def show_wrong_one():
            set_conf(right.replace(Certificates.right[0], Certificates.wrong[0])
                     .replace(Certificates.right[1], Certificates.wrong[1]))
            self.broker.start()
            self.gate.set("open")
            self.pause(1.5)
            self.broker.kill()
            set_conf(right)

        self.kill_broker(show_wrong_one)

    def spoil_tls(self):
        """A bit flips on the way: neither side takes the record."""
        self.gate.spoil = True

    def stop_broker_for_a_while(self):
        self.broker.process.send_signal(signal.SIGSTOP)
        self.pause()
        self.broker.process.send_signal(signal.SIGCONT)

    def cut_connection(self):
        self.gate.cut()

    def close_port(self):
        self.gate.set("closed")
        self.gate.cut()
        self.pause()
        self.gate.set("open")

    def half_open(self):
        self.gate.set("hang")
        self.pause()
        self.gate.cut()
        self.gate.set("open")

    def restart(self):
        self.logs.append(self.hub.daemon.log())
        self.disk_full = False  # a limit dies with its process
        self.hub.start()

    def kill_daemon(self):
        self.hub.daemon.kill()
        self.restart()

    def stop_daemon(self):
        wait_for("the start", lambda: self.hub.manager.count("READY=1"))  # before it, SIGTERM just ends it
        self.hub.daemon.stop()
        self.restart()

    def fill_disk(self):
        sizes = [os.path.getsize(self.hub.path + suffix) for suffix in ("", "-wal")
                 if os.path.exists(self.hub.path + suffix)]
        if sizes:
            resource.prlimit(self.hub.daemon.process.pid, resource.RLIMIT_FSIZE,
                             (max(sizes) // 4096 * 4096, resource.RLIM_INFINITY))
            self.disk_full = True

    def free_disk(self):
        resource.prlimit(self.hub.daemon.process.pid, resource.RLIMIT_FSIZE, UNLIMITED)
        self.disk_full = False

    def set_clock(self):
        synced = self.random.random() < 0.7
        self.clock.set(self.random.uniform(-10, 10) * DAY if synced else -time.time(), synced)

    # ----

    def disturb(self):
        deeds = [self.kill_broker, self.stop_broker_for_a_while, self.cut_connection, self.close_port, self.half_open,
                 self.fill_disk, self.free_disk, self.set_clock, self.kill_daemon, self.stop_daemon]
        if self.tls:
            deeds += [self.fail_tls, self.spoil_tls]
        for _ in range(self.random.randint(4, 9)):
            deed = self.random.choice(deeds)
            if self.disk_full and deed in (self.kill_daemon, self.stop_daemon):
                deed = self.free_disk  # what memory alone holds may be lost with the process: not what is counted here
            self.done.append(deed.__name__)
            deed()
            if deed == self.free_disk:
                self.wait_for_disk()
            self.pause()

    def wait_for_disk(self):
        time.sleep(1.2)  # the status is a second old at most
        wait_for("the disk to be taken again", lambda: "kept in memory" not in self.hub.manager.status(), 20)

    def heal(self):
        self.gate.spoil = False
        self.free_disk()
        self.wait_for_disk()
        reconfigure(self.hub.config, self.mqtt())  # no station: the stream ends
        self.hub.daemon.signal(signal.SIGHUP)
        wait_for("the reload", lambda: "configuration reloaded" in self.hub.daemon.log())
        time.sleep(1.2)
        self.hub.wait_for_status("broker connected", "waiting: 0,", seconds=90)
        self.check_resync()
        self.hub.daemon.stop()
        self.logs.append(self.hub.daemon.log())

    def check_resync(self):
        """Whatever a listener missed, it can have: each sequence is complete when asked for."""
        last = {}
        for m in of(self.listener, EVENTS):
            key = (m["id"].split("-")[0], m["station"])
            last[key] = max(last.get(key, 0), m["seq"])
        for (run, name), seq in last.items():
            again = [m["seq"] for m in Asker(self.listener).resync(run, name, 1, seq)]
            equal(again, list(range(1, seq + 1)), f"what a resync of {name} brings")

    def check(self):
        committed = self.hub.committed()
        equal(len(set(committed)), len(committed), "different ids in the store")
        equal(self.hub.waiting(), [], "positions that nobody has acknowledged")
        with self.hub.database() as db:
            ((last, n, dropped),) = db.execute("SELECT max(position), count(*), "
                                               "(SELECT value FROM state WHERE name = 'dropped') FROM event")
        equal((last, dropped), (n, 0), "last position and drops")
        wait_for("the last event", lambda: heard(self.listener) >= set(committed))
        equal(heard(self.listener) - set(committed), set(), "events that arrived and were never committed")
        self.check_order()
        return n

    def check_order(self):
        by_run = {}
        for name in ("rack-1", "floor"):
            for m in of(self.listener, EVENTS, name):
                by_run.setdefault((m["id"].split("-")[0], name), []).append(m["seq"])
        for (run, name), seqs in by_run.items():
            equal(sorted(seqs), list(range(1, len(seqs) + 1)), f"seq of {name} in run {run[:6]}")
        for key, seqs in arrivals(self.listener).items():
            equal(seqs, sorted(seqs), f"order of {key}")

    def end(self):
        self.hub.daemon.kill()
        self.broker.kill()
        for gate in (self.gate, self.second):
            gate.set("closed")
            gate.cut()
        shutil.rmtree(self.hub.folder, ignore_errors=True)


def arrivals(listener):
    """seq in the order of first arrival, by station, run and late."""
    seen, order = set(), {}
    for topic, payload, _ in listener.seen:
        if topic.rsplit("/", 1)[1] in EVENTS:
            m = json.loads(payload)
            if m["id"] not in seen:
                seen.add(m["id"])
                key = (m["station"], m["id"].split("-")[0][:6], "late" if m["late"] else "live")
                order.setdefault(key, []).append(m["seq"])
    return order


def make(seed):
    def test():
        sequence = Sequence(seed)
        try:
            wait_for("the first event", lambda: heard(sequence.listener))
            sequence.disturb()
            sequence.heal()
            n = sequence.check()
        except Exception as e:
            log = "".join(sequence.logs) + sequence.hub.daemon.log()
            raise AssertionError(f"{e}\nseed {seed}: {', '.join(sequence.done)}\n{log[-6000:]}") from e
        finally:
            sequence.end()
        return f"{n} events; {', '.join(sequence.done)}"

    test.__name__ = f"faults_with_seed_{seed}"
    return test


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sequences", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit("stopped by a signal"))  # brokers and daemons are killed on the way out
    if not BROKER:
        print("1..0 # SKIP mosquitto is not installed")
        return 0
    if OPENSSL:
        Certificates.make()
    return Tap([make(options.seed + i) for i in range(options.sequences)]).run()


if __name__ == "__main__":
    sys.exit(main())

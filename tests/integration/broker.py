# SPDX-License-Identifier: Apache-2.0
"""A private mosquitto, a gate in front of it, and a listener: what the integration tests talk to.

Python's standard library only. Everything listens on free loopback ports and dies with the test."""

import atexit
import functools
import os
import random
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

BROKER = os.environ.get("MOSQUITTO_BROKER") or shutil.which("mosquitto", path=os.defpath + ":/usr/sbin:/sbin")


PORTS = range(20000, 32768)  # from there on are those of connections (ip_local_port_range, ip(7))
held = []


def free_port():
    """A port to listen on, this test's to its end. It is none of those that connections are given, and an abstract name
    (unix(7)) tells the tests beside this one that it is taken: else somebody might have it before the broker opens it."""
    for port in random.sample(PORTS, 200):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0repcast-test-port-{port}")
            with socket.socket() as s:
                s.bind(("127.0.0.1", port))
        except OSError:
            name.close()
            continue
        held.append(name)
        return port
    raise AssertionError(f"no port is free of {PORTS}")


def dead_port():
    """A port on which nobody listens. It is held to the end, lest another test's broker takes it."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    held.append(s)
    return s.getsockname()[1]


STEP_MAX_S = 1
PATIENCE_S = 60  # for answers that come at once unless something is wrong


def wait_for(what, check, seconds=PATIENCE_S):
    """Wait until check() is true and return its value; fail by name otherwise. Time in which the machine stood still, so
    that nobody could get anything done, counts as one short step."""
    left, before = seconds, time.monotonic()
    while True:
        value = check()
        if value:
            return value
        if left <= 0:
            raise AssertionError(f"waited {seconds:g} s for {what}")
        time.sleep(0.01)
        now = time.monotonic()
        left, before = left - min(now - before, STEP_MAX_S), now


class Broker:
    """mosquitto with a configuration of its own. kill() is kill -9. ports: further ones that the lines open."""

    def __init__(self, lines=("allow_anonymous true",), ports=()):
        self.dir = tempfile.mkdtemp(prefix="repcast-broker-")
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        atexit.register(self.kill)
        self.port = free_port()
        self.ports = (self.port, *ports)
        self.process = None
        config = [f"listener {self.port} 127.0.0.1", "persistence false", "log_dest file " + self.dir + "/log", *lines]
        if os.getuid() == 0:
            config.append("user root")  # else it would drop to a user that cannot write here
        with open(self.dir + "/conf", "w", encoding="ascii") as f:
            f.write("\n".join(config) + "\n")
        self.start()

    def start(self):
        self.process = subprocess.Popen([BROKER, "-c", self.dir + "/conf"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for("mosquitto to listen", self.listens)

    def listens(self):
        if self.process.poll() is not None:
            raise AssertionError("mosquitto ended: " + open(self.dir + "/log", encoding="utf-8").read()[-500:])
        for port in self.ports:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class Gate:
    """A port that leads to the broker while it is open; takes connections and says nothing while it hangs; refuses
    while it is closed. So a test decides when the daemon sees the broker."""

    def __init__(self, target, state="open"):
        self.target, self.port, self.state = target, free_port(), "closed"
        self.spoil = False  # flip a bit of what comes next
        self.listener, self.pairs, self.lock = None, [], threading.Lock()
        self.set(state)

    def set(self, state):
        was, self.state = self.state, state
        if state == "closed" and self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        if state != "closed" and was == "closed":
            self.listener = socket.socket()
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)  # so that a hang is felt soon
            self.listener.bind(("127.0.0.1", self.port))
            self.listener.listen()
            threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def cut(self):
        """Break every connection that goes through here."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for s in pair:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            if self.state != "open":
                with self.lock:
                    self.pairs.append((near,))
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            with self.lock:
                self.pairs.append((near, far))
            threading.Thread(target=self.pump, args=(near, far), daemon=True).start()
            threading.Thread(target=self.pump, args=(far, near), daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                while self.state == "hang":  # hold what is under way
                    time.sleep(0.01)
                if self.spoil:
                    self.spoil, data = False, bytes([data[0]]) + bytes(b ^ 1 for b in data[1:])
                sink.sendall(data)
        except OSError:
            pass
        while self.state == "hang":  # nor does a farewell pass
            time.sleep(0.01)
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def packet(kind, body):
    size, rest = b"", len(body)
    while True:
        size += bytes([(rest & 127) | (128 if rest > 127 else 0)])
        rest >>= 7
        if not rest:
            return bytes([kind]) + size + body


def text(s):
    b = s.encode()
    return struct.pack(">H", len(b)) + b


class Listener:
    """A subscriber of everything, MQTT 3.1.1, QoS 0 (so that it owes the broker no answers). Collects
    (topic, payload, retained) and survives its broker: connect() again."""

    def __init__(self, port, topic="#"):
        self.port, self.topic, self.heard, self.news, self.writing = port, topic, [], threading.Condition(), threading.Lock()
        self.connect()

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port))
        s.sendall(packet(0x10, text("MQTT") + bytes([4, 2, 0, 0]) + text(f"listener-{time.monotonic_ns()}")))
        self.socket, self.connected, self.ready, self.pings, self.pongs = s, True, threading.Event(), 0, 0
        threading.Thread(target=self.read, args=(s,), daemon=True).start()
        s.sendall(packet(0x82, struct.pack(">H", 1) + text(self.topic) + b"\0"))
        if not self.ready.wait(PATIENCE_S):
            raise AssertionError("the broker did not confirm the subscription")

    def publish(self, topic, payload, retained=False):
        with self.writing:
            self.socket.sendall(packet(0x31 if retained else 0x30, text(topic) + payload.encode()))

    def read(self, s):
        f = s.makefile("rb")
        try:
            while head := f.read(1):
                size = shift = 0
                while True:
                    byte = f.read(1)[0]
                    size |= (byte & 127) << shift
                    shift += 7
                    if byte < 128:
                        break
                self.take_in(head[0], f.read(size))
        except (OSError, IndexError):
            pass
        with self.news:
            self.connected = self.connected and s is not self.socket
            self.news.notify_all()

    def take_in(self, head, body):
        if head >> 4 == 9:
            self.ready.set()
        with self.news:
            if head >> 4 == 3:
                n = struct.unpack(">H", body[:2])[0]
                self.heard.append((body[2:2 + n].decode(), body[2 + n:].decode(), bool(head & 1)))
            elif head >> 4 == 13:
                self.pongs += 1
                self.news.notify_all()

    def catch_up(self):
        """Read what the broker has for us by now: it answers a ping after that."""
        with self.writing:
            self.pings += 1
            wanted = self.pings
            try:
                self.socket.sendall(b"\xc0\0")
            except OSError:  # then it ends by itself
                pass
        with self.news:
            if not self.news.wait_for(lambda: self.pongs >= wanted or not self.connected, PATIENCE_S):
                raise AssertionError("the broker did not answer a ping")

    @property
    def seen(self):
        self.catch_up()
        with self.news:
            return list(self.heard)

    def take(self):
        """What was seen, once."""
        self.catch_up()
        with self.news:
            taken, self.heard = self.heard, []
            return taken

    def on(self, topic):
        return [payload for t, payload, _ in self.seen if t == topic]


def equal(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def true(value, what):
    if not value:
        raise AssertionError(what)


BEARABLE_S = 0.2


class Stillness:
    """For how long this process did not run although it wanted to: the longest that was, in seconds."""

    def __init__(self):
        self.longest, self.over = 0.0, threading.Event()

    def __enter__(self):
        threading.Thread(target=self.watch, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()

    def watch(self):
        before = time.monotonic()
        while not self.over.wait(0.02):
            now = time.monotonic()
            self.longest, before = max(self.longest, now - before - 0.02), now


def undisturbed(test, tries=8):
    """A test of what is done in time. Where it fails and the machine stood still meanwhile, as a virtual one may for
    seconds, nothing is shown, and it is made again."""
    @functools.wraps(test)
    def once_more():
        for left in reversed(range(tries)):
            with Stillness() as stillness:
                try:
                    return test()
                except AssertionError as e:
                    if left == 0 or stillness.longest < BEARABLE_S:
                        raise
                    print(f"# the machine stood still for {stillness.longest:.1f} s; once more, after: {e}", flush=True)
    return once_more


class Tap:
    """Numbered results for the test driver; a test is a function whose failure is an exception."""

    def __init__(self, tests):
        self.tests = tests

    def run(self):
        failed = 0
        print(f"1..{len(self.tests)}", flush=True)
        for number, test in enumerate(self.tests, 1):
            name, start = test.__name__.replace("_", " "), time.monotonic()
            try:
                note = test()
                print(f"ok {number} - {name}", flush=True)
                print(f"# {time.monotonic() - start:.1f} s" + (f"; {note}" if note else ""), flush=True)
            except Exception as e:  # pylint: disable=broad-except
                failed += 1
                print(f"not ok {number} - {name}", flush=True)
                for line in f"{type(e).__name__}: {e}".splitlines():
                    print("# " + line, flush=True)
        return 1 if failed else 0

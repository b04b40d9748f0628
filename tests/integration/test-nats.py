#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three nodes of NATS (JetStream, one cluster, MQTT 3.1.1) as the broker of a chain of gyms. Hubs know all three; nodes are
killed one after the other while reps come. The hubs fail over, and a listener with a session has every event that was
committed, each once by its id."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import Tap, free_port, wait_for  # noqa: E402
from client import Client, Refused  # noqa: E402
from fleet import example  # noqa: E402
from hub import WORK, equal, squat, station  # noqa: E402
from store import EVENTS, Hub  # noqa: E402

SERVER = shutil.which("nats-server", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


class Node:
    def __init__(self, number, routes):
        self.number, self.route = number, routes[number]
        self.folder = tempfile.mkdtemp(dir=WORK)
        self.mqtt, self.monitor, self.process = free_port(), free_port(), None
        others = [f"nats-route://127.0.0.1:{p}" for i, p in enumerate(routes) if i != number]
        lines = example("../nats/node-1.conf", (r"^server_name: node-1$", f"server_name: node-{number}"),
                        (r"nats-route://node-2.example:6222", others[0]), (r"nats-route://node-3.example:6222", others[1]),
                        (r"0\.0\.0\.0:6222", f"127.0.0.1:{self.route}"), (r"0\.0\.0\.0:1883", f"127.0.0.1:{self.mqtt}"),
                        (r"127\.0\.0\.1:4222", f"127.0.0.1:{free_port()}"),
                        (r"127\.0\.0\.1:8222", f"127.0.0.1:{self.monitor}"), (r"/var/lib/nats", self.folder + "/store"))
        with open(self.folder + "/conf", "w", encoding="ascii") as f:
            f.write("\n".join([*lines, f'log_file: "{self.folder}/log"', ""]))
        atexit.register(self.kill)

    def start(self):
        self.process = subprocess.Popen([SERVER, "-c", self.folder + "/conf"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, what):
        """Its monitor's answer, or None."""
        if self.process.poll() is not None:
            with open(self.folder + "/log", encoding="utf-8") as f:
                raise AssertionError("nats-server ended: " + f.read()[-500:])
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/{what}", timeout=2) as answer:
                return json.load(answer)
        except (OSError, urllib.error.URLError, ValueError):
            return None

    def ready(self):
        time.sleep(0.2)  # each question leaves lines in its log
        return self.ask("healthz?js-server-only=true") == {"status": "ok"}


def has_all(group):
    """Two more copies, both up to date? The one that leads knows."""
    replicas = group.get("replicas") or []
    return len(replicas) == 2 and all(r["current"] and not r.get("offline") for r in replicas)


def complete(nodes):
    """Do all nodes have all messages and sessions? (healthz as a whole, in 2.9, may wait for ever for a consumer to which
    nothing happens.)"""
    time.sleep(0.2)
    led = 0
    for number, node in enumerate(nodes):
        answer = node.ask("jsz?accounts=true&streams=true") or {}
        for stream in (s for a in answer.get("account_details", []) for s in a.get("stream_detail", [])):
            if stream["name"] in ("$MQTT_msgs", "$MQTT_sess") and stream["cluster"].get("leader") == f"node-{number}":
                led += has_all(stream["cluster"])
    return led == 2


class Consumer:
    """Listens with a session that outlives its connections, at whichever node there is."""

    def __init__(self, nodes):
        self.nodes, self.client, self.past = nodes, None, []
        wait_for("a subscription", self.connect, 60)

    def connect(self):
        for node in self.nodes:
            try:
                client = Client(node.mqtt, session="consumer")
            except (Refused, OSError):
                continue
            try:
                if client.subscribe("repcast/#"):
                    self.client = client
                    return True
            except (AssertionError, OSError):
                pass
            client.close()
        return False

    def listen(self):
        """All messages so far; a lost connection is made again."""
        if self.client.gone:
            self.past += self.client.seen
            self.client.seen = []
            self.connect()
        return self.past + list(self.client.seen)

    def events(self):
        return [json.loads(p) for t, p in self.listen() if t.rsplit("/", 1)[1] in EVENTS]


def count(consumer, name):
    return sum(m["hub"] == name for m in consumer.events())


def send_the_rest(hub):
    """Stop it; what it could not send yet it sends after the next start. Returns how often it was connected."""
    moves = 0
    for _ in range(10):
        time.sleep(10)
        hub.daemon.stop()
        moves += hub.daemon.log().count("connected to ")
        if not hub.waiting():
            break
        hub.start()
    return moves


def nothing_committed_is_lost_when_nodes_die_one_after_the_other():
    routes = [free_port() for _ in range(3)]
    nodes = [Node(i, routes) for i in range(3)]
    for node in nodes:
        node.start()
    for node in nodes:
        wait_for(f"node {node.number}", node.ready, 60)
    consumer = Consumer(nodes)
    hubs = []
    for name in ("gym-1", "gym-2"):
        hub = Hub(nodes[0].mqtt)
        hub.name = name
        hub.set_up = lambda *stations, h=hub: write_config(h, nodes, *stations)
        hub.set_up(*(station(s, squat(), speed=20, RecordingLoop="yes", RecordingPause=3) for s in ("rack-1", "rack-2")))
        hub.start()
        hubs.append(hub)
    for hub in hubs:
        wait_for(f"events of {hub.name}", lambda h=hub: count(consumer, h.name) > 5, 60)

    for node in nodes:
        node.kill()
        begin = {hub.name: count(consumer, hub.name) for hub in hubs}
        for hub in hubs:
            wait_for(f"events of {hub.name} without node {node.number}",
                     lambda h=hub, b=begin: count(consumer, h.name) > b[h.name] + 5, 90)
        node.start()
        wait_for(f"node {node.number} to have caught up", lambda: complete(nodes), 90)

    for hub in hubs:  # the gyms close: nothing new comes, and what waits goes out
        hub.set_up(*(f"[station {name}]\nExercise=back-squat\n" for name in ("rack-1", "rack-2")))
        hub.daemon.signal(signal.SIGHUP)
    wanted, moves = {}, 0
    for hub in hubs:
        moves += send_the_rest(hub)
        equal(hub.waiting(), [], f"events of {hub.name} that no node has acknowledged")
        wanted[hub.name] = {f"{run}-{number}" for run, number in hub.committed()}
    for hub in hubs:
        wait_for(f"the last events of {hub.name}",
                 lambda n=hub.name: {m["id"] for m in consumer.events() if m["hub"] == n} == wanted[n])
    ids = [m["id"] for m in consumer.events()]
    keys = {(m["hub"], m["station"], m["seq"]) for m in consumer.events()}
    equal(len(keys), len(set(ids)), "one seq, one id")
    for node in nodes:
        node.kill()
    return f"{len(set(ids))} events, {len(ids) - len(set(ids))} came again; {moves} connections"


def write_config(hub, nodes, *stations):
    with open(hub.config, encoding="utf-8") as f:
        text = f.read()
    head = text.split("[mqtt]")[0].replace("Name=gym\n", f"Name={hub.name}\n")
    brokers = " ".join(f"127.0.0.1:{n.mqtt}" for n in nodes)
    with open(hub.config, "w", encoding="utf-8") as f:
        f.write(f"{head}[mqtt]\nBroker={brokers}\n" + "".join(stations))


if __name__ == "__main__":
    if not SERVER:
        print("1..0 # SKIP nats-server is not installed (Debian's package of that name)")
        sys.exit(0)
    sys.exit(Tap([nothing_committed_is_lost_when_nodes_die_one_after_the_other]).run())
